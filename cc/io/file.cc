#include "cc/io/file.h"

#include <algorithm>
#include <chrono>
#include <cstring>
#include <utility>

namespace tf_npz {
namespace {

constexpr int64_t kSecond = 1'000'000'000;  // nanoseconds

// Longer than a step of the clock of a file system: one that counts in seconds or pairs of them,
// and any other.
constexpr int64_t kCoarseStep = 3 * kSecond;
constexpr int64_t kFineStep = kSecond / 10;

class MemoryFile : public RandomAccessFile {
 public:
  explicit MemoryFile(std::string_view contents) : contents_(contents) {}
  explicit MemoryFile(Buffer contents)
      : owned_(std::move(contents)), contents_(owned_.data(), owned_.size()) {}

  Result<size_t> Read(uint64_t offset, void* destination, size_t size) const override {
    if (offset >= contents_.size()) return size_t{0};
    const size_t count = std::min<size_t>(size, contents_.size() - offset);
    std::memcpy(destination, contents_.data() + offset, count);
    return count;
  }

  uint64_t size() const override { return contents_.size(); }

 private:
  const Buffer owned_;
  const std::string_view contents_;
};

class OwnedFile : public RandomAccessFile {
 public:
  explicit OwnedFile(std::string contents) : contents_(std::move(contents)), file_(contents_) {}

  Result<size_t> Read(uint64_t offset, void* destination, size_t size) const override {
    return file_.Read(offset, destination, size);
  }

  uint64_t size() const override { return file_.size(); }

 private:
  const std::string contents_;
  const MemoryFile file_;
};

class OpeningReader : public WholeFileReader {
 public:
  explicit OpeningReader(const FileSystem& file_system) : file_system_(file_system) {}

  Status Read(const std::string& path, FilePart first, FilePart second) override {
    TF_NPZ_ASSIGN_OR_RETURN(const std::unique_ptr<RandomAccessFile> file, file_system_.Open(path));
    if (file->size() != first.size + second.size) {
      return DataLoss("file of " + std::to_string(file->size()) + " bytes (expected " +
                      std::to_string(first.size + second.size) + ")");
    }
    TF_NPZ_RETURN_IF_ERROR(ReadExactly(*file, 0, first.data, first.size));
    return ReadExactly(*file, first.size, second.data, second.size);
  }

 private:
  const FileSystem& file_system_;
};

}  // namespace

bool IsSettled(int64_t changed) {
  const int64_t now = std::chrono::duration_cast<std::chrono::nanoseconds>(
                          std::chrono::system_clock::now().time_since_epoch())
                          .count();
  return changed > 0 && now - changed > (changed % kSecond == 0 ? kCoarseStep : kFineStep);
}

Status ReadExactly(const RandomAccessFile& file, uint64_t offset, void* destination, size_t size) {
  TF_NPZ_ASSIGN_OR_RETURN(const size_t count, file.Read(offset, destination, size));
  if (count == size) return OkStatus();
  return DataLoss("file ends at byte " + std::to_string(offset + count) + " (expected " +
                  std::to_string(size - count) + " more)");
}

std::unique_ptr<WholeFileReader> FileSystem::NewWholeFileReader() const {
  return std::make_unique<OpeningReader>(*this);
}

std::unique_ptr<RandomAccessFile> NewMemoryFile(std::string_view contents) {
  return std::make_unique<MemoryFile>(contents);
}

std::unique_ptr<RandomAccessFile> NewOwnedFile(std::string contents) {
  return std::make_unique<OwnedFile>(std::move(contents));
}

Result<std::unique_ptr<RandomAccessFile>> ReadToMemory(const RandomAccessFile& file,
                                                       BufferPool& pool) {
  TF_NPZ_ASSIGN_OR_RETURN(Buffer contents, pool.Allocate(file.size()));
  TF_NPZ_RETURN_IF_ERROR(ReadExactly(file, 0, contents.data(), contents.size()));
  return std::unique_ptr<RandomAccessFile>(std::make_unique<MemoryFile>(std::move(contents)));
}

}  // namespace tf_npz
