// The arguments of the op NpzReaderDataset, checked. ops.cc says what each means.

#ifndef TF_NPZ_TF_DATASET_ARGUMENTS_H_
#define TF_NPZ_TF_DATASET_ARGUMENTS_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "cc/base/status.h"
#include "cc/pipeline/sharding.h"
#include "cc/reader/selection.h"
#include "cc/tf/key_attributes.h"
#include "tensorflow/core/framework/partial_tensor_shape.h"
#include "tensorflow/core/framework/tensor.h"
#include "tensorflow/core/framework/types.h"

namespace tf_npz {

// The batch_size of a dataset without batches.
inline constexpr int64_t kNotBatched = -1;

struct DatasetArguments {
  tensorflow::Tensor filenames;  // strings; a scalar or a vector
  tensorflow::Tensor keys;       // strings; a vector
  KeyAttributes key_attributes;
  int64_t batch_size = kNotBatched;
  bool drop_remainder = false;
  std::vector<tensorflow::Tensor> padding;
  std::vector<int64_t> padding_components;  // of each of `padding`; empty: all, in their order
  Shard shard;
  tensorflow::Tensor element_counts;  // int64; one for each file, or empty
  int64_t num_parallel_reads = 0;
  int64_t memory_limit = 0;
  bool verify_checksums = true;
  bool rows = true;
  tensorflow::DataTypeVector output_types;
  std::vector<tensorflow::PartialTensorShape> output_shapes;
  // Of one element, before it is padded; empty: as output_shapes says.
  std::vector<tensorflow::PartialTensorShape> element_shapes;
  std::vector<bool> casts;                // for each component; empty: none is cast
  std::vector<std::string> usual_dtypes;  // for each component; empty: the caller gave the spec
  std::vector<int64_t> row_slice;         // start, stop, step; empty: all rows
  std::vector<int64_t> slices;            // see ToSlicesOfComponents
  std::vector<int64_t> slice_axes;
  std::vector<int64_t> window;  // size, shift, stride; empty: no windows
  bool each_array = false;
};

// What is read of each file. InvalidArgument if an argument is out of range, or if arguments
// contradict each other.
Result<Selection> ToSelection(const DatasetArguments& arguments);

// What pads each component, and to which lengths; see EngineOptions. The arguments are those that
// ToSelection admits.
std::vector<std::optional<std::string>> PaddingOf(const DatasetArguments& arguments);
std::vector<std::vector<int64_t>> PaddedShapesOf(const DatasetArguments& arguments);

}  // namespace tf_npz

#endif  // TF_NPZ_TF_DATASET_ARGUMENTS_H_
