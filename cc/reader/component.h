// Component: what one tensor takes of the elements of an array.

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

// Strings of no bytes (S0, U0) that an element may hold: a file can claim any number of them.
inline constexpr int64_t kMaxEmptyStrings = int64_t{1} << 20;

// What the elements of a component must be. A negative dimension admits any length, no shape any
// shape.
struct ComponentSpec {
  ElementType type = ElementType::kFloat32;
  std::optional<std::vector<int64_t>> shape;
};

struct Component {
  FieldPath path;  // none: the items of the array as they are
  FieldView field;
  ElementType type = ElementType::kFloat32;
  std::vector<int64_t> element_shape;  // the array's, the sub-arrays', and the bytes of raw void
  // Bytes of one item in memory. A string takes all of them, padded with NULs.
  int64_t item_size = 0;

  uint64_t element_size() const;  // bytes in memory
};

// What a field of an array becomes where nobody asks for something else. Unimplemented, with the
// reason, where no tensor can be made of it.
Result<ElementType> ComponentType(const NpyHeader& header, const DType& field);

// The component that takes `field`, as `type`, of elements that are `element_shape` of the array's
// items. CanReadAs allows it. ResourceExhausted where its size is out of all proportion.
Result<Component> MakeComponent(const std::vector<int64_t>& element_shape, FieldPath path,
                                FieldView field, ElementType type);

}  // namespace tf_npz

#endif  // TF_NPZ_READER_COMPONENT_H_
