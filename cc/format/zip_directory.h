// The records of a zip archive that say what is in it: bytes in, facts out.
//
// PKWARE's APPNOTE.TXT, the ".ZIP File Format Specification" 6.3.10, whose section numbers stand
// below.
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

#include "tf_npz/base/status.h"

namespace tf_npz {

// What an archive begins with: a local header, or, where it is empty, the end record. np.load knows
// an npz by these, so what precedes them makes it none.
inline constexpr std::string_view kZipLocalMagic = "PK\x03\x04";
inline constexpr std::string_view kZipEmptyMagic = "PK\x05\x06";

// The most bytes that the end record with its comment can take, and the zip64 locator before it:
// the part of a file's end that ParseZipEnd wants to see.
inline constexpr size_t kZipEndSize = 22;
inline constexpr size_t kZip64LocatorSize = 20;
inline constexpr size_t kMaxZipEndSize = kZip64LocatorSize + kZipEndSize + 0xFFFF;
inline constexpr size_t kZip64EndSize = 56;
inline constexpr size_t kZipLocalHeaderSize = 30;

// Directories larger than this are refused (over a million members).
inline constexpr uint64_t kMaxZipDirectorySize = uint64_t{256} << 20;

// Where the central directory is (4.3.16, 4.3.14).
struct ZipEnd {
  uint64_t entry_count = 0;
  uint64_t directory_offset = 0;
  uint64_t directory_size = 0;
  // Where the zip64 end record begins; ParseZip64End must be given its bytes before the fields
  // above hold.
  bool is_zip64 = false;
  uint64_t zip64_end_offset = 0;
  // The first byte that no longer belongs to the directory: of the zip64 end record, or of the end
  // record.
  uint64_t directory_limit = 0;
};

// Compression methods (4.4.5) by the name that users know; "method N" for others.
std::string ZipMethodName(uint16_t method);
inline constexpr uint16_t kZipStored = 0;
inline constexpr uint16_t kZipDeflated = 8;

// One member as the central directory has it (4.3.12), zip64 fields (4.5.3) merged in.
struct ZipEntry {
  std::string name;  // well-formed UTF-8, whatever it was encoded in (4.4.17, appendix D)
  std::string raw_name;
  uint16_t flags = 0;  // general purpose bit flag (4.4.4)
  uint16_t method = 0;
  uint32_t crc32 = 0;
  uint64_t compressed_size = 0;
  uint64_t uncompressed_size = 0;
  uint64_t local_header_offset = 0;

  bool is_encrypted() const { return (flags & 1) != 0; }
};

// `tail` is the last min(file_size, kMaxZipEndSize) bytes of a file.
Result<ZipEnd> ParseZipEnd(std::string_view tail, uint64_t file_size);

// `record` is the kZip64EndSize bytes at end->zip64_end_offset: completes `end`.
Status ParseZip64End(std::string_view record, ZipEnd* end);

// Holds the directory's place and size against the file: to be called on the completed `end`,
// before anything is allocated or read by its word.
Status CheckZipEnd(const ZipEnd& end);

// `directory` is the end.directory_size bytes at end.directory_offset. What the entries claim is
// unchecked, so that one damaged member leaves the others readable.
Result<std::vector<ZipEntry>> ParseZipDirectory(std::string_view directory, const ZipEnd& end);

// Holds what a member claims against the room there is for it: its data must lie before the
// directory, and its size must be one that its compressed bytes can produce. To be called before
// anything is allocated or read by its word.
Status CheckZipEntry(const ZipEntry& entry, const ZipEnd& end);

// `header` is the kZipLocalHeaderSize + entry.raw_name.size() bytes at entry.local_header_offset
// (4.3.7). Returns where the member's data begins, after name and extra field. Sizes and CRC of a
// local header are not looked at: writers that can't seek leave them out.
Result<uint64_t> ParseZipLocalHeader(std::string_view header, const ZipEntry& entry);

}  // namespace tf_npz

#endif  // TF_NPZ_FORMAT_ZIP_DIRECTORY_H_
