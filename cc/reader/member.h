// Member: where the bytes of one array lie in a file, and what the file says about them.
//
// It is a member of an `.npz`, or a whole `.npy` file, perhaps compressed with gzip. It does not
// change once it is open: any thread may use it, and several readers may share it. It keeps its
// archive alive.

#ifndef TF_NPZ_READER_MEMBER_H_
#define TF_NPZ_READER_MEMBER_H_

#include <cstdint>
#include <memory>
#include <string>

#include "cc/base/status.h"
#include "cc/format/zip_directory.h"
#include "cc/io/file.h"
#include "cc/reader/archive.h"

namespace tf_npz {

class Member {
 public:
  // Reads the local header of `entry`, one of archive->members(). Null: the archive is an `.npy`.
  static Result<Member> Open(std::shared_ptr<const Archive> archive, const ZipEntry* entry);

  bool is_gzip() const { return archive_->is_gzip(); }
  bool is_deflated() const { return entry_ != nullptr && entry_->method == kZipDeflated; }
  // Whether its bytes must be decoded from the first one on. If not, the file holds them unchanged.
  bool is_stream() const { return is_deflated() || is_gzip(); }
  // Whether the archive holds a CRC-32 of its uncompressed bytes. (gzip holds its own.)
  bool has_crc32() const { return entry_ != nullptr; }

  const RandomAccessFile& file() const { return archive_->file(); }
  // The offset of its bytes in the file, and their number there.
  uint64_t data_offset() const { return data_offset_; }
  uint64_t compressed_size() const { return compressed_size_; }
  // Uncompressed bytes. gzip does not hold this number; for gzip it is an upper bound.
  uint64_t size() const { return size_; }

  // The beginning of each message about it: `PATH["NAME"]: `.
  std::string context() const { return archive_->Context(entry_); }

  // DataLoss if the archive holds another CRC-32 than `crc`, the CRC-32 of all uncompressed bytes.
  Status CheckCrc32(uint32_t crc) const;

 private:
  Member(std::shared_ptr<const Archive> archive, const ZipEntry* entry)
      : archive_(std::move(archive)), entry_(entry) {}

  std::shared_ptr<const Archive> archive_;
  const ZipEntry* entry_;  // of archive_; null for an `.npy`
  uint64_t data_offset_ = 0;
  uint64_t compressed_size_ = 0;
  uint64_t size_ = 0;
};

}  // namespace tf_npz

#endif  // TF_NPZ_READER_MEMBER_H_
