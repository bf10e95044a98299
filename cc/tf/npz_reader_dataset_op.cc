// The kernel of NpzReaderDataset: tf.data's iterator protocol around an Engine, and nothing else.

#include <pthread.h>

#include <algorithm>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "tensorflow/core/data/name_utils.h"
#include "tensorflow/core/framework/cancellation.h"
#include "tensorflow/core/framework/dataset.h"
#include "tensorflow/core/framework/model.h"
#include "tensorflow/core/graph/graph.h"
#include "tensorflow/core/platform/cpu_info.h"
#include "tf_npz/reader/engine.h"
#include "tf_npz/tf/conversion.h"
#include "tf_npz/tf/dataset_arguments.h"
#include "tf_npz/tf/file_system.h"

namespace tf_npz {
namespace {

using ::tensorflow::DataTypeVector;
using ::tensorflow::Node;
using ::tensorflow::OpInputList;
using ::tensorflow::OpKernelConstruction;
using ::tensorflow::OpKernelContext;
using ::tensorflow::PartialTensorShape;
using ::tensorflow::Tensor;
using ::tensorflow::data::DatasetBase;
using ::tensorflow::data::DatasetContext;
using ::tensorflow::data::DatasetIterator;
using ::tensorflow::data::DatasetOpKernel;
using ::tensorflow::data::IteratorBase;
using ::tensorflow::data::IteratorContext;
using ::tensorflow::data::IteratorStateReader;
using ::tensorflow::data::IteratorStateWriter;
using ::tensorflow::data::ParseScalarArgument;
using ::tensorflow::data::SerializationContext;
namespace model = ::tensorflow::data::model;

constexpr char kDatasetType[] = "NpzReader";
constexpr char kFile[] = "file";
constexpr char kElement[] = "element";
constexpr char kThreadName[] = "tf_npz_reader";  // 15 characters at most

// Threads that tf.data.AUTOTUNE stands for: one for each processor, but not more than do any good.
constexpr int64_t kMaxAutoThreads = 16;
// Threads that a reader starts at most, whatever it is asked for.
constexpr int64_t kMaxThreads = 256;

class TensorFlowThread : public Thread {
 public:
  explicit TensorFlowThread(std::unique_ptr<tensorflow::Thread> thread)
      : thread_(std::move(thread)) {}

 private:
  const std::unique_ptr<tensorflow::Thread> thread_;  // joins in its destructor
};

class Dataset : public DatasetBase {
 public:
  Dataset(OpKernelContext* ctx, DatasetArguments arguments, std::vector<ElementSpec> specs)
      : DatasetBase(DatasetContext(ctx)),
        arguments_(std::move(arguments)),
        specs_(std::move(specs)),
        pool_(BufferPool::New(static_cast<size_t>(arguments_.memory_limit))) {}
  ~Dataset() override { pool_->StopKeeping(); }

  std::unique_ptr<IteratorBase> MakeIteratorInternal(const std::string& prefix) const override {
    return std::make_unique<Iterator>(
        Iterator::Params{this, tensorflow::data::name_utils::IteratorPrefix(kDatasetType, prefix)});
  }
  const DataTypeVector& output_dtypes() const override { return arguments_.output_types; }
  const std::vector<PartialTensorShape>& output_shapes() const override {
    return arguments_.output_shapes;
  }
  std::string DebugString() const override {
    return tensorflow::data::name_utils::DatasetDebugString(kDatasetType);
  }
  absl::Status InputDatasets(std::vector<const DatasetBase*>* inputs) const override {
    inputs->clear();
    return absl::OkStatus();
  }
  absl::Status CheckExternalState() const override { return absl::OkStatus(); }

