#include "cc/kernels/gather.h"

#include <algorithm>
#include <cstring>
#include <iterator>

#include "cc/base/shape.h"
#include "cc/kernels/small_copy.h"
#include "cc/kernels/strided_offsets.h"

namespace tf_npz {

void GatherField(const char* source, int64_t item_size, int64_t count, int64_t offset,
                 const std::vector<int64_t>& shape, const std::vector<int64_t>& strides,
                 int64_t width, char* destination) {
  if (count == 0 || width == 0 || ItemCount(shape) == 0) return;
  // The outermost dimension goes over the items. Dimensions of size 1 are left out.
  std::vector<int64_t> sizes = {count};
  std::vector<int64_t> steps = {item_size};
  for (size_t axis = 0; axis < shape.size(); ++axis) {
    if (shape[axis] == 1) continue;
    sizes.push_back(shape[axis]);
    steps.push_back(strides[axis]);
  }
  // The innermost dimensions without gaps form one run of bytes. The next dimension is the inner
  // loop.
  int64_t run = width;
  while (!sizes.empty() && steps.back() == run) {
    run *= sizes.back();
    sizes.pop_back();
    steps.pop_back();
  }
  source += offset;
  if (sizes.empty()) {
    std::memcpy(destination, source, run);
    return;
  }
  const int64_t repeats = sizes.back();
  const int64_t step = steps.back();
  StridedOffsets outer;
  int64_t loops = 1;
  for (size_t axis = 0; axis + 1 < sizes.size(); ++axis) {
    outer.AddDimension(sizes[axis], steps[axis]);
    loops *= sizes[axis];
  }
  WithCopyOf(run, [&](auto copy) {
    char* to = destination;
    int64_t offsets[64];
    for (int64_t done = 0; done < loops; done += std::size(offsets)) {
      const int64_t some = std::min<int64_t>(loops - done, std::size(offsets));
      outer.Next(some, offsets);
      for (int64_t loop = 0; loop < some; ++loop) {
        const char* from = source + offsets[loop];
        for (int64_t i = 0; i < repeats; ++i, to += run, from += step) copy(to, from);
      }
    }
  });
}

}  // namespace tf_npz
