#include "tf_npz/reader/convert.h"

#include <gtest/gtest.h>

#include <string>

#include "testing/npy_writer.h"

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

TEST(ConvertToNative, BringsEveryDTypeIntoNativeForm) {
  const std::string bytes("\0\1\2\3\4\5\6\7\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f", 16);
  const struct {
    DType dtype;
    bool needed;
    std::string native;
  } cases[] = {
      {{Kind::kBool, 1, false}, true, std::string("\0", 1) + std::string(15, '\1')},
      {{Kind::kInt, 1, false}, false, bytes},
      {{Kind::kInt, 4, false}, false, bytes},
      {{Kind::kComplex, 16, false}, false, bytes},
      {{Kind::kUInt, 2, true}, true, {"\1\0\3\2\5\4\7\6\x09\x08\x0b\x0a\x0d\x0c\x0f\x0e", 16}},
      {{Kind::kFloat, 4, true}, true, {"\3\2\1\0\7\6\5\4\x0b\x0a\x09\x08\x0f\x0e\x0d\x0c", 16}},
      {{Kind::kFloat, 8, true}, true, {"\7\6\5\4\3\2\1\0\x0f\x0e\x0d\x0c\x0b\x0a\x09\x08", 16}},
      {{Kind::kComplex, 8, true}, true, {"\3\2\1\0\7\6\5\4\x0b\x0a\x09\x08\x0f\x0e\x0d\x0c", 16}},
      {{Kind::kComplex, 16, true}, true, {"\7\6\5\4\3\2\1\0\x0f\x0e\x0d\x0c\x0b\x0a\x09\x08", 16}},
  };
  for (const auto& c : cases) {
    std::string converted = bytes;
    ConvertToNative(c.dtype, converted.data(), converted.size());
    EXPECT_EQ(converted, c.native) << c.dtype.descr();
    EXPECT_EQ(NeedsConversion(c.dtype), c.needed) << c.dtype.descr();
  }
}

}  // namespace
}  // namespace tf_npz
