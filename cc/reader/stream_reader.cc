#include "cc/reader/stream_reader.h"

#include <algorithm>

#include "cc/inflate/crc32.h"

namespace tf_npz {

Status StreamReader::Read(uint64_t offset, char* destination, size_t size, size_t* done) {
  *done = 0;
  TF_NPZ_RETURN_IF_ERROR(SkipTo(offset));
  while (*done < size) {
    size_t step_done = 0;
    const Status status =
        ReadNext(destination + *done, std::min(size - *done, kReadStep), &step_done);
    *done += step_done;
    TF_NPZ_RETURN_IF_ERROR(status);
  }
  if (offset + size != wanted_end_) return OkStatus();
  Status status = Verify();
  if (!status.ok()) *done = 0;
  return status;
}

// Decodes up to `offset`. If the position is after `offset`, decodes from the first byte again.
Status StreamReader::SkipTo(uint64_t offset) {
  if (offset < position_) Restart();
  if (offset == position_) return OkStatus();
  TF_NPZ_ASSIGN_OR_RETURN(const Buffer unwanted, options_.pool->Allocate(std::min<uint64_t>(
                                                     kReadStep, offset - position_)));
  while (position_ < offset) {
    size_t done = 0;
    TF_NPZ_RETURN_IF_ERROR(
        ReadNext(unwanted.data(), std::min<uint64_t>(unwanted.size(), offset - position_), &done));
  }
  return OkStatus();
}

// Reads up to `size` bytes at the position. It may read fewer, even none.
Status StreamReader::ReadNext(char* destination, size_t size, size_t* done) {
  if (options_.is_cancelled()) return Cancelled();
  TF_NPZ_RETURN_IF_ERROR(Decode(destination, size, done));
  // A gzip stream verifies its checksums itself.
  if (has_checksum() && !member_.is_gzip()) crc_ = ExtendCrc32(crc_, destination, *done);
  position_ += *done;
  return OkStatus();
}

Status StreamReader::Decode(char* destination, size_t size, size_t* done) {
  if (stream_ == nullptr) {
    InflateOptions options;
    options.format = member_.is_gzip() ? InflateFormat::kGzip : InflateFormat::kDeflate;
    options.verify_checksums = has_checksum();
    TF_NPZ_ASSIGN_OR_RETURN(
        stream_, OpenInflateStream(member_.file(), member_.data_offset(), member_.compressed_size(),
                                   *options_.pool, options));
  }
  const Result<size_t> produced = stream_->at_end() ? Result<size_t>(stream_->EndsBefore(size))
                                                    : stream_->ReadSome(destination, size);
  if (!produced.ok()) {
    // After an error, the stream may not be at position_.
    Restart();
    return produced.status();
  }
  *done = *produced;
  return OkStatus();
}

// Decodes the bytes after the position, and checks that the data ends in the right place.
Status StreamReader::DecodeToEnd() {
  if (!member_.is_gzip()) {
    TF_NPZ_RETURN_IF_ERROR(SkipTo(member_.size()));
    return stream_ == nullptr ? OkStatus() : stream_->Finish();
  }
  // Bytes that np.load does not read may follow the array. The checksum of the array's bytes may
  // come after them.
  TF_NPZ_RETURN_IF_ERROR(SkipTo(wanted_end_));
  char unwanted[size_t{16} << 10];
  while (!stream_->at_end()) {
    if (options_.is_cancelled()) return Cancelled();
    size_t ignored = 0;
    TF_NPZ_RETURN_IF_ERROR(Decode(unwanted, sizeof(unwanted), &ignored));
  }
  return OkStatus();
}

Status StreamReader::Verify() {
  if (verdict_) return *verdict_;
  TF_NPZ_RETURN_IF_ERROR(DecodeToEnd());
  verdict_ = has_checksum() && !member_.is_gzip() ? member_.CheckCrc32(crc_) : OkStatus();
  return *verdict_;
}

void StreamReader::Restart() {
  stream_.reset();
  position_ = 0;
  crc_ = 0;
}

}  // namespace tf_npz
