#include "cc/reader/spec.h"

#include <algorithm>
#include <cstddef>
#include <map>
#include <string_view>
#include <utility>

#include "cc/base/text.h"
#include "cc/io/buffer.h"
#include "cc/reader/element_layout.h"
#include "cc/reader/inspect.h"
#include "cc/reader/request_errors.h"

namespace tf_npz {
namespace {

// A range of neighbours in MemberFacts::components.
struct ComponentRange {
  const ComponentFacts* begin = nullptr;
  const ComponentFacts* end = nullptr;

  Status Problem() const { return ProblemOf(begin, end); }
};

bool BeginsWith(const FieldPath& path, const FieldPath& beginning) {
  return beginning.size() <= path.size() &&
         std::equal(beginning.begin(), beginning.end(), path.begin());
}

ComponentRange AllComponents(const MemberFacts& array) {
  return {array.components.data(), array.components.data() + array.components.size()};
}

// The components of an array, found by the field that they are within.
class FieldIndex {
 public:
  // `array` must outlive the index.
  explicit FieldIndex(const MemberFacts& array) {
    sorted_.reserve(array.components.size());
    for (const ComponentFacts& facts : array.components) sorted_.push_back(&facts);
    std::sort(sorted_.begin(), sorted_.end(),
              [](const auto* a, const auto* b) { return a->path < b->path; });
  }

  // The components within the field at `path`. Empty if there are none.
  ComponentRange Within(const FieldPath& path) const {
    const auto begin =
        std::lower_bound(sorted_.begin(), sorted_.end(), path,
                         [](const auto* facts, const auto& path) { return facts->path < path; });
    const auto end = std::find_if_not(
        begin, sorted_.end(), [&](const auto* facts) { return BeginsWith(facts->path, path); });
    if (begin == end) return {};
    // Components within one field are neighbours in the array too, in another order.
    const ComponentFacts* const first = *std::min_element(begin, end);
    return {first, first + (end - begin)};
  }

 private:
  std::vector<const ComponentFacts*> sorted_;  // by path
};

// An array that keys name, perhaps several times, and what finds its fields.
struct NamedArray {
  explicit NamedArray(MemberFacts member)
      : facts(std::move(member)), finder(facts.header.dtype), index(facts) {}
  NamedArray(const NamedArray&) = delete;

  const MemberFacts facts;
  FieldFinder finder;
  const FieldIndex index;
};

bool HasLength(const ArrayLength& array) { return array.length.has_value(); }

// The length of an array as rows need it.
std::optional<int64_t> LengthOf(const MemberFacts& array) {
  const std::vector<int64_t>& shape = array.header.shape;
  return shape.empty() ? std::optional<int64_t>() : shape[0];
}

// The outermost fields of an array that can be read, by name. Empty if it has no fields.
std::vector<ArrayLength> ReadableFields(const MemberFacts& array) {
  std::map<std::string, ComponentRange> fields;
  const ComponentRange all = AllComponents(array);
  for (const ComponentFacts* facts = all.begin; facts != all.end; ++facts) {
    if (facts->path.empty()) continue;
    fields.try_emplace(facts->path[0], ComponentRange{facts}).first->second.end = facts + 1;
  }
  std::vector<ArrayLength> readable;
  for (const auto& [name, field] : fields) {
    if (field.Problem().ok()) readable.push_back({name, LengthOf(array)});
  }
  return readable;
}

// Adds to `problem`, the error of an array or field that the caller did not name, the keys of
// `readable` arrays or fields.
Status RefuseUnnamed(const Status& problem, const std::vector<ArrayLength>& readable, bool rows) {
  const bool is_of_this_array = problem.code() == Code::kUnimplemented ||
                                problem.code() == Code::kDataLoss ||
                                problem.code() == Code::kResourceExhausted;
  if (!is_of_this_array || readable.empty()) return problem;
  std::vector<ArrayLength> arrays = readable;
  const bool has_rows = std::any_of(arrays.begin(), arrays.end(), HasLength);
  if (!rows) {
    for (ArrayLength& array : arrays) array.length.reset();  // any lengths go together
  }
  return Status(problem.code(), problem.message() + "; to read the others, pass " +
                                    (rows && !has_rows ? "rows=False and keys: " : "keys: ") +
                                    QuoteList(KeysOfOneLength(arrays)));
}

// Collects the components of one file.
class SpecBuilder {
 public:
  SpecBuilder(std::shared_ptr<Archive> archive, const SpecRequest& request)
      : archive_(std::move(archive)), request_(request), pool_(BufferPool::New(0)) {
    spec_.label = archive_->label();
  }

