#include "cc/kernels/byte_order.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/cc/testing/npy_writer.h"

namespace tf_npz {
namespace {

using Kind = DType::Kind;

TEST(SwapBytes, ReversesEachNumber) {
  const std::string bytes = "abcdefghijklmnop";
  const struct {
    int width;
    const char* swapped;
  } cases[] = {
      {1, "abcdefghijklmnop"},
      {2, "badcfehgjilknmpo"},
      {4, "dcbahgfelkjiponm"},
      {8, "hgfedcbaponmlkji"},
  };
  for (const auto& c : cases) {
    for (size_t shift = 0; shift < 8; ++shift) {  // any alignment
      std::string moved = std::string(shift, '?') + bytes;
      SwapBytes(moved.data() + shift, bytes.size(), c.width);
      EXPECT_EQ(moved, std::string(shift, '?') + c.swapped) << c.width;
    }
  }
}

TEST(SwapBytes, ReversesAnyNumberOfThemAtAnyAddress) {
  for (const int width : {2, 4, 8}) {
    for (const size_t count : {0, 1, 2, 3, 5, 16, 17, 1001}) {
      const std::string bytes = Noise(count * width);
      std::string swapped;
      for (size_t i = 0; i < count; ++i) {
        const std::string number = bytes.substr(i * width, width);
        swapped.append(number.rbegin(), number.rend());
      }
      for (size_t shift = 0; shift < 16; ++shift) {
        std::string moved = std::string(shift, '?') + bytes + "?";
        SwapBytes(moved.data() + shift, bytes.size(), width);
        ASSERT_TRUE(moved == std::string(shift, '?') + swapped + "?")
            << count << " of " << width << ", shift " << shift;
      }
    }
  }
}

TEST(SwapBytes, TwiceIsNothing) {
  for (const int width : {2, 4, 8}) {
    for (const size_t count : {0, 1, 3, 100, 1001}) {
      const std::string bytes = Noise(count * width);
      std::string swapped = bytes;
      SwapBytes(swapped.data(), swapped.size(), width);
      EXPECT_TRUE(count == 0 || swapped != bytes);
      SwapBytes(swapped.data(), swapped.size(), width);
      EXPECT_EQ(swapped, bytes);
    }
  }
}

TEST(NormalizeBools, LeavesNothingButZeroAndOne) {
  std::string bytes;
  for (int byte = 0; byte < 256; ++byte) bytes.push_back(static_cast<char>(byte));
  NormalizeBools(bytes.data(), bytes.size());
  EXPECT_EQ(bytes, std::string(1, '\0') + std::string(255, '\1'));
}

TEST(NormalizeBools, TakesAnyNumberOfThemAtAnyAddress) {
  for (const size_t count : {0, 1, 15, 16, 17, 1001}) {
    std::string bytes = Noise(count);
    std::string normal;
    for (char& byte : bytes) {
      if (byte < 64) byte = 0;
      normal.push_back(byte != 0);
    }
    for (size_t shift = 0; shift < 16; ++shift) {
      std::string moved = std::string(shift, '?') + bytes + "?";
      NormalizeBools(moved.data() + shift, count);
      ASSERT_EQ(moved, std::string(shift, '?') + normal + "?");
    }
  }
}

DType Of(Kind kind, int64_t itemsize, bool big_endian) {
  DType dtype;
  dtype.kind = kind;
  dtype.itemsize = itemsize;
  dtype.big_endian = big_endian;
  return dtype;
}

TEST(ConvertToNative, BringsEveryDTypeIntoNativeForm) {
  const std::string bytes("\0\1\2\3\4\5\6\7\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f", 16);
  const struct {
    DType dtype;
    std::string native;
  } cases[] = {
      {Of(Kind::kBool, 1, false), std::string("\0", 1) + std::string(15, '\1')},
      {Of(Kind::kInt, 1, false), bytes},
      {Of(Kind::kInt, 4, false), bytes},
      {Of(Kind::kComplex, 16, false), bytes},
      {Of(Kind::kUInt, 2, true), {"\1\0\3\2\5\4\7\6\x09\x08\x0b\x0a\x0d\x0c\x0f\x0e", 16}},
      {Of(Kind::kFloat, 4, true), {"\3\2\1\0\7\6\5\4\x0b\x0a\x09\x08\x0f\x0e\x0d\x0c", 16}},
      {Of(Kind::kFloat, 8, true), {"\7\6\5\4\3\2\1\0\x0f\x0e\x0d\x0c\x0b\x0a\x09\x08", 16}},
      {Of(Kind::kComplex, 8, true), {"\3\2\1\0\7\6\5\4\x0b\x0a\x09\x08\x0f\x0e\x0d\x0c", 16}},
      {Of(Kind::kComplex, 16, true), {"\7\6\5\4\3\2\1\0\x0f\x0e\x0d\x0c\x0b\x0a\x09\x08", 16}},
  };
  for (const auto& c : cases) {
    std::string converted = bytes;
    ConvertToNative(c.dtype, converted.data(), converted.size());
    EXPECT_EQ(converted, c.native) << c.dtype.descr();
  }
}

}  // namespace
}  // namespace tf_npz
