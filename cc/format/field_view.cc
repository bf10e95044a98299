#include "cc/format/field_view.h"

#include <algorithm>

#include "cc/base/shape.h"
#include "cc/base/text.h"

namespace tf_npz {
namespace {

using Kind = DType::Kind;

// Narrows `view` to its field `field`. The dtype of `view` stays as it is: the caller sets it once,
// at the end of the path, because copying a dtype takes time.
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

// The end of the message about a missing field: the fields that `dtype` has.
std::string FieldsThereAre(const DType& dtype) {
  if (dtype.kind != Kind::kStruct) return ": dtype " + Quote(dtype.name()) + " has no fields";
  if (dtype.fields.empty()) return ": there are no fields";
  std::vector<std::string> names;
  names.reserve(dtype.fields.size());
  for (const Field& field : dtype.fields) names.push_back(field.name);
  return " (it has " + QuoteList(names) + ")";
}

struct Leaves {
  std::vector<std::pair<FieldPath, FieldView>> all;
  size_t bytes = 0;  // of their names and dimensions
};

// Appends the leaf fields of `dtype` to `leaves`. `view` is the place of an item of `dtype`,
// without its dtype; `path` leads there; `bytes` is the size of the names and dimensions on that
// path. Returns false if all leaves together exceed kMaxLeafBytes.
bool AppendLeaves(const DType& dtype, const FieldView& view, FieldPath* path, size_t bytes,
                  Leaves* leaves) {
  if (dtype.kind != Kind::kStruct) {
    leaves->bytes += bytes;
    if (leaves->bytes > kMaxLeafBytes) return false;
    leaves->all.emplace_back(*path, view);
    leaves->all.back().second.dtype = dtype;
    return true;
  }
  for (const Field& field : dtype.fields) {
    FieldView narrowed = view;
    Narrow(field, &narrowed);
    path->push_back(field.name);
    const size_t more = field.name.size() + 2 * sizeof(int64_t) * field.shape.size();
    if (!AppendLeaves(field.dtype, narrowed, path, bytes + more, leaves)) return false;
    path->pop_back();
  }
  return true;
}

}  // namespace

int64_t FieldView::count() const { return ItemCount(shape); }

bool FieldView::is_contiguous() const {
  if (count() <= 1) return true;
  int64_t expected = dtype.itemsize;
  for (size_t i = shape.size(); i-- > 0;) {
    if (shape[i] > 1 && strides[i] != expected) return false;
    expected *= shape[i];
  }
  return true;
}

const Field* FieldFinder::FindIn(const DType& dtype, std::string_view name) {
  const auto [entry, is_new] = known_.try_emplace(&dtype);
  if (is_new) {
    for (const Field& field : dtype.fields) entry->second.emplace(field.name, &field);
  }
  const auto found = entry->second.find(name);
  return found == entry->second.end() ? nullptr : found->second;
}

Result<FieldView> FieldFinder::Find(const FieldPath& path) {
  FieldView view;
  const DType* here = &dtype_;
  std::string where;
  for (const std::string& name : path) {
    const Field* const found = FindIn(*here, name);
    if (found == nullptr) {
      return InvalidArgument("has no field " + Quote(name) + where + FieldsThereAre(*here));
    }
    Narrow(*found, &view);
    here = &found->dtype;
    where = " in " + Quote(name);
  }
  view.dtype = *here;
  return view;
}

Result<std::vector<std::pair<FieldPath, FieldView>>> LeafFields(const DType& dtype) {
  FieldPath path;
  Leaves leaves;
  if (AppendLeaves(dtype, FieldView(), &path, 0, &leaves)) return std::move(leaves.all);
  return ResourceExhausted("names and dimensions of the fields take more than the limit of " +
                           std::to_string(kMaxLeafBytes) + " bytes");
}

}  // namespace tf_npz
