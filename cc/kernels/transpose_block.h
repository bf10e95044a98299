// The transposition of small blocks of items of 1, 2, 4, 8 or 16 bytes, in registers where there is
// SSE2.

#ifndef TF_NPZ_KERNELS_TRANSPOSE_BLOCK_H_
#define TF_NPZ_KERNELS_TRANSPOSE_BLOCK_H_

#include <cstdint>
#include <cstring>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace tf_npz {

// Bytes of a column that a block takes in: its rows are kBlockBytes / kWidth.
inline constexpr int kBlockBytes = 16;

#if defined(__SSE2__)

// The first halves of `a` and `b`, item by item in turn.
template <int kWidth>
__m128i InterleaveLow(__m128i a, __m128i b) {
  if constexpr (kWidth == 1) return _mm_unpacklo_epi8(a, b);
  if constexpr (kWidth == 2) return _mm_unpacklo_epi16(a, b);
  if constexpr (kWidth == 4) return _mm_unpacklo_epi32(a, b);
  return _mm_unpacklo_epi64(a, b);
}

// The second halves.
template <int kWidth>
__m128i InterleaveHigh(__m128i a, __m128i b) {
  if constexpr (kWidth == 1) return _mm_unpackhi_epi8(a, b);
  if constexpr (kWidth == 2) return _mm_unpackhi_epi16(a, b);
  if constexpr (kWidth == 4) return _mm_unpackhi_epi32(a, b);
  return _mm_unpackhi_epi64(a, b);
}

#endif

// Writes row r of the block, for r < `rows` <= kBlockBytes / kWidth, to destination +
// row_offsets[r]. The block is kColumns columns, a power of two, `pitch` bytes apart at `columns`,
// of which kBlockBytes are read whatever `rows` is.
template <int kWidth, int kColumns>
void TransposeBlock(const char* columns, int64_t pitch, char* destination,
                    const int64_t* row_offsets, int rows) {
  constexpr int kRows = kBlockBytes / kWidth;
  constexpr int64_t kRowBytes = int64_t{kColumns} * kWidth;
#if defined(__SSE2__)
  // Items in sequence, column after column, have the index bits (column, row). Interleaving the
  // first half of the sequence with the second rotates them by one place; once for each bit of the
  // column, and they are (row, column).
  __m128i block[kColumns];
#pragma GCC unroll 16
  for (int c = 0; c < kColumns; ++c) {
    block[c] = _mm_loadu_si128(reinterpret_cast<const __m128i*>(columns + c * pitch));
  }
#pragma GCC unroll 4
  for (int bit = 1; bit < kColumns; bit *= 2) {
    __m128i next[kColumns];
#pragma GCC unroll 8
    for (int i = 0; i < kColumns / 2; ++i) {
      next[2 * i] = InterleaveLow<kWidth>(block[i], block[i + kColumns / 2]);
      next[2 * i + 1] = InterleaveHigh<kWidth>(block[i], block[i + kColumns / 2]);
    }
#pragma GCC unroll 16
    for (int i = 0; i < kColumns; ++i) block[i] = next[i];
  }
  const char* from = reinterpret_cast<const char*>(block);
#else
  char from[kRows * kRowBytes];
  for (int r = 0; r < kRows; ++r) {
    for (int c = 0; c < kColumns; ++c) {
      std::memcpy(from + r * kRowBytes + c * kWidth, columns + c * pitch + int64_t{r} * kWidth,
                  kWidth);
    }
  }
#endif
  if (rows == kRows) {  // The usual case, unrolled: nothing passes through memory.
#pragma GCC unroll 16
    for (int r = 0; r < kRows; ++r) {
      std::memcpy(destination + row_offsets[r], from + r * kRowBytes, kRowBytes);
    }
    return;
  }
  for (int r = 0; r < rows; ++r) {
    std::memcpy(destination + row_offsets[r], from + r * kRowBytes, kRowBytes);
  }
}

// The same for any number of columns: blocks as wide as they can be, then halves of that.
template <int kWidth, int kColumns = kBlockBytes / kWidth>
void TransposeColumns(const char* columns, int64_t pitch, int64_t count, char* destination,
                      const int64_t* row_offsets, int rows) {
  for (; count >= kColumns; count -= kColumns) {
    TransposeBlock<kWidth, kColumns>(columns, pitch, destination, row_offsets, rows);
    columns += kColumns * pitch;
    destination += int64_t{kColumns} * kWidth;
  }
  if constexpr (kColumns > 1) {
    TransposeColumns<kWidth, kColumns / 2>(columns, pitch, count, destination, row_offsets, rows);
  }
}

}  // namespace tf_npz

#endif  // TF_NPZ_KERNELS_TRANSPOSE_BLOCK_H_
