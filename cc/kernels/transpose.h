// Rows of an array in Fortran order, copied into C order. The memories given to a function must not
// overlap.

#ifndef TF_NPZ_KERNELS_TRANSPOSE_H_
#define TF_NPZ_KERNELS_TRANSPOSE_H_

#include <cstdint>
#include <vector>

namespace tf_npz {

// Copies the `count` rows from `first` on of an array in Fortran order, `source`, to `destination`
// in C order. `shape` is that of the whole array, of rank 1 at least; items have any size. Works in
// tiles, so that neither side is read or written across the whole array at once.
void CopyFortranRows(const char* source, const std::vector<int64_t>& shape, int64_t itemsize,
                     int64_t first, int64_t count, char* destination);

}  // namespace tf_npz

#endif  // TF_NPZ_KERNELS_TRANSPOSE_H_
