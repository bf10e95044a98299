#include "tf_npz/format/field_view.h"

#include <algorithm>

#include "tf_npz/base/shape.h"
#include "tf_npz/base/text.h"

namespace tf_npz {
namespace {

using Kind = DType::Kind;

// Narrows `view` to one of its fields, all but its dtype, which is copied once, at the end of a
// path.
void Narrow(const Field& field, FieldView* view) {
  view->offset += field.offset;
  view->shape.insert(view->shape.end(), field.shape.begin(), field.shape.end());
  std::vector<int64_t> strides(field.shape.size());
  int64_t stride = field.dtype.itemsize;
  for (size_t i = field.shape.size(); i-- > 0;) {
    strides[i] = stride;
    stride *= std::max<int64_t>(field.shape[i], 1);
  }
  view->strides.insert(view->strides.end(), strides.begin(), strides.end());
}

// What a message says behind the name of a field that is not there.
std::string FieldsThereAre(const DType& dtype) {
  if (dtype.kind != Kind::kStruct) return ": dtype " + Quote(dtype.name()) + " has no fields";
  if (dtype.fields.empty()) return ": there are no fields";
  std::vector<std::string> names;
  names.reserve(dtype.fields.size());
  for (const Field& field : dtype.fields) names.push_back(field.name);
  return " (it has " + QuoteList(names) + ")";
}

// `view` is that of the item of `dtype`, its dtype not yet set.
void AppendLeaves(const DType& dtype, const FieldView& view, FieldPath* path,
                  std::vector<std::pair<FieldPath, FieldView>>* leaves) {
  if (dtype.kind != Kind::kStruct) {
    leaves->emplace_back(*path, view);
    leaves->back().second.dtype = dtype;
    return;
  }
  for (const Field& field : dtype.fields) {
    FieldView narrowed = view;
    Narrow(field, &narrowed);
    path->push_back(field.name);
    AppendLeaves(field.dtype, narrowed, path, leaves);
    path->pop_back();
  }
}

}  // namespace

int64_t FieldView::count() const { return ElementCount(shape); }

bool FieldView::is_contiguous() const {
  if (count() <= 1) return true;
  int64_t expected = dtype.itemsize;
  for (size_t i = shape.size(); i-- > 0;) {
    if (shape[i] > 1 && strides[i] != expected) return false;
    expected *= shape[i];
  }
  return true;
}

Result<FieldView> FindField(const DType& dtype, const FieldPath& path) {
  FieldView view;
  const DType* here = &dtype;
  std::string where;
  for (const std::string& name : path) {
    const auto found = std::find_if(here->fields.begin(), here->fields.end(),
                                    [&name](const Field& field) { return field.name == name; });
    if (found == here->fields.end()) {
      return InvalidArgument("has no field " + Quote(name) + where + FieldsThereAre(*here));
    }
    Narrow(*found, &view);
    here = &found->dtype;
    where = " in " + Quote(name);
  }
  view.dtype = *here;
  return view;
}

std::vector<std::pair<FieldPath, FieldView>> LeafFields(const DType& dtype) {
  FieldPath path;
  std::vector<std::pair<FieldPath, FieldView>> leaves;
  AppendLeaves(dtype, FieldView(), &path, &leaves);
  return leaves;
}

}  // namespace tf_npz
