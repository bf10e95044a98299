#include "tf_npz/format/python_literal.h"

#include <gtest/gtest.h>

#include "testing/status_matchers.h"

namespace tf_npz {
namespace {

using std::string_literals::operator""s;

// What was parsed, in one spelling: (1, [True, None], {"a": "b"}).
std::string Repr(const PythonLiteral& literal) {
  const auto items = [&literal] {
    std::string text;
    const bool dict = literal.type == PythonLiteral::Type::kDict;
    for (size_t i = 0; i < literal.items.size(); ++i) {
      if (i > 0) text += dict && i % 2 == 1 ? ": " : ", ";
      text += Repr(literal.items[i]);
    }
    return text;
  };
  switch (literal.type) {
    case PythonLiteral::Type::kNone:
      return "None";
    case PythonLiteral::Type::kBool:
      return literal.integer != 0 ? "True" : "False";
    case PythonLiteral::Type::kInt:
      return std::to_string(literal.integer);
    case PythonLiteral::Type::kString:
      return '"' + literal.text + '"';
    case PythonLiteral::Type::kTuple:
      return '(' + items() + ')';
    case PythonLiteral::Type::kList:
      return '[' + items() + ']';
    case PythonLiteral::Type::kDict:
      return '{' + items() + '}';
  }
  return "?";
}

TEST(ParsePythonLiteral, TakesWhatPythonTakes) {
  const struct {
    std::string source;
    std::string value;
  } cases[] = {
      {"None", "None"},
      {"True", "True"},
      {" \t\r\n\fFalse ", "False"},
      {"0", "0"},
      {"000", "0"},
      {"-7", "-7"},
      {"+ 7", "7"},
      {"9223372036854775807", "9223372036854775807"},
      {"-9223372036854775807", "-9223372036854775807"},
      {"1_000", "1000"},
      {"0xfF", "255"},
      {"0X_1f", "31"},
      {"0o17", "15"},
      {"0B101", "5"},
      {"'a'", "\"a\""},
      {"\"it's\"", "\"it's\""},
      {"'''a\n'b'''", "\"a\n'b\""},
      {"''", "\"\""},
      {"u'a'", "\"a\""},
      {R"(R'\n')", R"("\n")"},
      {R"(r'\'')", R"("\'")"},
      {"'a' \"b\"\n  u'c'", "\"abc\""},
      {R"('\\\'\"\a\n\x41\101\0')", "\"\\'\"\a\nAA\0\""s},
      {R"('\u20ac\U0001F600\xfc')", "\"€😀ü\""},
      {R"('\q')", R"("\q")"},
      {"'a\\\nb'", "\"ab\""},
      {"()", "()"},
      {"(1,)", "(1)"},
      {"(1)", "1"},
      {"((1))", "1"},
      {"( 1 , 2 , )", "(1, 2)"},
      {"[]", "[]"},
      {"[1]", "[1]"},
      {"[('a', '<i4'), ('b', '<f8', (2,))]", R"([("a", "<i4"), ("b", "<f8", (2))])"},
      {"{}", "{}"},
      {"{'a': 1, 'b': (2,), }", R"({"a": 1, "b": (2)})"},
      {"{'a': 1, # a comment, 'b': {\n 'b': 2}", R"({"a": 1, "b": 2})"},
      {"# first\n1 # last", "1"},
      {"{1: 2}", "{1: 2}"},
  };
  for (const auto& c : cases) {
    const Result<PythonLiteral> parsed = ParsePythonLiteral(c.source);
    ASSERT_OK(parsed) << c.source;
    EXPECT_EQ(Repr(*parsed), c.value) << c.source;
  }
}

TEST(ParsePythonLiteral, RefusesTheRestAndNamesTheByte) {
  const struct {
    std::string source;
    std::string fragment;
  } cases[] = {
      {"", "expected a value at byte 0 (got the end)"},
      {"  # only a comment", "expected a value at byte 18 (got the end)"},
      {"1 2", "expected the end of the header at byte 2 (got \"2\")"},
      {"x", "unexpected name \"x\" at byte 0"},
      {"nan", "unexpected name \"nan\""},
      {"__import__('os')", "unexpected name \"__import__\""},
      {"Trueish", "unexpected name \"Trueish\""},
      {"1.5", "expected an integer at byte 0"},
      {"1e3", "expected an integer"},
      {"1j", "expected an integer"},
      {"4L", "expected an integer"},
      {"-", "expected an integer"},
      {"-True", "expected an integer"},
      {"0x", "expected an integer"},
      {"0b2", "expected an integer"},
      {"0o8", "expected an integer"},
      {"1_", "expected an integer"},
      {"1__0", "expected an integer"},
      {"_1", "unexpected name"},
      {"010", "an integer may not begin with 0 at byte 0"},
      {"9223372036854775808", "integer too large at byte 0"},
      {"(1, 99999999999999999999999)", "integer too large at byte 4"},
      {"1 + 1", "expected the end"},
      {"(1 2)", "expected ',' or ')' at byte 3"},
      {"(1,,)", "expected a value at byte 3"},
      {"(,)", "expected a value at byte 1"},
      {"(1", "expected ',' or ')' at byte 2 (got the end)"},
      {"(1]", "expected ',' or ')' at byte 2 (got \"]\")"},
      {"[1, 2", "expected ',' or ']'"},
      {"{'a'}", "expected ':' at byte 4"},
      {"{'a': 1 'b': 2}", "expected ',' or '}' at byte 8"},
      {"{'a': }", "expected a value at byte 6"},
      {"{'a': 1", "expected ',' or '}' at byte 7 (got the end)"},
      {"{,}", "expected a value"},
      {"'abc", "string without its closing quote at byte 0"},
      {"'a\nb'", "string without its closing quote at byte 0"},
      {"'''abc''", "string without its closing quote at byte 0"},
      {"'abc\\", "unsupported escape at byte 4"},
      {"r'abc\\", "string without its closing quote"},
      {R"('\x4')", "malformed escape at byte 1"},
      {R"('\u12')", "malformed escape"},
      {R"('\U00110000')", "escape outside Unicode"},
      {R"('\ud800')", "escape outside Unicode"},
      {R"('\N{BULLET}')", "unsupported escape"},
      {"b'a'", "unsupported kind of string"},
      {"f'a'", "unsupported kind of string"},
      {"'a' b'b'", "unsupported kind of string"},
      {"\xff", R"(expected a value at byte 0 (got "\xff"))"},
      {"\0"s, R"(expected a value at byte 0 (got "\x00"))"},
  };
  for (const auto& c : cases) {
    EXPECT_ERROR(ParsePythonLiteral(c.source), kDataLoss, c.fragment) << c.source;
  }
}

TEST(ParsePythonLiteral, TakesLongIntegersOfPython2WhereAsked) {
  PythonLiteralOptions python2;
  python2.allow_long_suffix = true;
  const Result<PythonLiteral> parsed = ParsePythonLiteral("(4L, 0x10L, -3L)", python2);
  ASSERT_OK(parsed);
  EXPECT_EQ(Repr(*parsed), "(4, 16, -3)");
  EXPECT_ERROR(ParsePythonLiteral("4LL", python2), kDataLoss, "expected an integer");
  EXPECT_ERROR(ParsePythonLiteral("(4L, 3L)"), kDataLoss, "expected an integer at byte 1");
}

TEST(ParsePythonLiteral, EndsOnHostileNesting) {
  for (const std::string open : {"(", "[", "{1:", "{(", "[[("}) {
    std::string source;
    while (source.size() < 1000000) source += open;
    EXPECT_ERROR(ParsePythonLiteral(source), kDataLoss, "nested too deeply") << open;
  }
}

TEST(ParsePythonLiteral, CutsLongTextOutOfItsMessages) {
  const Result<PythonLiteral> parsed = ParsePythonLiteral(std::string(1 << 20, '?'));
  ASSERT_FALSE(parsed.ok());
  EXPECT_LT(parsed.status().message().size(), 200u);
}

TEST(ParsePythonLiteral, SurvivesEveryTruncationAndEveryByte) {
  const std::string source = R"({"descr": [(u'a', r'<i4'), ('\x62', '''<f8''', (2,))],
    'fortran_order': False, 'shape': (0x1F, 1_0, 4L, -3), } # end)";
  PythonLiteralOptions options;
  options.allow_long_suffix = true;
  ASSERT_OK(ParsePythonLiteral(source, options));
  for (size_t size = 0; size < source.size() - sizeof(" # end") + 1; ++size) {
    EXPECT_FALSE(ParsePythonLiteral(source.substr(0, size), options).ok()) << size;
  }
  for (size_t i = 0; i < source.size(); ++i) {
    for (int byte = 0; byte < 256; ++byte) {
      std::string changed = source;
      changed[i] = static_cast<char>(byte);
      const Result<PythonLiteral> parsed = ParsePythonLiteral(changed, options);
      if (!parsed.ok()) {
        ASSERT_EQ(parsed.status().code(), Code::kDataLoss);
      }
    }
  }
}

TEST(PythonLiteral, FindsTheLastValueOfAKey) {
  const Result<PythonLiteral> dict = ParsePythonLiteral("{'a': 1, 'b': 2, 'a': 3, 4: 5}");
  ASSERT_OK(dict);
  ASSERT_NE(dict->Find("a"), nullptr);
  EXPECT_EQ(dict->Find("a")->integer, 3);
  EXPECT_EQ(dict->Find("c"), nullptr);
  EXPECT_EQ(dict->Find("4"), nullptr);
  EXPECT_EQ(ParsePythonLiteral("('a', 1)").value().Find("a"), nullptr);
}

}  // namespace
}  // namespace tf_npz
