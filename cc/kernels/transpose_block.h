// Transposes small blocks of items of 1, 2, 4, 8 or 16 bytes. With SSE2 it works in registers.

#ifndef TF_NPZ_KERNELS_TRANSPOSE_BLOCK_H_
#define TF_NPZ_KERNELS_TRANSPOSE_BLOCK_H_

#include <cstdint>
#include <cstring>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace tf_npz {

// The bytes of one column in a block. So a block has kBlockBytes / kWidth rows.
inline constexpr int kBlockBytes = 16;

#if defined(__SSE2__)

// Takes the items of the first halves of `a` and `b` in turn: a0 b0 a1 b1 ...
template <int kWidth>
__m128i InterleaveLow(__m128i a, __m128i b) {
  if constexpr (kWidth == 1) return _mm_unpacklo_epi8(a, b);
  if constexpr (kWidth == 2) return _mm_unpacklo_epi16(a, b);
  if constexpr (kWidth == 4) return _mm_unpacklo_epi32(a, b);
  return _mm_unpacklo_epi64(a, b);
}

// The same for the second halves.
template <int kWidth>
__m128i InterleaveHigh(__m128i a, __m128i b) {
  if constexpr (kWidth == 1) return _mm_unpackhi_epi8(a, b);
  if constexpr (kWidth == 2) return _mm_unpackhi_epi16(a, b);
  if constexpr (kWidth == 4) return _mm_unpackhi_epi32(a, b);
  return _mm_unpackhi_epi64(a, b);
}

#endif

// Transposes one block of kColumns columns, a power of two. The first column begins at `columns`;
// the columns are `pitch` bytes apart. kBlockBytes of each column are read, whatever `rows` is.
// Each row r less than `rows` is written at the offset row_offsets[r] from `destination`. `rows` is
// at most kBlockBytes / kWidth.
template <int kWidth, int kColumns>
void TransposeBlock(const char* columns, int64_t pitch, char* destination,
                    const int64_t* row_offsets, int rows) {
  constexpr int kRows = kBlockBytes / kWidth;
  constexpr int64_t kRowBytes = int64_t{kColumns} * kWidth;
#if defined(__SSE2__)
  // The items lie in sequence, column after column: the bits of an index are (column, row).
  // Interleaving the first half of the sequence with the second half rotates these bits by one
  // place. After one rotation for each bit of the column they are (row, column).
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
  if (rows == kRows) {  // The usual case: unrolled, so that the items stay in registers.
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

// The same for `count` columns. It uses blocks of kColumns columns, and smaller ones for the rest.
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
