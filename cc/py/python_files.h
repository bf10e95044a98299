// PythonFileSystem: files that Python code opens and reads. With it a module that is not linked to
// TensorFlow reads files of TensorFlow's file systems (gs://, ram://, …).

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

// Local files are read by system calls. A path with a scheme is passed to the Python callable
// `open_remote(path: bytes)`. It returns an object with the attribute `size`, in bytes, and the
// method `read(offset, size) -> bytes`.
//
// If one of these calls raises StatusError, that file returns its Status, and is not read any more.
// Any other exception, such as KeyboardInterrupt, ends all reading: from then on every file returns
// Cancelled, and Rethrow raises the exception again. No exception passes through the layers below.
//
// Any thread may open and read; it must not hold the GIL.
class PythonFileSystem : public FileSystem {
 public:
  explicit PythonFileSystem(const pybind11::function& open_remote) : open_remote_(open_remote) {}

  Result<std::unique_ptr<RandomAccessFile>> Open(const std::string& path) const override;

  // Whether reading must end: an exception was raised, or a signal such as Ctrl-C has arrived and
  // its handler raises one now. For the main thread of Python, which must not hold the GIL.
  bool IsInterrupted() const;

  // Raises the exception that ended reading, if there is one. To be called once, with the GIL, when
  // reading has ended.
  void Rethrow() const;
  // The first StatusError that a file raised, or OK. To be called with the GIL.
  const Status& failure() const { return failure_; }

 private:
  friend class PythonFile;

  // Calls `body` with the GIL, and returns what it raises as a Status. `failure` belongs to one
  // file and may be null. It keeps the first StatusError; later calls return it and do not call
  // `body`.
  Status Call(const std::function<void()>& body, Status* failure) const;

  const PosixFileSystem local_;
  const pybind11::function& open_remote_;  // owned by the caller, who destroys it with the GIL
  mutable std::atomic<bool> is_interrupted_{false};
  mutable std::exception_ptr exception_;  // guarded by the GIL
  mutable Status failure_;                // guarded by the GIL
};

}  // namespace tf_npz

#endif  // TF_NPZ_PY_PYTHON_FILES_H_
