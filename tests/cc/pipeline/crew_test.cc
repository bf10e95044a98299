#include "cc/pipeline/crew.h"

#include <gtest/gtest.h>

#include <atomic>
#include <memory>

namespace tf_npz {
namespace {

// Work that is there or not, and can be waited for.
class Jobs {
 public:
  void Add(int count) {
    const MutexLock lock(mutex_);
    waiting_ += count;
  }
  // A crew's body: takes a job, if there is one.
  bool Take() {
    const MutexLock lock(mutex_);
    if (waiting_ == 0) return false;
    --waiting_;
    ++done_;
    changed_.NotifyAll();
    return true;
  }
  void WaitFor(int count) {
    const MutexLock lock(mutex_);
    while (done_ < count) changed_.Wait(mutex_);
  }
  int done() {
    const MutexLock lock(mutex_);
    return done_;
  }

 private:
  Mutex mutex_;
  CondVar changed_;
  int waiting_ TF_NPZ_GUARDED_BY(mutex_) = 0;
  int done_ TF_NPZ_GUARDED_BY(mutex_) = 0;
};

TEST(Crew, JoinsThreadsThatSleep) {
  for (int repeat = 0; repeat < 100; ++repeat) {
    Crew crew(StartStdThread(), [] { return false; });
    crew.Grow(4);
    EXPECT_EQ(crew.started(), 4);
    if (repeat % 2 == 0) crew.Wake();
  }
}

TEST(Crew, DoesWhatThereIsWhenItIsWoken) {
  Jobs jobs;
  Crew crew(StartStdThread(), [&jobs] { return jobs.Take(); });
  crew.Grow(3);
  for (int i = 1; i <= 1000; ++i) {
    jobs.Add(1);
    crew.Wake();
    jobs.WaitFor(i);  // a wake that got lost would hang here
  }
}

TEST(Crew, ThreadsBeyondTheActiveOnesWait) {
  Jobs jobs;
  std::atomic<int> running{0};
  std::atomic<int> most{0};
  Crew crew(StartStdThread(), [&] {
    const int now = ++running;
    for (int seen = most; now > seen && !most.compare_exchange_weak(seen, now);) {
    }
    const bool worked = jobs.Take();
    --running;
    return worked;
  });
  crew.SetActive(1);
  crew.Grow(8);
  jobs.Add(5000);
  crew.Wake();
  jobs.WaitFor(5000);
  EXPECT_EQ(most, 1);
  crew.SetActive(8);
  jobs.Add(5000);
  for (int i = 0; i < 8; ++i) crew.Wake();
  jobs.WaitFor(10'000);
  crew.SetActive(2);
  jobs.Add(1);
  crew.Wake();
  jobs.WaitFor(10'001);
}

TEST(Crew, AThreadThatMayNoLongerWorkLeavesItsWorkToAnother) {
  Jobs jobs;
  std::atomic<bool> follows{false};
  Crew crew(StartStdThread(), [&] {
    if (!jobs.Take()) return false;
    // By the time that this job ends, its thread may be one too many. What it leaves is for others.
    crew.SetActive(1);
    if (follows.exchange(false)) jobs.Add(1);
    return true;
  });
  crew.Grow(3);
  for (int i = 1; i <= 500; ++i) {
    crew.SetActive(3);
    follows = true;
    jobs.Add(1);
    crew.Wake();
    jobs.WaitFor(2 * i);
  }
}

TEST(Crew, GoesOnWithFewerThreadsIfTheSystemHasNoMore) {
  int left = 2;
  const StartThread start = StartStdThread();
  Jobs jobs;
  Crew crew(
      [&left, &start](std::function<void()> body) -> std::unique_ptr<Thread> {
        return left-- > 0 ? start(std::move(body)) : nullptr;
      },
      [&jobs] { return jobs.Take(); });
  crew.Grow(5);
  EXPECT_EQ(crew.started(), 2);
  jobs.Add(10);
  crew.Wake();
  jobs.WaitFor(10);
}

}  // namespace
}  // namespace tf_npz
