#include "cc/reader/selection.h"

#include <algorithm>
#include <optional>
#include <unordered_map>
#include <utility>

#include "cc/base/text.h"
#include "cc/reader/made_array.h"
#include "cc/reader/request_errors.h"

namespace tf_npz {
namespace {

// An array of up to this size (bytes) is loaded even if it must be copied afterwards. The faster
// decoder gains more than the copy costs, but the array takes its memory twice.
constexpr uint64_t kMaxCopied = uint64_t{32} << 20;

// The number of keys of component `i`, of which the file needs one. As a choice it stands for
// ComponentSource::fallback.
size_t KeyCount(const Selection& selection, size_t i) {
  return 1 + selection.source(i).others.size();
}

const FieldPath& KeyOf(const Selection& selection, size_t i, size_t choice) {
  return choice == 0 ? selection.keys[i] : selection.source(i).others[choice - 1];
}

// An array, and the components that it holds. They are read together.
struct FoundArray {
  const ZipEntry* entry = nullptr;  // null: of an `.npy`
  std::vector<size_t> components;   // indices in Selection::keys
  std::vector<size_t> choices;      // which of its keys each component takes
};

// Whether each key begins with the name of an array.
bool AreArraysNamed(const Selection& selection, const Archive& archive) {
  return archive.is_npz() && !selection.each_array;
}

// The part of the selection for one array.
ArraySelection SelectionOfArray(const Selection& selection, const Archive& archive,
                                const FoundArray& array) {
  ArraySelection wanted;
  wanted.rows = selection.rows;
  wanted.row_selection = selection.row_selection;
  wanted.slices = selection.slices_of(array.components[0]);
  for (size_t n = 0; n < array.components.size(); ++n) {
    const size_t i = array.components[n];
    FieldPath path;
    if (array.choices[n] == KeyCount(selection, i)) {
      wanted.is_element = true;
    } else {
      path = KeyOf(selection, i, array.choices[n]);
      if (AreArraysNamed(selection, archive)) path.erase(path.begin());
    }
    wanted.components.push_back({std::move(path), selection.specs[i]});
  }
  return wanted;
}

// The keys of an `.npy` are names of fields, so its array must have fields.
Status CheckNpyKeys(const ArraySelection& wanted, const NpyHeader& header) {
  if (header.dtype.kind == DType::Kind::kStruct) return OkStatus();
  for (const ArraySelection::Part& part : wanted.components) {
    if (part.path.empty()) continue;
    return WithAdvice(KeyOfUnnamedArray(part.path[0]), part.spec, kLeaveKeysOut);
  }
  return OkStatus();
}

// Opens arrays of one file.
class ArrayOpener {
 public:
  ArrayOpener(std::shared_ptr<Archive> archive, const Selection& selection,
              const ReadOptions& options, PlanCache* cache)
      : archive_(std::move(archive)), selection_(selection), options_(options), cache_(cache) {}

  Result<SelectedArray> Open(FoundArray array) const {
    FieldPath culprit;
    Result<std::unique_ptr<ArrayReader>> reader = OpenReader(array, &culprit);
    if (!reader.ok()) return reader.status().WithContext(archive_->Context(array.entry, culprit));
    return SelectedArray{std::move(*reader), std::move(array.components)};
  }

 private:
  // Header, plan, reader. A small member is verified before its header is compared with the
  // selection. So a damaged header is reported as damage, not as another spec.
  Result<std::unique_ptr<ArrayReader>> OpenReader(const FoundArray& array,
                                                  FieldPath* culprit) const {
    TF_NPZ_ASSIGN_OR_RETURN(std::unique_ptr<MemberReader> member,
                            MemberReader::Open(archive_, array.entry, options_));
    TF_NPZ_RETURN_IF_ERROR(member->LoadIfSmall());
    TF_NPZ_ASSIGN_OR_RETURN(std::string bytes, ReadHeaderBytes(*member));
    const PlanCache::Key key = {array.components, array.choices,
                                AreArraysNamed(selection_, *archive_)};
    std::shared_ptr<const ArrayPlan> plan = cache_ == nullptr ? nullptr : cache_->Find(bytes, key);
    if (plan != nullptr) {
      TF_NPZ_RETURN_IF_ERROR(Prepare(*member, plan->header));
    } else {
      TF_NPZ_ASSIGN_OR_RETURN(NpyHeader header, ParseNpyHeader(bytes));
      TF_NPZ_RETURN_IF_ERROR(Prepare(*member, header));
      TF_NPZ_ASSIGN_OR_RETURN(ArrayPlan made, MakePlan(std::move(header), array, culprit));
      made.header_bytes = std::move(bytes);
      plan = std::make_shared<const ArrayPlan>(std::move(made));
      if (cache_ != nullptr) cache_->Insert(key, plan);
    }
    return std::make_unique<ArrayReader>(std::move(member), std::move(plan));
  }

