#include "cc/io/read_ahead_file.h"

#include <algorithm>
#include <cstring>
#include <list>
#include <string>
#include <utility>

#include "cc/base/mutex.h"
#include "cc/io/buffer.h"

namespace tf_npz {
namespace {

struct Window {
  bool is_read() const { return read_end == end; }
  bool holds(uint64_t offset) const { return begin <= offset && offset < end; }
  size_t size() const { return end - begin; }

  // The range of its bytes in the file; while they are being fetched, the requested range.
  uint64_t begin = 0;
  uint64_t end = 0;
  uint64_t read_end = 0;      // readers have read up to here
  size_t next_size = 0;       // of the window after this one, in bytes
  uint64_t requested_at = 0;  // the value of clock_ at the request
  uint64_t used_at = 0;       // the value of clock_ at the last read
  bool is_fetching = false;
  std::shared_ptr<const Buffer> data;  // null while it is being fetched
};

class ReadAheadFile : public RandomAccessFile {
 public:
  explicit ReadAheadFile(std::unique_ptr<RandomAccessFile> file)
      : file_(std::move(file)), size_(file_->size()) {}

  Result<size_t> Read(uint64_t offset, void* destination, size_t size) const override {
    if (offset >= size_) return size_t{0};
    size = std::min<uint64_t>(size, size_ - offset);
    size_t done = 0;
    while (done < size) {
      TF_NPZ_ASSIGN_OR_RETURN(
          const size_t count,
          ReadSome(offset + done, static_cast<char*>(destination) + done, size - done));
      if (count == 0) break;  // the file has become shorter
      done += count;
    }
    return done;
  }

  uint64_t size() const override { return size_; }

  std::string identity() const override { return file_->identity(); }

  void CloseIdle() override {
    {
      const MutexLock lock(mutex_);
      windows_.remove_if([](const Window& window) { return !window.is_fetching; });
    }
    file_->CloseIdle();
  }

 private:
  using Windows = std::list<Window>;

  // Bytes of a window, which `data` keeps.
  struct Piece {
    std::shared_ptr<const Buffer> data;
    const char* bytes;
    size_t size;
  };

  // Reads at most `size` bytes and returns their number. `size` is not 0, and the range ends inside
  // the file. The result is 0 only if the file has become shorter.
  Result<size_t> ReadSome(uint64_t offset, char* destination, size_t size) const {
    MutexLock lock(mutex_);
    Windows::iterator window;
    while ((window = Find(offset)) != windows_.end() && window->is_fetching) {
      fetched_.Wait(mutex_);
    }
    if (window == windows_.end()) {
      Window planned = Plan(offset);
      if (size >= planned.size() || !MakeRoom(planned.size())) {
        lock.Unlock();
        return ReadPast(std::move(planned), offset, destination, size);
      }
      const Result<Windows::iterator> fetched = Fetch(std::move(planned), offset);
      if (!fetched.ok()) {  // ask for the caller's bytes alone
        lock.Unlock();
        return file_->Read(offset, destination, size);
      }
      if (*fetched == windows_.end()) return size_t{0};
      window = *fetched;
    }
    const Piece piece = Take(window, offset, size);
    lock.Unlock();
    std::memcpy(destination, piece.bytes, piece.size);
    return piece.size;
  }

  // Reads straight into the caller's memory. A window without bytes remembers where this ended.
  Result<size_t> ReadPast(Window window, uint64_t offset, char* destination, size_t size) const
      TF_NPZ_EXCLUDES(mutex_) {
    TF_NPZ_ASSIGN_OR_RETURN(const size_t count, file_->Read(offset, destination, size));
    // The next window is larger than one read of this reader.
    while (window.next_size / 2 < count && window.next_size < kMaxWindow) window.next_size *= 2;
    // A window without bytes marks the end of this read, for the reader's next one.
    window.begin = window.end = window.read_end = offset + count;
    const MutexLock lock(mutex_);
    if (MakeRoom(0)) windows_.push_front(std::move(window));
    return count;
  }

  // Fetches a window. Releases the lock during the request. Returns windows_.end() if the file
  // turns out to end before `offset`.
  Result<Windows::iterator> Fetch(Window planned, uint64_t offset) const TF_NPZ_REQUIRES(mutex_) {
    const uint64_t begin = planned.begin;
    const size_t wanted = planned.size();
    planned.is_fetching = true;
    windows_.push_front(std::move(planned));
    // The iterator stays valid: a window that is being fetched is not displaced.
    const Windows::iterator window = windows_.begin();
    mutex_.Unlock();
    Result<Buffer> buffer = pool_->Allocate(wanted);
    const Result<size_t> count =
        buffer.ok() ? file_->Read(begin, buffer->data(), wanted) : buffer.status();
    mutex_.Lock();
    fetched_.NotifyAll();
    if (!count.ok() || begin + *count <= offset) {
      windows_.erase(window);
      if (!count.ok()) return count.status();
      return windows_.end();
    }
    window->data = std::make_shared<const Buffer>(std::move(*buffer));
    window->end = begin + *count;
    window->is_fetching = false;
    return window;
  }

