// Opens files by path, as a FileSystem of cc/io. A path with a scheme (gs://, ram://, …) is read
// through TensorFlow, ahead and in large requests. Local paths, and file://, are read by system
// calls.

#ifndef TF_NPZ_TF_FILE_SYSTEM_H_
#define TF_NPZ_TF_FILE_SYSTEM_H_

#include <memory>
#include <string>

#include "cc/base/status.h"
#include "cc/io/file.h"
#include "cc/io/posix_file.h"

namespace tf_npz {

class TensorFlowFileSystem : public FileSystem {
 public:
  // The only instance. It has no state; any thread may use it.
  static const TensorFlowFileSystem& Get();

  Result<std::unique_ptr<RandomAccessFile>> Open(const std::string& path) const override;
  std::unique_ptr<WholeFileReader> NewWholeFileReader() const override;

 private:
  const PosixFileSystem local_{};
};

}  // namespace tf_npz

#endif  // TF_NPZ_TF_FILE_SYSTEM_H_
