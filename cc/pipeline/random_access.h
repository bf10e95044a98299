// RandomAccess: single elements of many files, in any order.
//
// Of stored data it reads the element's bytes and nothing else, without their checksum. A deflated
// array is decoded whole, verified and kept, as long as it is no larger than a quarter of
// `memory_limit`; of a larger one all that comes before the element is decoded anew, unless the
// elements are asked for in their order. Files that were read last stay open, or known.

#ifndef TF_NPZ_PIPELINE_RANDOM_ACCESS_H_
#define TF_NPZ_PIPELINE_RANDOM_ACCESS_H_

#include <cstdint>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "cc/base/status.h"
#include "cc/io/buffer.h"
#include "cc/io/file.h"
#include "cc/reader/selection.h"

namespace tf_npz {

// Any thread may use it.
class RandomAccess {
 public:
  // `file_system` must outlive it. At most `memory_limit` bytes are kept.
  RandomAccess(const FileSystem& file_system, Selection selection, std::shared_ptr<BufferPool> pool,
               uint64_t memory_limit, bool verify_checksums);
  ~RandomAccess();

  // Element `element` of the file at `path`, for each component.
  Result<std::vector<ArrayData>> Read(const std::string& path, int64_t element);

 private:
  struct File;

  std::shared_ptr<File> Find(const std::string& path);
  void Keep(File& file);
  Result<std::vector<ArrayData>> ReadFrom(File& file, int64_t element) const;
  Status Open(File& file) const;
  Status Load(File& file) const;

  const FileSystem& file_system_;
  const Selection selection_;
  const std::shared_ptr<BufferPool> pool_;
  const uint64_t memory_limit_;
  const bool verify_checksums_;

  std::mutex mutex_;
  // Guarded by mutex_: the files that are known, the one used last in front, and what they hold.
  std::list<std::shared_ptr<File>> files_;
  std::map<std::string, std::list<std::shared_ptr<File>>::iterator> index_;
  uint64_t kept_ = 0;
};

}  // namespace tf_npz

#endif  // TF_NPZ_PIPELINE_RANDOM_ACCESS_H_
