#include "cc/reader/made_array.h"

#include <gtest/gtest.h>

#include <numeric>

#include "cc/format/npy_header.h"
#include "tests/cc/testing/npy_writer.h"
#include "tests/cc/testing/reading.h"
#include "tests/cc/testing/status_matchers.h"

namespace tf_npz {
namespace {

using Shape = std::vector<int64_t>;

std::string AllOf(const RandomAccessFile& file) {
  std::string bytes(file.size(), '?');
  EXPECT_OK(ReadExactly(file, 0, bytes.data(), bytes.size()));
  return bytes;
}

TEST(MadeArray, IsAnNpyOfItsValue) {
  std::vector<int64_t> numbers(300);
  std::iota(numbers.begin(), numbers.end(), 0);
  const struct {
    const char* name;
    std::unique_ptr<RandomAccessFile> file;
    const char* dtype;
    Shape shape;
    std::string data;
  } cases[] = {
      {"a text", MakeText("abc"), "S3", {}, "abc"},
      {"an empty text", MakeText(""), "S0", {}, ""},
      {"a long text", MakeText(std::string(70000, 'x')), "S70000", {}, std::string(70000, 'x')},
      {"a number", MakeNumber(-3), "int64", {}, BytesOf<int64_t>({-3})},
      {"rows", MakeRowNumbers(300), "int64", {300}, BytesOf(numbers)},
      {"no rows", MakeRowNumbers(0), "int64", {0}, ""},
  };
  for (const auto& c : cases) {
    const std::string bytes = AllOf(*c.file);
    const Result<NpyHeader> header = ParseNpyHeader(bytes);
    ASSERT_OK(header) << c.name;
    EXPECT_EQ(header->dtype.name(), c.dtype) << c.name;
    EXPECT_EQ(header->shape, c.shape) << c.name;
    EXPECT_EQ(header->data_offset + header->data_size, c.file->size()) << c.name;
    EXPECT_EQ(bytes.substr(header->data_offset), c.data) << c.name;
  }
}

TEST(MadeArray, GivesAnyRangeOfItsBytes) {
  const std::unique_ptr<RandomAccessFile> file = MakeRowNumbers(5);
  const std::string all = AllOf(*file);
  for (size_t offset = 0; offset <= all.size() + 1; ++offset) {
    for (size_t size = 0; size <= all.size() - std::min(offset, all.size()) + 1; ++size) {
      std::string part(size, '?');
      const Result<size_t> count = file->Read(offset, part.data(), size);
      ASSERT_OK(count);
      ASSERT_EQ(part.substr(0, *count), offset > all.size() ? "" : all.substr(offset, size));
    }
  }
}

TEST(MadeArray, RefusesMoreRowsThanNumbersHaveBytes) {
  constexpr int64_t kMany = int64_t{1} << 62;
  const std::string descr = "{'descr': '|V0', 'fortran_order': False, 'shape': (";
  const std::string npy = NpyHeaderBytes(descr + std::to_string(kMany) + ",)}");
  Selection selection;
  selection.keys = {FieldPath(), FieldPath()};
  selection.specs = {{ElementType::kUInt8, Shape{0}}, {ElementType::kInt64, Shape{}}};
  selection.sources = {{}, {ComponentSource::Kind::kRow}};
  EXPECT_ERROR(OpenSelection(OpenBytes(npy).value(), selection, TestOptions()), kDataLoss,
               "f[ROW]: ");
}

}  // namespace
}  // namespace tf_npz
