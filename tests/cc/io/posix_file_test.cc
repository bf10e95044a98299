#include "cc/io/posix_file.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <thread>
#include <vector>

#include "tests/cc/testing/status_matchers.h"

namespace tf_npz {
namespace {

// Each test has a folder of its own.
class PosixFileTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = ::testing::TempDir() + "/posix_file_test.XXXXXX";
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
  }
  void TearDown() override {
    for (const std::string& path : made_) std::remove(path.c_str());
    rmdir(folder_.c_str());
  }

  std::string Path(const std::string& name) {
    made_.push_back(folder_ + "/" + name);
    return made_.back();
  }
  std::string Write(const std::string& name, const std::string& contents) {
    const std::string path = Path(name);
    std::ofstream(path, std::ios::binary) << contents;
    return path;
  }
  Result<std::unique_ptr<RandomAccessFile>> Open(const std::string& path) {
    return PosixFileSystem().Open(path);
  }
  static Result<std::string> Read(const RandomAccessFile& file, uint64_t offset, size_t size) {
    std::string bytes(size, '\0');
    TF_NPZ_ASSIGN_OR_RETURN(const size_t count, file.Read(offset, bytes.data(), size));
    return bytes.substr(0, count);
  }

  std::string folder_;
  std::vector<std::string> made_;
};

TEST_F(PosixFileTest, ReadsAnyRange) {
  const Result<std::unique_ptr<RandomAccessFile>> file = Open(Write("a", "0123456789"));
  ASSERT_OK(file);
  EXPECT_EQ((*file)->size(), 10u);
  EXPECT_EQ(Read(**file, 0, 10).value(), "0123456789");
  EXPECT_EQ(Read(**file, 4, 3).value(), "456");
  EXPECT_EQ(Read(**file, 8, 100).value(), "89");
  EXPECT_EQ(Read(**file, 10, 1).value(), "");
  EXPECT_EQ(Read(**file, 1000, 1).value(), "");
}

TEST_F(PosixFileTest, OpensEmptyFiles) {
  const Result<std::unique_ptr<RandomAccessFile>> file = Open(Write("a", ""));
  ASSERT_OK(file);
  EXPECT_EQ((*file)->size(), 0u);
}

TEST_F(PosixFileTest, ReadsBeyondFourGiB) {
  const std::string path = Write("a", "");
  constexpr uint64_t kFar = (uint64_t{5} << 30) + 3;
  ASSERT_EQ(truncate(path.c_str(), kFar), 0);  // a hole takes no space on the disk
  std::ofstream(path, std::ios::binary | std::ios::app) << "far";
  const Result<std::unique_ptr<RandomAccessFile>> file = Open(path);
  ASSERT_OK(file);
  EXPECT_EQ((*file)->size(), kFar + 3);
  EXPECT_EQ(Read(**file, kFar - 1, 10).value(), std::string(1, '\0') + "far");
}

TEST_F(PosixFileTest, RefusesAnythingButRegularFiles) {
  EXPECT_ERROR(Open(folder_), kInvalidArgument, "is a directory; it holds no .npz or .npy files");
  EXPECT_ERROR(Open("/dev/zero"), kInvalidArgument, "is not a regular file");
  const std::string fifo = Path("fifo");
  ASSERT_EQ(mkfifo(fifo.c_str(), 0600), 0);
  EXPECT_ERROR(Open(fifo), kInvalidArgument, "is not a regular file");  // and does not hang
}

TEST_F(PosixFileTest, NamesLinksOfGitAnnex) {
  const std::string link = Path("a.npz");
  ASSERT_EQ(symlink("../.git/annex/objects/Xx/9k/MD5E-s9--ab.npz/MD5E-s9--ab.npz", link.c_str()),
            0);
  EXPECT_ERROR(Open(link), kNotFound,
               "can't open: No such file or directory; it is a link of git-annex: run git annex");
  const std::string other = Path("b.npz");
  ASSERT_EQ(symlink("gone", other.c_str()), 0);
  EXPECT_EQ(Open(other).status().message(), "can't open: No such file or directory");
}