  // The steps between the header and the first element.
  Status Prepare(MemberReader& member, const NpyHeader& header) const {
    TF_NPZ_RETURN_IF_ERROR(SetWantedSize(member, header));
    TF_NPZ_RETURN_IF_ERROR(member.LoadIfSmall());  // gzip: its size is known only now
    // If there are no elements, no read will verify the checksum. But the header that says so may
    // be damaged.
    const bool is_empty = selection_.rows && !header.shape.empty() && header.shape[0] == 0;
    return is_empty ? member.Verify() : OkStatus();
  }

  Result<ArrayPlan> MakePlan(NpyHeader header, const FoundArray& array, FieldPath* culprit) const {
    const ArraySelection wanted = SelectionOfArray(selection_, *archive_, array);
    if (!archive_->is_npz() && !selection_.each_array) {
      TF_NPZ_RETURN_IF_ERROR(CheckNpyKeys(wanted, header));
    }
    return ArrayPlan::Make(std::move(header), wanted, culprit);
  }

  const std::shared_ptr<Archive> archive_;
  const Selection& selection_;
  const ReadOptions& options_;
  PlanCache* const cache_;
};

bool IsArray(const Selection& selection, size_t component) {
  return selection.source(component).kind == ComponentSource::Kind::kArray;
}

// The member of `archive` that is a source of its own; null if the archive is an `.npy`.
Result<const ZipEntry*> FindMember(const Archive& archive, std::optional<std::string_view> member) {
  if (archive.is_npz() && member) return archive.Find(*member);
  if (!archive.is_npz() && !member) return nullptr;
  if (archive.is_npz() && archive.Arrays().empty()) return archive.NoArrays();
  return InvalidArgument(
      archive.label() +
      ": has changed since its arrays were listed: make the dataset anew to read it");
}

// Which key of component `i` leads to an array of the file. KeyCount if it has none of them, but
// the component has a fallback.
Result<size_t> Choose(const Archive& archive, const Selection& selection, size_t i) {
  const ComponentSource& source = selection.source(i);
  const size_t count = KeyCount(selection, i);
  if (count == 1 && source.fallback.empty()) return 0;
  if (!archive.is_npz()) return FirstOfNpy().WithContext(archive.label() + ": ");
  for (size_t choice = 0; choice < count; ++choice) {
    if (archive.Has(KeyOf(selection, i, choice)[0])) return choice;
  }
  if (!source.fallback.empty()) return count;
  std::vector<std::string> wanted;
  for (size_t choice = 0; choice < count; ++choice) {
    wanted.push_back(KeyOf(selection, i, choice)[0]);
  }
  return NoneOf(wanted, archive.Names()).WithContext(archive.label() + ": ");
}

struct FoundArrays {
  std::vector<FoundArray> arrays;
  std::vector<size_t> missing;  // components that take their fallback
};

// `only` is the array that is a source of its own.
Result<FoundArrays> FindArrays(const Archive& archive, const Selection& selection,
                               const ZipEntry* only) {
  const bool are_named = AreArraysNamed(selection, archive);
  FoundArrays all;
  std::unordered_multimap<const ZipEntry*, size_t> known;  // index in all.arrays
  for (size_t i = 0; i < selection.keys.size(); ++i) {
    if (!IsArray(selection, i)) continue;
    const ZipEntry* entry = only;
    if (are_named && selection.keys[i].empty()) {
      const std::string names = archive.members().empty() ? "none" : QuoteList(archive.Names());
      return WithAdvice(InvalidArgument(archive.label() + ": is an .npz file"), selection.specs[i],
                        "; pass keys to say which of its arrays to read (it has " + names + ")");
    }
    TF_NPZ_ASSIGN_OR_RETURN(const size_t choice, Choose(archive, selection, i));
    if (choice == KeyCount(selection, i)) {
      all.missing.push_back(i);
      continue;
    }
    if (are_named) {
      const Result<const ZipEntry*> named = archive.Find(KeyOf(selection, i, choice)[0]);
      if (!named.ok()) return WithAdvice(named.status(), selection.specs[i]);
      entry = *named;
    }
    const auto [begin, end] = known.equal_range(entry);
    const auto same = std::find_if(begin, end, [&](const auto& array) {
      const size_t first = all.arrays[array.second].components[0];
      return selection.slices_of(first) == selection.slices_of(i);
    });
    const size_t index = same == end ? all.arrays.size() : same->second;
    if (same == end) {
      known.emplace(entry, index);
      all.arrays.push_back({entry, {}, {}});
    }
    all.arrays[index].components.push_back(i);
    all.arrays[index].choices.push_back(choice);
  }
  return all;
}

Status RefuseLengths(const Selection& selection, const SelectedArrays& selected) {
  std::vector<ArrayLength> arrays;
  for (const SelectedArray& array : selected.arrays) {
    ArrayLength& added = arrays.emplace_back();
    added.name = selection.keys[array.components[0]][0];
    const ArrayPlan& plan = *array.reader->plan();
    if (!plan.is_repeated) added.length = plan.row_count;
  }
  return LengthsDiffer(*selected.archive, arrays);
}

// Sets `count` to that of the arrays of the file that have elements of their own. All of them must
// have as many rows.
Status SetCount(const Selection& selection, SelectedArrays* opened) {
  SelectedArrays& selected = *opened;
  const SelectedArray* first = nullptr;
  for (const SelectedArray& array : selected.arrays) {
    if (array.reader->plan()->is_repeated) continue;
    if (first == nullptr) first = &array;
    selected.count = array.reader->count();
    const bool differs = array.reader->plan()->row_count != first->reader->plan()->row_count;
    if (differs && selection.rows) return RefuseLengths(selection, selected);
  }
  if (first != nullptr) return OkStatus();
  if (!selection.rows) {
    selected.count = 1;
    return OkStatus();
  }
  if (selected.arrays.empty())
    return NoArrayForRows().WithContext(selected.archive->label() + ": ");
  return NoRows().WithContext(selected.arrays[0].reader->context());
}

// The length that `source` asks for.
Result<int64_t> LengthOf(const ComponentSource& source, const SelectedArrays& selected) {
  for (const SelectedArray& array : selected.arrays) {
    for (size_t i = 0; i < array.components.size(); ++i) {
      if (array.components[i] != source.component) continue;
      const std::vector<int64_t>& shape = array.reader->components()[i].element_shape;
      const auto rank = static_cast<int64_t>(shape.size());
      if (-rank <= source.axis && source.axis < rank) {
        return shape[source.axis < 0 ? source.axis + rank : source.axis];
      }
      return NoAxis(source.axis, shape).WithContext(array.reader->context());
    }
  }
  return InvalidArgument("a length is asked of a component that is no array");
}

// An array of the file that has elements of its own.
const ArrayPlan& PlanWithRows(const SelectedArrays& selected) {
  const auto array = std::find_if(
      selected.arrays.begin(), selected.arrays.end(),
      [](const SelectedArray& candidate) { return !candidate.reader->plan()->is_repeated; });
  return *array->reader->plan();
}

// What made arrays have of `selection`: of row numbers, those of the first row of each element.
Selection SelectionOfMade(const Selection& selection, const SelectedArrays& selected) {
  Selection made = selection;
  made.slices.clear();
  made.row_selection = RowSelection();
  if (!selection.rows) return made;
  const ElementRows& elements = PlanWithRows(selected).elements;
  const int64_t first = elements.rows.first;
  Slice& rows = made.row_selection.slice;
  if (elements.count > 1) rows.step = elements.rows.step * elements.shift;
  rows.start = first;
  rows.stop = elements.count == 0 ? first : first + (elements.count - 1) * rows.step + 1;
  return made;
}

// The array of component `i`, which is not taken from the file.
Result<std::shared_ptr<Archive>> MakeArray(const Selection& selection, size_t i,
                                           const SelectedArrays& selected, std::string_view name) {
  const std::string& path = selected.archive->path();
  const ComponentSource& source = selection.source(i);
  switch (source.kind) {
    case ComponentSource::Kind::kFilename:
      return Archive::OpenFile(MakeText(path), path + "[FILENAME]");
    case ComponentSource::Kind::kArrayName:
      return Archive::OpenFile(MakeText(name), path + "[ARRAY_NAME]");
    case ComponentSource::Kind::kRow:
      if (!selection.rows) return RowOfWholeArrays().WithContext(selected.archive->label() + ": ");
      return Archive::OpenFile(MakeRowNumbers(PlanWithRows(selected).row_count), path + "[ROW]");
    case ComponentSource::Kind::kLength: {
      TF_NPZ_ASSIGN_OR_RETURN(const int64_t length, LengthOf(source, selected));
      return Archive::OpenFile(MakeNumber(length), path + "[Length]");
    }
    case ComponentSource::Kind::kArray:
      break;
  }
  // `selection` may be gone before the array is read.
  return Archive::OpenFile(NewOwnedFile(source.fallback),
                           path + "[" + Quote(selection.keys[i][0]) + "] (default)");
}

// Opens what the file does not hold. `missing` are the components that take their fallback. They
// come first, since a length may be that of one of them. `name` is that of the array that is a
// source of its own.
Status OpenMadeArrays(const Selection& selection, std::vector<size_t> missing,
                      const ReadOptions& options, PlanCache* cache, std::string_view name,
                      SelectedArrays* selected) {
  for (size_t i = 0; i < selection.keys.size(); ++i) {
    if (!IsArray(selection, i)) missing.push_back(i);
  }
  std::optional<Selection> made_selection;
  for (const size_t i : missing) {
    if (!made_selection) made_selection = SelectionOfMade(selection, *selected);
    TF_NPZ_ASSIGN_OR_RETURN(std::shared_ptr<Archive> made,
                            MakeArray(selection, i, *selected, name));
    const size_t choice = IsArray(selection, i) ? KeyCount(selection, i) : 0;
    const ArrayOpener opener(std::move(made), *made_selection, options, cache);
    TF_NPZ_ASSIGN_OR_RETURN(SelectedArray array, opener.Open({nullptr, {i}, {choice}}));
    selected->arrays.push_back(std::move(array));
  }
  return OkStatus();
}

}  // namespace

const Slices& Selection::slices_of(size_t key) const {
  static const Slices kAll;
  return slices.empty() ? kAll : slices[key];
}

Result<SelectedArrays> OpenSelection(std::shared_ptr<Archive> archive, const Selection& selection,
                                     const ReadOptions& options, PlanCache* cache,
                                     std::optional<std::string_view> member) {
  if (selection.specs.empty()) return InvalidArgument("no arrays are selected");
  const ZipEntry* only = nullptr;
  if (selection.each_array) {
    TF_NPZ_ASSIGN_OR_RETURN(only, FindMember(*archive, member));
  }
  SelectedArrays selected;
  TF_NPZ_ASSIGN_OR_RETURN(FoundArrays found, FindArrays(*archive, selection, only));
  const ArrayOpener opener(archive, selection, options, cache);
  for (FoundArray& array : found.arrays) {
    TF_NPZ_ASSIGN_OR_RETURN(SelectedArray opened, opener.Open(std::move(array)));
    selected.arrays.push_back(std::move(opened));
  }
  selected.archive = std::move(archive);
  TF_NPZ_RETURN_IF_ERROR(SetCount(selection, &selected));
  TF_NPZ_RETURN_IF_ERROR(OpenMadeArrays(selection, std::move(found.missing), options, cache,
                                        ArrayName(member.value_or("")), &selected));
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
    // If the data is aligned in the loaded member, the result shares the member's memory. If not,
    // it is copied from there; then it is better not to load a large array.
    // If only a part is wanted, the rest is not decoded.
    const bool serves = reader.header().data_offset % kBufferAlignment == 0;
    const bool gains = !reader.plan()->is_cut && (serves || reader.load_size() <= kMaxCopied);
    if (reader.load_size() > 0 && gains) {
      TF_NPZ_RETURN_IF_ERROR(reader.Load());
    }
    TF_NPZ_ASSIGN_OR_RETURN(std::vector<ArrayData> data, reader.ReadAll());
    for (size_t i = 0; i < data.size(); ++i) all[array.components[i]] = std::move(data[i]);
  }
  return all;
}

}  // namespace tf_npz
