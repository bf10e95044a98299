// RandomAccess: single elements of many files, in any order.
//
// From a stored array it reads only the bytes of the element, and does not verify the checksum. A
// deflated array of up to a quarter of `memory_limit` is decoded as a whole, verified and kept. In
// a larger one, everything before the element is decoded again for each element, unless they are
// read in order. The files that were read last stay open, or their headers are kept.

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

// Any thread may use it. Threads that read one file wait for each other.
class RandomAccess {
 public:
  // `file_system` must outlive it. Between two reads it keeps at most `memory_limit` bytes of
  // decoded arrays and headers, or those of the file that was read last.
  RandomAccess(const FileSystem& file_system, Selection selection, std::shared_ptr<BufferPool> pool,
               uint64_t memory_limit, bool verify_checksums);
  ~RandomAccess();

  // Element number `element`, from 0, of the file `filename`. One array for each component.
  // InvalidArgument if the file has no such element. Also the errors of opening and reading.
  Result<std::vector<ArrayData>> Read(const std::string& filename, int64_t element);

 private:
  // A file and its open arrays. One thread at a time reads it.
  struct File {
    explicit File(std::string name) : filename(std::move(name)) {}

    const std::string filename;
    Mutex mutex;
    bool is_open TF_NPZ_GUARDED_BY(mutex) = false;
    SelectedArrays selected TF_NPZ_GUARDED_BY(mutex);
    uint64_t loaded TF_NPZ_GUARDED_BY(mutex) = 0;  // bytes of arrays that were decoded as a whole
  };

  // A file in the list, and its share of kept_, in bytes.
  struct Entry {
    std::shared_ptr<File> file;
    uint64_t size = 0;
  };

  std::shared_ptr<File> Find(const std::string& filename) TF_NPZ_EXCLUDES(mutex_);
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
  // The files that are kept. The one that was used last is in front.
  std::list<Entry> files_ TF_NPZ_GUARDED_BY(mutex_);
  std::map<std::string, std::list<Entry>::iterator> index_ TF_NPZ_GUARDED_BY(mutex_);
  uint64_t kept_ TF_NPZ_GUARDED_BY(mutex_) = 0;  // the sum of Entry::size
};

}  // namespace tf_npz

#endif  // TF_NPZ_PIPELINE_RANDOM_ACCESS_H_
