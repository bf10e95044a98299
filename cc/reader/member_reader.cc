#include "cc/reader/member_reader.h"

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <string>

#include "cc/base/checked.h"
#include "cc/inflate/crc32.h"

namespace tf_npz {
namespace {

// Bytes handled at once: they stay in the cache between reading and checksum, and cancellation is
// looked at between two of these.
constexpr size_t kStep = size_t{256} << 10;

std::string Hex(uint32_t value) {
  char text[16];
  std::snprintf(text, sizeof(text), "%08x", value);
  return text;
}

}  // namespace

Result<std::unique_ptr<MemberReader>> MemberReader::Open(std::shared_ptr<const Archive> archive,
                                                         const ZipEntry* entry,
                                                         ReadOptions options) {
  std::unique_ptr<MemberReader> reader(
      new MemberReader(std::move(archive), entry, std::move(options)));
  if (entry == nullptr) {
    reader->size_ = reader->archive_->file().size();
    if (reader->is_gzip()) {
      reader->is_size_known_ = false;
      if (!CheckedMultiply(reader->size_, kMaxInflateRatio, &reader->size_)) {
        reader->size_ = UINT64_MAX;
      }
    }
    return reader;
  }
  const ZipEnd& end = reader->archive_->zip_end();
  TF_NPZ_RETURN_IF_ERROR(CheckZipEntry(*entry, end));
  std::string header(ZipLocalHeaderSize(*entry), '\0');
  TF_NPZ_RETURN_IF_ERROR(ReadExactly(reader->archive_->file(), entry->local_header_offset,
                                     header.data(), header.size()));
  TF_NPZ_ASSIGN_OR_RETURN(reader->data_offset_, ParseZipLocalHeader(header, *entry, end));
  reader->size_ = entry->uncompressed_size;
  return reader;
}

Status MemberReader::SetSize(uint64_t size) {
  if (is_size_known_) return OkStatus();
  if (size > size_) {
    return DataLoss("array claims " + std::to_string(size) + " bytes, more than the file's " +
                    std::to_string(archive_->file().size()) + " compressed bytes can hold");
  }
  size_ = size;
  is_size_known_ = true;
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
  TF_NPZ_RETURN_IF_ERROR(SkipTo(offset));
  while (*done < size) {
    size_t step_done = 0;
    const Status status = ReadNext(destination + *done, std::min(size - *done, kStep), &step_done);
    *done += step_done;
    TF_NPZ_RETURN_IF_ERROR(status);
  }
  return OkStatus();
}

Status MemberReader::SkipTo(uint64_t offset) {
  if (offset < position_) {
    stream_.reset();
    position_ = 0;
    crc_ = 0;
    crc_has_gap_ = false;
  }
  if (offset == position_) return OkStatus();
  const bool checked_on_the_way = has_checksum() && options_.verify_skipped && !verdict_;
  if (!is_stream() && !checked_on_the_way) {
    crc_has_gap_ = true;
    position_ = offset;
    return OkStatus();
  }
  return Discard(offset);
}

// Reads on to `end`, for the checksum or for what comes behind.
Status MemberReader::Discard(uint64_t end) {
  if (position_ == end) return OkStatus();
  TF_NPZ_ASSIGN_OR_RETURN(const Buffer unwanted,
                          options_.pool->Allocate(std::min<uint64_t>(kStep, end - position_)));
  while (position_ < end) {
    size_t done = 0;
    TF_NPZ_RETURN_IF_ERROR(
        ReadNext(unwanted.data(), std::min<uint64_t>(unwanted.size(), end - position_), &done));
  }
  return OkStatus();
}

// Reads what comes next: of a stream perhaps less than `size`, even nothing.
Status MemberReader::ReadNext(char* destination, size_t size, size_t* done) {
  if (is_cancelled()) return Cancelled();
  if (is_stream()) {
    TF_NPZ_RETURN_IF_ERROR(ReadNextOfStream(destination, size, done));
  } else {
    TF_NPZ_RETURN_IF_ERROR(
        ReadExactly(archive_->file(), data_offset_ + position_, destination, size));
    *done = size;
  }
  // The stream verifies gzip's itself.
  if (has_checksum() && !is_gzip()) crc_ = ExtendCrc32(crc_, destination, *done);
  position_ += *done;
  return OkStatus();
}

Status MemberReader::ReadNextOfStream(char* destination, size_t size, size_t* done) {
  if (stream_ == nullptr) {
    InflateOptions options;
    options.format = is_gzip() ? InflateFormat::kGzip : InflateFormat::kDeflate;
    options.verify_checksums = options_.verify_checksums;
    const uint64_t compressed_size = is_gzip() ? archive_->file().size() : entry_->compressed_size;
    TF_NPZ_ASSIGN_OR_RETURN(stream_, OpenInflateStream(archive_->file(), data_offset_,
                                                       compressed_size, *options_.pool, options));
  }
  const Result<size_t> produced = stream_->at_end() ? Result<size_t>(stream_->EndsBefore(size))
                                                    : stream_->ReadSome(destination, size);
  if (!produced.ok()) {
    // Where the stream stands is no longer what position_ says.
    stream_.reset();
    position_ = 0;
    crc_ = 0;
    return produced.status();
  }
  *done = *produced;
  return OkStatus();
}

// At the end of what is wanted.
Status MemberReader::FinishStream() {
  if (!is_gzip()) return stream_ == nullptr ? OkStatus() : stream_->Finish();
  // More than the array may follow. np.load leaves it unread, but the checksum of the array's own
  // bytes may be behind it.
  char unwanted[size_t{16} << 10];
  while (!stream_->at_end()) {
    if (is_cancelled()) return Cancelled();
    size_t ignored = 0;
    TF_NPZ_RETURN_IF_ERROR(ReadNextOfStream(unwanted, sizeof(unwanted), &ignored));
  }
  return OkStatus();
}

Status MemberReader::Finish() {
  if (verdict_) return *verdict_;
  if (is_loaded() || crc_has_gap_) return OkStatus();
  if (is_stream() || has_checksum()) TF_NPZ_RETURN_IF_ERROR(Discard(size_));
  if (is_stream()) TF_NPZ_RETURN_IF_ERROR(FinishStream());
  verdict_ = has_checksum() && !is_gzip() ? CheckCrc(crc_) : OkStatus();
  return *verdict_;
}

Status MemberReader::Load() {
  if (is_loaded()) return OkStatus();
  if (!is_size_known_) return Internal("a member is loaded before its size is known");
  TF_NPZ_ASSIGN_OR_RETURN(Buffer buffer, options_.pool->Allocate(size_));
  if (!has_whole_decoder() || size_ > kMaxWholeInflate) {
    TF_NPZ_RETURN_IF_ERROR(Read(0, buffer.data(), size_));
    TF_NPZ_RETURN_IF_ERROR(Finish());
    stream_.reset();
  } else {
    if (is_cancelled()) return Cancelled();
    stream_.reset();
    const size_t compressed_size = entry_->compressed_size;
    // As much as the other one, so that either can serve as the other the next time: memory that
    // is not touched costs nothing.
    TF_NPZ_ASSIGN_OR_RETURN(const Buffer compressed,
                            options_.pool->Allocate(std::max<size_t>(compressed_size, size_)));
    TF_NPZ_RETURN_IF_ERROR(
        ReadExactly(archive_->file(), data_offset_, compressed.data(), compressed_size));
    TF_NPZ_RETURN_IF_ERROR(
        InflateWhole({compressed.data(), compressed_size}, buffer.data(), size_));
    if (has_checksum()) TF_NPZ_RETURN_IF_ERROR(CheckCrc(ExtendCrc32(0, buffer.data(), size_)));
  }
  loaded_ = std::move(buffer);
  return OkStatus();
}

Status MemberReader::CheckCrc(uint32_t crc) const {
  if (crc == entry_->crc32) return OkStatus();
  return DataLoss("CRC-32 mismatch: the data is damaged (expected " + Hex(entry_->crc32) +
                  ", got " + Hex(crc) + ")");
}

}  // namespace tf_npz
