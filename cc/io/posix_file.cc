#include "cc/io/posix_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <string_view>

#include "cc/base/mutex.h"
#include "cc/io/folder_advice.h"

namespace tf_npz {
namespace {

// Linux reads at most this much in one call.
constexpr size_t kMaxRead = size_t{1} << 30;

// O_NONBLOCK: opening a FIFO would otherwise block until another process writes to it.
constexpr int kOpenFlags = O_RDONLY | O_CLOEXEC | O_NONBLOCK;

// What follows the error of a file that can't be opened because it is a link of git-annex, and its
// contents are not on this machine.
std::string LinkAdvice(const std::string& path) {
  char target[4096];
  const ssize_t size = readlink(path.c_str(), target, sizeof(target));
  if (size < 0) return "";
  const bool is_annex =
      std::string_view(target, static_cast<size_t>(size)).find(".git/annex/objects/") !=
      std::string_view::npos;
  return is_annex ? "; it is a link of git-annex: run git annex get with its name to get the file"
                  : "";
}

// Opens `path` and returns its descriptor, if it is a regular file. `facts` receives its fstat.
Result<int> OpenRegular(const std::string& path, struct stat* facts) {
  int descriptor;
  do {
    descriptor = open(path.c_str(), kOpenFlags);
  } while (descriptor < 0 && errno == EINTR);
  if (descriptor < 0) {
    const Status status = StatusFromErrno(errno, "can't open");
    return Status(status.code(), status.message() + LinkAdvice(path));
  }
  Status status;
  if (fstat(descriptor, facts) != 0) {
    status = StatusFromErrno(errno, "can't stat");
  } else if (S_ISDIR(facts->st_mode)) {
    status = InvalidArgument("is a directory; " + FolderAdvice(path));
  } else if (!S_ISREG(facts->st_mode)) {
    status = InvalidArgument("is not a regular file");
  }
  if (status.ok()) return descriptor;
  close(descriptor);
  return status;
}

int64_t Nanoseconds(const struct timespec& time) {
  return int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

// Owns a descriptor.
class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() { close(number_); }

  int number() const { return number_; }

 private:
  const int number_;
};

class PosixFile : public RandomAccessFile {
 public:
  PosixFile(std::string path, int descriptor, const struct stat& facts)
      : path_(std::move(path)),
        facts_(facts),
        descriptor_(std::make_shared<const Descriptor>(descriptor)) {}

  Result<size_t> Read(uint64_t offset, void* destination, size_t size) const override {
    TF_NPZ_ASSIGN_OR_RETURN(const std::shared_ptr<const Descriptor> opened, Open());
    const int descriptor = opened->number();
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

  uint64_t size() const override { return static_cast<uint64_t>(facts_.st_size); }

  std::string identity() const override {
    const int64_t changed = std::max(Nanoseconds(facts_.st_mtim), Nanoseconds(facts_.st_ctim));
    if (!IsSettled(changed)) return "";
    std::string identity;
    for (const auto fact :
         {static_cast<int64_t>(facts_.st_dev), static_cast<int64_t>(facts_.st_ino),
          static_cast<int64_t>(facts_.st_size), Nanoseconds(facts_.st_mtim),
          Nanoseconds(facts_.st_ctim)}) {
      identity += std::to_string(fact) + " ";
    }
    return identity;
  }

  // A thread that reads keeps the descriptor until it is done.
  void CloseIdle() override {
    std::shared_ptr<const Descriptor> closed;
    const MutexLock lock(mutex_);
    descriptor_.swap(closed);
  }

 private:
  Result<std::shared_ptr<const Descriptor>> Open() const {
    const MutexLock lock(mutex_);
    if (descriptor_ == nullptr) {
      struct stat facts;
      TF_NPZ_ASSIGN_OR_RETURN(const int number, OpenRegular(path_, &facts));
      auto opened = std::make_shared<const Descriptor>(number);
      if (facts.st_ino != facts_.st_ino || facts.st_dev != facts_.st_dev ||
          facts.st_size != facts_.st_size) {
        return DataLoss("file was replaced while it was read");
      }
      descriptor_ = std::move(opened);
    }
    return descriptor_;
  }

  const std::string path_;
  const struct stat facts_;
  mutable Mutex mutex_;
  // Null after CloseIdle, until the next Read.
  mutable std::shared_ptr<const Descriptor> descriptor_ TF_NPZ_GUARDED_BY(mutex_);
};

// Makes three system calls for each file: open, read and close. It reads one byte too many to
// verify the size without fstat. The folder stays open between files of the same folder, so the
// kernel does not look up its path again.
class PosixWholeFileReader : public WholeFileReader {
 public:
  explicit PosixWholeFileReader(const PosixFileSystem& file_system)
      : slow_path_(file_system.FileSystem::NewWholeFileReader()) {}
  ~PosixWholeFileReader() override { LeaveFolder(); }

  Status Read(const std::string& path, FilePart first, FilePart second) override {
    if (TryToRead(path, first, second)) return OkStatus();
    // On any failure, retry the slow way. It reports the error.
    return slow_path_->Read(path, first, second);
  }

 private:
  bool TryToRead(const std::string& path, FilePart first, FilePart second) {
    if (path.find('\0') != std::string::npos) return false;
    const size_t name = EnterFolder(path);
    const int descriptor = openat(folder_, path.c_str() + name, kOpenFlags);
    if (descriptor < 0) return false;
    char excess;
    const iovec parts[] = {{first.data, first.size}, {second.data, second.size}, {&excess, 1}};
    const ssize_t count = preadv(descriptor, parts, 3, 0);
    close(descriptor);
    // Reading 0 bytes is not enough: it succeeds for some devices too.
    return count > 0 && count == static_cast<ssize_t>(first.size + second.size);
  }

  // Makes `folder_` the folder of `path`. Returns the offset in `path` of the name to open there.
  size_t EnterFolder(const std::string& path) {
    const size_t size = path.rfind('/') + 1;  // of the folder with its slash; 0 without one
    if (path.compare(0, size, folder_path_) != 0) {
      // This may be the only file of its folder, so it is opened by its path.
      LeaveFolder();
      folder_path_.assign(path, 0, size);
      return 0;
    }
    if (folder_ == AT_FDCWD && size > 0) {
      folder_ = open(folder_path_.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC);
      if (folder_ < 0) folder_ = AT_FDCWD;
    }
    return folder_ == AT_FDCWD ? 0 : size;
  }

  void LeaveFolder() {
    if (folder_ != AT_FDCWD) close(folder_);
    folder_ = AT_FDCWD;
  }

  const std::unique_ptr<WholeFileReader> slow_path_;
  std::string folder_path_;  // of the last file, with its slash
  int folder_ = AT_FDCWD;    // open if more than one file of it was read
};

}  // namespace

std::unique_ptr<WholeFileReader> PosixFileSystem::NewWholeFileReader() const {
  return std::make_unique<PosixWholeFileReader>(*this);
}

Result<std::unique_ptr<RandomAccessFile>> PosixFileSystem::Open(const std::string& path) const {
  struct stat facts;
  // The operating system would cut the name at the NUL and open another file.
  if (path.find('\0') != std::string::npos) return InvalidArgument("path holds a NUL byte");
  TF_NPZ_ASSIGN_OR_RETURN(const int descriptor, OpenRegular(path, &facts));
  return std::unique_ptr<RandomAccessFile>(std::make_unique<PosixFile>(path, descriptor, facts));
}

}  // namespace tf_npz
