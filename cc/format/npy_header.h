// The header of an `.npy` array: bytes in, facts out.
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
//     then          the elements, in C or Fortran order

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

// Bytes that say how long the header is, in every version.
inline constexpr size_t kNpyPreambleSize = 12;

// Headers longer than this are refused: NumPy writes about 100 bytes, a large structured dtype some
// KiB.
inline constexpr size_t kMaxNpyHeaderSize = size_t{1} << 20;

// NumPy's own limit (NPY_MAXDIMS).
inline constexpr size_t kMaxRank = 64;

struct NpyHeader {
  int major_version = 1;
  // What an element is. Where the descr is a sub-array, what the elements of that are: NumPy reads
  // such a file only where each sub-array has one element or the array is empty.
  DType dtype;
  bool is_pickle = false;  // HoldsObjects(dtype): the data is not the elements
  bool fortran_order = false;
  std::vector<int64_t> shape;
  uint64_t data_offset = 0;  // from the first byte of the magic to the first element
  // Bytes of all elements; 0 where is_pickle, since a pickle has any size. The shape's dimensions,
  // zeros left out, multiply without overflow, with the size of an item and with the items that it
  // holds of any field.
  uint64_t data_size = 0;
};

// The data_offset of the array that begins with `preamble`: how many bytes ParseNpyHeader needs.
// `preamble` holds kNpyPreambleSize bytes, or all there are.
Result<size_t> ParseNpyPreamble(std::string_view preamble);

// Parses a header, whole, from the magic to data_offset. Errors name the byte from the magic on. A
// shape that no array can be given is refused here; NumPy's reader of headers takes bools and
// negative integers in it, and fails behind the header.
Result<NpyHeader> ParseNpyHeader(std::string_view bytes);

}  // namespace tf_npz

#endif  // TF_NPZ_FORMAT_NPY_HEADER_H_
