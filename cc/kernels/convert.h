// Elements as the file has them, made into elements as the machine has them.

#ifndef TF_NPZ_KERNELS_CONVERT_H_
#define TF_NPZ_KERNELS_CONVERT_H_

#include <cstddef>
#include <cstdint>
#include <optional>

#include "cc/format/dtype.h"

namespace tf_npz {

// Reverses the bytes of each of the `size / width` numbers at `data`. `width` is 2, 4 or 8; `data`
// may have any alignment.
void SwapBytes(char* data, size_t size, int width);

// Makes every byte that is not 0 a 1: bool bytes of other values exist, and a C++ bool must not
// have them.
void NormalizeBools(char* data, size_t size);

// Where an item holds a code point that no text has: a surrogate, or one above U+10FFFF.
struct BadCodePoint {
  int64_t item;
  uint32_t code_point;
};

// Makes UTF-8 of UTF-32, in place: each of the `count` items of `width` bytes (a multiple of 4) at
// `data` becomes its UTF-8, which is never longer, and NULs up to its end. Where an item is no text
// the items before it are converted, itself perhaps in part, and those behind it are as they were.
std::optional<BadCodePoint> Utf32ToUtf8(char* data, int64_t width, int64_t count, bool big_endian);

// Brings `size` bytes of elements of `dtype` into native form, in place: the machine's byte order,
// bools of 0 and 1. Not for kUnicode, which is Utf32ToUtf8's.
void ConvertToNative(const DType& dtype, char* data, size_t size);

}  // namespace tf_npz

#endif  // TF_NPZ_KERNELS_CONVERT_H_
