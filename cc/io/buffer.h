// Memory for decoded data, recycled.
//
// Touching fresh pages costs more than filling them, so a Buffer's memory goes back to the pool it
// came from and serves the next one of about its size. A pool is thread-safe and is kept alive by
// its buffers; a Buffer belongs to one owner, who may hand it to another thread. Slices of a buffer
// share its memory, which goes back with the last of them.

#ifndef TF_NPZ_IO_BUFFER_H_
#define TF_NPZ_IO_BUFFER_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>

#include "cc/base/mutex.h"
#include "cc/base/status.h"

namespace tf_npz {

// TensorFlow aborts the process on a tensor whose memory is aligned to less.
inline constexpr size_t kBufferAlignment = 64;

class BufferPool;

class Buffer {
 public:
  Buffer() = default;
  Buffer(Buffer&& other) noexcept { *this = std::move(other); }
  Buffer& operator=(Buffer&& other) noexcept;

  // Aligned to kBufferAlignment, unless this is a slice.
  char* data() const { return data_; }
  size_t size() const { return size_; }

  // `size` bytes from `offset` on of this memory, which they keep alive. Who reads or writes what
  // slices have in common sees to order.
  Buffer Slice(size_t offset, size_t size) const;

 private:
  friend class BufferPool;
  struct Memory;
  Buffer(std::shared_ptr<const Memory> memory, char* data, size_t size)
      : memory_(std::move(memory)), data_(data), size_(size) {}

  std::shared_ptr<const Memory> memory_;
  char* data_ = nullptr;
  size_t size_ = 0;
};

class BufferPool : public std::enable_shared_from_this<BufferPool> {
 public:
  // Keeps at most `keep_limit` bytes that no buffer uses; where that is more than half of it, then
  // no more than one and a half times `keep_limit` together with what buffers use.
  static std::shared_ptr<BufferPool> New(size_t keep_limit);
  ~BufferPool();

  // A buffer of `size` bytes, whose contents are unspecified; ResourceExhausted where there is no
  // memory.
  Result<Buffer> Allocate(size_t size);

  // Bytes of memory that buffers use.
  size_t used();

  // Frees what is kept, and keeps nothing from now on.
  void StopKeeping();

 private:
  friend struct Buffer::Memory;
  explicit BufferPool(size_t keep_limit) : keep_limit_(keep_limit) {}
  void TakeBack(char* data, size_t capacity);
  void FreeLongestUnused() TF_NPZ_REQUIRES(mutex_);

  struct Free {
    char* data;
    uint64_t given_back;  // when, counted in buffers
  };

  Mutex mutex_;
  // Free memory by its capacity, of which there are few. Memory of one capacity stands in the order
  // in which it came back. The sum of the capacities is kept_.
  std::map<size_t, std::deque<Free>> free_ TF_NPZ_GUARDED_BY(mutex_);
  size_t kept_ TF_NPZ_GUARDED_BY(mutex_) = 0;
  size_t used_ TF_NPZ_GUARDED_BY(mutex_) = 0;  // by buffers
  uint64_t given_back_ TF_NPZ_GUARDED_BY(mutex_) = 0;
  size_t keep_limit_ TF_NPZ_GUARDED_BY(mutex_);
};

}  // namespace tf_npz

#endif  // TF_NPZ_IO_BUFFER_H_
