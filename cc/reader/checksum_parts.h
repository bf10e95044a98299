// ChecksumParts: the CRC-32 of bytes that several threads read in parts, in any order.
//
// A thread takes the part that it is about to read, computes the part's CRC while it reads, and
// gives the part back. No byte is in two parts, so a byte that is read again changes nothing.
// Parts that touch become one stretch. When one stretch has all bytes, its CRC is theirs.
//
//   bytes   0                                                    size
//           +-----------------+..........+      +--------+
//           | read            | taken    |      | read   |
//           +-----------------+..........+      +--------+
//           a stretch, begun  its end           a stretch of its own, until
//           at byte 0                           the bytes between are read
//
// A part that begins where a stretch ends goes on with that stretch's CRC. So reading from front to
// back costs two short locks for each part, and never joins two CRCs.

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
  // [begin, end) has been read and has the CRC `crc`; its key in the map is `begin`. A thread reads
  // [end, taken_end) at this moment.
  struct Stretch {
    uint64_t end;
    uint64_t taken_end;
    uint32_t crc;
    bool is_taken() const { return taken_end != end; }
  };
  using Stretches = std::map<uint64_t, Stretch>;

 public:
  // Stretches that are known at most, about 5 MiB. Bytes that would need one more count as not
  // read.
  static constexpr size_t kMaxStretches = size_t{1} << 16;

  // Bytes that one thread reads.
  struct Part {
    uint64_t begin;
    uint64_t end;
    uint32_t crc;  // of the stretch before `begin`; to be extended by the bytes that are read

    bool is_empty() const { return begin == end; }

   private:
    friend class ChecksumParts;
    Stretches::iterator stretch;
  };

  // Takes the first bytes of [begin, end) that have neither been read nor been taken. Where there
  // are none, the part is empty and begins at `end`. A part that is not empty must be given back.
  Part Take(uint64_t begin, uint64_t end) TF_NPZ_EXCLUDES(mutex_);

  // Gives `part` back. Its bytes before `part.end`, which may be less than it was, have been read
  // and are in `part.crc`. Returns whether the first `size` bytes have all been read now, and had
  // not before.
  bool GiveBack(const Part& part, uint64_t size) TF_NPZ_EXCLUDES(mutex_);

  // Whether the first `size` bytes have all been read.
  bool HasAll(uint64_t size) TF_NPZ_EXCLUDES(mutex_);

  // The CRC of the first `size` bytes, where just these have been read.
  std::optional<uint32_t> Crc32Of(uint64_t size) TF_NPZ_EXCLUDES(mutex_);

 private:
  // The end of the bytes that have been read from byte 0 on.
  uint64_t FrontEnd() const TF_NPZ_REQUIRES(mutex_);
  void Join(Stretches::iterator first, Stretches::iterator second) TF_NPZ_REQUIRES(mutex_);

  Mutex mutex_;
  // No two stretches overlap, what is taken included. Where two touch, one of them is taken.
  Stretches stretches_ TF_NPZ_GUARDED_BY(mutex_);
};

}  // namespace tf_npz

#endif  // TF_NPZ_READER_CHECKSUM_PARTS_H_
