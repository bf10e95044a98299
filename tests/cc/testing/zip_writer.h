// Writes zip archives for tests: like NumPy, like other writers, and damaged.

#ifndef TF_NPZ_TESTING_ZIP_WRITER_H_
#define TF_NPZ_TESTING_ZIP_WRITER_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tf_npz {

enum class LocalSizes {
  kPlain,           // in the local header
  kZip64,           // 0xFFFFFFFF there, and in a zip64 extra field: np.savez to a file
  kDataDescriptor,  // 0 there, and the true ones after the data (flag 3): np.savez to a pipe
};

// One member. An optional field replaces the true value in its headers.
struct ZipMember {
  std::string name;
  std::string contents;
  bool deflated = false;
  LocalSizes local_sizes = LocalSizes::kPlain;
  bool zip64_directory = false;  // sizes and offset in the zip64 field of the directory's header
  uint16_t flags = 0;
  std::optional<uint16_t> method;
  std::optional<uint32_t> crc32;
  std::optional<uint64_t> compressed_size;
  std::optional<uint64_t> uncompressed_size;
  std::optional<uint64_t> local_header_offset;
  std::optional<std::string> local_name;
  std::optional<uint16_t> local_flags;
  uint8_t version_needed = 20;
  std::string local_extra;  // of the local header, before the zip64 field
  std::string extra;        // of the directory's header, before the zip64 field
  std::string extra_after;  // of the directory's header, after the zip64 field
  std::string comment;      // of the directory's header
};

struct ZipArchive {
  std::vector<ZipMember> members;
  std::string comment;
  bool zip64_end = false;         // with a zip64 end record and its locator
  std::string zip64_extension;    // the extensible data sector between the two
  std::optional<uint64_t> count;  // of members, in the end record
};

std::string WriteZip(const ZipArchive& archive);
std::string WriteZip(std::vector<ZipMember> members);

// Raw deflate (RFC 1951), at zlib's `level`.
std::string Deflate(std::string_view contents, int level = 6);

}  // namespace tf_npz

#endif  // TF_NPZ_TESTING_ZIP_WRITER_H_
