// The records of a zip archive that say what is in it: bytes in, facts out.
//
// PKWARE's APPNOTE.TXT, the ".ZIP File Format Specification" 6.3.10, whose section numbers stand
// below. Where it leaves a choice, or writers don't keep to it, Python's zipfile decides, by which
// np.load reads.
//
//     local file header 1 (4.3.7), data 1, …       where each member's bytes are
//     central directory header 1 (4.3.12), …       what each member is
//     zip64 end record (4.3.14), locator (4.3.15)  where there are any
//     end of central directory record (4.3.16), comment
//
// Only the central directory is to be trusted: NumPy leaves sizes out of local headers.

#ifndef TF_NPZ_FORMAT_ZIP_DIRECTORY_H_
#define TF_NPZ_FORMAT_ZIP_DIRECTORY_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "cc/base/status.h"

namespace tf_npz {

// What an archive begins with: a local header, or, where it is empty, the end record. np.load knows
// an npz by these, so what precedes them makes it none.
inline constexpr std::string_view kZipLocalMagic = "PK\x03\x04";
inline constexpr std::string_view kZipEmptyMagic = "PK\x05\x06";

inline constexpr size_t kZipLocalHeaderSize = 30;
inline constexpr size_t kZipEndSize = 22;
inline constexpr size_t kZip64LocatorSize = 20;
inline constexpr size_t kZip64EndSize = 56;

// The most bytes behind the end record, comment or not, through which zipfile still finds it.
inline constexpr size_t kMaxZipTrailSize = 0x10000;

// The part of a file's end that FindZipEnds and ParseZipEnd want to see.
inline constexpr size_t kMaxZipTailSize =
    kZip64EndSize + kZip64LocatorSize + kZipEndSize + kMaxZipTrailSize;

// Directories larger than this are refused (over a million members).
inline constexpr uint64_t kMaxZipDirectorySize = uint64_t{256} << 20;

// Where the central directory is (4.3.16, 4.3.14).
struct ZipEnd {
  uint64_t entry_count = 0;  // as the record has it, which nothing depends on
  uint64_t directory_size = 0;
  // Right before the end record or, where there is one, the zip64 end record.
  uint64_t directory_offset = 0;
  // Where the record says that the directory is. Offsets of local headers count from where this
  // does: where it is another than the true one, so many bytes stand before the archive, or were
  // cut off there.
  uint64_t declared_offset = 0;
};

// Compression methods (4.4.5) by the name that users know; "method N" for others.
std::string ZipMethodName(uint16_t method);
inline constexpr uint16_t kZipStored = 0;
inline constexpr uint16_t kZipDeflated = 8;

// One member as the central directory has it (4.3.12), zip64 fields (4.5.3) merged in.
struct ZipEntry {
  // Well-formed UTF-8, whatever it was encoded in (4.4.17, appendix D), up to its first NUL.
  std::string name;
  std::string raw_name;
  uint16_t flags = 0;  // general purpose bit flag (4.4.4)
  uint16_t method = 0;
  uint32_t crc32 = 0;
  uint64_t compressed_size = 0;
  uint64_t uncompressed_size = 0;
  uint64_t local_header_offset = 0;  // in the file; UINT64_MAX where it lies before or beyond any
  // The first byte that can't belong to the member: where the next one behind it begins, or the
  // directory.
  uint64_t data_limit = 0;

  bool is_encrypted() const;
};

// `tail` is the last min(file_size, kMaxZipTailSize) bytes of a file, here as below. Returns where
// in it end records may be, at most three, in the order in which they are to be tried: a comment
// may hold what looks like one.
std::vector<size_t> FindZipEnds(std::string_view tail);

// Reads the end record at tail[at], and the zip64 end record where there is one. Holds the
// directory's size against the file: it can be taken into memory then.
Result<ZipEnd> ParseZipEnd(std::string_view tail, size_t at, uint64_t file_size);

// `directory` is the end.directory_size bytes at end.directory_offset. What the entries claim is
// unchecked, so that one damaged member leaves the others readable.
Result<std::vector<ZipEntry>> ParseZipDirectory(std::string_view directory, const ZipEnd& end);

// Holds what a member claims against the room there is for it: its data must lie before its
// data_limit, and its size must be one that its compressed bytes can produce. To be called before
// anything is allocated or read by its word. Unimplemented where it is not stored or deflated
// plainly.
Status CheckZipEntry(const ZipEntry& entry, const ZipEnd& end);

// How many bytes at entry.local_header_offset ParseZipLocalHeader wants to see. They are there once
// CheckZipEntry has found the entry to be fine.
size_t ZipLocalHeaderSize(const ZipEntry& entry);

// `header` is these bytes (4.3.7). Returns where the member's data begins, after name and extra
// field: all of it lies before data_limit. Sizes and CRC of a local header are not looked at:
// writers that can't seek leave them out.
Result<uint64_t> ParseZipLocalHeader(std::string_view header, const ZipEntry& entry,
                                     const ZipEnd& end);

}  // namespace tf_npz

#endif  // TF_NPZ_FORMAT_ZIP_DIRECTORY_H_
