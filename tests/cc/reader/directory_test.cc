#include "cc/reader/directory.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "tests/cc/testing/reading.h"
#include "tests/cc/testing/status_matchers.h"

namespace tf_npz {
namespace {

using ::testing::ElementsAre;
using ::testing::Pair;

// An archive of members with these names.
std::string NpzWithNames(const std::vector<std::string>& names) {
  std::vector<ZipMember> members;
  for (const std::string& name : names) members.push_back(Member(name, "contents"));
  return WriteZip(std::move(members));
}

// A file of `contents` that counts its reads.
class CountedFile : public RandomAccessFile {
 public:
  CountedFile(std::string contents, std::string identity)
      : contents_(std::move(contents)),
        file_(NewMemoryFile(contents_)),
        identity_(std::move(identity)) {}
  Result<size_t> Read(uint64_t offset, void* destination, size_t size) const override {
    ++reads;
    return file_->Read(offset, destination, size);
  }
  uint64_t size() const override { return file_->size(); }
  std::string identity() const override { return identity_; }

  mutable int reads = 0;

 private:
  const std::string contents_;
  const std::unique_ptr<RandomAccessFile> file_;
  const std::string identity_;
};

TEST(Directory, FindsTheMembersThatNumpyFinds) {
  const CountedFile file(NpzWithNames({"a.npy", "b", "b.npy", "c.npy", "c.npy", "d.npy.npy", ""}),
                         "");
  const auto directory = Directory::Read(file).value();
  const std::vector<ZipEntry>& members = directory->members();
  ASSERT_EQ(members.size(), 7u);
  const struct {
    const char* name;
    const ZipEntry* found;
  } cases[] = {
      {"a", &members[0]},     {"a.npy", &members[0]},
      {"b", &members[1]},     {"b.npy", &members[2]},
      {"c", &members[4]},     {"c.npy", &members[4]},
      {"d.npy", &members[5]}, {"d.npy.npy", &members[5]},
      {"", &members[6]},      {"d", nullptr},
      {"A", nullptr},         {"a.np", nullptr},
      {"zzz", nullptr},       {"a.npy.npy", nullptr},
  };
  for (const auto& c : cases) EXPECT_EQ(directory->Find(c.name), c.found) << c.name;
  EXPECT_THAT(directory->Named(),
              ElementsAre(Pair("a", &members[0]), Pair("b", &members[1]), Pair("c", &members[4]),
                          Pair("d.npy", &members[5]), Pair("", &members[6])));
  EXPECT_EQ(Directory().Find("a"), nullptr);
}

TEST(DirectoryCache, ReadsAFileAgainIfItsPathOrItsIdentityIsAnother) {
  DirectoryCache cache(1 << 20);
  const struct {
    const char* path;
    const char* identity;
    bool is_read;
  } steps[] = {
      {"a", "1", true},  {"a", "1", false}, {"b", "1", true}, {"a", "2", true},
      {"a", "2", false}, {"a", "1", false}, {"a", "", true},  {"a", "", true},
  };
  for (const auto& step : steps) {
    SCOPED_TRACE(std::string(step.path) + " " + step.identity);
    const std::string name = std::string(step.path) + step.identity;
    const CountedFile file(NpzWithNames({name}), step.identity);
    const auto directory = cache.Read(step.path, file);
    ASSERT_OK(directory);
    EXPECT_EQ(file.reads > 0, step.is_read);
    EXPECT_NE((*directory)->Find(name), nullptr);
  }
}

TEST(DirectoryCache, KeepsNoMoreThanItsLimits) {
  const CountedFile large(NpzWithNames(std::vector<std::string>(1000, "x.npy")), "large");
  const uint64_t size = Directory::Read(large).value()->memory_size();
  EXPECT_GT(size, 100'000u);

  DirectoryCache small(size - 1);
  ASSERT_OK(small.Read("large", large));
  large.reads = 0;
  ASSERT_OK(small.Read("large", large));
  EXPECT_GT(large.reads, 0) << "larger than the cache";

  DirectoryCache cache(size + 10'000);
  ASSERT_OK(cache.Read("large", large));
  large.reads = 0;
  ASSERT_OK(cache.Read("large", large));
  EXPECT_EQ(large.reads, 0);
  // The one that was used longest ago goes.
  for (int i = 0; i < 64; ++i) {
    const std::string name = std::to_string(i);
    ASSERT_OK(cache.Read(name, CountedFile(NpzWithNames({name}), name)));
    if (i % 8 == 0) {
      ASSERT_OK(cache.Read("large", large));
    }
  }
  const CountedFile first(NpzWithNames({"0"}), "0");
  ASSERT_OK(cache.Read("0", first));
  EXPECT_GT(first.reads, 0);
  ASSERT_OK(cache.Read("large", large));
  EXPECT_EQ(large.reads, 0);
}

TEST(DirectoryCache, KeepsNoErrors) {
  DirectoryCache cache(1 << 20);
  const CountedFile damaged("PK\x03\x04 and nothing else", "1");
  for (int i = 0; i < 2; ++i) {
    EXPECT_ERROR(cache.Read("a", damaged), kDataLoss, "no end of central directory record");
  }
  ASSERT_OK(cache.Read("a", CountedFile(NpzWithNames({"x"}), "1")));
}

TEST(DirectoryCache, ServesSeveralThreadsAtOnce) {
  DirectoryCache cache(20'000);
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&cache, t] {
      for (int i = 0; i < 500; ++i) {
        const std::string name = std::to_string((i * (t + 1)) % 100);
        const auto directory = cache.Read(name, CountedFile(NpzWithNames({name}), name));
        ASSERT_OK(directory);
        EXPECT_NE((*directory)->Find(name), nullptr);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
}

}  // namespace
}  // namespace tf_npz
