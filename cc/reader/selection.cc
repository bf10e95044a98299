#include "cc/reader/selection.h"

#include <unordered_map>
#include <utility>

#include "cc/base/text.h"
#include "cc/reader/request_errors.h"

namespace tf_npz {
namespace {

// An array of up to this size is loaded even where it must be copied afterwards: the faster decoder
// gains more than the copy costs, but the memory is taken twice.
constexpr uint64_t kMaxCopied = uint64_t{32} << 20;

// What `components` of the selection take of one array.
ArraySelection SelectionOfArray(const Selection& selection, const Archive& archive,
                                const std::vector<size_t>& components) {
  ArraySelection wanted;
  wanted.rows = selection.rows;
  for (const size_t i : components) {
    FieldPath path = selection.keys[i];
    if (archive.is_npz()) path.erase(path.begin());
    wanted.components.push_back({std::move(path), selection.specs[i]});
  }
  return wanted;
}

// The keys of an `.npy` are names of fields: there must be fields.
Status CheckNpyKeys(const ArraySelection& wanted, const NpyHeader& header) {
  if (header.dtype.kind == DType::Kind::kStruct) return OkStatus();
  for (const ArraySelection::Part& part : wanted.components) {
    if (part.path.empty()) continue;
    return KeyOfUnnamedArray(part.path[0]);
  }
  return OkStatus();
}

// Opens arrays of one file.
class ArrayOpener {
 public:
  ArrayOpener(std::shared_ptr<Archive> archive, const Selection& selection,
              const ReadOptions& options, PlanCache* cache)
      : archive_(std::move(archive)), selection_(selection), options_(options), cache_(cache) {}

  // The array in `entry`, of which `components` of the selection are taken.
  Result<SelectedArray> Open(const ZipEntry* entry, std::vector<size_t> components) const {
    FieldPath culprit;
    Result<std::unique_ptr<ArrayReader>> reader = OpenReader(entry, components, &culprit);
    if (!reader.ok()) return reader.status().WithContext(archive_->Context(entry, culprit));
    return SelectedArray{std::move(*reader), std::move(components)};
  }

 private:
  // Header, plan, reader. What is small is verified before its header is held against the
  // selection: damage should not pass for a disagreement.
  Result<std::unique_ptr<ArrayReader>> OpenReader(const ZipEntry* entry,
                                                  const std::vector<size_t>& components,
                                                  FieldPath* culprit) const {
    TF_NPZ_ASSIGN_OR_RETURN(std::unique_ptr<MemberReader> member,
                            MemberReader::Open(archive_, entry, options_));
    TF_NPZ_RETURN_IF_ERROR(member->LoadIfSmall());
    TF_NPZ_ASSIGN_OR_RETURN(std::string bytes, ReadHeaderBytes(*member));
    const PlanCache::Key key = {components, archive_->is_npz()};
    std::shared_ptr<const ArrayPlan> plan = cache_ == nullptr ? nullptr : cache_->Find(bytes, key);
    if (plan != nullptr) {
      TF_NPZ_RETURN_IF_ERROR(Prepare(*member, plan->header));
    } else {
      TF_NPZ_ASSIGN_OR_RETURN(NpyHeader header, ParseNpyHeader(bytes));
      TF_NPZ_RETURN_IF_ERROR(Prepare(*member, header));
      TF_NPZ_ASSIGN_OR_RETURN(ArrayPlan made, MakePlan(std::move(header), components, culprit));
      made.header_bytes = std::move(bytes);
      plan = std::make_shared<const ArrayPlan>(std::move(made));
      if (cache_ != nullptr) cache_->Insert(key, plan);
    }
    return std::make_unique<ArrayReader>(std::move(member), std::move(plan));
  }

  // Everything that is done about the array with `header` before its first element is read.
  Status Prepare(MemberReader& member, const NpyHeader& header) const {
    TF_NPZ_RETURN_IF_ERROR(SetWantedSize(member, header));
    TF_NPZ_RETURN_IF_ERROR(member.LoadIfSmall());  // only the header tells the size of gzip
    // Nobody will read elements that there are none of, but whether there are none is for the
    // checksum to say.
    const bool is_empty = selection_.rows && !header.shape.empty() && header.shape[0] == 0;
    return is_empty ? member.Verify() : OkStatus();
  }

  Result<ArrayPlan> MakePlan(NpyHeader header, const std::vector<size_t>& components,
                             FieldPath* culprit) const {
    const ArraySelection wanted = SelectionOfArray(selection_, *archive_, components);
    if (!archive_->is_npz()) TF_NPZ_RETURN_IF_ERROR(CheckNpyKeys(wanted, header));
    return ArrayPlan::Make(std::move(header), wanted, culprit);
  }

  const std::shared_ptr<Archive> archive_;
  const Selection& selection_;
  const ReadOptions& options_;
  PlanCache* const cache_;
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
                                     const ReadOptions& options, PlanCache* cache) {
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
  const ArrayOpener opener(archive, selection, options, cache);
  for (auto& [entry, components] : arrays) {
    TF_NPZ_ASSIGN_OR_RETURN(SelectedArray array, opener.Open(entry, std::move(components)));
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
