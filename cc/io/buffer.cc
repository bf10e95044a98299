#include "cc/io/buffer.h"

#include <sys/mman.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <utility>

#include "cc/base/checked.h"

namespace tf_npz {
namespace {

// Memory of at least kLarge bytes is allocated in huge pages, if the kernel has them: one page
// fault for 2 MiB. Smaller memory comes from malloc, which keeps freed memory for the next pool:
// each reader in an interleave has a pool of its own, and the pool is destroyed with its file.
constexpr size_t kHugePage = size_t{2} << 20;
constexpr size_t kLarge = 2 * kHugePage;

// Smaller buffers are not pooled: malloc reuses them well, and the pool would only add its lock.
constexpr size_t kMinPooled = size_t{4} << 10;

// Rounds `size` up, so that buffers of about the same size have the same capacity. Returns 0 if
// that overflows.
size_t CapacityFor(size_t size) {
  constexpr size_t kMediumSize = size_t{64} << 10;
  const size_t step = size < kMinPooled    ? kBufferAlignment
                      : size < kMediumSize ? kMinPooled
                      : size < kLarge      ? kMediumSize
                                           : kHugePage;
  size_t padded = 0;
  if (!CheckedAdd(size, step - 1, &padded)) return 0;
  return padded < step ? step : padded / step * step;
}

// Large memory comes from the operating system and returns to it. malloc would keep some of it and
// then use it for small allocations.
char* AllocateLarge(size_t capacity) {
  size_t size = 0;
  if (!CheckedAdd(capacity, kHugePage, &size)) return nullptr;
  void* const memory =
      mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) return nullptr;
  // Return the memory before the first huge page and after the last one.
  const auto begin = reinterpret_cast<uintptr_t>(memory);
  const size_t before = (kHugePage - begin % kHugePage) % kHugePage;
  char* const data = static_cast<char*>(memory) + before;
  if (before > 0) munmap(memory, before);
  munmap(data + capacity, kHugePage - before);
  madvise(data, capacity, MADV_HUGEPAGE);
  return data;
}

char* AllocateAligned(size_t capacity) {
  if (capacity >= kLarge) return AllocateLarge(capacity);
  return static_cast<char*>(std::aligned_alloc(kBufferAlignment, capacity));
}

void FreeAligned(char* data, size_t capacity) {
  if (capacity >= kLarge) {
    munmap(data, capacity);
  } else {
    std::free(data);
  }
}

}  // namespace

// The memory that a buffer shares with its slices.
struct Buffer::Memory {
  Memory(std::shared_ptr<BufferPool> p, char* d, size_t c)
      : pool(std::move(p)), data(d), capacity(c) {}
  ~Memory() { pool->TakeBack(data, capacity); }

  const std::shared_ptr<BufferPool> pool;
  char* const data;
  const size_t capacity;
};

Buffer& Buffer::operator=(Buffer&& other) noexcept {
  if (this != &other) {
    memory_ = std::move(other.memory_);
    data_ = std::exchange(other.data_, nullptr);
    size_ = std::exchange(other.size_, 0);
  }
  return *this;
}

Buffer Buffer::Slice(size_t offset, size_t size) const { return {memory_, data_ + offset, size}; }

std::shared_ptr<BufferPool> BufferPool::New(size_t keep_limit) {
  return std::shared_ptr<BufferPool>(new BufferPool(keep_limit));
}

BufferPool::~BufferPool() { StopKeeping(); }

Result<Buffer> BufferPool::Allocate(size_t size) {
  const auto buffer = [&](char* data, size_t capacity) {
    return Buffer(std::make_shared<const Buffer::Memory>(shared_from_this(), data, capacity), data,
                  size);
  };
  const size_t capacity = CapacityFor(size);
  if (capacity >= kMinPooled) {
    const MutexLock lock(mutex_);
    used_ += capacity;
    // Cached memory of more than twice the capacity is not taken: it would be wasted.
    auto found = free_.lower_bound(capacity);
    while (found != free_.end() && found->second.empty()) ++found;
    if (found != free_.end() && found->first / 2 <= capacity) {
      // The memory used last, because it may still be in the processor's cache.
      char* const data = found->second.back().data;
      found->second.pop_back();
      kept_ -= found->first;
      used_ += found->first - capacity;
      return buffer(data, found->first);
    }
  }
  char* data = capacity == 0 ? nullptr : AllocateAligned(capacity);
  if (data == nullptr) {
    if (capacity >= kMinPooled) {
      const MutexLock lock(mutex_);
      used_ -= capacity;
    }
    return ResourceExhausted("no memory for " + std::to_string(size) + " bytes");
  }
  return buffer(data, capacity);
}

size_t BufferPool::used() {
  const MutexLock lock(mutex_);
  return used_;
}

void BufferPool::StopKeeping() {
  const MutexLock lock(mutex_);
  for (const auto& [capacity, all] : free_) {
    for (const Free& free : all) FreeAligned(free.data, capacity);
  }
  free_.clear();
  kept_ = 0;
  keep_limit_ = 0;
}

void BufferPool::TakeBack(char* data, size_t capacity) {
  if (capacity >= kMinPooled) {
    const MutexLock lock(mutex_);
    used_ -= capacity;
    const size_t all = keep_limit_ + keep_limit_ / 2;
    const size_t most = std::clamp(all - std::min(all, used_), keep_limit_ / 2, keep_limit_);
    if (capacity <= most) {
      while (kept_ > most - capacity) FreeLongestUnused();
      free_[capacity].push_back({data, returned_++});
      kept_ += capacity;
      return;
    }
  }
  FreeAligned(data, capacity);
}

void BufferPool::FreeLongestUnused() {
  auto longest = free_.end();
  for (auto at = free_.begin(); at != free_.end();) {
    if (at->second.empty()) {
      at = free_.erase(at);
      continue;
    }
    if (longest == free_.end() ||
        at->second.front().returned_at < longest->second.front().returned_at) {
      longest = at;
    }
    ++at;
  }
  FreeAligned(longest->second.front().data, longest->first);
  longest->second.pop_front();
  kept_ -= longest->first;
}

}  // namespace tf_npz
