#include "cc/io/read_ahead_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "tests/cc/testing/remote_file.h"
#include "tests/cc/testing/status_matchers.h"

namespace tf_npz {
namespace {

using ::testing::ElementsAre;
using ::testing::ElementsAreArray;
using ::testing::IsEmpty;
using ::testing::Lt;

constexpr size_t kKiB = size_t{1} << 10;
constexpr size_t kMiB = size_t{1} << 20;
constexpr uint64_t kTiB = uint64_t{1} << 40;

char ByteAt(uint64_t offset) { return static_cast<char>(offset * 0x9E3779B97F4A7C15u >> 56); }

std::string BytesAt(uint64_t offset, size_t size) {
  std::string bytes(size, '\0');
  for (size_t i = 0; i < size; ++i) bytes[i] = ByteAt(offset + i);
  return bytes;
}

// A file of computed bytes. size() is `declared`; the file really has `size` bytes.
class PatternFile : public RandomAccessFile {
 public:
  PatternFile(uint64_t declared, uint64_t size) : declared_(declared), size_(size) {}
  Result<size_t> Read(uint64_t offset, void* destination, size_t size) const override {
    if (offset >= size_) return size_t{0};
    size = std::min<uint64_t>(size, size_ - offset);
    char* const bytes = static_cast<char*>(destination);
    for (size_t i = 0; i < size; ++i) bytes[i] = ByteAt(offset + i);
    return size;
  }
  uint64_t size() const override { return declared_; }

