// Reads of one array by several threads. The thread sanitizer watches them.

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <random>
#include <thread>

#include "tests/cc/testing/reading.h"
#include "tests/cc/testing/status_matchers.h"

namespace tf_npz {
namespace {

constexpr int kThreads = 4;
constexpr int64_t kRows = 4000;
constexpr int64_t kRowItems = 100;
constexpr size_t kRowSize = kRowItems * 4;

enum class Kept { kStored, kStoredInFortranOrder, kDeflatedAndLoaded };

class ConcurrentReads : public ::testing::TestWithParam<Kept> {
 protected:
  const std::string rows_ = BytesOf(CountingUp<int32_t>(kRows * kRowItems));

  // An npz of the array. If it is `damaged`, one byte of a row is changed.
  std::string Npz(bool damaged) {
    const bool is_fortran = GetParam() == Kept::kStoredInFortranOrder;
    const std::string data = is_fortran ? ToFortranOrder(rows_, {kRows, kRowItems}, 4) : rows_;
    ZipMember member = Member("x.npy", Npy("<i4", {kRows, kRowItems}, data, is_fortran),
                              GetParam() == Kept::kDeflatedAndLoaded);
    member.contents += "what follows the array";
    std::string npz = WriteZip({member});
    if (damaged) npz[npz.size() / 2] = static_cast<char>(npz[npz.size() / 2] ^ 0x10);
    return npz;
  }

  struct Outcome {
    int64_t wrong_rows = 0;  // rows that were read without an error, but differ from the array
    int errors = 0;
  };

  // Reads all rows in steps on kThreads threads, some twice. `seed` sets the order.
  Outcome ReadAllRows(ArrayReader& array, uint32_t seed) {
    std::mt19937 random(seed);
    std::vector<std::pair<int64_t, int64_t>> reads;  // first row, number of rows
    for (int64_t first = 0; first < kRows;) {
      const int64_t count = std::min<int64_t>(1 + random() % 200, kRows - first);
      reads.emplace_back(first, count);
      first += count;
    }
    for (int i = 0; i < 20; ++i) {
      const int64_t first = random() % kRows;
      reads.emplace_back(first, std::min<int64_t>(1 + random() % 300, kRows - first));
    }
    std::shuffle(reads.begin(), reads.end(), random);

    std::atomic<size_t> next{0};
    std::atomic<int64_t> wrong_rows{0};
    std::atomic<int> errors{0};
    std::vector<std::thread> threads;
    for (int i = 0; i < kThreads; ++i) {
      threads.emplace_back([&] {
        for (size_t at = next++; at < reads.size(); at = next++) {
          const auto [first, count] = reads[at];
          std::string out(count * kRowSize, '\xAA');
          int64_t done = 0;
          const Status status = array.Read(first, count, {out.data()}, &done);
          EXPECT_EQ(done, status.ok() ? count : 0);
          if (!status.ok()) {
            EXPECT_ERROR(status, kDataLoss, "f[\"x\"]: CRC-32 mismatch");
            ++errors;
            continue;
          }
          wrong_rows += out != rows_.substr(first * kRowSize, out.size());
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
    return {wrong_rows, errors};
  }
};

INSTANTIATE_TEST_SUITE_P(, ConcurrentReads,
                         ::testing::Values(Kept::kStored, Kept::kStoredInFortranOrder,
                                           Kept::kDeflatedAndLoaded));

TEST_P(ConcurrentReads, GiveTheRowsWithoutAnError) {
  const std::string npz = Npz(false);
  for (const Checksums checksums :
       {Checksums::kCompressed, Checksums::kFullyRead, Checksums::kSkippedToo}) {
    for (uint32_t seed = 0; seed < 5; ++seed) {
      const std::unique_ptr<ArrayReader> array =
          OpenArray(npz, true, TestOptions(checksums)).value();
      if (GetParam() == Kept::kDeflatedAndLoaded) {
        ASSERT_OK(array->Load());
      }
      ASSERT_TRUE(array->is_random_access());
      const Outcome outcome = ReadAllRows(*array, seed);
      EXPECT_EQ(outcome.wrong_rows, 0);
      EXPECT_EQ(outcome.errors, 0);
    }
  }
}

TEST_P(ConcurrentReads, FindADamagedByte) {
  const std::string npz = Npz(true);
  for (const Checksums checksums : {Checksums::kFullyRead, Checksums::kSkippedToo}) {
    for (uint32_t seed = 0; seed < 10; ++seed) {
      const std::unique_ptr<ArrayReader> array =
          OpenArray(npz, true, TestOptions(checksums)).value();
      if (GetParam() == Kept::kDeflatedAndLoaded) {
        EXPECT_EQ(array->Load().code(), Code::kDataLoss);
        continue;
      }
      const Outcome outcome = ReadAllRows(*array, seed);
      EXPECT_GT(outcome.errors, 0);
      if (GetParam() == Kept::kStoredInFortranOrder) {
        EXPECT_EQ(outcome.wrong_rows, 0) << "damage is known before the first row";
      }
    }
  }
  if (GetParam() == Kept::kStored) {
    const std::unique_ptr<ArrayReader> array =
        OpenArray(npz, true, TestOptions(Checksums::kCompressed)).value();
    EXPECT_EQ(ReadAllRows(*array, 0).errors, 0) << "stored members are not verified";
  }
}

}  // namespace
}  // namespace tf_npz
