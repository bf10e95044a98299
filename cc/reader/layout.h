// Copies of elements into other places: Fortran order into C order, one field of structured items,
// rows and strings into larger, padded ones. No two memories given to a function overlap.

#ifndef TF_NPZ_READER_LAYOUT_H_
#define TF_NPZ_READER_LAYOUT_H_

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace tf_npz {

// The product of `shape` from dimension `begin` on. The caller knows that it does not overflow.
int64_t ElementCount(const std::vector<int64_t>& shape, size_t begin = 0);

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

// Copies `count` items of `width` bytes at `source` to items of `wider` bytes at `destination`,
// filling them with NULs.
void WidenItems(const char* source, int64_t width, int64_t count, int64_t wider, char* destination);

// Copies one element of `shape` at `source` into one of `padded_shape` at `destination`, both in C
// order; what it doesn't reach is filled with `padding`, an item of padding.size() bytes. No
// dimension of `padded_shape` is smaller than that of `shape`.
void CopyPadded(const char* source, const std::vector<int64_t>& shape, char* destination,
                const std::vector<int64_t>& padded_shape, std::string_view padding);

// Copies `count` elements one after another, each as CopyPadded does, their items of `item_size`
// bytes to items of `wider` bytes. Strings are widened with NULs; other items are of one size.
// `padding` fills an item, or less of it.
void CopyElements(const char* source, int64_t count, const std::vector<int64_t>& shape,
                  int64_t item_size, char* destination, const std::vector<int64_t>& padded_shape,
                  int64_t wider, std::string_view padding);

}  // namespace tf_npz

#endif  // TF_NPZ_READER_LAYOUT_H_
