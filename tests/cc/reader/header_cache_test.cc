#include "tf_npz/reader/header_cache.h"

#include <gtest/gtest.h>

#include <string>
#include <thread>
#include <vector>

#include "testing/npy_writer.h"
#include "testing/status_matchers.h"

namespace tf_npz {
namespace {

TEST(HeaderCache, SaysWhatTheParserSays) {
  HeaderCache cache;
  for (int round = 0; round < 3; ++round) {
    for (int64_t rows = 0; rows < 40; ++rows) {
      const std::string bytes = NpyHeaderBytes(NpyDict("<f4", {rows, 3}));
      const Result<NpyHeader> header = cache.Parse(bytes);
      ASSERT_OK(header);
      EXPECT_EQ(header->shape, (std::vector<int64_t>{rows, 3}));
      EXPECT_EQ(header->data_offset, bytes.size());
      EXPECT_EQ(header->data_size, static_cast<uint64_t>(rows) * 12);
    }
  }
}

TEST(HeaderCache, RemembersNoErrors) {
  HeaderCache cache;
  const std::string good = NpyHeaderBytes(NpyDict("<f4", {7}));
  std::string bad = good;
  bad[bad.find("<f4")] = '?';
  for (int round = 0; round < 3; ++round) {
    EXPECT_ERROR(cache.Parse(bad), kDataLoss, "?f4");
    EXPECT_OK(cache.Parse(good));
  }
}

TEST(HeaderCache, TakesLongHeadersToo) {
  HeaderCache cache;
  const std::string bytes = NpyHeaderBytes(NpyDict("<f4", {7}) + std::string(5000, ' '));
  for (int round = 0; round < 2; ++round) {
    const Result<NpyHeader> header = cache.Parse(bytes);
    ASSERT_OK(header);
    EXPECT_EQ(header->data_offset, bytes.size());
  }
}

TEST(HeaderCache, MayBeUsedByManyThreads) {
  HeaderCache cache;
  std::vector<std::thread> threads;
  for (int thread = 0; thread < 4; ++thread) {
    threads.emplace_back([&cache, thread] {
      for (int64_t i = 0; i < 500; ++i) {
        const int64_t rows = (i * (thread + 1)) % 37;
        const Result<NpyHeader> header = cache.Parse(NpyHeaderBytes(NpyDict("<f4", {rows})));
        ASSERT_OK(header);
        EXPECT_EQ(header->shape, std::vector<int64_t>{rows});
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
}

}  // namespace
}  // namespace tf_npz
