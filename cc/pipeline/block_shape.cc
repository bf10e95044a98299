#include "cc/pipeline/block_shape.h"

#include <algorithm>
#include <utility>

#include "cc/base/checked.h"
#include "cc/base/text.h"
#include "cc/reader/source_name.h"

namespace tf_npz {
namespace {

std::string Label(const std::string& filename, const BlockOptions& options, size_t component) {
  return SourceLabel(filename) + options.component_names[component] + ": ";
}

}  // namespace

const std::optional<std::string>& BlockOptions::padding_of(size_t component) const {
  static const std::optional<std::string> kNone;
  return padding.empty() ? kNone : padding[component];
}

int64_t BlockOptions::padded_length(size_t component, size_t axis) const {
  if (padded_shapes.empty() || padded_shapes[component].empty()) return -1;
  return padded_shapes[component][axis];
}

BlockShape::BlockShape(const FileFacts& facts, const BlockOptions& options)
    : components_(facts.components), is_fixed_(options.padding.empty()) {
  for (size_t i = 0; i < components_.size(); ++i) {
    ComponentShape& component = components_[i];
    const std::optional<std::string>& padding = options.padding_of(i);
    // The strings of another file may be longer.
    if (component.is_string && options.batch_size > 0) is_fixed_ = false;
    if (!padding) continue;
    if (component.is_string) {
      component.item_size = std::max(component.item_size, static_cast<int64_t>(padding->size()));
    }
    for (size_t axis = 0; axis < component.shape.size(); ++axis) {
      component.shape[axis] = std::max(component.shape[axis], options.padded_length(i, axis));
    }
  }
}

Status BlockShape::Join(const FileFacts& facts, const BlockOptions& options,
                        const std::string& filename) {
  for (size_t i = 0; i < components_.size(); ++i) {
    const ComponentShape& own = facts.components[i];
    ComponentShape& joint = components_[i];
    // Written only where it grows: threads read the shape once the block has its memory.
    if (own.item_size > joint.item_size) joint.item_size = own.item_size;
    if (own.shape == joint.shape) continue;
    const std::string both = "elements of shape " + ShapeText(own.shape) +
                             " can't be batched with elements of shape " + ShapeText(joint.shape) +
                             " before them";
    if (own.shape.size() != joint.shape.size()) {
      return InvalidArgument(Label(filename, options, i) + both +
                             ": the ranks differ; leave batch_size out, or read them as two "
                             "datasets");
    }
    if (!options.padding_of(i)) {
      return InvalidArgument(Label(filename, options, i) + both +
                             "; pass padding= to pad them to one shape");
    }
    for (size_t axis = 0; axis < own.shape.size(); ++axis) {
      joint.shape[axis] = std::max(joint.shape[axis], own.shape[axis]);
    }
  }
  return OkStatus();
}

Result<std::vector<uint64_t>> BlockShape::Sizes(int64_t count, const std::string& filename) const {
  std::vector<uint64_t> sizes;
  for (const ComponentShape& component : components_) {
    // The shape first: if it holds a zero, any count will do. In signed numbers, as later
    // computations with shapes are: what precedes the zero must not overflow either.
    int64_t element_size = component.item_size;
    int64_t items = 1;
    bool fits = true;
    for (const int64_t dimension : component.shape) {
      fits = fits && CheckedMultiply(element_size, dimension, &element_size) &&
             CheckedMultiply(items, dimension, &items);
    }
    auto bytes = static_cast<uint64_t>(element_size);
    if (!fits || !CheckedMultiply(bytes, static_cast<uint64_t>(count), &bytes)) {
      return ResourceExhausted(SourceLabel(filename) + ": a block of " + std::to_string(count) +
                               " elements of shape " + ShapeText(component.shape) +
                               " is larger than any memory");
    }
    sizes.push_back(bytes);
  }
  return sizes;
}

Status CheckPaddedShapes(const FileFacts& facts, const BlockOptions& options,
                         const std::string& filename) {
  for (size_t i = 0; i < options.padded_shapes.size(); ++i) {
    const std::vector<int64_t>& own = facts.components[i].shape;
    const std::vector<int64_t>& padded = options.padded_shapes[i];
    if (padded.empty()) continue;
    if (own.size() != padded.size()) {
      return InvalidArgument(Label(filename, options, i) + "elements of shape " + ShapeText(own) +
                             " can't be padded to " + std::to_string(padded.size()) +
                             " dimensions, as padded_shapes says");
    }
    for (size_t axis = 0; axis < own.size(); ++axis) {
      if (padded[axis] < 0 || own[axis] <= padded[axis]) continue;
      return InvalidArgument(Label(filename, options, i) + "elements of shape " + ShapeText(own) +
                             " are longer than padded_shapes allows along axis " +
                             std::to_string(axis) + " (expected at most " +
                             std::to_string(padded[axis]) + ", got " + std::to_string(own[axis]) +
                             "); raise it, or leave the file out");
    }
  }
  return OkStatus();
}

Status CheckSameUnits(const FileFacts& facts, const std::vector<std::string>& first,
                      const BlockOptions& options, const std::string& filename) {
  for (size_t i = 0; i < first.size(); ++i) {
    const std::string& unit = facts.components[i].unit;
    if (unit == first[i]) continue;
    return InvalidArgument(Label(filename, options, i) + "holds " + unit +
                           ", but the files before it hold " + first[i] +
                           "; read them as two datasets, and bring them to one unit");
  }
  return OkStatus();
}

std::vector<std::string> UnitsOf(const FileFacts& facts) {
  std::vector<std::string> units;
  units.reserve(facts.components.size());
  for (const ComponentShape& component : facts.components) units.push_back(component.unit);
  return units;
}

}  // namespace tf_npz
