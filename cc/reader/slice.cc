#include "cc/reader/slice.h"

#include <algorithm>
#include <numeric>

#include "cc/base/checked.h"

namespace tf_npz {
namespace {

// A bound of a slice as an index from 0 to `length`.
int64_t Bound(int64_t bound, int64_t length) {
  if (bound >= 0) return std::min(bound, length);
  return bound < -length ? 0 : bound + length;
}

}  // namespace

Steps Resolve(const Slice& slice, int64_t length) {
  const int64_t start = Bound(slice.start, length);
  const int64_t stop = Bound(slice.stop, length);
  // Where the slice begins at the end, there is no index, and `first` is within the axis.
  if (stop <= start) return {0, 1, 0};
  const int64_t count = (stop - start - 1) / slice.step + 1;
  return {start, count == 1 ? 1 : slice.step, count};
}

Result<ElementRows> RowsOfElements(const RowSelection& wanted, int64_t length) {
  ElementRows elements;
  elements.rows = Resolve(wanted.slice, length);
  elements.count = elements.rows.count;
  if (!wanted.has_windows) return elements;
  elements.size = wanted.window.size;
  elements.shift = wanted.window.shift;
  elements.stride = wanted.window.stride;
  int64_t reach;
  if (!CheckedMultiply(elements.size, elements.stride, &reach) || reach == INT64_MAX) {
    return ResourceExhausted("a window of " + std::to_string(elements.size) + " rows, " +
                             std::to_string(elements.stride) + " apart, is longer than any array");
  }
  const int64_t rows = elements.rows.count;
  const int64_t span = elements.span();
  elements.count = rows < span ? 0 : (rows - span) / elements.shift + 1;
  if (elements.size == 1) elements.stride = 1;
  // Rows that no window begins at or steps on are not read.
  const int64_t unit =
      elements.size == 1 ? elements.shift : std::gcd(elements.shift, elements.stride);
  if (rows > 0) elements.rows.count = (rows - 1) / unit + 1;
  elements.rows.step = elements.rows.count == 1 ? 1 : elements.rows.step * unit;
  elements.shift /= unit;
  elements.stride = elements.size == 1 ? 1 : elements.stride / unit;
  return elements;
}

ElementRows RowsOfWhole(const Slice& slice, int64_t length) {
  ElementRows elements;
  elements.rows = Resolve(slice, length);
  elements.size = elements.shift = elements.rows.count;
  elements.count = 1;
  return elements;
}

}  // namespace tf_npz
