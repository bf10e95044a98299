// Blocks of arrays whose elements make several components, or strings of different sizes.

#include <gtest/gtest.h>

#include "reader/engine_testing.h"
#include "testing/status_matchers.h"

namespace tf_npz {
namespace {

std::string NpyOf(const std::string& descr, int64_t rows, const std::string& data) {
  return NpyHeaderBytes("{'descr': " + descr + ", 'fortran_order': False, 'shape': (" +
                        std::to_string(rows) + ",)}") +
         data;
}

Selection Only(ElementType type) {
  Selection selection;
  selection.paths = {FieldPath()};
  selection.specs = {{type, Shape{}}};
  return selection;
}

std::string Bytes(const ArrayData& data, int64_t count) {
  return {data.buffer.data() + data.offset, static_cast<size_t>(count * data.item_size)};
}

TEST(EngineComponents, StringsOfABatchAreAsWideAsTheLongestOfItsFiles) {
  TestFileSystem files;
  files.Add("a", NpyOf("'|S2'", 3, "abcdef"));
  files.Add("b", NpyOf("'|S4'", 3, "ABCDEFGHIJKL"));
  for (const int threads : {0, 2}) {
    EngineOptions options;
    options.batch_size = 2;
    options.num_threads = threads;
    Engine engine(files, {"a", "b"}, Only(ElementType::kString), options);
    const std::string expected[] = {"abcd", std::string("ef\0\0ABCD", 8), "EFGHIJKL"};
    for (const std::string& batch : expected) {
      const Result<std::optional<Block>> next = engine.Next();
      ASSERT_OK(next);
      EXPECT_EQ(Bytes((*next)->arrays[0], 2), batch);
    }
    EXPECT_FALSE(engine.Next().value().has_value());
  }
}

TEST(EngineComponents, StringsArePaddedWithStringsOfAnyLength) {
  TestFileSystem files;
  files.Add("a", NpyHeaderBytes("{'descr': '|S1', 'fortran_order': False, 'shape': (1, 1)}") + "a");
  files.Add("b",
            NpyHeaderBytes("{'descr': '|S2', 'fortran_order': False, 'shape': (1, 2)}") + "bcde");
  Selection selection;
  selection.paths = {FieldPath()};
  selection.specs = {{ElementType::kString, Shape{-1}}};
  EngineOptions options;
  options.batch_size = 2;
  options.padding = {"pad"};
  Engine engine(files, {"a", "b"}, selection, options);
  const Result<std::optional<Block>> next = engine.Next();
  ASSERT_OK(next);
  EXPECT_EQ((*next)->arrays[0].shape, (Shape{2}));
  EXPECT_EQ(Bytes((*next)->arrays[0], 4), std::string("a\0\0padbc\0de\0", 12));
}

TEST(EngineComponents, FieldsOfOneArrayAreDecodedTogether) {
  TestFileSystem files;
  std::string items;
  for (int i = 0; i < 50; ++i) items += {static_cast<char>(i), static_cast<char>(i), 1};
  files.Add("a", NpyOf("[('n', '|u1'), ('m', '<i2')]", 50, items));
  Selection selection;
  selection.paths = {{"m"}, {"n"}};
  selection.specs = {{ElementType::kInt16, Shape{}}, {ElementType::kUInt8, Shape{}}};
  EngineOptions options;
  options.batch_size = 7;
  options.num_threads = 2;
  Engine engine(files, {"a", "a", "a"}, selection, options);
  int64_t element = 0;
  while (true) {
    const Result<std::optional<Block>> next = engine.Next();
    ASSERT_OK(next);
    if (!next->has_value()) break;
    for (int64_t i = 0; i < (*next)->count; ++i, ++element) {
      EXPECT_EQ(ValueAt<int16_t>((*next)->arrays[0], i), 256 + element % 50);
      EXPECT_EQ(ValueAt<uint8_t>((*next)->arrays[1], i), element % 50);
    }
  }
  EXPECT_EQ(element, 150);
}

TEST(EngineComponents, ATextThatIsNoneEndsItsFileThere) {
  TestFileSystem files;
  files.Add("a", NpyOf("'<U1'", 2, std::string("a\0\0\0\0\xD8\0\0", 8)));
  files.Add("b", NpyOf("'<U1'", 1, std::string("b\0\0\0", 4)));
  EngineOptions options;
  options.batch_size = 2;
  Engine engine(files, {"a", "b"}, Only(ElementType::kString), options);
  EXPECT_ERROR(engine.Next(), kDataLoss, "a: text at index (1,) holds U+D800");
  const Result<std::optional<Block>> next = engine.Next();
  ASSERT_OK(next);
  EXPECT_EQ(Bytes((*next)->arrays[0], 2), std::string("a\0\0\0b\0\0\0", 8));
}

TEST(EngineComponents, DatetimesOfAnotherUnitAreAnError) {
  TestFileSystem files;
  files.Add("a", NpyOf("'<M8[s]'", 1, std::string(8, '\1')));
  files.Add("b", NpyOf("'<M8[ms]'", 1, std::string(8, '\2')));
  files.Add("c", NpyOf("'>M8[s]'", 1, std::string(8, '\3')));
  EngineOptions options;
  options.batch_size = 4;
  Engine engine(files, {"a", "b", "c"}, Only(ElementType::kInt64), options);
  EXPECT_ERROR(engine.Next(), kInvalidArgument,
               "b: holds datetime64[ms], but the files before it hold datetime64[s]");
  const Result<std::optional<Block>> next = engine.Next();
  ASSERT_OK(next);
  EXPECT_EQ(Bytes((*next)->arrays[0], 2), std::string(8, '\1') + std::string(8, '\3'));
}

}  // namespace
}  // namespace tf_npz
