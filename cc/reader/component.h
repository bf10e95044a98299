// Component: one tensor of an element, and the field of an array that it takes.

#ifndef TF_NPZ_READER_COMPONENT_H_
#define TF_NPZ_READER_COMPONENT_H_

#include <cstdint>
#include <optional>
#include <vector>

#include "cc/base/status.h"
#include "cc/format/element_type.h"
#include "cc/format/field_view.h"
#include "cc/format/npy_header.h"

namespace tf_npz {

// The most strings of no bytes (S0, U0) that an element may hold. They take no bytes in the file,
// so its header can claim any number of them.
inline constexpr int64_t kMaxEmptyStrings = int64_t{1} << 20;

// The type and shape that a component must have. A negative dimension admits any length. Without a
// shape, any shape is admitted.
struct ComponentSpec {
  ElementType type = ElementType::kFloat32;
  std::optional<std::vector<int64_t>> shape;
  // Whether arrays of other dtypes are cast to `type`, if CheckCast admits it. False: they are
  // errors.
  bool casts = false;
};

// Widens `shape` until it admits what `other` admits: a dimension that differs becomes -1. If the
// number of dimensions differs, the shape becomes absent.
void WidenShape(const std::optional<std::vector<int64_t>>& other,
                std::optional<std::vector<int64_t>>* shape);

struct Component {
  FieldPath path;   // names of fields, from the array down; empty: whole items
  FieldView field;  // what the file has
  ElementType file_type = ElementType::kFloat32;  // of the file's values, in native form
  ElementType type = ElementType::kFloat32;       // what they are cast to; mostly the same
  // The dimensions of an element of the array, then those of the field's sub-arrays, then, for raw
  // void, the number of bytes.
  std::vector<int64_t> element_shape;
  // Bytes of one item in memory. A shorter string is padded with NULs.
  int64_t item_size = 0;

  uint64_t element_size() const;  // bytes in memory
  bool is_cast() const { return file_type != type; }
};

// The type that a field of an array has in a tensor by default. Unimplemented, with the reason, if
// no tensor can hold it.
Result<ElementType> ComponentType(const NpyHeader& header, const DType& field);

// The component that takes `field` as `type`. `element_shape` is the shape of an element of the
// array. The caller has checked CanReadAs; if it is false, CheckCast, and the field is cast.
// ResourceExhausted if an element has more than kMaxEmptyStrings strings of no bytes.
Result<Component> MakeComponent(const std::vector<int64_t>& element_shape, FieldPath path,
                                FieldView field, ElementType type);

}  // namespace tf_npz

#endif  // TF_NPZ_READER_COMPONENT_H_
