// Counts the requests for reading remote archives.

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "cc/io/read_ahead_file.h"
#include "cc/reader/inspect.h"
#include "tests/cc/pipeline/engine_testing.h"
#include "tests/cc/testing/gzip_writer.h"
#include "tests/cc/testing/reading.h"
#include "tests/cc/testing/remote_file.h"
#include "tests/cc/testing/status_matchers.h"

namespace tf_npz {
namespace {

constexpr int64_t kMiB = int64_t{1} << 20;

// A file system that has `contents` under any name.
class RemoteFileSystem : public FileSystem {
 public:
  RemoteFileSystem(std::string_view contents, Remote* remote)
      : contents_(contents), remote_(remote) {}
  Result<std::unique_ptr<RandomAccessFile>> Open(const std::string&) const override {
    return NewReadAheadFile(std::make_unique<RemoteFile>(NewMemoryFile(contents_), remote_));
  }

 private:
  const std::string_view contents_;
  Remote* const remote_;
};

// An array of `size` bytes, plus a header. Deflate makes it half as large.
std::string ArrayOf(int64_t size, uint32_t seed = 1) {
  std::string data = Noise(size, seed);
  for (char& byte : data) byte &= 0x0F;
  return Npy("|u1", {size}, data);
}

std::string NpzOfArrays(int count, int64_t size, bool deflated) {
  std::vector<ZipMember> members;
  for (int i = 0; i < count; ++i) {
    members.push_back(Member("x" + std::to_string(i) + ".npy", ArrayOf(size, i + 1), deflated));
  }
  return WriteZip(std::move(members));
}

// The array x0 of an npz, or the only array of an npy.
std::unique_ptr<ArrayReader> OpenFirst(const std::shared_ptr<Archive>& archive) {
  FieldPath key;
  if (archive->is_npz()) key.push_back("x0");
  const Selection selection = {{key}, {{ElementType::kUInt8, std::nullopt}}, true};
  Result<SelectedArrays> selected = OpenSelection(archive, selection, TestOptions());
  EXPECT_OK(selected);
  return std::move(selected->arrays[0].reader);
}

TEST(RemoteArchive, OpensInFewRequests) {
  const struct {
    const char* name;
    std::string contents;
    size_t to_open;        // the archive
    size_t to_first_data;  // and an array, and read its first bytes
  } cases[] = {
      {"small", NpzOfArrays(1, 60'000, false), 1, 1},
      {"a single window", NpzOfArrays(3, 300'000, false), 1, 1},
      {"a single window, deflated", NpzOfArrays(3, 300'000, true), 1, 1},
      {"npz", NpzOfArrays(1, 4 * kMiB, false), 2, 2},
      {"npz, deflated", NpzOfArrays(1, 4 * kMiB, true), 2, 3},
      {"npz of many arrays", NpzOfArrays(500, 30'000, false), 2, 2},
      {"npz of more than its end holds", NpzOfArrays(3000, 1'000, false), 3, 3},
      {"npy", ArrayOf(4 * kMiB), 1, 1},
      {"npy in gzip", Gzip(ArrayOf(4 * kMiB), 1), 2, 2},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    Remote remote;
    const RemoteFileSystem files(c.contents, &remote);
    const Result<std::shared_ptr<Archive>> archive = Archive::Open(files, "f");
    ASSERT_OK(archive);
    EXPECT_EQ(remote.requests().size(), c.to_open);
    const std::unique_ptr<ArrayReader> array = OpenFirst(*archive);
    EXPECT_OK(ReadElements(*array, 0, 1000));
    EXPECT_EQ(remote.requests().size(), c.to_first_data);
    for (const Request& request : remote.requests()) {
      EXPECT_LE(request.size, std::max<size_t>(kMaxWholeFile, kMaxZipTailSize));
    }
  }
}

TEST(RemoteArchive, IsReadInLargeRequests) {
  const std::string stored = NpzOfArrays(1, 24 * kMiB, false);
  const std::string deflated = NpzOfArrays(1, 24 * kMiB, true);
  const std::string npy = ArrayOf(24 * kMiB);
  const std::string gzip = Gzip(ArrayOf(24 * kMiB), 1);
  const struct {
    const char* name;
    std::string_view contents;
    int64_t step;  // rows read at once; 0: the whole array
  } cases[] = {
      {"stored, in blocks", stored, kMiB},
      {"stored, in rows", stored, 10'000},
      {"stored, whole", stored, 0},
      {"deflated, in blocks", deflated, kMiB},
      {"deflated, in rows", deflated, 10'000},
      {"deflated, whole", deflated, 0},
      {"npy, in blocks", npy, kMiB},
      {"npy, in rows", npy, 10'000},
      {"npy, whole", npy, 0},
      {"gzip, in blocks", gzip, kMiB},
      {"gzip, whole", gzip, 0},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    Remote remote;
    const RemoteFileSystem files(c.contents, &remote);
    const Result<std::shared_ptr<Archive>> archive = Archive::Open(files, "f");
    ASSERT_OK(archive);
    const std::unique_ptr<ArrayReader> array = OpenFirst(*archive);
    const Result<std::string> data = c.step > 0 ? ReadInSteps(*array, c.step) : ReadWhole(*array);
    ASSERT_OK(data);
    EXPECT_EQ(data->size(), static_cast<size_t>(24 * kMiB));
    EXPECT_LE(remote.requests().size(), c.contents.size() / kMaxWindow + 9);
    size_t requested = 0;
    for (const Request& request : remote.requests()) requested += request.size;
    EXPECT_LE(requested, c.contents.size() + 4 * kMaxZipTailSize);
  }
}

TEST(RemoteArchive, IsInspectedInFewRequests) {
  const struct {
    const char* name;
    std::string contents;
    size_t most;
  } cases[] = {
      {"few large members", NpzOfArrays(4, 4 * kMiB, false), 2 + 3},
      {"many small members", NpzOfArrays(2000, 10'000, false), 2 + 15},
      // Reading a stream begins twice. If the beginning is after the end of a window, that takes a
      // small window.
      {"many small members, deflated", NpzOfArrays(2000, 10'000, true), 2 + 2 * 9},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    Remote remote;
    const RemoteFileSystem files(c.contents, &remote);
    const Result<std::shared_ptr<Archive>> archive = Archive::Open(files, "f");
    ASSERT_OK(archive);
    for (const MemberFacts& facts : InspectArchive(*archive)) EXPECT_OK(facts.status);
    EXPECT_LE(remote.requests().size(), c.most);
  }
}

// The threads of the engine read all arrays of a file at once.
TEST(RemoteArchive, IsReadByAnEngineInLargeRequests) {
  for (const bool deflated : {false, true}) {
    SCOPED_TRACE(deflated);
    constexpr int64_t kRows = 30'000;
    const std::string contents = TwoArrays(0, kRows, 100, deflated);
    Remote remote;
    const RemoteFileSystem files(contents, &remote);
    for (const uint64_t memory_limit : {uint64_t{1} << 20, EngineOptions::kDefaultMemoryLimit}) {
      remote.TakeRequests();
      EngineOptions options;
      options.num_threads = 2;
      options.batch_size = 100;
      options.memory_limit = memory_limit;
      Engine engine(files, {"a", "b"}, XAndY(100), options);
      const Delivery delivery = DrainAll(engine);
      for (const Status& status : delivery.errors) EXPECT_OK(status);
      EXPECT_EQ(delivery.values().size(), static_cast<size_t>(2 * kRows));
      EXPECT_LE(remote.requests().size(), 2 * (contents.size() / kMaxWindow + 24));
    }
  }
}

}  // namespace
}  // namespace tf_npz
