// The two floats of 16 bits, which C++17 lacks: IEEE 754 binary16 ("half"), and bfloat16, the upper
// half of a float. All functions are pure; any thread may call them.
//
// Narrowing rounds once, to the nearest value, and to the even one of two that are equally near. A
// value beyond the largest one becomes infinity. A NaN stays a NaN, and becomes quiet.

#ifndef TF_NPZ_KERNELS_HALF_H_
#define TF_NPZ_KERNELS_HALF_H_

#include <cstdint>
#include <cstring>

namespace tf_npz {

struct Half {
  uint16_t bits;
};

struct Bfloat16 {
  uint16_t bits;
};

template <typename To, typename From>
To BitsAs(From value) {
  static_assert(sizeof(To) == sizeof(From));
  To bits;
  std::memcpy(&bits, &value, sizeof(To));
  return bits;
}

// The bits of the float with `kExponent` and `kFraction` bits that is nearest to `value`.
template <int kExponent, int kFraction>
uint16_t NarrowDouble(double value) {
  constexpr int kDoubleFraction = 52;
  constexpr int kDoubleBias = 1023;
  constexpr int kBias = (1 << (kExponent - 1)) - 1;
  constexpr int kInfinity = (1 << kExponent) - 1;  // the exponent of infinity and NaN
  const auto bits = BitsAs<uint64_t>(value);
  const auto sign = static_cast<uint16_t>(bits >> 63 << 15);
  const int biased = static_cast<int>(bits >> kDoubleFraction & 0x7FF);
  const uint64_t fraction = bits & ((uint64_t{1} << kDoubleFraction) - 1);
  if (biased == 0x7FF) {
    constexpr int kQuiet = 1 << (kFraction - 1);
    const auto kept = static_cast<int>(fraction >> (kDoubleFraction - kFraction));
    return static_cast<uint16_t>(sign | kInfinity << kFraction |
                                 (fraction == 0 ? 0 : kept | kQuiet));
  }
  // Subnormal doubles are far below half of the smallest value, so they need no care.
  const int exponent = biased - kDoubleBias + kBias;
  if (exponent >= kInfinity) return static_cast<uint16_t>(sign | kInfinity << kFraction);
  const uint64_t significand = fraction | uint64_t{1} << kDoubleFraction;
  const int dropped = kDoubleFraction - kFraction + (exponent < 1 ? 1 - exponent : 0);
  if (dropped > kDoubleFraction + 1) return sign;
  uint64_t rounded = significand >> dropped;
  const uint64_t rest = significand & ((uint64_t{1} << dropped) - 1);
  const uint64_t middle = uint64_t{1} << (dropped - 1);
  if (rest > middle || (rest == middle && (rounded & 1) != 0)) ++rounded;
  // `rounded` has the leading 1 of a normal value, which raises the exponent by one. A carry of the
  // rounding raises it by one more, up to infinity.
  const uint64_t below = exponent < 1 ? 0 : static_cast<uint64_t>(exponent - 1) << kFraction;
  return static_cast<uint16_t>(sign | (below + rounded));
}

inline Half ToHalf(double value) { return {NarrowDouble<5, 10>(value)}; }

// The same for a float. It has no branches, so a loop of it is a loop of vector instructions. The
// rounding mode must be "to nearest".
inline Half ToHalf(float value) {
  constexpr uint32_t kFloatInfinity = 0x7F800000;
  constexpr uint32_t kTooLarge = 0x47800000;     // 65536
  constexpr uint32_t kLeastNormal = 0x38800000;  // 2**-14
  constexpr uint32_t kRebias = uint32_t{127 - 15} << 23;
  const auto bits = BitsAs<uint32_t>(value);
  const uint32_t magnitude = bits & 0x7FFFFFFF;
  const uint32_t normal = (magnitude - kRebias + 0xFFF + (magnitude >> 13 & 1)) >> 13;
  // Adding 0.5 moves the bits of a subnormal half to the end of a float, which rounds them.
  const uint32_t subnormal = BitsAs<uint32_t>(BitsAs<float>(magnitude) + 0.5F) - 0x3F000000;
  const uint32_t special =
      magnitude > kFloatInfinity ? 0x7E00 | (magnitude >> 13 & 0x3FF) : uint32_t{0x7C00};
  uint32_t half = magnitude < kLeastNormal ? subnormal : normal;
  half = magnitude >= kTooLarge ? special : half;
  return {static_cast<uint16_t>(half | (bits >> 16 & 0x8000))};
}

inline float ToFloat(Half half) {
  constexpr uint32_t kRebias = uint32_t{127 - 15} << 23;
  constexpr uint32_t kExponent = uint32_t{0x7C00} << 13;
  const uint32_t magnitude = (uint32_t{half.bits} & 0x7FFF) << 13;
  const uint32_t exponent = magnitude & kExponent;
  const uint32_t normal = magnitude + kRebias;
  // As if 1 stood before the fraction, which is then subtracted.
  const auto subnormal = BitsAs<uint32_t>(BitsAs<float>(normal + (uint32_t{1} << 23)) -
                                          BitsAs<float>(uint32_t{113} << 23));
  uint32_t bits = exponent == 0 ? subnormal : normal;
  bits = exponent == kExponent ? normal + kRebias : bits;
  return BitsAs<float>(bits | (uint32_t{half.bits} & 0x8000) << 16);
}

inline Bfloat16 ToBfloat16(double value) { return {NarrowDouble<8, 7>(value)}; }

inline Bfloat16 ToBfloat16(float value) {
  const auto bits = BitsAs<uint32_t>(value);
  const uint32_t rounded = (bits + 0x7FFF + (bits >> 16 & 1)) >> 16;
  const bool is_nan = (bits & 0x7FFFFFFF) > 0x7F800000;
  return {static_cast<uint16_t>(is_nan ? bits >> 16 | 0x40 : rounded)};
}

inline float ToFloat(Bfloat16 value) { return BitsAs<float>(uint32_t{value.bits} << 16); }

}  // namespace tf_npz

#endif  // TF_NPZ_KERNELS_HALF_H_
