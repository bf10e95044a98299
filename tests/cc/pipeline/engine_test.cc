#include "cc/pipeline/engine.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <thread>

#include "tests/cc/pipeline/engine_testing.h"
#include "tests/cc/testing/status_matchers.h"

namespace tf_npz {
namespace {

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

TEST(Engine, LeavesOutTheRemainderOnRequest) {
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
  // Rows of random bytes. Deflate stores them in blocks of up to 64 KiB. 70,000 bytes in the middle
  // are set to zero, among them the header of a block.
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
  selection.keys = {{"x"}};
  selection.specs = {{ElementType::kUInt8, Shape{width}}};
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

TEST(Engine, AFileThatDoesNotFitTheSpecIsAnErrorThatNamesBoth) {
  TestFileSystem files;
  files.Add("a", TwoArrays(0, 3, 2, true));
  Engine engine(files, {"a"}, XAndY(4), EngineOptions());
  EXPECT_ERROR(engine.Next(), kInvalidArgument,
               "a[\"x\"]: holds rows of int32 (2,), but element_spec says int32 (4,)");
}

TEST(Engine, DeflatedFortranOrderBeyondTheLimitSaysWhichLimitToRaise) {
  TestFileSystem files;
  files.Add("a", TwoArrays(0, 40000, 4, true, true));
  EngineOptions options;
  options.memory_limit = 1000;
  Engine engine(files, {"a"}, XAndY(4), options);
  EXPECT_ERROR(engine.Next(), kResourceExhausted, "memory_limit is 1000; raise it");
}

TEST(Engine, ReadsAheadWithoutBeingAsked) {
  TestFileSystem files;
  std::vector<std::string> filenames;
  for (int i = 0; i < 8; ++i) {
    filenames.push_back(std::to_string(i));
    files.Add(filenames.back(), TwoArrays(i, 1, 2, true));
  }
  EngineOptions options;
  options.num_threads = 2;
  Engine engine(files, filenames, XAndY(2), options);
  ASSERT_OK(engine.Next());
  files.WaitUntilOpened(8);
}

TEST(Engine, ThreadsStopAtTheLimit) {
  TestFileSystem files;
  std::vector<std::string> filenames;
  for (int i = 0; i < 100; ++i) {
    filenames.push_back(std::to_string(i));
    files.Add(filenames.back(), TwoArrays(i, 1, 1000, false));
  }
  EngineOptions options;
  options.num_threads = 2;
  options.memory_limit = 10000;  // a block has 4008 bytes
  Engine engine(files, filenames, XAndY(1000), options);
  ASSERT_OK(engine.Next());
  // One block delivered, two that wait, and at most MaxOpen() open files after them.
  EXPECT_LE(files.opened(), 1 + 2 + 6);
  EXPECT_EQ(DrainAll(engine).values(), Range(1, 100));
}

TEST(Engine, BlocksThatAreHeldKeepOnlyTheirOwnMemory) {
  constexpr size_t kMiB = size_t{1} << 20;
  TestFileSystem files;
  std::vector<std::string> filenames;
  for (int i = 0; i < 100; ++i) filenames.push_back(std::to_string(i));
  for (const std::string& path : filenames) files.Add(path, TwoArrays(0, 4096, 60, true));
  EngineOptions options;
  options.batch_size = 256;
  options.num_threads = 2;
  options.memory_limit = 4 * kMiB;
  options.pool = BufferPool::New(options.memory_limit);
  std::vector<Block> held;
  {
    Engine engine(files, filenames, XAndY(60), options);
    for (int i = 0;; ++i) {
      Result<std::optional<Block>> next = engine.Next();
      ASSERT_OK(next);
      if (!next->has_value()) break;
      if (i % 16 == 0) held.push_back(std::move(**next));  // one of each file
    }
    EXPECT_EQ(held.size(), 100u);
  }
  // Each is 64 KiB of a file of 1 MiB.
  EXPECT_LT(options.pool->used(), 100 * 64 * size_t{1024} + 3 * options.memory_limit);
  for (const Block& block : held) {
    std::vector<int64_t> values;
    CheckBlock(block, -1, &values);
    EXPECT_EQ(values, Range(0, 256));
  }
}

// Rows of a large array come before its checksum is verified, those of a small one afterwards. The
// place of the file and the number of threads do not matter. The limit between large and small is
// another one if there is only one file.
TEST(Engine, StreamsWhatIsLarge) {
  struct Case {
    int64_t kib;
    bool is_alone;
    bool is_large;
  };
  for (const Case& c : {Case{3 << 10, true, false}, Case{5 << 10, true, true},
                        Case{250, false, false}, Case{500, false, true}}) {
    TestFileSystem files;
    std::string damaged = TwoArrays(0, c.kib, 256, true);  // rows of 1 KiB
    const size_t x_entry = damaged.find("PK\x01\x02");
    damaged[x_entry + 16] ^= 1;  // CRC-32, PKWARE APPNOTE 4.3.12
    files.Add("damaged", damaged);
    files.Add("good", TwoArrays(-1, 1, 256, true));
    std::vector<std::vector<std::string>> lists = {{"damaged", "good"}, {"good", "damaged"}};
    if (c.is_alone) lists = {{"damaged"}};
    for (const int num_threads : {0, 2}) {
      for (const std::vector<std::string>& filenames : lists) {
        EngineOptions options;
        options.num_threads = num_threads;
        Engine engine(files, filenames, XAndY(256), options);
        const Delivery delivery = DrainAll(engine, -1'000'000);
        EXPECT_EQ(delivery.errors.size(), 1u);
        const auto rows = static_cast<int64_t>(delivery.values().size() - (filenames.size() - 1));
        if (c.is_large) {
          EXPECT_GT(rows, c.kib / 2) << c.kib;
        } else {
          EXPECT_EQ(rows, 0) << c.kib;
        }
      }
    }
  }
}

TEST(Engine, TheNumberOfThreadsMayChange) {
  TestFileSystem files;
  std::vector<std::string> filenames;
  for (int i = 0; i < 200; ++i) {
    filenames.push_back(std::to_string(i));
    files.Add(filenames.back(), TwoArrays(i, 1, 2, true));
  }
  std::atomic<int> started = 0;
  EngineOptions options;
  options.num_threads = 1;
  options.batch_size = 1;
  options.start_thread = [&started](std::function<void()> body) {
    ++started;
    return StartStdThread()(std::move(body));
  };
  Engine engine(files, filenames, XAndY(2), options);
  std::vector<int64_t> values;
  for (const auto& [num_threads, most] : std::vector<std::pair<int, int>>{{1, 1}, {4, 4}, {2, 4}}) {
    engine.SetNumThreads(num_threads);
    for (int i = 0; i < 50; ++i) {
      const Result<std::optional<Block>> next = engine.Next();
      ASSERT_OK(next);
      CheckBlock(**next, -1, &values);
    }
    EXPECT_EQ(started, most);
  }
  const std::vector<int64_t> rest = DrainAll(engine).values();
  values.insert(values.end(), rest.begin(), rest.end());
  EXPECT_EQ(values, Range(0, 200));
}

TEST(Engine, CancelWakesTheThreadThatWaits) {
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

TEST(Engine, NoFileIsOpenedAfterCancel) {
  TestFileSystem files;
  std::vector<std::string> filenames;
  for (int64_t i = 0; i < 100; ++i) {
    filenames.push_back("f" + std::to_string(i));
    files.Add(filenames.back(), TwoArrays(i, 1, 5, true));
  }
  // The thread is now opening several files in one step. This is not the last of them.
  files.Gate("f20");
  EngineOptions options;
  options.num_threads = 1;
  {
    Engine engine(files, filenames, XAndY(5), options);
    std::thread consumer([&engine] { DrainAll(engine); });
    files.WaitUntilOpened(21);
    engine.Cancel();
    consumer.join();
    files.Lift("f20");
  }
  EXPECT_EQ(files.opened(), 21);
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

TEST(Engine, ManyElementsOfNoBytesTakeNoTime) {
  TestFileSystem files;
  files.Add("a", Npy("<f4", {int64_t{1} << 40, 0}, ""));
  Selection selection;
  selection.keys = {FieldPath()};
  selection.specs = {{ElementType::kFloat32, Shape{0}}};
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
  std::vector<std::string> filenames = {"a"};
  for (int i = 0; i < 500; ++i) filenames.push_back("missing" + std::to_string(i));
  filenames.push_back("a");
  EngineOptions options;
  options.batch_size = 2;
  options.num_threads = 2;
  Engine engine(files, filenames, XAndY(3), options);
  const Delivery delivery = DrainAll(engine);
  EXPECT_EQ(delivery.errors.size(), 500u);
  EXPECT_EQ(delivery.blocks, (std::vector<std::vector<int64_t>>{{0, 0}}));
  EXPECT_EQ(files.opened(), 502);
}

TEST(Engine, ARestartBeforeAnErrorFindsTheErrorAgain) {
  TestFileSystem files;
  // Several blocks of rows. The checksum of y is wrong, and that is found at the end.
  files.Add("a", TwoArrays(0, 20000, 3, false, false, 1));
  Engine engine(files, {"a"}, XAndY(3), EngineOptions());
  Position after;
  Result<std::optional<Block>> next = engine.Next();
  for (; next.ok(); next = engine.Next()) after = (**next).next;
  EXPECT_ERROR(next, kDataLoss, "CRC-32");
  Engine again(files, {"a"}, XAndY(3), EngineOptions(), after);
  EXPECT_ERROR(again.Next(), kDataLoss, "CRC-32");
}

}  // namespace
}  // namespace tf_npz
