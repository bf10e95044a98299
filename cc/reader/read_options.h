// ReadOptions: how the arrays of one file are read.

#ifndef TF_NPZ_READER_READ_OPTIONS_H_
#define TF_NPZ_READER_READ_OPTIONS_H_

#include <atomic>
#include <cstddef>
#include <memory>

#include "cc/io/buffer.h"

namespace tf_npz {

// Bytes of one step of reading. Few enough that they stay in the processor's cache until the
// checksum is computed. Cancellation is checked between two steps.
inline constexpr size_t kReadStep = size_t{256} << 10;

// Which checksums are verified, and when. Each value verifies more than the one before it.
//
// An exception: the checksum of a member of at most kLoadAtOnce bytes, if verified at all, is
// verified when the array is opened, before its first element is read.
enum class Checksums {
  // None.
  kNone,
  // Deflated members and gzip, when their last wanted byte is decoded. Stored members are not
  // verified. This is for reading single rows: verifying a stored member would read all its bytes.
  kCompressed,
  // Stored members too, once each of their bytes has been read, in any order and by any thread. A
  // stored member is not verified if a part of it is never read.
  kFullyRead,
  // Also stored members with a skipped part. The read of the last wanted byte also reads all bytes
  // that no read has asked for by then, only for the checksum. This is for reading from the middle
  // of an array to its end. It is wrong for reading parts in any order: if the last part is read
  // early, the others are read twice.
  kSkippedToo,
};

struct ReadOptions {
  std::shared_ptr<BufferPool> pool;  // required
  Checksums checksums = Checksums::kFullyRead;
  // May be null. Once it is true, reads end soon with Cancelled. Must outlive the reader.
  const std::atomic<bool>* cancelled = nullptr;

  bool is_cancelled() const {
    return cancelled != nullptr && cancelled->load(std::memory_order_relaxed);
  }
};

}  // namespace tf_npz

#endif  // TF_NPZ_READER_READ_OPTIONS_H_
