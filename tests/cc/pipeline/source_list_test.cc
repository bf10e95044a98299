#include "cc/pipeline/source_list.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cc/pipeline/checkpoint.h"
#include "cc/pipeline/dataset.h"
#include "cc/reader/source.h"
#include "cc/reader/source_name.h"
#include "tests/cc/pipeline/engine_testing.h"
#include "tests/cc/testing/reading.h"
#include "tests/cc/testing/status_matchers.h"

namespace tf_npz {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using std::string_literals::operator""s;

// An array of one int64.
std::string Number(int64_t number) { return Npy("<i8", {}, BytesOf(std::vector<int64_t>{number})); }

// An archive with the arrays `first` to `last`, named by their numbers.
std::string Numbers(int64_t first, int64_t last, bool deflated = false) {
  std::vector<ZipMember> members;
  for (int64_t i = first; i <= last; ++i) {
    members.push_back(Member(std::to_string(i) + ".npy", Number(i), deflated));
  }
  return WriteZip(std::move(members));
}

Selection EachNumber() {
  Selection selection;
  selection.keys = {{}};
  selection.specs = {{ElementType::kInt64, Shape{}}};
  selection.rows = false;
  selection.each_array = true;
  return selection;
}

TEST(SourceName, HoldsAPathAndAMember) {
  const struct {
    std::string source, path;
    std::optional<std::string> member;
    std::string label, without_folders;
  } cases[] = {
      {"a/b.npz", "a/b.npz", std::nullopt, "a/b.npz", "b.npz"},
      {SourceOf("a/b.npz", "c/d.npy"), "a/b.npz", "c/d.npy", "a/b.npz[\"c/d\"]", "b.npz\0c/d.npy"s},
      {SourceOf("b.npz", ""), "b.npz", "", "b.npz[\"\"]", "b.npz\0"s},
      {SourceOf("b.npz", "\n.npy"), "b.npz", "\n.npy", "b.npz[\"\\x0a\"]", "b.npz\0\n.npy"s},
      {"", "", std::nullopt, "", ""},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.label);
    EXPECT_EQ(PathOf(c.source), c.path);
    EXPECT_EQ(MemberOf(c.source), c.member);
    EXPECT_EQ(SourceLabel(c.source), c.label);
    EXPECT_EQ(WithoutFolders(c.source), c.without_folders);
  }
}

TEST(ListSources, NamesTheArraysOfEachFileInOrder) {
  TestFileSystem files;
  files.Add("a.npz", WriteZip({Member("b.npy", Number(1)), Member("__MACOSX/._b.npy", "fork"),
                               Member("a.npy", Number(2)), Member("text", "text"),
                               Member("b.npy", Number(3))}));
  files.Add("empty.npz", WriteZip(ZipArchive()));
  files.Add("array.npy", Number(4));
  files.Add("text.npz", WriteZip({Member("text", "text")}));
  files.Add("damaged.npz", "PK\x03\x04");
  const std::vector<std::string> names = {"a.npz",    "empty.npz",   "array.npy",
                                          "text.npz", "damaged.npz", "missing.npz"};
  for (const int threads : {1, 8}) {
    EXPECT_THAT(ListSources(files, names, threads, StartStdThread()),
                ElementsAre(SourceOf("a.npz", "a.npy"), SourceOf("a.npz", "b.npy"), "array.npy",
                            "text.npz", "damaged.npz", "missing.npz"));
  }
  EXPECT_THAT(ListSources(files, {"empty.npz"}, 1, StartStdThread()), IsEmpty());
}

TEST(OpenSource, SharesTheArchiveOfOneFile) {
  TestFileSystem files;
  for (int64_t i = 0; i < 20; ++i) files.Add(std::to_string(i), Numbers(0, 9));
  SharedArchives archives(files, BufferPool::New(0));
  const Selection selection = EachNumber();
  const auto open = [&](const std::string& file, int64_t member) {
    const std::string source = SourceOf(file, std::to_string(member) + ".npy");
    return OpenSource(files, source, selection, TestOptions(), nullptr, &archives).value();
  };
  std::vector<SelectedArrays> opened;
  for (int64_t member = 0; member < 10; ++member) opened.push_back(open("0", member));
  EXPECT_EQ(files.opened(), 1);
  for (int64_t member = 0; member < 10; ++member) {
    EXPECT_EQ(ReadWhole(*opened[member].arrays[0].reader).value(),
              BytesOf(std::vector<int64_t>{member}));
  }
  // Sixteen are kept, those that were used last.
  for (int i = 1; i < 20; ++i) open(std::to_string(i), 3);
  EXPECT_EQ(files.opened(), 20);
  open("19", 4);
  open("5", 4);
  EXPECT_EQ(files.opened(), 20);
  open("0", 4);
  EXPECT_EQ(files.opened(), 21);
  // Without sharing each source opens its file.
  for (int i = 0; i < 3; ++i) {
    EXPECT_OK(OpenSource(files, SourceOf("0", "1.npy"), selection, TestOptions()));
  }
  EXPECT_EQ(files.opened(), 24);
}

