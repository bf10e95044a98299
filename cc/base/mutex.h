// Mutex, MutexLock and CondVar: the standard library's, with annotations that clang checks.
//
// A member that a lock guards says so:
//
//     Mutex mutex_;
//     int64_t used_ TF_NPZ_GUARDED_BY(mutex_) = 0;
//     void Grow() TF_NPZ_REQUIRES(mutex_);   // the caller holds mutex_
//
// `make lint` compiles every layer with clang's -Wthread-safety. An access without the lock does
// not pass. GCC ignores the annotations.

#ifndef TF_NPZ_BASE_MUTEX_H_
#define TF_NPZ_BASE_MUTEX_H_

#include <condition_variable>
#include <mutex>

#if defined(__clang__)
#define TF_NPZ_ANNOTATE(attribute) __attribute__((attribute))
#else
#define TF_NPZ_ANNOTATE(attribute)
#endif

// A member may be touched only while `mutex` is held.
#define TF_NPZ_GUARDED_BY(mutex) TF_NPZ_ANNOTATE(guarded_by(mutex))
// A function may be called only while the mutex is held.
#define TF_NPZ_REQUIRES(...) TF_NPZ_ANNOTATE(requires_capability(__VA_ARGS__))
// A function takes the mutex itself, so the caller must not hold it.
#define TF_NPZ_EXCLUDES(...) TF_NPZ_ANNOTATE(locks_excluded(__VA_ARGS__))

namespace tf_npz {

class TF_NPZ_ANNOTATE(capability("mutex")) Mutex {
 public:
  void Lock() TF_NPZ_ANNOTATE(acquire_capability()) { mutex_.lock(); }
  void Unlock() TF_NPZ_ANNOTATE(release_capability()) { mutex_.unlock(); }

 private:
  friend class CondVar;
  std::mutex mutex_;
};

// Holds `mutex` from its construction to its destruction, except between Unlock and Lock.
class TF_NPZ_ANNOTATE(scoped_lockable) MutexLock {
 public:
  explicit MutexLock(Mutex& mutex) TF_NPZ_ANNOTATE(acquire_capability(mutex)) : mutex_(mutex) {
    mutex_.Lock();
  }
  ~MutexLock() TF_NPZ_ANNOTATE(release_capability()) {
    if (is_held_) mutex_.Unlock();
  }
  MutexLock(const MutexLock&) = delete;
  MutexLock& operator=(const MutexLock&) = delete;

  void Unlock() TF_NPZ_ANNOTATE(release_capability()) {
    is_held_ = false;
    mutex_.Unlock();
  }
  void Lock() TF_NPZ_ANNOTATE(acquire_capability()) {
    mutex_.Lock();
    is_held_ = true;
  }

 private:
  Mutex& mutex_;
  bool is_held_ = true;
};

class CondVar {
 public:
  // Releases `mutex`, waits for a notification, and locks `mutex` again. It may also return without
  // a notification, so callers wait in a loop.
  void Wait(Mutex& mutex) TF_NPZ_REQUIRES(mutex) {
    std::unique_lock<std::mutex> lock(mutex.mutex_, std::adopt_lock);
    condition_.wait(lock);
    lock.release();
  }
  void NotifyOne() { condition_.notify_one(); }
  void NotifyAll() { condition_.notify_all(); }

 private:
  std::condition_variable condition_;
};

}  // namespace tf_npz

#endif  // TF_NPZ_BASE_MUTEX_H_
