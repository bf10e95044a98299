#include "cc/io/file.h"

#include <gtest/gtest.h>

#include "tests/cc/testing/status_matchers.h"

namespace tf_npz {
namespace {

TEST(MemoryFile, ReadsUpToItsEnd) {
  const std::string contents = "0123456789";
  const std::unique_ptr<RandomAccessFile> file = NewMemoryFile(contents);
  EXPECT_EQ(file->size(), 10u);
  const struct {
    uint64_t offset;
    size_t size;
    const char* read;
  } cases[] = {
      {0, 10, "0123456789"},
      {0, 3, "012"},
      {7, 3, "789"},
      {7, 4, "789"},
      {10, 1, ""},
      {UINT64_MAX, 10, ""},
      {3, SIZE_MAX, "3456789"},
      {5, 0, ""},
  };
  for (const auto& c : cases) {
    char bytes[16];
    const Result<size_t> count = file->Read(c.offset, bytes, c.size);
    ASSERT_OK(count);
    EXPECT_EQ(std::string(bytes, *count), c.read) << c.offset;
  }
}

TEST(MemoryFile, OwnsTheBytesOfReadToMemory) {
  std::string contents(100, 'x');
  Result<std::unique_ptr<RandomAccessFile>> read =
      ReadToMemory(*NewMemoryFile(contents), *BufferPool::New(0));
  ASSERT_OK(read);
  const std::unique_ptr<RandomAccessFile> file = std::move(*read);
  contents.assign(100, 'y');
  char byte;
  ASSERT_OK(ReadExactly(*file, 99, &byte, 1));
  EXPECT_EQ(byte, 'x');
  file->CloseIdle();
  EXPECT_OK(ReadExactly(*file, 0, &byte, 1));
}

TEST(MemoryFile, MayBeEmpty) {
  const std::unique_ptr<RandomAccessFile> file = NewMemoryFile(std::string_view());
  EXPECT_EQ(file->size(), 0u);
  char byte;
  EXPECT_EQ(file->Read(0, &byte, 1).value(), 0u);
}

TEST(ReadExactly, ReadsAllOrSaysWhereTheFileEnds) {
  const std::unique_ptr<RandomAccessFile> file = NewMemoryFile(std::string_view("0123456789"));
  char bytes[10];
  ASSERT_OK(ReadExactly(*file, 2, bytes, 8));
  EXPECT_EQ(std::string(bytes, 8), "23456789");
  EXPECT_ERROR(ReadExactly(*file, 2, bytes, 10), kDataLoss,
               "file ends at byte 10 (expected 2 more)");
  EXPECT_OK(ReadExactly(*file, 10, bytes, 0));
}

class FailingFile : public RandomAccessFile {
 public:
  Result<size_t> Read(uint64_t, void*, size_t) const override { return Unavailable("not now"); }
  uint64_t size() const override { return 10; }
};

TEST(ReadExactly, PassesOnTheErrorOfTheFile) {
  char byte;
  EXPECT_ERROR(ReadExactly(FailingFile(), 0, &byte, 1), kUnavailable, "not now");
}

}  // namespace
}  // namespace tf_npz
