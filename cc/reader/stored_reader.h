// StoredReader: the bytes of a member that is not compressed.
//
// Several threads may read at once, at any offsets. The reads also verify the member's CRC-32, as
// ReadOptions::checksums says, in any order of reading.

#ifndef TF_NPZ_READER_STORED_READER_H_
#define TF_NPZ_READER_STORED_READER_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "cc/base/mutex.h"
#include "cc/base/status.h"
#include "cc/reader/checksum_parts.h"
#include "cc/reader/member.h"
#include "cc/reader/read_options.h"

namespace tf_npz {

class StoredReader {
 public:
  // `member` and `options` must outlive the reader.
  StoredReader(const Member& member, const ReadOptions& options)
      : member_(member), options_(options) {}

  // Says that bytes from `end` on are not wanted. They are read only if the checksum needs them.
  // Before this call no read verifies anything. To be called once, before other threads read.
  void SetWantedEnd(uint64_t end) { wanted_end_ = end; }

  bool has_checksum() const {
    return member_.has_crc32() && options_.checksums >= Checksums::kFullyRead;
  }

  // Reads `size` bytes at `offset`; the range must lie within the member. `*done` is the number of
  // bytes before an error. The read that completes the wanted bytes verifies the checksum. If the
  // checksum is wrong, that read returns DataLoss and `*done` is 0. From then on each read of the
  // last wanted byte returns the same error.
  Status Read(uint64_t offset, char* destination, size_t size, size_t* done);

  // Reads all of the member, and verifies the checksum.
  Status ReadAll(char* destination);

  // Verifies the checksum, unless that has been done. Reads all of the member for it.
  Status Verify() TF_NPZ_EXCLUDES(verify_mutex_, verdict_mutex_);

 private:
  Status ReadBytes(uint64_t offset, char* destination, size_t size, uint32_t* crc, size_t* done);
  Status ReadParts(uint64_t offset, char* destination, size_t size, bool* has_all, size_t* done);
  Status ReadForChecksum(uint64_t begin, uint64_t end);
  Status FinishParts(bool is_last);
  Status SetVerdict(uint32_t crc) TF_NPZ_EXCLUDES(verdict_mutex_);
  std::optional<Status> verdict() TF_NPZ_EXCLUDES(verdict_mutex_);

  const Member& member_;
  const ReadOptions& options_;
  uint64_t wanted_end_ = UINT64_MAX;

  ChecksumParts parts_;  // used until there is a verdict
  Mutex verify_mutex_;   // held while Verify reads, so that only one thread reads for it
  Mutex verdict_mutex_;
  std::optional<Status> verdict_ TF_NPZ_GUARDED_BY(verdict_mutex_);
  std::atomic<bool> has_verdict_{false};
};

}  // namespace tf_npz

#endif  // TF_NPZ_READER_STORED_READER_H_
