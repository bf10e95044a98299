#include "cc/reader/selection.h"

#include <unordered_map>
#include <utility>

#include "cc/base/text.h"

namespace tf_npz {
namespace {

// An array of up to this size is loaded even where it must be copied afterwards: the faster decoder
// gains more than the copy costs, but the memory is taken twice.
constexpr uint64_t kMaxCopied = uint64_t{32} << 20;

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

// What to do about an element of `rank` dimensions that `spec` does not admit.
std::string_view ShapeAdvice(bool rows, const ComponentSpec& spec, size_t rank) {
  if (!rows && spec.shape->size() + 1 == rank) {
    return "; is the spec one of rows? make it with rows=False";
  }
  if (rows && spec.shape->size() == rank + 1) {
    return "; is the spec one of whole arrays? make it with rows=True";
  }
  return "; pass a wider element_spec";
}

// Selects components of one array of one file.
class ArraySelector {
 public:
  ArraySelector(const Selection& selection, const Archive& archive, const ZipEntry* entry)
      : selection_(selection), archive_(archive), entry_(entry) {}

  // Opens the array, of which `components` of the selection are taken.
  Result<SelectedArray> Open(const std::shared_ptr<const Archive>& archive,
                             std::vector<size_t> components, const ReadOptions& options) const {
    SelectedArray selected;
    TF_NPZ_ASSIGN_OR_RETURN(
        selected.reader, ArrayReader::Open(archive, entry_, selection_.rows, options, components));
    selected.components = std::move(components);
    if (selected.reader->is_chosen()) return selected;
    FieldFinder fields(selected.reader->header().dtype);
    std::vector<Component> chosen;
    for (const size_t i : selected.components) {
      TF_NPZ_ASSIGN_OR_RETURN(Component component, Choose(*selected.reader, i, fields));
      chosen.push_back(std::move(component));
    }
    selected.reader->Choose(std::move(chosen));
    return selected;
  }

 private:
  Result<Component> Choose(const ArrayReader& array, size_t i, FieldFinder& fields) const {
    const ComponentSpec& spec = selection_.specs[i];
    const DType& dtype = array.header().dtype;
    FieldPath path = selection_.keys[i];
    if (archive_.is_npz()) path.erase(path.begin());
    if (!path.empty() && dtype.kind != DType::Kind::kStruct) return NoFields(path, dtype);
    Result<FieldView> field = fields.Find(path);
    if (!field.ok()) return field.status().WithContext(Context({}));
    TF_NPZ_RETURN_IF_ERROR(CheckType(array, *field, spec, path));
    Result<Component> component =
        MakeComponent(array.element_shape(), path, std::move(*field), spec.type);
    if (!component.ok()) return component.status().WithContext(Context(path));
    if (Admits(spec, component->element_shape)) return component;
    return InvalidArgument(
        Context(path) + Holds() +
        TypeText(component->field.dtype.name(), component->element_shape) +
        ", but element_spec says " + TypeText(ElementTypeName(spec.type), spec.shape) +
        std::string(ShapeAdvice(selection_.rows, spec, component->element_shape.size())));
  }

  // Whether `field` of the array can be read as `spec` says.
  Status CheckType(const ArrayReader& array, const FieldView& field, const ComponentSpec& spec,
                   const FieldPath& path) const {
    const bool is_struct = field.dtype.kind == DType::Kind::kStruct;
    if (!is_struct || array.header().is_pickle) {
      const Status status = ComponentType(array.header(), field.dtype).status();
      if (!status.ok()) return status.WithContext(Context(path));
    }
    if (!is_struct && CanReadAs(field.dtype, spec.type)) return OkStatus();
    return InvalidArgument(
        Context(path) + Holds() + TypeText(field.dtype.name(), array.element_shape()) +
        ", but element_spec says " + TypeText(ElementTypeName(spec.type), spec.shape) +
        (is_struct ? "; a structured dtype is a dict of its fields: make the spec with "
                     "tf_npz.element_spec"
                   : "; pass an element_spec of the array's dtype, and cast what is read"));
  }

  Status NoFields(const FieldPath& path, const DType& dtype) const {
    if (archive_.is_npz()) {
      return InvalidArgument(Context({}) + "has no field " + Quote(path[0]) +
                             ": it is an array of " + dtype.name());
    }
    return InvalidArgument(archive_.label() + ": is an .npy file, which has no array " +
                           Quote(path[0]) + " but one without a name; leave keys out");
  }

