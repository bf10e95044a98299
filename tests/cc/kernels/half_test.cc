#include "cc/kernels/half.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

namespace tf_npz {
namespace {

constexpr double kInf = std::numeric_limits<double>::infinity();
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

TEST(Half, HasTheValuesOfTheStandard) {
  const struct {
    uint16_t bits;
    double value;
  } cases[] = {
      {0x0000, 0.0},     {0x8000, -0.0}, {0x0001, 0x1p-24},       {0x03FF, 0x3FFp-24},
      {0x0400, 0x1p-14}, {0x3C00, 1.0},  {0x3C01, 1.0 + 0x1p-10}, {0xC000, -2.0},
      {0x7BFF, 65504.0}, {0x7C00, kInf}, {0xFC00, -kInf},
  };
  for (const auto& c : cases) {
    EXPECT_EQ(ToFloat(Half{c.bits}), c.value) << c.bits;
    EXPECT_EQ(std::signbit(ToFloat(Half{c.bits})), std::signbit(c.value)) << c.bits;
    EXPECT_EQ(ToHalf(c.value).bits, c.bits);
    EXPECT_EQ(ToHalf(static_cast<float>(c.value)).bits, c.bits);
  }
}

TEST(Half, KeepsEachOfItsValues) {
  for (uint32_t bits = 0; bits < 0x10000; ++bits) {
    const Half half{static_cast<uint16_t>(bits)};
    const float value = ToFloat(half);
    const uint16_t quiet = std::isnan(value) ? 0x200 : 0;
    ASSERT_EQ(std::isnan(value), (bits & 0x7FFF) > 0x7C00) << bits;
    ASSERT_EQ(ToHalf(value).bits, bits | quiet);
    ASSERT_EQ(ToHalf(static_cast<double>(value)).bits, bits | quiet);
  }
}

TEST(Bfloat16, KeepsEachOfItsValues) {
  for (uint32_t bits = 0; bits < 0x10000; ++bits) {
    const Bfloat16 bfloat{static_cast<uint16_t>(bits)};
    const float value = ToFloat(bfloat);
    const uint16_t quiet = std::isnan(value) ? 0x40 : 0;
    ASSERT_EQ(ToBfloat16(value).bits, bits | quiet);
    ASSERT_EQ(ToBfloat16(static_cast<double>(value)).bits, bits | quiet);
  }
}

// Between two neighbours lie their middle, and values just below and above it. The rule of rounding
// tells where each goes.
template <typename T, typename From, typename Narrow>
void ExpectRoundsToTheNearest(uint32_t infinity, Narrow narrow) {
  for (uint32_t bits = 0; bits < infinity; ++bits) {
    const double low = ToFloat(T{static_cast<uint16_t>(bits)});
    double high = ToFloat(T{static_cast<uint16_t>(bits + 1)});
    // Rounding goes as if the values went on beyond the largest one.
    if (bits + 1 == infinity) high = 2 * low - ToFloat(T{static_cast<uint16_t>(bits - 1)});
    const auto middle = static_cast<From>((low + high) / 2);
    const uint32_t even = bits % 2 == 0 ? bits : bits + 1;
    const From below = std::nextafter(middle, From{0});
    const From above = std::nextafter(middle, std::numeric_limits<From>::infinity());
    ASSERT_EQ(narrow(middle).bits, even) << middle;
    ASSERT_EQ(narrow(below).bits, bits) << below;
    ASSERT_EQ(narrow(above).bits, bits + 1) << above;
    ASSERT_EQ(narrow(-below).bits, bits | 0x8000) << below;
    ASSERT_EQ(narrow(-above).bits, (bits + 1) | 0x8000) << above;
  }
}

TEST(Half, RoundsToTheNearestAndEvenValue) {
  ExpectRoundsToTheNearest<Half, float>(0x7C00, [](float value) { return ToHalf(value); });
  ExpectRoundsToTheNearest<Half, double>(0x7C00, [](double value) { return ToHalf(value); });
}

TEST(Bfloat16, RoundsToTheNearestAndEvenValue) {
  ExpectRoundsToTheNearest<Bfloat16, float>(0x7F80, [](float value) { return ToBfloat16(value); });
  ExpectRoundsToTheNearest<Bfloat16, double>(0x7F80,
                                             [](double value) { return ToBfloat16(value); });
}

TEST(Half, BeyondTheLargestValueIsInfinity) {
  for (const double value : {65520.0, 65536.0, 1e10, 1e38, 1e300, kInf}) {
    EXPECT_EQ(ToHalf(value).bits, 0x7C00) << value;
    EXPECT_EQ(ToHalf(static_cast<float>(-value)).bits, 0xFC00) << value;
  }
  for (const double value : {3.4e38, 1e39, 1e300, kInf}) {
    EXPECT_EQ(ToBfloat16(value).bits, 0x7F80) << value;
  }
  for (const double value : {1e-8, 1e-30, 1e-320}) EXPECT_EQ(ToHalf(-value).bits, 0x8000) << value;
  EXPECT_EQ(ToBfloat16(1e-320).bits, 0);
}

TEST(Half, NansStayNans) {
  EXPECT_EQ(ToHalf(kNan).bits, 0x7E00);
  EXPECT_EQ(ToBfloat16(kNan).bits, 0x7FC0);
  EXPECT_EQ(ToHalf(BitsAs<double>(uint64_t{0x7FF0000000000001})).bits, 0x7E00);
  EXPECT_EQ(ToHalf(BitsAs<float>(uint32_t{0xFF800001})).bits, 0xFE00);
  EXPECT_EQ(ToBfloat16(BitsAs<float>(uint32_t{0x7F800001})).bits, 0x7FC0);
}

}  // namespace
}  // namespace tf_npz
