// Elements as the file has them, made into elements as the machine has them.

#ifndef TF_NPZ_KERNELS_BYTE_ORDER_H_
#define TF_NPZ_KERNELS_BYTE_ORDER_H_

#include <cstddef>
#include <cstdint>

#include "cc/format/dtype.h"

namespace tf_npz {

// Reverses the bytes of each of the `size / width` numbers at `data`. `width` is 2, 4 or 8; `data`
// may have any alignment.
void SwapBytes(char* data, size_t size, int width);

// Makes every byte that is not 0 a 1: bool bytes of other values exist, and a C++ bool must not
// have them.
void NormalizeBools(char* data, size_t size);

// Brings `size` bytes of elements of `dtype` into native form, in place: the machine's byte order,
// bools of 0 and 1. Not for kUnicode, which is Utf32ToUtf8's.
void ConvertToNative(const DType& dtype, char* data, size_t size);

}  // namespace tf_npz

#endif  // TF_NPZ_KERNELS_BYTE_ORDER_H_
