// Parses the records of a zip archive that list its members. It takes bytes, returns facts, and
// does no IO. All functions are pure.
//
// Section numbers are those of PKWARE's APPNOTE.TXT, the ".ZIP File Format Specification" 6.3.10.
// If it leaves a choice, or if writers do not follow it, this code does what Python's zipfile does,
// because np.load reads with zipfile.
//
//     local file header 1 (4.3.7), data 1, …       the bytes of each member
//     central directory header 1 (4.3.12), …       the facts of each member
//     zip64 end record (4.3.14), locator (4.3.15)  optional
//     end of central directory record (4.3.16), comment
//
// Only the central directory is trusted: NumPy leaves sizes out of local headers.

#ifndef TF_NPZ_FORMAT_ZIP_DIRECTORY_H_
#define TF_NPZ_FORMAT_ZIP_DIRECTORY_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "cc/base/status.h"

namespace tf_npz {

// The first bytes of an archive: a local header, or the end record if the archive is empty. np.load
// requires an npz to begin with one of these.
inline constexpr std::string_view kZipLocalMagic = "PK\x03\x04";
inline constexpr std::string_view kZipEmptyMagic = "PK\x05\x06";

inline constexpr size_t kZipLocalHeaderSize = 30;
inline constexpr size_t kZipEndSize = 22;
inline constexpr size_t kZip64LocatorSize = 20;
inline constexpr size_t kZip64EndSize = 56;

// The most bytes after the end record with which zipfile still finds it: a comment or anything
// else.
inline constexpr size_t kMaxZipTrailSize = 0x10000;

// The most bytes of the end of a file that FindZipEnds and ParseZipEnd need.
inline constexpr size_t kMaxZipTailSize =
    kZip64EndSize + kZip64LocatorSize + kZipEndSize + kMaxZipTrailSize;

// A larger directory is refused. This size is enough for more than a million members.
inline constexpr uint64_t kMaxZipDirectorySize = uint64_t{256} << 20;

// The place of the central directory (4.3.16, 4.3.14).
struct ZipEnd {
  uint64_t entry_count = 0;  // the count in the record; not trusted
  uint64_t directory_size = 0;
  // The true offset in the file. The directory ends at the zip64 end record, or at the end record
  // if there is none.
  uint64_t directory_offset = 0;
  // The offset in the record. Offsets of local headers have the same origin. If it differs from the
  // true offset, that many bytes were prepended to the archive or removed from its beginning.
  uint64_t declared_offset = 0;
};

// The name of a compression method (4.4.5), such as "deflate"; "method N" for an unknown one.
std::string ZipMethodName(uint16_t method);
inline constexpr uint16_t kZipStored = 0;
inline constexpr uint16_t kZipDeflated = 8;

// One member, from its header in the central directory (4.3.12). Its zip64 fields (4.5.3) replace
// the shorter ones.
struct ZipEntry {
  // The name up to its first NUL, decoded to well-formed UTF-8 (4.4.17, appendix D).
  std::string name;
  std::string raw_name;  // the bytes in the header
  uint16_t flags = 0;    // general purpose bit flag (4.4.4)
  uint16_t method = 0;
  uint32_t crc32 = 0;
  uint64_t compressed_size = 0;
  uint64_t uncompressed_size = 0;
  uint64_t local_header_offset = 0;  // in the file; UINT64_MAX if it is outside of any file
  // The offset of the first byte that cannot belong to the member: the next member or the directory
  // begins there.
  uint64_t data_limit = 0;

  bool is_encrypted() const;
};

// Whether a member with this name is a resource fork, which macOS adds to an archive for a file of
// the archive. Its last part begins with "._", and its contents with kAppleDoubleMagic.
bool IsResourceForkName(std::string_view member_name);
inline constexpr std::string_view kAppleDoubleMagic{"\x00\x05\x16\x07", 4};  // RFC 1740 appendix A

// Returns the offsets in `tail` at which an end record may be: at most three, to be tried in this
// order. There may be several, because a comment may hold bytes that look like an end record.
// `tail`, here and below, is the last min(file_size, kMaxZipTailSize) bytes of a file.
std::vector<size_t> FindZipEnds(std::string_view tail);

// Parses the end record at tail[at], and the zip64 end record if there is one. Checks the size of
// the directory against the file, so the caller may allocate that size.
Result<ZipEnd> ParseZipEnd(std::string_view tail, size_t at, uint64_t file_size);

// Parses the directory: `directory` is the end.directory_size bytes at end.directory_offset. The
// facts of each member are not checked here, so that one damaged member leaves the others readable.
Result<std::vector<ZipEntry>> ParseZipDirectory(std::string_view directory, const ZipEnd& end);

// Checks the facts of a member. Its data must end at data_limit or before, and its compressed bytes
// must be able to decode to its uncompressed size; otherwise DataLoss. Unimplemented, saying how to
// rewrite the file, if the member is encrypted or not stored or deflated. Call it before anything
// is allocated or read by these facts.
Status CheckZipEntry(const ZipEntry& entry, const ZipEnd& end);

// The number of bytes at entry.local_header_offset that ParseZipLocalHeader needs. The file has
// them if CheckZipEntry found no error.
size_t ZipLocalHeaderSize(const ZipEntry& entry);

// Parses a local header (4.3.7): `header` is the ZipLocalHeaderSize bytes at
// entry.local_header_offset. Returns the offset in the file of the member's data, which follows the
// name and the extra field. It has made sure that all of the data lies before data_limit. The sizes
// and the CRC-32 in the local header are ignored, because writers that cannot seek leave them out.
Result<uint64_t> ParseZipLocalHeader(std::string_view header, const ZipEntry& entry,
                                     const ZipEnd& end);

}  // namespace tf_npz

#endif  // TF_NPZ_FORMAT_ZIP_DIRECTORY_H_
