#include "tests/cc/testing/zip_writer.h"

#include <zlib.h>

#include <utility>

#include "tests/cc/testing/deflate_writer.h"

namespace tf_npz {
namespace {

constexpr uint64_t kSeeZip64 = 0xFFFFFFFF;

// Fields of a record, one after the other, little-endian.
class Record {
 public:
  Record& U16(uint64_t value) { return Append(value, 2); }
  Record& U32(uint64_t value) { return Append(value, 4); }
  Record& U64(uint64_t value) { return Append(value, 8); }
  Record& Bytes(std::string_view bytes) {
    bytes_.append(bytes);
    return *this;
  }
  const std::string& str() const { return bytes_; }

 private:
  Record& Append(uint64_t value, int size) {
    for (int i = 0; i < size; ++i) bytes_.push_back(static_cast<char>(value >> (8 * i) & 0xFF));
    return *this;
  }
  std::string bytes_;
};

uint32_t Crc32(std::string_view bytes) {
  return static_cast<uint32_t>(
      ::crc32(0, reinterpret_cast<const Bytef*>(bytes.data()), static_cast<uInt>(bytes.size())));
}

// The values in the headers of a member.
struct Said {
  explicit Said(const ZipMember& member)
      : data(member.deflated ? Deflate(member.contents) : member.contents),
        method(member.method.value_or(member.deflated ? 8 : 0)),
        flags(member.flags | (member.local_sizes == LocalSizes::kDataDescriptor ? 8 : 0)),
        crc32(member.crc32.value_or(Crc32(member.contents))),
        compressed_size(member.compressed_size.value_or(data.size())),
        uncompressed_size(member.uncompressed_size.value_or(member.contents.size())) {}

  const std::string data;
  const int method;
  const int flags;
  const uint32_t crc32;
  const uint64_t compressed_size;
  const uint64_t uncompressed_size;
};

// APPNOTE.TXT 4.3.7, the data, and 4.3.9.
std::string LocalPart(const ZipMember& member, const Said& said) {
  const bool zip64 = member.local_sizes == LocalSizes::kZip64;
  const bool later = member.local_sizes == LocalSizes::kDataDescriptor;
  const std::string name = member.local_name.value_or(member.name);
  Record extra;
  extra.Bytes(member.local_extra);
  if (zip64) extra.U16(1).U16(16).U64(said.uncompressed_size).U64(said.compressed_size);
  Record part;
  part.Bytes("PK\x03\x04").U16(zip64 ? 45 : 20).U16(member.local_flags.value_or(said.flags));
  part.U16(said.method).U32(0).U32(later ? 0 : said.crc32);  // 0: time and date
  part.U32(later ? 0 : zip64 ? kSeeZip64 : said.compressed_size);
  part.U32(later ? 0 : zip64 ? kSeeZip64 : said.uncompressed_size);
  part.U16(name.size()).U16(extra.str().size()).Bytes(name).Bytes(extra.str()).Bytes(said.data);
  if (later) {
    part.Bytes("PK\x07\x08").U32(said.crc32).U32(said.compressed_size).U32(said.uncompressed_size);
  }
  return part.str();
}

// 4.3.12.
std::string DirectoryHeader(const ZipMember& member, const Said& said, uint64_t offset) {
  const bool zip64 = member.zip64_directory;
  Record extra;
  extra.Bytes(member.extra);
  if (zip64) {
    extra.U16(1).U16(24).U64(said.uncompressed_size).U64(said.compressed_size).U64(offset);
  }
  extra.Bytes(member.extra_after);
  Record header;
  header.Bytes("PK\x01\x02")
      .U16(20)
      .U16(member.version_needed)
      .U16(said.flags)
      .U16(said.method)
      .U32(0);
  header.U32(said.crc32).U32(zip64 ? kSeeZip64 : said.compressed_size);
  header.U32(zip64 ? kSeeZip64 : said.uncompressed_size);
  header.U16(member.name.size()).U16(extra.str().size()).U16(member.comment.size());
  header.U16(0).U16(0).U32(0).U32(zip64 ? kSeeZip64 : offset);  // disk, attributes
  return header.Bytes(member.name).Bytes(extra.str()).Bytes(member.comment).str();
}

// 4.3.14 and 4.3.15.
std::string Zip64End(uint64_t count, uint64_t directory_size, uint64_t directory_offset,
                     const std::string& extension) {
  Record end;
  end.Bytes("PK\x06\x06")
      .U64(44 + extension.size())
      .U16(45)
      .U16(45)
      .U32(0)
      .U32(0)
      .U64(count)
      .U64(count);
  end.U64(directory_size).U64(directory_offset).Bytes(extension);
  return end.Bytes("PK\x06\x07").U32(0).U64(directory_offset + directory_size).U32(1).str();
}

}  // namespace

std::string Deflate(std::string_view contents, int level) {
  return DeflateAs(contents, level, Z_DEFAULT_STRATEGY);
}

std::string WriteZip(const ZipArchive& archive) {
  std::string bytes;
  std::string directory;
  for (const ZipMember& member : archive.members) {
    const Said said(member);
    directory += DirectoryHeader(member, said, member.local_header_offset.value_or(bytes.size()));
    bytes += LocalPart(member, said);
  }
  const uint64_t offset = bytes.size();
  const uint64_t count = archive.count.value_or(archive.members.size());
  const bool zip64 = archive.zip64_end;
  bytes += directory;
  if (zip64) bytes += Zip64End(count, directory.size(), offset, archive.zip64_extension);
  Record end;
  end.Bytes("PK\x05\x06").U16(0).U16(0).U16(zip64 ? 0xFFFF : count).U16(zip64 ? 0xFFFF : count);
  end.U32(zip64 ? kSeeZip64 : directory.size()).U32(zip64 ? kSeeZip64 : offset);
  end.U16(archive.comment.size()).Bytes(archive.comment);
  return bytes + end.str();
}

std::string WriteZip(std::vector<ZipMember> members) {
  ZipArchive archive;
  archive.members = std::move(members);
  return WriteZip(archive);
}

}  // namespace tf_npz
