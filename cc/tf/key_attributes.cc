#include "cc/tf/key_attributes.h"

#include <algorithm>
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

Result<std::vector<ComponentSource>> ToSources(const KeyAttributes& attributes, bool each_array) {
  std::vector<ComponentSource> sources;
  if (attributes.sources.empty()) return sources;
  if (attributes.sources.size() != attributes.size()) {
    return InvalidArgument("sources and key_depths differ in length");
  }
  for (size_t i = 0; i < attributes.size(); ++i) {
    const std::optional<Kind> kind = SourceNamed(attributes.sources[i]);
    if (!kind) return InvalidArgument("no source is called " + Quote(attributes.sources[i]));
    if (*kind != Kind::kArray && attributes.key_depths[i] != 0) {
      return InvalidArgument("a component that is no array has no keys");
    }
    if (*kind == Kind::kArrayName && !each_array) {
      return InvalidArgument("an array_name needs each_array");
    }
    sources.push_back({*kind});
  }
  TF_NPZ_RETURN_IF_ERROR(SetLengths(attributes, &sources));
  return sources;
}

}  // namespace

absl::Status GetKeyAttributes(tensorflow::OpKernelConstruction* ctx, KeyAttributes* attributes) {
  absl::Status status = ctx->GetAttr("key_depths", &attributes->key_depths);
  status.Update(ctx->GetAttr("sources", &attributes->sources));
  status.Update(ctx->GetAttr("length_components", &attributes->length_components));
  status.Update(ctx->GetAttr("length_axes", &attributes->length_axes));
  return status;
}

Status SetKeys(const tensorflow::Tensor& keys, const KeyAttributes& attributes,
               Selection* selection) {
  TF_NPZ_ASSIGN_OR_RETURN(selection->keys, ToKeys(keys, attributes.key_depths));
  TF_NPZ_ASSIGN_OR_RETURN(selection->sources, ToSources(attributes, selection->each_array));
  return OkStatus();
}

}  // namespace tf_npz
