#include "cc/pipeline/crew.h"

#include <utility>

namespace tf_npz {

Crew::Crew(StartThread start_thread, std::function<bool()> body)
    : start_thread_(std::move(start_thread)), body_(std::move(body)) {}

Crew::~Crew() {
  {
    const MutexLock lock(mutex_);
    is_stopping_ = true;
  }
  woken_.NotifyAll();
  activated_.NotifyAll();
  threads_.clear();  // joins
}

void Crew::Grow(int count) {
  while (started() < count) {
    const int index = started();
    std::unique_ptr<Thread> thread = start_thread_([this, index] { Run(index); });
    if (thread == nullptr) return;
    threads_.push_back(std::move(thread));
  }
}

void Crew::SetActive(int count) {
  {
    const MutexLock lock(mutex_);
    active_ = count;
    ++wakes_;
  }
  woken_.NotifyAll();
  activated_.NotifyAll();
}

void Crew::Wake() {
  {
    const MutexLock lock(mutex_);
    ++wakes_;
    if (sleeping_ == 0) return;
  }
  woken_.NotifyOne();
}

void Crew::Run(int index) {
  MutexLock lock(mutex_);
  while (!is_stopping_) {
    if (index >= active_) {
      // There may be work that this thread made, or was woken for: another must look for it.
      ++wakes_;
      woken_.NotifyOne();
      while (index >= active_ && !is_stopping_) activated_.Wait(mutex_);
      continue;
    }
    const uint64_t seen = wakes_;
    lock.Unlock();
    const bool has_worked = body_();
    lock.Lock();
    if (has_worked) continue;
    ++sleeping_;
    while (wakes_ == seen && !is_stopping_ && index < active_) woken_.Wait(mutex_);
    --sleeping_;
  }
}

}  // namespace tf_npz
