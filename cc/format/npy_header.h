// Parses the header of an .npy array. It takes bytes, returns facts, and does no IO.
//
// NumPy's document: https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html, "Format
// Version 1.0", "2.0" and "3.0". All integers are little-endian.
//
//     offset  size  field
//     0       6     magic, "\x93NUMPY"
//     6       1     major version: 1, 2 or 3
//     7       1     minor version: 0
//     8       2     HEADER_LEN (version 1.0), or
//     8       4     HEADER_LEN (versions 2.0 and 3.0)
//     10, 12  …     a Python dict with exactly the keys descr, fortran_order and shape;
//                   Latin-1, or UTF-8 in 3.0
//     then          the items, in C or Fortran order

#ifndef TF_NPZ_FORMAT_NPY_HEADER_H_
#define TF_NPZ_FORMAT_NPY_HEADER_H_

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "cc/base/status.h"
#include "cc/format/dtype.h"

namespace tf_npz {

inline constexpr std::string_view kNpyMagic = "\x93NUMPY";

// The number of first bytes that give the length of the header, in every version.
inline constexpr size_t kNpyPreambleSize = 12;

// A longer header is refused. NumPy writes about 100 bytes; a large structured dtype takes some
// KiB.
inline constexpr size_t kMaxNpyHeaderSize = size_t{1} << 20;

// The most dimensions of an array. It is NumPy's limit (NPY_MAXDIMS).
inline constexpr size_t kMaxRank = 64;

struct NpyHeader {
  int major_version = 1;
  // The type of an item. If the descr is a sub-array, it is the type of the items of the sub-array:
  // NumPy reads such a file only if each sub-array has a single item or the array is empty.
  DType dtype;
  bool is_pickle = false;  // HoldsObjects(dtype): the data is a pickle instead of items
  bool fortran_order = false;
  std::vector<int64_t> shape;
  uint64_t data_offset = 0;  // bytes from the magic to the first item
  // Bytes of all items. It is 0 if is_pickle, because a pickle has any size. The product of the
  // dimensions of `shape`, without zeros, and the item size does not overflow. Nor does the product
  // of the dimensions and the number of items of any field (MaxFieldItems).
  uint64_t data_size = 0;
};

// Returns the data_offset of the array that begins with `preamble`. ParseNpyHeader needs that many
// bytes. `preamble` holds the first kNpyPreambleSize bytes, or all bytes if there are fewer.
// DataLoss if it is not the beginning of an array, ResourceExhausted if the header is too long.
Result<size_t> ParseNpyPreamble(std::string_view preamble);

// Parses a whole header: `bytes` begins with the magic and holds at least data_offset bytes. Errors
// count bytes from the magic. A shape with bools or negative integers is refused here. NumPy's
// reader of headers accepts it and fails later, when it makes the array.
Result<NpyHeader> ParseNpyHeader(std::string_view bytes);

}  // namespace tf_npz

#endif  // TF_NPZ_FORMAT_NPY_HEADER_H_
