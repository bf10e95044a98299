// Specs of keys that may take one of several arrays, or none.

#include <gtest/gtest.h>

#include "cc/reader/merge_spec.h"
#include "cc/reader/spec.h"
#include "tests/cc/testing/reading.h"
#include "tests/cc/testing/status_matchers.h"

namespace tf_npz {
namespace {

using Shape = std::vector<int64_t>;

ZipMember Floats(const std::string& name, const Shape& shape) {
  int64_t count = 1;
  for (const int64_t dimension : shape) count *= dimension;
  return Member(name, Npy("<f4", shape, std::string(4 * count, '\0')));
}

// The key "a", in whose place "b" or a field may be read, and the key "x".
SpecRequest Request(bool is_optional) {
  SpecRequest request;
  request.keys = {{"a"}, {"x"}};
  request.alternatives = {{{{"b"}, {"s", "t"}}, is_optional}, {}};
  return request;
}

Result<InferredSpec> Infer(const std::string& bytes, bool is_optional) {
  return InferSpec(OpenBytes(bytes).value(), Request(is_optional));
}

TEST(FirstOfSpec, HasTheNameOfTheFirstKey) {
  const std::string structure = "[('u', '|i1'), ('t', '<f4', (3,))]";
  const std::string dict = "{'descr': " + structure + ", 'fortran_order': False, 'shape': (1,)}";
  const std::string s = NpyHeaderBytes(dict) + std::string(13, '\0');
  const std::string files[] = {
      WriteZip({Floats("a", {1, 3}), Floats("b", {7}), Floats("x", {1})}),
      WriteZip({Floats("b", {1, 3}), Member("s", s), Floats("x", {1})}),
      WriteZip({Member("s", s), Floats("x", {1})}),
  };
  for (const std::string& file : files) {
    const Result<InferredSpec> spec = Infer(file, /*is_optional=*/false);
    ASSERT_OK(spec);
    ASSERT_EQ(spec->components.size(), 2u);
    EXPECT_EQ(spec->components[0].keys, FieldPath({"a"}));
    EXPECT_EQ(spec->components[0].spec.shape, Shape{3});
    EXPECT_EQ(spec->count, 1);
  }
}

TEST(FirstOfSpec, AMissingArrayTakesThatOfOtherFiles) {
  const InferredSpec without = Infer(WriteZip({Floats("x", {2})}), /*is_optional=*/true).value();
  EXPECT_TRUE(without.components[0].is_missing);
  EXPECT_EQ(without.count, 2);
  const InferredSpec with =
      Infer(WriteZip({Floats("b", {5, 3}), Floats("x", {5})}), /*is_optional=*/true).value();
  InferredSpec merged = without;
  EXPECT_TRUE(MergeSpec(without, &merged));
  EXPECT_TRUE(merged.components[0].is_missing);
  EXPECT_TRUE(MergeSpec(with, &merged));
  EXPECT_FALSE(merged.components[0].is_missing);
  EXPECT_EQ(merged.components[0].spec.shape, Shape{3});
  EXPECT_TRUE(MergeSpec(without, &merged));
  EXPECT_EQ(merged.components[0].spec.shape, Shape{3});
  EXPECT_EQ(merged.components[1].keys, FieldPath({"x"}));
}

TEST(FirstOfSpec, SaysWhichArraysAreMissing) {
  EXPECT_ERROR(Infer(WriteZip({Floats("x", {2})}), /*is_optional=*/false), kInvalidArgument,
               "f: has none of the arrays \"a\", \"b\", \"s\" (it has \"x\")");
  EXPECT_ERROR(Infer(Npy("<f4", {1}, "abcd"), /*is_optional=*/true), kInvalidArgument,
               "f: is an .npy file");
}

}  // namespace
}  // namespace tf_npz
