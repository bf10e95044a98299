// The engine with `.npy` files that are compressed with gzip.

#include <gtest/gtest.h>

#include "cc/pipeline/engine.h"
#include "tests/cc/pipeline/engine_testing.h"
#include "tests/cc/testing/gzip_writer.h"
#include "tests/cc/testing/status_matchers.h"

namespace tf_npz {
namespace {

constexpr int64_t kWidth = 50;

// Values counting up from `from`, in rows of kWidth int64.
std::string Rows(int64_t from, int64_t rows, bool fortran = false) {
  std::vector<int64_t> values;
  for (int64_t i = 0; i < rows * kWidth; ++i) values.push_back(from * kWidth + i);
  std::string data = BytesOf(values);
  if (fortran) data = ToFortranOrder(data, {rows, kWidth}, 8);
  return Npy("<i8", {rows, kWidth}, data, fortran);
}

Selection OneArray() {
  Selection selection;
  selection.keys = {FieldPath()};
  selection.specs = {{ElementType::kInt64, Shape{kWidth}}};
  return selection;
}

// The numbers of the rows that were delivered, each compared with its values, and the errors.
struct Drained {
  std::vector<int64_t> rows;
  std::vector<Status> errors;
  std::vector<Position> next;  // after each block
};

Drained Drain(Engine& engine) {
  Drained drained;
  while (true) {
    const Result<std::optional<Block>> next = engine.Next();
    if (!next.ok()) {
      drained.errors.push_back(next.status());
      continue;
    }
    if (!next->has_value()) return drained;
    const Block& block = **next;
    for (int64_t i = 0; i < block.count; ++i) {
      const auto first = ValueAt<int64_t>(block.arrays[0], i * kWidth);
      for (int64_t j = 0; j < kWidth; ++j) {
        EXPECT_EQ(ValueAt<int64_t>(block.arrays[0], i * kWidth + j), first + j);
      }
      drained.rows.push_back(first / kWidth);
    }
    drained.next.push_back(block.next);
  }
}

TEST(EngineOverGzip, ReadsFilesOfAllKindsInTurn) {
  TestFileSystem files;
  const std::string large = Rows(10, 5000);  // 2 MB
  files.Add("a", Gzip(Rows(0, 4)));
  files.Add("b", Rows(4, 5));
  files.Add("c", Gzip(Rows(9, 1, true)));
  files.Add("d", Gzip(large.substr(0, 70000)) + Gzip(large.substr(70000) + "and more"));
  files.Add("e", Gzip(Rows(5010, 3000, true)));
  const std::vector<std::string> filenames = {"a", "b", "c", "d", "e"};
  for (const int threads : {0, 1, 3}) {
    for (const int64_t batch_size : {0, 7, 3000}) {
      // Smaller than d, and just large enough for e: e must be decoded as a whole.
      for (const uint64_t limit : {uint64_t{1300000}, EngineOptions::kDefaultMemoryLimit}) {
        EngineOptions options;
        options.batch_size = batch_size;
        options.num_threads = threads;
        options.memory_limit = limit;
        Engine engine(files, filenames, OneArray(), options);
        const Drained drained = Drain(engine);
        EXPECT_EQ(drained.rows, Range(0, 8010));
        EXPECT_TRUE(drained.errors.empty());
      }
    }
  }
}

TEST(EngineOverGzip, StreamsMoreThanTheLimit) {
  TestFileSystem files;
  files.Add("a", Gzip(Rows(0, 5000)));
  for (const int threads : {0, 1}) {
    EngineOptions options;
    options.num_threads = threads;
    options.memory_limit = 10000;
    Engine engine(files, {"a"}, OneArray(), options);
    EXPECT_EQ(Drain(engine).rows, Range(0, 5000));
  }
}

TEST(EngineOverGzip, ContinuesFromAnyPosition) {
  TestFileSystem files;
  files.Add("a", Gzip(Rows(0, 3)));
  files.Add("b", Gzip(Rows(3, 5000)));
  files.Add("c", Gzip(Rows(5003, 2000, true)));
  const std::vector<std::string> filenames = {"a", "b", "c"};
  EngineOptions options;
  options.memory_limit = 1 << 20;
  Engine engine(files, filenames, OneArray(), options);
  const Drained all = Drain(engine);
  ASSERT_EQ(all.rows, Range(0, 7003));
  for (const Position& position : all.next) {
    Engine again(files, filenames, OneArray(), options, position);
    const int64_t begins[] = {0, 3, 5003, 7003};
    EXPECT_EQ(Drain(again).rows, Range(begins[position.file] + position.element, 7003));
  }
}

TEST(EngineOverGzip, RowsBeforeAnErrorComeBeforeIt) {
  // Its second half is cut off.
  const std::string npy = Rows(0, 5000);
  const std::string bytes = Gzip(npy);
  GzipMember bad_crc;
  bad_crc.contents = npy;
  bad_crc.crc32 = 1;
  const struct {
    const char* name;
    std::string bytes;
    const char* fragment;
    int64_t least;
    int64_t most;
  } cases[] = {
      {"cut off", bytes.substr(0, bytes.size() / 2), "b: malformed gzip data at byte ", 1000, 4000},
      {"ends early", Gzip(npy.substr(0, 128 + 400 * 3000 + 17)), "b: gzip data ends at byte ", 3000,
       3000},
      // The last rows come only after the checksum.
      {"CRC-32", WriteGzip({bad_crc}), "(CRC-32 mismatch)", 1000, 4999},
      {"garbage", bytes + "garbage", "(expected the end or another gzip member)", 1000, 4999},
      {"no array", Gzip("hello"), "b: is compressed with gzip, and holds neither", 0, 0},
  };
  for (const auto& c : cases) {
    TestFileSystem files;
    files.Add("a", Gzip(Rows(0, 3)));
    files.Add("b", c.bytes);
    for (const int threads : {0, 2}) {
      EngineOptions options;
      options.num_threads = threads;
      options.memory_limit = 1 << 20;
      Engine engine(files, {"a", "b", "a"}, OneArray(), options);
      const Drained drained = Drain(engine);
      ASSERT_EQ(drained.errors.size(), 1u) << c.name;
      EXPECT_ERROR(drained.errors[0], kDataLoss, c.fragment) << c.name;
      const auto good = static_cast<int64_t>(drained.rows.size()) - 6;
      EXPECT_GE(good, c.least) << c.name;
      EXPECT_LE(good, c.most) << c.name;
      std::vector<int64_t> expected = Range(0, 3);
      for (const int64_t row : Range(0, good)) expected.push_back(row);
      for (const int64_t row : Range(0, 3)) expected.push_back(row);
      EXPECT_EQ(drained.rows, expected) << c.name;
    }
  }
}

TEST(EngineOverGzip, FortranOrderBeyondTheLimitSaysWhichLimitToRaise) {
  TestFileSystem files;
  files.Add("a", Gzip(Rows(0, 5000, true)));
  EngineOptions options;
  options.memory_limit = 1000;
  Engine engine(files, {"a"}, OneArray(), options);
  EXPECT_ERROR(engine.Next(), kResourceExhausted,
               "a: rows of compressed arrays in Fortran order need all of their bytes in memory, "
               "here 2000128, but memory_limit is 1000; raise it");
}

TEST(EngineOverGzip, FilesWithoutElementsAreStillVerified) {
  GzipMember bad;
  bad.contents = Rows(0, 0);
  bad.crc32 = 1;
  TestFileSystem files;
  files.Add("a", WriteGzip({bad}));
  Engine engine(files, {"a"}, OneArray(), EngineOptions());
  EXPECT_ERROR(engine.Next(), kDataLoss, "a: malformed gzip data at byte ");
}

}  // namespace
}  // namespace tf_npz
