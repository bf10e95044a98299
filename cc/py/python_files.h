// Files that Python opens and reads: how files of TensorFlow's file systems (gs://, ram://, …) come
// to a module that is not linked to TensorFlow.

#ifndef TF_NPZ_PY_PYTHON_FILES_H_
#define TF_NPZ_PY_PYTHON_FILES_H_

#include <pybind11/pybind11.h>

#include <atomic>
#include <exception>
#include <functional>
#include <memory>
#include <string>

#include "cc/base/status.h"
#include "cc/io/file.h"
#include "cc/io/posix_file.h"

namespace tf_npz {

// Local paths go to the kernel, paths with a scheme to the callable `open_remote(path)`. It returns
// an object with the attribute `size`, in bytes, and the method `read(offset, size) -> bytes`.
//
// A StatusError of theirs becomes the Status of that one file, which is not read any more. Any
// other exception, such as KeyboardInterrupt, ends all reading: every file is Cancelled from then
// on, and Rethrow raises it again. No exception passes through the layers below.
//
// Any thread may open and read, and none of them may hold the GIL.
class PythonFileSystem : public FileSystem {
 public:
  explicit PythonFileSystem(const pybind11::function& open_remote) : open_remote_(open_remote) {}

  Result<std::unique_ptr<RandomAccessFile>> Open(const std::string& path) const override;

  // Whether all reading is to end: an exception was raised, or, on the calling thread, a signal
  // handler raises one now, as that of Ctrl-C does. The caller does not hold the GIL.
  bool IsInterrupted() const;

  // What is to be called once, with the GIL, when reading has ended.
  void Rethrow() const;
  // The first StatusError that a file raised, or OK. With the GIL.
  const Status& failure() const { return failure_; }

 private:
  friend class PythonFile;

  // Calls `body` with the GIL and turns what it raises into a Status. `failure`, where not null, is
  // returned instead once it is an error, and becomes the StatusError that is raised.
  Status Call(const std::function<void()>& body, Status* failure) const;

  const PosixFileSystem local_;
  const pybind11::function& open_remote_;  // the caller's, who has the GIL at the end
  mutable std::atomic<bool> is_interrupted_{false};
  mutable std::exception_ptr exception_;  // guarded by the GIL
  mutable Status failure_;                // guarded by the GIL
};

}  // namespace tf_npz

#endif  // TF_NPZ_PY_PYTHON_FILES_H_
