#include "tf_npz/io/posix_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <mutex>

namespace tf_npz {
namespace {

// Linux reads at most this much in one call.
constexpr size_t kMaxRead = size_t{1} << 30;

// Opens `path` and looks at what it is. O_NONBLOCK: a FIFO must not hang us before we know that it
// is one.
Result<int> OpenRegular(const std::string& path, struct stat* facts) {
  int descriptor;
  do {
    descriptor = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  } while (descriptor < 0 && errno == EINTR);
  if (descriptor < 0) return StatusFromErrno(errno, "can't open");
  Status status;
  if (fstat(descriptor, facts) != 0) {
    status = StatusFromErrno(errno, "can't stat");
  } else if (S_ISDIR(facts->st_mode)) {
    status =
        InvalidArgument("is a directory; name the files in it with a pattern, such as \"*.npz\"");
  } else if (!S_ISREG(facts->st_mode)) {
    status = InvalidArgument("is not a regular file");
  }
  if (status.ok()) return descriptor;
  close(descriptor);
  return status;
}

class PosixFile : public RandomAccessFile {
 public:
  PosixFile(std::string path, int descriptor, const struct stat& facts)
      : path_(std::move(path)), facts_(facts), descriptor_(descriptor) {}
  ~PosixFile() override { Park(); }

  Result<size_t> Read(uint64_t offset, void* destination, size_t size) const override {
    TF_NPZ_ASSIGN_OR_RETURN(const int descriptor, Descriptor());
    size_t done = 0;
    while (done < size) {
      const ssize_t count =
          pread(descriptor, static_cast<char*>(destination) + done, std::min(size - done, kMaxRead),
                static_cast<off_t>(offset + done));
      if (count == 0) break;
      if (count > 0) {
        done += static_cast<size_t>(count);
      } else if (errno != EINTR) {
        return StatusFromErrno(errno, "can't read at byte " + std::to_string(offset + done));
      }
    }
    return done;
  }

  Result<size_t> ReadApart(uint64_t offset, Part first, Part second) const override {
    TF_NPZ_ASSIGN_OR_RETURN(const int descriptor, Descriptor());
    const iovec parts[] = {{first.data, first.size}, {second.data, second.size}};
    // More than a call reads is left to the general way, and so is whatever goes wrong.
    const ssize_t count = preadv(descriptor, parts, 2, static_cast<off_t>(offset));
    if (count == static_cast<ssize_t>(first.size + second.size)) return static_cast<size_t>(count);
    return RandomAccessFile::ReadApart(offset, first, second);
  }

  uint64_t size() const override { return static_cast<uint64_t>(facts_.st_size); }

  void Park() override {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (descriptor_ >= 0) close(descriptor_);
    descriptor_ = -1;
  }

 private:
  Result<int> Descriptor() const {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (descriptor_ < 0) {
      struct stat facts;
      TF_NPZ_ASSIGN_OR_RETURN(const int descriptor, OpenRegular(path_, &facts));
      if (facts.st_ino != facts_.st_ino || facts.st_dev != facts_.st_dev ||
          facts.st_size != facts_.st_size) {
        close(descriptor);
        return DataLoss("file was replaced while it was read");
      }
      descriptor_ = descriptor;
    }
    return descriptor_;
  }

  const std::string path_;
  const struct stat facts_;
  mutable std::mutex mutex_;
  mutable int descriptor_;  // guarded by mutex_; -1 while parked
};

}  // namespace

Result<std::unique_ptr<RandomAccessFile>> PosixFileSystem::Open(const std::string& path) const {
  struct stat facts;
  // A NUL would cut the name short for the operating system: another file than the one asked for.
  if (path.find('\0') != std::string::npos) return InvalidArgument("path holds a NUL byte");
  TF_NPZ_ASSIGN_OR_RETURN(const int descriptor, OpenRegular(path, &facts));
  return std::unique_ptr<RandomAccessFile>(std::make_unique<PosixFile>(path, descriptor, facts));
}

}  // namespace tf_npz
