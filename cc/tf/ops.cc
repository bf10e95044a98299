// The ops, and their shape functions.

#include "cc/tf/ops.h"

#include <vector>

#include "tensorflow/core/framework/common_shape_fns.h"
#include "tensorflow/core/framework/op.h"
#include "tensorflow/core/framework/shape_inference.h"

namespace tf_npz {
namespace {

using ::tensorflow::shape_inference::InferenceContext;
using ::tensorflow::shape_inference::ShapeHandle;

// Sets the shapes of the attribute output_shapes. The kernels check every file against them.
absl::Status LoadShapes(InferenceContext* c) {
  ShapeHandle unused;
  TF_RETURN_IF_ERROR(c->WithRank(c->input(LoadInput::kSource), 0, &unused));
  TF_RETURN_IF_ERROR(c->WithRank(c->input(LoadInput::kKeys), 1, &unused));
  TF_RETURN_IF_ERROR(c->WithRank(c->input(LoadInput::kVerifyChecksums), 0, &unused));
  std::vector<tensorflow::PartialTensorShape> shapes;
  TF_RETURN_IF_ERROR(c->GetAttr("output_shapes", &shapes));
  if (static_cast<int>(shapes.size()) != c->num_outputs()) {
    return absl::InvalidArgumentError("output_types and output_shapes differ in length");
  }
  for (int i = 0; i < c->num_outputs(); ++i) {
    ShapeHandle shape;
    TF_RETURN_IF_ERROR(c->MakeShapeFromPartialTensorShape(shapes[i], &shape));
    c->set_output(i, shape);
  }
  return absl::OkStatus();
}

absl::Status DatasetShape(InferenceContext* c) {
  ShapeHandle unused;
  TF_RETURN_IF_ERROR(c->WithRankAtMost(c->input(DatasetInput::kFilenames), 1, &unused));
  TF_RETURN_IF_ERROR(c->WithRank(c->input(DatasetInput::kKeys), 1, &unused));
  // num_inputs() counts each tensor of padding. The inputs after padding move by these tensors.
  const int padding_tensors = c->num_inputs() - (DatasetInput::kCount - 1);
  const int element_counts = DatasetInput::kElementCounts + padding_tensors - 1;
  for (int i = DatasetInput::kBatchSize; i < c->num_inputs(); ++i) {
    TF_RETURN_IF_ERROR(c->WithRank(c->input(i), i == element_counts ? 1 : 0, &unused));
  }
  return tensorflow::shape_inference::ScalarShape(c);
}

}  // namespace

REGISTER_OP("NpzReaderDataset")
    .Input("filenames: string")
    .Input("keys: string")
    .Input("batch_size: int64")
    .Input("drop_remainder: bool")
    .Input("padding: Tpadding")
    .Input("num_shards: int64")
    .Input("shard_index: int64")
    .Input("element_counts: int64")
    .Input("num_parallel_reads: int64")
    .Input("memory_limit: int64")
    .Input("verify_checksums: bool")
    .Output("handle: variant")
    .Attr("rows: bool")
    .Attr("key_depths: list(int) >= 1")
    .Attr("Tpadding: list(type) >= 0")
    .Attr("output_types: list(type) >= 1")
    .Attr("output_shapes: list(shape) >= 1")
    .Attr("padding_components: list(int) >= 0 = []")
    .Attr("element_shapes: list(shape) >= 0 = []")
    .Attr("casts: list(bool) >= 0 = []")
    .Attr("usual_dtypes: list(string) >= 0 = []")
    .Attr("each_array: bool = false")
    .Attr("row_slice: list(int) >= 0 = []")
    .Attr("window: list(int) >= 0 = []")
    .Attr("slices: list(int) >= 0 = []")
    .Attr("slice_axes: list(int) >= 0 = []")
    .Attr("sources: list(string) >= 0 = []")
    .Attr("length_components: list(int) >= 0 = []")
    .Attr("length_axes: list(int) >= 0 = []")
    .Attr("key_counts: list(int) >= 0 = []")
    .Attr("fallbacks: list(string) >= 0 = []")
    .Attr("metadata: string = ''")
    // Files may change while a graph stays the same, so a source must never become a constant.
    .SetDoNotOptimize()
    .SetShapeFn(DatasetShape)
    .Doc(R"doc(
Reads the arrays of .npy and .npz files in order: row by row, in batches, or whole arrays. An .npy may be compressed with gzip.

filenames: One path or several, in the order of reading.
keys: For each component, the names that lead to it: the array's name, then names of fields of its structure.
batch_size: Number of elements in a batch, at least 1. -1: elements are not batched.
drop_remainder: True: leaves out a last batch of fewer than batch_size elements.
padding: The values that pad the elements of a batch to one shape, one for each component that is padded. The elements of the others must have one shape.
num_shards: Number of pipelines that share the elements, at least 1. Each reads another share, of about the same size.
shard_index: The share of this pipeline, from 0 to num_shards - 1.
element_counts: Number of elements of each file. Empty if it is not known.
num_parallel_reads: Number of threads that read ahead, 1 to 256. -1: tf.data's autotuning sets it.
memory_limit: Bytes of decoded data that may wait in the reader.
verify_checksums: True: verifies the CRC-32 of the members of an .npz, and of gzip.
rows: True: an element is one step along axis 0 of the arrays. False: an element is one file's whole arrays.
key_depths: For each component, how many of `keys` belong to it. 0 means the only array of an .npy.
output_types: The dtypes of the components: string for strings, int64 for datetimes, uint8 or an ml_dtypes type for raw void.
output_shapes: The shapes of the components, after the batch dimension if there is one. A file that does not fit is an error.
padding_components: The number of the component that each of `padding` pads, rising. Empty: `padding` has one value for each component.
element_shapes: The shapes of the components of one element, before it is padded and batched; padded ones are then padded to the lengths in output_shapes. Empty: those of output_shapes; elements are padded to the longest of a batch.
casts: For each component, whether arrays of other dtypes are cast to it. Empty: another dtype is an error.
usual_dtypes: For each component, the dtype that most files hold, such as datetime64[s]. A file whose dates have another unit is an error. Empty: the caller gave the spec, and units are not compared.
each_array: True: each array of a file is read as if it were a file of its own, and `keys` are names of its fields. element_counts are the numbers of arrays; empty if `rows`.
row_slice: start, stop and step of the rows of each file, as in Python. Empty: all rows.
window: size, shift and stride of windows over these rows, as of tf.data.Dataset.window. An element is a window. Empty: an element is a row.
slices: What is taken of the axes of the rows, or of the arrays: start, stop and step for each axis. A step of 0: the index `start`. -1: an ellipsis.
slice_axes: For each component, how many axes `slices` has for it, one after the other. Empty: all of them, whole.
sources: For each component, where it comes from: "array", "filename", "row", "length" or, with each_array, "array_name". Empty: all are arrays. A component that is no array has no keys.
length_components: For each "length" of `sources`, the number of the component whose elements it measures.
length_axes: For each "length" of `sources`, the axis of these elements, before they are padded and batched.
key_counts: For each component, how many of `key_depths` are its keys, at least 1. The first one whose array the file has is read. Empty: one each.
fallbacks: For each component, the bytes of an .npy with the element of files that have none of its arrays: strings of hexadecimal digits, then an empty string. Only the empty string: such a file is an error. Empty: so for all components.
)doc");

REGISTER_OP("NpzLoad")
    .Input("filename: string")
    .Input("keys: string")
    .Input("verify_checksums: bool")
    .Input("slices: Nslices * int64")
    .Output("components: output_types")
    .Attr("key_depths: list(int) >= 1")
    .Attr("output_types: list(type) >= 1")
    .Attr("output_shapes: list(shape) >= 1")
    .Attr("casts: list(bool) >= 0 = []")
    .Attr("Nslices: int >= 0 = 0")
    .Attr("slice_axes: list(int) >= 0 = []")
    .Attr("sources: list(string) >= 0 = []")
    .Attr("length_components: list(int) >= 0 = []")
    .Attr("length_axes: list(int) >= 0 = []")
    .Attr("key_counts: list(int) >= 0 = []")
    .Attr("fallbacks: list(string) >= 0 = []")
    .SetShapeFn(LoadShapes)
    .Doc(R"doc(
Reads whole arrays of one .npy or .npz file.

filename: The path of the file.
keys: For each component, the names that lead to it: the array's name, then names of fields of its structure.
verify_checksums: True: verifies the CRC-32 of the members of an .npz, and of gzip.
slices: What is taken of the axes of the arrays; none, or one vector: start, stop and step for each axis. A step of 0: the index `start`. -1: an ellipsis.
key_depths: For each component, how many of `keys` belong to it. 0 means the only array of an .npy.
output_types: The dtypes of the components, as for NpzReaderDataset.
output_shapes: The shapes of the components. A file that does not fit is an error.
casts: As for NpzReaderDataset.
slice_axes: For each component, how many axes `slices` has for it, one after the other. Empty: whole arrays.
sources: As for NpzReaderDataset.
length_components: As for NpzReaderDataset.
length_axes: As for NpzReaderDataset.
key_counts: As for NpzReaderDataset.
fallbacks: As for NpzReaderDataset.
)doc");

REGISTER_OP("NpzDecode")
    .Input("contents: string")
    .Input("keys: string")
    .Input("verify_checksums: bool")
    .Input("slices: Nslices * int64")
    .Output("components: output_types")
    .Attr("key_depths: list(int) >= 1")
    .Attr("output_types: list(type) >= 1")
    .Attr("output_shapes: list(shape) >= 1")
    .Attr("casts: list(bool) >= 0 = []")
    .Attr("Nslices: int >= 0 = 0")
    .Attr("slice_axes: list(int) >= 0 = []")
    .Attr("sources: list(string) >= 0 = []")
    .Attr("length_components: list(int) >= 0 = []")
    .Attr("length_axes: list(int) >= 0 = []")
    .Attr("key_counts: list(int) >= 0 = []")
    .Attr("fallbacks: list(string) >= 0 = []")
    .SetShapeFn(LoadShapes)
    .Doc(R"doc(
Decodes whole arrays from the bytes of an .npy or .npz file.

contents: The bytes of the file.
keys: For each component, the names that lead to it: the array's name, then names of fields of its structure.
verify_checksums: True: verifies the CRC-32 of the members of an .npz, and of gzip.
slices: What is taken of the axes of the arrays; none, or one vector: start, stop and step for each axis. A step of 0: the index `start`. -1: an ellipsis.
key_depths: For each component, how many of `keys` belong to it. 0 means the only array of an .npy.
output_types: The dtypes of the components, as for NpzReaderDataset.
output_shapes: The shapes of the components. Contents that do not fit are an error.
casts: As for NpzReaderDataset.
slice_axes: For each component, how many axes `slices` has for it, one after the other. Empty: whole arrays.
sources: As for NpzReaderDataset.
length_components: As for NpzReaderDataset.
length_axes: As for NpzReaderDataset.
key_counts: As for NpzReaderDataset.
fallbacks: As for NpzReaderDataset.
)doc");

}  // namespace tf_npz
