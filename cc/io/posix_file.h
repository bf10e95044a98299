// PosixFileSystem: the files of the operating system.

#ifndef TF_NPZ_IO_POSIX_FILE_H_
#define TF_NPZ_IO_POSIX_FILE_H_

#include <memory>
#include <string>

#include "cc/base/status.h"
#include "cc/io/file.h"

namespace tf_npz {

// Opens regular files for reading. InvalidArgument for anything else: a directory, a FIFO, a
// device. Thread-safe.
class PosixFileSystem : public FileSystem {
 public:
  Result<std::unique_ptr<RandomAccessFile>> Open(const std::string& path) const override;
  std::unique_ptr<WholeFileReader> NewWholeFileReader() const override;
};

}  // namespace tf_npz

#endif  // TF_NPZ_IO_POSIX_FILE_H_
