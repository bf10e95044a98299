// ReaderThread: a thread of the engine that TensorFlow starts for an iterator.

#ifndef TF_NPZ_TF_READER_THREAD_H_
#define TF_NPZ_TF_READER_THREAD_H_

#include <pthread.h>

#include <functional>
#include <memory>
#include <utility>

#include "cc/base/thread.h"
#include "tensorflow/core/framework/dataset.h"

namespace tf_npz {

class ReaderThread : public Thread {
 public:
  static constexpr char kName[] = "tf_npz_reader";  // 15 characters at most

  // A function that starts threads through `context` and keeps it alive. It returns null if
  // TensorFlow starts none.
  static StartThread StartBy(std::shared_ptr<tensorflow::data::IteratorContext> context) {
    return [context = std::move(context)](std::function<void()> body) -> std::unique_ptr<Thread> {
      std::unique_ptr<tensorflow::Thread> thread =
          context->StartThread(kName, [body = std::move(body)] { Run(body); });
      if (thread == nullptr) return nullptr;
      return std::unique_ptr<Thread>(new ReaderThread(std::move(thread)));
    };
  }

 private:
  explicit ReaderThread(std::unique_ptr<tensorflow::Thread> thread) : thread_(std::move(thread)) {}

  // Sets the thread's name for top, debuggers and profilers. TensorFlow does not pass its name on
  // to the system. It uses the thread for other work afterwards, so the old name is set again.
  static void Run(const std::function<void()>& body) {
    char previous[16] = "";
    pthread_getname_np(pthread_self(), previous, sizeof(previous));
    pthread_setname_np(pthread_self(), kName);
    body();
    pthread_setname_np(pthread_self(), previous);
  }

  const std::unique_ptr<tensorflow::Thread> thread_;  // joins in its destructor
};

}  // namespace tf_npz

#endif  // TF_NPZ_TF_READER_THREAD_H_
