// Converts items from the form in the file to the form in memory: byte order and bools. All
// functions work in place and are pure; any thread may call them.

#ifndef TF_NPZ_KERNELS_BYTE_ORDER_H_
#define TF_NPZ_KERNELS_BYTE_ORDER_H_

#include <cstddef>
#include <cstdint>

#include "cc/format/dtype.h"

namespace tf_npz {

// Reverses the bytes of each number at `data`. `size` is the size of all numbers in bytes, a
// multiple of `width`. `width` is the size of one number: 2, 4 or 8 bytes; with any other width
// nothing changes. `data` may have any alignment.
void SwapBytes(char* data, size_t size, int width);

// Sets each of the `size` bytes at `data` to 1 if it is not 0. Files may hold bool items with other
// values, and a C++ bool must be 0 or 1.
void NormalizeBools(char* data, size_t size);

// Converts items of `dtype` to native form: the byte order of the machine, and bools of 0 and 1.
// `size` is the size of all items in bytes. It does not convert kUnicode; Utf32ToUtf8 (utf8.h)
// does.
void ConvertToNative(const DType& dtype, char* data, size_t size);

}  // namespace tf_npz

#endif  // TF_NPZ_KERNELS_BYTE_ORDER_H_
