#include "cc/format/python_literal.h"

#include <gtest/gtest.h>

#include "cc/base/text.h"
#include "tests/cc/testing/status_matchers.h"

namespace tf_npz {
namespace {

using std::string_literals::operator""s;

// Prints a parsed literal in a single spelling: (1, [True, None], {"a": "b"}).
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
      {" \tFalse ", "False"},
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
      {"0_0", "0"},
      {"- 7", "-7"},
      {"-(7)", "-7"},
      {"-( (\n7 ) )", "-7"},
      {"(-\n7)", "-7"},
      {"-\\\n7", "-7"},
      {"'a'", "\"a\""},
      {"\"it's\"", "\"it's\""},
      {"'''a\n'b'''", "\"a\n'b\""},
      {"''", "\"\""},
      {"u'a'", "\"a\""},
      {R"(R'\n')", R"("\n")"},
      {R"(r'\'')", R"("\'")"},
      {R"(r'\\')", R"("\\")"},
      {"'a' \"b\"U'c'R'd'", "\"abcd\""},
      {"('a' # 1\n\n  'b')", "\"ab\""},
      {R"('\\\'\"\a\n\x41\101\0')", "\"\\'\"\a\nAA\0\""s},
      {R"('\u20ac\U0001F600\xfc')", "\"€😀ü\""},
      {R"('\777\0018\8')", "\"\u01ff\0018\\8\""s},
      {R"('\q')", R"("\q")"},
      {"'\\é'", "\"\\é\""},
      {"'a\\\nb'", "\"ab\""},
      {"'a\\\r\nb\\\rc'", "\"abc\""},
      {"r'a\\\r\nb'", "\"a\\\nb\""},
      {"'''a\r\nb\rc\n'''", "\"a\nb\nc\n\""},
      {"'a\v\f\xc2\x85'", "\"a\v\f\xc2\x85\""},
      {"()", "()"},
      {"(1,)", "(1)"},
      {"(1)", "1"},
      {"((1))", "1"},
      {"(((1)),)", "(1)"},
      {"((),)", "(())"},
      {"({'a': ('b')})", R"({"a": "b"})"},
      {"( 1 , 2 , )", "(1, 2)"},
      {"[]", "[]"},
      {"[1]", "[1]"},
      {"[('a', '<i4'), ('b', '<f8', (2,))]", R"([("a", "<i4"), ("b", "<f8", (2))])"},
      {"{}", "{}"},
      {"{'a': 1, 'b': (2,), }", R"({"a": 1, "b": (2)})"},
      {"{'a': 1, # a comment, 'b': {\n 'b': 2}", R"({"a": 1, "b": 2})"},
      {"{1: 2}", "{1: 2}"},
      {"{(1, 'a'): 2, None: 3}", "{(1, \"a\"): 2, None: 3}"},
      {"{1\f:\t2,\\\n3 :\\\r\n 4,\r5:6\r\n}", "{1: 2, 3: 4, 5: 6}"},
      {"{1: #, \\\n2}", "{1: 2}"},
      {"{1: #, \x01\r2}", "{1: 2}"},
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
      {"ur'a'", "unsupported kind of string"},
      {"'a' br'b'", "unsupported kind of string at byte 4"},
      {R"(r'\')", "string without its closing quote at byte 0"},
      {"'a\rb'", "string without its closing quote at byte 0"},
      {"'a\\", "unsupported escape at byte 2"},
      {"'a\\\n", "string without its closing quote at byte 0"},
      {R"('\N')", "unsupported escape"},
      {"--5", "expected an integer at byte 1"},
      {"-(-5)", "expected an integer at byte 2"},
      {"-(5,)", "expected ')' at byte 3"},
      {"-'5'", "expected an integer at byte 1"},
      {"-\n5", "expected an integer at byte 1"},
      {"4 L", "expected the end of the header at byte 2"},
      {"0x__1", "expected an integer"},
      {"0_1", "an integer may not begin with 0"},
      {"True 'a'", "expected the end"},
      {"'a'\n'b'", "expected the end of the header at byte 4"},
      {"{[]: 1}", "a list or a dict can't be a key at byte 1"},
      {"{1: 2, (1, {}): 1}", "a list or a dict can't be a key at byte 7"},
      {"{1}", "expected ':' at byte 2"},
      {"{**{}}", "expected a value at byte 1"},
      {"1,", "expected the end of the header at byte 1"},
      {"1;", "expected the end of the header at byte 1"},
      {"...", "expected a value at byte 0"},
      {"{1:\\ \n2}", "expected a value at byte 3"},
      {"(1\v)", "expected ',' or ')' at byte 2"},
      {"(1\xc2\xa0)", "expected ',' or ')' at byte 2"},
      {"\xef\xbb\xbf{}", "expected a value at byte 0"},
      {"\xff", R"(expected a value at byte 0 (got "\xff"))"},
      {"1 # \xc3", "malformed UTF-8 at byte 4"},
      {"'\xed\xa0\x80'", "malformed UTF-8 at byte 1"},
      {"\0"s, R"(expected a value at byte 0 (got "\x00"))"},
      {"'\0'"s, "unexpected NUL at byte 1"},
      {"1 # \0"s, "unexpected NUL at byte 4"},
  };
  for (const auto& c : cases) {
    EXPECT_ERROR(ParsePythonLiteral(c.source), kDataLoss, c.fragment) << c.source;
  }
}

TEST(ParsePythonLiteral, TakesLinesAsPythonDoes) {
  // The text before and after a dict.
  for (const std::string around :
       {"", " ", "\t ", "\n", "\r", "\r\n", "\f", " \f", "\n \f", "\n\n", " \n", "\n#\n",
        " # a\r# b\r\n", "\\\n\n", "\n\\\r\n\n", "\n \\\n \n"}) {
    EXPECT_OK(ParsePythonLiteral(around + "{}" + around)) << Quote(around);
  }
  const struct {
    std::string source;
    std::string fragment;  // of the message; empty: no error
  } cases[] = {
      {"\\\n{}", ""},
      {" \\\n\f{}", ""},
      {"{}\\\n ", ""},
      {"{}\n #", ""},
      {"{}#\\", ""},
      {"\n {}", "unexpected indentation at byte 2"},
      {"\r\t{}", "unexpected indentation at byte 2"},
      {"\f {}", "unexpected indentation at byte 2"},
      {"\\\n {}", "unexpected indentation at byte 3"},
      {"\n \\\n{}", "unexpected indentation at byte 4"},
      {"{}\n ", "unexpected indentation at byte 4 (got the end)"},
      {"{}\n#\n\t", "unexpected indentation at byte 6 (got the end)"},
      {"{}\n\\\n ", "unexpected indentation"},
      {"\\\n", "expected a value at byte 0"},
      {"\\{}", "expected a value at byte 0"},
      {"{}\\", "expected the end of the header at byte 2"},
      {"{}\\\n", "expected the end of the header at byte 2"},
      {"{}\n\\\n", "expected the end of the header at byte 3"},
      {"{}\n{}", "expected the end of the header at byte 3"},
  };
  for (const auto& c : cases) {
    const Result<PythonLiteral> parsed = ParsePythonLiteral(c.source);
    if (c.fragment.empty()) {
      EXPECT_OK(parsed) << Quote(c.source);
    } else {
      EXPECT_ERROR(parsed, kDataLoss, c.fragment) << Quote(c.source);
    }
  }
}

TEST(ParsePythonLiteral, TakesWhatPython2WroteIfAsked) {
  PythonLiteralOptions python2;
  python2.python2 = true;
  const struct {
    std::string source;
    std::string value;
  } cases[] = {
      {"(4L, 0x10L, -3L)", "(4, 16, -3)"},
      {"(4 L, 1_0\t\fL, 0 \\\n L)", "(4, 10, 0)"},
      {"(4 L L, -(3L))", "(4, -3)"},
      {"[00L#\n]", "[0]"},
      {"{}\n  ", "{}"},
      {"{}\n#\n\t", "{}"},
  };
  for (const auto& c : cases) {
    const Result<PythonLiteral> parsed = ParsePythonLiteral(c.source, python2);
    ASSERT_OK(parsed) << Quote(c.source);
    EXPECT_EQ(Repr(*parsed), c.value) << Quote(c.source);
    EXPECT_ERROR(ParsePythonLiteral(c.source), kDataLoss, " at byte ") << Quote(c.source);
  }
  for (const char* refused :
       {"(4l,)", "(4LL,)", "(4L3,)", "(4_L,)", "(4\nL,)", "(4#\nL,)", "(01L,)", "(4L'a',)",
        "(4 3L,)", "(True L,)", "('a' L,)", "(L,)", "(4Lé,)", "\n {}"}) {
    EXPECT_ERROR(ParsePythonLiteral(refused, python2), kDataLoss, " at byte ") << Quote(refused);
  }
}

TEST(ParsePythonLiteral, EndsOnHostileNesting) {
  for (const std::string open : {"(", "[", "{1:", "{(", "[[("}) {
    std::string source;
    while (source.size() < 1000000) source += open;
    EXPECT_ERROR(ParsePythonLiteral(source), kDataLoss, "nested too deeply") << open;
    EXPECT_ERROR(ParsePythonLiteral("-" + source), kDataLoss, " at byte ") << open;
  }
  const std::string deepest = std::string(64, '(') + "4" + std::string(64, ')');
  for (const char* sign : {"", "-"}) {
    EXPECT_OK(ParsePythonLiteral(sign + deepest));
    EXPECT_ERROR(ParsePythonLiteral(sign + ("(" + deepest + ")")), kDataLoss, "nested too deeply");
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
  options.python2 = true;
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
