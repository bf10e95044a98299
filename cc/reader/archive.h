// Archive: one file or byte string, as named arrays.
//
// An `.npz` is a zip archive whose members are `.npy` arrays. An `.npy` is one array without a
// name, and may be compressed with gzip. The first bytes tell the two apart, as for np.load; the
// file's name does not matter. Messages begin with the file's path.

#ifndef TF_NPZ_READER_ARCHIVE_H_
#define TF_NPZ_READER_ARCHIVE_H_

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cc/base/status.h"
#include "cc/format/zip_directory.h"
#include "cc/io/buffer.h"
#include "cc/io/file.h"
#include "cc/reader/directory.h"

namespace tf_npz {

// A file of up to this size (bytes) is read whole when it is opened, and then closed: one read
// instead of four.
inline constexpr uint64_t kSmallFile = uint64_t{64} << 10;

// Immutable once open; any thread may use it, and call file().CloseIdle().
class Archive {
 public:
  // Opens the file at `path` and reads what tells its kind; of an `.npz` the directory too. A small
  // file is read into memory from `pool`. `file_system` must outlive the archive.
  //
  // InvalidArgument: `path` is empty. DataLoss: the file is neither `.npy` nor `.npz`, or is
  // damaged. Unimplemented: its kind is not supported. Also the errors of the file system.
  static Result<std::shared_ptr<Archive>> Open(const FileSystem& file_system,
                                               const std::string& path,
                                               BufferPool& pool = *BufferPool::New(0));

  // The archive in the bytes `contents`, which must outlive it. Messages print `label` in place of
  // a path.
  static Result<std::shared_ptr<Archive>> OpenContents(std::string_view contents,
                                                       std::string label);

  // The same of a file that is open. Messages print `label` in place of a path.
  static Result<std::shared_ptr<Archive>> OpenFile(std::unique_ptr<RandomAccessFile> file,
                                                   std::string label);

  const std::string& path() const { return path_; }
  // The path as messages print it: bytes that are not printable are escaped.
  std::string label() const;
  RandomAccessFile& file() const { return *file_; }
  // Whether the file was small enough to be read whole. Then nothing more is read from it.
  bool is_in_memory() const { return is_in_memory_; }
  bool is_npz() const { return is_npz_; }
  // Whether it is an npy compressed with gzip.
  bool is_gzip() const { return is_gzip_; }

  // The members of an `.npz`, in the order of its directory. Some may not be arrays. Empty for an
  // `.npy`.
  const std::vector<ZipEntry>& members() const { return directory_->members(); }
  const ZipEnd& zip_end() const { return directory_->zip_end(); }

  // Directory::Named, and its names alone.
  std::vector<std::pair<std::string_view, const ZipEntry*>> Named() const {
    return directory_->Named();
  }
  std::vector<std::string> Names() const;

  // The members that are arrays by their names, in the order of the directory: those that end in
  // ".npy" and are no resource forks. If several have one name, the last one is taken.
  std::vector<const ZipEntry*> Arrays() const;

  // The error of an `.npz` without arrays, where one is wanted.
  Status NoArrays() const;

  // Directory::Find. InvalidArgument, with a list of the names, if there is no such member.
  Result<const ZipEntry*> Find(std::string_view name) const;
  bool Has(std::string_view name) const { return directory_->Find(name) != nullptr; }

  // What an `.npz` is, and what to do, if it holds no arrays and its members have the names of
  // another program's: `a PyTorch file: load it with …`. Empty for all others.
  std::string KindOfOtherProgram() const;
  // The same as the end of a message: `; it is a PyTorch file: …`, or empty.
  std::string ButOtherProgram() const;

  // The beginning of a message about `entry`: `PATH["NAME"]: `. If `entry` is null, the message is
  // about the only array: `PATH: `. With `fields` it is about a field: `PATH["NAME"]["FIELD"]: `.
  std::string Context(const ZipEntry* entry, const std::vector<std::string>& fields = {}) const;

 private:
  Archive(std::string path, std::unique_ptr<RandomAccessFile> file)
      : path_(std::move(path)), file_(std::move(file)) {}
  Status ReadKind();
  Status ReadGzipKind();
  Status ReadDirectory();

  const std::string path_;  // or the label of OpenContents and OpenFile
  std::unique_ptr<RandomAccessFile> file_;
  bool is_in_memory_ = false;
  bool is_npz_ = false;
  bool is_gzip_ = false;
  std::shared_ptr<const Directory> directory_ = std::make_shared<const Directory>();
};

}  // namespace tf_npz

#endif  // TF_NPZ_READER_ARCHIVE_H_
