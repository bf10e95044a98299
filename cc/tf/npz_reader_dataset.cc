#include "cc/tf/npz_reader_dataset.h"

#include <limits>
#include <string>
#include <utility>

#include "cc/tf/conversion.h"
#include "cc/tf/file_system.h"
#include "cc/tf/npz_reader_iterator.h"
#include "cc/tf/ops.h"
#include "tensorflow/core/data/name_utils.h"
#include "tensorflow/core/data/split_utils.h"
#include "tensorflow/core/framework/dataset.h"
#include "tensorflow/core/graph/graph.h"

namespace tf_npz {

using ::tensorflow::DataTypeVector;
using ::tensorflow::Node;
using ::tensorflow::OpKernelContext;
using ::tensorflow::PartialTensorShape;
using ::tensorflow::Tensor;
using ::tensorflow::data::CardinalityOptions;
using ::tensorflow::data::DatasetBase;
using ::tensorflow::data::DatasetContext;
using ::tensorflow::data::IteratorBase;
using ::tensorflow::data::SerializationContext;
using ::tensorflow::data::SplitProvider;

NpzReaderDataset::NpzReaderDataset(OpKernelContext* ctx, DatasetArguments arguments,
                                   Selection selection)
    : IndexedDataset(DatasetContext(ctx)),
      arguments_(std::move(arguments)),
      selection_(std::move(selection)),
      pool_(BufferPool::New(static_cast<size_t>(arguments_.memory_limit))) {}

NpzReaderDataset::~NpzReaderDataset() { pool_->StopKeeping(); }

Dataset& NpzReaderDataset::pipeline() const {
  std::call_once(pipeline_made_, [this] {
    const auto given = arguments_.element_counts.flat<int64_t>();
    std::vector<int64_t> counts(given.data(), given.data() + given.size());
    pipeline_ =
        std::make_unique<Dataset>(TensorFlowFileSystem::Get(), ToStrings(arguments_.filenames),
                                  std::move(counts), selection_, NewOptions(), arguments_.shard);
  });
  return *pipeline_;
}

EngineOptions NpzReaderDataset::NewOptions() const {
  const DatasetArguments& a = arguments_;
  EngineOptions options;
  options.batch_size = is_batched() ? a.batch_size : 0;
  options.drop_remainder = a.drop_remainder;
  options.padding = PaddingOf(a);
  options.padded_shapes = PaddedShapesOf(a);
  options.memory_limit = static_cast<uint64_t>(a.memory_limit);
  options.pool = pool_;
  options.verify_checksums = a.verify_checksums;
  return options;
}

std::unique_ptr<IteratorBase> NpzReaderDataset::MakeIteratorInternal(
    const std::string& prefix) const {
  return NewNpzReaderIterator(this,
                              tensorflow::data::name_utils::IteratorPrefix(kDatasetType, prefix));
}

// A split is the index of a file in pipeline().filenames().
absl::Status NpzReaderDataset::MakeSplitProviders(
    std::vector<std::unique_ptr<SplitProvider>>* split_providers) const {
  split_providers->push_back(std::make_unique<tensorflow::data::IndexSplitProvider>(
      static_cast<int64_t>(pipeline().filenames().size())));
  return absl::OkStatus();
}

const DataTypeVector& NpzReaderDataset::output_dtypes() const { return arguments_.output_types; }

const std::vector<PartialTensorShape>& NpzReaderDataset::output_shapes() const {
  return arguments_.output_shapes;
}

std::string NpzReaderDataset::DebugString() const {
  return tensorflow::data::name_utils::DatasetDebugString(kDatasetType);
}

int64_t NpzReaderDataset::CardinalityInternal(CardinalityOptions options) const {
  const bool may_read = options.compute_level() >= CardinalityOptions::CARDINALITY_COMPUTE_MODERATE;
  return pipeline()
      .CountBlocks(may_read ? std::numeric_limits<int64_t>::max() : 0)
      .value_or(tensorflow::data::kUnknownCardinality);
}

absl::Status NpzReaderDataset::GetElement(int64_t index, std::vector<Tensor>* out_tensors) const {
  const absl::Status compatible = CheckRandomAccessCompatible(index);
  // FailedPrecondition means that the cardinality is unknown. The error of BlockAt is better: it
  // names the file that cannot be read.
  if (!compatible.ok() && !absl::IsFailedPrecondition(compatible)) return compatible;
  Result<Block> block = pipeline().BlockAt(index);
  if (!block.ok()) return ToAbslStatus(block.status());
  return ToElement(*block, 0, out_tensors);
}

absl::Status NpzReaderDataset::InputDatasets(std::vector<const DatasetBase*>* inputs) const {
  inputs->clear();
  return absl::OkStatus();
}

absl::Status NpzReaderDataset::CheckExternalState() const { return absl::OkStatus(); }

absl::Status NpzReaderDataset::ToElement(Block& block, int64_t index,
                                         std::vector<Tensor>* out_tensors) const {
  const DataTypeVector& dtypes = output_dtypes();
  for (size_t i = 0; i < dtypes.size(); ++i) {
    Tensor tensor;
    // If the block is one element, the tensor takes its memory. If not, the rows are copied: a row
    // that is held for long, as by shuffle, would keep the memory of the whole block alive.
    if (IsElement(block)) {
      TF_RETURN_IF_ERROR(ToTensor(std::move(block.arrays[i]), dtypes[i],
                                  is_batched() ? block.count : -1, &tensor));
    } else {
      TF_RETURN_IF_ERROR(CopyElement(block.arrays[i], dtypes[i], index, &tensor));
    }
    out_tensors->push_back(std::move(tensor));
  }
  return absl::OkStatus();
}

absl::Status NpzReaderDataset::AsGraphDefInternal(SerializationContext* ctx,
                                                  DatasetGraphDefBuilder* b, Node** output) const {
  const DatasetArguments& a = arguments_;
  Node *filenames, *keys, *batch_size, *drop_remainder, *num_shards, *shard_index, *element_counts,
      *num_parallel_reads, *memory_limit, *verify_checksums;
  if (ctx->is_graph_rewrite()) {
    // This graph stays in this process, so it can refer to the tensor of filenames, without a copy.
    TF_RETURN_IF_ERROR(b->AddPlaceholder(a.filenames, &filenames));
    ctx->input_list()->emplace_back(filenames->name(), a.filenames);
  } else {
    TF_RETURN_IF_ERROR(b->AddTensor(a.filenames, &filenames));
  }
  TF_RETURN_IF_ERROR(b->AddTensor(a.keys, &keys));
  TF_RETURN_IF_ERROR(b->AddScalar(a.batch_size, &batch_size));
  TF_RETURN_IF_ERROR(b->AddScalar(a.drop_remainder, &drop_remainder));
  TF_RETURN_IF_ERROR(b->AddScalar(a.shard.count, &num_shards));
  TF_RETURN_IF_ERROR(b->AddScalar(a.shard.index, &shard_index));
  TF_RETURN_IF_ERROR(b->AddTensor(a.element_counts, &element_counts));
  TF_RETURN_IF_ERROR(b->AddScalar(a.num_parallel_reads, &num_parallel_reads));
  TF_RETURN_IF_ERROR(b->AddScalar(a.memory_limit, &memory_limit));
  TF_RETURN_IF_ERROR(b->AddScalar(a.verify_checksums, &verify_checksums));
  std::vector<Node*> padding;
  DataTypeVector padding_types;
  for (const Tensor& value : a.padding) {
    Node* node;
    TF_RETURN_IF_ERROR(b->AddTensor(value, &node));
    padding.push_back(node);
    padding_types.push_back(value.dtype());
  }
  tensorflow::AttrValue rows, key_depths, tpadding, padding_components, element_shapes, casts,
      usual_dtypes, row_slice, window, slices, slice_axes, sources, length_components, length_axes,
      each_array, key_counts, fallbacks;
  b->BuildAttrValue(a.rows, &rows);
  b->BuildAttrValue(a.key_attributes.key_depths, &key_depths);
  b->BuildAttrValue(padding_types, &tpadding);
  b->BuildAttrValue(a.padding_components, &padding_components);
  b->BuildAttrValue(a.element_shapes, &element_shapes);
  b->BuildAttrValue(a.casts, &casts);
  b->BuildAttrValue(a.usual_dtypes, &usual_dtypes);
  b->BuildAttrValue(a.each_array, &each_array);
  b->BuildAttrValue(a.row_slice, &row_slice);
  b->BuildAttrValue(a.window, &window);
  b->BuildAttrValue(a.slices, &slices);
  b->BuildAttrValue(a.slice_axes, &slice_axes);
  b->BuildAttrValue(a.key_attributes.sources, &sources);
  b->BuildAttrValue(a.key_attributes.length_components, &length_components);
  b->BuildAttrValue(a.key_attributes.length_axes, &length_axes);
  b->BuildAttrValue(a.key_attributes.key_counts, &key_counts);
  b->BuildAttrValue(a.key_attributes.fallbacks, &fallbacks);
  return b->AddDataset(this,
                       {{DatasetInput::kFilenames, filenames},
                        {DatasetInput::kKeys, keys},
                        {DatasetInput::kBatchSize, batch_size},
                        {DatasetInput::kDropRemainder, drop_remainder},
                        {DatasetInput::kNumShards, num_shards},
                        {DatasetInput::kShardIndex, shard_index},
                        {DatasetInput::kElementCounts, element_counts},
                        {DatasetInput::kNumParallelReads, num_parallel_reads},
                        {DatasetInput::kMemoryLimit, memory_limit},
                        {DatasetInput::kVerifyChecksums, verify_checksums}},
                       {{DatasetInput::kPadding, padding}},
                       {{"rows", rows},
                        {"key_depths", key_depths},
                        {"Tpadding", tpadding},
                        {"padding_components", padding_components},
                        {"element_shapes", element_shapes},
                        {"casts", casts},
                        {"usual_dtypes", usual_dtypes},
                        {"row_slice", row_slice},
                        {"window", window},
                        {"slices", slices},
                        {"slice_axes", slice_axes},
                        {"sources", sources},
                        {"length_components", length_components},
                        {"length_axes", length_axes},
                        {"each_array", each_array},
                        {"key_counts", key_counts},
                        {"fallbacks", fallbacks}},
                       output);
}

}  // namespace tf_npz
