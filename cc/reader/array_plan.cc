#include "cc/reader/array_plan.h"

#include <algorithm>
#include <optional>
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
  const bool is_of_caller = spec.usual_dtype.empty();
  if (is_of_caller && spec.shape->size() == shape.size() + 1) {
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
  if (is_of_caller && !rows && spec.shape->size() + 1 == shape.size()) {
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

// "holds rows of float64 (3,), but element_spec says float32 (3,)", and `advice`.
Status Disagrees(const ArrayPlan& plan, const DType& dtype, const std::vector<int64_t>& shape,
                 const ComponentSpec& spec, const std::string& advice) {
  const std::string wanted =
      spec.usual_dtype.empty()
          ? "element_spec says " + TypeText(ElementTypeName(spec.type), spec.shape)
          : "the spec of most files is " + TypeText(spec.usual_dtype, spec.shape);
  return InvalidArgument("holds " + std::string(plan.element_name) + " of " +
                         TypeText(dtype.name(), shape) + ", but " + wanted + "; " + advice);
}

// What to do about an array of another dtype, which is not cast.
std::string TypeAdvice(const ArrayPlan& plan, const FieldView& field, const ComponentSpec& spec) {
  const size_t rank = plan.element_shape.size() + field.shape.size();
  if (spec.shape && spec.shape->size() != rank) return "read it as a dataset of its own";
  const DType& dtype = field.dtype;
  const Result<ElementType> own = NaturalElementType(dtype);
  if (own.ok() && (spec.usual_dtype.empty() || spec.usual_dtype == ElementTypeName(spec.type))) {
    const std::optional<ElementType> common = CommonType(spec.type, *own);
    if (common && CanCast(spec.type, *common) && CheckCast(dtype, *common).ok()) {
      return "pass dtypes with \"" + std::string(ElementTypeName(*common)) + "\" for it";
    }
  }
  return "read it as a dataset of its own, bring both to one dtype, and concatenate";
}

// Whether numbers of a dtype with this DType::name() count in a unit of time.
bool IsTime(std::string_view name) {
  return name.substr(0, 10) == "datetime64" || name.substr(0, 11) == "timedelta64";
}

bool HaveOneUnit(const DType& dtype, const ComponentSpec& spec) {
  if (spec.usual_dtype.empty()) return true;
  const std::string name = dtype.name();
  return name == spec.usual_dtype || !(IsTime(name) || IsTime(spec.usual_dtype));
}

// Whether `field` of the array can be read as `spec` says.
Status CheckType(const ArrayPlan& plan, const FieldView& field, const ComponentSpec& spec) {
  const bool is_struct = field.dtype.kind == DType::Kind::kStruct;
  if (!is_struct || plan.header.is_pickle) {
    TF_NPZ_RETURN_IF_ERROR(ComponentType(plan.header, field.dtype).status());
  }
  if (is_struct) {
    return Disagrees(plan, field.dtype, plan.element_shape, spec,
                     spec.usual_dtype.empty()
                         ? "a structured dtype is a dict of its fields: make the spec with "
                           "tf_npz.element_spec"
                         : "read it as a dataset of its own");
  }
  if (CanReadAs(field.dtype, spec.type)) {
    if (HaveOneUnit(field.dtype, spec)) return OkStatus();
    return Disagrees(plan, field.dtype, plan.element_shape, spec,
                     "read it as a dataset of its own, bring both to one unit, and concatenate");
  }
  if (spec.casts) {
    const Status cast = CheckCast(field.dtype, spec.type);
    if (cast.ok()) return OkStatus();
    if (!spec.usual_dtype.empty()) return CannotCast(field.dtype, spec.type, cast);
    return Disagrees(plan, field.dtype, plan.element_shape, spec, cast.message());
  }
  return Disagrees(plan, field.dtype, plan.element_shape, spec, TypeAdvice(plan, field, spec));
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
    // If the spec was read from files, these must still fit.
    std::optional<std::vector<int64_t>> own = shape;
    if (!part.spec.usual_dtype.empty()) WidenShape(part.spec.shape, &own);
    return InvalidArgument("has no dimensions, so it has no rows of its own: pass " +
                           SpecText(part.spec.type, own) +
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
    Result<FieldView> field = fields.Find(part.path);
    if (!field.ok()) return WithAdvice(field.status(), part.spec);
    Result<Component> component = PlanComponent(plan, rows, part, std::move(*field));
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
