// Follows the design of libdeflate by Eric Biggers (MIT licence, see LICENSE.libdeflate). The
// header says what was taken from it.

#include "cc/inflate/deflate_symbols.h"

#include <cstring>

// On x86-64 the loop is compiled twice, with and without BMI2. A shift by a register is one
// micro-operation with BMI2 and three without.
#if defined(__x86_64__) && defined(__GNUC__)
#define TF_NPZ_TRY_BMI2 1
#endif

// Functions of the loop are inlined into both of its builds.
#define TF_NPZ_ALWAYS_INLINE inline __attribute__((always_inline))

namespace tf_npz {
namespace {

static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "CopyMatch repeats the lowest bytes");

constexpr uint32_t kMaxLengthExtra = 5;  // RFC 1951 3.2.5
constexpr uint32_t kMaxDistanceExtra = 13;

// Tells the compiler to move the code for `condition` away from the usual path.
TF_NPZ_ALWAYS_INLINE bool Unlikely(bool condition) { return __builtin_expect(condition, false); }

TF_NPZ_ALWAYS_INLINE void CopyWord(char* to, const char* from) {
  uint64_t word;
  std::memcpy(&word, from, sizeof(word));
  std::memcpy(to, &word, sizeof(word));
}

// A match at a distance of fewer than 8 bytes overlaps its own output. Its first `distance` bytes
// times kRepeat[distance] fill a word with repetitions. The word is stored again and again, each
// time kStep[distance] bytes further.
constexpr uint64_t Repeat(int distance) {
  uint64_t repeat = 0;
  for (int bit = 0; bit < 64; bit += 8 * distance) repeat |= uint64_t{1} << bit;
  return repeat;
}
constexpr uint64_t kRepeat[8] = {0,         Repeat(1), Repeat(2), Repeat(3),
                                 Repeat(4), Repeat(5), Repeat(6), Repeat(7)};
constexpr uint8_t kStep[8] = {0, 8, 8, 6, 8, 5, 6, 7};

// Copies `length` bytes from `distance` bytes before `out` to `out`. It writes up to kCopySlack
// bytes more. It copies 16 bytes at a time, because most matches are not longer: then the branch of
// the loop is rarely taken. The loop is left in its middle. With the condition at its end, decoding
// took 5 % longer.
TF_NPZ_ALWAYS_INLINE void CopyMatch(char* out, size_t distance, size_t length) {
  const char* from = out - distance;
  const char* const end = out + length;
  if (!Unlikely(distance < 8)) {
    static_assert(kCopySlack >= 2 * sizeof(uint64_t));
    while (true) {
      CopyWord(out, from);
      CopyWord(out + 8, from + 8);
      if (!Unlikely(out + 16 < end)) break;
      out += 16;
      from += 16;
    }
  } else {
    uint64_t word;
    std::memcpy(&word, from, sizeof(word));
    word = (word & ((uint64_t{1} << 8 * distance) - 1)) * kRepeat[distance];
    const size_t step = kStep[distance];
    do {
      std::memcpy(out, &word, sizeof(word));
      std::memcpy(out + step, &word, sizeof(word));
      out += 2 * step;
    } while (out < end);
  }
}

// Consumes the bits of `entry`. Only the low byte of `count` is valid afterwards.
TF_NPZ_ALWAYS_INLINE void Drop(DeflateEntry entry, DeflateBits* in) {
  in->bits >>= entry & 63;
  in->count -= entry;
}

// The length or distance: the value of `entry` plus its extra bits in `bits`.
TF_NPZ_ALWAYS_INLINE uint32_t ValueWithExtraBits(DeflateEntry entry, uint64_t bits) {
  const uint64_t all = bits & ((uint64_t{1} << EntryBits(entry)) - 1);
  return (entry >> 16) + static_cast<uint32_t>(all >> EntryCodeBits(entry));
}

// `mask` is table.mask. The caller holds it in a register.
template <typename Table>
TF_NPZ_ALWAYS_INLINE DeflateEntry LookUp(const Table& table, uint64_t mask, const DeflateBits& in) {
  return table.entries[in.bits & mask];
}

// Follows an entry that leads to a subtable. Returns the entry of the subtable.
template <typename Table>
TF_NPZ_ALWAYS_INLINE DeflateEntry LookUpInSubtable(const Table& table, DeflateEntry entry,
                                                   DeflateBits* in) {
  Drop(entry, in);
  return table.entries[EntryValue(entry) + in->Peek(EntryCodeBits(entry))];
}

TF_NPZ_ALWAYS_INLINE void PutLiteral(DeflateEntry entry, DeflateBits* in, char** out) {
  Drop(entry, in);
  *(*out)++ = static_cast<char>(entry >> 16);
}

DeflateStop StopAt(DeflateEntry entry) {
  return EntryValue(entry) == kEndOfBlock ? DeflateStop::kEndOfBlock
                                          : DeflateStop::kInvalidLiteralLength;
}

// The processor cannot predict the kind of the next symbol. After a wrong prediction it waits for
// all that is computed from then on. So the entry of the next symbol is looked up as soon as the
// bits of this symbol are consumed, before bits are refilled and before a match is copied. For the
// same reason, bits are not refilled between literals and the match after them while there are
// enough:
static_assert(4 * kLiteralLengthBits <= DeflateBits::kRefilled,
              "three literals of the main table, and the lookup of the next symbol");
static_assert(2 * kLiteralLengthBits + kMaxCodeBits + kLiteralLengthBits <= DeflateBits::kRefilled,
              "two literals, one of a subtable, and the lookup of the next symbol");
static_assert(2 * kLiteralLengthBits + kMaxCodeBits + kMaxLengthExtra <= DeflateBits::kRefilled,
              "two literals and a length");
// The bits of a distance of the main table, and of the lookup of the next symbol.
constexpr uint32_t kDistanceNeeds = kDistanceBits + kMaxDistanceExtra + kLiteralLengthBits;

TF_NPZ_ALWAYS_INLINE DeflateStop DecodeFast(const DeflateTables& tables, const char* input_limit,
                                            const char* output_limit, DeflateBits* in_state,
                                            DeflateOutput* output) {
  const auto& literal_lengths = tables.literal_lengths;
  const auto& distances = tables.distances;
  const uint64_t literal_length_mask = literal_lengths.mask;
  const uint64_t distance_mask = distances.mask;
  const char* const begin = output->begin;
  DeflateBits in = *in_state;
  char* out = output->out;
  DeflateStop stop = DeflateStop::kPaused;

  in.Refill();
  DeflateEntry entry = LookUp(literal_lengths, literal_length_mask, in);
  while (in.at < input_limit && out < output_limit) {
    if (entry & kLiteralEntry) {
      PutLiteral(entry, &in, &out);
      entry = LookUp(literal_lengths, literal_length_mask, in);
      if (entry & kLiteralEntry) {
        PutLiteral(entry, &in, &out);
        entry = LookUp(literal_lengths, literal_length_mask, in);
        if (entry & kLiteralEntry) {
          PutLiteral(entry, &in, &out);
          entry = LookUp(literal_lengths, literal_length_mask, in);
          in.Refill();
          continue;
        }
      }
    }
    if (Unlikely(entry & kSpecialEntry)) {
      if (entry & kTableEntry) entry = LookUpInSubtable(literal_lengths, entry, &in);
      if (entry & kLiteralEntry) {
        PutLiteral(entry, &in, &out);
        entry = LookUp(literal_lengths, literal_length_mask, in);
        in.Refill();
        continue;
      }
      if (entry & kSpecialEntry) {
        Drop(entry, &in);
        stop = StopAt(entry);
        break;
      }
    }
    const size_t length = ValueWithExtraBits(entry, in.bits);
    Drop(entry, &in);

    if (Unlikely(in.left() < kDistanceNeeds)) in.Refill();
    entry = LookUp(distances, distance_mask, in);
    if (Unlikely(entry & kSpecialEntry)) {
      if (entry & kTableEntry) entry = LookUpInSubtable(distances, entry, &in);
      if (entry & kSpecialEntry) {
        Drop(entry, &in);
        stop = DeflateStop::kInvalidDistance;
        break;
      }
      in.Refill();
    }
    const size_t distance = ValueWithExtraBits(entry, in.bits);
    Drop(entry, &in);
    if (Unlikely(distance > static_cast<size_t>(out - begin))) {
      stop = DeflateStop::kTooFarBack;
      break;
    }
    entry = LookUp(literal_lengths, literal_length_mask, in);
    in.Refill();
    CopyMatch(out, distance, length);
    out += length;
  }
  in.count = in.left();
  *in_state = in;
  output->out = out;
  return stop;
}

#ifdef TF_NPZ_TRY_BMI2
__attribute__((target("bmi2"))) DeflateStop DecodeFastBmi2(const DeflateTables& tables,
                                                           const char* input_limit,
                                                           const char* output_limit,
                                                           DeflateBits* in, DeflateOutput* output) {
  return DecodeFast(tables, input_limit, output_limit, in, output);
}
#endif

}  // namespace