TEST_F(PosixFileTest, SaysWhyAFileCannotBeOpened) {
  EXPECT_ERROR(Open(folder_ + "/none"), kNotFound, "can't open: No such file or directory");
  EXPECT_ERROR(Open(""), kNotFound, "can't open");
  EXPECT_ERROR(Open(Write("a", "x") + "/b"), kNotFound, "can't open: Not a directory");
  EXPECT_ERROR(Open(folder_ + "/" + std::string(1000, 'x')), kInvalidArgument,
               "File name too long");
  const std::string loop = Path("loop");
  ASSERT_EQ(symlink("loop", loop.c_str()), 0);
  EXPECT_ERROR(Open(loop), kInvalidArgument, "can't open: Too many levels of symbolic links");
}

TEST_F(PosixFileTest, RefusesANameWithANul) {
  EXPECT_ERROR(Open(Write("a", "x") + std::string("\0.npz", 5)), kInvalidArgument,
               "path holds a NUL byte");
}

TEST_F(PosixFileTest, NeedsPermission) {
  const std::string forbidden = Write("a", "x");
  const std::string allowed = Write("b", "x");
  ASSERT_EQ(chmod(folder_.c_str(), 0755), 0);
  ASSERT_EQ(chmod(forbidden.c_str(), 0), 0);
  ASSERT_EQ(chmod(allowed.c_str(), 0444), 0);
  // Root may read every file, so the test becomes another user for a moment.
  const bool is_root = geteuid() == 0;
  if (is_root) {
    ASSERT_EQ(seteuid(65534), 0);
  }
  const Status refused = Open(forbidden).status();
  const Status opened = Open(allowed).status();
  if (is_root) {
    ASSERT_EQ(seteuid(0), 0);
  }
  EXPECT_ERROR(refused, kPermissionDenied, "can't open: Permission denied");
  EXPECT_OK(opened);
}

// While an object of this class exists, the process may open only a few more files.
class FewDescriptors {
 public:
  FewDescriptors() {
    EXPECT_EQ(getrlimit(RLIMIT_NOFILE, &before_), 0);
    rlimit few = before_;
    few.rlim_cur = 64;
    EXPECT_EQ(setrlimit(RLIMIT_NOFILE, &few), 0);
  }
  ~FewDescriptors() { EXPECT_EQ(setrlimit(RLIMIT_NOFILE, &before_), 0); }

 private:
  rlimit before_;
};

TEST_F(PosixFileTest, HoldsNoDescriptorAfterCloseIdle) {
  const std::string path = Write("a", "0123456789");
  std::vector<std::unique_ptr<RandomAccessFile>> files;
  const FewDescriptors few;  // destroyed first: UBSan needs a descriptor to check a deletion
  for (int i = 0; i < 200; ++i) {
    Result<std::unique_ptr<RandomAccessFile>> file = Open(path);
    ASSERT_OK(file);
    files.push_back(std::move(*file));
    files.back()->CloseIdle();
    files.back()->CloseIdle();
  }
  for (const auto& file : files) {
    EXPECT_EQ(Read(*file, 4, 3).value(), "456");
    file->CloseIdle();
  }
}

TEST_F(PosixFileTest, ReportsThatTooManyFilesAreOpen) {
  const std::string path = Write("a", "0123456789");
  std::vector<std::unique_ptr<RandomAccessFile>> files;
  const FewDescriptors few;  // destroyed first: UBSan needs a descriptor to check a deletion
  Status status;
  while (status.ok() && files.size() < 200) {
    Result<std::unique_ptr<RandomAccessFile>> file = Open(path);
    status = file.status();
    if (file.ok()) files.push_back(std::move(*file));
  }
  EXPECT_ERROR(status, kResourceExhausted, "can't open: Too many open files");
}

TEST_F(PosixFileTest, FindsThatAFileWasReplacedAfterCloseIdle) {
  const std::string path = Write("a", "0123456789");
  const Result<std::unique_ptr<RandomAccessFile>> opened = Open(path);
  ASSERT_OK(opened);
  RandomAccessFile& file = **opened;
  const std::string other = Write("b", "9876543210");
  ASSERT_EQ(std::rename(other.c_str(), path.c_str()), 0);
  EXPECT_EQ(Read(file, 0, 3).value(), "012") << "an open file stays what it is";
  file.CloseIdle();
  EXPECT_ERROR(Read(file, 0, 3), kDataLoss, "file was replaced while it was read");
}

