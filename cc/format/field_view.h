// FieldView: where in the items of an array one field lies, however deep it is nested.

#ifndef TF_NPZ_FORMAT_FIELD_VIEW_H_
#define TF_NPZ_FORMAT_FIELD_VIEW_H_

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "tf_npz/base/status.h"
#include "tf_npz/format/dtype.h"

namespace tf_npz {

// The names that lead from an item to a field; none: the item itself.
using FieldPath = std::vector<std::string>;

struct FieldView {
  DType dtype;         // of one item of the field
  int64_t offset = 0;  // of the first, from the beginning of the array's item
  // Dimensions that the sub-arrays on the way add, outermost first, and the bytes from one step to
  // the next.
  std::vector<int64_t> shape;
  std::vector<int64_t> strides;

  int64_t count() const;  // items of the field in one item of the array
  // Whether the field's items lie one after another.
  bool is_contiguous() const;
};

// The field that `path` leads to. InvalidArgument, with the fields there are, where it leads
// nowhere.
Result<FieldView> FindField(const DType& dtype, const FieldPath& path);

// The fields of `dtype` that are no structures themselves, in the order of the file; the item
// itself, under no name, where it is none.
std::vector<std::pair<FieldPath, FieldView>> LeafFields(const DType& dtype);

}  // namespace tf_npz

#endif  // TF_NPZ_FORMAT_FIELD_VIEW_H_
