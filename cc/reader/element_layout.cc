#include "cc/reader/element_layout.h"

#include <algorithm>
#include <string>

#include "cc/base/shape.h"
#include "cc/base/text.h"

namespace tf_npz {
namespace {

// How much of the array the elements need. `has_all_rows`: no slice leaves out rows.
void SetCoverage(const std::vector<int64_t>& shape, bool has_all_rows, ElementLayout* layout) {
  const ElementRows& elements = layout->elements;
  const Steps& rows = elements.rows;
  const int64_t end =
      elements.count == 0 ? 0 : (elements.count - 1) * elements.shift + elements.span();
  const bool are_apart = elements.shift >= elements.span();
  const int64_t used = are_apart ? elements.count * elements.size : end;
  const bool has_gaps = elements.shift > elements.span() || (are_apart && elements.stride > 1);
  bool has_last_items = true;
  for (size_t axis = 1; axis < shape.size(); ++axis) {
    const Steps& steps = layout->inner[axis - 1];
    if (!steps.is_all(shape[axis])) layout->cuts_rows = true;
    has_last_items =
        has_last_items && steps.count > 0 && steps.at(steps.count - 1) + 1 == shape[axis];
  }
  if (has_all_rows && rows.step == 1 && !has_gaps && end > 0 && !layout->cuts_rows) {
    layout->tail_rows = rows.count - end;
  }
  layout->is_cut = layout->cuts_rows || used + layout->tail_rows < layout->row_count;
  const int64_t items = layout->row_count * ItemCount(shape, std::min<size_t>(1, shape.size()));
  layout->is_sparse = used * layout->items_per_row < items - used * layout->items_per_row;
  layout->has_end = !layout->is_cut || layout->tail_rows > 0 ||
                    (end > 0 && rows.at(end - 1) == layout->row_count - 1 && has_last_items);
}

Status SetElements(const std::vector<int64_t>& shape, const RowSelection& selection,
                   const Slices& slices, ElementLayout* layout) {
  const size_t outer = layout->has_rows && !layout->is_repeated ? 1 : 0;
  TF_NPZ_ASSIGN_OR_RETURN(const Slices axes, ExpandSlices(slices, shape.size() - outer));
  const auto add = [&](const AxisSlice& slice, int64_t length) {
    if (slice.drops_axis()) return;
    const bool is_known = slice.kind != AxisSlice::Kind::kUnknownSlice;
    layout->element_shape.push_back(is_known ? length : -1);
  };
  if (layout->is_repeated) {
    layout->elements.rows = {0, 1, 1};
  } else if (layout->has_rows) {
    layout->elements = RowsOfElements(selection, shape[0]);
    if (selection.has_windows) layout->element_shape.push_back(layout->elements.size);
  } else if (shape.empty()) {
    layout->elements = RowsOfWhole({0, 1, 1});
  } else {
    TF_NPZ_ASSIGN_OR_RETURN(const Steps rows, Resolve(axes[0], 0, shape[0]));
    layout->elements = RowsOfWhole(rows);
    add(axes[0], rows.count);
  }
  if (!layout->is_repeated) layout->count = layout->elements.count;
  layout->row_count = shape.empty() ? 1 : shape[0];
  layout->items_per_row = 1;
  for (size_t axis = 1; axis < shape.size(); ++axis) {
    TF_NPZ_ASSIGN_OR_RETURN(const Steps steps, Resolve(axes[axis - outer], axis, shape[axis]));
    layout->inner.push_back(steps);
    layout->items_per_row *= steps.count;
    add(axes[axis - outer], steps.count);
  }
  return OkStatus();
}

}  // namespace

Result<ElementLayout> LayoutElements(const std::vector<int64_t>& shape, bool rows,
                                     const RowSelection& selection, const Slices& slices) {
  ElementLayout layout;
  layout.has_rows = rows;
  layout.is_repeated = rows && shape.empty();
  if (!rows) {
    layout.element_name = slices.empty() ? "an array" : "a part of an array";
  } else if (selection.has_windows) {
    layout.element_name = "windows";
  } else if (!slices.empty()) {
    layout.element_name = "parts of rows";
  }
  const Status status = SetElements(shape, selection, slices, &layout);
  if (!status.ok()) {
    return InvalidArgument("has the shape " + ShapeText(shape) + ", but " + status.message() +
                           (rows ? "; with rows=True, slices are of the axes of a row" : "") +
                           "; pass slices that fit, or leave the array out of keys");
  }
  if (!layout.is_repeated) {
    SetCoverage(shape, !rows || selection.slice.is_all(), &layout);
  }
  return layout;
}

}  // namespace tf_npz
