#include "cc/reader/slice.h"

#include <algorithm>
#include <numeric>
#include <string>

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

bool AxisSlice::operator==(const AxisSlice& other) const {
  return kind == other.kind && slice.start == other.slice.start && slice.stop == other.slice.stop &&
         slice.step == other.slice.step;
}

Result<Slices> ToSlices(const std::vector<int64_t>& numbers) {
  if (numbers.size() % 3 != 0) {
    return InvalidArgument("slices must have three numbers for each axis, not " +
                           std::to_string(numbers.size()) + " in all");
  }
  constexpr AxisSlice::Kind kKinds[] = {AxisSlice::Kind::kIndex, AxisSlice::Kind::kEllipsis,
                                        AxisSlice::Kind::kUnknownSlice,
                                        AxisSlice::Kind::kUnknownIndex};
  Slices slices;
  for (size_t i = 0; i < numbers.size(); i += 3) {
    AxisSlice slice;
    slice.slice.start = numbers[i];
    const int64_t step = numbers[i + 2];
    if (step >= 1) {
      slice.slice = {numbers[i], numbers[i + 1], step};
    } else if (step > -4) {
      slice.kind = kKinds[-step];
    } else {
      return InvalidArgument("slices must have steps of at least 1, not " + std::to_string(step));
    }
    slices.push_back(slice);
  }
  return slices;
}

Result<Slices> ExpandSlices(const Slices& slices, size_t rank) {
  const auto is_ellipsis = [](const AxisSlice& slice) {
    return slice.kind == AxisSlice::Kind::kEllipsis;
  };
  const auto ellipsis = std::find_if(slices.begin(), slices.end(), is_ellipsis);
  const size_t named = slices.size() - (ellipsis == slices.end() ? 0 : 1);
  if (named > rank) {
    return InvalidArgument("slices has " + std::to_string(named) + " axes, but there are only " +
                           std::to_string(rank));
  }
  Slices expanded(slices.begin(), ellipsis);
  expanded.resize(expanded.size() + rank - named);
  if (ellipsis != slices.end()) expanded.insert(expanded.end(), ellipsis + 1, slices.end());
  if (std::any_of(expanded.begin(), expanded.end(), is_ellipsis)) {
    return InvalidArgument("slices has more than one ellipsis");
  }
  return expanded;
}

Result<Steps> Resolve(const AxisSlice& slice, size_t axis, int64_t length) {
  if (slice.kind == AxisSlice::Kind::kUnknownIndex) return Steps{0, 1, 1};
  if (slice.kind == AxisSlice::Kind::kUnknownSlice) return Steps{0, 1, length};
  if (slice.kind != AxisSlice::Kind::kIndex) return Resolve(slice.slice, length);
  const int64_t index = slice.slice.start;
  if (index < -length || index >= length) {
    return InvalidArgument("slices has index " + std::to_string(index) + " for axis " +
                           std::to_string(axis) + ", which has a length of " +
                           std::to_string(length));
  }
  return Steps{index < 0 ? index + length : index, 1, 1};
}

Result<RowSelection> ToRowSelection(const std::vector<int64_t>& row_slice,
                                    const std::vector<int64_t>& window) {
  RowSelection rows;
  if (!row_slice.empty()) {
    if (row_slice.size() != 3 || row_slice[2] < 1) {
      return InvalidArgument("row_slice must be empty, or start, stop and a step of at least 1");
    }
    rows.slice = {row_slice[0], row_slice[1], row_slice[2]};
  }
  if (window.empty()) return rows;
  const bool is_positive =
      std::all_of(window.begin(), window.end(), [](int64_t number) { return number >= 1; });
  if (window.size() != 3 || !is_positive) {
    return InvalidArgument("window must be empty, or size, shift and stride of at least 1");
  }
  int64_t reach;
  if (!CheckedMultiply(window[0], window[2], &reach)) {
    return InvalidArgument("a window of " + std::to_string(window[0]) + " rows, " +
                           std::to_string(window[2]) +
                           " apart, is longer than any array; pass a smaller one");
  }
  rows.has_windows = true;
  rows.window = {window[0], window[1], window[2]};
  return rows;
}

ElementRows RowsOfElements(const RowSelection& wanted, int64_t length) {
  ElementRows elements;
  elements.rows = Resolve(wanted.slice, length);
  elements.count = elements.rows.count;
  if (!wanted.has_windows) return elements;
  elements.size = wanted.window.size;
  elements.shift = wanted.window.shift;
  elements.stride = wanted.window.stride;
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

ElementRows RowsOfWhole(const Steps& rows) {
  ElementRows elements;
  elements.rows = rows;
  elements.size = elements.shift = elements.rows.count;
  elements.count = 1;
  return elements;
}

}  // namespace tf_npz
