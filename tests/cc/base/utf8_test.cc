#include "cc/base/utf8.h"

#include <gtest/gtest.h>

#include <string>

namespace tf_npz {
namespace {

using std::string_literals::operator""s;

TEST(AppendUtf8, WritesOneToFourBytes) {
  const struct {
    uint32_t code_point;
    std::string utf8;
  } cases[] = {
      {0, "\0"s},
      {'a', "a"},
      {0x7F, "\x7f"},
      {0x80, "\xc2\x80"},
      {0xFC, "ü"},
      {0x7FF, "\xdf\xbf"},
      {0x800, "\xe0\xa0\x80"},
      {0x20AC, "€"},
      {0xFFFF, "\xef\xbf\xbf"},
      {0x10000, "\xf0\x90\x80\x80"},
      {0x1F600, "😀"},
      {0x10FFFF, "\xf4\x8f\xbf\xbf"},
  };
  for (const auto& c : cases) {
    std::string text = "before ";
    AppendUtf8(c.code_point, &text);
    EXPECT_EQ(text, "before " + c.utf8) << c.code_point;
  }
}

TEST(IsUtf8, TakesWhatIsWrittenAndNoSurrogates) {
  for (uint32_t code_point = 0; code_point <= 0x10FFFF; code_point += 0x7F) {
    std::string text;
    AppendUtf8(code_point, &text);
    const bool is_surrogate = code_point >= 0xD800 && code_point <= 0xDFFF;
    EXPECT_EQ(IsUtf8(text), !is_surrogate) << code_point;
    EXPECT_EQ(Utf8SequenceLength(text + "z"), is_surrogate ? 0 : text.size()) << code_point;
    if (text.size() > 1) {
      EXPECT_FALSE(IsUtf8(text.substr(1))) << code_point;
      EXPECT_FALSE(IsUtf8(text.substr(0, text.size() - 1))) << code_point;
    }
  }
  EXPECT_TRUE(IsUtf8(""));
  EXPECT_EQ(Utf8SequenceLength(""), 0u);
}

}  // namespace
}  // namespace tf_npz
