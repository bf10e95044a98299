// Memory for decoded data, recycled.
//
// Touching fresh pages costs more than filling them, so a Buffer's memory goes back to the pool it
// came from and serves the next one of about its size. A pool is thread-safe and is kept alive by
// its buffers; a Buffer belongs to one owner, who may hand it to another thread.

#ifndef TF_NPZ_IO_BUFFER_H_
#define TF_NPZ_IO_BUFFER_H_

#include <cstddef>
#include <memory>
#include <mutex>
#include <vector>

#include "tf_npz/base/status.h"

namespace tf_npz {

// TensorFlow aborts the process on a tensor whose memory is aligned to less.
inline constexpr size_t kBufferAlignment = 64;

class BufferPool;

class Buffer {
 public:
  Buffer() = default;
  Buffer(Buffer&& other) noexcept { *this = std::move(other); }
  Buffer& operator=(Buffer&& other) noexcept;
  ~Buffer() { Release(); }

  char* data() const { return data_; }
  size_t size() const { return size_; }

 private:
  friend class BufferPool;
  Buffer(std::shared_ptr<BufferPool> pool, char* data, size_t size, size_t capacity)
      : pool_(std::move(pool)), data_(data), size_(size), capacity_(capacity) {}
  void Release();

  std::shared_ptr<BufferPool> pool_;
  char* data_ = nullptr;  // aligned to kBufferAlignment
  size_t size_ = 0;
  size_t capacity_ = 0;
};

class BufferPool : public std::enable_shared_from_this<BufferPool> {
 public:
  // Keeps at most `keep_limit` bytes that no buffer uses.
  static std::shared_ptr<BufferPool> New(size_t keep_limit);
  ~BufferPool();

  // A buffer of `size` bytes, whose contents are unspecified; ResourceExhausted where there is no
  // memory.
  Result<Buffer> Allocate(size_t size);

  // Frees what is kept, and keeps nothing from now on.
  void StopKeeping();

 private:
  friend class Buffer;
  explicit BufferPool(size_t keep_limit) : keep_limit_(keep_limit) {}
  void TakeBack(char* data, size_t capacity);

  std::mutex mutex_;
  struct Free {
    char* data;
    size_t capacity;
  };
  // All guarded by mutex_. Free memory, the longest unused first; the sum of the capacities is
  // kept_.
  std::vector<Free> free_;
  size_t kept_ = 0;
  size_t keep_limit_;
};

}  // namespace tf_npz

#endif  // TF_NPZ_IO_BUFFER_H_
