// RemoteFile: a file behaves as if it were remote. Its requests are recorded, may fail and may
// wait.

#ifndef TF_NPZ_TESTING_REMOTE_FILE_H_
#define TF_NPZ_TESTING_REMOTE_FILE_H_

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <ostream>
#include <utility>
#include <vector>

#include "cc/base/status.h"
#include "cc/io/file.h"

namespace tf_npz {

struct Request {
  uint64_t offset;
  size_t size;
  uint64_t end() const { return offset + size; }
  bool operator==(const Request& other) const {
    return offset == other.offset && size == other.size;
  }
};

inline void PrintTo(const Request& request, std::ostream* os) {
  *os << request.size << " bytes at " << request.offset;
}

// The remote end of a file. Thread-safe, except that `fail` may be set only between reads.
class Remote {
 public:
  // Returns the error of a request. The second argument is the number of requests before it.
  std::function<Status(const Request&, size_t)> fail;

  // Requests that hold the byte at `offset` wait until Lift is called.
  void Gate(uint64_t offset) {
    const std::lock_guard<std::mutex> lock(mutex_);
    gate_ = offset;
  }
  void Lift() {
    const std::lock_guard<std::mutex> lock(mutex_);
    gate_.reset();
    changed_.notify_all();
  }
  void WaitForRequests(size_t count) {
    std::unique_lock<std::mutex> lock(mutex_);
    changed_.wait(lock, [&] { return requests_.size() >= count; });
  }
  std::vector<Request> requests() const {
    const std::lock_guard<std::mutex> lock(mutex_);
    return requests_;
  }
  std::vector<Request> TakeRequests() {
    const std::lock_guard<std::mutex> lock(mutex_);
    return std::exchange(requests_, {});
  }
  // The number of calls of CloseIdle.
  int idle_closes() const { return idle_closes_; }

 private:
  friend class RemoteFile;
  Status Serve(const Request& request) {
    std::unique_lock<std::mutex> lock(mutex_);
    const size_t before = requests_.size();
    requests_.push_back(request);
    changed_.notify_all();
    changed_.wait(lock,
                  [&] { return !gate_ || *gate_ < request.offset || *gate_ >= request.end(); });
    return fail ? fail(request, before) : OkStatus();
  }

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Request> requests_;
  std::optional<uint64_t> gate_;
  int idle_closes_ = 0;
};

// Reads `file` by requests to `remote`, which must outlive it.
class RemoteFile : public RandomAccessFile {
 public:
  RemoteFile(std::unique_ptr<RandomAccessFile> file, Remote* remote)
      : file_(std::move(file)), remote_(remote) {}

  Result<size_t> Read(uint64_t offset, void* destination, size_t size) const override {
    TF_NPZ_RETURN_IF_ERROR(remote_->Serve({offset, size}));
    return file_->Read(offset, destination, size);
  }
  uint64_t size() const override { return file_->size(); }
  void CloseIdle() override { ++remote_->idle_closes_; }

 private:
  const std::unique_ptr<RandomAccessFile> file_;
  Remote* const remote_;
};

}  // namespace tf_npz

#endif  // TF_NPZ_TESTING_REMOTE_FILE_H_
