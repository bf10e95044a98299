// The kernels of NpzLoad and NpzDecode: whole arrays of one file, on the thread that runs the op.

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/cleanup/cleanup.h"
#include "cc/io/buffer.h"
#include "cc/reader/archive.h"
#include "cc/reader/selection.h"
#include "cc/tf/conversion.h"
#include "cc/tf/file_system.h"
#include "cc/tf/key_attributes.h"
#include "cc/tf/ops.h"
#include "tensorflow/core/framework/cancellation.h"
#include "tensorflow/core/framework/op_kernel.h"
#include "tensorflow/core/platform/tstring.h"

namespace tf_npz {
namespace {

using ::tensorflow::OpKernel;
using ::tensorflow::OpKernelConstruction;
using ::tensorflow::OpKernelContext;
using ::tensorflow::Tensor;

// Bytes of free memory that a kernel keeps between two calls.
constexpr size_t kKeptMemory = size_t{64} << 20;

class ReadOp : public OpKernel {
 public:
  explicit ReadOp(OpKernelConstruction* ctx) : OpKernel(ctx), pool_(BufferPool::New(kKeptMemory)) {
    OP_REQUIRES_OK(ctx, ctx->GetAttr("output_types", &dtypes_));
    std::vector<tensorflow::PartialTensorShape> shapes;
    OP_REQUIRES_OK(ctx, ctx->GetAttr("output_shapes", &shapes));
    OP_REQUIRES_OK(ctx, GetKeyAttributes(ctx, &key_attributes_));
    OP_REQUIRES_OK(ctx, ctx->GetAttr("slice_axes", &slice_axes_));
    OP_REQUIRES(
        ctx, dtypes_.size() == shapes.size() && dtypes_.size() == key_attributes_.size(),
        absl::InvalidArgumentError("key_depths, output_types and output_shapes differ in length"));
    std::vector<bool> casts;
    OP_REQUIRES_OK(ctx, ctx->GetAttr("casts", &casts));
    Result<std::vector<ComponentSpec>> specs = ToComponentSpecs(dtypes_, shapes, casts);
    OP_REQUIRES_OK(ctx, ToAbslStatus(specs.status()));
    specs_ = std::move(*specs);
  }

  void Compute(OpKernelContext* ctx) override {
    for (const int scalar : {LoadInput::kSource, LoadInput::kVerifyChecksums}) {
      OP_REQUIRES(
          ctx, ctx->input(scalar).NumElements() == 1,
          absl::InvalidArgumentError("filename, contents and verify_checksums are scalars"));
    }
    Selection selection;
    OP_REQUIRES_OK(
        ctx, ToAbslStatus(SetKeys(ctx->input(LoadInput::kKeys), key_attributes_, &selection)));
    selection.specs = specs_;
    selection.rows = false;
    tensorflow::OpInputList numbers;
    OP_REQUIRES_OK(ctx, ctx->input_list("slices", &numbers));
    std::vector<int64_t> flat;
    for (const Tensor& tensor : numbers) {
      const auto values = tensor.flat<int64_t>();
      flat.insert(flat.end(), values.data(), values.data() + values.size());
    }
    Result<std::vector<Slices>> slices = ToSlicesOfComponents(flat, slice_axes_, dtypes_.size());
    OP_REQUIRES_OK(ctx, ToAbslStatus(slices.status()));
    selection.slices = std::move(*slices);
    ReadOptions options;
    options.pool = pool_;
    const bool verify_checksums = ctx->input(LoadInput::kVerifyChecksums).flat<bool>()(0);
    options.checksums = verify_checksums ? Checksums::kFullyRead : Checksums::kNone;
    std::atomic<bool> cancelled{false};
    options.cancelled = &cancelled;
    std::function<void()> deregister;
    OP_REQUIRES_OK(
        ctx, tensorflow::RegisterCancellationCallback(
                 ctx->cancellation_manager(), [&cancelled] { cancelled = true; }, &deregister));
    const auto cleanup = absl::MakeCleanup([&deregister] { deregister(); });

    const auto& source = ctx->input(LoadInput::kSource).flat<tensorflow::tstring>()(0);
    Result<std::shared_ptr<Archive>> archive = Open(source);
    OP_REQUIRES_OK(ctx, ToAbslStatus(archive.status()));
    Result<std::vector<ArrayData>> arrays = ReadSelection(std::move(*archive), selection, options);
    OP_REQUIRES_OK(ctx, ToAbslStatus(arrays.status()));
    for (size_t i = 0; i < arrays->size(); ++i) {
      Tensor tensor;
      OP_REQUIRES_OK(ctx, ToTensor(std::move((*arrays)[i]), dtypes_[i], -1, &tensor));
      ctx->set_output(static_cast<int>(i), std::move(tensor));
    }
  }

  // Reading a file takes long and waits for a disk, so the executor should not run it inline.
  bool IsExpensive() override { return true; }

 private:
  virtual Result<std::shared_ptr<Archive>> Open(const tensorflow::tstring& source) const = 0;

  const std::shared_ptr<BufferPool> pool_;
  KeyAttributes key_attributes_;
  std::vector<int64_t> slice_axes_;
  tensorflow::DataTypeVector dtypes_;
  std::vector<ComponentSpec> specs_;
};

class NpzLoadOp : public ReadOp {
 public:
  using ReadOp::ReadOp;

 private:
  Result<std::shared_ptr<Archive>> Open(const tensorflow::tstring& filename) const override {
    return Archive::Open(TensorFlowFileSystem::Get(), std::string(filename));
  }
};

class NpzDecodeOp : public ReadOp {
 public:
  using ReadOp::ReadOp;

 private:
  Result<std::shared_ptr<Archive>> Open(const tensorflow::tstring& contents) const override {
    return Archive::OpenContents({contents.data(), contents.size()}, "<contents>");
  }
};

REGISTER_KERNEL_BUILDER(Name("NpzLoad").Device(tensorflow::DEVICE_CPU), NpzLoadOp);
REGISTER_KERNEL_BUILDER(Name("NpzDecode").Device(tensorflow::DEVICE_CPU), NpzDecodeOp);

}  // namespace
}  // namespace tf_npz
