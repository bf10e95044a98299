// Copies rows of an array from Fortran order to C order.

#ifndef TF_NPZ_KERNELS_TRANSPOSE_H_
#define TF_NPZ_KERNELS_TRANSPOSE_H_

#include <cstdint>
#include <vector>

namespace tf_npz {

// Copies rows of an array to `destination`, in C order. `source` is the whole array in Fortran
// order. `shape` is the shape of the whole array, with at least one dimension. `itemsize` is the
// size of an item in bytes, 0 or more. The rows are `first` to `first + count - 1`; all of them
// must be in the array. `destination` has room for them and does not overlap `source`. Both may
// have any alignment. Any thread may call it.
//
// It works in tiles. So it does not step through the whole array for each row or column.
void CopyFortranRows(const char* source, const std::vector<int64_t>& shape, int64_t itemsize,
                     int64_t first, int64_t count, char* destination);

}  // namespace tf_npz

#endif  // TF_NPZ_KERNELS_TRANSPOSE_H_
