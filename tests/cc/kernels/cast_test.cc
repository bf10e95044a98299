#include "cc/kernels/cast.h"

#include <gtest/gtest.h>

#include <cfenv>
#include <complex>
#include <cstring>
#include <limits>
#include <string>
#include <vector>

#include "tests/cc/testing/npy_writer.h"

namespace tf_npz {
namespace {

using Type = ElementType;

constexpr Type kNumbers[] = {
    Type::kBool,    Type::kInt8,    Type::kInt16,     Type::kInt32,      Type::kInt64,
    Type::kUInt8,   Type::kUInt16,  Type::kUInt32,    Type::kUInt64,     Type::kFloat16,
    Type::kFloat32, Type::kFloat64, Type::kComplex64, Type::kComplex128, Type::kBfloat16,
};

// 0 and 1 in each type.
std::string ZeroAndOne(Type type) {
  std::string bytes(2 * ElementTypeSize(type), '\0');
  char* const one = bytes.data() + ElementTypeSize(type);
  switch (type) {
    case Type::kFloat16:
      one[1] = 0x3C;
      break;
    case Type::kBfloat16:
      one[0] = static_cast<char>(0x80);
      one[1] = 0x3F;
      break;
    case Type::kFloat32:
    case Type::kComplex64: {
      const float value = 1;
      std::memcpy(one, &value, sizeof(value));
      break;
    }
    case Type::kFloat64:
    case Type::kComplex128: {
      const double value = 1;
      std::memcpy(one, &value, sizeof(value));
      break;
    }
    default:
      one[0] = 1;
  }
  return bytes;
}

std::string Casted(Type from, const std::string& source, Type to) {
  const int64_t count = static_cast<int64_t>(source.size()) / ElementTypeSize(from);
  std::string destination(count * ElementTypeSize(to), '\xAA');
  const std::optional<BadInteger> bad =
      CastNumbers(from, source.data(), to, count, destination.data());
  EXPECT_FALSE(bad.has_value()) << ElementTypeName(from) << " to " << ElementTypeName(to);
  return destination;
}

TEST(CastNumbers, CastsEachPairThatIsAllowed) {
  int pairs = 0;
  for (const Type from : kNumbers) {
    for (const Type to : kNumbers) {
      if (!CanCast(from, to)) continue;
      ++pairs;
      std::string source, expected;
      for (int i = 0; i < 1500; ++i) {  // more than a run
        source += ZeroAndOne(from);
        expected += ZeroAndOne(to);
      }
      EXPECT_TRUE(Casted(from, source, to) == expected)
          << ElementTypeName(from) << " to " << ElementTypeName(to);
    }
  }
  // bool to 15; 4 unsigned to 14; 4 signed to 10; 4 floats to 6; 2 complex to 2.
  EXPECT_EQ(pairs, 15 + 4 * 14 + 4 * 10 + 4 * 6 + 2 * 2);
}

template <typename From, typename To>
void Expect(Type from, Type to, const std::vector<From>& values, const std::vector<To>& expected) {
  EXPECT_EQ(Casted(from, BytesOf(values), to), BytesOf(expected))
      << ElementTypeName(from) << " to " << ElementTypeName(to);
}

TEST(CastNumbers, KeepsOrRoundsTheValues) {
  constexpr float kFloatInf = std::numeric_limits<float>::infinity();
  Expect<int8_t, int64_t>(Type::kInt8, Type::kInt64, {-128, -1, 127}, {-128, -1, 127});
  Expect<uint8_t, int16_t>(Type::kUInt8, Type::kInt16, {0, 255}, {0, 255});
  Expect<int64_t, int8_t>(Type::kInt64, Type::kInt8, {-128, 127}, {-128, 127});
  Expect<int64_t, float>(Type::kInt64, Type::kFloat32, {16777217, -16777219},
                         {16777216, -16777220});
  Expect<uint64_t, double>(Type::kUInt64, Type::kFloat64, {~uint64_t{0}}, {0x1p64});
  Expect<double, float>(Type::kFloat64, Type::kFloat32, {0.1, -1e300, 1e-45, 1e-300},
                        {0.1F, -kFloatInf, 1e-45F, 0});
  Expect<float, std::complex<double>>(Type::kFloat32, Type::kComplex128, {1.5F}, {{1.5, 0}});
  Expect<std::complex<double>, std::complex<float>>(Type::kComplex128, Type::kComplex64,
                                                    {{1e300, -0.5}}, {{kFloatInf, -0.5F}});
  // 65519 is below the middle of 65504 and what would come next.
  Expect<int32_t, uint16_t>(Type::kInt32, Type::kFloat16, {2049, 2051, 65519, 65520, -70000},
                            {0x6800, 0x6802, 0x7BFF, 0x7C00, 0xFC00});
  Expect<uint8_t, uint16_t>(Type::kUInt8, Type::kBfloat16, {255}, {0x437F});
}

// A cast over double or float would round twice, and these would go to the even neighbour.
TEST(CastNumbers, RoundsOnce) {
  const int64_t middle = (int64_t{1} << 62) + (int64_t{1} << 54);  // of 2**62 and what comes next
  Expect<int64_t, uint16_t>(Type::kInt64, Type::kBfloat16,
                            {middle - 1, middle, middle + 1, -middle, -middle - 1},
                            {0x5E80, 0x5E80, 0x5E81, 0xDE80, 0xDE81});
  Expect<uint64_t, uint16_t>(Type::kUInt64, Type::kBfloat16,
                             {2 * uint64_t(middle) - 1, 2 * uint64_t(middle) + 1},
                             {0x5F00, 0x5F01});
  Expect<double, uint16_t>(Type::kFloat64, Type::kBfloat16, {1 + 0x1p-8, 1 + 0x1p-8 + 0x1p-50},
                           {0x3F80, 0x3F81});
  Expect<double, uint16_t>(Type::kFloat64, Type::kFloat16, {1 + 0x1p-11, 1 + 0x1p-11 + 0x1p-50},
                           {0x3C00, 0x3C01});
}

TEST(CastNumbers, AnIntegerThatDoesNotFitIsAnError) {
  const struct {
    Type from;
    std::string source;  // the second number does not fit
    Type to;
    const char* text;
    const char* range;
  } cases[] = {
      {Type::kInt16, BytesOf<int16_t>({127, 128}), Type::kInt8, "128", "-128 to 127"},
      {Type::kInt64, BytesOf<int64_t>({-128, -129}), Type::kInt8, "-129", "-128 to 127"},
      {Type::kUInt8, BytesOf<uint8_t>({127, 255}), Type::kInt8, "255", "-128 to 127"},
      {Type::kUInt16, BytesOf<uint16_t>({255, 256}), Type::kUInt8, "256", "0 to 255"},
      {Type::kUInt64, BytesOf<uint64_t>({0, ~uint64_t{0}}), Type::kInt64, "18446744073709551615",
       "-9223372036854775808 to 9223372036854775807"},
      {Type::kUInt64, BytesOf<uint64_t>({0, ~uint64_t{0}}), Type::kInt8, "18446744073709551615",
       "-128 to 127"},
      {Type::kInt64, BytesOf<int64_t>({0, int64_t{1} << 32}), Type::kInt32, "4294967296",
       "-2147483648 to 2147483647"},
  };
  for (const auto& c : cases) {
    const int64_t size = ElementTypeSize(c.from);
    // It is item 1, and after 1500 others item 1501.
    for (const int64_t before : {0, 1500}) {
      std::string source;
      for (int64_t i = 0; i < before; ++i) source += c.source.substr(0, size);
      source += c.source + c.source;
      std::string destination((before + 4) * ElementTypeSize(c.to), '\0');
      const std::optional<BadInteger> bad =
          CastNumbers(c.from, source.data(), c.to, before + 4, destination.data());
      ASSERT_TRUE(bad.has_value()) << c.text;
      EXPECT_EQ(bad->item, before + 1);
      EXPECT_EQ(bad->text, c.text);
      EXPECT_EQ(bad->range, c.range);
      const std::string good = source.substr(0, (before + 1) * size);
      EXPECT_EQ(destination.substr(0, (before + 1) * ElementTypeSize(c.to)),
                Casted(c.from, good, c.to));
    }
  }
}

TEST(CastNumbers, WorksAtAnyAlignment) {
  const std::string source = BytesOf(CountingUp<int16_t>(3000));
  const std::string expected = BytesOf(CountingUp<double>(3000));
  for (size_t shift = 0; shift < 8; ++shift) {
    const std::string moved = std::string(shift, '?') + source;
    std::string destination(shift + expected.size() + 1, '?');
    EXPECT_FALSE(CastNumbers(Type::kInt16, moved.data() + shift, Type::kFloat64, 3000,
                             destination.data() + shift));
    EXPECT_TRUE(destination == std::string(shift, '?') + expected + "?") << shift;
  }
}

#ifdef __SSE2__
// TensorFlow's threads have these modes.
TEST(CastNumbers, KeepsSubnormalNumbersWhereTheThreadFlushesThem) {
  constexpr unsigned kFlushModes = 0x8040;
  const unsigned before = __builtin_ia32_stmxcsr();
  __builtin_ia32_ldmxcsr(before | kFlushModes);
  const std::string narrow =
      Casted(Type::kFloat64, BytesOf<double>({0x1p-149, 0x1p-24}), Type::kFloat32);
  const std::string wide = Casted(Type::kFloat32, BytesOf<uint32_t>({1}), Type::kFloat64);
  const std::string half = Casted(Type::kFloat64, BytesOf<double>({0x1p-24}), Type::kFloat16);
  const unsigned after = __builtin_ia32_stmxcsr();
  __builtin_ia32_ldmxcsr(before);
  EXPECT_EQ(narrow, BytesOf<uint32_t>({1, 0x33800000}));
  EXPECT_EQ(wide, BytesOf<uint64_t>({0x36A0000000000000}));
  EXPECT_EQ(half, BytesOf<uint16_t>({1}));
  EXPECT_EQ(after & kFlushModes, kFlushModes) << "the caller's modes are as they were";
}
#endif

TEST(CastNumbers, RoundsToNearestWhereTheThreadRoundsOtherwise) {
  std::fesetround(FE_UPWARD);
  const std::string narrow = Casted(Type::kFloat64, BytesOf<double>({1 + 0x1p-40}), Type::kFloat32);
  const int after = std::fegetround();
  std::fesetround(FE_TONEAREST);
  EXPECT_EQ(narrow, BytesOf<float>({1}));
  EXPECT_EQ(after, FE_UPWARD);
}

TEST(CastNumbers, NoItemsNeedNoMemory) {
  EXPECT_FALSE(CastNumbers(Type::kInt64, nullptr, Type::kInt8, 0, nullptr));
}

}  // namespace
}  // namespace tf_npz