  Result<InferredSpec> Build(const ZipEntry* only) {
    if (request_.each_array) {
      TF_NPZ_RETURN_IF_ERROR(AddOnly(only));
    } else if (request_.keys) {
      TF_NPZ_RETURN_IF_ERROR(AddKeys(*request_.keys));
    } else {
      TF_NPZ_RETURN_IF_ERROR(archive_->is_npz() ? AddArrays() : AddNpy());
    }
    if (!no_rows_.ok() && !spec_.count) return no_rows_;
    if (lengths_differ_) return LengthsDiffer(*archive_, lengths_);
    spec_.may_be_sample = !no_rows_.ok();
    return std::move(spec_);
  }

 private:
  Status AddOnly(const ZipEntry* entry) {
    spec_.is_array = true;
    if (request_.keys) return OkStatus();  // its name alone is wanted
    std::string name;
    if (entry != nullptr) {
      name = ArrayName(entry->name);
      spec_.label += "[" + Quote(name) + "]";
    }
    const MemberFacts array = InspectMember(archive_, entry, name, pool_);
    TF_NPZ_RETURN_IF_ERROR(array.Problem());
    return AddComponents(entry, array, AllComponents(array), {});
  }

  Status AddNpy() {
    const MemberFacts array = InspectMember(archive_, nullptr, "", pool_);
    TF_NPZ_RETURN_IF_ERROR(RefuseUnnamed(array.Problem(), ReadableFields(array), request_.rows));
    return AddComponents(nullptr, array, AllComponents(array), {});
  }

  Status AddKeys(const std::vector<FieldPath>& keys) {
    std::map<const ZipEntry*, NamedArray> arrays;
    for (size_t i = 0; i < keys.size(); ++i) {
      TF_NPZ_ASSIGN_OR_RETURN(const FieldPath* const chosen, Choose(i));
      if (chosen == nullptr) {
        AddMissing(keys[i]);
        continue;
      }
      const ZipEntry* entry = nullptr;
      FieldPath path = *chosen;
      if (archive_->is_npz()) {
        TF_NPZ_ASSIGN_OR_RETURN(entry, archive_->Find(path[0]));
        path.erase(path.begin());
      }
      auto found = arrays.find(entry);
      if (found == arrays.end()) {
        const std::string name = entry == nullptr ? "" : (*chosen)[0];
        found = arrays.try_emplace(entry, InspectMember(archive_, entry, name, pool_)).first;
      }
      TF_NPZ_RETURN_IF_ERROR(AddField(entry, &found->second, path, keys[i]));
    }
    return OkStatus();
  }

  // The key that is read for key `i`. Null if the file has none of its arrays, and may have none.
  Result<const FieldPath*> Choose(size_t i) const {
    const FieldPath& first = (*request_.keys)[i];
    if (request_.alternatives.empty()) return &first;
    const auto& [others, is_optional] = request_.alternatives[i];
    if (others.empty() && !is_optional) return &first;
    if (!archive_->is_npz()) return FirstOfNpy().WithContext(spec_.label + ": ");
    if (archive_->Has(first[0])) return &first;
    std::vector<std::string> wanted = {first[0]};
    for (const FieldPath& other : others) {
      if (archive_->Has(other[0])) return &other;
      wanted.push_back(other[0]);
    }
    if (is_optional) return nullptr;
    return NoneOf(wanted, archive_->Names()).WithContext(spec_.label + ": ");
  }

