// ElementLayout: which items of an array its elements are.

#ifndef TF_NPZ_READER_ELEMENT_LAYOUT_H_
#define TF_NPZ_READER_ELEMENT_LAYOUT_H_

#include <cstdint>
#include <string_view>
#include <vector>

#include "cc/base/status.h"
#include "cc/reader/slice.h"

namespace tf_npz {

// "Row" means a step along axis 0, also if the element is the whole array. A scalar has one row.
struct ElementLayout {
  // False: the only element is the array, or its part.
  bool has_rows = true;
  // Elements are rows, and the array has no dimensions, or is an element by itself. Then the whole
  // array is each element of the file, as many as the other arrays say, and `count` is 0.
  bool is_repeated = false;
  std::string_view element_name = "rows";  // for messages
  int64_t count = 0;                       // elements
  // The dimensions of an element that the array has. Components may add more after them.
  std::vector<int64_t> element_shape;
  int64_t row_count = 0;  // of the array
  ElementRows elements;
  int64_t items_per_row = 0;  // of those that elements take
  // The indices that elements take of each axis after axis 0.
  std::vector<Steps> inner;
  bool cuts_rows = false;  // they leave out some
  // Rows after the last window. They are read with it, for the checksum.
  int64_t tail_rows = 0;
  // Other items of the array belong to no element. They are not read for the checksum, so it is not
  // verified.
  bool is_cut = false;
  // Fewer than half of its items belong to elements.
  bool is_sparse = false;
  // The last item of the array belongs to an element.
  bool has_end = true;

  // Elements are all rows of the array, one after the other.
  bool is_whole() const {
    return !is_repeated && !is_cut && tail_rows == 0 && elements.are_adjacent();
  }
};

// The elements of an array of `shape`. If `rows` is true they are rows or windows, as `selection`
// says, and `slices` are of the axes of a row. If not, the element is the array, and `slices` are
// of all axes. An axis of element_shape is -1 if its slice is not known.
//
// InvalidArgument if the array does not have what `slices` take.
Result<ElementLayout> LayoutElements(const std::vector<int64_t>& shape, bool rows,
                                     const RowSelection& selection, const Slices& slices);

}  // namespace tf_npz

#endif  // TF_NPZ_READER_ELEMENT_LAYOUT_H_
