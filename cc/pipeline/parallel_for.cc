#include "cc/pipeline/parallel_for.h"

#include <algorithm>
#include <atomic>
#include <memory>
#include <utility>
#include <vector>

namespace tf_npz {

void ParallelFor(size_t count, int num_threads, const StartThread& start_thread,
                 const std::function<void(size_t)>& body) {
  std::atomic<size_t> next{0};
  const auto take_all = [&] {
    for (size_t i = next++; i < count; i = next++) body(i);
  };
  std::vector<std::unique_ptr<Thread>> threads;
  const size_t most = std::min<size_t>(static_cast<size_t>(num_threads), count);
  while (threads.size() + 1 < most) {
    std::unique_ptr<Thread> thread = start_thread(take_all);
    if (thread == nullptr) break;
    threads.push_back(std::move(thread));
  }
  take_all();
  threads.clear();  // joins
}

}  // namespace tf_npz
