// Tables that decode the prefix codes of deflate (RFC 1951 3.2). The next bits of the data are the
// index of an entry, and the entry gives the symbol.
//
// A table has two levels. The main table is indexed by the next N bits. A codeword longer than N
// bits goes through a subtable: its entry in the main table says where the subtable begins, and the
// bits after the first N are the index there. The subtables follow the main table in the same
// array.
//
// Credit: the design follows libdeflate by Eric Biggers (https://github.com/ebiggers/libdeflate,
// lib/deflate_decompress.c; MIT licence, see LICENSE.libdeflate). Taken from it: the layout of an
// entry with its flags in bits 31, 15 and 14, the two bit counts in one entry, subtables after the
// main table, and tables of 11, 8 and 7 index bits.

#ifndef TF_NPZ_INFLATE_DEFLATE_TABLES_H_
#define TF_NPZ_INFLATE_DEFLATE_TABLES_H_

#include <array>
#include <cstddef>
#include <cstdint>

namespace tf_npz {

// One entry holds all about a codeword that the decoder needs, so one load suffices:
//
//      31       30..16    15       14       11..8       5..0
//   +---------+-------+---------+-------+-----------+----------+
//   | literal | value | special | table | code bits | all bits |
//   +---------+-------+---------+-------+-----------+----------+
//
//   all bits    the number of bits to consume: those of the codeword and of the extra bits after it
//   code bits   the number of bits of the codeword alone. In an entry of a subtable the codeword
//               counts from its bit N on. In a `table` entry: the number of index bits of the
//               subtable
//   table       the entry leads to a subtable
//   special     the entry is not a literal, a length or a distance. Without `table` it is the end
//               of the block if value is kEndOfBlock, else bits that are not a codeword
//   value       the literal; or the length or distance, to which the extra bits are added; or the
//               index at which the subtable begins
//
// Bits without a name (12, 13, 6 and 7) are zero.
using DeflateEntry = uint32_t;

inline constexpr DeflateEntry kLiteralEntry = DeflateEntry{1} << 31;
inline constexpr DeflateEntry kSpecialEntry = DeflateEntry{1} << 15;
inline constexpr DeflateEntry kTableEntry = DeflateEntry{1} << 14;
inline constexpr uint32_t kEndOfBlock = 256;  // RFC 1951 3.2.5

// The fields "all bits" and "code bits". Both mask six bits, although "code bits" has four: bits 12
// and 13 are zero, so the value is the same. A 64-bit shift looks only at the lowest six bits of
// its count, so the compiler drops this mask where the result is a count.
inline uint32_t EntryBits(DeflateEntry entry) { return entry & 63; }
inline uint32_t EntryCodeBits(DeflateEntry entry) { return entry >> 8 & 63; }
inline uint32_t EntryValue(DeflateEntry entry) { return entry >> 16 & 0x7FFF; }

inline constexpr int kMaxCodeBits = 15;                // RFC 1951 3.2.7: bits of a codeword
inline constexpr size_t kMaxLiteralLengths = 286 + 2;  // 2 of them only in the fixed codes
inline constexpr size_t kMaxDistances = 30 + 2;
inline constexpr size_t kMaxCodeLengths = 19;

// The numbers of index bits of the main tables. Literals with codewords longer than 11 bits are
// rare. Distances are looked up less often, and a smaller table is built sooner.
inline constexpr int kLiteralLengthBits = 11;
inline constexpr int kDistanceBits = 8;
inline constexpr int kCodeLengthBits = 7;  // no codeword is longer: 3.2.7

// The largest number of entries of a main table and its subtables together, for a code of `symbols`
// symbols. A subtable with k index bits holds a codeword that is k bits longer than the index of
// the main table. The code is complete, so the subtable holds at least k more codewords. So n
// symbols have at most n / (k + 1) such subtables, with 2^k entries each. The largest k is the
// worst case.
constexpr size_t MaxDeflateEntries(size_t symbols, int index_bits) {
  const int k = kMaxCodeBits - index_bits;
  return (size_t{1} << index_bits) + (symbols << k) / (k + 1);
}

// A main table and its subtables. `mask` is the mask of the main table's index. It has fewer than
// kIndexBits bits if all codewords are shorter.
template <size_t kMaxSymbols, int kIndexBits>
struct DeflateTable {
  std::array<DeflateEntry, MaxDeflateEntries(kMaxSymbols, kIndexBits)> entries;
  uint32_t mask;
};
using LiteralLengthTable = DeflateTable<kMaxLiteralLengths, kLiteralLengthBits>;
using DistanceTable = DeflateTable<kMaxDistances, kDistanceBits>;
using CodeLengthTable = DeflateTable<kMaxCodeLengths, kCodeLengthBits>;

struct DeflateTables {
  LiteralLengthTable literal_lengths;
  DistanceTable distances;
};

// Builds the table of a code (3.2.2). The codeword of symbol i has lengths[i] bits, 0 to 15; 0
// means that the symbol has no codeword. `count` is the number of symbols. Returns false if the
// lengths do not make a complete prefix code. Two incomplete codes are accepted, as zlib accepts
// them: one without codewords, and one with a single codeword of one bit.
bool MakeTable(const uint8_t* lengths, size_t count, LiteralLengthTable* table);
bool MakeTable(const uint8_t* lengths, size_t count, DistanceTable* table);
// The same for the code of the code lengths, with kMaxCodeLengths symbols. It must be complete.
bool MakeTable(const uint8_t* lengths, CodeLengthTable* table);

// The tables of the fixed codes (3.2.6). Any thread may call it.
const DeflateTables& FixedTables();

}  // namespace tf_npz

#endif  // TF_NPZ_INFLATE_DEFLATE_TABLES_H_
