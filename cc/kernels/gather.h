// Copies one field out of structured items.

#ifndef TF_NPZ_KERNELS_GATHER_H_
#define TF_NPZ_KERNELS_GATHER_H_

#include <cstdint>
#include <vector>

namespace tf_npz {

// Copies one field of each item at `source` to contiguous memory at `destination`. There are
// `count` items of `item_size` bytes. The field begins `offset` bytes after the beginning of its
// item. It is a sub-array of `shape`, of scalars of `width` bytes. `strides` are the steps of its
// dimensions in bytes, the outermost first; an empty `shape` is a single scalar. `source` and
// `destination` do not overlap and may have any alignment. Any thread may call it.
void GatherField(const char* source, int64_t item_size, int64_t count, int64_t offset,
                 const std::vector<int64_t>& shape, const std::vector<int64_t>& strides,
                 int64_t width, char* destination);

}  // namespace tf_npz

#endif  // TF_NPZ_KERNELS_GATHER_H_
