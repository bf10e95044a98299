#include "cc/reader/member_reader.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "cc/inflate/crc32.h"
#include "cc/inflate/inflate.h"

namespace tf_npz {

Result<std::unique_ptr<MemberReader>> MemberReader::Open(std::shared_ptr<const Archive> archive,
                                                         const ZipEntry* entry,
                                                         ReadOptions options) {
  TF_NPZ_ASSIGN_OR_RETURN(Member member, Member::Open(std::move(archive), entry));
  return std::unique_ptr<MemberReader>(new MemberReader(std::move(member), std::move(options)));
}

MemberReader::MemberReader(Member member, ReadOptions options)
    : member_(std::move(member)),
      options_(std::move(options)),
      size_(member_.size()),
      is_size_known_(!member_.is_gzip()) {
  if (member_.is_stream()) {
    stream_.emplace(member_, options_);
  } else {
    stored_.emplace(member_, options_);
  }
}

Status MemberReader::SetWantedSize(uint64_t size) {
  if (!is_size_known_) {
    if (size > size_) {
      return DataLoss("array claims " + std::to_string(size) + " bytes, more than the file's " +
                      std::to_string(member_.compressed_size()) + " compressed bytes can hold");
    }
    size_ = size;
    is_size_known_ = true;
  }
  if (stored_) {
    stored_->SetWantedEnd(size);
  } else {
    stream_->SetWantedEnd(size);
  }
  return OkStatus();
}

Status MemberReader::Read(uint64_t offset, char* destination, size_t size, size_t* done) {
  size_t ignored;
  if (done == nullptr) done = &ignored;
  *done = 0;
  if (offset > size_ || size > size_ - offset) {
    return DataLoss("data ends at byte " + std::to_string(size_) + " (expected " +
                    std::to_string(offset + size) + ")");
  }
  if (is_loaded()) {
    std::memcpy(destination, loaded_.data() + offset, size);
    *done = size;
    return OkStatus();
  }
  return stored_ ? stored_->Read(offset, destination, size, done)
                 : stream_->Read(offset, destination, size, done);
}

Status MemberReader::Verify() {
  if (is_loaded()) return OkStatus();
  return stored_ ? stored_->Verify() : stream_->Verify();
}

Status MemberReader::Load() {
  if (is_loaded()) return OkStatus();
  if (!is_size_known_) return Internal("a member is loaded before its size is known");
  TF_NPZ_ASSIGN_OR_RETURN(Buffer buffer, options_.pool->Allocate(size_));
  if (stored_) {
    TF_NPZ_RETURN_IF_ERROR(stored_->ReadAll(buffer.data()));
  } else if (has_whole_decoder() && size_ <= kMaxWholeInflate) {
    stream_->Close();
    TF_NPZ_RETURN_IF_ERROR(InflateTo(buffer.data()));
  } else {
    size_t done = 0;
    TF_NPZ_RETURN_IF_ERROR(stream_->Read(0, buffer.data(), size_, &done));
    TF_NPZ_RETURN_IF_ERROR(stream_->Verify());
    stream_->Close();
  }
  loaded_ = std::move(buffer);
  return OkStatus();
}

// Decodes a deflated member at once, and verifies it.
Status MemberReader::InflateTo(char* destination) {
  if (options_.is_cancelled()) return Cancelled();
  const size_t compressed_size = member_.compressed_size();
  // As large as the buffer of decoded bytes, so that the pool can use either buffer for either
  // purpose next time. Memory that is not touched costs nothing.
  TF_NPZ_ASSIGN_OR_RETURN(const Buffer compressed,
                          options_.pool->Allocate(std::max<size_t>(compressed_size, size_)));
  TF_NPZ_RETURN_IF_ERROR(
      ReadExactly(member_.file(), member_.data_offset(), compressed.data(), compressed_size));
  TF_NPZ_RETURN_IF_ERROR(InflateWhole({compressed.data(), compressed_size}, destination, size_));
  return has_checksum() ? member_.CheckCrc32(ExtendCrc32(0, destination, size_)) : OkStatus();
}

Status MemberReader::LoadIfSmall() {
  const bool is_small = is_size_known_ && size_ <= kLoadAtOnce;
  const bool is_worthwhile = !is_random_access() || has_checksum();
  return is_small && is_worthwhile ? Load() : OkStatus();
}

}  // namespace tf_npz