 protected:
  absl::Status AsGraphDefInternal(SerializationContext* ctx, DatasetGraphDefBuilder* b,
                                  Node** output) const override {
    const DatasetArguments& a = arguments_;
    std::vector<std::string> names;
    std::vector<int64_t> depths;
    for (const FieldPath& path : a.paths) {
      names.insert(names.end(), path.begin(), path.end());
      depths.push_back(static_cast<int64_t>(path.size()));
    }
    Node *filenames, *keys, *batch_size, *drop_remainder, *num_parallel_reads, *memory_limit,
        *verify_checksums;
    if (ctx->is_graph_rewrite()) {
      // The graph goes no further than this process: names need not be copied into it.
      TF_RETURN_IF_ERROR(b->AddPlaceholder(a.filenames, &filenames));
      ctx->input_list()->emplace_back(filenames->name(), a.filenames);
    } else {
      TF_RETURN_IF_ERROR(b->AddTensor(a.filenames, &filenames));
    }
    TF_RETURN_IF_ERROR(b->AddVector(names, &keys));
    TF_RETURN_IF_ERROR(b->AddScalar(a.batch_size, &batch_size));
    TF_RETURN_IF_ERROR(b->AddScalar(a.drop_remainder, &drop_remainder));
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
    tensorflow::AttrValue rows, key_depths, tpadding;
    b->BuildAttrValue(a.rows, &rows);
    b->BuildAttrValue(depths, &key_depths);
    b->BuildAttrValue(padding_types, &tpadding);
    return b->AddDataset(this,
                         {{0, filenames},
                          {1, keys},
                          {2, batch_size},
                          {3, drop_remainder},
                          {5, num_parallel_reads},
                          {6, memory_limit},
                          {7, verify_checksums}},
                         {{4, padding}},
                         {{"rows", rows}, {"key_depths", key_depths}, {"Tpadding", tpadding}},
                         output);
  }

 private:
  class Iterator : public DatasetIterator<Dataset> {
   public:
    explicit Iterator(const Params& params)
        : DatasetIterator<Dataset>(params),
          parallelism_(std::make_shared<SharedState>(dataset()->arguments_.num_parallel_reads,
                                                     std::make_shared<SharedMutex>(),
                                                     std::make_shared<SharedCondition>())) {}
    ~Iterator() override { StopEngine(); }

    bool SymbolicCheckpointCompatible() const override { return true; }

    absl::Status Initialize(IteratorContext* ctx) override {
      const std::lock_guard<std::mutex> lock(mutex_);
      return StartEngine(ctx, Position());
    }

    absl::Status GetNextInternal(IteratorContext* /*ctx*/, std::vector<Tensor>* out_tensors,
                                 bool* end_of_sequence) override {
      const std::lock_guard<std::mutex> lock(mutex_);
      *end_of_sequence = false;
      if (taken_ == block_.count) {
        if (parallelism_->tunable) engine_->SetNumThreads(NumThreads());
        Result<std::optional<Block>> next = engine_->Next();
        if (!next.ok()) return ToAbslStatus(next.status());
        *end_of_sequence = !next->has_value();
        if (*end_of_sequence) return absl::OkStatus();
        block_ = std::move(**next);
        taken_ = 0;
      }
      return TakeElement(out_tensors);
    }

   protected:
    // What tf.data's autotuning knows us as: a source that works ahead, in so many threads.
    std::shared_ptr<model::Node> CreateNode(IteratorContext* ctx,
                                            model::Node::Args args) const override {
      return model::MakeAsyncKnownRatioNode(
          std::move(args), /*ratio=*/0,
          {model::MakeParameter(model::kParallelism, parallelism_, /*min=*/1,
                                /*max=*/static_cast<double>(MaxAutoThreads(ctx)))});
    }

    absl::Status SaveInternal(SerializationContext* /*ctx*/, IteratorStateWriter* writer) override {
      const std::lock_guard<std::mutex> lock(mutex_);
      Position position = block_.next;
      if (taken_ < block_.count) {
        position = {block_.first.file, block_.first.element + taken_};
      }
      TF_RETURN_IF_ERROR(writer->WriteScalar(prefix(), kFile, position.file));
      return writer->WriteScalar(prefix(), kElement, position.element);
    }

    absl::Status RestoreInternal(IteratorContext* ctx, IteratorStateReader* reader) override {
      const std::lock_guard<std::mutex> lock(mutex_);
      int64_t file = 0;
      int64_t element = 0;
      TF_RETURN_IF_ERROR(reader->ReadScalar(prefix(), kFile, &file));
      TF_RETURN_IF_ERROR(reader->ReadScalar(prefix(), kElement, &element));
      const int64_t file_count = dataset()->arguments_.filenames.NumElements();
      if (file < 0 || file > file_count || element < 0) {
        return absl::InvalidArgumentError("checkpoint of an NpzReaderDataset over other files");
      }
      return StartEngine(ctx, {file, element});
    }

