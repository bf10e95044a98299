#include "tf_npz/io/buffer.h"

#include <sys/mman.h>

#include <algorithm>
#include <cstdlib>
#include <iterator>
#include <string>
#include <utility>

#include "tf_npz/base/checked.h"

namespace tf_npz {
namespace {

// From this size on memory is asked for in huge pages: one fault for 2 MiB, where the kernel has
// them.
constexpr size_t kHugePage = size_t{2} << 20;

// Below this size malloc recycles well by itself, and a pool would only add its lock.
constexpr size_t kMinPooled = size_t{64} << 10;

// `size` rounded up so that buffers of about one size have one capacity; 0 where that overflows.
size_t CapacityFor(size_t size) {
  const size_t step = size < kMinPooled  ? kBufferAlignment
                      : size < kHugePage ? kMinPooled
                                         : kHugePage;
  size_t padded = 0;
  if (!CheckedAdd(size, step - 1, &padded)) return 0;
  return padded < step ? step : padded / step * step;
}

char* AllocateAligned(size_t capacity) {
  const bool huge = capacity >= kHugePage;
  void* data = std::aligned_alloc(huge ? kHugePage : kBufferAlignment, capacity);
  if (data != nullptr && huge) madvise(data, capacity, MADV_HUGEPAGE);
  return static_cast<char*>(data);
}

}  // namespace

Buffer& Buffer::operator=(Buffer&& other) noexcept {
  if (this != &other) {
    Release();
    pool_ = std::move(other.pool_);
    data_ = std::exchange(other.data_, nullptr);
    size_ = std::exchange(other.size_, 0);
    capacity_ = std::exchange(other.capacity_, 0);
  }
  return *this;
}

void Buffer::Release() {
  if (data_ == nullptr) return;
  pool_->TakeBack(data_, capacity_);
  pool_.reset();
  data_ = nullptr;
}

std::shared_ptr<BufferPool> BufferPool::New(size_t keep_limit) {
  return std::shared_ptr<BufferPool>(new BufferPool(keep_limit));
}

BufferPool::~BufferPool() { StopKeeping(); }

Result<Buffer> BufferPool::Allocate(size_t size) {
  const size_t capacity = CapacityFor(size);
  if (capacity >= kMinPooled) {
    const std::lock_guard<std::mutex> lock(mutex_);
    // The one used last, which is in the cache if any is. A much larger one would waste what it has
    // over.
    const auto found = std::find_if(free_.rbegin(), free_.rend(), [capacity](const Free& free) {
      return free.capacity >= capacity && free.capacity / 2 <= capacity;
    });
    if (found != free_.rend()) {
      const Free free = *found;
      free_.erase(std::next(found).base());
      kept_ -= free.capacity;
      return Buffer(shared_from_this(), free.data, size, free.capacity);
    }
  }
  char* data = capacity == 0 ? nullptr : AllocateAligned(capacity);
  if (data == nullptr) {
    return ResourceExhausted("no memory for " + std::to_string(size) + " bytes");
  }
  return Buffer(shared_from_this(), data, size, capacity);
}

void BufferPool::StopKeeping() {
  const std::lock_guard<std::mutex> lock(mutex_);
  for (const Free& free : free_) std::free(free.data);
  free_.clear();
  kept_ = 0;
  keep_limit_ = 0;
}

void BufferPool::TakeBack(char* data, size_t capacity) {
  if (capacity >= kMinPooled) {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (capacity <= keep_limit_) {
      // What has not been asked for the longest makes room.
      auto kept = free_.begin();
      for (; kept_ > keep_limit_ - capacity; ++kept) {
        std::free(kept->data);
        kept_ -= kept->capacity;
      }
      free_.erase(free_.begin(), kept);
      free_.push_back({data, capacity});
      kept_ += capacity;
      return;
    }
  }
  std::free(data);
}

}  // namespace tf_npz
