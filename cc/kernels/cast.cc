#include "cc/kernels/cast.h"

#include <algorithm>
#include <cfenv>
#include <complex>
#include <cstring>
#include <limits>
#include <type_traits>

#include "cc/kernels/half.h"

namespace tf_npz {
namespace {

// Integers are checked in runs of this many. A run that fits takes no branch for each item.
constexpr int64_t kRun = 1024;

// The default state of the floating-point unit: rounding to nearest, subnormal numbers kept.
// TensorFlow's threads flush them to zero, but a reader must not change what a file holds.
class DefaultFloats {
 public:
  DefaultFloats() {
    std::fegetenv(&before_);
    std::fesetenv(FE_DFL_ENV);
  }
  ~DefaultFloats() { std::fesetenv(&before_); }
  DefaultFloats(const DefaultFloats&) = delete;
  DefaultFloats& operator=(const DefaultFloats&) = delete;

 private:
  std::fenv_t before_;
};

template <typename T>
struct Kind {
  using Type = T;
  static constexpr bool kIsComplex = false;
  // The order in which a number may be cast: bool, unsigned, signed, float, complex.
  static constexpr int kRank = std::is_same_v<T, bool>       ? 0
                               : std::is_floating_point_v<T> ? 3
                               : std::is_signed_v<T>         ? 2
                                                             : 1;
};
template <>
struct Kind<Half> {
  using Type = Half;
  static constexpr bool kIsComplex = false;
  static constexpr int kRank = 3;
};
template <>
struct Kind<Bfloat16> {
  using Type = Bfloat16;
  static constexpr bool kIsComplex = false;
  static constexpr int kRank = 3;
};
template <typename Part>
struct Kind<std::complex<Part>> {
  using Type = std::complex<Part>;
  static constexpr bool kIsComplex = true;
  static constexpr int kRank = 4;
};

template <typename T>
constexpr bool kIsInteger = std::is_integral_v<T>;  // bool is one too

template <typename T>
constexpr bool kIs16Bits = std::is_same_v<T, Half> || std::is_same_v<T, Bfloat16>;

// Calls `visit` with the Kind of the C++ type of `type`, if it is a number that can be cast.
template <typename Visitor>
void VisitNumber(ElementType type, Visitor visit) {
  switch (type) {
    case ElementType::kBool:
      return visit(Kind<bool>());
    case ElementType::kInt8:
      return visit(Kind<int8_t>());
    case ElementType::kInt16:
      return visit(Kind<int16_t>());
    case ElementType::kInt32:
      return visit(Kind<int32_t>());
    case ElementType::kInt64:
      return visit(Kind<int64_t>());
    case ElementType::kUInt8:
      return visit(Kind<uint8_t>());
    case ElementType::kUInt16:
      return visit(Kind<uint16_t>());
    case ElementType::kUInt32:
      return visit(Kind<uint32_t>());
    case ElementType::kUInt64:
      return visit(Kind<uint64_t>());
    case ElementType::kFloat16:
      return visit(Kind<Half>());
    case ElementType::kFloat32:
      return visit(Kind<float>());
    case ElementType::kFloat64:
      return visit(Kind<double>());
    case ElementType::kComplex64:
      return visit(Kind<std::complex<float>>());
    case ElementType::kComplex128:
      return visit(Kind<std::complex<double>>());
    case ElementType::kBfloat16:
      return visit(Kind<Bfloat16>());
    default:
      return;
  }
}

// Whether any value of From fits into To. Floats hold any integer, rounded.
template <typename From, typename To>
constexpr bool AlwaysFits() {
  if constexpr (kIsInteger<From> && kIsInteger<To>) {
    return std::numeric_limits<From>::digits <= std::numeric_limits<To>::digits;
  } else {
    return true;
  }
}

template <typename To, typename From>
bool Fits(From value) {
  if constexpr (AlwaysFits<From, To>()) {
    return true;
  } else {
    // To is narrower than From, or as wide and signed. So From holds its limits, but for the least
    // one if From is unsigned.
    if constexpr (std::is_signed_v<From>) {
      if (value < static_cast<From>(std::numeric_limits<To>::min())) return false;
    }
    return value <= static_cast<From>(std::numeric_limits<To>::max());
  }
}

// An integer as a float or a double that rounds to 16 bits as the integer does. If it has more bits
// than a double, the last ones become a 1 in the last place if they are not 0. That rounds alike.
template <typename Integer>
auto ForRounding(Integer value) {
  if constexpr (sizeof(Integer) <= 2) {
    return static_cast<float>(value);
  } else if constexpr (sizeof(Integer) == 4) {
    return static_cast<double>(value);
  } else {
    constexpr Integer kExact = Integer{1} << 53;
    constexpr Integer kDropped = (1 << 11) - 1;
    bool is_exact = value <= kExact;
    if constexpr (std::is_signed_v<Integer>) is_exact = is_exact && value >= -kExact;
    if (!is_exact && (value & kDropped) != 0) value = (value & ~kDropped) | (kDropped + 1);
    return static_cast<double>(value);
  }
}

template <typename To, typename From>
To Convert(From value) {
  if constexpr (std::is_same_v<To, From>) {
    return value;
  } else if constexpr (Kind<From>::kIsComplex) {
    using Part = typename To::value_type;
    return To(static_cast<Part>(value.real()), static_cast<Part>(value.imag()));
  } else if constexpr (Kind<To>::kIsComplex) {
    return To(Convert<typename To::value_type>(value));
  } else if constexpr (kIs16Bits<From>) {
    return Convert<To>(ToFloat(value));
  } else if constexpr (kIs16Bits<To> && kIsInteger<From>) {
    return Convert<To>(ForRounding(value));
  } else if constexpr (std::is_same_v<To, Half>) {
    return ToHalf(value);
  } else if constexpr (std::is_same_v<To, Bfloat16>) {
    return ToBfloat16(value);
  } else {
    return static_cast<To>(value);
  }
}

template <typename T>
T Load(const char* source, int64_t item) {
  T value;
  std::memcpy(&value, source + item * static_cast<int64_t>(sizeof(T)), sizeof(T));
  return value;
}

// Returns the number of items before the first one that does not fit, or `count`.
template <typename From, typename To>
int64_t CastAll(const char* __restrict source, int64_t count, char* __restrict destination) {
  for (int64_t begin = 0; begin < count; begin += kRun) {
    const int64_t end = std::min(begin + kRun, count);
    bool fit = true;
    for (int64_t i = begin; i < end; ++i) {
      const auto value = Load<From>(source, i);
      fit &= Fits<To>(value);
      const To cast = Convert<To>(value);
      std::memcpy(destination + i * static_cast<int64_t>(sizeof(To)), &cast, sizeof(To));
    }
    if (fit) continue;
    while (Fits<To>(Load<From>(source, begin))) ++begin;
    return begin;
  }
  return count;
}

template <typename From, typename To>
std::optional<BadInteger> Cast(const char* source, int64_t count, char* destination) {
  const int64_t done = CastAll<From, To>(source, count, destination);
  if constexpr (!AlwaysFits<From, To>()) {
    if (done < count) {
      return BadInteger{done, std::to_string(Load<From>(source, done)),
                        std::to_string(std::numeric_limits<To>::min()) + " to " +
                            std::to_string(std::numeric_limits<To>::max())};
    }
  }
  return std::nullopt;
}

}  // namespace

std::optional<BadInteger> CastNumbers(ElementType from, const char* source, ElementType to,
                                      int64_t count, char* destination) {
  const DefaultFloats floats;
  std::optional<BadInteger> bad;
  VisitNumber(from, [&](auto from_kind) {
    VisitNumber(to, [&](auto to_kind) {
      using From = decltype(from_kind);
      using To = decltype(to_kind);
      if constexpr (From::kRank <= To::kRank) {
        bad = Cast<typename From::Type, typename To::Type>(source, count, destination);
      }
    });
  });
  return bad;
}

}  // namespace tf_npz
