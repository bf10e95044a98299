// Thread: a thread that joins when it is destroyed, and the function that starts one.
//
// The pipeline does not start threads by itself: it is given a StartThread. TensorFlow's iterators
// pass one that starts TensorFlow's threads, tests and programs pass StartStdThread.

#ifndef TF_NPZ_BASE_THREAD_H_
#define TF_NPZ_BASE_THREAD_H_

#include <functional>
#include <memory>

namespace tf_npz {

// A running thread. Its destructor waits until the thread has ended.
class Thread {
 public:
  virtual ~Thread() = default;
};

// Starts a thread that runs `body`. Returns null if the system has no more threads.
using StartThread = std::function<std::unique_ptr<Thread>(std::function<void()> body)>;

// Starts threads of the C++ standard library.
StartThread StartStdThread();

}  // namespace tf_npz

#endif  // TF_NPZ_BASE_THREAD_H_
