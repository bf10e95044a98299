#include "cc/io/buffer.h"

#include <gtest/gtest.h>

#include <cstring>
#include <thread>
#include <vector>

#include "tests/cc/testing/status_matchers.h"

namespace tf_npz {
namespace {

constexpr size_t kKiB = 1024;
constexpr size_t kMiB = 1024 * kKiB;

Buffer Allocate(BufferPool& pool, size_t size) {
  Result<Buffer> buffer = pool.Allocate(size);
  EXPECT_OK(buffer);
  return std::move(buffer).value();
}

TEST(BufferPool, GivesAlignedMemoryOfAnySize) {
  const std::shared_ptr<BufferPool> pool = BufferPool::New(64 * kMiB);
  for (int round = 0; round < 2; ++round) {
    for (const size_t size :
         {size_t{0}, size_t{1}, size_t{63}, size_t{64}, size_t{65}, 64 * kKiB - 1, 64 * kKiB,
          64 * kKiB + 1, 2 * kMiB - 1, 2 * kMiB, 3 * kMiB + 7}) {
      const Buffer buffer = Allocate(*pool, size);
      ASSERT_NE(buffer.data(), nullptr) << size;
      EXPECT_EQ(reinterpret_cast<uintptr_t>(buffer.data()) % kBufferAlignment, 0u) << size;
      EXPECT_EQ(buffer.size(), size);
      std::memset(buffer.data(), 0x5A, size);
    }
  }
}

TEST(BufferPool, ReusesMemoryOfAboutTheSameSize) {
  const std::shared_ptr<BufferPool> pool = BufferPool::New(64 * kMiB);
  for (const size_t size : {100 * kKiB, 200 * kKiB, 5 * kMiB}) {
    char* data = Allocate(*pool, size).data();  // returned at once
    for (const size_t next : {size, size - 1, size - size / 4}) {
      EXPECT_EQ(Allocate(*pool, next).data(), data) << size << " " << next;
    }
  }
}

TEST(BufferPool, GivesNoMemoryTwice) {
  const std::shared_ptr<BufferPool> pool = BufferPool::New(64 * kMiB);
  const char* returned = Allocate(*pool, kMiB).data();
  const Buffer first = Allocate(*pool, kMiB);
  const Buffer second = Allocate(*pool, kMiB);
  EXPECT_EQ(first.data(), returned);
  EXPECT_NE(first.data(), second.data());
}

TEST(BufferPool, DoesNotUseMuchMemoryForASmallBuffer) {
  const std::shared_ptr<BufferPool> pool = BufferPool::New(64 * kMiB);
  char* large = Allocate(*pool, 8 * kMiB).data();
  EXPECT_NE(Allocate(*pool, kMiB).data(), large);
  EXPECT_EQ(Allocate(*pool, 8 * kMiB).data(), large);
}

TEST(BufferPool, TakesMemoryBackWithTheLastSlice) {
  const std::shared_ptr<BufferPool> pool = BufferPool::New(64 * kMiB);
  Buffer buffer = Allocate(*pool, kMiB);
  char* const data = buffer.data();
  std::memset(data, 'x', kMiB);
  Buffer slice = buffer.Slice(100, 50);
  EXPECT_EQ(slice.data(), data + 100);
  EXPECT_EQ(slice.size(), 50u);
  buffer = Buffer();
  EXPECT_NE(Allocate(*pool, kMiB).data(), data);
  EXPECT_EQ(std::string(slice.data(), slice.size()), std::string(50, 'x'));
  slice = Buffer();
  EXPECT_EQ(Allocate(*pool, kMiB).data(), data);
}

TEST(BufferPool, KeepsTheMemoryUsedLast) {
  const std::shared_ptr<BufferPool> pool = BufferPool::New(3 * kMiB);
  std::vector<Buffer> buffers;
  for (const size_t size : {kMiB, kMiB / 2, kMiB, 2 * kMiB}) {
    buffers.push_back(Allocate(*pool, size));
  }
  std::vector<char*> data;
  for (const Buffer& buffer : buffers) data.push_back(buffer.data());
  for (Buffer& buffer : buffers) buffer = Buffer();  // after the last there is room for one more
  EXPECT_EQ(Allocate(*pool, 2 * kMiB).data(), data[3]);
  EXPECT_EQ(Allocate(*pool, kMiB).data(), data[2]);
}

TEST(BufferPool, KeepsNoMoreThanItsLimit) {
  const std::shared_ptr<BufferPool> pool = BufferPool::New(kMiB);
  // The memory returned last replaces the memory returned before it.
  char* kept;
  {
    Buffer first = Allocate(*pool, kMiB);
    const Buffer second = Allocate(*pool, kMiB);
    kept = second.data();
    first = Buffer();
  }
  const Buffer again = Allocate(*pool, kMiB);
  EXPECT_EQ(again.data(), kept);
  const std::shared_ptr<BufferPool> none = BufferPool::New(0);
  Allocate(*none, kMiB);
  Allocate(*none, kMiB);  // freed each time, else the sanitizer reports a leak
}

TEST(BufferPool, KeepsNothingAfterStopKeeping) {
  const std::shared_ptr<BufferPool> pool = BufferPool::New(64 * kMiB);
  Buffer held = Allocate(*pool, kMiB);
  Allocate(*pool, kMiB);
  pool->StopKeeping();
  held = Buffer();
  EXPECT_EQ(Allocate(*pool, kMiB).size(), kMiB);
}

TEST(BufferPool, ReportsThatThereIsNoMemory) {
  const std::shared_ptr<BufferPool> pool = BufferPool::New(0);
  EXPECT_ERROR(pool->Allocate(SIZE_MAX), kResourceExhausted,
               "no memory for 18446744073709551615 bytes");
}

TEST(Buffer, KeepsItsPoolAlive) {
  std::shared_ptr<BufferPool> pool = BufferPool::New(64 * kMiB);
  Buffer buffer = Allocate(*pool, kMiB);
  pool.reset();
  std::memset(buffer.data(), 1, buffer.size());
  buffer = Buffer();
  EXPECT_EQ(buffer.data(), nullptr);
}

TEST(Buffer, BelongsToOneOwner) {
  const std::shared_ptr<BufferPool> pool = BufferPool::New(64 * kMiB);
  Buffer a = Allocate(*pool, 100);
  char* data = a.data();
  Buffer b = std::move(a);
  EXPECT_EQ(a.data(), nullptr);  // NOLINT(bugprone-use-after-move): Buffer promises it
  EXPECT_EQ(a.size(), 0u);
  EXPECT_EQ(b.data(), data);
  EXPECT_EQ(b.size(), 100u);
  Buffer& same = b;
  b = std::move(same);
  EXPECT_EQ(b.data(), data);
  b = Allocate(*pool, 200);
  EXPECT_EQ(b.size(), 200u);
  EXPECT_EQ(Buffer().data(), nullptr);
}

TEST(BufferPool, ServesSeveralThreadsAtOnce) {
  const std::shared_ptr<BufferPool> pool = BufferPool::New(kMiB);
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&pool, t] {
      for (size_t i = 0; i < 200; ++i) {
        const Buffer one = Allocate(*pool, 64 * kKiB + i);
        const Buffer two = Allocate(*pool, 128 * kKiB + i);
        std::memset(one.data(), t, one.size());
        std::memset(two.data(), -t, two.size());
        EXPECT_EQ(one.data()[one.size() - 1], static_cast<char>(t));
        EXPECT_EQ(two.data()[0], static_cast<char>(-t));
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
}

}  // namespace
}  // namespace tf_npz
