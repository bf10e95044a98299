#include "cc/base/text.h"

#include <gtest/gtest.h>

#include <limits>

namespace tf_npz {
namespace {

using std::string_literals::operator""s;

TEST(Quote, EscapesWhatATerminalWouldTakeAmiss) {
  const struct {
    const char* name;
    std::string text;
    std::string quoted;
  } cases[] = {
      {"plain", "x", R"("x")"},
      {"empty", "", R"("")"},
      {"quote and backslash", R"(a"b\c)", R"("a\"b\\c")"},
      {"control bytes", "a\nb\x1b[0m\x7f", R"("a\x0ab\x1b[0m\x7f")"},
      {"NUL", "a\0b"s, R"("a\x00b")"},
      {"UTF-8 of two, three and four bytes", "ü€😀", R"("ü€😀")"},
      {"Latin-1", "\xfc!", R"("\xfc!")"},
      {"the magic of an array", "\x93NUMPY", R"("\x93NUMPY")"},
      {"UTF-8 cut off", "\xe2\x82", R"("\xe2\x82")"},
      {"UTF-8 cut off by another letter", "\xe2\x82z", R"("\xe2\x82z")"},
      {"overlong slash of two bytes", "\xc0\xaf", R"("\xc0\xaf")"},
      {"overlong slash of three bytes", "\xe0\x80\xaf", R"("\xe0\x80\xaf")"},
      {"overlong slash of four bytes", "\xf0\x80\x80\xaf", R"("\xf0\x80\x80\xaf")"},
      {"surrogate", "\xed\xa0\x80", R"("\xed\xa0\x80")"},
      {"beyond Unicode", "\xf4\x90\x80\x80", R"("\xf4\x90\x80\x80")"},
      {"no lead byte of UTF-8", "\xff\x80", R"("\xff\x80")"},
  };
  for (const auto& c : cases) EXPECT_EQ(Quote(c.text), c.quoted) << c.name;
}

TEST(Quote, CutsAtItsLimitAndSaysSo) {
  EXPECT_EQ(Quote("abcd", 4), "\"abcd\"");
  EXPECT_EQ(Quote("abcde", 4), "\"abcd\"…");
  EXPECT_EQ(Quote(std::string(1000, 'x')), '"' + std::string(100, 'x') + "\"…");
  EXPECT_EQ(Quote("abc€d", 4), "\"abc€\"…") << "a character is not cut in two";
}

TEST(Escape, LeavesWhatIsPrintableAsItIs) {
  EXPECT_EQ(Escape("data/a \"b\"\\ü€😀.npz"), "data/a \"b\"\\ü€😀.npz");
  EXPECT_EQ(Escape("a\nb\x1b\xff\xc0\xaf"), R"(a\x0ab\x1b\xff\xc0\xaf)");
  EXPECT_EQ(Escape(std::string(1000, 'x')), std::string(1000, 'x')) << "whole";
  EXPECT_EQ(Escape(""), "");
}

TEST(WithoutPath, LeavesWhatIsWrong) {
  const struct {
    const char* message;
    const char* expected;
  } cases[] = {
      {"", ""},
      {"not found", "not found"},
      {"code 403 with body '{}'\n\t when reading metadata of gs://b/o.npz",
       "code 403 with body '{}'"},
      {"code 403 with body '{\n  \"gs://b/o.npz\"\n}\n'\n\t when reading gs://b/o.npz",
       "code 403 with body '{   \"gs://b/o.npz\" } '"},
      {"code 403\n\t when reading gs://b/other", "code 403 \t when reading gs://b/other"},
      {"The path gs://b/o.npz was not found.", "The path was not found."},
      {"no object name: gs://b/o.npz", "no object name:"},
      {"not gs://b/o.npz.gz, nor gs://b/o.npz", "not gs://b/o.npz.gz, nor"},
      {"\n\n", " "},
  };
  for (const auto& c : cases) EXPECT_EQ(WithoutPath(c.message, "gs://b/o.npz"), c.expected);
}

TEST(QuoteList, NamesEveryItemUpToItsLimit) {
  EXPECT_EQ(QuoteList({}), "");
  EXPECT_EQ(QuoteList({"x"}), R"("x")");
  EXPECT_EQ(QuoteList({"x", "a\nb"}), R"("x", "a\x0ab")");
  EXPECT_EQ(QuoteList({"a", "b", "c"}, 3), R"("a", "b", "c")");
  EXPECT_EQ(QuoteList({"a", "b", "c"}, 2), R"("a", "b", … (3 in all))");
}

TEST(ShapeText, PrintsShapesAsNumPyDoes) {
  EXPECT_EQ(ShapeText({}), "()");
  EXPECT_EQ(ShapeText({3}), "(3,)");
  EXPECT_EQ(ShapeText({28, 28}), "(28, 28)");
  EXPECT_EQ(ShapeText({0, -1, 3}), "(0, None, 3)");
  EXPECT_EQ(ShapeText({std::numeric_limits<int64_t>::max()}), "(9223372036854775807,)");
}

TEST(TakeCInteger, ReadsWhatStrtolReads) {
  constexpr int64_t kMin = std::numeric_limits<int64_t>::min();
  constexpr int64_t kMax = std::numeric_limits<int64_t>::max();
  const struct {
    std::string_view text;
    std::optional<int64_t> value;
    std::string_view rest;
  } cases[] = {
      {"", std::nullopt, ""},
      {"x1", std::nullopt, "x1"},
      {"-", std::nullopt, "-"},
      {" \t\n", std::nullopt, " \t\n"},
      {"+-1", std::nullopt, "+-1"},
      {"0", 0, ""},
      {" \t\n\v\f\r12s", 12, "s"},
      {"+7 ", 7, " "},
      {"-08", -8, ""},
      {"9223372036854775807", kMax, ""},
      {"9223372036854775808x", kMax, "x"},
      {"-9223372036854775808", kMin, ""},
      {"-99999999999999999999", kMin, ""},
  };
  for (const auto& c : cases) {
    std::string_view rest = c.text;
    EXPECT_EQ(TakeCInteger(&rest), c.value) << c.text;
    EXPECT_EQ(rest, c.rest) << c.text;
  }
}

}  // namespace
}  // namespace tf_npz
