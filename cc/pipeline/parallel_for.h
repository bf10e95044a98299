// ParallelFor: one piece of work for each of many files, a few at once.

#ifndef TF_NPZ_PIPELINE_PARALLEL_FOR_H_
#define TF_NPZ_PIPELINE_PARALLEL_FOR_H_

#include <cstddef>
#include <functional>

#include "cc/base/thread.h"

namespace tf_npz {

// Files whose headers are read at once. They wait for storage rather than for a processor.
inline constexpr int kHeaderThreads = 16;

// Calls body(0), body(1), …, body(count - 1), each once, and returns when all have returned. They
// run on the calling thread and on up to `num_threads` - 1 others; on fewer where the system has no
// more. Each thread takes the lowest number that is left.
void ParallelFor(size_t count, int num_threads, const StartThread& start_thread,
                 const std::function<void(size_t)>& body);

}  // namespace tf_npz

#endif  // TF_NPZ_PIPELINE_PARALLEL_FOR_H_
