#include "cc/tf/file_system.h"

#include <cstring>
#include <string>
#include <string_view>
#include <utility>

#include "absl/strings/string_view.h"
#include "cc/io/read_ahead_file.h"
#include "cc/io/remote.h"
#include "cc/tf/conversion.h"
#include "tensorflow/core/platform/env.h"
#include "tensorflow/core/platform/file_system.h"

namespace tf_npz {
namespace {

constexpr std::string_view kLocalScheme = "file://";

class TensorFlowFile : public RandomAccessFile {
 public:
  TensorFlowFile(std::unique_ptr<tensorflow::RandomAccessFile> file, uint64_t size,
                 std::string path)
      : file_(std::move(file)), size_(size), path_(std::move(path)) {}

  Result<size_t> Read(uint64_t offset, void* destination, size_t size) const override {
    char* const scratch = static_cast<char*>(destination);
    absl::string_view read;
    const absl::Status status = file_->Read(offset, size, &read, scratch);
    // OutOfRange means the end of the file. The bytes before it are in `read`.
    if (!status.ok() && status.code() != absl::StatusCode::kOutOfRange) {
      return FromAbslStatus(status, path_);
    }
    // A file system may return bytes in its own memory instead of filling `scratch`.
    if (!read.empty() && read.data() != scratch) std::memmove(scratch, read.data(), read.size());
    return read.size();
  }

  uint64_t size() const override { return size_; }

  std::string identity() const override {
    tensorflow::FileStatistics facts;
    const absl::Status status = tensorflow::Env::Default()->Stat(path_, &facts);
    if (!status.ok() || facts.length != static_cast<int64_t>(size_) ||
        !IsSettled(facts.mtime_nsec)) {
      return "";
    }
    return std::to_string(size_) + " " + std::to_string(facts.mtime_nsec);
  }

 private:
  const std::unique_ptr<tensorflow::RandomAccessFile> file_;
  const uint64_t size_;
  const std::string path_;
};

class TensorFlowWholeFileReader : public WholeFileReader {
 public:
  TensorFlowWholeFileReader(std::unique_ptr<WholeFileReader> local,
                            std::unique_ptr<WholeFileReader> other)
      : local_(std::move(local)), other_(std::move(other)) {}

  Status Read(const std::string& path, FilePart first, FilePart second) override {
    return (HasScheme(path) ? other_ : local_)->Read(path, first, second);
  }

 private:
  const std::unique_ptr<WholeFileReader> local_;
  const std::unique_ptr<WholeFileReader> other_;
};

}  // namespace

const TensorFlowFileSystem& TensorFlowFileSystem::Get() {
  static const auto* const file_system = new TensorFlowFileSystem;
  return *file_system;
}

Result<std::unique_ptr<RandomAccessFile>> TensorFlowFileSystem::Open(
    const std::string& path) const {
  if (path.compare(0, kLocalScheme.size(), kLocalScheme) == 0) {
    return local_.Open(path.substr(kLocalScheme.size()));
  }
  if (!HasScheme(path)) return local_.Open(path);
  tensorflow::Env* const env = tensorflow::Env::Default();
  tensorflow::uint64 size = 0;
  // A read also tells where a file ends, so a small file would not need this request. But a
  // transfer that broke off looks like the end of a file. Only the size tells them apart.
  absl::Status status = env->GetFileSize(path, &size);
  std::unique_ptr<tensorflow::RandomAccessFile> file;
  if (status.ok()) status = env->NewRandomAccessFile(path, &file);
  if (!status.ok()) return FromAbslStatus(status, path);
  return NewReadAheadFile(std::make_unique<TensorFlowFile>(std::move(file), size, path));
}

std::unique_ptr<WholeFileReader> TensorFlowFileSystem::NewWholeFileReader() const {
  return std::make_unique<TensorFlowWholeFileReader>(local_.NewWholeFileReader(),
                                                     FileSystem::NewWholeFileReader());
}

}  // namespace tf_npz
