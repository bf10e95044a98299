// ArrayPlan: what an array's header says about reading it, and which components its items give.
//
// A plan is made from the header and the selection alone, without reading a file. Equal headers
// give equal plans, so a plan may be kept and used for other files (plan_cache.h). A plan does not
// change once it is made. It is shared as shared_ptr<const ArrayPlan>; any thread may use it.

#ifndef TF_NPZ_READER_ARRAY_PLAN_H_
#define TF_NPZ_READER_ARRAY_PLAN_H_

#include <cstdint>
#include <string>
#include <vector>

#include "cc/base/status.h"
#include "cc/format/field_view.h"
#include "cc/format/npy_header.h"
#include "cc/reader/component.h"
#include "cc/reader/element_layout.h"
#include "cc/reader/slice.h"

namespace tf_npz {

// The part of a selection that concerns one array.
struct ArraySelection {
  struct Part {
    FieldPath path;  // names of fields, from the array down; empty: whole items
    ComponentSpec spec;
  };
  // True: an element is a row, or a window of rows. False: an element is the whole array.
  bool rows = true;
  std::vector<Part> components;     // at least one
  RowSelection row_selection = {};  // if `rows`
  Slices slices = {};               // of the axes of a row, or of the array
  // The whole array is an element as it is. With rows it is the same for each of them.
  bool is_element = false;
};

struct ArrayPlan : ElementLayout {
  // The plan for reading `wanted` from an array with `header`. InvalidArgument if the header does
  // not fit `wanted`, Unimplemented if no tensor can hold the items. Messages name neither file nor
  // field. If one component causes the error and `culprit` is not null, `*culprit` is its path.
  static Result<ArrayPlan> Make(NpyHeader header, const ArraySelection& wanted,
                                FieldPath* culprit = nullptr);

  // The file's first bytes: preamble and header. Make leaves this empty. OpenSelection sets it, and
  // PlanCache finds the plan by it.
  std::string header_bytes;
  NpyHeader header;  // C order if the array is the same in both orders

  std::vector<Component> components;  // in the order of ArraySelection
  // There is one component, and it takes whole items: as they are, or cast.
  bool takes_items = false;
  bool casts_items = false;

  // The end of the data, in bytes from the beginning of the member.
  uint64_t data_end() const { return header.data_offset + header.data_size; }
};

}  // namespace tf_npz

#endif  // TF_NPZ_READER_ARRAY_PLAN_H_
