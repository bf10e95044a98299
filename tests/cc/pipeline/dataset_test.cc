#include "cc/pipeline/dataset.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <future>
#include <random>
#include <set>
#include <thread>

#include "tests/cc/pipeline/engine_testing.h"
#include "tests/cc/testing/status_matchers.h"

namespace tf_npz {
namespace {

std::vector<int64_t> Range(int64_t from, int64_t to) {
  std::vector<int64_t> values;
  for (int64_t i = from; i < to; ++i) values.push_back(i);
  return values;
}

EngineOptions BatchesOf(int64_t batch_size, bool drop_remainder = false) {
  EngineOptions options;
  options.batch_size = batch_size;
  options.drop_remainder = drop_remainder;
  options.pool = BufferPool::New(size_t{16} << 20);
  return options;
}

Delivery Drain(Dataset& dataset, Position start = {}) {
  EngineOptions options = dataset.options();
  options.num_threads = 2;
  return DrainAll(*dataset.NewEngine(options, start));
}

// Files a0, a1, ... with `counts[i]` rows in file i. The values count up through all files.
std::vector<std::string> AddFiles(TestFileSystem& files, const std::vector<int64_t>& counts) {
  std::vector<std::string> filenames;
  int64_t from = 0;
  for (const int64_t count : counts) {
    filenames.push_back("a" + std::to_string(filenames.size()));
    const bool deflated = filenames.size() % 2 == 0;
    files.Add(filenames.back(), TwoArrays(from, count, 3, deflated, filenames.size() % 5 == 0));
    from += count;
  }
  return filenames;
}

// Compares everything that a Dataset says with the elements that its engine delivers.
void CheckDataset(Dataset& dataset, const std::vector<int64_t>& expected) {
  const Delivery delivery = Drain(dataset);
  EXPECT_TRUE(delivery.errors.empty());
  EXPECT_EQ(delivery.values(), expected);
  const int64_t batch_size = dataset.options().batch_size;
  const std::optional<int64_t> count = dataset.CountBlocks(1000);
  ASSERT_TRUE(count.has_value());
  const size_t elements = batch_size == 0 ? expected.size() : delivery.blocks.size();
  ASSERT_EQ(*count, static_cast<int64_t>(elements));
  for (int64_t i = *count - 1; i >= 0; i -= 1 + i / 7) {
    Result<Block> block = dataset.BlockAt(i);
    ASSERT_OK(block.status());
    std::vector<int64_t> values;
    CheckBlock(*block, -1, &values);
    const std::vector<int64_t> row = {batch_size == 0 ? expected[i] : 0};
    EXPECT_EQ(values, batch_size == 0 ? row : delivery.blocks[i]);
  }
  EXPECT_ERROR(dataset.BlockAt(static_cast<int64_t>(expected.size())).status(), kInvalidArgument,
               "there is no block");
  if (dataset.options().drop_remainder) return;
  for (int64_t skipped = 0; skipped <= static_cast<int64_t>(expected.size()) + 3;
       skipped += 1 + skipped / 2) {
    int64_t passed = 0;
    const Position position = dataset.Seek(Position(), skipped, &passed);
    EXPECT_EQ(passed, std::min<int64_t>(skipped, static_cast<int64_t>(expected.size())));
    EXPECT_EQ(Drain(dataset, position).values(),
              std::vector<int64_t>(expected.begin() + passed, expected.end()));
  }
}

class RandomDataset : public ::testing::TestWithParam<int> {};

TEST_P(RandomDataset, SharesAreDisjointCompleteAndNearEqual) {
  std::mt19937 random(static_cast<uint32_t>(GetParam()));
  const auto pick = [&random](int64_t low, int64_t high) {
    return std::uniform_int_distribution<int64_t>(low, high)(random);
  };
  std::vector<int64_t> counts;
  for (int64_t i = pick(1, 12); i > 0; --i) counts.push_back(pick(0, 2) == 0 ? 0 : pick(1, 9));
  TestFileSystem files;
  const std::vector<std::string> filenames = AddFiles(files, counts);
  const EngineOptions options = BatchesOf(pick(0, 1) * pick(1, 7));
  const bool are_known = pick(0, 1) == 0;
  Shard shard;
  shard.count = pick(1, 9);
  int64_t next = 0;
  std::set<int64_t> sizes;
  for (shard.index = 0; shard.index < shard.count; ++shard.index) {
    Dataset dataset(files, filenames, are_known ? counts : std::vector<int64_t>(), XAndY(3),
                    options, shard);
    const auto size = static_cast<int64_t>(Drain(dataset).values().size());
    sizes.insert(size);
    CheckDataset(dataset, Range(next, next + size));
    next += size;
  }
  EXPECT_EQ(next, TotalOf(counts).total);
  EXPECT_LE(*sizes.rbegin() - *sizes.begin(), 1);
}

INSTANTIATE_TEST_SUITE_P(Seeds, RandomDataset, ::testing::Range(0, 60));

TEST(Dataset, SharesManyFilesWhole) {
  TestFileSystem files;
  const std::vector<std::string> filenames = AddFiles(files, std::vector<int64_t>(64, 2));
  Dataset dataset(files, filenames, {}, XAndY(3), BatchesOf(0), {2, 1});
  EXPECT_EQ(dataset.filenames().size(), 32u);
  EXPECT_EQ(dataset.filenames()[1], "a3");
  EXPECT_EQ(files.opened(), 0);  // no header was read
  EXPECT_EQ(dataset.CountBlocks(31), std::nullopt);
  EXPECT_EQ(dataset.CountBlocks(64), 64);
  EXPECT_EQ(Drain(dataset).blocks[1], (std::vector<int64_t>{6, 7}));
}

TEST(Dataset, SharesWholeArraysByFile) {
  TestFileSystem files;
  const std::vector<std::string> filenames = AddFiles(files, {4, 0, 3});
  Selection selection = XAndY(3);
  selection.rows = false;
  selection.specs[0].shape = Shape{-1, 3};
  selection.specs[1].shape = Shape{-1};
  for (const int64_t index : {0, 1}) {
    Dataset dataset(files, filenames, {}, selection, BatchesOf(0), {2, index});
    EXPECT_EQ(dataset.CountBlocks(0), 2 - index);  // without a header
    EXPECT_EQ(files.opened(), 0);
  }
  Dataset dataset(files, filenames, {}, selection, BatchesOf(0), {});
  const Result<Block> block = dataset.BlockAt(2);
  ASSERT_OK(block.status());
  EXPECT_EQ(ValueAt<int64_t>(block->arrays[1], 2), 6);
}

TEST(Dataset, AFileThatFailsIsInOneShareAndMakesTheCountUnknown) {
  TestFileSystem files;
  std::vector<std::string> filenames = AddFiles(files, {4, 4, 4});
  for (size_t at = 0; at <= filenames.size(); ++at) {
    std::vector<std::string> with_bad = filenames;
    with_bad.insert(with_bad.begin() + static_cast<int64_t>(at), "missing");
    size_t errors = 0;
    std::vector<int64_t> values;
    for (const int64_t index : {0, 1, 2, 3, 4}) {
      Dataset dataset(files, with_bad, {}, XAndY(3), BatchesOf(0), {5, index});
      if (dataset.filenames().empty()) continue;
      const Delivery delivery = Drain(dataset);
      errors += delivery.errors.size();
      for (const int64_t value : delivery.values()) values.push_back(value);
    }
    EXPECT_EQ(errors, 1u);
    EXPECT_EQ(values, Range(0, 12));
    Dataset whole(files, with_bad, {}, XAndY(3), BatchesOf(0), {});
    EXPECT_EQ(whole.CountBlocks(1000), std::nullopt);
    EXPECT_ERROR(whole.BlockAt(0).status(), kNotFound, "missing: no such file");
  }
}

TEST(Dataset, CountsThatOverflowAreAnError) {
  const ElementCounts counts = TotalOf({INT64_MAX, 1, 5});
  EXPECT_ERROR(counts.status, kResourceExhausted, "more elements than can be counted");
}

TEST(Dataset, DropsTheRemainderOfTheCount) {
  TestFileSystem files;
  const std::vector<std::string> filenames = AddFiles(files, {4, 5});
  Dataset dataset(files, filenames, {}, XAndY(3), BatchesOf(4, true), {});
  CheckDataset(dataset, Range(0, 8));
}

TEST(Dataset, AnEngineReadsTheFilesThatItIsGiven) {
  TestFileSystem files;
  const std::vector<std::string> filenames = AddFiles(files, {4, 0, 5, 3});
  Dataset dataset(files, filenames, {}, XAndY(3), BatchesOf(4), {});
  for (const int threads : {0, 1, 3}) {
    EngineOptions options = dataset.options();
    options.num_threads = threads;
    options.files_at_first = {3};
    std::vector<int64_t> splits = {0, 1, 2};
    options.next_file = [&splits]() -> Result<std::optional<int64_t>> {
      if (splits.empty()) return std::optional<int64_t>();
      const int64_t last = splits.back();
      splits.pop_back();
      return std::optional<int64_t>(last);
    };
    const std::unique_ptr<Engine> engine = dataset.NewEngine(options, {});
    const Delivery delivery = DrainAll(*engine);
    EXPECT_EQ(delivery.blocks,
              (std::vector<std::vector<int64_t>>{{9, 10, 11, 4}, {5, 6, 7, 8}, {0, 1, 2, 3}}));
    std::vector<int64_t> named;
    engine->SaveFiles(1, [&named](const std::vector<int64_t>& files) { named = files; });
    EXPECT_EQ(named, (std::vector<int64_t>{2, 1, 0}));
  }
}

TEST(Dataset, ABatchMayNeedMoreFilesThanAreAskedForAtOnce) {
  TestFileSystem files;
  std::vector<int64_t> counts(50);
  for (size_t i = 0; i < counts.size(); ++i) counts[i] = i % 3 == 0 ? 2000 : i % 3;
  const std::vector<std::string> filenames = AddFiles(files, counts);
  const int64_t total = TotalOf(counts).total;
  Dataset dataset(files, filenames, {}, XAndY(3), BatchesOf(total), {});
  for (int repeat = 0; repeat < 20; ++repeat) {
    EngineOptions options = dataset.options();
    options.num_threads = 1 + repeat % 3;
    int64_t next = 0;
    options.next_file = [&next, &filenames]() -> Result<std::optional<int64_t>> {
      if (next == static_cast<int64_t>(filenames.size())) return std::optional<int64_t>();
      return std::optional<int64_t>(next++);
    };
    EXPECT_EQ(DrainAll(*dataset.NewEngine(options, {})).values(), Range(0, total));
  }
}

TEST(Dataset, BlocksAreDeliveredWhileTheNextFileIsAskedFor) {
  TestFileSystem files;
  const std::vector<std::string> filenames = AddFiles(files, {8, 8, 8});
  Dataset dataset(files, filenames, {}, XAndY(3), BatchesOf(4), {});
  for (const int threads : {1, 2, 4}) {
    SCOPED_TRACE(threads);
    EngineOptions options = dataset.options();
    options.num_threads = threads;
    std::promise<void> asked;   // for the second file
    std::promise<void> answer;  // comes after all blocks of the first file were delivered
    int64_t next = 0;
    options.next_file = [&]() -> Result<std::optional<int64_t>> {
      if (next == 1) {
        asked.set_value();
        answer.get_future().wait();
      }
      if (next == 3) return std::optional<int64_t>();
      return std::optional<int64_t>(next++);
    };
    const std::unique_ptr<Engine> engine = dataset.NewEngine(options, {});
    // If Next asked for the file itself, this would wait for ever.
    for (int64_t first = 0; first < 8; first += 4) {
      Result<std::optional<Block>> block = engine->Next();
      ASSERT_OK(block);
      ASSERT_TRUE(block->has_value());
      EXPECT_EQ((*block)->first.element, first);
      if (first == 0) asked.get_future().wait();
    }
    answer.set_value();
    EXPECT_EQ(DrainAll(*engine).values(), Range(8, 24));
  }
}

TEST(Dataset, AnErrorOfNextFileIsReturned) {
  TestFileSystem files;
  Dataset dataset(files, AddFiles(files, {4}), {}, XAndY(3), BatchesOf(0), {});
  EngineOptions options = dataset.options();
  int asked = 0;
  options.next_file = [&asked]() -> Result<std::optional<int64_t>> {
    if (++asked == 1) return Status(Code::kUnavailable, "gone");
    return asked == 2 ? std::optional<int64_t>(7) : std::optional<int64_t>();
  };
  const std::unique_ptr<Engine> engine = dataset.NewEngine(options, {});
  EXPECT_ERROR(engine->Next().status(), kUnavailable, "gone");
  EXPECT_ERROR(engine->Next().status(), kInvalidArgument, "file 7 is asked for of a list of 1");
  EXPECT_FALSE(engine->Next()->has_value());
}

TEST(Dataset, ContinuesOnlyInTheFileInWhichItStopped) {
  TestFileSystem files;
  const std::vector<std::string> filenames = AddFiles(files, {600, 600});
  Dataset dataset(files, filenames, {}, XAndY(3), BatchesOf(7), {});
  const std::unique_ptr<Engine> engine = dataset.NewEngine(dataset.options(), {});
  const Position position = (*engine->Next())->next;
  EXPECT_EQ(position.element, 7);
  EXPECT_EQ(Drain(dataset, position).values(), Range(7, 1200));
  files.Add("a0", TwoArrays(0, 601, 3, false));
  const Delivery delivery = Drain(dataset, position);
  EXPECT_EQ(delivery.values(), Range(600, 1200));
  ASSERT_EQ(delivery.errors.size(), 1u);
  EXPECT_ERROR(delivery.errors[0], kInvalidArgument, "when reading stopped in it");
}

TEST(Dataset, AShareOfAFileThatBecameShorterIsAnError) {
  TestFileSystem files;
  const std::vector<std::string> filenames = AddFiles(files, {10});
  Dataset first(files, filenames, {}, XAndY(3), BatchesOf(0), {2, 0});
  Dataset second(files, filenames, {}, XAndY(3), BatchesOf(0), {2, 1});
  EXPECT_EQ(first.filenames().size() + second.filenames().size(), 2u);
  files.Add("a0", TwoArrays(0, 4, 3, false));
  for (Dataset* dataset : {&first, &second}) {
    const Delivery delivery = Drain(*dataset);
    ASSERT_EQ(delivery.errors.size(), 1u);
    EXPECT_ERROR(delivery.errors[0], kInvalidArgument, "a0: has 4 elements, but");
  }
}

TEST(Dataset, ManyThreadsReadAnyElement) {
  TestFileSystem files;
  const std::vector<std::string> filenames = AddFiles(files, std::vector<int64_t>(40, 5));
  for (const uint64_t memory_limit : {uint64_t{1}, uint64_t{20'000}, uint64_t{1} << 24}) {
    EngineOptions options = BatchesOf(0);
    options.memory_limit = std::max<uint64_t>(memory_limit, 500);  // a Fortran-ordered stream
    Dataset dataset(files, filenames, {}, XAndY(3), options, {});
    std::atomic<int> wrong{0};
    std::vector<std::thread> threads;
    for (uint32_t thread = 0; thread < 4; ++thread) {
      threads.emplace_back([&dataset, &wrong, thread] {
        std::mt19937 random(thread);
        for (int i = 0; i < 300; ++i) {
          const auto index = static_cast<int64_t>(random() % 200);
          const Result<Block> block = dataset.BlockAt(index);
          if (!block.ok() || ValueAt<int64_t>(block->arrays[1], 0) != index) ++wrong;
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(wrong, 0);
  }
}

}  // namespace
}  // namespace tf_npz