  // Up to `size` bytes from `offset` on of `window`, which becomes the one used last.
  Piece Take(Windows::iterator window, uint64_t offset, size_t size) const TF_NPZ_REQUIRES(mutex_) {
    windows_.splice(windows_.begin(), windows_, window);
    window->used_at = ++clock_;
    const size_t count = std::min<uint64_t>(size, window->end - offset);
    window->read_end = std::max(window->read_end, offset + count);
    return {window->data, window->data->data() + (offset - window->begin), count};
  }

  // Returns the window that holds the byte at `offset`. One that is being fetched is returned only
  // if there is no other.
  Windows::iterator Find(uint64_t offset) const TF_NPZ_REQUIRES(mutex_) {
    Windows::iterator found = windows_.end();
    for (auto window = windows_.begin(); window != windows_.end(); ++window) {
      if (!window->holds(offset)) continue;
      if (!window->is_fetching) return window;
      found = window;
    }
    return found;
  }

  // Returns the window to fetch for a reader at `offset`. No window holds that byte.
  Window Plan(uint64_t offset) const TF_NPZ_REQUIRES(mutex_) {
    Window window;
    window.requested_at = ++clock_;
    if (size_ <= kMaxWholeFile) {
      window.end = size_;
      window.next_size = kMinWindow;
      return window;
    }
    size_t size = kMinWindow;
    uint64_t since = clock_;
    const auto before = std::find_if(windows_.begin(), windows_.end(), [&](const Window& w) {
      return !w.is_fetching && w.end <= offset && offset - w.read_end <= kMinWindow;
    });
    if (before != windows_.end()) {
      size = before->next_size;
      since = before->requested_at;
      // Its reader has gone past it, so it can go. It stays if it is not read to its end, because
      // another reader may come. The smallest window stays too: the beginning of a gzip file is
      // read twice, the first time to find out its contents.
      if (before->is_read() && before->size() != kMinWindow) windows_.erase(before);
    }
    const size_t unread = UnreadBytes(since);
    while (size > kMinWindow && unread + size > kMaxWindowBytes) size /= 2;
    window.begin = window.read_end = offset;
    window.end = offset + std::min<uint64_t>(size, size_ - offset);
    window.next_size = std::min(2 * size, kMaxWindow);
    return window;
  }

  // The sizes of all unread windows whose readers were active since `since`, a value of clock_.
  size_t UnreadBytes(uint64_t since) const TF_NPZ_REQUIRES(mutex_) {
    size_t bytes = 0;
    for (const Window& window : windows_) {
      const bool is_live = window.is_fetching || window.used_at > since;
      bytes += is_live && !window.is_read() ? window.size() : 0;
    }
    return bytes;
  }

  // Makes room for another window of `size` bytes. Returns false if that is impossible, because too
  // much is being fetched.
  bool MakeRoom(size_t size) const TF_NPZ_REQUIRES(mutex_) {
    size_t bytes = size;
    for (const Window& window : windows_) bytes += window.size();
    while (windows_.size() >= kMaxWindows || bytes > kMaxWindowBytes) {
      const bool needs_slot = windows_.size() >= kMaxWindows;
      auto victim = windows_.end();
      for (auto window = windows_.begin(); window != windows_.end(); ++window) {
        if (window->is_fetching || (!needs_slot && window->size() == 0)) continue;
        if (victim == windows_.end() || window->is_read() || !victim->is_read()) victim = window;
      }
      if (victim == windows_.end()) return false;
      bytes -= victim->size();
      if (needs_slot || !victim->is_read()) {
        windows_.erase(victim);
      } else {  // its reader may still read after its end
        victim->begin = victim->end;
        victim->data.reset();
      }
    }
    return true;
  }

  const std::unique_ptr<RandomAccessFile> file_;
  const uint64_t size_;
  // Caches nothing. Buffers need a pool.
  const std::shared_ptr<BufferPool> pool_ = BufferPool::New(0);

  mutable Mutex mutex_;
  mutable CondVar fetched_;  // a window was fetched, or the request failed
  // The window used last comes first. One without bytes marks the place of a reader.
  mutable Windows windows_ TF_NPZ_GUARDED_BY(mutex_);
  mutable uint64_t clock_ TF_NPZ_GUARDED_BY(mutex_) = 0;
};

}  // namespace

std::unique_ptr<RandomAccessFile> NewReadAheadFile(std::unique_ptr<RandomAccessFile> file) {
  return std::make_unique<ReadAheadFile>(std::move(file));
}

}  // namespace tf_npz
