// Crew: a number of threads that do the same thing for as long as there is something to do.
//
// Each thread calls `body` again and again while that returns true. When it returns false the
// thread sleeps until Wake. A Wake during the call is not lost: the thread calls once more. The
// destructor lets each call come to its end, and joins all threads.
//
// One thread calls Grow, started and the destructor. Any thread may call SetActive and Wake, also
// from within `body`.

#ifndef TF_NPZ_PIPELINE_CREW_H_
#define TF_NPZ_PIPELINE_CREW_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "cc/base/mutex.h"
#include "cc/base/thread.h"

namespace tf_npz {

class Crew {
 public:
  // `body` does some work, or returns false if there is none. It must be thread-safe.
  Crew(StartThread start_thread, std::function<bool()> body);
  ~Crew();
  Crew(const Crew&) = delete;
  Crew& operator=(const Crew&) = delete;

  // Starts threads until there are `count` of them, or the system has no more.
  void Grow(int count);
  // Threads that were started.
  int started() const { return static_cast<int>(threads_.size()); }

  // At most `count` of them work from now on; the others wait until it is more. Wakes those that
  // may work.
  void SetActive(int count);

  // Lets one thread that sleeps call `body`.
  void Wake();

 private:
  void Run(int index);

  const StartThread start_thread_;
  const std::function<bool()> body_;

  Mutex mutex_;
  CondVar woken_;      // for threads that found nothing to do
  CondVar activated_;  // for threads beyond active_
  bool is_stopping_ TF_NPZ_GUARDED_BY(mutex_) = false;
  int active_ TF_NPZ_GUARDED_BY(mutex_) = INT32_MAX;
  int sleeping_ TF_NPZ_GUARDED_BY(mutex_) = 0;
  uint64_t wakes_ TF_NPZ_GUARDED_BY(mutex_) = 0;  // calls of Wake so far

  // Last, so that all of the above is there while they end.
  std::vector<std::unique_ptr<Thread>> threads_;
};

}  // namespace tf_npz

#endif  // TF_NPZ_PIPELINE_CREW_H_
