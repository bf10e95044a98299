#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "cc/io/file.h"
#include "cc/io/posix_file.h"
#include "tests/cc/testing/status_matchers.h"

namespace tf_npz {
namespace {

namespace fs = std::filesystem;

// What is true of every file system: it only opens files.
class OpeningFileSystem : public FileSystem {
 public:
  Result<std::unique_ptr<RandomAccessFile>> Open(const std::string& path) const override {
    return PosixFileSystem().Open(path);
  }
};

// A folder of its own for each test, which runs for both kinds of readers.
class WholeFileReaderTest : public ::testing::TestWithParam<bool> {
 protected:
  void SetUp() override {
    std::string pattern = ::testing::TempDir() + "/whole_file_reader_test.XXXXXX";
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
    if (GetParam()) {
      file_system_ = std::make_unique<PosixFileSystem>();
    } else {
      file_system_ = std::make_unique<OpeningFileSystem>();
    }
    reader_ = file_system_->NewWholeFileReader();
  }
  void TearDown() override { fs::remove_all(folder_); }

  std::string Write(const std::string& name, const std::string& contents) {
    const fs::path path = fs::path(folder_) / name;
    fs::create_directories(path.parent_path());
    std::ofstream(path, std::ios::binary) << contents;
    return path;
  }
  // The `size` bytes of a file, the first of which go apart.
  Result<std::string> Read(const std::string& path, size_t size, size_t apart = 2) {
    apart = std::min(apart, size);
    std::string first(apart, '-');
    std::string second(size - apart, '-');
    TF_NPZ_RETURN_IF_ERROR(
        reader_->Read(path, {first.data(), first.size()}, {second.data(), second.size()}));
    return first + second;
  }
  static ptrdiff_t OpenDescriptors() {
    return std::distance(fs::directory_iterator("/proc/self/fd"), fs::directory_iterator());
  }

  std::string folder_;
  std::unique_ptr<FileSystem> file_system_;
  std::unique_ptr<WholeFileReader> reader_;
};

TEST_P(WholeFileReaderTest, ReadsIntoTwoPlaces) {
  const std::string path = Write("a", "0123456789");
  for (const size_t apart : {0, 1, 7, 10}) {
    const Result<std::string> read = Read(path, 10, apart);
    ASSERT_OK(read);
    EXPECT_EQ(*read, "0123456789");
  }
  EXPECT_EQ(Read(Write("empty", ""), 0).value(), "");
}

TEST_P(WholeFileReaderTest, RefusesAFileOfAnotherSize) {
  const std::string path = Write("a", "0123456789");
  EXPECT_ERROR(Read(path, 11), kDataLoss, "file of 10 bytes (expected 11)");
  EXPECT_ERROR(Read(path, 9), kDataLoss, "file of 10 bytes (expected 9)");
  EXPECT_ERROR(Read(path, 0), kDataLoss, "file of 10 bytes (expected 0)");
  EXPECT_EQ(Read(path, 10).value(), "0123456789");
}

TEST_P(WholeFileReaderTest, ReadsFilesOfSeveralFolders) {
  const auto number = [](int i) { return std::to_string(100 + i); };
  std::vector<std::string> paths;
  for (int i = 0; i < 60; ++i) {
    // Some alone in theirs, and some in a row; one folder's name begins like another's.
    const std::string folder = i < 20 ? "a/" : i < 40 ? (i % 2 == 0 ? "a/" : "ab/") : "a/b/c/";
    paths.push_back(Write(folder + number(i), number(i)));
  }
  for (int i = 0; i < 60; ++i) {
    const Result<std::string> read = Read(paths[i], 3);
    ASSERT_OK(read);
    EXPECT_EQ(*read, number(i));
  }
}

TEST_P(WholeFileReaderTest, TakesNamesForWhatTheyAre) {
  Write("a/b/file", "1234");
  Write("file", "5678");
  fs::create_directory_symlink(folder_ + "/a/b", folder_ + "/link");
  for (int times = 0; times < 3; ++times) {
    EXPECT_EQ(Read(folder_ + "/a/b/file", 4).value(), "1234");
    EXPECT_EQ(Read(folder_ + "/link/file", 4).value(), "1234");
    EXPECT_EQ(Read(folder_ + "/a//b/./file", 4).value(), "1234");
  }
  for (int times = 0; times < 3; ++times) {
    EXPECT_EQ(Read(folder_ + "/a/../file", 4).value(), "5678");
  }
  const fs::path before = fs::current_path();
  fs::current_path(folder_ + "/a/b");
  for (int times = 0; times < 3; ++times) {
    EXPECT_EQ(Read("file", 4).value(), "1234");
  }
  EXPECT_EQ(Read("../../file", 4).value(), "5678");
  EXPECT_EQ(Read("../../file", 4).value(), "5678");
  EXPECT_EQ(Read("file", 4).value(), "1234");
  fs::current_path(before);
}

TEST_P(WholeFileReaderTest, SaysWhyAFileCannotBeRead) {
  const std::string path = Write("folder/a", "01");
  const std::string fifo = folder_ + "/folder/fifo";
  ASSERT_EQ(mkfifo(fifo.c_str(), 0600), 0);
  for (int times = 0; times < 3; ++times) {
    EXPECT_EQ(Read(path, 2).value(), "01");
    EXPECT_ERROR(Read(folder_ + "/folder/none", 2), kNotFound, "No such file or directory");
    EXPECT_ERROR(Read(folder_ + "/none/a", 2), kNotFound, "No such file or directory");
    EXPECT_ERROR(Read(folder_ + "/folder/", 2), kInvalidArgument, "is a directory");
    EXPECT_ERROR(Read(folder_ + "/folder", 2), kInvalidArgument, "is a directory");
    EXPECT_ERROR(Read(path + "/a", 2), kNotFound, "Not a directory");
    EXPECT_ERROR(Read("", 2), kNotFound, "can't open");
    EXPECT_ERROR(Read(path + std::string("\0.npy", 5), 2), kInvalidArgument, "NUL byte");
    EXPECT_ERROR(Read(fifo, 2), kInvalidArgument, "is not a regular file");  // and does not hang
    EXPECT_ERROR(Read("/dev/zero", 2), kInvalidArgument, "is not a regular file");
    EXPECT_ERROR(Read("/dev/null", 0), kInvalidArgument, "is not a regular file");
  }
}

TEST_P(WholeFileReaderTest, LeavesNothingOpen) {
  const ptrdiff_t before = OpenDescriptors();
  for (int i = 0; i < 20; ++i) {
    const std::string path = Write(std::to_string(i / 2) + "/a", "01");
    EXPECT_OK(Read(path, 2));
    EXPECT_OK(Read(path, 2));
    EXPECT_ERROR(Read(path, 3), kDataLoss, "expected 3");
    EXPECT_ERROR(Read(path + "none", 2), kNotFound, "can't open");
    EXPECT_LE(OpenDescriptors(), before + 1);
  }
  reader_.reset();
  EXPECT_EQ(OpenDescriptors(), before);
}

INSTANTIATE_TEST_SUITE_P(, WholeFileReaderTest, ::testing::Bool(), [](const auto& info) {
  return info.param ? "OfTheOperatingSystem" : "ByOpening";
});

}  // namespace
}  // namespace tf_npz
