#include "tf_npz/reader/engine.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <condition_variable>
#include <cstring>
#include <map>
#include <mutex>
#include <random>
#include <thread>

#include "testing/npy_writer.h"
#include "testing/status_matchers.h"
#include "testing/zip_writer.h"

namespace tf_npz {
namespace {

using Shape = std::vector<int64_t>;

// Files in memory. Those under a gate open only once it is lifted.
class TestFileSystem : public FileSystem {
 public:
  Result<std::unique_ptr<RandomAccessFile>> Open(const std::string& path) const override {
    std::unique_lock<std::mutex> lock(mutex_);
    ++opened_;
    opened_changed_.notify_all();
    lifted_.wait(lock, [&] { return gated_.count(path) == 0; });
    const auto found = files_.find(path);
    if (found == files_.end()) return NotFound("no such file");
    return NewMemoryFile(std::string_view(found->second));
  }

  void Add(const std::string& path, std::string contents) { files_[path] = std::move(contents); }
  void Gate(const std::string& path) { gated_[path] = true; }
  void Lift(const std::string& path) {
    const std::lock_guard<std::mutex> lock(mutex_);
    gated_.erase(path);
    lifted_.notify_all();
  }
  void WaitUntilOpened(int count) const {
    std::unique_lock<std::mutex> lock(mutex_);
    opened_changed_.wait(lock, [&] { return opened_ >= count; });
  }
  int opened() const {
    const std::lock_guard<std::mutex> lock(mutex_);
    return opened_;
  }

 private:
  std::map<std::string, std::string> files_;
  mutable std::mutex mutex_;
  mutable std::condition_variable lifted_, opened_changed_;
  std::map<std::string, bool> gated_;
  mutable int opened_ = 0;
};

// An npz with x: int32 (rows, width) and y: int64 (rows), counting up from `from`.
std::string TwoArrays(int64_t from, int64_t rows, int64_t width, bool deflated,
                      bool fortran = false, std::optional<uint32_t> y_crc = std::nullopt) {
  std::vector<int32_t> x;
  std::vector<int64_t> y;
  for (int64_t row = 0; row < rows; ++row) {
    for (int64_t i = 0; i < width; ++i) x.push_back(static_cast<int32_t>((from + row) * 100 + i));
    y.push_back(from + row);
  }
  std::string x_bytes = BytesOf(x);
  if (fortran) x_bytes = ToFortranOrder(x_bytes, {rows, width}, sizeof(int32_t));
  ZipMember x_member, y_member;
  x_member.name = "x.npy";
  x_member.contents = Npy("<i4", {rows, width}, x_bytes, fortran);
  y_member.name = "y.npy";
  y_member.contents = Npy("<i8", {rows}, BytesOf(y));
  x_member.deflated = y_member.deflated = deflated;
  y_member.crc32 = y_crc;
  return WriteZip({x_member, y_member});
}

Selection XAndY(int64_t width) {
  Selection selection;
  selection.keys = {"x", "y"};
  selection.specs = {{DType{DType::Kind::kInt, 4, false}, Shape{width}},
                     {DType{DType::Kind::kInt, 8, false}, Shape{}}};
  return selection;
}

template <typename T>
T ValueAt(const ArrayData& data, size_t index) {
  T value;
  std::memcpy(&value, data.buffer.data() + data.offset + index * sizeof(T), sizeof(T));
  return value;
}

// What an engine delivered: y of each element, checked against x, by block; and its errors.
struct Delivery {
  std::vector<std::vector<int64_t>> blocks;
  std::vector<Position> next;
  std::vector<Status> errors;