  void AddMissing(const FieldPath& key) {
    InferredComponent component;
    component.keys = key;
    component.spec.shape.emplace();
    component.place = spec_.components.size();
    component.is_missing = true;
    spec_.components.push_back(std::move(component));
  }

  // Adds the field at `path` of `array`. `key` is what the caller calls it.
  Status AddField(const ZipEntry* entry, NamedArray* array, const FieldPath& path,
                  const FieldPath& key) {
    const MemberFacts& facts = array->facts;
    TF_NPZ_RETURN_IF_ERROR(facts.status);
    if (path.empty()) return AddComponents(entry, facts, AllComponents(facts), key);
    if (entry == nullptr && facts.header.dtype.kind != DType::Kind::kStruct) {
      return WithAdvice(KeyOfUnnamedArray(path[0]), ComponentSpec(), kLeaveKeysOut)
          .WithContext(archive_->Context(nullptr));
    }
    TF_NPZ_RETURN_IF_ERROR(array->finder.Find(path).status().WithContext(archive_->Context(entry)));
    const ComponentRange range = array->index.Within(path);
    if (range.begin == range.end) return NothingWithin(archive_->Context(entry, path));
    return AddComponents(entry, facts, range, key, path.size());
  }

  // Members that are not arrays are left out.
  Status AddArrays() {
    std::vector<std::pair<const ZipEntry*, MemberFacts>> arrays;
    for (const auto& [name, entry] : archive_->Named()) {
      MemberFacts member = InspectMember(archive_, entry, name, pool_);
      if (member.is_array) arrays.emplace_back(entry, std::move(member));
    }
    if (arrays.empty()) {
      return archive_->NoArrays();
    }
    std::vector<ArrayLength> readable;
    for (const auto& [entry, array] : arrays) {
      if (array.Problem().ok()) readable.push_back({array.name, LengthOf(array)});
    }
    for (const auto& [entry, array] : arrays) {
      TF_NPZ_RETURN_IF_ERROR(RefuseUnnamed(array.Problem(), readable, request_.rows));
    }
    for (const auto& [entry, array] : arrays) {
      TF_NPZ_RETURN_IF_ERROR(AddComponents(entry, array, AllComponents(array), {array.name}));
    }
    SortByKeys(spec_.components.begin());  // across arrays: the caller gave no order
    return OkStatus();
  }

  // Adds the components in `range` of `array`. They are called `prefix`, and then what follows the
  // first `depth` names of their path.
  Status AddComponents(const ZipEntry* entry, const MemberFacts& array, ComponentRange range,
                       const FieldPath& prefix, size_t depth = 0) {
    TF_NPZ_RETURN_IF_ERROR(array.status);
    TF_NPZ_RETURN_IF_ERROR(range.Problem());
    if (range.begin == range.end) return NothingWithin(archive_->Context(entry));
    if (request_.rows) lengths_.push_back({array.name, LengthOf(array)});
    if (no_rows_.ok() && request_.rows && array.header.shape.empty()) {
      no_rows_ = NoRows().WithContext(archive_->Context(entry));
    }
    const auto first = static_cast<std::ptrdiff_t>(spec_.components.size());
    for (const ComponentFacts* facts = range.begin; facts != range.end; ++facts) {
      InferredComponent component;
      component.keys = prefix;
      component.keys.insert(component.keys.end(),
                            facts->path.begin() + static_cast<std::ptrdiff_t>(depth),
                            facts->path.end());
      component.dtype = facts->dtype;
      component.spec.type = facts->type;
      const Result<ElementLayout> layout = LayoutElements(
          array.header.shape, request_.rows, request_.row_selection, SlicesOf(component.keys));
      if (!layout.ok()) return layout.status().WithContext(archive_->Context(entry, facts->path));
      if (layout->has_rows && !layout->is_repeated) {
        AddCount(*layout);
      }
      component.spec.shape = layout->element_shape;
      component.spec.shape->insert(
          component.spec.shape->end(),
          facts->shape.begin() + static_cast<std::ptrdiff_t>(array.header.shape.size()),
          facts->shape.end());
      TF_NPZ_RETURN_IF_ERROR(
          RequestCast(&component).WithContext(archive_->Context(entry, facts->path)));
      component.place = spec_.components.size();
      spec_.components.push_back(std::move(component));
    }
    SortByKeys(spec_.components.begin() + first);
    return OkStatus();
  }

