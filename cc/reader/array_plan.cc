#include "cc/reader/array_plan.h"

#include <string_view>
#include <utility>

#include "cc/base/checked.h"
#include "cc/base/shape.h"
#include "cc/base/text.h"
#include "cc/reader/request_errors.h"

namespace tf_npz {
namespace {

// "float32 (28, 28)"
std::string TypeText(std::string_view type, const std::optional<std::vector<int64_t>>& shape) {
  return std::string(type) + " " + (shape ? ShapeText(*shape) : "of any shape");
}

bool Admits(const ComponentSpec& spec, const std::vector<int64_t>& shape) {
  if (!spec.shape) return true;
  if (shape.size() != spec.shape->size()) return false;
  for (size_t axis = 0; axis < shape.size(); ++axis) {
    if ((*spec.shape)[axis] >= 0 && (*spec.shape)[axis] != shape[axis]) return false;
  }
  return true;
}

// The end of a message about an element of `rank` dimensions that `spec` does not admit.
std::string_view ShapeAdvice(bool rows, const ComponentSpec& spec, size_t rank) {
  if (!rows && spec.shape->size() + 1 == rank) {
    return "; if the spec is for rows, make it with rows=False";
  }
  if (rows && spec.shape->size() == rank + 1) {
    return "; if the spec is for whole arrays, make it with rows=True";
  }
  return "; pass a wider element_spec";
}

Status Disagrees(bool rows, const DType& dtype, const std::vector<int64_t>& shape,
                 const ComponentSpec& spec, std::string_view advice) {
  return InvalidArgument((rows ? "holds rows of " : "holds an array of ") +
                         TypeText(dtype.name(), shape) + ", but element_spec says " +
                         TypeText(ElementTypeName(spec.type), spec.shape) + std::string(advice));
}

// Whether `field` of the array can be read as `spec` says.
Status CheckType(const ArrayPlan& plan, bool rows, const FieldView& field,
                 const ComponentSpec& spec) {
  const bool is_struct = field.dtype.kind == DType::Kind::kStruct;
  if (!is_struct || plan.header.is_pickle) {
    TF_NPZ_RETURN_IF_ERROR(ComponentType(plan.header, field.dtype).status());
  }
  if (!is_struct && CanReadAs(field.dtype, spec.type)) return OkStatus();
  if (!is_struct && spec.casts) {
    const Status cast = CheckCast(field.dtype, spec.type);
    if (cast.ok()) return OkStatus();
    return Disagrees(rows, field.dtype, plan.element_shape, spec, "; " + cast.message());
  }
  return Disagrees(rows, field.dtype, plan.element_shape, spec,
                   is_struct
                       ? "; a structured dtype is a dict of its fields: make the spec with "
                         "tf_npz.element_spec"
                       : "; pass an element_spec of the array's dtype, and cast what is read");
}

// A cast may make an array larger than its file, which bounds all other sizes.
Status CheckCastSize(const ArrayPlan& plan, const Component& component) {
  const int64_t factors[] = {component.field.count(), plan.items_per_row, plan.row_count};
  int64_t size = component.item_size;
  for (const int64_t factor : factors) {
    if (factor == 0) return OkStatus();
  }
  for (const int64_t factor : factors) {
    if (CheckedMultiply(size, factor, &size)) continue;
    return ResourceExhausted("as " + std::string(ElementTypeName(component.type)) +
                             ", the array is larger than any memory");
  }
  return OkStatus();
}

// The component for `part`. `field` is the field that its path leads to.
Result<Component> PlanComponent(const ArrayPlan& plan, bool rows, const ArraySelection::Part& part,
                                FieldView field) {
  TF_NPZ_RETURN_IF_ERROR(CheckType(plan, rows, field, part.spec));
  TF_NPZ_ASSIGN_OR_RETURN(Component component, MakeComponent(plan.element_shape, part.path,
                                                             std::move(field), part.spec.type));
  if (component.is_cast()) TF_NPZ_RETURN_IF_ERROR(CheckCastSize(plan, component));
  const std::vector<int64_t>& shape = component.element_shape;
  if (Admits(part.spec, shape)) return component;
  if (plan.is_repeated && shape.empty()) return NoRows();
  return Disagrees(rows, component.field.dtype, shape, part.spec,
                   ShapeAdvice(rows, part.spec, shape.size()));
}

// Whether there is one component, and it takes whole items.
bool TakesItems(const std::vector<Component>& components, const NpyHeader& header) {
  if (components.size() != 1) return false;
  const FieldView& field = components[0].field;
  return field.offset == 0 && field.is_contiguous() &&
         field.count() * field.dtype.itemsize == header.dtype.itemsize;
}

}  // namespace

Result<ArrayPlan> ArrayPlan::Make(NpyHeader header, const ArraySelection& wanted,
                                  FieldPath* culprit) {
  const bool rows = wanted.rows;
  ArrayPlan plan;
  const std::vector<int64_t>& shape = header.shape;
  plan.is_repeated = rows && (shape.empty() || wanted.is_element);
  if (!plan.is_repeated) plan.count = rows ? shape[0] : 1;
  plan.element_shape.assign(shape.begin() + (rows && !plan.is_repeated ? 1 : 0), shape.end());
  plan.row_count = shape.empty() ? 1 : shape[0];
  plan.rows_per_element = rows && !plan.is_repeated ? 1 : plan.row_count;
  plan.items_per_row = shape.empty() ? 1 : ItemCount(shape, 1);
  plan.row_size = static_cast<uint64_t>(plan.items_per_row) * header.dtype.itemsize;
  // With one dimension or one element, both orders are the same.
  if (shape.size() < 2) header.fortran_order = false;
  plan.header = std::move(header);

  const DType& dtype = plan.header.dtype;
  FieldFinder fields(dtype);
  for (const ArraySelection::Part& part : wanted.components) {
    TF_NPZ_ASSIGN_OR_RETURN(FieldView field, fields.Find(part.path));
    Result<Component> component = PlanComponent(plan, rows, part, std::move(field));
    if (!component.ok()) {
      if (culprit != nullptr) *culprit = part.path;
      return component.status();
    }
    plan.components.push_back(std::move(*component));
  }
  if (TakesItems(plan.components, plan.header)) {
    (plan.components[0].is_cast() ? plan.casts_items : plan.takes_items) = true;
  }
  return plan;
}

}  // namespace tf_npz
