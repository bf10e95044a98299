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
#include <string>
#include <vector>

#include "cc/base/mutex.h"
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
  // A file and what is known about it. One thread at a time reads it.
  struct File {
    explicit File(std::string p) : path(std::move(p)) {}

    const std::string path;
    Mutex mutex;
    bool is_open TF_NPZ_GUARDED_BY(mutex) = false;
    SelectedArrays selected TF_NPZ_GUARDED_BY(mutex);
    uint64_t loaded TF_NPZ_GUARDED_BY(mutex) = 0;  // bytes of arrays that were decoded whole
  };

  // A file in the list, and the bytes that it counts for there.
  struct Entry {
    std::shared_ptr<File> file;
    uint64_t size = 0;
  };

  std::shared_ptr<File> Find(const std::string& path) TF_NPZ_EXCLUDES(mutex_);
  void Keep(File& file) TF_NPZ_REQUIRES(file.mutex) TF_NPZ_EXCLUDES(mutex_);
  Result<std::vector<ArrayData>> ReadFrom(File& file, int64_t element) const
      TF_NPZ_REQUIRES(file.mutex);
  Status Open(File& file) const TF_NPZ_REQUIRES(file.mutex);
  Status Load(File& file) const TF_NPZ_REQUIRES(file.mutex);

  const FileSystem& file_system_;
  const Selection selection_;
  const std::shared_ptr<BufferPool> pool_;
  const uint64_t memory_limit_;
  const bool verify_checksums_;

  Mutex mutex_;
  // The files that are known. The one used last is in front.
  std::list<Entry> files_ TF_NPZ_GUARDED_BY(mutex_);
  std::map<std::string, std::list<Entry>::iterator> index_ TF_NPZ_GUARDED_BY(mutex_);
  uint64_t kept_ TF_NPZ_GUARDED_BY(mutex_) = 0;  // the sum of Entry::size
};

}  // namespace tf_npz

#endif  // TF_NPZ_PIPELINE_RANDOM_ACCESS_H_