TEST_F(PosixFileTest, FindsThatAFileWasCutOrRemovedAfterCloseIdle) {
  const std::string path = Write("a", "0123456789");
  const Result<std::unique_ptr<RandomAccessFile>> opened = Open(path);
  ASSERT_OK(opened);
  RandomAccessFile& file = **opened;
  file.CloseIdle();
  ASSERT_EQ(truncate(path.c_str(), 5), 0);
  EXPECT_ERROR(Read(file, 0, 3), kDataLoss, "file was replaced while it was read");
  ASSERT_EQ(std::remove(path.c_str()), 0);
  EXPECT_ERROR(Read(file, 0, 3), kNotFound, "can't open: No such file or directory");
}

// The identity of the file at `path`, once it is known.
std::string WaitForIdentity(const std::string& path) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  std::string identity;
  while (identity.empty() && std::chrono::steady_clock::now() < end) {
    identity = PosixFileSystem().Open(path).value()->identity();
    std::this_thread::yield();
  }
  EXPECT_NE(identity, "") << path;
  return identity;
}

TEST_F(PosixFileTest, HasAnIdentityThatEachChangeChanges) {
  const std::string path = Write("a", "0123456789");
  EXPECT_EQ(Open(path).value()->identity(), "") << "it may change again in the same instant";
  const std::string first = WaitForIdentity(path);
  EXPECT_EQ(WaitForIdentity(path), first);
  const std::string other = WaitForIdentity(Write("b", "0123456789"));
  EXPECT_NE(other, first);
  Write("a", "9876543210");
  const std::string second = WaitForIdentity(path);
  EXPECT_NE(second, first);
  ASSERT_EQ(std::rename(Path("b").c_str(), path.c_str()), 0);
  const std::string third = WaitForIdentity(path);
  EXPECT_NE(third, first);
  EXPECT_NE(third, second);
  // A time that is set to look old does not hide a change.
  Write("a", "0000000000");
  const timespec times[] = {{1'000'000'000, 0}, {1'000'000'000, 0}};
  ASSERT_EQ(utimensat(AT_FDCWD, path.c_str(), times, 0), 0);
  EXPECT_EQ(Open(path).value()->identity(), "");
}

TEST(IsSettled, WaitsForTheNextStepOfTheClock) {
  const int64_t second = 1'000'000'000;
  const int64_t now = std::chrono::duration_cast<std::chrono::nanoseconds>(
                          std::chrono::system_clock::now().time_since_epoch())
                          .count();
  const int64_t fine = now - now % second + 1;  // a time that is no whole second
  const int64_t coarse = now - now % second;
  EXPECT_TRUE(IsSettled(fine - 2 * second));
  EXPECT_FALSE(IsSettled(fine + 100 * second)) << "in the future";
  EXPECT_FALSE(IsSettled(now - now % second == now ? now - 1 : now));
  EXPECT_FALSE(IsSettled(coarse - second));
  EXPECT_TRUE(IsSettled(coarse - 10 * second));
  EXPECT_FALSE(IsSettled(0)) << "unknown";
  EXPECT_FALSE(IsSettled(-1));
}

TEST_F(PosixFileTest, ReadsWhileAnotherThreadCallsCloseIdle) {
  const Result<std::unique_ptr<RandomAccessFile>> file = Open(Write("a", "0123456789"));
  ASSERT_OK(file);
  std::atomic<bool> done{false};
  std::thread closer([&] {
    while (!done) (*file)->CloseIdle();
  });
  for (int i = 0; i < 1000; ++i) EXPECT_EQ(Read(**file, 4, 3).value(), "456");
  done = true;
  closer.join();
}

TEST_F(PosixFileTest, ServesSeveralThreadsAtOnce) {
  std::string contents;
  for (int i = 0; i < 1000; ++i) contents += std::to_string(i) + ",";
  const Result<std::unique_ptr<RandomAccessFile>> opened = Open(Write("a", contents));
  ASSERT_OK(opened);
  const RandomAccessFile& file = **opened;
  (*opened)->CloseIdle();  // so the first reads open it again at the same time
  std::vector<std::thread> threads;
  for (size_t t = 0; t < 4; ++t) {
    threads.emplace_back([&file, &contents, t] {
      for (size_t offset = t; offset < contents.size(); offset += 7) {
        EXPECT_EQ(Read(file, offset, 11).value(), contents.substr(offset, 11));
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
}

}  // namespace
}  // namespace tf_npz