   private:
    // Those that tf.data.AUTOTUNE stands for at most, and to begin with: as many as a private
    // thread pool has, or one for each processor, but not more than do any good. For a single file
    // there is no more than one.
    int64_t MaxAutoThreads(IteratorContext* ctx) const {
      if (dataset()->arguments_.filenames.NumElements() == 1) return 1;
      const int64_t pool = ctx->runner_threadpool_size();
      return std::clamp<int64_t>(pool > 0 ? pool : tensorflow::port::NumSchedulableCPUs(), 1,
                                 kMaxAutoThreads);
    }

    int NumThreads() const {
      const std::lock_guard<SharedMutex> lock(*parallelism_->mu);
      return static_cast<int>(std::clamp<double>(parallelism_->value, 1, kMaxThreads));
    }

    // These want mutex_ held.
    absl::Status StartEngine(IteratorContext* ctx, Position start) {
      StopEngine();
      {
        const std::lock_guard<SharedMutex> lock(*parallelism_->mu);
        if (parallelism_->value == model::kAutotune) {
          parallelism_->value = static_cast<double>(MaxAutoThreads(ctx));
        }
      }
      block_ = Block();
      block_.first = block_.next = start;
      taken_ = 0;
      // The context is gone when the engine starts its threads.
      const auto context = std::make_shared<IteratorContext>(*ctx);
      EngineOptions options = dataset()->NewOptions();
      options.num_threads = NumThreads();
      options.start_thread = [context](std::function<void()> body) -> std::unique_ptr<Thread> {
        std::unique_ptr<tensorflow::Thread> thread =
            context->StartThread(kThreadName, [body = std::move(body)] {
              // TensorFlow keeps the name to itself; this is for top, debuggers and profilers. Its
              // threads go on to other work.
              char previous[16] = "";
              pthread_getname_np(pthread_self(), previous, sizeof(previous));
              pthread_setname_np(pthread_self(), kThreadName);
              body();
              pthread_setname_np(pthread_self(), previous);
            });
        if (thread == nullptr) return nullptr;
        return std::make_unique<TensorFlowThread>(std::move(thread));
      };
      if (context->model() != nullptr) {
        options.on_work = [this, context](bool begins) {
          begins ? RecordStart(context.get()) : RecordStop(context.get());
        };
      }
      engine_ = std::make_unique<Engine>(TensorFlowFileSystem::Get(), dataset()->Paths(),
                                         dataset()->NewSelection(), std::move(options), start);
      return tensorflow::RegisterCancellationCallback(
          ctx->cancellation_manager(), [engine = engine_.get()] { engine->Cancel(); },
          &deregister_);
    }

    void StopEngine() {
      // Waits for a callback that is running, after which none can touch the engine.
      if (deregister_) deregister_();
      deregister_ = nullptr;
      engine_.reset();
    }

    absl::Status TakeElement(std::vector<Tensor>* out_tensors) {
      const DataTypeVector& dtypes = dataset()->output_dtypes();
      const bool batched = dataset()->arguments_.batch_size != kNotBatched;
      // A block that is an element gives away its memory, or its slice of an array's, for which the
      // engine sees to bounds. Elements of a larger one are copied: held for long, as by shuffle,
      // each would keep all of it alive.
      const bool whole = batched || block_.count == 1;
      const int64_t index = std::exchange(taken_, whole ? block_.count : taken_ + 1);
      for (size_t i = 0; i < dtypes.size(); ++i) {
        Tensor tensor;
        if (whole) {
          TF_RETURN_IF_ERROR(ToTensor(std::move(block_.arrays[i]), dtypes[i],
                                      batched ? block_.count : -1, &tensor));
        } else {
          TF_RETURN_IF_ERROR(CopyElement(block_.arrays[i], dtypes[i], index, &tensor));
        }
        out_tensors->push_back(std::move(tensor));
      }
      if (taken_ == block_.count) block_.arrays.clear();
      return absl::OkStatus();
    }

    using SharedState = model::SharedState;
    using SharedMutex = decltype(SharedState::mu)::element_type;
    using SharedCondition = decltype(SharedState::cond_var)::element_type;

