// Elements and strings copied into larger ones, and the rest filled. No two memories given to a
// function overlap.

#ifndef TF_NPZ_KERNELS_PAD_H_
#define TF_NPZ_KERNELS_PAD_H_

#include <cstdint>
#include <string_view>
#include <vector>

namespace tf_npz {

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

// Where an element of `size` bytes is in its place already, and is padded along its first dimension
// alone: fills what follows it, up to `padded_size`, as CopyElements does.
void FillBehind(char* element, int64_t size, int64_t padded_size, int64_t item_size,
                std::string_view padding);

}  // namespace tf_npz

#endif  // TF_NPZ_KERNELS_PAD_H_