  const char* Holds() const { return selection_.rows ? "holds rows of " : "holds an array of "; }
  std::string Context(const FieldPath& path) const { return archive_.Context(entry_, path); }

  const Selection& selection_;
  const Archive& archive_;
  const ZipEntry* const entry_;
};

Status CheckLengths(const SelectedArrays& selected, const Selection& selection) {
  const auto name = [&](const SelectedArray& array) {
    return Quote(selection.keys[array.components[0]][0]);
  };
  for (const SelectedArray& array : selected.arrays) {
    const int64_t count = array.reader->count();
    if (count == selected.count) continue;
    return InvalidArgument(
        selected.archive->label() + ": arrays differ in length: " + name(selected.arrays[0]) +
        " has " + std::to_string(selected.count) + " rows, " + name(array) + " has " +
        std::to_string(count) + "; read them with rows=False, or choose others with keys");
  }
  return OkStatus();
}

}  // namespace

Result<SelectedArrays> OpenSelection(std::shared_ptr<Archive> archive, const Selection& selection,
                                     const ReadOptions& options) {
  if (selection.specs.empty()) return InvalidArgument("no arrays are selected");
  SelectedArrays selected;
  // Components of one array are read together.
  std::vector<std::pair<const ZipEntry*, std::vector<size_t>>> arrays;
  std::unordered_map<const ZipEntry*, size_t> known;  // where in `arrays`
  for (size_t i = 0; i < selection.keys.size(); ++i) {
    const ZipEntry* entry = nullptr;
    if (archive->is_npz() && selection.keys[i].empty()) {
      return InvalidArgument(archive->label() +
                             ": is an .npz file; say with keys which of its arrays to read (it "
                             "has " +
                             (archive->members().empty() ? "none" : QuoteList(archive->Names())) +
                             ")");
    }
    if (archive->is_npz()) {
      TF_NPZ_ASSIGN_OR_RETURN(entry, archive->Find(selection.keys[i][0]));
    }
    const auto [found, is_new] = known.emplace(entry, arrays.size());
    if (is_new) arrays.push_back({entry, {}});
    arrays[found->second].second.push_back(i);
  }
  for (auto& [entry, components] : arrays) {
    const ArraySelector selector(selection, *archive, entry);
    TF_NPZ_ASSIGN_OR_RETURN(SelectedArray array,
                            selector.Open(archive, std::move(components), options));
    selected.arrays.push_back(std::move(array));
  }
  selected.archive = std::move(archive);
  selected.count = selected.arrays[0].reader->count();
  TF_NPZ_RETURN_IF_ERROR(CheckLengths(selected, selection));
  return selected;
}

Status CheckLoads(const SelectedArrays& selected, const Selection& selection,
                  uint64_t memory_limit) {
  uint64_t size = 0;
  for (const SelectedArray& array : selected.arrays) {
    if (!selection.rows || !array.reader->must_load()) continue;
    size += array.reader->load_size();
    if (size <= memory_limit) continue;
    return ResourceExhausted(
        array.reader->context() +
        "rows of compressed arrays in Fortran order need all of their bytes in memory, here " +
        std::to_string(size) + ", but memory_limit is " + std::to_string(memory_limit) +
        "; raise it, or save the arrays in C order");
  }
  return OkStatus();
}

Result<std::vector<ArrayData>> ReadSelection(std::shared_ptr<Archive> archive,
                                             const Selection& selection,
                                             const ReadOptions& options) {
  TF_NPZ_ASSIGN_OR_RETURN(SelectedArrays selected,
                          OpenSelection(std::move(archive), selection, options));
  std::vector<ArrayData> all(selection.specs.size());
  for (const SelectedArray& array : selected.arrays) {
    ArrayReader& reader = *array.reader;
    // The memory that it is loaded into becomes the result's, where that is aligned as it must be.
    // Where it isn't, a large array is better decoded to its place.
    const bool serves = reader.header().data_offset % kBufferAlignment == 0;
    if (reader.load_size() > 0 && (serves || reader.load_size() <= kMaxCopied)) {
      TF_NPZ_RETURN_IF_ERROR(reader.Load());
    }
    TF_NPZ_ASSIGN_OR_RETURN(std::vector<ArrayData> data, reader.ReadAll());
    for (size_t i = 0; i < data.size(); ++i) all[array.components[i]] = std::move(data[i]);
  }
  return all;
}

}  // namespace tf_npz
