#include "cc/reader/merge_spec.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>

#include "cc/base/text.h"

namespace tf_npz {
namespace {

// "x"["a"]: the name of an array, then names of fields in brackets.
std::string KeysText(const FieldPath& keys) {
  std::string text = Quote(keys[0]);
  for (size_t i = 1; i < keys.size(); ++i) text += "[" + Quote(keys[i]) + "]";
  return text;
}

bool IsTime(const DType& dtype) {
  return dtype.kind == DType::Kind::kDateTime || dtype.kind == DType::Kind::kTimeDelta;
}

// Datetimes of all units become int64, but the same number means another time in another unit.
bool HaveOneUnit(const InferredComponent& a, const InferredComponent& b) {
  return (!IsTime(a.dtype) && !IsTime(b.dtype)) || a.dtype.name() == b.dtype.name();
}

bool AreOfOneKind(const InferredComponent& a, const InferredComponent& b) {
  if (a.keys != b.keys) return false;
  return a.is_missing || b.is_missing || (a.spec.type == b.spec.type && HaveOneUnit(a, b));
}

using Components = std::vector<InferredComponent>;

// For each of `wanted`, the component of `all` with its keys, or nullptr. Both are in one order, so
// one pass finds them.
std::vector<const InferredComponent*> Match(const Components& wanted, const Components& all) {
  std::vector<const InferredComponent*> found;
  auto next = all.begin();
  for (const InferredComponent& component : wanted) {
    const auto at = std::find_if(
        next, all.end(), [&](const InferredComponent& c) { return c.keys == component.keys; });
    found.push_back(at == all.end() ? nullptr : &*at);
    if (at != all.end()) next = at + 1;
  }
  return found;
}

}  // namespace

bool AreOfOneKind(const InferredSpec& a, const InferredSpec& b) {
  return std::equal(
      a.components.begin(), a.components.end(), b.components.begin(), b.components.end(),
      [](const InferredComponent& a, const InferredComponent& b) { return AreOfOneKind(a, b); });
}

bool MergeSpec(const InferredSpec& other, InferredSpec* merged) {
  Components& components = merged->components;
  const std::vector<const InferredComponent*> found = Match(components, other.components);
  for (size_t i = 0; i < found.size(); ++i) {
    if (found[i] == nullptr || !AreOfOneKind(components[i], *found[i])) return false;
  }
  for (size_t i = 0; i < found.size(); ++i) {
    InferredComponent& component = components[i];
    if (component.is_missing) {
      component = *found[i];
    } else if (!found[i]->is_missing) {
      WidenShape(found[i]->spec.shape, &component.spec.shape);
    }
  }
  merged->may_be_sample &= other.may_be_sample;
  return true;
}

Status CheckUnits(const InferredSpec& a, const InferredSpec& b) {
  const std::vector<const InferredComponent*> found = Match(a.components, b.components);
  for (size_t i = 0; i < found.size(); ++i) {
    const InferredComponent& own = a.components[i];
    if (found[i] == nullptr || own.spec.type != found[i]->spec.type) continue;
    if (own.is_missing || found[i]->is_missing || HaveOneUnit(own, *found[i])) continue;
    return InvalidArgument(std::string(a.is_array ? "arrays" : "files") + " differ in the dtype" +
                           (own.keys.empty() ? "" : " of " + KeysText(own.keys)) + ": " +
                           own.dtype.name() + " in " + a.label + ", " + found[i]->dtype.name() +
                           " in " + b.label +
                           "; read them as two datasets, bring them to one unit, and concatenate");
  }
  return OkStatus();
}

}  // namespace tf_npz
