#include "cc/reader/merge_spec.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "cc/base/text.h"
#include "cc/reader/request_errors.h"

namespace tf_npz {
namespace {

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
  if (a.is_missing || b.is_missing) return true;
  if (a.spec.type != b.spec.type) return false;
  return (!IsTime(a.dtype) && !IsTime(b.dtype)) || a.dtype.name() == b.dtype.name();
}

// A dtype that all files may be cast to, where a component has `keys`. nullopt if there is none.
std::optional<ElementType> CommonTypeOf(const FieldPath& keys,
                                        const std::vector<const InferredSpec*>& specs) {
  std::vector<const InferredComponent*> components;
  for (const InferredSpec* const spec : specs) {
    for (const InferredComponent& component : spec->components) {
      if (component.keys == keys && !component.is_missing) components.push_back(&component);
    }
  }
  std::optional<ElementType> common = components.at(0)->spec.type;
  for (const InferredComponent* const component : components) {
    if (common) common = CommonType(*common, component->spec.type);
  }
  const bool is_cast = common && std::all_of(components.begin(), components.end(),
                                             [&common](const InferredComponent* component) {
                                               return CheckCast(component->dtype, *common).ok();
                                             });
  return is_cast ? common : std::nullopt;
}

// What to do if CanMerge is false. `all` are the specs of all files.
std::string MergeAdvice(const InferredComponent& a, const InferredComponent& b,
                        const std::vector<const InferredSpec*>& all) {
  if (a.spec.type == b.spec.type) {
    return "read them as two datasets, bring them to one unit, and concatenate";
  }
  const std::optional<ElementType> common = CommonTypeOf(a.keys, all);
  if (!common) return "read them as two datasets, bring them to one dtype, and concatenate";
  const std::string type(ElementTypeName(*common));
  return a.keys.empty() ? "pass dtypes=\"" + type + "\" to cast them"
                        : "pass dtypes with \"" + type + "\" for " + KeysText(a.keys);
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
  files.reserve(specs.size());
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
    lengths.reserve(common.size());
    for (const std::string& name : common) lengths.push_back({name, arrays.at(name).rows});
    common = KeysOfOneLength(lengths);
  }
  return common;
}

}  // namespace

Status MergeSpec(const InferredSpec& other, const std::vector<const InferredSpec*>& all,
                 InferredSpec* merged) {
  if (!HaveSameKeys(*merged, other)) {
    const std::string differ = merged->label + " has " + KeysText(merged->components) + ", " +
                               other.label + " has " + KeysText(other.components) + "; ";
    if (merged->is_array) {
      return InvalidArgument("arrays hold different fields: " + differ +
                             "pass element_spec with fields that all of them have");
    }
    const std::vector<std::string> common = CommonKeys(all);
    return InvalidArgument(
        "files hold different arrays: " + differ +
        (common.empty() ? "" : "pass keys that all files have: " + QuoteList(common) + ", or ") +
        "leave out the files that differ");
  }
  for (size_t i = 0; i < merged->components.size(); ++i) {
    InferredComponent& a = merged->components[i];
    const InferredComponent& b = other.components[i];
    if (!CanMerge(a, b)) {
      return InvalidArgument((merged->is_array ? "arrays" : "files") +
                             std::string(" differ in the dtype") +
                             (a.keys.empty() ? "" : " of " + KeysText(a.keys)) + ": " +
                             a.dtype.name() + " in " + merged->label + ", " + b.dtype.name() +
                             " in " + other.label + "; " + MergeAdvice(a, b, all));
    }
    if (a.is_missing) {
      a = b;
    } else if (!b.is_missing) {
      WidenShape(b.spec.shape, &a.spec.shape);
    }
  }
  merged->may_be_sample &= other.may_be_sample;
  return OkStatus();
}

}  // namespace tf_npz
