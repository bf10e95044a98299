// Opens sources (source_name.h): files, or single arrays of files.

#ifndef TF_NPZ_READER_SOURCE_H_
#define TF_NPZ_READER_SOURCE_H_

#include <cstddef>
#include <list>
#include <memory>
#include <string>
#include <utility>

#include "cc/base/mutex.h"
#include "cc/base/status.h"
#include "cc/io/buffer.h"
#include "cc/io/file.h"
#include "cc/reader/archive.h"
#include "cc/reader/plan_cache.h"
#include "cc/reader/read_options.h"
#include "cc/reader/selection.h"

namespace tf_npz {

// The archives of the files that were opened last, for sources that are arrays: those of one file
// share its archive. Any thread may use it. Threads that open one file wait for each other.
class SharedArchives {
 public:
  // `file_system` must outlive it. Small files are read into memory from `pool`.
  SharedArchives(const FileSystem& file_system, std::shared_ptr<BufferPool> pool)
      : file_system_(file_system), pool_(std::move(pool)) {}

  // As Archive::Open.
  Result<std::shared_ptr<Archive>> Open(const std::string& path) TF_NPZ_EXCLUDES(mutex_);

 private:
  // Threads read a few files at once, and those are neighbours in the order of reading.
  static constexpr size_t kMaxArchives = 16;

  struct File {
    explicit File(std::string name) : path(std::move(name)) {}

    const std::string path;
    Mutex mutex;
    std::shared_ptr<Archive> archive TF_NPZ_GUARDED_BY(mutex);  // null until it is open
  };
  std::shared_ptr<File> Find(const std::string& path) TF_NPZ_EXCLUDES(mutex_);

  const FileSystem& file_system_;
  const std::shared_ptr<BufferPool> pool_;
  Mutex mutex_;
  // The one that was used last is in front.
  std::list<std::shared_ptr<File>> files_ TF_NPZ_GUARDED_BY(mutex_);
};

// Opens the selected arrays of `source`, as OpenSelection does. If each array is a source, its file
// is taken from `archives`. Otherwise, or if `archives` is null, it is opened for this source
// alone.
Result<SelectedArrays> OpenSource(const FileSystem& file_system, const std::string& source,
                                  const Selection& selection, const ReadOptions& options,
                                  PlanCache* cache = nullptr, SharedArchives* archives = nullptr);

}  // namespace tf_npz

#endif  // TF_NPZ_READER_SOURCE_H_
