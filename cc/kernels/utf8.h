// Converts NumPy's "U" items from UTF-32 to UTF-8.

#ifndef TF_NPZ_KERNELS_UTF8_H_
#define TF_NPZ_KERNELS_UTF8_H_

#include <cstdint>
#include <optional>

namespace tf_npz {

// A code point that is not valid in text: a surrogate, or one above U+10FFFF.
struct BadCodePoint {
  int64_t item;  // the number of its item, from 0
  uint32_t code_point;
};

// Converts `count` items at `data` in place. Each item has `width` bytes, a multiple of 4. An item
// becomes its UTF-8, which is never longer, followed by NULs up to its end. `big_endian` is the
// byte order of the UTF-32. `data` may have any alignment. Any thread may call it.
//
// Returns the first bad code point, or nullopt if there is none. If there is one, the items before
// it are converted, its own item may be converted in part, and the items after it are unchanged.
std::optional<BadCodePoint> Utf32ToUtf8(char* data, int64_t width, int64_t count, bool big_endian);

}  // namespace tf_npz

#endif  // TF_NPZ_KERNELS_UTF8_H_
