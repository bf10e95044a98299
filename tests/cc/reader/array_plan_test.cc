#include "cc/reader/array_plan.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/cc/testing/npy_writer.h"
#include "tests/cc/testing/status_matchers.h"

namespace tf_npz {
namespace {

using Shape = std::vector<int64_t>;

NpyHeader HeaderOf(const std::string& descr, const std::string& shape, bool fortran = false) {
  return ParseNpyHeader(NpyHeaderBytes("{'descr': " + descr + ", 'fortran_order': " +
                                       (fortran ? "True" : "False") + ", 'shape': " + shape + "}"))
      .value();
}

ArraySelection Taking(bool rows, std::vector<ArraySelection::Part> components) {
  return {rows, std::move(components)};
}
ArraySelection::Part Part(FieldPath path, ElementType type, std::optional<Shape> shape = {}) {
  return {std::move(path), {type, std::move(shape)}};
}

TEST(ArrayPlan, HasRowsOrTheWholeArrayAsElements) {
  const NpyHeader header = HeaderOf("'<f4'", "(5, 2, 3)");
  FieldPath culprit;
  const ArraySelection::Part items = Part({}, ElementType::kFloat32);
  const ArrayPlan rows = ArrayPlan::Make(header, Taking(true, {items}), &culprit).value();
  EXPECT_EQ(rows.count, 5);
  EXPECT_EQ(rows.element_shape, (Shape{2, 3}));
  EXPECT_EQ(rows.elements.size, 1);
  EXPECT_EQ(rows.items_per_row, 6);
  EXPECT_TRUE(rows.takes_items);
  const ArrayPlan whole = ArrayPlan::Make(header, Taking(false, {items}), &culprit).value();
  EXPECT_EQ(whole.count, 1);
  EXPECT_EQ(whole.element_shape, (Shape{5, 2, 3}));
  EXPECT_EQ(whole.elements.size, 5);
  EXPECT_TRUE(whole.is_whole());
}

TEST(ArrayPlan, IsInCOrderIfBothOrdersAreTheSame) {
  FieldPath culprit;
  const ArraySelection wanted = Taking(true, {Part({}, ElementType::kFloat32)});
  const auto is_fortran = [&](const std::string& shape) {
    const NpyHeader header = HeaderOf("'<f4'", shape, true);
    return ArrayPlan::Make(header, wanted, &culprit).value().header.fortran_order;
  };
  EXPECT_FALSE(is_fortran("(5,)"));
  EXPECT_TRUE(is_fortran("(5, 2)"));
}

TEST(ArrayPlan, TakesFields) {
  const NpyHeader header = HeaderOf("[('a', '<i2'), ('b', [('c', '<f8', (3,))])]", "(4,)");
  FieldPath culprit;
  const ArrayPlan plan =
      ArrayPlan::Make(header,
                      Taking(true, {Part({"b", "c"}, ElementType::kFloat64, Shape{3}),
                                    Part({"a"}, ElementType::kInt16)}),
                      &culprit)
          .value();
  ASSERT_EQ(plan.components.size(), 2u);
  EXPECT_EQ(plan.components[0].element_shape, Shape{3});
  EXPECT_EQ(plan.components[0].field.offset, 2);
  EXPECT_EQ(plan.components[1].item_size, 2);
  EXPECT_FALSE(plan.takes_items);
  EXPECT_EQ(plan.items_per_row, 1);
}

TEST(ArrayPlan, SaysWhatDoesNotFitAndInWhichComponent) {
  const std::string fields = "[('a', '<i2'), ('b', [('c', '<f8', (3,))])]";
  const struct {
    const char* name;
    std::string descr;
    std::string shape;
    ArraySelection wanted;
    Code code;
    const char* message;
    FieldPath culprit;
  } cases[] = {
      {"rows of a single value",
       "'<i4'",
       "()",
       Taking(true, {Part({}, ElementType::kInt32, Shape{2})}),
       Code::kInvalidArgument,
       "has no dimensions, so it has no rows of its own: pass tf.TensorSpec((), tf.int32) for it "
       "in "
       "element_spec, and rows=False if no other array has rows",
       {}},
      {"a field of what has none",
       "'<i4'",
       "(2,)",
       Taking(true, {Part({"a"}, ElementType::kInt32)}),
       Code::kInvalidArgument,
       "has no field \"a\": dtype \"int32\" has no fields",
       {}},
      {"another dtype",
       fields,
       "(2,)",
       Taking(true, {Part({"a"}, ElementType::kInt16), Part({"b", "c"}, ElementType::kFloat32)}),
       Code::kInvalidArgument,
       "holds rows of float64 (), but element_spec says float32 of any shape; pass "
       "tf.TensorSpec(None, tf.float64) for it in element_spec",
       {"b", "c"}},
      {"another shape",
       fields,
       "(2,)",
       Taking(false, {Part({"a"}, ElementType::kInt16, Shape{3})}),
       Code::kInvalidArgument,
       "holds an array of int16 (2,), but element_spec says int16 (3,); pass "
       "tf.TensorSpec((None,), tf.int16) for it in element_spec, and padding in a dataset of "
       "batches",
       {"a"}},
      {"a dict of fields",
       fields,
       "(2,)",
       Taking(true, {Part({"b"}, ElementType::kFloat64)}),
       Code::kInvalidArgument,
       "a structured dtype is a dict of its fields",
       {"b"}},
      {"what no tensor can hold",
       "'<f16'",
       "(2,)",
       Taking(true, {Part({}, ElementType::kFloat64)}),
       Code::kUnimplemented,
       "float128",
       {}},
  };
  for (const auto& c : cases) {
    FieldPath culprit;
    const Status status = ArrayPlan::Make(HeaderOf(c.descr, c.shape), c.wanted, &culprit).status();
    EXPECT_TRUE(IsError(status, c.code, c.message)) << c.name;
    EXPECT_EQ(culprit, c.culprit) << c.name;
  }
}

}  // namespace
}  // namespace tf_npz
