// Writes gzip files (RFC 1952) for tests: with every field of the header, and damaged.

#ifndef TF_NPZ_TESTING_GZIP_WRITER_H_
#define TF_NPZ_TESTING_GZIP_WRITER_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace tf_npz {

// One gzip member. An optional field of the header is written if it is given. `crc32` and `isize`
// replace the right values in the trailer.
struct GzipMember {
  std::string contents;
  int level = 6;
  bool is_text = false;
  std::optional<std::string> extra;
  std::optional<std::string> name;
  std::optional<std::string> comment;
  bool has_header_crc = false;
  std::optional<uint32_t> crc32;
  std::optional<uint32_t> isize;
};

std::string WriteGzip(const std::vector<GzipMember>& members);

// One member without optional fields.
std::string Gzip(std::string contents, int level = 6);

}  // namespace tf_npz

#endif  // TF_NPZ_TESTING_GZIP_WRITER_H_
