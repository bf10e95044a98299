#include "cc/reader/stored_reader.h"

#include <algorithm>

#include "cc/inflate/crc32.h"

namespace tf_npz {

// Reads `size` bytes at `offset`. If `crc` is not null, extends `*crc` by them. Adds their number
// to `*done`.
Status StoredReader::ReadBytes(uint64_t offset, char* destination, size_t size, uint32_t* crc,
                               size_t* done) {
  while (size > 0) {
    if (options_.is_cancelled()) return Cancelled();
    const size_t step = std::min(size, kReadStep);
    TF_NPZ_RETURN_IF_ERROR(
        ReadExactly(member_.file(), member_.data_offset() + offset, destination, step));
    if (crc != nullptr) *crc = ExtendCrc32(*crc, destination, step);
    offset += step;
    destination += step;
    size -= step;
    *done += step;
  }
  return OkStatus();
}

Status StoredReader::Read(uint64_t offset, char* destination, size_t size, size_t* done) {
  *done = 0;
  const bool is_last = offset + size == wanted_end_;
  Status status;
  if (!has_checksum() || has_verdict_.load(std::memory_order_acquire)) {
    status = ReadBytes(offset, destination, size, nullptr, done);
    if (!status.ok() || !is_last || !has_checksum()) return status;
    status = *verdict();
  } else {
    bool has_all = false;
    status = ReadParts(offset, destination, size, &has_all, done);
    if (!status.ok() || (!is_last && !has_all)) return status;
    status = FinishParts(is_last);
  }
  if (!status.ok()) *done = 0;
  return status;
}

// Reads bytes, and keeps the CRC of those that have not been read before. Sets `*has_all` if this
// completes the wanted bytes.
Status StoredReader::ReadParts(uint64_t offset, char* destination, size_t size, bool* has_all,
                               size_t* done) {
  Status status;
  while (status.ok() && *done < size) {
    const uint64_t position = offset + *done;
    ChecksumParts::Part part = parts_.Take(position, offset + size);
    const size_t known = part.begin - position;
    status = ReadBytes(position, destination + *done, known, nullptr, done);
    if (part.is_empty()) continue;
    size_t fresh = 0;
    if (status.ok()) {
      status = ReadBytes(part.begin, destination + *done, part.end - part.begin, &part.crc, &fresh);
    }
    part.end = part.begin + fresh;
    *done += fresh;
    if (parts_.GiveBack(part, wanted_end_)) *has_all = true;
  }
  return status;
}

// Reads those bytes of [begin, end) that no other read has taken.
Status StoredReader::ReadForChecksum(uint64_t begin, uint64_t end) {
  Buffer unwanted;
  while (true) {
    ChecksumParts::Part part = parts_.Take(begin, std::min<uint64_t>(end, begin + kReadStep));
    if (part.is_empty()) {
      if (part.end == end) return OkStatus();
      begin = part.end;
      continue;
    }
    begin = part.end;
    const size_t size = part.end - part.begin;
    Status status;
    size_t done = 0;
    if (unwanted.size() < size) {
      Result<Buffer> buffer = options_.pool->Allocate(size);
      status = buffer.status();
      if (buffer.ok()) unwanted = std::move(*buffer);
    }
    if (status.ok()) status = ReadBytes(part.begin, unwanted.data(), size, &part.crc, &done);
    part.end = part.begin + done;
    parts_.GiveBack(part, wanted_end_);
    TF_NPZ_RETURN_IF_ERROR(status);
  }
}

// Verifies the checksum, if all wanted bytes have been read. `is_last`: the caller has read the
// last wanted byte. Bytes that no read has asked for by then count as skipped.
Status StoredReader::FinishParts(bool is_last) {
  if (is_last && options_.checksums == Checksums::kSkippedToo) {
    TF_NPZ_RETURN_IF_ERROR(ReadForChecksum(0, wanted_end_));
  }
  // If a part is missing, it was skipped, or another thread is still reading it. That thread comes
  // here afterwards.
  if (!parts_.HasAll(wanted_end_)) return OkStatus();
  TF_NPZ_RETURN_IF_ERROR(ReadForChecksum(wanted_end_, member_.size()));
  const std::optional<uint32_t> crc = parts_.Crc32Of(member_.size());
  return crc ? SetVerdict(*crc) : OkStatus();
}

Status StoredReader::ReadAll(char* destination) {
  uint32_t crc = 0;
  size_t done = 0;
  TF_NPZ_RETURN_IF_ERROR(
      ReadBytes(0, destination, member_.size(), has_checksum() ? &crc : nullptr, &done));
  return has_checksum() ? SetVerdict(crc) : OkStatus();
}

Status StoredReader::Verify() {
  if (!has_checksum()) return OkStatus();
  if (has_verdict_.load(std::memory_order_acquire)) return *verdict();
  const MutexLock lock(verify_mutex_);
  if (const std::optional<Status> known = verdict()) return *known;
  const uint64_t size = member_.size();
  TF_NPZ_ASSIGN_OR_RETURN(const Buffer unwanted,
                          options_.pool->Allocate(std::min<uint64_t>(kReadStep, size)));
  uint32_t crc = 0;
  for (uint64_t offset = 0; offset < size;) {
    size_t done = 0;
    TF_NPZ_RETURN_IF_ERROR(ReadBytes(
        offset, unwanted.data(), std::min<uint64_t>(unwanted.size(), size - offset), &crc, &done));
    offset += done;
  }
  return SetVerdict(crc);
}

Status StoredReader::SetVerdict(uint32_t crc) {
  const MutexLock lock(verdict_mutex_);
  verdict_ = member_.CheckCrc32(crc);
  has_verdict_.store(true, std::memory_order_release);
  return *verdict_;
}

std::optional<Status> StoredReader::verdict() {
  const MutexLock lock(verdict_mutex_);
  return verdict_;
}

}  // namespace tf_npz
