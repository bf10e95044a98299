#include "tf_npz/reader/selection.h"

#include "tf_npz/base/text.h"

namespace tf_npz {
namespace {

bool Admits(const ElementSpec& spec, const ArrayReader& array) {
  const DType& dtype = array.header().dtype;
  if (dtype.kind != spec.dtype.kind || dtype.itemsize != spec.dtype.itemsize) return false;
  if (!spec.shape) return true;
  const std::vector<int64_t>& shape = array.element_shape();
  if (shape.size() != spec.shape->size()) return false;
  for (size_t axis = 0; axis < shape.size(); ++axis) {
    if ((*spec.shape)[axis] >= 0 && (*spec.shape)[axis] != shape[axis]) return false;
  }
  return true;
}

// "float32 (28, 28)"
std::string TypeText(const DType& dtype, const std::optional<std::vector<int64_t>>& shape) {
  return dtype.name() + " " + (shape ? ShapeText(*shape) : "of any shape");
}

// What to do about an array that `spec` does not admit.
std::string Advice(const Selection& selection, const ElementSpec& spec, const ArrayReader& array) {
  const DType& dtype = array.header().dtype;
  if (dtype.kind != spec.dtype.kind || dtype.itemsize != spec.dtype.itemsize) {
    return "; pass an element_spec of the array's dtype, and cast what is read";
  }
  const size_t rank = array.element_shape().size();
  if (!selection.rows && spec.shape->size() + 1 == rank) {
    return "; is the spec one of rows? make it with rows=False";
  }
  if (selection.rows && spec.shape->size() == rank + 1) {
    return "; is the spec one of whole arrays? make it with rows=True";
  }
  return "; pass a wider element_spec";
}

Status CheckSpec(const Selection& selection, size_t i, const ArrayReader& array,
                 const std::string& context) {
  const ElementSpec& spec = selection.specs[i];
  if (Admits(spec, array)) return OkStatus();
  const char* what = selection.rows ? "rows of " : "an array of ";
  return InvalidArgument(context + "holds " + what +
                         TypeText(array.header().dtype, array.element_shape()) +
                         ", but element_spec says " + TypeText(spec.dtype, spec.shape) +
                         Advice(selection, spec, array));
}

Status CheckLengths(const Selection& selection, const SelectedArrays& selected) {
  for (size_t i = 1; i < selected.arrays.size(); ++i) {
    if (selected.arrays[i]->count() == selected.count) continue;
    return InvalidArgument(selected.archive->label() +
                           ": arrays differ in length: " + Quote(selection.keys[0]) + " has " +
                           std::to_string(selected.count) + " rows, " + Quote(selection.keys[i]) +
                           " has " + std::to_string(selected.arrays[i]->count()) +
                           "; read them with rows=False, or choose others with keys");
  }
  return OkStatus();
}

}  // namespace

Result<SelectedArrays> OpenSelection(std::shared_ptr<Archive> archive, const Selection& selection,
                                     const ReadOptions& options) {
  if (selection.specs.empty()) return InvalidArgument("no arrays are selected");
  SelectedArrays selected;
  selected.archive = archive;
  if (selection.keys.empty() && archive->is_npz()) {
    return InvalidArgument(
        archive->label() + ": is an .npz file; say with keys which of its arrays to read (it has " +
        (archive->members().empty() ? "none" : QuoteList(archive->Names())) + ")");
  }
  if (!selection.keys.empty() && !archive->is_npz()) {
    return InvalidArgument(archive->label() + ": is an .npy file, which has no array " +
                           Quote(selection.keys[0]) + " but one without a name; leave keys out");
  }
  for (size_t i = 0; i < selection.specs.size(); ++i) {
    const ZipEntry* entry = nullptr;
    if (archive->is_npz()) {
      TF_NPZ_ASSIGN_OR_RETURN(entry, archive->Find(selection.keys[i]));
    }
    TF_NPZ_ASSIGN_OR_RETURN(std::unique_ptr<ArrayReader> array,
                            ArrayReader::Open(archive, entry, selection.rows, options));
    TF_NPZ_RETURN_IF_ERROR(CheckSpec(selection, i, *array, archive->Context(entry)));
    selected.arrays.push_back(std::move(array));
  }
  selected.count = selected.arrays[0]->count();
  TF_NPZ_RETURN_IF_ERROR(CheckLengths(selection, selected));
  return selected;
}

Result<std::vector<ArrayData>> ReadSelection(std::shared_ptr<Archive> archive,
                                             const Selection& selection,
                                             const ReadOptions& options) {
  TF_NPZ_ASSIGN_OR_RETURN(SelectedArrays selected,
                          OpenSelection(std::move(archive), selection, options));
  std::vector<ArrayData> all;
  for (const std::unique_ptr<ArrayReader>& array : selected.arrays) {
    // The memory that it is loaded into becomes the result's, where that is aligned as it must be.
    // Where it isn't, a large array is better decoded to its place.
    const bool serves = array->header().data_offset % kBufferAlignment == 0;
    if (array->load_size() > 0 && (serves || array->load_size() <= kMaxWholeInflate)) {
      TF_NPZ_RETURN_IF_ERROR(array->Load());
    }
    TF_NPZ_ASSIGN_OR_RETURN(ArrayData data, array->ReadAll());
    all.push_back(std::move(data));
  }
  return all;
}

}  // namespace tf_npz
