#include "tests/cc/testing/gzip_writer.h"

#include <zlib.h>

#include <string_view>
#include <utility>

#include "tests/cc/testing/zip_writer.h"

namespace tf_npz {
namespace {

// RFC 1952 2.3.1: the flags of FLG.
constexpr int kFText = 1;
constexpr int kFHcrc = 2;
constexpr int kFExtra = 4;
constexpr int kFName = 8;
constexpr int kFComment = 16;

void AppendLittle(uint64_t value, int size, std::string* out) {
  for (int i = 0; i < size; ++i) out->push_back(static_cast<char>(value >> (8 * i) & 0xFF));
}

uint32_t Crc32(std::string_view bytes) {
  return static_cast<uint32_t>(
      ::crc32_z(0, reinterpret_cast<const Bytef*>(bytes.data()), bytes.size()));
}

// 2.3.
std::string Header(const GzipMember& member) {
  const int flags = (member.is_text ? kFText : 0) | (member.has_header_crc ? kFHcrc : 0) |
                    (member.extra ? kFExtra : 0) | (member.name ? kFName : 0) |
                    (member.comment ? kFComment : 0);
  std::string header = "\x1f\x8b\x08";
  header.push_back(static_cast<char>(flags));
  AppendLittle(1234567890, 4, &header);  // MTIME
  header += "\x02\x03";                  // XFL, OS
  if (member.extra) {
    AppendLittle(member.extra->size(), 2, &header);
    header += *member.extra;
  }
  if (member.name) header += *member.name + '\0';
  if (member.comment) header += *member.comment + '\0';
  if (member.has_header_crc) AppendLittle(Crc32(header), 2, &header);
  return header;
}

}  // namespace

std::string WriteGzip(const std::vector<GzipMember>& members) {
  std::string bytes;
  for (const GzipMember& member : members) {
    bytes += Header(member) + Deflate(member.contents, member.level);
    AppendLittle(member.crc32.value_or(Crc32(member.contents)), 4, &bytes);
    AppendLittle(member.isize.value_or(static_cast<uint32_t>(member.contents.size())), 4, &bytes);
  }
  return bytes;
}

std::string Gzip(std::string contents, int level) {
  GzipMember member;
  member.contents = std::move(contents);
  member.level = level;
  return WriteGzip({member});
}

}  // namespace tf_npz
