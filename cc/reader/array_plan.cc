#include "cc/reader/array_plan.h"

#include <algorithm>
#include <optional>
#include <string_view>
#include <utility>

#include "cc/base/checked.h"
#include "cc/base/shape.h"
#include "cc/base/text.h"

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

// A component's spec as a user writes it.
std::string SpecText(ElementType type, const std::optional<std::vector<int64_t>>& shape) {
  const std::string name(ElementTypeName(type));
  // Not all other dtypes are attributes of the module tf.
  const bool is_attribute = IsCastable(type) || type == ElementType::kString;
  return "tf.TensorSpec(" + (shape ? ShapeText(*shape) : "None") + ", " +
         (is_attribute ? "tf." + name : "\"" + name + "\"") + ")";
}

// What to do about an element of `shape` that `spec` does not admit.
std::string ShapeAdvice(const ArrayPlan& plan, bool rows, const ComponentSpec& spec,
                        const std::vector<int64_t>& shape) {
  ComponentSpec other = spec;
  if (spec.shape->size() == shape.size() + 1) {
    other.shape->erase(other.shape->begin());
    if (Admits(other, shape)) {
      std::vector<int64_t> whole = shape;
      whole.insert(whole.begin(), plan.row_count);
      return "element_spec describes one " + std::string(rows ? "row" : "file") +
             ", without the dimension of a batch: pass " + SpecText(spec.type, other.shape) +
             " for it" +
             (rows && Admits(spec, whole) ? ", or rows=False to read whole arrays" : "");
    }
  }
  if (!rows && spec.shape->size() + 1 == shape.size()) {
    other.shape->insert(other.shape->begin(), -1);
    if (Admits(other, shape)) {
      return "element_spec describes the whole array, not one row: pass " +
             SpecText(spec.type, other.shape) + " for it";
    }
  }
  other.shape = spec.shape;
  WidenShape(shape, &other.shape);
  return "pass " + SpecText(spec.type, other.shape) + " for it in element_spec" +
         (other.shape ? ", and padding in a dataset of batches"
                      : "; elements of different ranks can't be batched");
}

Status Disagrees(const ArrayPlan& plan, const DType& dtype, const std::vector<int64_t>& shape,
                 const ComponentSpec& spec, const std::string& advice) {
  return InvalidArgument("holds " + std::string(plan.element_name) + " of " +
                         TypeText(dtype.name(), shape) + ", but element_spec says " +
                         TypeText(ElementTypeName(spec.type), spec.shape) + "; " + advice);
}

// What to do about a `field` that is no structure and cannot be read as `spec` says.
std::string TypeAdvice(const ArrayPlan& plan, const FieldView& field, const ComponentSpec& spec) {
  const Status cast = CheckCast(field.dtype, spec.type);
  if (!cast.ok() && spec.casts) return cast.message();
  // The spec is not the caller's, but that of the files whose headers were read.
  const Result<ElementType> own = NaturalElementType(field.dtype);
  const std::optional<ElementType> common =
      own.ok() ? CommonType(*own, spec.type) : std::optional<ElementType>();
  if (!common || !CheckCast(field.dtype, *common).ok()) return "read it as a dataset of its own";
  std::vector<int64_t> shape = plan.element_shape;
  shape.insert(shape.end(), field.shape.begin(), field.shape.end());
  std::optional<std::vector<int64_t>> widened = spec.shape;
  WidenShape(shape, &widened);
  return "pass " + SpecText(*common, widened) + " for it in element_spec";
}

// Whether `field` of the array can be read as `spec` says.
Status CheckType(const ArrayPlan& plan, const FieldView& field, const ComponentSpec& spec) {
  const bool is_struct = field.dtype.kind == DType::Kind::kStruct;
  if (!is_struct || plan.header.is_pickle) {
    TF_NPZ_RETURN_IF_ERROR(ComponentType(plan.header, field.dtype).status());
  }
  if (!is_struct && CanReadAs(field.dtype, spec.type)) return OkStatus();
  if (!is_struct && spec.casts && CheckCast(field.dtype, spec.type).ok()) return OkStatus();
  return Disagrees(plan, field.dtype, plan.element_shape, spec,
                   is_struct ? "a structured dtype is a dict of its fields: make the spec with "
                               "tf_npz.element_spec"
                             : TypeAdvice(plan, field, spec));
}

// A cast may make an array larger than its file, and so may windows. The file bounds all other
// sizes.
Status CheckSize(const ArrayPlan& plan, const Component& component) {
  const ElementRows& elements = plan.elements;
  const int64_t factors[] = {component.field.count(), plan.items_per_row,
                             std::max(plan.row_count, elements.size)};
  int64_t size = component.item_size;
  for (const int64_t factor : factors) {
    if (factor == 0) return OkStatus();
  }
  for (const int64_t factor : factors) {
    if (CheckedMultiply(size, factor, &size)) continue;
    if (elements.size > plan.row_count) {
      return InvalidArgument("a window of " + std::to_string(elements.size) +
                             " rows is larger than any memory; pass a smaller window");
    }
    return ResourceExhausted("as " + std::string(ElementTypeName(component.type)) +
                             ", the array is larger than any memory");
  }
  return OkStatus();
}

// The component for `part`. `field` is the field that its path leads to.
Result<Component> PlanComponent(const ArrayPlan& plan, bool rows, const ArraySelection::Part& part,
                                FieldView field) {
  TF_NPZ_RETURN_IF_ERROR(CheckType(plan, field, part.spec));
  TF_NPZ_ASSIGN_OR_RETURN(Component component, MakeComponent(plan.element_shape, part.path,
                                                             std::move(field), part.spec.type));
  if (component.is_cast() || plan.elements.size > plan.row_count) {
    TF_NPZ_RETURN_IF_ERROR(CheckSize(plan, component));
  }
  const std::vector<int64_t>& shape = component.element_shape;
  if (Admits(part.spec, shape)) return component;
  if (plan.is_repeated && shape.empty()) {
    return InvalidArgument("has no dimensions, so it has no rows of its own: pass " +
                           SpecText(part.spec.type, shape) +
                           " for it in element_spec, and rows=False if no other array has rows");
  }
  return Disagrees(plan, component.field.dtype, shape, part.spec,
                   ShapeAdvice(plan, rows, part.spec, shape));
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
  TF_NPZ_ASSIGN_OR_RETURN(
      ElementLayout layout,
      wanted.is_element ? LayoutElements(header.shape, /*rows=*/false, {}, {})
                        : LayoutElements(header.shape, rows, wanted.row_selection, wanted.slices));
  if (wanted.is_element && rows) {
    layout.has_rows = layout.is_repeated = true;
    layout.count = 0;
  }
  ArrayPlan plan;
  static_cast<ElementLayout&>(plan) = std::move(layout);
  // With one dimension or one element, both orders are the same.
  if (header.shape.size() < 2) header.fortran_order = false;
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