  std::vector<int64_t> values() const {
    std::vector<int64_t> all;
    for (const auto& block : blocks) all.insert(all.end(), block.begin(), block.end());
    return all;
  }
};

void CheckBlock(const Block& block, int32_t padding, std::vector<int64_t>* values) {
  const int64_t width = block.arrays[0].shape[0];
  for (int64_t i = 0; i < block.count; ++i) {
    const auto y = ValueAt<int64_t>(block.arrays[1], i);
    values->push_back(y);
    bool padded = false;
    for (int64_t j = 0; j < width; ++j) {
      const auto x = ValueAt<int32_t>(block.arrays[0], i * width + j);
      padded |= x == padding;
      ASSERT_EQ(x, padded ? padding : y * 100 + j) << "element " << y << ", item " << j;
    }
  }
}

Delivery DrainAll(Engine& engine, int32_t padding = -1) {
  Delivery delivery;
  while (true) {
    Result<std::optional<Block>> next = engine.Next();
    if (!next.ok()) {
      delivery.errors.push_back(next.status());
      if (next.status().code() == Code::kCancelled) return delivery;
      continue;
    }
    if (!next->has_value()) return delivery;
    std::vector<int64_t> values;
    CheckBlock(**next, padding, &values);
    delivery.blocks.push_back(values);
    delivery.next.push_back((*next)->next);
  }
}

std::vector<int64_t> Range(int64_t from, int64_t to) {
  std::vector<int64_t> values;
  for (; from < to; ++from) values.push_back(from);
  return values;
}

TEST(Engine, FillsBatchesAcrossFiles) {
  TestFileSystem files;
  files.Add("a", TwoArrays(0, 5, 3, true));
  files.Add("b", TwoArrays(5, 0, 3, false));
  files.Add("c", TwoArrays(5, 9, 3, false));
  for (const int threads : {0, 1, 3}) {
    EngineOptions options;
    options.batch_size = 4;
    options.num_threads = threads;
    Engine engine(files, {"a", "b", "c"}, XAndY(3), options);
    const Delivery delivery = DrainAll(engine);
    EXPECT_EQ(delivery.blocks, (std::vector<std::vector<int64_t>>{
                                   {0, 1, 2, 3}, {4, 5, 6, 7}, {8, 9, 10, 11}, {12, 13}}));
    EXPECT_TRUE(delivery.errors.empty());
  }
}

TEST(Engine, LeavesOutARemainderOnRequest) {
  TestFileSystem files;
  files.Add("a", TwoArrays(0, 5, 3, true));
  EngineOptions options;
  options.batch_size = 4;
  options.drop_remainder = true;
  Engine engine(files, {"a", "a"}, XAndY(3), options);
  EXPECT_EQ(DrainAll(engine).blocks.size(), 2u);
}

TEST(Engine, GoesOnWithTheNextFileAfterAnError) {
  TestFileSystem files;
  files.Add("a", TwoArrays(0, 5, 3, false));
  files.Add("bad", TwoArrays(5, 5, 3, true, false, 12345));
  files.Add("c", TwoArrays(10, 5, 3, true));
  for (const int threads : {0, 2}) {
    for (const int64_t batch_size : {0, 4}) {
      EngineOptions options;
      options.batch_size = batch_size;
      options.num_threads = threads;
      Engine engine(files, {"missing", "a", "bad", "c", "missing"}, XAndY(3), options);
      const Delivery delivery = DrainAll(engine);
      EXPECT_EQ(delivery.values(), (std::vector<int64_t>{0, 1, 2, 3, 4, 10, 11, 12, 13, 14}));
      ASSERT_EQ(delivery.errors.size(), 3u);
      EXPECT_ERROR(delivery.errors[0], kNotFound, "missing: no such file");
      EXPECT_ERROR(delivery.errors[1], kDataLoss, "bad[\"y\"]: CRC-32 mismatch");
      EXPECT_ERROR(delivery.errors[2], kNotFound, "missing");
      if (batch_size > 0) {
        EXPECT_EQ(delivery.blocks[1], (std::vector<int64_t>{4, 10, 11, 12}));
      }
    }
  }
}

TEST(Engine, RowsBeforeAnErrorComeBeforeIt) {
  // Rows of noise, which deflate stores in blocks of up to 64 KiB; in the middle a block's header
  // is lost.
  const int64_t rows = 40, width = 1 << 18;
  const std::string noise = Noise(rows * width);
  ZipMember member;
  member.name = "x.npy";
  member.contents = Npy("|u1", {rows, width}, noise);
  member.deflated = true;
  std::string archive = WriteZip({member});
  const size_t middle = archive.size() / 2;
  std::fill_n(archive.begin() + static_cast<int64_t>(middle), 70000, '\0');
  TestFileSystem files;
  files.Add("a", archive);
  Selection selection;
  selection.keys = {"x"};
  selection.specs = {{DType{DType::Kind::kUInt, 1, false}, Shape{width}}};
  EngineOptions options;
  options.memory_limit = 2 << 20;  // less than the member: it streams
  Engine engine(files, {"a"}, selection, options);
  int64_t delivered = 0;
  Status status;
  while (status.ok()) {
    Result<std::optional<Block>> next = engine.Next();
    status = next.status();
    if (status.ok()) {
      ASSERT_TRUE(next->has_value()) << "an error was expected";
      delivered += (*next)->count;
    }
  }
  EXPECT_ERROR(status, kDataLoss, "of the compressed data");
  EXPECT_GT(delivered, rows / 4);
  EXPECT_LT(delivered, rows);
  EXPECT_FALSE(engine.Next()->has_value());
}

TEST(Engine, RefusesToBatchDifferentShapesWithoutPadding) {
  TestFileSystem files;
  files.Add("a", TwoArrays(0, 3, 2, true));
  files.Add("b", TwoArrays(3, 3, 5, true));
  Selection selection = XAndY(-1);
  EngineOptions options;
  options.batch_size = 4;
  Engine engine(files, {"a", "b"}, selection, options);
  const Delivery delivery = DrainAll(engine);
  ASSERT_EQ(delivery.errors.size(), 1u);
  EXPECT_ERROR(delivery.errors[0], kInvalidArgument,
               "b[\"x\"]: elements of shape (5,) can't be batched with elements of shape (2,)");
}

TEST(Engine, PadsToTheLongestOfTheBatch) {
  TestFileSystem files;
  files.Add("a", TwoArrays(0, 3, 2, true));
  files.Add("b", TwoArrays(3, 3, 5, true));
  EngineOptions options;
  options.batch_size = 2;
  const int32_t minus_seven = -7;
  options.padding = {std::string(reinterpret_cast<const char*>(&minus_seven), 4),
                     std::string(8, '\0')};
  Engine engine(files, {"a", "b"}, XAndY(-1), options);
  std::vector<int64_t> widths;
  while (true) {
    Result<std::optional<Block>> next = engine.Next();
    ASSERT_OK(next);
    if (!next->has_value()) break;
    std::vector<int64_t> values;
    CheckBlock(**next, minus_seven, &values);
    widths.push_back((*next)->arrays[0].shape[0]);
  }
  EXPECT_EQ(widths, (std::vector<int64_t>{2, 5, 5}));
}

TEST(Engine, AFileThatDoesNotFitTheSpecNamesBoth) {
  TestFileSystem files;
  files.Add("a", TwoArrays(0, 3, 2, true));
  Engine engine(files, {"a"}, XAndY(4), EngineOptions());
  EXPECT_ERROR(engine.Next(), kInvalidArgument,
               "a[\"x\"]: holds rows of int32 (2,), but element_spec says int32 (4,)");
}

TEST(Engine, DeflatedFortranOrderBeyondTheLimitSaysWhatToRaise) {
  TestFileSystem files;
  files.Add("a", TwoArrays(0, 40000, 4, true, true));
  EngineOptions options;
  options.memory_limit = 1000;
  Engine engine(files, {"a"}, XAndY(4), options);
  EXPECT_ERROR(engine.Next(), kResourceExhausted, "memory_limit is 1000; raise it");
}

TEST(Engine, ReadsAheadWithoutBeingAsked) {
  TestFileSystem files;
  std::vector<std::string> paths;
  for (int i = 0; i < 8; ++i) {
    paths.push_back(std::to_string(i));
    files.Add(paths.back(), TwoArrays(i, 1, 2, true));
  }
  EngineOptions options;
  options.num_threads = 2;
  Engine engine(files, paths, XAndY(2), options);
  ASSERT_OK(engine.Next());
  files.WaitUntilOpened(8);
}

TEST(Engine, ThreadsStopWhereTheLimitIs) {
  TestFileSystem files;
  std::vector<std::string> paths;
  for (int i = 0; i < 100; ++i) {
    paths.push_back(std::to_string(i));
    files.Add(paths.back(), TwoArrays(i, 1, 1000, false));
  }
  EngineOptions options;
  options.num_threads = 2;
  options.memory_limit = 10000;  // of 4008 bytes each
  Engine engine(files, paths, XAndY(1000), options);
  ASSERT_OK(engine.Next());
  // One delivered, two that wait, and at most MaxOpen() open before them.
  EXPECT_LE(files.opened(), 1 + 2 + 6);
  EXPECT_EQ(DrainAll(engine).values(), Range(1, 100));
}

TEST(Engine, CancelWakesWhoWaits) {
  TestFileSystem files;
  files.Add("a", TwoArrays(0, 3, 2, true));
  files.Add("b", TwoArrays(3, 3, 2, true));
  files.Gate("b");
  EngineOptions options;
  options.num_threads = 2;
  Engine engine(files, {"a", "b"}, XAndY(2), options);
  ASSERT_OK(engine.Next());
  std::thread canceller([&] {
    files.WaitUntilOpened(2);
    engine.Cancel();
  });
  EXPECT_ERROR(engine.Next(), kCancelled, "");
  canceller.join();
  files.Lift("b");
}

TEST(Engine, FilesWithoutElementsAreStillVerified) {
  TestFileSystem files;
  std::string empty = TwoArrays(0, 3, 4, false);
  const size_t shape = empty.find("(3,4,)");
  empty.replace(shape, 6, "(0,4,)");
  empty.replace(empty.find("(3,)"), 4, "(0,)");
  files.Add("a", empty);
  Engine engine(files, {"a"}, XAndY(4), EngineOptions());
  EXPECT_ERROR(engine.Next(), kDataLoss, "a[\"x\"]: CRC-32 mismatch");
}

TEST(Engine, CountlessElementsOfNoBytesCostNothing) {
  TestFileSystem files;
  files.Add("a", Npy("<f4", {int64_t{1} << 40, 0}, ""));
  Selection selection;
  selection.specs = {{DType{DType::Kind::kFloat, 4, false}, Shape{0}}};
  for (const int64_t batch_size : {int64_t{0}, int64_t{7}, int64_t{1} << 62}) {
    EngineOptions options;
    options.batch_size = batch_size;
    options.num_threads = 1;
    Engine engine(files, {"a", "a"}, selection, options);
    for (int i = 0; i < 3; ++i) {
      const Result<std::optional<Block>> next = engine.Next();
      ASSERT_OK(next);
      ASSERT_EQ(next->has_value(), batch_size < 100 || i == 0);
      if (!next->has_value()) break;
      EXPECT_GT((*next)->count, 0);
    }
  }
}

TEST(Engine, MissingFilesAreOpenedOnceEach) {
  TestFileSystem files;
  files.Add("a", TwoArrays(0, 1, 3, true));
  std::vector<std::string> paths = {"a"};
  for (int i = 0; i < 500; ++i) paths.push_back("missing" + std::to_string(i));
  paths.push_back("a");
  EngineOptions options;
  options.batch_size = 2;
  options.num_threads = 2;
  Engine engine(files, paths, XAndY(3), options);
  const Delivery delivery = DrainAll(engine);
  EXPECT_EQ(delivery.errors.size(), 500u);
  EXPECT_EQ(delivery.blocks, (std::vector<std::vector<int64_t>>{{0, 0}}));
  EXPECT_EQ(files.opened(), 502);
}

TEST(Engine, ARestartBetweenRowsAndTheirErrorMeetsTheErrorAgain) {
  TestFileSystem files;
  // Two blocks of rows; y's checksum is wrong, which is seen at the end.
  files.Add("a", TwoArrays(0, 5000, 3, false, false, 1));
  Engine engine(files, {"a"}, XAndY(3), EngineOptions());
  const Result<std::optional<Block>> rows = engine.Next();
  ASSERT_OK(rows);
  EXPECT_ERROR(engine.Next(), kDataLoss, "CRC-32");
  Engine again(files, {"a"}, XAndY(3), EngineOptions(), (**rows).next);
  EXPECT_ERROR(again.Next(), kDataLoss, "CRC-32");
}

// Everything at once, at random, against a plain model: values of good files are all there, in
// order; of a bad file a prefix; errors come once each; a restart from any position gives the rest.
class RandomSchedule : public ::testing::TestWithParam<int> {};

TEST_P(RandomSchedule, DeliversWhatTheFilesHold) {
  std::mt19937 random(static_cast<uint32_t>(GetParam()));
  const auto pick = [&random](int64_t low, int64_t high) {
    return std::uniform_int_distribution<int64_t>(low, high)(random);
  };
  const bool padded = pick(0, 2) == 0;
  const bool with_errors = pick(0, 1) == 0;
  TestFileSystem files;
  std::vector<std::string> paths;
  std::vector<std::vector<int64_t>> rows_of;
  std::vector<bool> is_bad;
  int64_t from = 0;
  const int64_t file_count = pick(1, 30);
  for (int64_t i = 0; i < file_count; ++i) {
    const bool bad = with_errors && pick(0, 4) == 0;
    // Without rows nothing is read, and a wrong checksum stays unseen.
    const int64_t rows = pick(0, 3) == 0 ? pick(100, 3000) : pick(bad ? 1 : 0, 20);
    paths.push_back("f" + std::to_string(i));
    std::optional<uint32_t> crc;
    if (bad) crc = 1;
    if (!bad || pick(0, 1) == 0) {
      files.Add(paths.back(), TwoArrays(from, rows, padded ? pick(0, 6) : 5, pick(0, 1) == 0,
                                        pick(0, 3) == 0, crc));
    }
    rows_of.push_back(Range(from, from + rows));
    is_bad.push_back(bad);
    from += rows;
  }
  EngineOptions options;
  options.batch_size = padded ? pick(1, 300) : pick(0, 1) * pick(1, 300);
  options.num_threads = static_cast<int>(pick(0, 4));
  options.memory_limit = static_cast<uint64_t>(int64_t{1} << pick(8, 20));
  // A Fortran-ordered stream must fit.
  options.memory_limit = std::max<uint64_t>(options.memory_limit, 3000 * 6 * 4 + 1000);
  if (padded) options.padding = {std::string(4, '\xFF'), std::string(8, '\0')};
  const Selection selection = XAndY(padded ? -1 : 5);
  Delivery whole;
  {
    Engine engine(files, paths, selection, options);
    whole = DrainAll(engine);
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
    Engine engine(files, paths, selection, options, whole.next[cut]);
    const Delivery rest = DrainAll(engine);
    EXPECT_EQ(rest.blocks,
              decltype(rest.blocks)(whole.blocks.begin() + cut + 1, whole.blocks.end()));
  }
  {
    Engine engine(files, paths, selection, options);
    for (int64_t i = pick(0, 5); i > 0; --i) (void)engine.Next();
    // Dropped here, in the middle.
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, RandomSchedule, ::testing::Range(0, 200));

}  // namespace
}  // namespace tf_npz
