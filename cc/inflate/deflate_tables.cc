// Follows the design of libdeflate by Eric Biggers (MIT licence, see LICENSE.libdeflate). The
// header says what was taken from it.

#include "cc/inflate/deflate_tables.h"

#include <algorithm>
#include <cstring>

namespace tf_npz {
namespace {

// The entry of a symbol before its codeword is known. "all bits" counts only the extra bits yet.
constexpr DeflateEntry Entry(uint32_t value, uint32_t extra_bits) {
  return value << 16 | extra_bits;
}
constexpr DeflateEntry kNoSymbol = kSpecialEntry;

// Sets entries[begin] to entries[end - 1], for lengths or distances that begin at `value` (RFC 1951
// 3.2.5). The first `plain` symbols have no extra bits. After them each group of `step` symbols has
// one extra bit more than the group before.
template <size_t kSize>
constexpr void SetRanges(std::array<DeflateEntry, kSize>& entries, size_t begin, size_t end,
                         uint32_t value, size_t plain, size_t step) {
  for (size_t i = 0; begin + i < end; ++i) {
    const uint32_t extra_bits = i < plain ? 0 : static_cast<uint32_t>((i - plain) / step + 1);
    entries[begin + i] = Entry(value, extra_bits);
    value += uint32_t{1} << extra_bits;
  }
}

constexpr std::array<DeflateEntry, kMaxLiteralLengths> LiteralLengthSymbols() {
  std::array<DeflateEntry, kMaxLiteralLengths> entries = {};
  for (uint32_t i = 0; i < 256; ++i) entries[i] = kLiteralEntry | Entry(i, 0);
  entries[256] = kSpecialEntry | Entry(kEndOfBlock, 0);
  SetRanges(entries, 257, 285, 3, 8, 4);
  entries[285] = Entry(258, 0);  // the longest match; 284 with its extra bits can give it too
  entries[286] = entries[287] = kNoSymbol;
  return entries;
}

constexpr std::array<DeflateEntry, kMaxDistances> DistanceSymbols() {
  std::array<DeflateEntry, kMaxDistances> entries = {};
  SetRanges(entries, 0, 30, 1, 4, 2);
  entries[30] = entries[31] = kNoSymbol;
  return entries;
}

constexpr std::array<DeflateEntry, kMaxCodeLengths> CodeLengthSymbols() {
  std::array<DeflateEntry, kMaxCodeLengths> entries = {};
  for (uint32_t i = 0; i < kMaxCodeLengths; ++i) entries[i] = Entry(i, 0);
  return entries;
}

constexpr auto kLiteralLengthSymbols = LiteralLengthSymbols();
constexpr auto kDistanceSymbols = DistanceSymbols();
constexpr auto kCodeLengthSymbols = CodeLengthSymbols();
static_assert(kLiteralLengthSymbols[284] == Entry(227, 5));
static_assert(kDistanceSymbols[29] == Entry(24577, 13));

// The entry of a symbol whose codeword has `bits` bits, counted within the table that holds the
// entry.
DeflateEntry WithCodeBits(DeflateEntry symbol, int bits) {
  return symbol + static_cast<DeflateEntry>(bits << 8 | bits);
}

// A prefix code, made from the lengths of its codewords as 3.2.2 says.
struct Code {
  std::array<uint16_t, kMaxCodeBits + 1> counts = {};  // counts[n]: number of codewords of n bits
  std::array<uint16_t, kMaxLiteralLengths> symbols;    // in the order of their codewords
  int min_bits = 0;                                    // of the codewords; 0 if there are none
  int max_bits = 0;
  bool is_complete = false;  // any sequence of bits begins with a codeword
};

// Returns false if the lengths would make one codeword the beginning of another.
bool MakeCode(const uint8_t* lengths, size_t count, Code* code) {
  for (size_t i = 0; i < count; ++i) ++code->counts[lengths[i]];
  // begins[n]: the place in `symbols` of the next symbol whose codeword has n bits.
  std::array<uint16_t, kMaxCodeBits + 2> begins;
  begins[0] = 0;
  begins[1] = 0;
  int32_t unused = 1;  // codewords of this length that are still free
  for (int bits = 1; bits <= kMaxCodeBits; ++bits) {
    const int32_t used = code->counts[bits];
    unused = 2 * unused - used;
    if (unused < 0) return false;
    begins[bits + 1] = static_cast<uint16_t>(begins[bits] + used);
    if (used == 0) continue;
    if (code->min_bits == 0) code->min_bits = bits;
    code->max_bits = bits;
  }
  code->is_complete = unused == 0;
  for (size_t i = 0; i < count; ++i) {
    if (lengths[i] != 0) code->symbols[begins[lengths[i]]++] = static_cast<uint16_t>(i);
  }
  return true;
}

// Returns the codeword after `codeword`, both of `bits` bits, or 0 after the last one. The first
// bit of a codeword is the lowest (3.1.1), so 1 is added at the highest bit and carried downwards.
uint32_t NextCodeword(uint32_t codeword, int bits) {
  const uint32_t zeros = ~codeword & ((uint32_t{1} << bits) - 1);
  if (zeros == 0) return 0;
  const uint32_t carried_to = uint32_t{1} << (31 - __builtin_clz(zeros));
  return (codeword & (carried_to - 1)) | carried_to;
}

// Returns the number of index bits of a subtable. Its first codeword has `bits` bits, and `left`
// codewords of that length are not in a table yet. The subtable is as large as these and all longer
// codewords need, until it is full.
int SubtableBits(const Code& code, int bits, int left, int index_bits) {
  int size = bits - index_bits;
  int unused = (1 << size) - left;
  while (unused > 0 && bits < code.max_bits) {
    ++size;
    ++bits;
    unused = 2 * unused - code.counts[bits];
  }
  return size;
}

// Fills the table of a code with no codewords, or with a single codeword of one bit. All other bits
// are invalid.
void MakeIncompleteTable(const Code& code, const DeflateEntry* symbols, DeflateEntry* entries) {
  const DeflateEntry invalid = WithCodeBits(kNoSymbol, 1);
  entries[0] = code.max_bits == 0 ? invalid : WithCodeBits(symbols[code.symbols[0]], 1);
  entries[1] = invalid;
}

// Fills the table of a complete code. The codewords of the main table come in the order of their
// lengths. When all codewords of one length are there, the filled part of the table is doubled,
// because the next bit may be 0 or 1.
void MakeCompleteTable(const Code& code, const DeflateEntry* symbols, int index_bits,
                       DeflateEntry* entries) {
  const uint16_t* symbol = code.symbols.data();
  uint32_t codeword = 0;
  for (int bits = code.min_bits; bits <= index_bits; ++bits) {
    if (bits > code.min_bits) {
      std::memcpy(entries + (size_t{1} << (bits - 1)), entries, sizeof(DeflateEntry) << (bits - 1));
    }
    for (int left = code.counts[bits]; left > 0; --left) {
      entries[codeword] = WithCodeBits(symbols[*symbol++], bits);
      codeword = NextCodeword(codeword, bits);
    }
  }
  const uint32_t mask = (uint32_t{1} << index_bits) - 1;
  uint32_t prefix = mask + 1;  // the index of the current subtable in the main table; none yet
  size_t begin = 0;            // of the current subtable
  size_t size = size_t{1} << index_bits;
  size_t end = size;
  for (int bits = index_bits + 1; bits <= code.max_bits; ++bits) {
    for (int left = code.counts[bits]; left > 0; --left) {
      if ((codeword & mask) != prefix) {
        prefix = codeword & mask;
        const int subtable_bits = SubtableBits(code, bits, left, index_bits);
        begin = end;
        size = size_t{1} << subtable_bits;
        end = begin + size;
        entries[prefix] = kSpecialEntry | kTableEntry | static_cast<DeflateEntry>(begin) << 16 |
                          static_cast<DeflateEntry>(subtable_bits) << 8 |
                          static_cast<DeflateEntry>(index_bits);
      }
      const DeflateEntry entry = WithCodeBits(symbols[*symbol++], bits - index_bits);
      const size_t step = size_t{1} << (bits - index_bits);
      for (size_t i = codeword >> index_bits; i < size; i += step) entries[begin + i] = entry;
      codeword = NextCodeword(codeword, bits);
    }
  }
}

template <typename Table>
bool MakeTable(const uint8_t* lengths, size_t count, const DeflateEntry* symbols, int index_bits,
               bool may_be_incomplete, Table* table) {
  Code code;
  if (!MakeCode(lengths, count, &code)) return false;
  if (!code.is_complete) {
    if (!may_be_incomplete || code.max_bits > 1) return false;
    table->mask = 1;
    MakeIncompleteTable(code, symbols, table->entries.data());
    return true;
  }
  index_bits = std::min(index_bits, code.max_bits);
  table->mask = (uint32_t{1} << index_bits) - 1;
  MakeCompleteTable(code, symbols, index_bits, table->entries.data());
  return true;
}

}  // namespace

bool MakeTable(const uint8_t* lengths, size_t count, LiteralLengthTable* table) {
  return MakeTable(lengths, count, kLiteralLengthSymbols.data(), kLiteralLengthBits, true, table);
}

bool MakeTable(const uint8_t* lengths, size_t count, DistanceTable* table) {
  return MakeTable(lengths, count, kDistanceSymbols.data(), kDistanceBits, true, table);
}

bool MakeTable(const uint8_t* lengths, CodeLengthTable* table) {
  return MakeTable(lengths, kMaxCodeLengths, kCodeLengthSymbols.data(), kCodeLengthBits, false,
                   table);
}

const DeflateTables& FixedTables() {
  static const DeflateTables* const tables = [] {
    std::array<uint8_t, kMaxLiteralLengths> lengths;
    std::fill(lengths.begin(), lengths.begin() + 144, uint8_t{8});
    std::fill(lengths.begin() + 144, lengths.begin() + 256, uint8_t{9});
    std::fill(lengths.begin() + 256, lengths.begin() + 280, uint8_t{7});
    std::fill(lengths.begin() + 280, lengths.end(), uint8_t{8});
    std::array<uint8_t, kMaxDistances> distances;
    distances.fill(5);
    auto* const made = new DeflateTables;
    MakeTable(lengths.data(), lengths.size(), &made->literal_lengths);
    MakeTable(distances.data(), distances.size(), &made->distances);
    return made;
  }();
  return *tables;
}

}  // namespace tf_npz
