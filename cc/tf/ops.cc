// The ops, with their shape functions: what a graph knows without running.

#include <vector>

#include "tensorflow/core/framework/common_shape_fns.h"
#include "tensorflow/core/framework/op.h"
#include "tensorflow/core/framework/shape_inference.h"

namespace tf_npz {
namespace {

using ::tensorflow::shape_inference::InferenceContext;
using ::tensorflow::shape_inference::ShapeHandle;

// The shapes that the attribute output_shapes promises; the kernels hold every file to it.
absl::Status PromisedShapes(InferenceContext* c) {
  ShapeHandle unused;
  TF_RETURN_IF_ERROR(c->WithRank(c->input(0), 0, &unused));
  TF_RETURN_IF_ERROR(c->WithRank(c->input(1), 1, &unused));
  TF_RETURN_IF_ERROR(c->WithRank(c->input(2), 0, &unused));
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
  TF_RETURN_IF_ERROR(c->WithRankAtMost(c->input(0), 1, &unused));
  TF_RETURN_IF_ERROR(c->WithRank(c->input(1), 1, &unused));
  // Those in between are scalars, and so are the last ones, behind element_counts.
  const int counts = c->num_inputs() - 4;
  for (int i = 2; i < c->num_inputs(); ++i) {
    TF_RETURN_IF_ERROR(c->WithRank(c->input(i), i == counts ? 1 : 0, &unused));
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
    .Attr("metadata: string = ''")
    // Files change while graphs stay: a source must never be folded into a constant.
    .SetDoNotOptimize()
    .SetShapeFn(DatasetShape)
    .Doc(R"doc(
Reads the arrays of .npy (perhaps within gzip) and .npz files, in order, row by row or whole, one at a time or in batches.

filenames: A path or several, in the order of reading.
keys: For each component of an element the names that lead to it: of an array, then of fields of its structure.
batch_size: Elements of a batch; -1 for elements that are not batched.
drop_remainder: Whether a last batch that is not full is left out.
padding: For each component, what pads elements of a batch to one shape. None: they must have one shape.
num_shards: Pipelines that share the elements: each gets another part of about the same size.
shard_index: Which of them this one is.
element_counts: How many elements each file has, where that is known; else empty.
num_parallel_reads: Threads that read ahead, 256 at most; -1: tf.data's autotuning chooses.
memory_limit: Bytes of decoded data that may wait.
verify_checksums: Whether the CRC-32 of archive members, and of gzip, is verified.
rows: Whether an element is a step along axis 0, or a file's whole arrays.
key_depths: How many of `keys` belong to each component; none to the only array of an .npy.
output_types: Those of the arrays; string of strings, int64 of datetimes, uint8 of raw void, or its ml_dtypes type.
output_shapes: With the batch dimension, where there is one. A file that does not fit is an error.
)doc");

REGISTER_OP("NpzLoad")
    .Input("filename: string")
    .Input("keys: string")
    .Input("verify_checksums: bool")
    .Output("components: output_types")
    .Attr("key_depths: list(int) >= 1")
    .Attr("output_types: list(type) >= 1")
    .Attr("output_shapes: list(shape) >= 1")
    .SetShapeFn(PromisedShapes)
    .Doc(R"doc(
Reads whole arrays of one .npy or .npz file.

filename: The path.
keys: For each component the names that lead to it: of an array, then of fields of its structure.
verify_checksums: Whether the CRC-32 of archive members, and of gzip, is verified.
key_depths: How many of `keys` belong to each component; none to the only array of an .npy.
output_types: As those of NpzReaderDataset.
output_shapes: A file that does not fit is an error.
)doc");

REGISTER_OP("NpzDecode")
    .Input("contents: string")
    .Input("keys: string")
    .Input("verify_checksums: bool")
    .Output("components: output_types")
    .Attr("key_depths: list(int) >= 1")
    .Attr("output_types: list(type) >= 1")
    .Attr("output_shapes: list(shape) >= 1")
    .SetShapeFn(PromisedShapes)
    .Doc(R"doc(
Decodes whole arrays from the bytes of an .npy or .npz file.

contents: The bytes.
keys: For each component the names that lead to it: of an array, then of fields of its structure.
verify_checksums: Whether the CRC-32 of archive members, and of gzip, is verified.
key_depths: How many of `keys` belong to each component; none to the only array of an .npy.
output_types: As those of NpzReaderDataset.
output_shapes: Contents that do not fit are an error.
)doc");

}  // namespace tf_npz
