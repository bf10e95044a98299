// Archive: one file or byte string, as named arrays.
//
// An `.npz` is a zip archive whose members are `.npy` arrays; an `.npy`, which may be compressed
// with gzip, is one array without a name. Which it is, the first bytes say, as for np.load: names
// of files play no part. Messages begin with the file's path.

#ifndef TF_NPZ_READER_ARCHIVE_H_
#define TF_NPZ_READER_ARCHIVE_H_

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cc/base/status.h"
#include "cc/format/zip_directory.h"
#include "cc/io/buffer.h"
#include "cc/io/file.h"

namespace tf_npz {

// A file of up to this size is read whole when it is opened, and let go: one read instead of four.
inline constexpr uint64_t kSmallFile = uint64_t{64} << 10;

// Immutable once open; any thread may use it. Its file may be parked by whoever knows that no
// thread reads.
class Archive {
 public:
  // `pool` is where small files are read to.
  static Result<std::shared_ptr<Archive>> Open(const FileSystem& file_system,
                                               const std::string& path,
                                               BufferPool& pool = *BufferPool::New(0));

  // The archive that `contents` holds; they must outlive it. `label` stands for the path in
  // messages.
  static Result<std::shared_ptr<Archive>> OpenContents(std::string_view contents,
                                                       std::string label);

  // The path as messages have it: printable, whatever bytes it holds.
  std::string label() const;
  RandomAccessFile& file() const { return *file_; }
  // Whether it was small enough to be read whole: nothing more is read from the file.
  bool is_in_memory() const { return is_in_memory_; }
  bool is_npz() const { return is_npz_; }
  // Whether it is an npy compressed with gzip.
  bool is_gzip() const { return is_gzip_; }

  // An npz's members, in the order of the directory. Not all need be arrays. Empty for an npy.
  const std::vector<ZipEntry>& members() const { return members_; }
  const ZipEnd& zip_end() const { return zip_end_; }

  // The names under which np.load knows the members, each without one final ".npy" and each once,
  // in the order of the directory, with the member that Find finds under it.
  std::vector<std::pair<std::string_view, const ZipEntry*>> Named() const;
  std::vector<std::string> Names() const;

  // The member that np.load finds under `name`, which may have its ".npy" or not; the last of
  // several. InvalidArgument, with the names there are, where there is none.
  Result<const ZipEntry*> Find(std::string_view name) const;

  // PATH["NAME"]: or PATH: , for messages about `entry`, or about the only array where that is
  // null; PATH["NAME"]["FIELD"]: about a field of it.
  std::string Context(const ZipEntry* entry, const std::vector<std::string>& fields = {}) const;

 private:
  Archive(std::string path, std::unique_ptr<RandomAccessFile> file)
      : path_(std::move(path)), file_(std::move(file)) {}
  Status ReadKind();
  Status ReadGzipKind();
  Status ReadDirectory();
  // As the end record at tail[end_at] has it.
  Status ReadDirectory(const std::string& tail, size_t end_at);
  void IndexMembers();

  const std::string path_;  // or what stands for it
  std::unique_ptr<RandomAccessFile> file_;
  bool is_in_memory_ = false;
  bool is_npz_ = false;
  bool is_gzip_ = false;
  ZipEnd zip_end_;
  std::vector<ZipEntry> members_;
  std::map<std::string_view, const ZipEntry*> index_;  // into members_
};

// A member's name as np.load has it.
std::string_view ArrayName(std::string_view member_name);

}  // namespace tf_npz

#endif  // TF_NPZ_READER_ARCHIVE_H_
