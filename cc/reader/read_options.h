// ReadOptions: how the arrays of one file are read.

#ifndef TF_NPZ_READER_READ_OPTIONS_H_
#define TF_NPZ_READER_READ_OPTIONS_H_

#include <atomic>
#include <cstddef>
#include <memory>

#include "cc/io/buffer.h"

namespace tf_npz {

// Bytes that are read and handled at once: they stay in the cache between reading and checksum, and
// cancellation is looked at between two steps.
inline constexpr size_t kReadStep = size_t{256} << 10;

// Which checksums are verified, and when. Each value verifies more than the one before it.
//
// A member of at most kLoadAtOnce bytes is an exception: where its checksum is verified at all, it
// is verified when the array is opened, before its first element is read.
enum class Checksums {
  // None.
  kNone,
  // Deflated members and gzip, when their last wanted byte comes out. Stored members are not
  // verified. This is for reading single rows: to verify a stored member would take all of its
  // bytes.
  kCompressed,
  // Stored members too, once each of their bytes has been read, in any order and by any thread. A
  // stored member is not verified if a part of it is never read.
  kFullyRead,
  // Stored members with a skipped part too. The read of the last wanted byte also reads those bytes
  // that no read has asked for by then, for the checksum alone. This is for reading from the middle
  // of an array to its end. It is wrong for reading parts in any order: where the last part is read
  // early, the others are read twice.
  kSkippedToo,
};

struct ReadOptions {
  std::shared_ptr<BufferPool> pool;  // required
  Checksums checksums = Checksums::kFullyRead;
  // Where not null and true, reads end soon with Cancelled. Must outlive the reader.
  const std::atomic<bool>* cancelled = nullptr;

  bool is_cancelled() const {
    return cancelled != nullptr && cancelled->load(std::memory_order_relaxed);
  }
};

}  // namespace tf_npz

#endif  // TF_NPZ_READER_READ_OPTIONS_H_
