#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <thread>

#include "cc/pipeline/engine.h"
#include "tests/cc/pipeline/engine_testing.h"
#include "tests/cc/testing/status_matchers.h"

namespace tf_npz {
namespace {

// Random combinations of everything, compared with a plain model. All values of good files come, in
// order. Of a bad file a prefix comes. Each error comes once. A restart at any position gives the
// rest.
class RandomSchedule : public ::testing::TestWithParam<int> {};

TEST_P(RandomSchedule, DeliversWhatTheFilesHold) {
  std::mt19937 random(static_cast<uint32_t>(GetParam()));
  const auto pick = [&random](int64_t low, int64_t high) {
    return std::uniform_int_distribution<int64_t>(low, high)(random);
  };
  const bool padded = pick(0, 2) == 0;
  const bool with_errors = pick(0, 1) == 0;
  TestFileSystem files;
  std::vector<std::string> filenames;
  std::vector<std::vector<int64_t>> rows_of;
  std::vector<bool> is_bad;
  int64_t from = 0;
  const int64_t file_count = pick(1, 30);
  for (int64_t i = 0; i < file_count; ++i) {
    const bool bad = with_errors && pick(0, 4) == 0;
    // If there are no rows, nothing is read, so a wrong checksum is not found.
    // Files of the third kind are too large to be decoded when they are opened.
    const int64_t kind = pick(0, 11);
    const int64_t rows = kind == 0  ? pick(4000, 9000)
                         : kind < 4 ? pick(100, 3000)
                                    : pick(bad ? 1 : 0, 20);
    filenames.push_back("f" + std::to_string(i));
    std::optional<uint32_t> crc;
    if (bad) crc = 1;
    if (!bad || pick(0, 1) == 0) {
      files.Add(filenames.back(), TwoArrays(from, rows, padded ? pick(0, 6) : 5, pick(0, 1) == 0,
                                            pick(0, 3) == 0, crc));
    }
    rows_of.push_back(Range(from, from + rows));
    is_bad.push_back(bad);
    from += rows;
  }
  EngineOptions options;
  options.batch_size = padded ? pick(1, 300) : pick(0, 1) * pick(1, 300);
  options.num_threads = static_cast<int>(pick(0, 4));
  options.memory_limit = static_cast<uint64_t>(int64_t{1} << pick(8, 23));
  // A compressed array in Fortran order must fit.
  options.memory_limit = std::max<uint64_t>(options.memory_limit, 9000 * 6 * 4 + 1000);
  if (padded) options.padding = {std::string(4, '\xFF'), std::string(8, '\0')};
  const Selection selection = XAndY(padded ? -1 : 5);
  Delivery whole;
  {
    Engine engine(files, filenames, selection, options);
    whole = DrainAll(engine, -1, [&] {
      // Like autotuning. An engine that begins without threads never has threads.
      if (options.num_threads > 0 && pick(0, 9) == 0) {
        engine.SetNumThreads(static_cast<int>(pick(1, 6)));
      }
    });
  }
  const std::vector<int64_t> values = whole.values();
  size_t at = 0;
  for (size_t file = 0; file < rows_of.size(); ++file) {
    size_t taken = 0;
    while (taken < rows_of[file].size() && at < values.size() &&
           values[at] == rows_of[file][taken]) {
      ++taken;
      ++at;
    }
    if (!is_bad[file]) {
      ASSERT_EQ(taken, rows_of[file].size()) << "file " << file;
    }
  }
  EXPECT_EQ(at, values.size());
  EXPECT_EQ(whole.errors.size(),
            static_cast<size_t>(std::count(is_bad.begin(), is_bad.end(), true)));
  for (size_t i = 0; options.batch_size > 0 && i + 1 < whole.blocks.size(); ++i) {
    EXPECT_EQ(whole.blocks[i].size(), static_cast<size_t>(options.batch_size));
  }
  if (!whole.blocks.empty() && !with_errors) {
    const size_t cut = static_cast<size_t>(pick(0, whole.blocks.size() - 1));
    Engine engine(files, filenames, selection, options, whole.next[cut]);
    const Delivery rest = DrainAll(engine);
    EXPECT_EQ(rest.blocks,
              decltype(rest.blocks)(whole.blocks.begin() + cut + 1, whole.blocks.end()));
  }
  for (const bool cancel : {false, true}) {
    Engine engine(files, filenames, selection, options);
    std::vector<Block> held;
    for (int64_t i = pick(0, 5); i > 0; --i) {
      Result<std::optional<Block>> next = engine.Next();
      if (next.ok() && next->has_value()) held.push_back(std::move(**next));
    }
    if (!cancel) continue;  // the engine is destroyed here, while it reads
    std::thread canceller([&engine] { engine.Cancel(); });
    Status status;
    while (status.ok()) {
      const Result<std::optional<Block>> next = engine.Next();
      status = next.status();
      // It was cancelled too late, or a file has an error.
      if (next.ok() && !next->has_value()) break;
    }
    canceller.join();
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, RandomSchedule, ::testing::Range(0, 200));

}  // namespace
}  // namespace tf_npz
