// NpzReaderDataset: tf.data's dataset over the pipeline's Dataset (cc/pipeline/dataset.h).

#ifndef TF_NPZ_TF_NPZ_READER_DATASET_H_
#define TF_NPZ_TF_NPZ_READER_DATASET_H_

#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "cc/io/buffer.h"
#include "cc/pipeline/dataset.h"
#include "cc/tf/compatibility.h"
#include "cc/tf/dataset_arguments.h"
#include "tensorflow/core/framework/dataset.h"

namespace tf_npz {

// Like every dataset of tf.data it is reference-counted, does not change, and may be used by any
// thread.
class NpzReaderDataset : public IndexedDataset {
 public:
  static constexpr char kDatasetType[] = "NpzReader";

  NpzReaderDataset(tensorflow::OpKernelContext* ctx, DatasetArguments arguments,
                   Selection selection);
  ~NpzReaderDataset() override;

  const DatasetArguments& arguments() const { return arguments_; }
  bool is_batched() const { return arguments_.batch_size != kNotBatched; }
  // The pipeline's Dataset. The first call makes it.
  Dataset& pipeline() const;

  std::unique_ptr<tensorflow::data::IteratorBase> MakeIteratorInternal(
      const std::string& prefix) const override;
  absl::Status MakeSplitProviders(std::vector<std::unique_ptr<tensorflow::data::SplitProvider>>*
                                      split_providers) const override;
  const tensorflow::DataTypeVector& output_dtypes() const override;
  const std::vector<tensorflow::PartialTensorShape>& output_shapes() const override;
  std::string DebugString() const override;
  int64_t CardinalityInternal(tensorflow::data::CardinalityOptions options) const override;
  absl::Status InputDatasets(std::vector<const DatasetBase*>* inputs) const override;
  absl::Status CheckExternalState() const override;

  // The tensors of one element of `block`. If IsElement(block), the element is the whole block, and
  // its tensors take the memory of `block.arrays`. If not, the element is a copy of row `index`.
  absl::Status ToElement(Block& block, int64_t index,
                         std::vector<tensorflow::Tensor>* out_tensors) const;
  // Whether `block` is one element. If not, each of its rows is one.
  bool IsElement(const Block& block) const { return is_batched() || block.count == 1; }

 protected:
  absl::Status AsGraphDefInternal(tensorflow::data::SerializationContext* ctx,
                                  DatasetGraphDefBuilder* b,
                                  tensorflow::Node** output) const override;

 private:
  EngineOptions NewOptions() const;
  absl::Status GetElement(int64_t index,
                          std::vector<tensorflow::Tensor>* out_tensors) const override;

  const DatasetArguments arguments_;
  const Selection selection_;
  // Shared by all iterators, so that a repeated dataset uses the memory of one epoch for the next.
  const std::shared_ptr<BufferPool> pool_;
  mutable std::once_flag pipeline_made_;
  mutable std::unique_ptr<Dataset> pipeline_;
};

}  // namespace tf_npz

#endif  // TF_NPZ_TF_NPZ_READER_DATASET_H_
