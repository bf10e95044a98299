// Which items of an array its elements are: slices of its axes, and windows over its rows.
//
// Plain values. Any thread may use them.

#ifndef TF_NPZ_READER_SLICE_H_
#define TF_NPZ_READER_SLICE_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "cc/base/status.h"

namespace tf_npz {

// Indices along one axis: `count` of them, from `first` on, `step` apart.
struct Steps {
  int64_t first = 0;
  int64_t step = 1;  // at least 1
  int64_t count = 0;

  int64_t at(int64_t i) const { return first + i * step; }
  // Whether they are all `length` indices of an axis.
  bool is_all(int64_t length) const { return first == 0 && step == 1 && count == length; }
  // Indices number `begin` … `begin + size - 1` of these.
  Steps Part(int64_t begin, int64_t size) const { return {at(begin), step, size}; }
};

// `start:stop:step` of Python, for one axis. A negative bound counts from the end of the axis. A
// bound beyond an end is that end.
struct Slice {
  int64_t start = 0;
  int64_t stop = INT64_MAX;
  int64_t step = 1;  // at least 1

  bool is_all() const { return start == 0 && stop == INT64_MAX && step == 1; }
};

// The indices of `slice` along an axis of `length`.
Steps Resolve(const Slice& slice, int64_t length);

// What is taken of one axis of an array, or of several.
struct AxisSlice {
  enum class Kind : uint8_t {
    kSlice,     // `slice`
    kIndex,     // index `slice.start`; the axis is left out of the result
    kEllipsis,  // all of as many axes as the others leave
    // For specs: bounds, or an index, that are known only when the array is read.
    kUnknownSlice,
    kUnknownIndex,
  };
  Kind kind = Kind::kSlice;
  Slice slice;

  bool is_known() const { return kind != Kind::kUnknownSlice && kind != Kind::kUnknownIndex; }
  bool drops_axis() const { return kind == Kind::kIndex || kind == Kind::kUnknownIndex; }
  bool operator==(const AxisSlice& other) const;
};

// What is taken of an array's axes, from the first on: NumPy's basic indexing without backward
// steps. It has one ellipsis at most. Axes that are not named are taken whole.
using Slices = std::vector<AxisSlice>;

// Slices from numbers, three for each AxisSlice: start, stop, step. A step of 0: index `start`. -1:
// an ellipsis. -2 and -3: a slice and an index that are not known yet. InvalidArgument if there are
// other numbers, or if their count is no multiple of 3.
Result<Slices> ToSlices(const std::vector<int64_t>& numbers);

// `slices` for `rank` axes, without ellipsis. InvalidArgument if there are more slices than axes.
Result<Slices> ExpandSlices(const Slices& slices, size_t rank);

// The indices of `slice` along axis `axis`, of `length`. InvalidArgument if it is an index that the
// axis does not have.
Result<Steps> Resolve(const AxisSlice& slice, size_t axis, int64_t length);

// Windows of rows: window number i is rows i * shift, i * shift + stride, …, `size` of them. They
// lie within a file. `size * stride` is an int64. The names are those of tf.data.Dataset.window.
struct Window {
  int64_t size = 1;    // at least 1
  int64_t shift = 1;   // at least 1
  int64_t stride = 1;  // at least 1
};

// Which rows of an array are its elements: those of `slice`, or windows over these.
struct RowSelection {
  Slice slice;
  bool has_windows = false;
  Window window;  // if has_windows

  bool is_all() const { return slice.is_all() && !has_windows; }
};

// The selection that numbers ask for. `row_slice` is empty, or start, stop and step. `window` is
// empty, or size, shift and stride. InvalidArgument if they are anything else, or out of range.
Result<RowSelection> ToRowSelection(const std::vector<int64_t>& row_slice,
                                    const std::vector<int64_t>& window);

// The rows of one array that its elements need, and how elements take them. Element number i is
// rows.at(i * shift), rows.at(i * shift + stride), …, `size` of them.
struct ElementRows {
  Steps rows;
  int64_t size = 1;
  int64_t shift = 1;
  int64_t stride = 1;
  int64_t count = 0;  // elements

  // From the first row of an element to its last one, counted in `rows`.
  int64_t span() const { return (size - 1) * stride + 1; }
  // Whether the rows of elements follow each other without gap or overlap.
  bool are_adjacent() const { return stride == 1 && shift == size; }
};

// Elements of an array of `length` rows, as `wanted` says.
ElementRows RowsOfElements(const RowSelection& wanted, int64_t length);

// The only element, which is `rows`.
ElementRows RowsOfWhole(const Steps& rows);

}  // namespace tf_npz

#endif  // TF_NPZ_READER_SLICE_H_
