// TensorFlow's file systems (gs://, ram://, …) behind our interface, read ahead by large requests;
// local paths go straight to the kernel.

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
  // The one for everybody: it holds nothing.
  static const TensorFlowFileSystem& Get();

  Result<std::unique_ptr<RandomAccessFile>> Open(const std::string& path) const override;
  std::unique_ptr<WholeFileReader> NewWholeFileReader() const override;

 private:
  const PosixFileSystem local_{};
};

}  // namespace tf_npz

#endif  // TF_NPZ_TF_FILE_SYSTEM_H_
