// The inner loop of the deflate decoder: it decodes the symbols of a block with prefix codes (RFC
// 1951 3.2.3). Also the reader of bits that this loop and the block headers use.
//
// Credit: the design follows libdeflate by Eric Biggers (https://github.com/ebiggers/libdeflate,
// lib/deflate_decompress.c; MIT licence, see LICENSE.libdeflate). Taken from it: the refill without
// a branch (`count |= 56`), the subtraction of a whole entry from the bit count, the fast loop with
// slack after its limits, the next entry looked up before the current match is copied, and a second
// build of the loop for BMI2.

#ifndef TF_NPZ_INFLATE_DEFLATE_SYMBOLS_H_
#define TF_NPZ_INFLATE_DEFLATE_SYMBOLS_H_

#include <cstddef>
#include <cstdint>

#include "cc/base/bytes.h"
#include "cc/inflate/deflate_tables.h"

namespace tf_npz {

// Reads the data bit by bit, the lowest bit of each byte first (3.1.1).
//
//          bits                                  at
//   +-----------------+------------------+-------+------------------------
//   | the next bits:  | a copy of the    |       | input that is not
//   | `count` of them | bytes at `at`    |       | counted yet
//   +-----------------+------------------+-------+------------------------
//   lowest                        highest
//
// Refill loads eight bytes at `at`, so eight bytes must be readable there. It counts those whole
// bytes that fit, and has no branch.
struct DeflateBits {
  // After Refill at least this many bits are there.
  static constexpr uint32_t kRefilled = 56;

  void Refill() {
    bits |= LoadLittle64(at) << (count & 63);
    at += (63 - (count & 63)) / 8;
    count |= kRefilled;
  }
  // Returns the next `n` bits, without consuming them. `n` is less than 32 and at most left().
  uint32_t Peek(uint32_t n) const { return static_cast<uint32_t>(bits) & ((uint32_t{1} << n) - 1); }
  // Returns the next `n` bits and consumes them.
  uint32_t Take(uint32_t n) {
    const uint32_t taken = Peek(n);
    bits >>= n;
    count -= n;
    return taken;
  }
  // Returns whole bytes to the input. Fewer than eight bits are left then.
  void ReturnWholeBytes() {
    at -= left() / 8;
    count = left() % 8;
    bits &= (uint64_t{1} << count) - 1;
  }
  // The number of bits that are there, 0 to 63. Only the low byte of `count` is valid: the fast
  // loop subtracts a whole DeflateEntry from it and leaves garbage above.
  uint32_t left() const { return static_cast<uint8_t>(count); }
  // Returns true if bits after `input_end` were consumed.
  bool HasOverrun(const char* input_end) const {
    return (at - input_end) * 8 > static_cast<ptrdiff_t>(left());
  }

  const char* at = nullptr;
  uint64_t bits = 0;
  uint32_t count = 0;
};

// The reason why decoding stopped.
enum class DeflateStop {
  kPaused,  // at a limit, between two symbols
  kEndOfBlock,
  kInputEnded,
  kInvalidLiteralLength,
  kInvalidDistance,
  kTooFarBack,
};

// DecodeSymbols checks its limits once for several symbols, so it may go beyond them.
//
// It reads at most kFastInput bytes of input after the limit: it loads eight bytes at most four
// times between two checks.
inline constexpr size_t kFastInput = size_t{4} * 8;
// It writes at most kFastOutput bytes of output after the limit: two literals, a match, and the
// slack of the copy of a match.
inline constexpr size_t kMaxMatch = 258;
inline constexpr size_t kCopySlack = 32;
inline constexpr size_t kFastOutput = 2 + kMaxMatch + kCopySlack;

// The decoded bytes. The next one is written at `out`. A match may reach back as far as `begin`.
struct DeflateOutput {
  char* out;
  const char* begin;
};

// Decodes symbols while `in->at` < `input_limit` and `output->out` < `output_limit`. kFastInput
// bytes must be readable after `input_limit`, and kFastOutput bytes writable after `output_limit`.
DeflateStop DecodeSymbols(const DeflateTables& tables, const char* input_limit,
                          const char* output_limit, DeflateBits* in, DeflateOutput* output);

// Does the same up to the last bit of the input, which ends at `input_end`. Sixteen bytes of zeros
// must follow it. Before a symbol is written, it is checked that all of its bits were in the input.
DeflateStop DecodeLastSymbols(const DeflateTables& tables, const char* input_end,
                              const char* output_limit, DeflateBits* in, DeflateOutput* output);

}  // namespace tf_npz

#endif  // TF_NPZ_INFLATE_DEFLATE_SYMBOLS_H_