DeflateStop DecodeSymbols(const DeflateTables& tables, const char* input_limit,
                          const char* output_limit, DeflateBits* in, DeflateOutput* output) {
#ifdef TF_NPZ_TRY_BMI2
  static const bool has_bmi2 = __builtin_cpu_supports("bmi2");
  if (has_bmi2) return DecodeFastBmi2(tables, input_limit, output_limit, in, output);
#endif
  return DecodeFast(tables, input_limit, output_limit, in, output);
}

DeflateStop DecodeLastSymbols(const DeflateTables& tables, const char* input_end,
                              const char* output_limit, DeflateBits* in, DeflateOutput* output) {
  while (output->out < output_limit) {
    in->Refill();
    DeflateEntry entry = LookUp(tables.literal_lengths, tables.literal_lengths.mask, *in);
    if (entry & kTableEntry) entry = LookUpInSubtable(tables.literal_lengths, entry, in);
    if (entry & kLiteralEntry) {
      Drop(entry, in);
      if (in->HasOverrun(input_end)) return DeflateStop::kInputEnded;
      *output->out++ = static_cast<char>(entry >> 16);
      continue;
    }
    const size_t length = ValueWithExtraBits(entry, in->bits);
    Drop(entry, in);
    if (in->HasOverrun(input_end)) return DeflateStop::kInputEnded;
    if (entry & kSpecialEntry) return StopAt(entry);

    entry = LookUp(tables.distances, tables.distances.mask, *in);
    if (entry & kTableEntry) entry = LookUpInSubtable(tables.distances, entry, in);
    const size_t distance = ValueWithExtraBits(entry, in->bits);
    Drop(entry, in);
    if (in->HasOverrun(input_end)) return DeflateStop::kInputEnded;
    if (entry & kSpecialEntry) return DeflateStop::kInvalidDistance;
    if (distance > static_cast<size_t>(output->out - output->begin)) {
      return DeflateStop::kTooFarBack;
    }
    CopyMatch(output->out, distance, length);
    output->out += length;
  }
  return DeflateStop::kPaused;
}

}  // namespace tf_npz
