// The prefix codes of deflate (RFC 1951 3.2) as tables in which the next bits of the data find the
// symbol that they begin with.
//
// A table has two levels. The first is indexed by as many bits as most codewords have at most. Of
// a longer codeword they find an entry that leads to one of the tables of the second level, which
// follow the first one in the same array and are indexed by the bits behind.
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

// What a codeword stands for, in one load, and all that is needed to pass over it:
//
//      31       30..16    15       14       11..8       5..0
//   +---------+-------+---------+-------+-----------+----------+
//   | literal | value | special | table | code bits | all bits |
//   +---------+-------+---------+-------+-----------+----------+
//
//   all bits    how many to drop: those of the codeword and the extra bits behind it
//   code bits   those of the codeword alone: extra bits are what lies between the two. Of an entry
//               that leads to the second level: how many bits index the table there
//   table       leads to the second level
//   special     neither a literal nor a length or distance. Without `table`: the end of the block
//               where value is kEndOfBlock, else a codeword that stands for nothing
//   value       the literal, the length or distance to which the extra bits are added, or where
//               the table of the second level begins
//
// Bits that are not named are zero, so shifts by a field need no more than its lowest six bits,
// which is what 64-bit shifts look at.
using DeflateEntry = uint32_t;

inline constexpr DeflateEntry kLiteralEntry = DeflateEntry{1} << 31;
inline constexpr DeflateEntry kSpecialEntry = DeflateEntry{1} << 15;
inline constexpr DeflateEntry kTableEntry = DeflateEntry{1} << 14;
inline constexpr uint32_t kEndOfBlock = 256;  // RFC 1951 3.2.5

inline uint32_t EntryBits(DeflateEntry entry) { return entry & 63; }
inline uint32_t EntryCodeBits(DeflateEntry entry) { return entry >> 8 & 63; }
inline uint32_t EntryValue(DeflateEntry entry) { return entry >> 16 & 0x7FFF; }

inline constexpr int kMaxCodeBits = 15;                // RFC 1951 3.2.7: what 18 symbols can say
inline constexpr size_t kMaxLiteralLengths = 286 + 2;  // with the two that only fixed codes have
inline constexpr size_t kMaxDistances = 30 + 2;
inline constexpr size_t kMaxCodeLengths = 19;

// Indexes of the first level. Literals longer than 11 bits are rare; distances are looked up less
// often, and a smaller table is made sooner.
inline constexpr int kLiteralLengthBits = 11;
inline constexpr int kDistanceBits = 8;
inline constexpr int kCodeLengthBits = 7;  // the longest that there are: 3.2.7

// Entries of both levels at most. A table of the second level with k index bits holds a codeword
// that is k bits longer than the first level's and, the code being complete, k others at least: so
// of n symbols there are n / (k + 1) such tables, of 2^k entries each, and the largest k is worst.
constexpr size_t MaxDeflateEntries(size_t symbols, int index_bits) {
  const int k = kMaxCodeBits - index_bits;
  return (size_t{1} << index_bits) + (symbols << k) / (k + 1);
}

// A table of either kind; `mask` is that of the first level's index, which is shorter where all
// codewords are.
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

// Makes the table of the code whose symbols' codewords have `lengths` bits, 0 where a symbol has
// none (3.2.2). False where they are no code: some bits would begin two codewords, or none, unless
// there are no codewords at all or only one of one bit, as zlib has it.
bool MakeTable(const uint8_t* lengths, size_t count, LiteralLengthTable* table);
bool MakeTable(const uint8_t* lengths, size_t count, DistanceTable* table);
// Of the code lengths' own code, which must be complete.
bool MakeTable(const uint8_t* lengths, CodeLengthTable* table);

// The fixed codes (3.2.6).
const DeflateTables& FixedTables();

}  // namespace tf_npz

#endif  // TF_NPZ_INFLATE_DEFLATE_TABLES_H_
