// One field of structured items, copied to consecutive memory. The memories given to a function
// must not overlap.

#ifndef TF_NPZ_KERNELS_GATHER_H_
#define TF_NPZ_KERNELS_GATHER_H_

#include <cstdint>
#include <vector>

namespace tf_npz {

// Copies one field of `count` items of `item_size` bytes at `source` to consecutive memory at
// `destination`. The field begins `offset` bytes from the beginning of its item; it is a sub-array
// of `shape`, whose dimensions step by `strides` bytes (the outermost first), of scalars of `width`
// bytes. Both sides may have any alignment.
void GatherField(const char* source, int64_t item_size, int64_t count, int64_t offset,
                 const std::vector<int64_t>& shape, const std::vector<int64_t>& strides,
                 int64_t width, char* destination);

}  // namespace tf_npz

#endif  // TF_NPZ_KERNELS_GATHER_H_