    const std::shared_ptr<SharedState> parallelism_;  // set by autotuning, where it is tunable
    std::mutex mutex_;
    std::unique_ptr<Engine> engine_;
    std::function<void()> deregister_;  // takes the cancellation callback back
    Block block_;                       // the block at hand, of which
    int64_t taken_ = 0;                 // so many elements are delivered
  };

  // Made once, for all iterators.
  std::shared_ptr<const std::vector<std::string>> Paths() const {
    std::call_once(paths_made_, [this] {
      paths_ = std::make_shared<const std::vector<std::string>>(ToStrings(arguments_.filenames));
    });
    return paths_;
  }

  Selection NewSelection() const {
    Selection selection;
    selection.paths = arguments_.paths;
    selection.specs = specs_;
    selection.rows = arguments_.rows;
    return selection;
  }

  EngineOptions NewOptions() const {
    const DatasetArguments& a = arguments_;
    EngineOptions options;
    options.batch_size = a.batch_size == kNotBatched ? 0 : a.batch_size;
    options.drop_remainder = a.drop_remainder;
    for (const Tensor& value : a.padding) {
      if (value.dtype() == tensorflow::DT_STRING) {
        options.padding.push_back(ToStrings(value)[0]);
      } else {
        options.padding.emplace_back(static_cast<const char*>(value.data()),
                                     tensorflow::DataTypeSize(value.dtype()));
      }
    }
    options.memory_limit = static_cast<uint64_t>(a.memory_limit);
    options.pool = pool_;
    options.verify_checksums = a.verify_checksums;
    return options;
  }

  const DatasetArguments arguments_;
  const std::vector<ElementSpec> specs_;
  // Of all iterators: where a dataset repeats, the memory of one epoch serves the next.
  const std::shared_ptr<BufferPool> pool_;
  mutable std::once_flag paths_made_;
  mutable std::shared_ptr<const std::vector<std::string>> paths_;
};

class NpzReaderDatasetOp : public DatasetOpKernel {
 public:
  explicit NpzReaderDatasetOp(OpKernelConstruction* ctx) : DatasetOpKernel(ctx) {
    OP_REQUIRES_OK(ctx, ctx->GetAttr("rows", &attributes_.rows));
    OP_REQUIRES_OK(ctx, ctx->GetAttr("key_depths", &key_depths_));
    OP_REQUIRES_OK(ctx, ctx->GetAttr("output_types", &attributes_.output_types));
    OP_REQUIRES_OK(ctx, ctx->GetAttr("output_shapes", &attributes_.output_shapes));
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
    Result<std::vector<FieldPath>> paths = ToPaths(*strings, key_depths_);
    OP_REQUIRES_OK(ctx, ToAbslStatus(paths.status()));
    a.paths = std::move(*paths);
    OP_REQUIRES_OK(ctx, ParseScalarArgument(ctx, "batch_size", &a.batch_size));
    OP_REQUIRES_OK(ctx, ParseScalarArgument(ctx, "drop_remainder", &a.drop_remainder));
    OP_REQUIRES_OK(ctx, ParseScalarArgument(ctx, "num_parallel_reads", &a.num_parallel_reads));
    OP_REQUIRES_OK(ctx, ParseScalarArgument(ctx, "memory_limit", &a.memory_limit));
    OP_REQUIRES_OK(ctx, ParseScalarArgument(ctx, "verify_checksums", &a.verify_checksums));
    OpInputList padding;
    OP_REQUIRES_OK(ctx, ctx->input_list("padding", &padding));
    a.padding.assign(padding.begin(), padding.end());
    Result<std::vector<ElementSpec>> specs = CheckedSpecs(a);
    OP_REQUIRES_OK(ctx, ToAbslStatus(specs.status()));
    *output = new Dataset(ctx, std::move(a), std::move(*specs));
  }

 private:
  DatasetArguments attributes_;  // those that are attributes of the op
  std::vector<int64_t> key_depths_;
};

REGISTER_KERNEL_BUILDER(Name("NpzReaderDataset").Device(tensorflow::DEVICE_CPU),
                        NpzReaderDatasetOp);

}  // namespace
}  // namespace tf_npz
