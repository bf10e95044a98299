// ChecksumParts: the CRC-32 of bytes that several threads read in parts, in any order.
//
// A thread takes the part that it is about to read, computes the part's CRC while it reads, and
// gives the part back. No byte is in two parts, so a byte that is read again changes nothing.
// Parts that touch become one stretch. When one stretch has all bytes, its CRC is the result.
//
//   bytes   0                                                    size
//           +-----------------+..........+      +--------+
//           | read            | taken    |      | read   |
//           +-----------------+..........+      +--------+
//           a stretch from    its end           another stretch, until
//           byte 0 on                           the bytes between are read
//
// A part that begins where a stretch ends continues that stretch's CRC. So reading from front to
// back takes the lock twice for each part, for a short time, and never combines two CRCs.

#ifndef TF_NPZ_READER_CHECKSUM_PARTS_H_
#define TF_NPZ_READER_CHECKSUM_PARTS_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>

#include "cc/base/mutex.h"

namespace tf_npz {

// Any thread may call.
class ChecksumParts {
  // The bytes [begin, end) have been read; their CRC is `crc`. The map's key is `begin`. A thread
  // is reading [end, taken_end) now.
  struct Stretch {
    uint64_t end;
    uint64_t taken_end;
    uint32_t crc;
    bool is_taken() const { return taken_end != end; }
  };
  using Stretches = std::map<uint64_t, Stretch>;

 public:
  // The most stretches that are kept; they take about 5 MiB. Bytes that would need one more
  // stretch count as not read.
  static constexpr size_t kMaxStretches = size_t{1} << 16;

  // Bytes that one thread reads.
  struct Part {
    uint64_t begin;
    uint64_t end;
    // The CRC of the stretch that ends at `begin`. The thread extends it by the bytes that it
    // reads.
    uint32_t crc;

    bool is_empty() const { return begin == end; }

   private:
    friend class ChecksumParts;
    Stretches::iterator stretch;
  };

  // Takes the first bytes of [begin, end) that no thread has read or taken. If there are none, the
  // part is empty and begins at `end`. A part that is not empty must be given back.
  Part Take(uint64_t begin, uint64_t end) TF_NPZ_EXCLUDES(mutex_);

  // Gives `part` back. The caller has read its bytes up to `part.end` and has put them into
  // `part.crc`. If it read less than it took, it has lowered `part.end`. Returns true for the one
  // call that completes the first `size` bytes.
  bool GiveBack(const Part& part, uint64_t size) TF_NPZ_EXCLUDES(mutex_);

  // Whether the first `size` bytes have all been read.
  bool HasAll(uint64_t size) TF_NPZ_EXCLUDES(mutex_);

  // The CRC of the first `size` bytes. Nothing if they have not all been read, or if the stretch
  // goes on after them.
  std::optional<uint32_t> Crc32Of(uint64_t size) TF_NPZ_EXCLUDES(mutex_);

 private:
  // The end of the stretch that begins at byte 0; 0 if there is none.
  uint64_t FrontEnd() const TF_NPZ_REQUIRES(mutex_);
  void Join(Stretches::iterator first, Stretches::iterator second) TF_NPZ_REQUIRES(mutex_);

  Mutex mutex_;
  // No two stretches overlap, their taken bytes included. If two stretches touch, a thread has
  // taken bytes of one of them.
  Stretches stretches_ TF_NPZ_GUARDED_BY(mutex_);
};

}  // namespace tf_npz

#endif  // TF_NPZ_READER_CHECKSUM_PARTS_H_
