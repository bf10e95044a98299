// ParallelFor: calls a function for each number up to a count, on several threads.

#ifndef TF_NPZ_PIPELINE_PARALLEL_FOR_H_
#define TF_NPZ_PIPELINE_PARALLEL_FOR_H_

#include <cstddef>
#include <functional>

#include "cc/base/thread.h"

namespace tf_npz {

// Threads that read headers. They mostly wait for storage, so there may be more of them than
// processors.
inline constexpr int kHeaderThreads = 16;

// Calls body(0), body(1), …, body(count - 1), each once, and returns when all calls have returned.
// They run on the calling thread and on up to `num_threads` - 1 others, fewer if the system has no
// more. `num_threads` is at least 1. Each thread takes the lowest number that is left.
void ParallelFor(size_t count, int num_threads, const StartThread& start_thread,
                 const std::function<void(size_t)>& body);

}  // namespace tf_npz

#endif  // TF_NPZ_PIPELINE_PARALLEL_FOR_H_
