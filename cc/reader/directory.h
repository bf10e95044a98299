// Directory: the members of a zip archive, by their names. DirectoryCache: the directories that
// were read last.
//
// Parsing takes about 1 us for each member. A program that reads one array at a time from an
// archive of thousands would spend nearly all of its time on that.

#ifndef TF_NPZ_READER_DIRECTORY_H_
#define TF_NPZ_READER_DIRECTORY_H_

#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cc/base/mutex.h"
#include "cc/base/status.h"
#include "cc/format/zip_directory.h"
#include "cc/io/file.h"

namespace tf_npz {

// Immutable; any thread may use it.
class Directory {
 public:
  Directory() = default;  // without members

  // DataLoss if `file` is no complete archive. Messages do not name the file.
  static Result<std::shared_ptr<const Directory>> Read(const RandomAccessFile& file);

  // The members, in the order of the archive.
  const std::vector<ZipEntry>& members() const { return members_; }
  const ZipEnd& zip_end() const { return zip_end_; }

  // The names that np.load shows, each once, in the order of the archive. One final ".npy" is
  // removed from each. With each name comes the member that Find returns for it.
  std::vector<std::pair<std::string_view, const ZipEntry*>> Named() const;

  // The member that np.load finds under `name`, with or without ".npy". If several members have
  // that name, the last one. Null if there is none.
  const ZipEntry* Find(std::string_view name) const;

  // About how many bytes it takes in memory.
  uint64_t memory_size() const;

 private:
  Directory(ZipEnd zip_end, std::vector<ZipEntry> members);

  const ZipEnd zip_end_{};
  const std::vector<ZipEntry> members_{};
  // Sorted by name. Of those with one name the last one is found.
  std::vector<std::pair<std::string_view, const ZipEntry*>> index_;
};

// The name of a member as np.load shows it: without one final ".npy".
std::string_view ArrayName(std::string_view member_name);

// Any thread may use it. A directory is kept until others that were used later take its place, or
// until the process ends.
class DirectoryCache {
 public:
  // All directories together take `max_size` bytes at most.
  explicit DirectoryCache(uint64_t max_size) : max_size_(max_size) {}

  // The one of this process.
  static DirectoryCache& Get();

  // The directory of `file`, opened by the name `path`. It is read, unless it is kept of a file
  // with the same path and identity.
  Result<std::shared_ptr<const Directory>> Read(const std::string& path,
                                                const RandomAccessFile& file)
      TF_NPZ_EXCLUDES(mutex_);

 private:
  static constexpr size_t kMaxDirectories = 64;

  struct Entry {
    std::string key;
    std::shared_ptr<const Directory> directory;
    uint64_t size = 0;  // Directory::memory_size
  };
  std::shared_ptr<const Directory> Find(const std::string& key) TF_NPZ_EXCLUDES(mutex_);
  void Insert(Entry entry) TF_NPZ_EXCLUDES(mutex_);

  const uint64_t max_size_;
  Mutex mutex_;
  // The one that was used last is in front.
  std::list<Entry> entries_ TF_NPZ_GUARDED_BY(mutex_);
  uint64_t size_ TF_NPZ_GUARDED_BY(mutex_) = 0;  // the sum of Entry::size
};

}  // namespace tf_npz

#endif  // TF_NPZ_READER_DIRECTORY_H_
