#include <gtest/gtest.h>

#include <random>

#include "cc/pipeline/engine.h"
#include "tests/cc/pipeline/engine_testing.h"
#include "tests/cc/testing/status_matchers.h"

namespace tf_npz {
namespace {

// An .npy with the element (4 * value, 4 * value + 1, ...).
std::string Element(int64_t value, std::string_view descr = "<i4", const Shape& shape = {4}) {
  std::vector<int32_t> items;
  for (int64_t i = 0; i < 4; ++i) items.push_back(static_cast<int32_t>(4 * value + i));
  std::string bytes = BytesOf(items);
  if (descr[0] == '>') {
    for (size_t i = 0; i < bytes.size(); i += 4) {
      std::swap(bytes[i], bytes[i + 3]);
      std::swap(bytes[i + 1], bytes[i + 2]);
    }
  }
  return Npy(std::string(descr), shape, bytes);
}

Selection WholeElement() {
  Selection selection;
  selection.keys = {FieldPath()};
  selection.specs = {{ElementType::kInt32, Shape{4}}};
  selection.rows = false;
  return selection;
}

// The values of all elements, the places of errors between them, and the end of each block.
struct Drained {
  std::vector<int64_t> values;
  std::vector<Status> errors;
  std::vector<Position> next;
};

Drained Drain(Engine& engine) {
  Drained run;
  while (true) {
    const Result<std::optional<Block>> next = engine.Next();
    if (!next.ok()) {
      run.errors.push_back(next.status());
      continue;
    }
    if (!next->has_value()) return run;
    for (int64_t i = 0; i < (*next)->count; ++i) {
      const int64_t value = ValueAt<int32_t>((*next)->arrays[0], 4 * i) / 4;
      for (int64_t j = 0; j < 4; ++j) {
        EXPECT_EQ(ValueAt<int32_t>((*next)->arrays[0], 4 * i + j), 4 * value + j);
      }
      run.values.push_back(value);
    }
    run.next.push_back((*next)->next);
  }
}

TEST(EngineRuns, AlikeFilesAreReadInTheirOrder) {
  TestFileSystem files;
  std::vector<std::string> filenames;
  for (int64_t i = 0; i < 1000; ++i) {
    filenames.push_back(std::to_string(i));
    files.Add(filenames.back(), Element(i));
  }
  for (const int num_threads : {0, 1, 3}) {
    for (const int64_t batch_size : {1, 7, 16, 100, 3000}) {
      EngineOptions options;
      options.num_threads = num_threads;
      options.batch_size = batch_size;
      Engine engine(files, filenames, WholeElement(), options);
      const Drained run = Drain(engine);
      EXPECT_TRUE(run.errors.empty());
      EXPECT_EQ(run.values, Range(0, 1000));
      int64_t end = 0;
      for (const Position& next : run.next) {
        end = std::min<int64_t>(end + batch_size, 1000);
        EXPECT_EQ(next.file, end);
        EXPECT_EQ(next.element, 0);
      }
    }
  }
  EXPECT_EQ(files.opened(), 15 * 1000);
}

TEST(EngineRuns, ADifferentFileLateInABatchIsRead) {
  TestFileSystem files;
  std::vector<std::string> filenames;
  std::vector<int64_t> good;
  for (int64_t i = 0; i < 9000; ++i) {
    filenames.push_back(std::to_string(i));
    if (i == 4500) continue;  // missing
    files.Add(filenames.back(), i == 8000 ? Element(i, ">i4") : Element(i));
    good.push_back(i);
  }
  EngineOptions options;
  options.num_threads = 2;
  options.batch_size = 9000;
  Engine engine(files, filenames, WholeElement(), options);
  const Drained run = Drain(engine);
  EXPECT_EQ(run.values, good);
  EXPECT_EQ(run.errors.size(), 1u);
}

TEST(EngineRuns, AStructureOfOneFieldIsConvertedToNativeForm) {
  TestFileSystem files;
  std::vector<std::string> filenames;
  for (int64_t i = 0; i < 100; ++i) {
    filenames.push_back(std::to_string(i));
    std::string contents = Element(i, ">i4");
    const std::string items = contents.substr(contents.size() - 16);
    files.Add(filenames.back(), NpyHeaderBytes("{'descr': [('x', '>i4')], 'fortran_order': False, "
                                               "'shape': (4,)}") +
                                    items);
  }
  Selection selection = WholeElement();
  selection.keys = {{"x"}};
  EngineOptions options;
  options.batch_size = 10;
  Engine engine(files, filenames, selection, options);
  EXPECT_EQ(Drain(engine).values, Range(0, 100));
}

TEST(EngineRuns, EveryFileWithAnotherUnitIsRefused) {
  TestFileSystem files;
  std::vector<std::string> filenames = {"days"};
  files.Add("days", Npy("<M8[D]", {1}, std::string(8, '\1')));
  for (int i = 0; i < 100; ++i) {
    filenames.push_back(std::to_string(i));
    files.Add(filenames.back(), Npy("<M8[s]", {1}, std::string(8, '\1')));
  }
  Selection selection = WholeElement();
  selection.specs = {{ElementType::kInt64, Shape{1}}};
  EngineOptions options;
  options.batch_size = 1;
  Engine engine(files, filenames, selection, options);
  int blocks = 0;
  int errors = 0;
  while (true) {
    const Result<std::optional<Block>> next = engine.Next();
    errors += !next.ok();
    if (next.ok() && !next->has_value()) break;
    blocks += next.ok();
  }
  EXPECT_EQ(blocks, 1);
  EXPECT_EQ(errors, 100);
}

// Random files that differ from what the run expects, compared with their contents.
class RandomRuns : public ::testing::TestWithParam<int> {};

TEST_P(RandomRuns, EveryFileGivesItsOwnContents) {
  std::mt19937 random(static_cast<uint32_t>(GetParam()));
  const auto pick = [&random](int64_t low, int64_t high) {
    return std::uniform_int_distribution<int64_t>(low, high)(random);
  };
  TestFileSystem files;
  std::vector<std::string> filenames;
  std::vector<int64_t> good;
  std::vector<std::string> bad;
  const int64_t count = pick(1, 800);
  const int64_t rarity = int64_t{1} << pick(2, 10);
  for (int64_t i = 0; i < count; ++i) {
    filenames.push_back("f" + std::to_string(i));
    const int64_t kind = pick(0, rarity) == 0 ? pick(0, 6) : 0;
    std::string contents = Element(i);
    if (kind == 1) contents = Element(i, ">i4");
    if (kind == 2) contents += "more";  // np.load does not read it
    if (kind == 3) contents.pop_back();
    if (kind == 4) contents = Element(i, "<i4", {2, 2});
    if (kind == 5) contents[1] = 'n';
    if (kind != 6) files.Add(filenames.back(), contents);
    if (kind < 3) {
      good.push_back(i);
    } else {
      bad.push_back(filenames.back());
    }
  }
  EngineOptions options;
  options.num_threads = static_cast<int>(pick(0, 4));
  options.batch_size = pick(1, 100);
  options.memory_limit = static_cast<uint64_t>(int64_t{1} << pick(8, 28));
  Drained whole;
  {
    Engine engine(files, filenames, WholeElement(), options);
    whole = Drain(engine);
  }
  EXPECT_EQ(whole.values, good);
  ASSERT_EQ(whole.errors.size(), bad.size());
  for (size_t i = 0; i < bad.size(); ++i) {
    EXPECT_EQ(whole.errors[i].message().substr(0, bad[i].size() + 1), bad[i] + ":");
  }
  if (!whole.next.empty()) {
    const size_t cut = static_cast<size_t>(pick(0, whole.next.size() - 1));
    Engine engine(files, filenames, WholeElement(), options, whole.next[cut]);
    const size_t taken = std::min<size_t>((cut + 1) * options.batch_size, good.size());
    EXPECT_EQ(Drain(engine).values, std::vector<int64_t>(good.begin() + taken, good.end()));
  }
  {
    Engine engine(files, filenames, WholeElement(), options);
    for (int64_t i = pick(0, 5); i > 0; --i) (void)engine.Next();
    // The engine is destroyed here, while it reads.
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, RandomRuns, ::testing::Range(0, 300));

}  // namespace
}  // namespace tf_npz
