// What is said once about the file systems of TensorFlow (gs://, ram://, …): which paths are
// theirs, and what their errors mean. The ops ask them in C++, inspection and spec inference in
// Python.

#ifndef TF_NPZ_IO_REMOTE_H_
#define TF_NPZ_IO_REMOTE_H_

#include <string_view>

#include "cc/base/status.h"

namespace tf_npz {

// Whether `path` begins with a scheme (RFC 3986 3.1) and "://". Every other path is local.
bool HasScheme(std::string_view path);

// The error of a file system with the file at `path`. `code` is a number of absl::StatusCode.
// `message` may name the path, the result does not: the caller does. A code that is none of ours
// becomes one of ours. An empty message becomes the name of the code.
Status FileSystemError(int code, std::string_view message, std::string_view path);

}  // namespace tf_npz

#endif  // TF_NPZ_IO_REMOTE_H_
