#include "cc/tf/key_attributes.h"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string_view>
#include <utility>

#include "cc/base/text.h"
#include "cc/tf/conversion.h"

namespace tf_npz {
namespace {

using Kind = ComponentSource::Kind;

constexpr struct {
  std::string_view name;
  Kind kind;
} kSources[] = {{"array", Kind::kArray},
                {"filename", Kind::kFilename},
                {"row", Kind::kRow},
                {"array_name", Kind::kArrayName},
                {"length", Kind::kLength}};

std::optional<Kind> SourceNamed(std::string_view name) {
  for (const auto& source : kSources) {
    if (source.name == name) return source.kind;
  }
  return std::nullopt;
}

// Sets what the lengths among `sources` are lengths of.
Status SetLengths(const KeyAttributes& attributes, std::vector<ComponentSource>* sources) {
  const std::vector<int64_t>& components = attributes.length_components;
  const auto count = std::count_if(sources->begin(), sources->end(),
                                   [](const auto& source) { return source.kind == Kind::kLength; });
  if (components.size() != static_cast<size_t>(count) ||
      attributes.length_axes.size() != components.size()) {
    return InvalidArgument("length_components and length_axes need one number for each length");
  }
  size_t next = 0;
  for (ComponentSource& source : *sources) {
    if (source.kind != Kind::kLength) continue;
    const int64_t component = components[next];
    if (component < 0 || component >= static_cast<int64_t>(sources->size()) ||
        (*sources)[component].kind != Kind::kArray) {
      return InvalidArgument("length_components must be numbers of components that are arrays");
    }
    source.component = component;
    source.axis = attributes.length_axes[next++];
  }
  return OkStatus();
}

// Appends the bytes that hexadecimal digits stand for.
Status AppendHex(const std::string& digits, std::string* bytes) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  for (size_t i = 0; i < digits.size(); i += 2) {
    const size_t high = kDigits.find(digits[i]);
    const size_t low = i + 1 < digits.size() ? kDigits.find(digits[i + 1]) : std::string_view::npos;
    if (high == std::string_view::npos || low == std::string_view::npos) {
      return InvalidArgument("fallbacks must be pairs of hexadecimal digits");
    }
    *bytes += static_cast<char>(high << 4 | low);
  }
  return OkStatus();
}

// Joins the pieces of each fallback. An empty string ends it.
Status SetFallbacks(const std::vector<std::string>& pieces, std::vector<ComponentSource>* sources) {
  if (pieces.empty()) return OkStatus();
  const auto ends = std::count(pieces.begin(), pieces.end(), "");
  if (ends != static_cast<std::ptrdiff_t>(sources->size()) || !pieces.back().empty()) {
    return InvalidArgument("fallbacks need an empty string after those of each component");
  }
  auto source = sources->begin();
  for (const std::string& piece : pieces) {
    if (piece.empty()) {
      ++source;
    } else {
      TF_NPZ_RETURN_IF_ERROR(AppendHex(piece, &source->fallback));
    }
  }
  return OkStatus();
}

// What the attributes say besides keys.
Result<std::vector<ComponentSource>> ToSources(const KeyAttributes& attributes, bool each_array) {
  std::vector<ComponentSource> sources(attributes.size());
  if (!attributes.sources.empty() && attributes.sources.size() != sources.size()) {
    return InvalidArgument("sources, key_counts and key_depths differ in length");
  }
  for (size_t i = 0; i < attributes.sources.size(); ++i) {
    const std::optional<Kind> kind = SourceNamed(attributes.sources[i]);
    if (!kind) return InvalidArgument("no source is called " + Quote(attributes.sources[i]));
    if (*kind == Kind::kArrayName && !each_array) {
      return InvalidArgument("an array_name needs each_array");
    }
    sources[i].kind = *kind;
  }
  TF_NPZ_RETURN_IF_ERROR(SetFallbacks(attributes.fallbacks, &sources));
  TF_NPZ_RETURN_IF_ERROR(SetLengths(attributes, &sources));
  return sources;
}

// Divides `paths` between the components.
Status DividePaths(std::vector<FieldPath> paths, const std::vector<int64_t>& counts,
                   Selection* selection) {
  auto next = paths.begin();
  for (size_t i = 0; i < counts.size(); ++i) {
    if (counts[i] < 1 || counts[i] > paths.end() - next) {
      return InvalidArgument("key_counts do not add up to the number of key_depths");
    }
    selection->keys.push_back(std::move(*next++));
    for (int64_t other = 1; other < counts[i]; ++other) {
      selection->sources[i].others.push_back(std::move(*next++));
    }
  }
  if (next == paths.end()) return OkStatus();
  return InvalidArgument("key_counts do not add up to the number of key_depths");
}

// A key leads to an array. If there are several, or if there is a fallback, the first name of each
// is that of an array in an `.npz`.
Status CheckKeys(const Selection& selection) {
  for (size_t i = 0; i < selection.keys.size(); ++i) {
    const ComponentSource& source = selection.sources[i];
    const bool is_array = source.kind == Kind::kArray;
    const bool may_be_another = !source.others.empty() || !source.fallback.empty();
    bool has_empty = selection.keys[i].empty();
    for (const FieldPath& other : source.others) has_empty = has_empty || other.empty();
    if (!is_array && (may_be_another || !has_empty)) {
      return InvalidArgument("a component that is no array has no keys");
    }
    if (may_be_another && has_empty) {
      return InvalidArgument("where a component has several keys, each names an array");
    }
  }
  return OkStatus();
}

}  // namespace

absl::Status GetKeyAttributes(tensorflow::OpKernelConstruction* ctx, KeyAttributes* attributes) {
  absl::Status status = ctx->GetAttr("key_depths", &attributes->key_depths);
  status.Update(ctx->GetAttr("sources", &attributes->sources));
  status.Update(ctx->GetAttr("length_components", &attributes->length_components));
  status.Update(ctx->GetAttr("length_axes", &attributes->length_axes));
  status.Update(ctx->GetAttr("key_counts", &attributes->key_counts));
  status.Update(ctx->GetAttr("fallbacks", &attributes->fallbacks));
  return status;
}

Status SetKeys(const tensorflow::Tensor& keys, const KeyAttributes& attributes,
               Selection* selection) {
  TF_NPZ_ASSIGN_OR_RETURN(std::vector<FieldPath> paths, ToKeys(keys, attributes.key_depths));
  TF_NPZ_ASSIGN_OR_RETURN(selection->sources, ToSources(attributes, selection->each_array));
  const std::vector<int64_t> one_each(attributes.size(), 1);
  TF_NPZ_RETURN_IF_ERROR(
      DividePaths(std::move(paths),
                  attributes.key_counts.empty() ? one_each : attributes.key_counts, selection));
  return CheckKeys(*selection);
}

}  // namespace tf_npz
