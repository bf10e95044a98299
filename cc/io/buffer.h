// Buffer and BufferPool: memory for decoded data, used again and again.
//
// The first access to a fresh page takes more time than filling it. So the memory of a Buffer
// returns to its pool, and the pool gives it to the next Buffer of about the same size.
//
// A BufferPool is thread-safe. Its buffers keep it alive. A Buffer has one owner and may be moved
// to another thread. Slices of a buffer share its memory; the memory returns to the pool when the
// buffer and all of its slices are gone.

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

// In bytes. TensorFlow aborts the process if the memory of a tensor has a smaller alignment.
inline constexpr size_t kBufferAlignment = 64;

class BufferPool;

class Buffer {
 public:
  Buffer() = default;
  Buffer(Buffer&& other) noexcept { *this = std::move(other); }
  Buffer& operator=(Buffer&& other) noexcept;

  // Aligned to kBufferAlignment, except in a slice.
  char* data() const { return data_; }
  size_t size() const { return size_; }

  // Returns `size` bytes of this memory from byte `offset` on. The slice keeps the memory alive.
  // Slices may overlap; the callers make sure that no thread writes bytes that another one uses.
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
  // The new pool caches up to `keep_limit` free bytes. If it caches more than half of `keep_limit`,
  // then cached and used bytes together are at most 1.5 * keep_limit.
  static std::shared_ptr<BufferPool> New(size_t keep_limit);
  ~BufferPool();

  // Returns a buffer of `size` bytes with unspecified contents. ResourceExhausted if there is no
  // memory.
  Result<Buffer> Allocate(size_t size);

  // The number of bytes that buffers of this pool use now. Buffers smaller than 4 KiB do not count.
  size_t used();

  // Frees all cached memory. From now on nothing is cached.
  void StopKeeping();

 private:
  friend struct Buffer::Memory;
  explicit BufferPool(size_t keep_limit) : keep_limit_(keep_limit) {}
  void TakeBack(char* data, size_t capacity);
  void FreeLongestUnused() TF_NPZ_REQUIRES(mutex_);

  struct Free {
    char* data;
    uint64_t returned_at;  // the value of returned_ when it came back
  };

  Mutex mutex_;
  // The cached memory by its capacity in bytes; there are few capacities. For each, the memory
  // unused for the longest time comes first. `kept_` is the sum of the capacities.
  std::map<size_t, std::deque<Free>> free_ TF_NPZ_GUARDED_BY(mutex_);
  size_t kept_ TF_NPZ_GUARDED_BY(mutex_) = 0;
  size_t used_ TF_NPZ_GUARDED_BY(mutex_) = 0;        // bytes that buffers use
  uint64_t returned_ TF_NPZ_GUARDED_BY(mutex_) = 0;  // buffers that came back so far
  size_t keep_limit_ TF_NPZ_GUARDED_BY(mutex_);
};

}  // namespace tf_npz

#endif  // TF_NPZ_IO_BUFFER_H_
