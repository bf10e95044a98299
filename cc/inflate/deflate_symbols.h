// The inner loop of deflate: symbols of a block with prefix codes (RFC 1951 3.2.3), and bits.

#ifndef TF_NPZ_INFLATE_DEFLATE_SYMBOLS_H_
#define TF_NPZ_INFLATE_DEFLATE_SYMBOLS_H_

#include <cstddef>
#include <cstdint>

#include "cc/base/bytes.h"
#include "cc/inflate/deflate_tables.h"

namespace tf_npz {

// The data as bits, the lowest of each byte first (3.1.1).
//
//          bits                                  at
//   +-----------------+------------------+-------+------------------------
//   | those not taken | the same as what |       | input that is not
//   | yet: `count`    | follows at `at`  |       | counted yet
//   +-----------------+------------------+-------+------------------------
//   lowest                        highest
//
// Refill loads eight bytes, and counts as many whole ones as there is room for, without a branch.
// So eight bytes at `at` must be readable.
struct DeflateBits {
  // After Refill there are so many bits at least.
  static constexpr uint32_t kRefilled = 56;

  void Refill() {
    bits |= LoadLittle64(at) << (count & 63);
    at += (63 - (count & 63)) / 8;
    count |= kRefilled;
  }
  // The next `n` bits, which must be there, and fewer than 32.
  uint32_t Peek(uint32_t n) const { return static_cast<uint32_t>(bits) & ((uint32_t{1} << n) - 1); }
  uint32_t Take(uint32_t n) {
    const uint32_t taken = Peek(n);
    bits >>= n;
    count -= n;
    return taken;
  }
  // Gives whole bytes back to the input: fewer than eight bits are left.
  void Unload() {
    at -= left() / 8;
    count = left() % 8;
    bits &= (uint64_t{1} << count) - 1;
  }
  // Of `count` only the lowest byte counts: who is in a hurry subtracts a whole DeflateEntry.
  uint32_t left() const { return static_cast<uint8_t>(count); }
  // Whether bits were taken from behind `input_end`.
  bool HasOverrun(const char* input_end) const {
    return (at - input_end) * 8 > static_cast<ptrdiff_t>(left());
  }

  const char* at = nullptr;
  uint64_t bits = 0;
  uint32_t count = 0;
};

enum class DeflateStop {
  kPaused,  // between two symbols
  kEndOfBlock,
  kInputEnded,
  kInvalidLiteralLength,
  kInvalidDistance,
  kTooFarBack,
};

// DecodeSymbols looks at its limits once for a few symbols. Behind them it may touch so much input,
// of which it loads eight bytes at most four times ...
inline constexpr size_t kFastInput = size_t{4} * 8;
// ... and so much output: two literals, a match, and what is copied too much.
inline constexpr size_t kMaxMatch = 258;
inline constexpr size_t kCopySlack = 32;
inline constexpr size_t kFastOutput = 2 + kMaxMatch + kCopySlack;

// Where symbols go: `out` is the next one's place. What matches can reach begins at `begin`.
struct DeflateOutput {
  char* out;
  const char* begin;
};

// Decodes symbols while `in->at` < `input_limit` and `output->out` < `output_limit`, behind which
// kFastInput and kFastOutput bytes must be there.
DeflateStop DecodeSymbols(const DeflateTables& tables, const char* input_limit,
                          const char* output_limit, DeflateBits* in, DeflateOutput* output);

// The same up to the last bit of the input, which ends at `input_end`, with sixteen bytes of zeros
// behind it: each symbol is seen to be there before it is given out.
DeflateStop DecodeLastSymbols(const DeflateTables& tables, const char* input_end,
                              const char* output_limit, DeflateBits* in, DeflateOutput* output);

}  // namespace tf_npz

#endif  // TF_NPZ_INFLATE_DEFLATE_SYMBOLS_H_
