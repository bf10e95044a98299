#include "cc/tf/dataset_arguments.h"

#include <algorithm>
#include <string>

#include "cc/tf/conversion.h"
#include "tensorflow/core/framework/model.h"

namespace tf_npz {

namespace {

using ::tensorflow::PartialTensorShape;

// The component that a.padding[i] pads.
size_t PaddedComponent(const DatasetArguments& a, size_t i) {
  return a.padding_components.empty() ? i : static_cast<size_t>(a.padding_components[i]);
}

Status CheckPadding(const DatasetArguments& a) {
  if (a.padding.empty() && a.padding_components.empty()) return OkStatus();
  if (a.batch_size == kNotBatched) return InvalidArgument("padding needs a batch_size");
  const size_t wanted =
      a.padding_components.empty() ? a.output_types.size() : a.padding_components.size();
  if (a.padding.size() != wanted) {
    return InvalidArgument("padding needs one value for each component that is padded");
  }
  int64_t least = 0;
  for (const int64_t component : a.padding_components) {
    if (component < least || component >= static_cast<int64_t>(a.output_types.size())) {
      return InvalidArgument("padding_components must be numbers of components, in their order");
    }
    least = component + 1;
  }
  for (size_t i = 0; i < a.padding.size(); ++i) {
    if (a.padding[i].dtype() != a.output_types[PaddedComponent(a, i)] ||
        a.padding[i].NumElements() != 1) {
      return InvalidArgument("padding must be scalars of the components' dtypes");
    }
  }
  return OkStatus();
}

// The spec of each component of one element, before batching.
Result<std::vector<ComponentSpec>> CheckedSpecs(const DatasetArguments& a) {
  if (a.filenames.NumElements() == 0) return InvalidArgument("filenames is empty");
  if (a.output_shapes.size() != a.output_types.size() ||
      a.key_attributes.size() != a.output_types.size()) {
    return InvalidArgument("key_depths, output_types and output_shapes differ in length");
  }
  if (a.batch_size <= 0 && a.batch_size != kNotBatched) {
    return InvalidArgument("batch_size must be positive");
  }
  if (a.memory_limit <= 0) return InvalidArgument("memory_limit must be positive");
  if (a.num_parallel_reads <= 0 && a.num_parallel_reads != tensorflow::data::model::kAutotune) {
    return InvalidArgument("num_parallel_reads must be positive or tf.data.AUTOTUNE");
  }
  if (a.shard.count < 1 || a.shard.index < 0 || a.shard.index >= a.shard.count) {
    return InvalidArgument("shard is (count, index) with 0 <= index < count, not (" +
                           std::to_string(a.shard.count) + ", " + std::to_string(a.shard.index) +
                           ")");
  }
  const int64_t counts = a.element_counts.NumElements();
  if (counts != 0 && counts != a.filenames.NumElements()) {
    return InvalidArgument("element_counts must be empty or hold one number for each file");
  }
  if (counts != 0 && a.each_array && a.rows) {
    return InvalidArgument("element_counts must be empty if the rows of each array are read");
  }
  for (int64_t i = 0; i < counts; ++i) {
    if (a.element_counts.flat<int64_t>()(i) < 0) {
      return InvalidArgument("element_counts must not be negative");
    }
  }
  TF_NPZ_RETURN_IF_ERROR(CheckPadding(a));
  std::vector<PartialTensorShape> shapes = a.element_shapes;
  if (shapes.empty()) {
    shapes = a.output_shapes;
    for (PartialTensorShape& shape : shapes) {
      if (a.batch_size == kNotBatched || shape.unknown_rank()) continue;
      if (shape.dims() == 0) return InvalidArgument("output_shapes lack the batch dimension");
      shape.RemoveDim(0);
    }
  }
  if (shapes.size() != a.output_types.size()) {
    return InvalidArgument("element_shapes and output_types differ in length");
  }
  if (!a.usual_dtypes.empty() && a.usual_dtypes.size() != a.output_types.size()) {
    return InvalidArgument("usual_dtypes and output_types differ in length");
  }
  TF_NPZ_ASSIGN_OR_RETURN(std::vector<ComponentSpec> specs,
                          ToComponentSpecs(a.output_types, shapes, a.casts));
  for (size_t i = 0; i < a.usual_dtypes.size(); ++i) specs[i].usual_dtype = a.usual_dtypes[i];
  return specs;
}

}  // namespace

Result<Selection> ToSelection(const DatasetArguments& a) {
  Selection selection;
  selection.rows = a.rows;
  selection.each_array = a.each_array;
  TF_NPZ_RETURN_IF_ERROR(SetKeys(a.keys, a.key_attributes, &selection));
  TF_NPZ_ASSIGN_OR_RETURN(selection.specs, CheckedSpecs(a));
  TF_NPZ_ASSIGN_OR_RETURN(selection.row_selection, ToRowSelection(a.row_slice, a.window));
  if (!a.rows && !selection.row_selection.is_all()) {
    return InvalidArgument("row_slice and window need rows=True");
  }
  TF_NPZ_ASSIGN_OR_RETURN(selection.slices,
                          ToSlicesOfComponents(a.slices, a.slice_axes, a.output_types.size()));
  return selection;
}

std::vector<std::optional<std::string>> PaddingOf(const DatasetArguments& a) {
  std::vector<std::optional<std::string>> padding;
  if (!a.padding.empty()) padding.resize(a.output_types.size());
  for (size_t i = 0; i < a.padding.size(); ++i) {
    const tensorflow::Tensor& value = a.padding[i];
    std::optional<std::string>& own = padding[PaddedComponent(a, i)];
    if (value.dtype() == tensorflow::DT_STRING) {
      own = ToStrings(value)[0];
    } else {
      own.emplace(static_cast<const char*>(value.data()), tensorflow::DataTypeSize(value.dtype()));
    }
  }
  return padding;
}

std::vector<std::vector<int64_t>> PaddedShapesOf(const DatasetArguments& a) {
  if (a.element_shapes.empty() || a.padding.empty()) return {};
  std::vector<std::vector<int64_t>> shapes(a.output_types.size());
  for (size_t i = 0; i < a.padding.size(); ++i) {
    const size_t component = PaddedComponent(a, i);
    const PartialTensorShape& shape = a.output_shapes[component];
    if (shape.unknown_rank()) continue;
    for (int axis = 1; axis < shape.dims(); ++axis) {
      shapes[component].push_back(shape.dim_size(axis));
    }
  }
  return shapes;
}

}  // namespace tf_npz
