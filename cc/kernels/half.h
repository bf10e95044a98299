// The two floats of 16 bits, which C++17 lacks: IEEE 754 binary16 ("half"), and bfloat16, the upper
// half of a float. All functions are pure; any thread may call them whose processor rounds to
// nearest and keeps subnormal numbers. They have no branches, so their loops become vector
// instructions.
//
// Narrowing rounds once, to the nearest value, and to the even one of two that are equally near. A
// value beyond the largest one becomes infinity. A NaN stays a NaN, and becomes quiet.

#ifndef TF_NPZ_KERNELS_HALF_H_
#define TF_NPZ_KERNELS_HALF_H_

#include <cmath>
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

// `value` as a float that rounds to 16 bits as `value` does: it is cut off, and if that loses
// anything, its last bit is set. So it is never halfway between two shorter floats by mistake.
inline float RoundedToOdd(double value) {
  const auto nearest = static_cast<float>(value);
  const double back = nearest;
  const auto bits = BitsAs<uint32_t>(nearest);
  const uint32_t cut_off = bits - (std::fabs(back) > std::fabs(value) ? 1 : 0);
  return BitsAs<float>(back == value ? bits : cut_off | 1);
}

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

inline Half ToHalf(double value) { return ToHalf(RoundedToOdd(value)); }

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

inline Bfloat16 ToBfloat16(float value) {
  const auto bits = BitsAs<uint32_t>(value);
  const uint32_t rounded = (bits + 0x7FFF + (bits >> 16 & 1)) >> 16;
  const bool is_nan = (bits & 0x7FFFFFFF) > 0x7F800000;
  return {static_cast<uint16_t>(is_nan ? bits >> 16 | 0x40 : rounded)};
}

inline Bfloat16 ToBfloat16(double value) { return ToBfloat16(RoundedToOdd(value)); }

inline float ToFloat(Bfloat16 value) { return BitsAs<float>(uint32_t{value.bits} << 16); }

}  // namespace tf_npz

#endif  // TF_NPZ_KERNELS_HALF_H_
