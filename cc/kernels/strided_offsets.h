// StridedOffsets: the byte offsets of items that lie at regular steps in memory.

#ifndef TF_NPZ_KERNELS_STRIDED_OFFSETS_H_
#define TF_NPZ_KERNELS_STRIDED_OFFSETS_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace tf_npz {

// Goes through the indices of an array in C order and gives the byte offset of each from the first
// one. Not thread-safe.
class StridedOffsets {
 public:
  // Adds a dimension of `size` steps, at least 1, that are `stride` bytes apart. The outermost
  // comes first. Add all dimensions before the first call of Next.
  void AddDimension(int64_t size, int64_t stride) {
    if (size != 1) dimensions_.push_back({size, stride, 0});
  }

  // Writes the offsets of the next `count` indices to `offsets`. The first index follows the last
  // one.
  void Next(int64_t count, int64_t* offsets) {
    while (count > 0) {
      Dimension& inner = dimensions_.back();
      const int64_t steps = std::min(count, inner.size - inner.index);
      for (int64_t i = 0; i < steps; ++i) offsets[i] = offset_ + i * inner.stride;
      offset_ += steps * inner.stride;
      inner.index += steps;
      offsets += steps;
      count -= steps;
      for (size_t i = dimensions_.size() - 1; i > 0 && dimensions_[i].index == dimensions_[i].size;
           --i) {
        offset_ += dimensions_[i - 1].stride - dimensions_[i].size * dimensions_[i].stride;
        dimensions_[i].index = 0;
        ++dimensions_[i - 1].index;
      }
      dimensions_[0].index = 0;
    }
  }

 private:
  struct Dimension {
    int64_t size;
    int64_t stride;
    int64_t index;
  };
  std::vector<Dimension> dimensions_ = {{1, 0, 0}};  // never empty
  int64_t offset_ = 0;
};

}  // namespace tf_npz

#endif  // TF_NPZ_KERNELS_STRIDED_OFFSETS_H_
