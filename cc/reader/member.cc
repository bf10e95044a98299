#include "cc/reader/member.h"

#include <cstdio>
#include <utility>

#include "cc/base/checked.h"
#include "cc/base/deflate_ratio.h"

namespace tf_npz {
namespace {

std::string Hex(uint32_t value) {
  char text[16];
  std::snprintf(text, sizeof(text), "%08x", value);
  return text;
}

}  // namespace

Result<Member> Member::Open(std::shared_ptr<const Archive> archive, const ZipEntry* entry) {
  Member member(std::move(archive), entry);
  const RandomAccessFile& file = member.file();
  if (entry == nullptr) {
    member.size_ = member.compressed_size_ = file.size();
    if (member.is_gzip() && !CheckedMultiply(file.size(), kMaxInflateRatio, &member.size_)) {
      member.size_ = UINT64_MAX;
    }
    return member;
  }
  const ZipEnd& end = member.archive_->zip_end();
  TF_NPZ_RETURN_IF_ERROR(CheckZipEntry(*entry, end));
  std::string header(ZipLocalHeaderSize(*entry), '\0');
  TF_NPZ_RETURN_IF_ERROR(
      ReadExactly(file, entry->local_header_offset, header.data(), header.size()));
  TF_NPZ_ASSIGN_OR_RETURN(member.data_offset_, ParseZipLocalHeader(header, *entry, end));
  member.compressed_size_ = entry->compressed_size;
  member.size_ = entry->uncompressed_size;
  return member;
}

Status Member::CheckCrc32(uint32_t crc) const {
  if (!has_crc32() || crc == entry_->crc32) return OkStatus();
  return DataLoss("CRC-32 mismatch: the data is damaged (expected " + Hex(entry_->crc32) +
                  ", got " + Hex(crc) + ")");
}

}  // namespace tf_npz
