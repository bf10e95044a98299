// Text of NumPy's "U" items, which are UTF-32, as UTF-8.

#ifndef TF_NPZ_KERNELS_UTF8_H_
#define TF_NPZ_KERNELS_UTF8_H_

#include <cstdint>
#include <optional>

namespace tf_npz {

// Where an item holds a code point that no text has: a surrogate, or one above U+10FFFF.
struct BadCodePoint {
  int64_t item;
  uint32_t code_point;
};

// Makes UTF-8 of UTF-32, in place: each of the `count` items of `width` bytes (a multiple of 4) at
// `data` becomes its UTF-8, which is never longer, and NULs up to its end. Where an item is no text
// the items before it are converted, itself perhaps in part, and those behind it are as they were.
std::optional<BadCodePoint> Utf32ToUtf8(char* data, int64_t width, int64_t count, bool big_endian);

}  // namespace tf_npz

#endif  // TF_NPZ_KERNELS_UTF8_H_
