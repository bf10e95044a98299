#include "cc/kernels/utf8.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace tf_npz {
namespace {

using std::string_literals::operator""s;

std::string Utf32(const std::u32string& text, bool big_endian) {
  std::string bytes;
  for (const char32_t code_point : text) {
    for (int i = 0; i < 4; ++i) {
      bytes.push_back(static_cast<char>(code_point >> 8 * (big_endian ? 3 - i : i)));
    }
  }
  return bytes;
}

// The UTF-8 of `text`, by the table in section 3 of RFC 3629.
std::string Utf8(const std::u32string& text) {
  std::string bytes;
  for (const uint32_t c : text) {
    const int more = c < 0x80 ? 0 : c < 0x800 ? 1 : c < 0x10000 ? 2 : 3;
    const int leads[] = {0x00, 0xC0, 0xE0, 0xF0};
    bytes.push_back(static_cast<char>(leads[more] | c >> 6 * more));
    for (int i = more; i-- > 0;) bytes.push_back(static_cast<char>(0x80 | (c >> 6 * i & 0x3F)));
  }
  return bytes;
}

std::string Padded(std::string bytes, size_t size) {
  bytes.resize(size);
  return bytes;
}

TEST(Utf32ToUtf8, WritesEachItemInItsOwnPlace) {
  const std::u32string nuls(5, U'\0');
  const struct {
    const char* name;
    std::vector<std::u32string> items;  // all of the same length
  } cases[] = {
      {"no items", {}},
      {"items without letters", {U"", U""}},
      {"one letter", {U"a", U"ä", U"€", U"\U0001F600"}},
      {"the ends of each length",
       {U"\x01\x7F", U"\u0080\u07FF", U"\u0800\uFFFF", U"\U00010000\U0010FFFF"}},
      {"the neighbours of surrogates", {U"\uD7FF\uE000"}},
      {"ASCII, a block", {U"abcdefgh", U"ijklmnop"}},
      {"ASCII, no whole number of blocks", {U"abcdefghijk", U"lmnopqrstuv"}},
      {"others at the ends of blocks", {U"äbcdefghijklmnop", U"abcdefgäijklmnoö"}},
      {"padding", {U"ab" + nuls, U"äöü€" + nuls.substr(0, 3), nuls + U"\0\0"s, U"abcdefg"}},
      {"NULs within", {U"a\0b\0\0ä"s, U"\0abcde"s}},
      {"a long one", {std::u32string(1000, U'x') + std::u32string(1001, U'€')}},
  };
  for (const auto& c : cases) {
    const size_t width = c.items.empty() ? 4 : 4 * c.items[0].size();
    for (const bool big_endian : {false, true}) {
      for (size_t shift = 0; shift < 16; ++shift) {
        std::string bytes(shift, '?');
        std::string expected = bytes;
        for (const std::u32string& item : c.items) {
          bytes += Utf32(item, big_endian);
          expected += Padded(Utf8(item), width);
        }
        bytes += '?';
        EXPECT_FALSE(Utf32ToUtf8(bytes.data() + shift, width, c.items.size(), big_endian));
        ASSERT_EQ(bytes, expected + '?') << c.name << ", shift " << shift;
      }
    }
  }
}

TEST(Utf32ToUtf8, ConvertsEveryCodePoint) {
  for (const bool big_endian : {false, true}) {
    std::u32string all;
    for (char32_t c = 0; c <= 0x10FFFF; ++c) {
      if (c < 0xD800 || c > 0xDFFF) all.push_back(c);
    }
    std::string bytes = Utf32(all, big_endian);
    EXPECT_FALSE(Utf32ToUtf8(bytes.data(), bytes.size(), 1, big_endian));
    EXPECT_TRUE(bytes == Padded(Utf8(all), bytes.size()));
  }
}

TEST(Utf32ToUtf8, NamesTheFirstItemThatIsNoText) {
  const char32_t cases[] = {0xD800, 0xDBFF, 0xDC00, 0xDFFF, 0x110000, 0x7FFFFFFF, 0xFFFFFFFF};
  for (const char32_t code_point : cases) {
    for (const size_t length : {1, 3, 8, 9, 20}) {
      for (const size_t place : {size_t{0}, length / 2, length - 1}) {
        for (const bool big_endian : {false, true}) {
          std::u32string bad(length, U'b');
          bad[place] = code_point;
          const std::string good = Utf32(std::u32string(length, U'ä'), big_endian);
          const size_t width = 4 * length;
          std::string bytes = good + good + Utf32(bad, big_endian) + Utf32(bad, big_endian);
          const auto found = Utf32ToUtf8(bytes.data(), width, 4, big_endian);
          ASSERT_TRUE(found);
          EXPECT_EQ(found->item, 2);
          EXPECT_EQ(found->code_point, code_point);
          const std::string converted = Padded(Utf8(std::u32string(length, U'ä')), width);
          EXPECT_EQ(bytes.substr(0, 2 * width), converted + converted);
          EXPECT_EQ(bytes.substr(3 * width), Utf32(bad, big_endian));
        }
      }
    }
  }
}

}  // namespace
}  // namespace tf_npz
