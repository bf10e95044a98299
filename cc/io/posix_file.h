// Files of the operating system.

#ifndef TF_NPZ_IO_POSIX_FILE_H_
#define TF_NPZ_IO_POSIX_FILE_H_

#include <memory>
#include <string>

#include "cc/base/status.h"
#include "cc/io/file.h"

namespace tf_npz {

// Opens a regular file for reading; anything else that a path may name is InvalidArgument.
class PosixFileSystem : public FileSystem {
 public:
  Result<std::unique_ptr<RandomAccessFile>> Open(const std::string& path) const override;
  std::unique_ptr<WholeFileReader> NewWholeFileReader() const override;
};

}  // namespace tf_npz

#endif  // TF_NPZ_IO_POSIX_FILE_H_
