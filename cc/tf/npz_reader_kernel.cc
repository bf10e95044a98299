// The kernel of NpzReaderDataset: takes the op's inputs and attributes, and makes the dataset.

#include <utility>
#include <vector>

#include "cc/tf/conversion.h"
#include "cc/tf/dataset_arguments.h"
#include "cc/tf/npz_reader_dataset.h"
#include "tensorflow/core/framework/dataset.h"
#include "tensorflow/core/framework/op_kernel.h"

namespace tf_npz {

using ::tensorflow::OpInputList;
using ::tensorflow::OpKernelConstruction;
using ::tensorflow::OpKernelContext;
using ::tensorflow::Tensor;
using ::tensorflow::data::DatasetBase;
using ::tensorflow::data::DatasetOpKernel;
using ::tensorflow::data::ParseScalarArgument;

namespace {

class NpzReaderDatasetOp : public DatasetOpKernel {
 public:
  explicit NpzReaderDatasetOp(OpKernelConstruction* ctx) : DatasetOpKernel(ctx) {
    OP_REQUIRES_OK(ctx, ctx->GetAttr("rows", &attributes_.rows));
    OP_REQUIRES_OK(ctx, GetKeyAttributes(ctx, &attributes_.key_attributes));
    OP_REQUIRES_OK(ctx, ctx->GetAttr("output_types", &attributes_.output_types));
    OP_REQUIRES_OK(ctx, ctx->GetAttr("output_shapes", &attributes_.output_shapes));
    OP_REQUIRES_OK(ctx, ctx->GetAttr("element_shapes", &attributes_.element_shapes));
    OP_REQUIRES_OK(ctx, ctx->GetAttr("padding_components", &attributes_.padding_components));
    OP_REQUIRES_OK(ctx, ctx->GetAttr("casts", &attributes_.casts));
    OP_REQUIRES_OK(ctx, ctx->GetAttr("usual_dtypes", &attributes_.usual_dtypes));
    OP_REQUIRES_OK(ctx, ctx->GetAttr("each_array", &attributes_.each_array));
    OP_REQUIRES_OK(ctx, ctx->GetAttr("row_slice", &attributes_.row_slice));
    OP_REQUIRES_OK(ctx, ctx->GetAttr("window", &attributes_.window));
    OP_REQUIRES_OK(ctx, ctx->GetAttr("slices", &attributes_.slices));
    OP_REQUIRES_OK(ctx, ctx->GetAttr("slice_axes", &attributes_.slice_axes));
  }

 protected:
  void MakeDataset(OpKernelContext* ctx, DatasetBase** output) override {
    DatasetArguments a = attributes_;
    const Tensor* strings;
    OP_REQUIRES_OK(ctx, ctx->input("filenames", &strings));
    OP_REQUIRES(ctx, strings->dims() <= 1,
                absl::InvalidArgumentError("filenames must be a scalar or a vector"));
    a.filenames = *strings;
    OP_REQUIRES_OK(ctx, ctx->input("keys", &strings));
    a.keys = *strings;
    OP_REQUIRES_OK(ctx, ParseScalarArgument(ctx, "batch_size", &a.batch_size));
    OP_REQUIRES_OK(ctx, ParseScalarArgument(ctx, "drop_remainder", &a.drop_remainder));
    OP_REQUIRES_OK(ctx, ParseScalarArgument(ctx, "num_shards", &a.shard.count));
    OP_REQUIRES_OK(ctx, ParseScalarArgument(ctx, "shard_index", &a.shard.index));
    const Tensor* counts;
    OP_REQUIRES_OK(ctx, ctx->input("element_counts", &counts));
    a.element_counts = *counts;
    OP_REQUIRES_OK(ctx, ParseScalarArgument(ctx, "num_parallel_reads", &a.num_parallel_reads));
    OP_REQUIRES_OK(ctx, ParseScalarArgument(ctx, "memory_limit", &a.memory_limit));
    OP_REQUIRES_OK(ctx, ParseScalarArgument(ctx, "verify_checksums", &a.verify_checksums));
    OpInputList padding;
    OP_REQUIRES_OK(ctx, ctx->input_list("padding", &padding));
    a.padding.assign(padding.begin(), padding.end());
    Result<Selection> selection = ToSelection(a);
    OP_REQUIRES_OK(ctx, ToAbslStatus(selection.status()));
    *output = new NpzReaderDataset(ctx, std::move(a), std::move(*selection));
  }

 private:
  DatasetArguments attributes_;  // only the fields that are attributes of the op are set
};

REGISTER_KERNEL_BUILDER(Name("NpzReaderDataset").Device(tensorflow::DEVICE_CPU),
                        NpzReaderDatasetOp);

}  // namespace
}  // namespace tf_npz
