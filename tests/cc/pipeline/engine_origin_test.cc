// Blocks with components that no file holds: names of files, numbers of rows, lengths.

#include <gtest/gtest.h>

#include "tests/cc/pipeline/engine_testing.h"
#include "tests/cc/testing/status_matchers.h"

namespace tf_npz {
namespace {

const ComponentSource kFilename{ComponentSource::Kind::kFilename};
const ComponentSource kRow{ComponentSource::Kind::kRow};
const ComponentSource kLength{ComponentSource::Kind::kLength, 0, 0};

// The engine's elements, one line each: the name of the file, then numbers.
std::vector<std::string> Drain(Engine& engine) {
  std::vector<std::string> lines;
  while (true) {
    const Result<std::optional<Block>> next = engine.Next();
    EXPECT_OK(next);
    if (!next.ok() || !next->has_value()) return lines;
    const std::vector<ArrayData>& arrays = (*next)->arrays;
    for (int64_t i = 0; i < (*next)->count; ++i) {
      const int64_t width = arrays[1].item_size;
      std::string line(arrays[1].buffer.data() + i * width, width);
      while (line.back() == '\0') line.pop_back();
      for (size_t j = 2; j < arrays.size(); ++j) {
        line += " " + std::to_string(ValueAt<int64_t>(arrays[j], i));
      }
      lines.push_back(line);
    }
  }
}

TEST(EngineOrigin, EachRowHasItsFileAndItsNumber) {
  TestFileSystem files;
  files.Add("a", TwoArrays(0, 3, 2, true));
  files.Add("empty", TwoArrays(0, 0, 2, true));
  files.Add("longer", TwoArrays(3, 4, 2, false));
  Selection selection;
  selection.keys = {{"x"}, {}, {}, {}};
  selection.specs = {{ElementType::kInt32, Shape{2}},
                     {ElementType::kString, Shape{}},
                     {ElementType::kInt64, Shape{}},
                     {ElementType::kInt64, Shape{}}};
  selection.sources = {{}, kFilename, kRow, kLength};
  const std::vector<std::string> expected = {"a 0 2",      "a 1 2",      "a 2 2",     "longer 0 2",
                                             "longer 1 2", "longer 2 2", "longer 3 2"};
  for (const int threads : {0, 1, 3}) {
    for (const int64_t batch_size : {0, 1, 2, 100}) {
      EngineOptions options;
      options.num_threads = threads;
      options.batch_size = batch_size;
      Engine engine(files, {"a", "empty", "longer"}, selection, options);
      EXPECT_EQ(Drain(engine), expected) << threads << " threads, batches of " << batch_size;
    }
  }
}

TEST(EngineOrigin, WholeArraysHaveTheirFileAndLength) {
  TestFileSystem files;
  std::vector<std::string> filenames, expected, lengths;
  for (int i = 0; i < 100; ++i) {
    filenames.push_back(std::to_string(i));
    files.Add(filenames.back(), Npy("<i4", {4}, std::string(16, '\1')));
    expected.push_back(filenames.back() + " 4");
  }
  Selection selection;
  selection.keys = {{}, {}, {}};
  selection.specs = {{ElementType::kInt32, Shape{4}},
                     {ElementType::kString, Shape{}},
                     {ElementType::kInt64, Shape{}}};
  selection.sources = {{}, kFilename, kLength};
  selection.rows = false;
  for (const int64_t batch_size : {0, 7}) {
    EngineOptions options;
    options.batch_size = batch_size;
    Engine engine(files, filenames, selection, options);
    EXPECT_EQ(Drain(engine), expected) << "batches of " << batch_size;
  }
  // Without strings, files of one shape are read in runs.
  selection.keys = {{}, {}};
  selection.specs = {{ElementType::kInt32, Shape{4}}, {ElementType::kInt64, Shape{}}};
  selection.sources = {{}, kLength};
  EngineOptions options;
  options.batch_size = 50;
  Engine engine(files, filenames, selection, options);
  for (int i = 0; i < 2; ++i) {
    const Result<std::optional<Block>> next = engine.Next();
    ASSERT_OK(next);
    for (int j = 0; j < 50; ++j) EXPECT_EQ(ValueAt<int64_t>((*next)->arrays[1], j), 4);
  }
}

TEST(EngineOrigin, ALengthIsThatBeforePadding) {
  TestFileSystem files;
  files.Add("a", Npy("<i4", {1}, "aaaa"));
  files.Add("b", Npy("<i4", {3}, std::string(12, 'b')));
  Selection selection;
  selection.keys = {{}, {}, {}};
  selection.specs = {{ElementType::kInt32, Shape{-1}},
                     {ElementType::kString, Shape{}},
                     {ElementType::kInt64, Shape{}}};
  selection.sources = {{}, kFilename, kLength};
  selection.rows = false;
  EngineOptions options;
  options.batch_size = 2;
  options.padding = {std::string(4, '\0'), std::nullopt, std::nullopt};
  Engine engine(files, {"a", "b"}, selection, options);
  EXPECT_EQ(Drain(engine), (std::vector<std::string>{"a 1", "b 3"}));
}

}  // namespace
}  // namespace tf_npz
