// Elements as they lie in a file, copied to where they lie in a tensor: Fortran order into C order,
// and one field of structured items. No two memories given to a function overlap.

#ifndef TF_NPZ_KERNELS_LAYOUT_H_
#define TF_NPZ_KERNELS_LAYOUT_H_

#include <cstdint>
#include <vector>

namespace tf_npz {

// Copies the `count` rows from `first` on of an array in Fortran order, `source`, to `destination`
// in C order. `shape` is that of the whole array, of rank 1 at least; items have any size. Works in
// tiles, so that neither side is read or written across the whole array at once.
void CopyFortranRows(const char* source, const std::vector<int64_t>& shape, int64_t itemsize,
                     int64_t first, int64_t count, char* destination);

// Copies one field of `count` items of `item_size` bytes at `source` to consecutive memory at
// `destination`. The field begins `offset` bytes from the beginning of its item; it is a sub-array
// of `shape`, whose dimensions step by `strides` bytes (the outermost first), of scalars of `width`
// bytes. Both sides may have any alignment.
void GatherField(const char* source, int64_t item_size, int64_t count, int64_t offset,
                 const std::vector<int64_t>& shape, const std::vector<int64_t>& strides,
                 int64_t width, char* destination);

}  // namespace tf_npz

#endif  // TF_NPZ_KERNELS_LAYOUT_H_
