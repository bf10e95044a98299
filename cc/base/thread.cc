#include "cc/base/thread.h"

#include <system_error>
#include <thread>
#include <utility>

namespace tf_npz {
namespace {

class StdThread : public Thread {
 public:
  explicit StdThread(std::function<void()> body) : thread_(std::move(body)) {}
  ~StdThread() override { thread_.join(); }

 private:
  std::thread thread_;
};

}  // namespace

StartThread StartStdThread() {
  return [](std::function<void()> body) -> std::unique_ptr<Thread> {
    try {
      return std::make_unique<StdThread>(std::move(body));
    } catch (const std::system_error&) {  // std::thread reports a lack of threads in no other way
      return nullptr;
    }
  };
}

}  // namespace tf_npz