 private:
  const uint64_t declared_;
  const uint64_t size_;
};

std::unique_ptr<RandomAccessFile> Open(Remote* remote, uint64_t declared, uint64_t size) {
  return NewReadAheadFile(
      std::make_unique<RemoteFile>(std::make_unique<PatternFile>(declared, size), remote));
}
std::unique_ptr<RandomAccessFile> Open(Remote* remote, uint64_t size) {
  return Open(remote, size, size);
}

// Reads `size` bytes at `offset` and expects the bytes of the pattern, up to the end of the file.
void ExpectBytes(const RandomAccessFile& file, uint64_t offset, size_t size, uint64_t file_size) {
  std::string bytes(size, '\0');
  const Result<size_t> count = file.Read(offset, bytes.data(), size);
  ASSERT_OK(count);
  const uint64_t left = file_size - std::min(offset, file_size);
  ASSERT_EQ(*count, std::min<uint64_t>(size, left)) << size << " bytes at " << offset;
  // EXPECT_EQ would print all of them.
  EXPECT_TRUE(bytes.substr(0, *count) == BytesAt(offset, *count)) << size << " at " << offset;
}

TEST(ReadAheadFile, RequestsWindowsThatGrowWithTheirReader) {
  const uint64_t k = kKiB;
  const struct {
    const char* name;
    uint64_t file_size;
    std::vector<Request> reads;
    std::vector<Request> requests;
  } cases[] = {
      {"nothing", kTiB, {{0, 0}, {5, 0}}, {}},
      {"at the end", kTiB, {{kTiB, 1}, {kTiB + 1, 10}, {UINT64_MAX, SIZE_MAX}}, {}},
      {"an empty file", 0, {{0, 1}, {1, 1}}, {}},
      {"a byte", kTiB, {{7, 1}}, {{7, 64 * k}}},
      {"a header in parts", kTiB, {{0, 6}, {6, 100}, {0, 12}, {k, k}}, {{0, 64 * k}}},
      {"after the end of the window",
       kTiB,
       {{0, 40 * k}, {40 * k, 40 * k}, {80 * k, 100 * k}, {180 * k, 20 * k}},
       {{0, 64 * k}, {64 * k, 128 * k}, {192 * k, 256 * k}}},
      {"a skip of what a header takes",
       kTiB,
       {{0, 60 * k}, {120 * k, k}},
       {{0, 64 * k}, {120 * k, 128 * k}}},
      {"a skip of more", kTiB, {{0, 60 * k}, {125 * k, k}}, {{0, 64 * k}, {125 * k, 64 * k}}},
      {"back", kTiB, {{100 * k, k}, {99 * k, k}}, {{100 * k, 64 * k}, {99 * k, 64 * k}}},
      {"elsewhere and on",
       kTiB,
       {{0, 64}, {kTiB / 2, k}, {k, 63 * k}, {64 * k, k}, {kTiB / 2 + k, k}},
       {{0, 64 * k}, {kTiB / 2, 64 * k}, {64 * k, 128 * k}}},
      {"another reader after a window",
       kTiB,
       {{0, k}, {60 * k, k}, {64 * k, k}, {k, 40 * k}},
       {{0, 64 * k}, {64 * k, 128 * k}}},
      {"as large as the window", kTiB, {{0, 64 * k}}, {{0, 64 * k}}},
      {"larger than the window", kTiB, {{3, 10 * kMiB}}, {{3, 10 * kMiB}}},
      {"large steps",
       kTiB,
       {{0, 256 * k}, {256 * k, 256 * k}, {512 * k, 256 * k}, {768 * k, 256 * k}},
       {{0, 256 * k}, {256 * k, 512 * k}, {768 * k, 1024 * k}}},
      {"the rest of a window, and more than the next",
       kTiB,
       {{0, k}, {k, 500 * k}},
       {{0, 64 * k}, {64 * k, 437 * k}}},
      {"up to the end", kTiB, {{kTiB - 90, 40}, {kTiB - 50, 100}}, {{kTiB - 90, 90}}},
      {"beyond the end", kTiB, {{kTiB - 90, SIZE_MAX}}, {{kTiB - 90, 90}}},
      {"a small file", 100 * k, {{0, 6}, {90 * k, 20 * k}, {6, k}}, {{0, 100 * k}}},
      {"its end first", 100 * k, {{100 * k - 1, 10}, {0, 6}}, {{0, 100 * k}}},
      {"all of it", 100 * k, {{0, 100 * k}}, {{0, 100 * k}}},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    Remote remote;
    const std::unique_ptr<RandomAccessFile> file = Open(&remote, c.file_size);
    EXPECT_EQ(file->size(), c.file_size);
    for (const Request& read : c.reads) {
      // A request may be larger than any string.
      const uint64_t left = c.file_size - std::min(read.offset, c.file_size);
      std::string bytes(std::min<uint64_t>(read.size, left), '\0');
      const Result<size_t> count = file->Read(read.offset, bytes.data(), read.size);
      ASSERT_OK(count);
      ASSERT_EQ(*count, bytes.size());
      EXPECT_TRUE(bytes == BytesAt(read.offset, bytes.size()));
    }
    EXPECT_THAT(remote.requests(), ElementsAreArray(c.requests));
  }
}

TEST(ReadAheadFile, ReadsAFileFromEndToEndInFewRequests) {
  constexpr size_t kSize = 100'000'000;
  for (const size_t step : {1000 * size_t{1}, 100 * kKiB, 128 * kKiB, 256 * kKiB, kMiB, 3 * kMiB}) {
    Remote remote;
    const std::unique_ptr<RandomAccessFile> file = Open(&remote, kSize);
    std::string bytes(step, '\0');
    for (uint64_t offset = 0; offset < kSize; offset += step) {
      ASSERT_OK(file->Read(offset, bytes.data(), step));
      ASSERT_EQ(bytes[0], ByteAt(offset));
    }
    const std::vector<Request> requests = remote.requests();
    EXPECT_THAT(requests.size(), Lt(kSize / kMaxWindow + 8)) << step;
    // Each byte once.
    for (size_t i = 1; i < requests.size(); ++i) {
      EXPECT_EQ(requests[i].offset, requests[i - 1].end()) << step;
    }
    EXPECT_EQ(requests.back().end(), kSize) << step;
  }
}

// The readers take turns. `most` is the largest number of requests for each of them.
TEST(ReadAheadFile, LetsReadersShareItsMemory) {
  constexpr size_t kStep = 100'000;
  constexpr int kSteps = 200;
  const struct {
    uint64_t readers;
    size_t most;
  } cases[] = {{1, 9}, {2, 9}, {8, 9}, {12, 12}, {20, 17}, {32, 22}, {50, 200}};
  for (const auto& c : cases) {
    Remote remote;
    const std::unique_ptr<RandomAccessFile> file = Open(&remote, kTiB);
    std::string bytes(kStep, '\0');
    for (int step = 0; step < kSteps; ++step) {
      for (uint64_t reader = 0; reader < c.readers; ++reader) {
        const uint64_t offset = (reader << 30) + step * kStep;
        ASSERT_OK(ReadExactly(*file, offset, bytes.data(), kStep));
        ASSERT_EQ(bytes[kStep - 1], ByteAt(offset + kStep - 1));
      }
    }
    uint64_t requested = 0;
    for (const Request& request : remote.requests()) requested += request.size;
    EXPECT_LE(remote.requests().size(), c.most * c.readers) << c.readers << " readers";
    // All bytes that are read ahead are used, except in the last window of each reader.
    EXPECT_LE(requested, c.readers * (kSteps * kStep + kMaxWindow)) << c.readers << " readers";
  }
}

TEST(ReadAheadFile, MakesRoomForReadersThatBegin) {
  Remote remote;
  const std::unique_ptr<RandomAccessFile> file = Open(&remote, kTiB);
  // Many readers stop in the middle of a large window …
  for (uint64_t reader = 0; reader < 40; ++reader) {
    for (int i = 0; i < 50; ++i) ExpectBytes(*file, (reader << 30) + i * 100'000, 100'000, kTiB);
  }
  // … and the window of the next reader grows nevertheless.
  remote.TakeRequests();
  for (int i = 0; i < 200; ++i) ExpectBytes(*file, kTiB / 2 + i * 100'000, 100'000, kTiB);
  EXPECT_THAT(remote.requests().size(), Lt(30u));
}

TEST(ReadAheadFile, ReportsAnErrorOnlyToReadsOfItsBytes) {
  for (const uint64_t size : {uint64_t{900} * kKiB, kTiB}) {
    SCOPED_TRACE(size);
    constexpr uint64_t kBad = 500'000;
    Remote remote;
    bool is_bad = true;
    remote.fail = [&](const Request& request, size_t) {
      const bool touches = request.offset <= kBad && kBad < request.end();
      return is_bad && touches ? Unavailable("bad byte") : OkStatus();
    };
    const std::unique_ptr<RandomAccessFile> file = Open(&remote, size);
    const uint64_t end = std::min<uint64_t>(size, kMiB);
    const auto read_all = [&](size_t step) {
      int errors = 0;
      for (uint64_t offset = 0; offset < end; offset += step) {
        if (is_bad && offset <= kBad && kBad < offset + step) {
          std::string bytes(step, '\0');
          EXPECT_ERROR(file->Read(offset, bytes.data(), step), kUnavailable, "bad byte");
          ++errors;
        } else {
          ExpectBytes(*file, offset, step, size);
        }
      }
      return errors;
    };
    for (const size_t step : {7777 * size_t{1}, 100 * kKiB}) EXPECT_EQ(read_all(step), 1) << step;
    is_bad = false;
    EXPECT_EQ(read_all(7777), 0);
  }
}

TEST(ReadAheadFile, ForgetsErrors) {
  Remote remote;
  remote.fail = [](const Request&, size_t before) {
    return before < 2 ? Unavailable("not now") : OkStatus();
  };
  const std::unique_ptr<RandomAccessFile> file = Open(&remote, kTiB);
  char byte;
  EXPECT_ERROR(file->Read(0, &byte, 1), kUnavailable, "not now");
  // First the window, then the requested bytes.
  EXPECT_THAT(remote.requests(), ElementsAre(Request{0, kMinWindow}, Request{0, 1}));
  ExpectBytes(*file, 0, 10, kTiB);
  EXPECT_EQ(remote.requests().back(), (Request{0, kMinWindow}));
}

TEST(ReadAheadFile, EndsAtTheEndOfTheFile) {
  const struct {
    const char* name;
    uint64_t said, size;
  } cases[] = {
      {"small, shorter than it says", 900'000, 500'000},
      {"small, empty", 900'000, 0},
      {"shorter than it says", kTiB, 500'000},
      {"a byte short", 2 * kMiB, 2 * kMiB - 1},
      {"empty", kTiB, 0},
      {"longer than it says", 1'500'000, kTiB},
      {"small, longer than it says", 500'000, kTiB},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    const uint64_t end = std::min(c.said, c.size);
    for (const size_t step : {999 * size_t{1}, 70'000 * size_t{1}, kMiB}) {
      Remote remote;
      const std::unique_ptr<RandomAccessFile> file = Open(&remote, c.said, c.size);
      EXPECT_EQ(file->size(), c.said);
      for (uint64_t offset = 0; offset < end + 3 * step; offset += step) {
        ExpectBytes(*file, offset, step, end);
      }
      for (const Request& request : remote.requests()) EXPECT_LE(request.end(), c.said);
      if (end > 0) ExpectBytes(*file, end - 1, 2, end);
    }
  }
}

TEST(ReadAheadFile, DropsItsWindowsInCloseIdle) {
  for (const uint64_t size : {uint64_t{500'000}, kTiB}) {
    Remote remote;
    const std::unique_ptr<RandomAccessFile> file = Open(&remote, size);
    ExpectBytes(*file, 0, 6, size);
    EXPECT_EQ(remote.TakeRequests().size(), 1u);
    file->CloseIdle();
    EXPECT_EQ(remote.idle_closes(), 1);
    EXPECT_THAT(remote.requests(), IsEmpty());
    ExpectBytes(*file, 0, 6, size);
    EXPECT_EQ(remote.requests().size(), 1u);
  }
}

TEST(ReadAheadFile, LetsNoReadWaitForASlowRequestOfOthers) {
  Remote remote;
  const std::unique_ptr<RandomAccessFile> file = Open(&remote, kTiB);
  ExpectBytes(*file, kMiB, 10, kTiB);
  for (const size_t slow_size : {size_t{10}, 2 * kMiB}) {  // one through a window, one without
    SCOPED_TRACE(slow_size);
    const uint64_t slow_offset = kTiB / 2 + slow_size;
    remote.Gate(slow_offset);
    const size_t before = remote.requests().size();
    std::thread slow([&] { ExpectBytes(*file, slow_offset, slow_size, kTiB); });
    remote.WaitForRequests(before + 1);
    // Meanwhile: a read inside a window, one after its end, a new window, a read without a window.
    ExpectBytes(*file, kMiB + 10, 10, kTiB);
    ExpectBytes(*file, kMiB + 20, 100 * kKiB, kTiB);
    ExpectBytes(*file, kTiB / 4 + slow_size * 2, 10, kTiB);
    ExpectBytes(*file, kTiB / 8, 10 * kMiB, kTiB);
    remote.Lift();
    slow.join();
  }
}

TEST(ReadAheadFile, RequestsAWindowOnceForSeveralThreads) {
  Remote remote;
  const std::unique_ptr<RandomAccessFile> file = Open(&remote, kTiB);
  remote.Gate(100);
  std::vector<std::thread> threads;
  threads.emplace_back([&] { ExpectBytes(*file, 0, 10, kTiB); });
  remote.WaitForRequests(1);
  for (uint64_t i = 1; i < 8; ++i) {
    threads.emplace_back([&, i] { ExpectBytes(*file, i * 1000, 10, kTiB); });
  }
  remote.Lift();
  for (std::thread& thread : threads) thread.join();
  EXPECT_THAT(remote.requests(), ElementsAre(Request{0, kMinWindow}));
}

TEST(ReadAheadFile, LetsThreadsThatWaitedForAFailureTryAgain) {
  Remote remote;
  remote.fail = [](const Request& request, size_t) {
    return request.end() > 50'000 ? Unavailable("bad byte") : OkStatus();
  };
  const std::unique_ptr<RandomAccessFile> file = Open(&remote, kTiB);
  remote.Gate(60'000);
  std::vector<std::thread> threads;
  threads.emplace_back([&] { ExpectBytes(*file, 0, 10, kTiB); });
  remote.WaitForRequests(1);
  for (uint64_t i = 1; i < 4; ++i) {
    threads.emplace_back([&, i] { ExpectBytes(*file, i * 1000, 10, kTiB); });
  }
  threads.emplace_back([&] {
    char bytes[10];
    EXPECT_ERROR(file->Read(55'000, bytes, 10), kUnavailable, "bad byte");
  });
  remote.Lift();
  for (std::thread& thread : threads) thread.join();
}

// Several readers go forward, skip and jump at the same time, in small and large files. Some
// requests fail.
TEST(ReadAheadFile, GivesEveryThreadTheFilesBytes) {
  const struct {
    const char* name;
    uint64_t size;
    uint64_t span;  // they read in the first `span` bytes
    size_t fails_every;
  } cases[] = {
      {"a small file", 300'001, 300'001, 0},
      {"a large file", 20'000'001, 20'000'001, 0},
      {"a large file, failing", 20'000'001, 20'000'001, 5},
      {"one window after the other", kTiB, kTiB, 0},
      {"a small file, failing", 300'001, 300'001, 3},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    Remote remote;
    if (c.fails_every > 0) {
      remote.fail = [&](const Request&, size_t before) {
        return before % c.fails_every == 0 ? Unavailable("not now") : OkStatus();
      };
    }
    const std::unique_ptr<RandomAccessFile> file = Open(&remote, c.size);
    std::atomic<int> failures{0};
    const auto read = [&](unsigned seed) {
      std::mt19937_64 random(seed);
      for (int jump = 0; jump < 20; ++jump) {
        uint64_t offset = random() % (c.span + 10);
        for (int step = 0; step < 20; ++step) {
          const size_t size = random() % (size_t{1} << random() % 18);
          std::string bytes(size, '\0');
          const Result<size_t> count = file->Read(offset, bytes.data(), size);
          if (!count.ok()) {
            EXPECT_ERROR(count, kUnavailable, "not now");
            ++failures;
            continue;
          }
          const uint64_t left = c.size - std::min(offset, c.size);
          ASSERT_EQ(*count, std::min<uint64_t>(size, left));
          ASSERT_TRUE(bytes.substr(0, *count) == BytesAt(offset, *count)) << offset;
          offset += size + (random() % 4 == 0 ? random() % 1000 : 0);
        }
      }
    };
    std::vector<std::thread> threads;
    for (unsigned seed = 0; seed < 8; ++seed) threads.emplace_back(read, seed);
    for (std::thread& thread : threads) thread.join();
    EXPECT_TRUE(c.fails_every > 0 || failures == 0);
  }
}

}  // namespace
}  // namespace tf_npz
