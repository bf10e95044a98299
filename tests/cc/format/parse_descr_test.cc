#include "cc/format/parse_descr.h"

#include <gtest/gtest.h>

#include "tests/cc/testing/status_matchers.h"

namespace tf_npz {
namespace {

using Kind = DType::Kind;
using Shape = std::vector<int64_t>;

Result<Descr> Parse(const std::string& source) {
  return ParseDescr(ParsePythonLiteral(source).value());
}

std::string Ones(int count) {
  std::string text = "(";
  for (int i = 0; i < count; ++i) text += "1, ";
  return text + ")";
}

// The expected descr is NumPy's dtype.descr, except for the two spellings that dtype.h names.
TEST(ParseDescr, ReadsFieldsAsNumPyDoes) {
  const struct {
    const char* name;
    std::string source;
    std::string descr;
    int64_t itemsize;
  } cases[] = {
      {"fields", "[('x', '<f4'), ('y', '>i8')]", "[('x', '<f4'), ('y', '>i8')]", 12},
      {"lists as fields", "[['x', '<f4']]", "[('x', '<f4')]", 4},
      {"sub-arrays", "[('a', '<f4', (2, 3)), ('b', '|b1', 3), ('c', '<f8', [1])]",
       "[('a', '<f4', (2, 3)), ('b', '|b1', (3,)), ('c', '<f8', (1,))]", 35},
      {"shape ()", "[('a', '<f4', ())]", "[('a', '<f4')]", 4},
      {"sub-array as a descr", "[('a', ('<f4', (2,)))]", "[('a', '<f4', (2,))]", 8},
      {"sub-arrays in sub-arrays", "[('a', (('<f4', (2,)), 3), (4,))]", "[('a', '<f4', (4, 3, 2))]",
       96},
      {"sub-array of a string", "[('a', '3f4', (2,))]", "[('a', '<f4', (2, 3))]", 24},
      {"a sub-array without items", "[('a', '<f4', (0,)), ('b', '|i1')]",
       "[('a', '<f4', (0,)), ('b', '|i1')]", 1},
      {"structures", "[('a', [('b', '<f4'), ('c', [('d', '|i1')])], (2,))]",
       "[('a', [('b', '<f4'), ('c', [('d', '|i1')])], (2,))]", 10},
      {"a comma string", "[('a', 'i4,f4')]", "[('a', [('f0', '<i4'), ('f1', '<f4')])]", 8},
      {"no fields", "[]", "[]", 0},
      {"an empty dict", "{}", "[]", 0},
      {"padding", "[('a', '|i1'), ('', '|V3'), ('b', '<f4'), ('', '|V4')]",
       "[('a', '|i1'), ('', '|V3'), ('b', '<f4'), ('', '|V4')]", 12},
      {"padding in pieces", "[('', 'V'), ('', 'V3'), ('', 'V4'), ('a', '|i1')]",
       "[('', '|V7'), ('a', '|i1')]", 8},
      {"nothing but padding", "[('', '|V4')]", "[('', '|V4')]", 4},
      {"a sub-array as padding", "[('', '|V4', (2,)), ('', ('<f4', (2,))), ('a', '|i1')]",
       "[('', '|V16'), ('a', '|i1')]", 17},
      {"a sub-array of structures as padding", "[('', [('a', 'O')], (2,))]", "[('', '|V16')]", 16},
      {"a field without a name", "[('', '<f4'), ('', '|V4')]", "[('', '<f4'), ('', '|V4')]", 8},
      {"a structure without a name", "[('', [('a', '|i1')])]", "[('', [('a', '|i1')])]", 1},
      {"void without a name that is no padding", "[((None, ''), '|V4'), ('', '|V4')]",
       "[((None, ''), '|V4'), ('', '|V4')]", 8},
      {"a sub-array without a name that is no padding", "[((None, ''), '<f4', (2,))]",
       "[((None, ''), '<f4', (2,))]", 8},
      {"titles", "[(('t', 'a'), '<f4'), ((None, 'b'), '<f4'), (('', 'c'), '<f4', (2,))]",
       "[(('t', 'a'), '<f4'), ('b', '<f4'), (('', 'c'), '<f4', (2,))]", 16},
      {"a title without a name", "[(('t', ''), '|V4')]", "[(('t', ''), '|V4')]", 4},
      {"titles that are no strings", "[((5, 'a'), '<f4'), (([], 'b'), '<f4')]",
       "[('a', '<f4'), ('b', '<f4')]", 8},
      {"two characters as a field", "['ab', 'cd']", "[('a', '|i1'), ('c', '<f8')]", 9},
      {"two characters beyond ASCII", "['éb']", "[('é', '|i1')]", 1},
      {"a dict of such", "{'ab': 1, 'cd': 2, 'ab': 3}", "[('a', '|i1'), ('c', '<f8')]", 9},
      {"a dict of fields", "{('a', '<i4'): 1}", "[('a', '<i4')]", 4},
      {"a dict as a field", "[{'a': 1, 'i4': 2}]", "[('a', '<i4')]", 4},
      {"a size that the shape gives", "[('a', 'S', 5), ('b', 'U', 5), ('c', 'V', 0)]",
       "[('a', '|S5'), ('b', '<U5'), ('c', '|V0')]", 25},
      {"names that need escapes", R"([("it's", '|i1'), ('b\\', '|i1'), ('\n\x00', '|i1')])",
       R"([('it\'s', '|i1'), ('b\\', '|i1'), ('\x0a\x00', '|i1')])", 3},
      {"names beyond ASCII", "[('größe', '|i1'), ('日本', '|i1')]",
       "[('größe', '|i1'), ('日本', '|i1')]", 2},
      {"objects", "[('a', 'O'), ('b', 'T'), ('c', 'O', (2,))]",
       "[('a', '|O'), ('b', 'T'), ('c', '|O', (2,))]", 40},
      {"types of ml_dtypes", "[('a', 'bfloat16', (2,)), ('b', '<f1')]",
       "[('a', 'bfloat16', (2,)), ('b', 'float8_e5m2')]", 5},
      {"64 dimensions", "[('a', '|i1', " + Ones(64) + ")]", "", 1},
      {"the largest", "[('a', '|V2147483646'), ('b', '|V1')]",
       "[('a', '|V2147483646'), ('b', '|V1')]", 2147483647},
      {"the largest sub-array", "[('a', '|i1', (2147483647,))]", "[('a', '|i1', (2147483647,))]",
       2147483647},
      {"the most items without bytes", "[('a', [], (2147483647,))]", "[('a', [], (2147483647,))]",
       0},
  };
  for (const auto& c : cases) {
    const Result<Descr> descr = Parse(c.source);
    ASSERT_OK(descr) << c.name;
    EXPECT_EQ(descr->dtype.kind, Kind::kStruct) << c.name;
    EXPECT_TRUE(descr->shape.empty()) << c.name;
    EXPECT_EQ(descr->dtype.itemsize, c.itemsize) << c.name;
    if (!c.descr.empty()) {
      EXPECT_EQ(descr->dtype.descr(), c.descr) << c.name;
    }
    const Result<Descr> again = Parse(descr->dtype.descr());
    ASSERT_OK(again) << c.name;
    EXPECT_TRUE(again->dtype == descr->dtype) << c.name;
  }
}

TEST(ParseDescr, ReadsSubArraysAsNumPyDoes) {
  const struct {
    const char* source;
    const char* descr;
    Shape shape;
  } cases[] = {
      {"('<f4', (2,))", "<f4", {2}},
      {"('<f4', 2)", "<f4", {2}},
      {"('<f4', [2, 3])", "<f4", {2, 3}},
      {"('<f4', ())", "<f4", {}},
      {"(('<f4', (2,)), (3, 4))", "<f4", {3, 4, 2}},
      {"('<f4', (2,), 'what nobody looks at')", "<f4", {2}},
      {"([('a', '<f4')], (2,))", "[('a', '<f4')]", {2}},
      {"('S', 5)", "|S5", {}},
      {"('U', 536870911)", "<U536870911", {}},
      {"('O', (2,))", "|O", {2}},
      {"('<f4', (0, 2))", "<f4", {0, 2}},
      {"'3f4'", "<f4", {3}},
  };
  for (const auto& c : cases) {
    const Result<Descr> descr = Parse(c.source);
    ASSERT_OK(descr) << c.source;
    EXPECT_EQ(descr->dtype.descr(), c.descr) << c.source;
    EXPECT_EQ(descr->shape, c.shape) << c.source;
  }
}

TEST(ParseDescr, RefusesWhatNumPyRefuses) {
  const struct {
    std::string source;
    const char* fragment;
  } cases[] = {
      {"4", "descr is neither a string nor a list of fields"},
      {"None", "descr is neither a string nor a list of fields"},
      {"True", "descr is neither a string nor a list of fields"},
      {"()", "descr is a tuple of 0 (expected a descr and a shape)"},
      {"('<f4',)", "descr is a tuple of 1 (expected a descr and a shape)"},
      {"[5]", "field of a descr is not a tuple of a name, a descr and an optional shape"},
      {"[()]", "field of a descr is not"},
      {"[('a',)]", "field of a descr is not"},
      {"[('a', '<f4', (2,), 5)]", "field of a descr is not"},
      {"['a']", "field of a descr is not"},
      {"['abcd']", "field of a descr is not"},
      {"{'a': 1}", "field of a descr is not"},
      {"[('x', '<f3')]", "field \"x\": descr \"<f3\" is not a dtype of NumPy"},
      {"[('x', [('y', [4])])]", "field \"x\": field \"y\": field of a descr is not"},
      {"[('x', 4)]", "field \"x\": descr is neither"},
      {"[('x', '<f4'), ('x', '<f4')]", "field or title \"x\" appears twice"},
      {"[('', '<f4'), ('', '<f4')]", "field or title \"\" appears twice"},
      {"[(('x', 'x'), '<f4')]", "field or title \"x\" appears twice"},
      {"[(('t', 'x'), '<f4'), ('t', '<f4')]", "field or title \"t\" appears twice"},
      {"[('x', '<f4'), (('x', 'y'), '<f4')]", "field or title \"x\" appears twice"},
      {"[(('', ''), '<f4')]", "field or title \"\" appears twice"},
      {"[(5, '<f4')]", "name of a field is not a string"},
      {"[(None, '<f4')]", "name of a field is not a string"},
      {"[(['t', 'x'], '<f4')]", "name of a field is not a string"},
      {"[(('t', 5), '<f4')]", "name of a field is not a string"},
      {"[(('x',), '<f4')]", "name of a field is a tuple of 1"},
      {"[('x', '<f4', (-1,))]", "field \"x\": sub-array has the negative dimension -1"},
      {"[('x', '<f4', -1)]", "sub-array has the negative dimension -1"},
      {"[('x', '<f4', True)]", "field \"x\": shape of a sub-array is neither an integer nor"},
      {"[('x', '<f4', (True,))]", "shape of a sub-array is neither"},
      {"[('x', '<f4', ((2,),))]", "shape of a sub-array is neither"},
      {"[('x', '<f4', '2')]", "shape of a sub-array is neither"},
      {"[('x', '<f4', None)]", "shape of a sub-array is neither"},
      {"[('x', '<f4', [])]", "shape of a sub-array is neither"},
      {"[('x', '<f4', {})]", "shape of a sub-array is neither"},
      {"[('x', '|i1', " + Ones(65) + ")]", "sub-array has 65 dimensions (expected at most 64)"},
      {"[('x', '|i1', 2147483648)]", "sub-array of shape (2147483648,) is too large"},
      {"[('x', '<f4', 536870912)]", "sub-array of shape (536870912,) is too large"},
      {"[('x', '|i1', (65536, 65536))]", "sub-array of shape (65536, 65536) is too large"},
      {"[('x', [], 2147483648)]", "is too large (expected at most 2147483647 bytes)"},
      {"[('x', '|V2147483647'), ('y', '|V1')]", "structure is too large"},
      {"[('x', '|V2147483647'), ('', '|V1')]", "structure is too large"},
      {"('S', (5,))", "sub-array of items without bytes, \"|S0\""},
      {"('S', ())", "sub-array of items without bytes"},
      {"('V', [5])", "sub-array of items without bytes"},
      {"('S', True)", "sub-array of items without bytes"},
      {"('S', -1)", "size -1 given to \"|S0\""},
      {"('V', 2147483648)", "size 2147483648 given to \"|V0\""},
      {"('U', 536870912)", "size 536870912 given to \"<U0\" (expected at most 536870911)"},
      {"(('<f4', (0,)), (5,))", "sub-array of sub-arrays without bytes"},
      {"(([], (2,)), (5,))", "sub-array of sub-arrays without bytes"},
      {"(('<f4', (0,)), ())", "sub-array of sub-arrays without bytes"},
  };
  for (const auto& c : cases) EXPECT_ERROR(Parse(c.source), kDataLoss, c.fragment) << c.source;
}

// parse_descr.h lists these.
TEST(ParseDescr, RefusesWhatNoArrayCanHaveBeenSavedWith) {
  for (const std::string& source :
       {std::string("('<i8', None)"), std::string("('<i4', '<f4')"),
        std::string("('<i4', [('a', '<i4')])"), std::string("[('a', '<i8', None)]"),
        std::string("['abc']"), std::string("('V0', [])"), std::string("(('<f4', (0,)), 5)"),
        "[('a', [('b', '|i1', " + Ones(40) + ")], " + Ones(25) + ")]",
        std::string("[('a', [('b', [], 65536)], 65536)]"),
        std::string("[('a', '<f4', (0, 2147483647))]"),
        std::string("{('a', '<i4'): 1, ('a', '<i4'): 2}")}) {
    EXPECT_ERROR(Parse(source), kDataLoss, "") << source;
  }
}

TEST(ParseDescr, PutsFieldsWhereTheyLie) {
  const Result<Descr> descr =
      Parse("[('a', '|i1'), ('', '|V3'), (('t', 'b'), '>f4', (2,)), ('c', '<M8[ns]')]");
  ASSERT_OK(descr);
  const std::vector<Field>& fields = descr->dtype.fields;
  ASSERT_EQ(fields.size(), 3u);
  EXPECT_EQ(fields[0].name, "a");
  EXPECT_EQ(fields[0].offset, 0);
  EXPECT_FALSE(fields[0].has_title);
  EXPECT_EQ(fields[1].name, "b");
  EXPECT_TRUE(fields[1].has_title);
  EXPECT_EQ(fields[1].title, "t");
  EXPECT_EQ(fields[1].offset, 4);
  EXPECT_EQ(fields[1].size(), 8);
  EXPECT_EQ(fields[1].shape, Shape{2});
  EXPECT_TRUE(fields[1].dtype.big_endian);
  EXPECT_EQ(fields[2].offset, 12);
  EXPECT_EQ(fields[2].dtype.unit, "ns");
  EXPECT_FALSE(descr->dtype.big_endian);
}

TEST(ParseDescr, RefusesLongNonsenseInAShortMessage) {
  const std::string z(100000, 'z');
  for (const std::string& source :
       {"[('" + z + "', '<f3')]", "['" + z + "']", "[('a', '" + z + "')]",
        "[('" + z + "', '<f4'), ('" + z + "', '<f4')]"}) {
    EXPECT_LT(Parse(source).status().message().size(), 400u);
  }
}

}  // namespace
}  // namespace tf_npz
