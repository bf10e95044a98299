#include "cc/reader/spec.h"

#include <algorithm>
#include <cstddef>
#include <map>
#include <string_view>
#include <utility>

#include "cc/base/text.h"
#include "cc/io/buffer.h"
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

ComponentRange AllComponents(const MemberFacts& array) {
  return {array.components.data(), array.components.data() + array.components.size()};
}

// The components within each field of a structured array; empty for any other array.
std::map<std::string_view, ComponentRange> ComponentsByField(const MemberFacts& array) {
  std::map<std::string_view, ComponentRange> fields;
  const ComponentRange all = AllComponents(array);
  for (const ComponentFacts* facts = all.begin; facts != all.end; ++facts) {
    if (facts->path.empty()) continue;
    ComponentRange& field = fields.try_emplace(facts->path[0], ComponentRange{facts}).first->second;
    field.end = facts + 1;
  }
  return fields;
}

bool HasLength(const ArrayLength& array) { return array.length.has_value(); }

// The length of an array as rows need it.
std::optional<int64_t> LengthOf(const MemberFacts& array) {
  const std::vector<int64_t>& shape = array.header.shape;
  return shape.empty() ? std::optional<int64_t>() : shape[0];
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

  Result<InferredSpec> Build() {
    TF_NPZ_RETURN_IF_ERROR(archive_->is_npz() ? AddArrays() : AddNpy());
    if (!no_rows_.ok() && !spec_.count) return no_rows_;
    if (lengths_differ_) spec_.count.reset();
    spec_.may_be_sample = lengths_differ_ || !no_rows_.ok();
    return std::move(spec_);
  }

 private:
  Status AddNpy() {
    const MemberFacts array = InspectMember(archive_, nullptr, "", pool_);
    if (!request_.keys) {
      std::vector<ArrayLength> readable;
      for (const auto& [name, field] : ComponentsByField(array)) {
        if (field.Problem().ok()) readable.push_back({std::string(name), LengthOf(array)});
      }
      TF_NPZ_RETURN_IF_ERROR(RefuseUnnamed(array.Problem(), readable, request_.rows));
      return AddComponents(nullptr, array, AllComponents(array), {});
    }
    TF_NPZ_RETURN_IF_ERROR(array.status);
    const std::map<std::string_view, ComponentRange> fields = ComponentsByField(array);
    FieldFinder finder(array.header.dtype);
    for (const std::string& key : *request_.keys) {
      if (array.header.dtype.kind != DType::Kind::kStruct) {
        return KeyOfUnnamedArray(key).WithContext(archive_->Context(nullptr));
      }
      TF_NPZ_RETURN_IF_ERROR(finder.Find({key}).status().WithContext(archive_->Context(nullptr)));
      const auto field = fields.find(key);
      if (field == fields.end()) {
        return NothingWithin(archive_->Context(nullptr, {key}));
      }
      TF_NPZ_RETURN_IF_ERROR(AddComponents(nullptr, array, field->second, {}));
    }
    return OkStatus();
  }

  Status AddArrays() {
    if (!request_.keys) return AddAllArrays();
    std::map<const ZipEntry*, MemberFacts> inspected;
    for (const std::string& key : *request_.keys) {
      TF_NPZ_ASSIGN_OR_RETURN(const ZipEntry* const entry, archive_->Find(key));
      auto found = inspected.find(entry);
      if (found == inspected.end()) {
        found = inspected.emplace(entry, InspectMember(archive_, entry, key, pool_)).first;
      }
      const MemberFacts& array = found->second;
      TF_NPZ_RETURN_IF_ERROR(AddComponents(entry, array, AllComponents(array), {key}));
    }
    return OkStatus();
  }

  // Members that are not arrays are left out.
  Status AddAllArrays() {
    std::vector<std::pair<const ZipEntry*, MemberFacts>> arrays;
    for (const auto& [name, entry] : archive_->Named()) {
      MemberFacts member = InspectMember(archive_, entry, name, pool_);
      if (member.is_array) arrays.emplace_back(entry, std::move(member));
    }
    if (arrays.empty()) {
      return InvalidArgument(spec_.label +
                             ": holds no arrays, so an element would have no component" +
                             archive_->ButOtherProgram());
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
    // The caller did not ask to repeat arrays, and it is unclear how often.
    if (!no_rows_.ok() && lengths_differ_) {
      const auto single = std::find_if(arrays.begin(), arrays.end(),
                                       [](const auto& item) { return !LengthOf(item.second); });
      return InvalidArgument(archive_->Context(single->first) +
                             "has no dimensions, and the other arrays differ in length; " +
                             LengthAdvice(*archive_, readable));
    }
    SortByKeys(spec_.components.begin());  // across arrays: the caller gave no order
    return OkStatus();
  }

  // Adds the components in `range` of `array`. `prefix` leads to the array.
  Status AddComponents(const ZipEntry* entry, const MemberFacts& array, ComponentRange range,
                       const FieldPath& prefix) {
    TF_NPZ_RETURN_IF_ERROR(array.status);
    TF_NPZ_RETURN_IF_ERROR(range.Problem());
    if (range.begin == range.end) return NothingWithin(archive_->Context(entry));
    // An array without dimensions is repeated for each row of the others.
    const bool has_rows = request_.rows && !array.header.shape.empty();
    if (has_rows) AddCount(array.header.shape[0]);
    if (no_rows_.ok() && request_.rows && !has_rows) {
      no_rows_ = NoRows().WithContext(archive_->Context(entry));
    }
    const auto first = static_cast<std::ptrdiff_t>(spec_.components.size());
    for (const ComponentFacts* facts = range.begin; facts != range.end; ++facts) {
      InferredComponent component;
      component.keys = prefix;
      component.keys.insert(component.keys.end(), facts->path.begin(), facts->path.end());
      component.dtype = facts->dtype;
      if (has_rows) component.rows = array.header.shape[0];
      component.spec.type = facts->type;
      component.spec.shape.emplace(facts->shape.begin() + (has_rows ? 1 : 0), facts->shape.end());
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
      const bool is_within =
          cast.keys.size() <= component->keys.size() &&
          std::equal(cast.keys.begin(), cast.keys.end(), component->keys.begin());
      // The only array of an .npy is always named alone.
      const bool is_named = component->keys.empty() ||
                            (!cast.only_numbers && component->keys.size() == cast.keys.size());
      if (!is_within || (!is_named && !IsNumber(component->dtype))) continue;
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
      if (!cast.ok()) {
        return InvalidArgument("holds " + dtype.name() + ", but dtypes says " +
                               std::string(ElementTypeName(type)) + "; " + cast.message());
      }
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

  void AddCount(int64_t count) {
    lengths_differ_ |= spec_.count.value_or(count) != count;
    spec_.count = count;
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
  bool lengths_differ_ = false;
  Status no_rows_;  // the error of the first array without rows, if no other array has rows
};

// "x"["a"]: the name of an array, then names of fields in brackets.
std::string KeysText(const FieldPath& keys) {
  std::string text = Quote(keys[0]);
  for (size_t i = 1; i < keys.size(); ++i) text += "[" + Quote(keys[i]) + "]";
  return text;
}

std::string KeysText(const std::vector<InferredComponent>& components) {
  if (components.size() == 1 && components[0].keys.empty()) {
    return "one without a name, as an .npy does";
  }
  return List(components.size(), [&](size_t i) { return KeysText(components[i].keys); });
}

bool HaveSameKeys(const InferredSpec& a, const InferredSpec& b) {
  return std::equal(
      a.components.begin(), a.components.end(), b.components.begin(), b.components.end(),
      [](const InferredComponent& a, const InferredComponent& b) { return a.keys == b.keys; });
}

bool IsTime(const DType& dtype) {
  return dtype.kind == DType::Kind::kDateTime || dtype.kind == DType::Kind::kTimeDelta;
}

// Whether both become tensors of one type, with one meaning. Datetimes of all units become int64,
// but the same number means another time in another unit.
bool CanMerge(const InferredComponent& a, const InferredComponent& b) {
  if (a.spec.type != b.spec.type) return false;
  return (!IsTime(a.dtype) && !IsTime(b.dtype)) || a.dtype.name() == b.dtype.name();
}

// What to do if CanMerge is false.
std::string MergeAdvice(const InferredComponent& a, const InferredComponent& b) {
  if (a.spec.type == b.spec.type) {
    return "read them as two datasets, bring them to one unit, and concatenate";
  }
  const std::optional<ElementType> common = CommonType(a.spec.type, b.spec.type);
  if (common && CheckCast(a.dtype, *common).ok() && CheckCast(b.dtype, *common).ok()) {
    const std::string type(ElementTypeName(*common));
    return a.keys.empty() ? "pass dtypes=\"" + type + "\" to cast them"
                          : "pass dtypes with \"" + type + "\" for " + KeysText(a.keys);
  }
  return "read them as two datasets, bring them to one dtype, and concatenate";
}

// One array of a spec: the keys of its components, and its rows.
struct ArrayKeys {
  std::vector<FieldPath> keys;
  std::optional<int64_t> rows;
};

// The arrays by name, or, for an `.npy`, its fields. Empty for an `.npy` without fields.
std::map<std::string_view, ArrayKeys> ByName(const InferredSpec& spec) {
  std::map<std::string_view, ArrayKeys> arrays;
  for (const InferredComponent& component : spec.components) {
    if (component.keys.empty()) continue;
    ArrayKeys& array = arrays[component.keys[0]];
    array.keys.push_back(component.keys);
    array.rows = component.rows;
  }
  return arrays;
}

// Keys with which all files can be read together. Empty: there are none.
std::vector<std::string> CommonKeys(const std::vector<const InferredSpec*>& specs) {
  using Arrays = std::map<std::string_view, ArrayKeys>;
  std::vector<Arrays> files;
  for (const InferredSpec* const spec : specs) files.push_back(ByName(*spec));
  std::vector<std::string> common;
  for (const auto& first : files[0]) {
    const bool is_common = std::all_of(files.begin(), files.end(), [&first](const Arrays& arrays) {
      const auto found = arrays.find(first.first);
      return found != arrays.end() && found->second.keys == first.second.keys;
    });
    if (is_common) common.emplace_back(first.first);
  }
  for (const Arrays& arrays : files) {
    std::vector<ArrayLength> lengths;
    for (const std::string& name : common) lengths.push_back({name, arrays.at(name).rows});
    common = KeysOfOneLength(lengths);
  }
  return common;
}

}  // namespace

Result<InferredSpec> InferSpec(const std::shared_ptr<Archive>& archive,
                               const SpecRequest& request) {
  return SpecBuilder(archive, request).Build();
}

std::vector<InferredComponent> ByPlace(std::vector<InferredComponent> components) {
  std::sort(
      components.begin(), components.end(),
      [](const InferredComponent& a, const InferredComponent& b) { return a.place < b.place; });
  return components;
}

Status MergeSpec(const InferredSpec& other, const std::vector<const InferredSpec*>& all,
                 InferredSpec* merged) {
  if (!HaveSameKeys(*merged, other)) {
    const std::vector<std::string> common = CommonKeys(all);
    return InvalidArgument(
        "files hold different arrays: " + merged->label + " has " + KeysText(merged->components) +
        ", " + other.label + " has " + KeysText(other.components) + "; " +
        (common.empty() ? "" : "pass keys that all files have: " + QuoteList(common) + ", or ") +
        "leave out the files that differ");
  }
  for (size_t i = 0; i < merged->components.size(); ++i) {
    InferredComponent& a = merged->components[i];
    const InferredComponent& b = other.components[i];
    if (!CanMerge(a, b)) {
      return InvalidArgument("files differ in the dtype" +
                             (a.keys.empty() ? "" : " of " + KeysText(a.keys)) + ": " +
                             a.dtype.name() + " in " + merged->label + ", " + b.dtype.name() +
                             " in " + other.label + "; " + MergeAdvice(a, b));
    }
    WidenShape(b.spec.shape, &a.spec.shape);
  }
  merged->may_be_sample &= other.may_be_sample;
  return OkStatus();
}

}  // namespace tf_npz
