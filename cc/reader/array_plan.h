// ArrayPlan: what an array's header says about reading it, and what is taken of its items.
//
// A plan is made from the header and the selection alone: no file is looked at, and the same header
// gives the same plan. So it may be kept and used for other files (plan_cache.h). It does not
// change once it is made, and is shared as shared_ptr<const ArrayPlan>; any thread may use it.

#ifndef TF_NPZ_READER_ARRAY_PLAN_H_
#define TF_NPZ_READER_ARRAY_PLAN_H_

#include <cstdint>
#include <string>
#include <vector>

#include "cc/base/status.h"
#include "cc/format/field_view.h"
#include "cc/format/npy_header.h"
#include "cc/reader/component.h"

namespace tf_npz {

// What a selection takes of one array.
struct ArraySelection {
  struct Part {
    FieldPath path;  // of a field below the array; none: the items as they are
    ComponentSpec spec;
  };
  // An element is a row, one step along axis 0, or the whole array.
  bool rows = true;
  std::vector<Part> components;  // at least one
};

struct ArrayPlan {
  // The plan for reading `wanted` from an array with `header`. InvalidArgument where the header
  // does not fit what is wanted, Unimplemented where no tensor can be made of it. Messages name
  // neither file nor field. Where one component is to blame and `culprit` is given, `*culprit` is
  // its path.
  static Result<ArrayPlan> Make(NpyHeader header, const ArraySelection& wanted,
                                FieldPath* culprit = nullptr);

  // The preamble and the header, as the file has them. Make leaves it empty: OpenSelection fills it
  // in, and PlanCache finds the plan by it.
  std::string header_bytes;
  NpyHeader header;  // in C order where both orders are the same
  int64_t count = 0;
  std::vector<int64_t> element_shape;  // of the array itself; components may add dimensions
  int64_t row_count = 0;
  int64_t rows_per_element = 1;
  int64_t items_per_row = 0;
  uint64_t row_size = 0;  // bytes in the file

  std::vector<Component> components;  // as in ArraySelection
  bool takes_items = false;           // the only component is the items as they are

  uint64_t data_end() const { return header.data_offset + header.data_size; }
};

}  // namespace tf_npz

#endif  // TF_NPZ_READER_ARRAY_PLAN_H_
