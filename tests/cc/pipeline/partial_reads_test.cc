// Reading a part of a file reads the bytes of that part, and few more. The tests count the bytes.

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "cc/pipeline/dataset.h"
#include "tests/cc/pipeline/engine_testing.h"
#include "tests/cc/testing/reading.h"
#include "tests/cc/testing/remote_file.h"
#include "tests/cc/testing/status_matchers.h"

namespace tf_npz {
namespace {

constexpr int64_t kKiB = 1024;
constexpr int64_t kRows = 4096;
constexpr int64_t kWidth = 1024;                // bytes of a row
constexpr int64_t kSize = kRows * kWidth;       // bytes of an array
constexpr int64_t kHeaders = 64 * kKiB + 1024;  // the end of an archive, its directory, its headers

// `contents` under any name. Counts the bytes that are read.
class CountingFileSystem : public FileSystem {
 public:
  explicit CountingFileSystem(std::string contents) : contents_(std::move(contents)) {}
  Result<std::unique_ptr<RandomAccessFile>> Open(const std::string&) const override {
    return std::unique_ptr<RandomAccessFile>(
        std::make_unique<RemoteFile>(NewMemoryFile(contents_), &remote_));
  }
  int64_t TakeBytes() const {
    int64_t bytes = 0;
    for (const Request& request : remote_.TakeRequests()) bytes += request.size;
    return bytes;
  }

 private:
  const std::string contents_;
  mutable Remote remote_;
};

std::string ArrayOfRows(uint32_t seed, bool fortran_order = false) {
  return Npy("|u1", {kRows, kWidth}, Noise(kSize, seed), fortran_order);
}

// A file of two arrays, x and unused.
std::string TwoArraysOfRows(bool deflated) {
  return WriteZip({Member("unused.npy", ArrayOfRows(1), deflated),
                   Member("x.npy", ArrayOfRows(2), deflated),
                   Member("too.npy", ArrayOfRows(3), deflated)});
}

Selection Rows(bool is_npz) {
  Selection selection;
  selection.keys = {is_npz ? FieldPath{"x"} : FieldPath()};
  selection.specs = {{ElementType::kUInt8, Shape{kWidth}}};
  return selection;
}

struct File {
  const char* name;
  std::string contents;
  bool is_npz;
};

std::vector<File> StoredFiles() {
  return {{"npy", ArrayOfRows(2), false}, {"stored npz", TwoArraysOfRows(false), true}};
}

class PartialReads : public ::testing::TestWithParam<int64_t> {
 protected:
  EngineOptions Options() const {
    EngineOptions options;
    options.batch_size = GetParam();
    options.pool = BufferPool::New(size_t{16} << 20);
    return options;
  }
  static int64_t Drain(Dataset& dataset, Position start = {}) {
    const std::unique_ptr<Engine> engine = dataset.NewEngine(dataset.options(), start);
    int64_t rows = 0;
    while (true) {
      const Result<std::optional<Block>> next = engine->Next();
      EXPECT_OK(next.status());
      if (!next.ok() || !next->has_value()) return rows;
      rows += (*next)->count;
    }
  }
};

TEST_P(PartialReads, AShareOfStoredRowsReadsOnlyThem) {
  for (const File& file : StoredFiles()) {
    SCOPED_TRACE(file.name);
    const CountingFileSystem files(file.contents);
    for (const int64_t index : {0, 1, 2, 3}) {
      Dataset dataset(files, {"f"}, {}, Rows(file.is_npz), Options(), {4, index});
      EXPECT_EQ(dataset.filenames().size(), 1u);
      EXPECT_LE(files.TakeBytes(), kHeaders);
      EXPECT_EQ(Drain(dataset), kRows / 4);
      EXPECT_LE(files.TakeBytes(), kSize / 4 + kHeaders);
    }
  }
}

TEST_P(PartialReads, AShareOfADeflatedMemberReadsItUpToItsLastRow) {
  const CountingFileSystem files(TwoArraysOfRows(true));
  for (const int64_t index : {0, 1, 2, 3}) {
    Dataset dataset(files, {"f", "f"}, {}, Rows(true), Options(), {8, index});
    EXPECT_EQ(dataset.filenames().size(), 1u);
    files.TakeBytes();
    EXPECT_EQ(Drain(dataset), kRows / 4);
    EXPECT_LE(files.TakeBytes(), kSize / 4 * (index + 1) + 256 * kKiB + kHeaders);
  }
}

TEST_P(PartialReads, SkippingReadsNoSkippedRow) {
  for (const File& file : StoredFiles()) {
    SCOPED_TRACE(file.name);
    const CountingFileSystem files(file.contents);
    Dataset dataset(files, {"f", "f", "f"}, {}, Rows(file.is_npz), Options(), {});
    int64_t passed = 0;
    // Skips to the end of the second file, so reading begins at the start of a file.
    const Position position = dataset.Seek({}, 2 * kRows, &passed);
    EXPECT_EQ(passed, 2 * kRows);
    EXPECT_LE(files.TakeBytes(), 2 * kHeaders);
    EXPECT_EQ(Drain(dataset, position), kRows);
    EXPECT_LE(files.TakeBytes(), kSize + kHeaders);
  }
}

TEST_P(PartialReads, AnElementOfStoredDataReadsOnlyItsBytes) {
  for (const File& file : StoredFiles()) {
    SCOPED_TRACE(file.name);
    const CountingFileSystem files(file.contents);
    Dataset dataset(files, {"f", "f"}, {}, Rows(file.is_npz), Options(), {});
    ASSERT_TRUE(dataset.CountBlocks(2).has_value());
    EXPECT_LE(files.TakeBytes(), 2 * kHeaders);
    const int64_t element = std::max<int64_t>(GetParam(), 1) * kWidth;
    ASSERT_OK(dataset.BlockAt(15).status());
    EXPECT_LE(files.TakeBytes(), element + kHeaders);
    ASSERT_OK(dataset.BlockAt(7).status());
    EXPECT_LE(files.TakeBytes(), element + (GetParam() == 0 ? 0 : kHeaders));
  }
}

INSTANTIATE_TEST_SUITE_P(RowsAndBatches, PartialReads, ::testing::Values(0, 256));

TEST(PartialReads, AFewRowsOfStoredDataReadLittleMore) {
  for (const File& file : StoredFiles()) {
    SCOPED_TRACE(file.name);
    const CountingFileSystem files(file.contents);
    EngineOptions options;
    options.num_threads = 1;
    Engine engine(files, {"f"}, Rows(file.is_npz), options);
    const Result<std::optional<Block>> next = engine.Next();
    ASSERT_OK(next.status());
    EXPECT_GE((*next)->count, 10);
    EXPECT_LE(files.TakeBytes(), 64 * kKiB + kHeaders);
  }
}

TEST(PartialReads, AnElementInFortranOrderReadsOnlyItsBytes) {
  const CountingFileSystem files(WriteZip({Member("x.npy", ArrayOfRows(2, true))}));
  EngineOptions options;
  options.pool = BufferPool::New(size_t{16} << 20);
  Dataset dataset(files, {"f"}, {}, Rows(true), options, {});
  ASSERT_OK(dataset.BlockAt(100).status());
  files.TakeBytes();
  ASSERT_OK(dataset.BlockAt(99).status());
  EXPECT_EQ(files.TakeBytes(), kWidth);
}

}  // namespace
}  // namespace tf_npz