  // Makes `component` what the request casts it to.
  Status RequestCast(InferredComponent* component) const {
    for (const CastRequest& cast : request_.casts) {
      // The only array of an .npy is always named alone.
      const bool is_named = component->keys.empty() ||
                            (!cast.only_numbers && component->keys.size() == cast.keys.size());
      if (!BeginsWith(component->keys, cast.keys)) continue;
      if (!is_named && !IsNumber(component->dtype)) continue;
      TF_NPZ_RETURN_IF_ERROR(CastTo(cast.type, component));
    }
    return OkStatus();
  }

  static Status CastTo(ElementType type, InferredComponent* component) {
    ComponentSpec& spec = component->spec;
    const DType& dtype = component->dtype;
    spec.casts = true;
    if (spec.type == type) return OkStatus();
    if (!CanReadAs(dtype, type)) {
      const Status cast = CheckCast(dtype, type);
      if (!cast.ok()) return CannotCast(dtype, type, cast);
    }
    if (AddsDimension(dtype, spec.type)) spec.shape->pop_back();
    spec.type = type;
    return OkStatus();
  }

  // Dates and bools are none, nor are raw bytes.
  static bool IsNumber(const DType& dtype) {
    return dtype.kind == DType::Kind::kInt || dtype.kind == DType::Kind::kUInt ||
           dtype.kind == DType::Kind::kFloat || dtype.kind == DType::Kind::kComplex ||
           dtype.kind == DType::Kind::kMlDtype;
  }

  static Status NothingWithin(const std::string& context) {
    return InvalidArgument(
        context + "its structured dtype has no fields, so an element would have no component");
  }

  void AddCount(const ElementLayout& layout) {
    lengths_differ_ |= rows_.value_or(layout.row_count) != layout.row_count;
    rows_ = layout.row_count;
    spec_.count = layout.count;
  }

  // What the request takes of the array of a component with `keys`. The longest of its keys counts.
  const Slices& SlicesOf(const FieldPath& keys) const {
    static const SliceRequest kAll;
    const SliceRequest* found = &kAll;
    for (const SliceRequest& request : request_.slices) {
      if (BeginsWith(keys, request.keys) && request.keys.size() >= found->keys.size()) {
        found = &request;
      }
    }
    return found->slices;
  }

  void SortByKeys(std::vector<InferredComponent>::iterator begin) {
    std::sort(
        begin, spec_.components.end(),
        [](const InferredComponent& a, const InferredComponent& b) { return a.keys < b.keys; });
  }

  const std::shared_ptr<Archive> archive_;
  const SpecRequest& request_;
  const std::shared_ptr<BufferPool> pool_;
  InferredSpec spec_;
  std::vector<ArrayLength> lengths_;  // of the arrays whose rows are read
  std::optional<int64_t> rows_;       // of an array
  bool lengths_differ_ = false;
  Status no_rows_;  // the error of the first array without rows, if no other array has rows
};

}  // namespace

Result<InferredSpec> InferSpec(const std::shared_ptr<Archive>& archive, const SpecRequest& request,
                               const ZipEntry* entry) {
  return SpecBuilder(archive, request).Build(entry);
}

std::vector<InferredComponent> ByPlace(std::vector<InferredComponent> components) {
  std::sort(
      components.begin(), components.end(),
      [](const InferredComponent& a, const InferredComponent& b) { return a.place < b.place; });
  return components;
}

}  // namespace tf_npz
