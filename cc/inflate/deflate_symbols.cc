#include "cc/inflate/deflate_symbols.h"

#include <cstring>

// Where the loop is built twice: shifts by any register are one step with BMI2, three without.
#if defined(__x86_64__) && defined(__GNUC__)
#define TF_NPZ_TRY_BMI2 1
#endif

// Into each of the two.
#define TF_NPZ_ALWAYS_INLINE inline __attribute__((always_inline))

namespace tf_npz {
namespace {

static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "CopyMatch repeats the lowest bytes");

constexpr uint32_t kMaxLengthExtra = 5;  // RFC 1951 3.2.5
constexpr uint32_t kMaxDistanceExtra = 13;

// What the compiler should keep out of the way of the rest.
TF_NPZ_ALWAYS_INLINE bool Unlikely(bool condition) { return __builtin_expect(condition, false); }

TF_NPZ_ALWAYS_INLINE void CopyWord(char* to, const char* from) {
  uint64_t word;
  std::memcpy(&word, from, sizeof(word));
  std::memcpy(to, &word, sizeof(word));
}

// A match that is nearer than a word repeats itself: of the word that is there, its lowest bytes
// times kRepeat are stored again and again, kStep bytes on.
constexpr uint64_t Repeat(int distance) {
  uint64_t repeat = 0;
  for (int bit = 0; bit < 64; bit += 8 * distance) repeat |= uint64_t{1} << bit;
  return repeat;
}
constexpr uint64_t kRepeat[8] = {0,         Repeat(1), Repeat(2), Repeat(3),
                                 Repeat(4), Repeat(5), Repeat(6), Repeat(7)};
constexpr uint8_t kStep[8] = {0, 8, 8, 6, 8, 5, 6, 7};

// Copies `length` bytes from `distance` bytes before `out` to `out`, and up to kCopySlack more:
// sixteen at a time, which is as much as most matches have, so that few branches are taken. The
// loop is left in its middle: with its condition at the end decoding took a twentieth longer.
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

TF_NPZ_ALWAYS_INLINE void Drop(DeflateEntry entry, DeflateBits* in) {
  in->bits >>= entry & 63;
  in->count -= entry;  // of which only the lowest bits count
}

// The length or distance that `entry` and the extra bits among `bits` say.
TF_NPZ_ALWAYS_INLINE uint32_t ValueWithExtraBits(DeflateEntry entry, uint64_t bits) {
  const uint64_t all = bits & ((uint64_t{1} << EntryBits(entry)) - 1);
  return (entry >> 16) + static_cast<uint32_t>(all >> EntryCodeBits(entry));
}

// `mask` is the table's, which the caller holds in a register.
template <typename Table>
TF_NPZ_ALWAYS_INLINE DeflateEntry LookUp(const Table& table, uint64_t mask, const DeflateBits& in) {
  return table.entries[in.bits & mask];
}

// What an entry that leads to the second level finds there.
template <typename Table>
TF_NPZ_ALWAYS_INLINE DeflateEntry LookUpSecond(const Table& table, DeflateEntry entry,
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

// Which symbol comes can't be foretold, and where the processor guessed wrong, it waits for what is
// computed from then on. So the entry of the next symbol is looked up as soon as this one's bits
// are dropped, before bits are refilled and before a match is copied, and bits are not refilled
// between literals and the match behind them, as long as there are enough:
static_assert(4 * kLiteralLengthBits <= DeflateBits::kRefilled,
              "for three literals of the first level, and to look up what follows");
static_assert(2 * kLiteralLengthBits + kMaxCodeBits + kLiteralLengthBits <= DeflateBits::kRefilled,
              "for two, one of the second level, and to look up what follows");
static_assert(2 * kLiteralLengthBits + kMaxCodeBits + kMaxLengthExtra <= DeflateBits::kRefilled,
              "for two literals and a length");
// For a distance of the first level, and to look up what follows.
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
      if (entry & kTableEntry) entry = LookUpSecond(literal_lengths, entry, &in);
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
      if (entry & kTableEntry) entry = LookUpSecond(distances, entry, &in);
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
    if (entry & kTableEntry) entry = LookUpSecond(tables.literal_lengths, entry, in);
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
    if (entry & kTableEntry) entry = LookUpSecond(tables.distances, entry, in);
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
