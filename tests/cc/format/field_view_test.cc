#include "cc/format/field_view.h"

#include <gtest/gtest.h>

#include "cc/format/parse_descr.h"
#include "tests/cc/testing/status_matchers.h"

namespace tf_npz {
namespace {

using Shape = std::vector<int64_t>;

DType Parse(const std::string& source) {
  return ParseDescr(ParsePythonLiteral(source).value()).value().dtype;
}

// The expected values are the strides and the address of numpy.zeros((), dtype)["a"]["b"].
TEST(FieldFinder, FindsTheFieldWhereNumPyFindsIt) {
  const struct {
    const char* name;
    const char* source;
    FieldPath path;
    const char* descr;
    int64_t offset;
    Shape shape;
    Shape strides;
    bool is_contiguous;
  } cases[] = {
      {"the item itself", "'<f4'", {}, "<f4", 0, {}, {}, true},
      {"the whole structure", "[('a', '<f4')]", {}, "[('a', '<f4')]", 0, {}, {}, true},
      {"a field", "[('a', '|i1'), ('', '|V3'), ('b', '<f4')]", {"b"}, "<f4", 4, {}, {}, true},
      {"a sub-array",
       "[('a', '|i1'), ('b', '<f4', (2, 3))]",
       {"b"},
       "<f4",
       1,
       {2, 3},
       {12, 4},
       true},
      {"a structure",
       "[('a', '|i1'), ('b', [('c', '<f4')], (2,))]",
       {"b"},
       "[('c', '<f4')]",
       1,
       {2},
       {4},
       true},
      {"in a structure",
       "[('a', '|i1'), ('b', [('c', '|i1'), ('d', '<f4')])]",
       {"b", "d"},
       "<f4",
       2,
       {},
       {},
       true},
      {"in a sub-array of structures",
       "[('a', [('b', '|i1'), ('c', '<f8')], (3,))]",
       {"a", "c"},
       "<f8",
       1,
       {3},
       {9},
       false},
      {"a sub-array in one",
       "[('a', [('b', '|i1'), ('c', '<i2', (4, 5))], (3, 2))]",
       {"a", "c"},
       "<i2",
       1,
       {3, 2, 4, 5},
       {82, 41, 10, 2},
       false},
      {"the only field of structures",
       "[('a', [('b', '<i2', (5,))], (3,))]",
       {"a", "b"},
       "<i2",
       0,
       {3, 5},
       {10, 2},
       true},
      {"one structure",
       "[('a', [('b', '|i1'), ('c', '<i2')], (1,))]",
       {"a", "c"},
       "<i2",
       1,
       {1},
       {3},
       true},
      {"no items",
       "[('a', [('b', '|i1'), ('c', '<i2')], (0, 2))]",
       {"a", "c"},
       "<i2",
       1,
       {0, 2},
       {6, 3},
       true},
      {"a name that is empty", "[('', '<f4'), ('b', '|i1')]", {""}, "<f4", 0, {}, {}, true},
  };
  for (const auto& c : cases) {
    const DType dtype = Parse(c.source);
    const Result<FieldView> view = FieldFinder(dtype).Find(c.path);
    ASSERT_OK(view) << c.name;
    EXPECT_EQ(view->dtype.descr(), c.descr) << c.name;
    EXPECT_EQ(view->offset, c.offset) << c.name;
    EXPECT_EQ(view->shape, c.shape) << c.name;
    EXPECT_EQ(view->strides, c.strides) << c.name;
    EXPECT_EQ(view->is_contiguous(), c.is_contiguous) << c.name;
    int64_t count = 1;
    for (const int64_t dimension : c.shape) count *= dimension;
    EXPECT_EQ(view->count(), count) << c.name;
  }
}

TEST(FieldFinder, NamesTheFieldsThereAre) {
  const DType dtype = Parse("[('a', '<f4'), ('b', [('c', '|i1'), (('t', 'd'), '|i1')])]");
  const struct {
    FieldPath path;
    const char* message;
  } cases[] = {
      {{"z"}, "has no field \"z\" (it has \"a\", \"b\")"},
      {{"b", "z"}, "has no field \"z\" in \"b\" (it has \"c\", \"d\")"},
      {{"b", "t"}, "has no field \"t\" in \"b\" (it has \"c\", \"d\")"},
      {{"a", "z"}, "has no field \"z\" in \"a\": dtype \"float32\" has no fields"},
      {{""}, "has no field \"\" (it has \"a\", \"b\")"},
  };
  FieldFinder finder(dtype);
  for (const auto& c : cases) EXPECT_ERROR(finder.Find(c.path), kInvalidArgument, c.message);
  const DType number = Parse("'<f4'");
  EXPECT_ERROR(FieldFinder(number).Find({"z"}), kInvalidArgument,
               "has no field \"z\": dtype \"float32\" has no fields");
  const DType nothing = Parse("[]");
  EXPECT_ERROR(FieldFinder(nothing).Find({"z"}), kInvalidArgument,
               "has no field \"z\": there are no fields");
}

TEST(LeafFields, GivesTheFieldsInTheOrderOfTheFile) {
  const struct {
    const char* source;
    std::vector<FieldPath> paths;
  } cases[] = {
      {"'<f4'", {{}}},
      {"[]", {}},
      {"[('', '|V4')]", {}},
      {"[('b', '<f4'), ('a', '<f4')]", {{"b"}, {"a"}}},
      {"[('b', [('x', '<f4'), ('y', [('z', '|O')], (2,))]), ('a', '<f4'), ('e', [])]",
       {{"b", "x"}, {"b", "y", "z"}, {"a"}}},
  };
  for (const auto& c : cases) {
    const DType dtype = Parse(c.source);
    FieldFinder finder(dtype);
    const auto result = LeafFields(dtype);
    ASSERT_OK(result) << c.source;
    const auto& leaves = *result;
    ASSERT_EQ(leaves.size(), c.paths.size()) << c.source;
    for (size_t i = 0; i < leaves.size(); ++i) {
      const auto& [path, view] = leaves[i];
      EXPECT_EQ(path, c.paths[i]) << c.source;
      const Result<FieldView> found = finder.Find(path);
      ASSERT_OK(found);
      EXPECT_TRUE(view.dtype == found->dtype);
      EXPECT_EQ(view.offset, found->offset);
      EXPECT_EQ(view.shape, found->shape);
      EXPECT_EQ(view.strides, found->strides);
    }
  }
}

// The path of each inner field repeats the name of the outer field.
TEST(LeafFields, RefusesNamesThatTakeMoreThanTheLimit) {
  std::string fields;
  for (int i = 0; i < 1000; ++i) fields += "('" + std::to_string(i) + "', '|u1'), ";
  const auto nested = [&fields](size_t length) {
    return Parse("[('" + std::string(length, 'n') + "', [" + fields + "])]");
  };
  const auto leaves = LeafFields(nested(60000));
  ASSERT_OK(leaves);
  EXPECT_EQ(leaves->size(), 1000u);
  EXPECT_ERROR(LeafFields(nested(70000)), kResourceExhausted,
               "names and dimensions of the fields take more than the limit of 67108864 bytes");
}

TEST(FieldView, HoldsForItemsWithoutBytesAndEmptyDimensions) {
  // The largest number of items, in steps of 0 bytes.
  const DType dtype = Parse("[('a', [('b', [], (32767, 2))], (0, 32767))]");
  const Result<FieldView> view = FieldFinder(dtype).Find({"a", "b"});
  ASSERT_OK(view);
  EXPECT_EQ(view->count(), 0);
  EXPECT_EQ(view->strides, (Shape{0, 0, 0, 0}));
}

}  // namespace
}  // namespace tf_npz
