#include "cc/reader/component.h"

#include <cstddef>
#include <string>
#include <utility>

#include "cc/base/shape.h"
#include "cc/base/text.h"

namespace tf_npz {
namespace {

// Items with bytes were checked against the size of the file. Strings of no bytes were not, and
// each takes memory in a tensor.
Status CheckEmptyStrings(const std::vector<int64_t>& element_shape) {
  if (ItemCount(element_shape) <= kMaxEmptyStrings) return OkStatus();
  return ResourceExhausted("elements of shape " + ShapeText(element_shape) + " hold more than " +
                           std::to_string(kMaxEmptyStrings) +
                           " strings of no bytes, which is the limit");
}

}  // namespace

void WidenShape(const std::optional<std::vector<int64_t>>& other,
                std::optional<std::vector<int64_t>>* shape) {
  if (!*shape || !other || (*shape)->size() != other->size()) {
    shape->reset();
    return;
  }
  for (size_t axis = 0; axis < other->size(); ++axis) {
    if ((**shape)[axis] != (*other)[axis]) (**shape)[axis] = -1;
  }
}

uint64_t Component::element_size() const {
  return static_cast<uint64_t>(ItemCount(element_shape)) * item_size;
}

Result<ElementType> ComponentType(const NpyHeader& header, const DType& field) {
  const bool is_object =
      field.kind == DType::Kind::kObject || field.kind == DType::Kind::kStringDType;
  if (header.is_pickle && !is_object) {
    return Unimplemented(
        "the array's structures also hold objects, so the whole array is a pickle, and pickles are "
        "never loaded; save it without those fields");
  }
  return NaturalElementType(field);
}

Result<Component> MakeComponent(const std::vector<int64_t>& element_shape, FieldPath path,
                                FieldView field, ElementType type) {
  Component component;
  component.element_shape = element_shape;
  component.element_shape.insert(component.element_shape.end(), field.shape.begin(),
                                 field.shape.end());
  component.file_type = type;
  if (!CanReadAs(field.dtype, type)) {
    TF_NPZ_ASSIGN_OR_RETURN(component.file_type, NaturalElementType(field.dtype));
  }
  if (AddsDimension(field.dtype, type)) component.element_shape.push_back(field.dtype.itemsize);
  component.item_size = type == ElementType::kString ? field.dtype.itemsize : ElementTypeSize(type);
  component.path = std::move(path);
  component.field = std::move(field);
  component.type = type;
  if (type == ElementType::kString && component.item_size == 0) {
    TF_NPZ_RETURN_IF_ERROR(CheckEmptyStrings(component.element_shape));
  }
  return component;
}

}  // namespace tf_npz