TEST(OpenSource, SaysThatAFileIsNotWhatWasListed) {
  TestFileSystem files;
  files.Add("npz", Numbers(0, 1));
  files.Add("npy", Number(0));
  files.Add("text", WriteZip({Member("text", "text")}));
  const struct {
    std::string source;
    Code code;
    const char* fragment;
  } cases[] = {
      {SourceOf("npz", "2.npy"), Code::kInvalidArgument,
       "npz: has no array \"2.npy\" (it has \"0\", \"1\")"},
      {"npz", Code::kInvalidArgument, "npz: has changed since its arrays were listed"},
      {SourceOf("npy", "0.npy"), Code::kInvalidArgument, "npy: has changed since its arrays"},
      {"text", Code::kInvalidArgument, "text: holds no arrays"},
      {SourceOf("none", "0.npy"), Code::kNotFound, "none: no such file"},
  };
  for (const auto& c : cases) {
    const Status status = OpenSource(files, c.source, EachNumber(), TestOptions()).status();
    EXPECT_EQ(status.code(), c.code) << c.source;
    EXPECT_THAT(status.message(), ::testing::HasSubstr(c.fragment));
  }
}

// The numbers that `dataset` delivers from `start` on.
std::vector<int64_t> Drain(Dataset& dataset, int num_threads, Position start = {}) {
  EngineOptions options = dataset.options();
  options.num_threads = num_threads;
  const std::unique_ptr<Engine> engine = dataset.NewEngine(options, start);
  std::vector<int64_t> numbers;
  while (true) {
    Result<std::optional<Block>> block = engine->Next();
    EXPECT_OK(block);
    if (!block.ok() || !block->has_value()) return numbers;
    for (int64_t i = 0; i < (*block)->count; ++i) {
      numbers.push_back(ValueAt<int64_t>((*block)->arrays[0], i));
    }
  }
}

TEST(DatasetOfEachArray, TreatsArraysAsFiles) {
  TestFileSystem files;
  files.Add("a", Numbers(0, 49));
  files.Add("b", WriteZip(ZipArchive()));
  files.Add("c", Number(50));
  files.Add("d", Numbers(51, 99, /*deflated=*/true));
  for (const int64_t batch_size : {0, 7}) {
    EngineOptions options;
    options.batch_size = batch_size;
    options.pool = BufferPool::New(size_t{16} << 20);
    for (const int64_t shards : {1, 3}) {
      for (int64_t shard = 0; shard < shards; ++shard) {
        Dataset dataset(files, {"a", "b", "c", "d"}, {}, EachNumber(), options, {shards, shard});
        std::vector<int64_t> expected;
        for (int64_t i = shard; i < 100; i += shards) expected.push_back(i);
        for (const int threads : {0, 2, 8}) EXPECT_EQ(Drain(dataset, threads), expected);
        const auto count = static_cast<int64_t>(expected.size());
        EXPECT_EQ(dataset.CountBlocks(4), batch_size == 0 ? count : (count + 6) / 7);
        for (int64_t skipped = 0; skipped <= count; skipped += 11) {
          int64_t passed = 0;
          const Position position = dataset.Seek({}, skipped, &passed);
          EXPECT_EQ(passed, skipped);
          EXPECT_EQ(Drain(dataset, 2, position),
                    std::vector<int64_t>(expected.begin() + skipped, expected.end()));
        }
        const Result<Block> block = dataset.BlockAt(2);
        ASSERT_OK(block);
        EXPECT_EQ(ValueAt<int64_t>(block->arrays[0], 0), expected[batch_size == 0 ? 2 : 14]);
      }
    }
  }
}

TEST(DatasetOfEachArray, ListsArraysOnlyIfItMayReadTheDirectories) {
  TestFileSystem files;
  files.Add("a", Numbers(0, 9));
  files.Add("b", Numbers(10, 19));
  Dataset dataset(files, {"a", "b"}, {}, EachNumber(), {}, {});
  EXPECT_EQ(dataset.CountBlocks(1), std::nullopt);
  EXPECT_EQ(files.opened(), 0);
  EXPECT_EQ(dataset.CountBlocks(2), 20);
  EXPECT_EQ(files.opened(), 2);
  EXPECT_EQ(dataset.CountBlocks(0), 20);
  EXPECT_EQ(dataset.filenames().size(), 20u);
  EXPECT_EQ(files.opened(), 2);
}

TEST(DatasetOfEachArray, MayHaveNoElements) {
  TestFileSystem files;
  files.Add("a", WriteZip(ZipArchive()));
  for (const int64_t batch_size : {0, 3}) {
    EngineOptions options;
    options.batch_size = batch_size;
    for (const Shard shard : {Shard{1, 0}, Shard{2, 1}}) {
      Dataset dataset(files, {"a"}, {}, EachNumber(), options, shard);
      for (const int threads : {0, 2}) EXPECT_THAT(Drain(dataset, threads), IsEmpty());
      EXPECT_EQ(dataset.CountBlocks(10), 0);
    }
  }
}

TEST(Checkpoint, KnowsTheArrayAtItsPosition) {
  const std::vector<std::string> sources = {SourceOf("x/a.npz", "1.npy"),
                                            SourceOf("x/a.npz", "f/2.npy")};
  const int64_t crc = CrcOfNames(sources);
  const Checkpoint checkpoint = CheckpointAt({1, 0}, sources, 1, crc);
  EXPECT_EQ(checkpoint.file_name, "a.npz\0f/2.npy"s);
  std::vector<std::string> moved = {SourceOf("y/a.npz", "1.npy"), SourceOf("y/a.npz", "f/2.npy")};
  EXPECT_OK(ValidateCheckpoint(checkpoint, moved, 1, CrcOfNames(moved)));
  moved[1] = SourceOf("y/a.npz", "2.npy");
  EXPECT_ERROR(ValidateCheckpoint(checkpoint, moved, 1, CrcOfNames(moved)), kInvalidArgument,
               "but the list now has");
}

}  // namespace
}  // namespace tf_npz
