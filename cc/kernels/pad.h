// Copies elements and strings into larger ones and fills the rest. Sources and destinations do not
// overlap. Any thread may call these functions.

#ifndef TF_NPZ_KERNELS_PAD_H_
#define TF_NPZ_KERNELS_PAD_H_

#include <cstdint>
#include <string_view>
#include <vector>

namespace tf_npz {

// Copies `count` items of `width` bytes at `source` to items of `wider` bytes at `destination`. The
// end of each item is filled with NULs. `wider` is at least `width`.
void WidenItems(const char* source, int64_t width, int64_t count, int64_t wider, char* destination);

// Copies one element of `shape` at `source` into an element of `padded_shape` at `destination`,
// both in C order. The other items there are set to `padding`, which is one item; padding.size() is
// the item size in bytes. Both shapes have the same rank, and no dimension of `padded_shape` is
// smaller than that of `shape`. `source` may be null if the element has no items.
void CopyPadded(const char* source, const std::vector<int64_t>& shape, char* destination,
                const std::vector<int64_t>& padded_shape, std::string_view padding);

// Copies `count` elements, one after the other, each as CopyPadded does. Items have `item_size`
// bytes at the source and `wider` bytes at the destination. Only strings have two sizes; WidenItems
// widens them. `padding` is the value of the padding items; if it is shorter than `wider` bytes,
// NULs follow.
void CopyElements(const char* source, int64_t count, const std::vector<int64_t>& shape,
                  int64_t item_size, char* destination, const std::vector<int64_t>& padded_shape,
                  int64_t wider, std::string_view padding);

// Fills the rest of an element that lies in its place already and is padded only along its first
// dimension. The element begins at `element`. Its own items take `size` bytes; with the padding it
// has `padded_size` bytes. `item_size` and `padding` are those of CopyElements.
void FillAfter(char* element, int64_t size, int64_t padded_size, int64_t item_size,
               std::string_view padding);

}  // namespace tf_npz

#endif  // TF_NPZ_KERNELS_PAD_H_
