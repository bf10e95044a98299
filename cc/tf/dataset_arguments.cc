#include "cc/tf/dataset_arguments.h"

#include <string>

#include "cc/tf/conversion.h"
#include "tensorflow/core/framework/model.h"

namespace tf_npz {

Result<std::vector<ComponentSpec>> CheckedSpecs(const DatasetArguments& a) {
  if (a.filenames.NumElements() == 0) return InvalidArgument("filenames is empty");
  if (a.output_shapes.size() != a.output_types.size() || a.keys.size() != a.output_types.size()) {
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
  for (int64_t i = 0; i < counts; ++i) {
    if (a.element_counts.flat<int64_t>()(i) < 0) {
      return InvalidArgument("element_counts must not be negative");
    }
  }
  if (!a.padding.empty() &&
      (a.batch_size == kNotBatched || a.padding.size() != a.output_types.size())) {
    return InvalidArgument("padding needs a batch_size, and one value for each component");
  }
  for (size_t i = 0; i < a.padding.size(); ++i) {
    if (a.padding[i].dtype() != a.output_types[i] || a.padding[i].NumElements() != 1) {
      return InvalidArgument("padding must be scalars of the components' dtypes");
    }
  }
  std::vector<tensorflow::PartialTensorShape> shapes = a.output_shapes;
  for (tensorflow::PartialTensorShape& shape : shapes) {
    if (a.batch_size == kNotBatched || shape.unknown_rank()) continue;
    if (shape.dims() == 0) return InvalidArgument("output_shapes lack the batch dimension");
    shape.RemoveDim(0);
  }
  return ToComponentSpecs(a.output_types, shapes);
}

}  // namespace tf_npz
