// Functions of the shapes of arrays.

#ifndef TF_NPZ_BASE_SHAPE_H_
#define TF_NPZ_BASE_SHAPE_H_

#include <cstddef>
#include <cstdint>
#include <vector>

namespace tf_npz {

// The product of the dimensions of `shape` from axis `begin` on: the number of items of an array of
// that shape. The caller has made sure that the product does not overflow.
inline int64_t ItemCount(const std::vector<int64_t>& shape, size_t begin = 0) {
  int64_t count = 1;
  for (size_t axis = begin; axis < shape.size(); ++axis) count *= shape[axis];
  return count;
}

}  // namespace tf_npz

#endif  // TF_NPZ_BASE_SHAPE_H_
