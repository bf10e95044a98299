#include "cc/tf/npz_reader_iterator.h"

#include <algorithm>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "cc/base/checked.h"
#include "cc/base/mutex.h"
#include "cc/pipeline/checkpoint.h"
#include "cc/pipeline/engine.h"
#include "cc/tf/compatibility.h"
#include "cc/tf/conversion.h"
#include "cc/tf/reader_thread.h"
#include "tensorflow/core/data/split_utils.h"
#include "tensorflow/core/framework/cancellation.h"
#include "tensorflow/core/framework/dataset.h"
#include "tensorflow/core/framework/model.h"
#include "tensorflow/core/platform/cpu_info.h"

namespace tf_npz {
namespace {

using ::tensorflow::Tensor;
using ::tensorflow::data::DatasetIterator;
using ::tensorflow::data::IteratorBase;
using ::tensorflow::data::IteratorContext;
using ::tensorflow::data::IteratorStateReader;
using ::tensorflow::data::IteratorStateWriter;
using ::tensorflow::data::SerializationContext;
using ::tensorflow::data::SplitProvider;
namespace model = ::tensorflow::data::model;

// Keys of a checkpoint.
constexpr char kFile[] = "file";
constexpr char kElement[] = "element";
constexpr char kFileSize[] = "file_size";
constexpr char kFileName[] = "file_name";
constexpr char kFileCount[] = "file_count";
constexpr char kNamesCrc[] = "names_crc";
constexpr char kSplits[] = "splits";
constexpr char kSplitProvider[] = "split_provider";

// The most threads that tf.data.AUTOTUNE may set. More do not make reading faster.
constexpr int64_t kMaxAutoThreads = 16;
// The most threads of a reader.
constexpr int64_t kMaxThreads = 256;

// A skip starts a new engine at the new position, and reads nothing in between, if it is at least
// this many elements and at least this many times the current block.
constexpr int64_t kSkipByPosition = 4096;
constexpr int64_t kBlocksSkippedByPosition = 16;

// Connects tf.data's protocol to an Engine. tf.data may call from any thread; mutex_ makes the
// calls come one after another.

class Iterator : public DatasetIterator<NpzReaderDataset> {
 public:
  explicit Iterator(const Params& params)
      : DatasetIterator<NpzReaderDataset>(params),
        global_shuffle_(dataset()),
        parallelism_(std::make_shared<SharedState>(dataset()->arguments().num_parallel_reads,
                                                   std::make_shared<SharedMutex>(),
                                                   std::make_shared<SharedCondition>())) {}
  ~Iterator() override { StopEngine(); }

  bool SymbolicCheckpointCompatible() const override { return true; }

  absl::Status Initialize(IteratorContext* ctx) override {
    const MutexLock lock(mutex_);
    if (!ctx->split_providers().empty()) {
      TF_ASSIGN_OR_RETURN(split_provider_,
                          tensorflow::data::GetSingleSplitProvider(ctx, dataset()));
    }
    return StartEngine(ctx, Position());
  }

  absl::Status GetNextInternal(IteratorContext* ctx, std::vector<Tensor>* out_tensors,
                               bool* end_of_sequence) override {
    if (GlobalShuffle::IsOn(*ctx)) {
      return global_shuffle_.GetNext(ctx, out_tensors, end_of_sequence);
    }
    const MutexLock lock(mutex_);
    *end_of_sequence = false;
    if (taken_ == block_.count) {
      if (parallelism_->tunable) engine_->SetNumThreads(NumThreads());
      Result<std::optional<Block>> next = engine_->Next();
      has_failed_ = !next.ok();
      if (has_failed_) return ToAbslStatus(next.status());
      *end_of_sequence = !next->has_value();
      if (*end_of_sequence) return absl::OkStatus();
      block_ = std::move(**next);
      taken_ = 0;
    }
    const int64_t index =
        std::exchange(taken_, dataset()->IsElement(block_) ? block_.count : taken_ + 1);
    TF_RETURN_IF_ERROR(dataset()->ToElement(block_, index, out_tensors));
    if (taken_ == block_.count) block_.arrays.clear();
    return absl::OkStatus();
  }

 protected:
  // A long skip starts a new engine and reads nothing in between. A short one takes elements and
  // drops them.
  absl::Status SkipInternal(IteratorContext* ctx, int num_to_skip, bool* end_of_sequence,
                            int* num_skipped) override {
    *num_skipped = 0;
    if (!GlobalShuffle::IsOn(*ctx)) {
      const MutexLock lock(mutex_);
      TF_RETURN_IF_ERROR(SkipFar(ctx, num_to_skip, num_skipped));
    }
    int others = 0;
    const absl::Status status = DatasetIterator<NpzReaderDataset>::SkipInternal(
        ctx, num_to_skip - *num_skipped, end_of_sequence, &others);
    *num_skipped += others;
    return status;
  }

  // Tells tf.data's autotuning that this is a source that reads ahead, and how many threads it may
  // have.
  std::shared_ptr<model::Node> CreateNode(IteratorContext* ctx,
                                          model::Node::Args args) const override {
    return model::MakeAsyncKnownRatioNode(
        std::move(args), /*ratio=*/0,
        {model::MakeParameter(model::kParallelism, parallelism_, /*min=*/1,
                              /*max=*/static_cast<double>(MaxAutoThreads(ctx)))});
  }

  absl::Status SaveInternal(SerializationContext* ctx, IteratorStateWriter* writer) override {
    const MutexLock lock(mutex_);
    TF_RETURN_IF_ERROR(global_shuffle_.Save(prefix(), ctx, writer));
    Position position = CurrentPosition();
    int64_t file = position.file;  // index in filenames()
    if (split_provider_ != nullptr) {
      // The engine asks for no split while this function runs. So the saved splits and the saved
      // state of the provider belong together.
      absl::Status saved;
      const auto save = [&](const std::vector<int64_t>& splits) TF_NPZ_REQUIRES(mutex_) {
        file = splits.empty() ? static_cast<int64_t>(filenames().size()) : splits[0];
        saved = SaveSplits(splits, writer);
      };
      engine_->SaveFiles(position.file, save);
      TF_RETURN_IF_ERROR(saved);
      position.file = 0;
    }
    const Checkpoint checkpoint = CheckpointAt(position, filenames(), file, NamesCrc());
    TF_RETURN_IF_ERROR(writer->WriteScalar(prefix(), kFile, position.file));
    TF_RETURN_IF_ERROR(writer->WriteScalar(prefix(), kElement, position.element));
    TF_RETURN_IF_ERROR(writer->WriteScalar(prefix(), kFileSize, position.file_size));
    TF_RETURN_IF_ERROR(
        writer->WriteScalar(prefix(), kFileName, tensorflow::tstring(checkpoint.file_name)));
    TF_RETURN_IF_ERROR(writer->WriteScalar(prefix(), kFileCount, checkpoint.file_count));
    return writer->WriteScalar(prefix(), kNamesCrc, checkpoint.names_crc);
  }

  absl::Status RestoreInternal(IteratorContext* ctx, IteratorStateReader* reader) override {
    const MutexLock lock(mutex_);
    if (GlobalShuffle::IsRestored(*ctx)) return global_shuffle_.Restore(prefix(), ctx, reader);
    Checkpoint checkpoint;
    Position& position = checkpoint.position;
    tensorflow::tstring name;
    TF_RETURN_IF_ERROR(reader->ReadScalar(prefix(), kFile, &position.file));
    TF_RETURN_IF_ERROR(reader->ReadScalar(prefix(), kElement, &position.element));
    TF_RETURN_IF_ERROR(reader->ReadScalar(prefix(), kFileSize, &position.file_size));
    TF_RETURN_IF_ERROR(reader->ReadScalar(prefix(), kFileName, &name));
    TF_RETURN_IF_ERROR(reader->ReadScalar(prefix(), kFileCount, &checkpoint.file_count));
    TF_RETURN_IF_ERROR(reader->ReadScalar(prefix(), kNamesCrc, &checkpoint.names_crc));
    checkpoint.file_name = name;
    int64_t file = position.file;
    std::vector<int64_t> splits;
    if (split_provider_ != nullptr) {
      TF_RETURN_IF_ERROR(ReadSplits(ctx, reader, &splits));
      position.file = 0;
      file = splits.empty() ? static_cast<int64_t>(filenames().size()) : splits[0];
    }
    TF_RETURN_IF_ERROR(ToAbslStatus(ValidateCheckpoint(checkpoint, filenames(), file, NamesCrc())));
    if (split_provider_ != nullptr) {
      TF_RETURN_IF_ERROR(split_provider_->Restore(SplitProviderKeys(), reader));
    }
    splits_ = std::move(splits);
    return StartEngine(ctx, position);
  }

 private:
  std::function<std::string(std::string)> SplitProviderKeys() const {
    return [this](const std::string& key) {
      return full_name(std::string(kSplitProvider) + "/" + key);
    };
  }

  absl::Status SaveSplits(const std::vector<int64_t>& splits, IteratorStateWriter* writer)
      TF_NPZ_REQUIRES(mutex_) {
    Tensor tensor(tensorflow::DT_INT64, {static_cast<int64_t>(splits.size())});
    std::copy(splits.begin(), splits.end(), tensor.vec<int64_t>().data());
    TF_RETURN_IF_ERROR(writer->WriteTensor(prefix(), kSplits, tensor));
    return split_provider_->Save(SplitProviderKeys(), writer);
  }

  absl::Status ReadSplits(IteratorContext* ctx, IteratorStateReader* reader,
                          std::vector<int64_t>* splits) const {
    Tensor tensor;
    TF_RETURN_IF_ERROR(reader->ReadTensor(ctx->flr(), prefix(), kSplits, &tensor));
    if (tensor.dtype() == tensorflow::DT_INT64) {
      const auto values = tensor.flat<int64_t>();
      splits->assign(values.data(), values.data() + values.size());
      const auto count = static_cast<int64_t>(filenames().size());
      const bool are_files = std::all_of(splits->begin(), splits->end(), [count](int64_t file) {
        return file >= 0 && file < count;
      });
      if (are_files) return absl::OkStatus();
    }
    return absl::InvalidArgumentError("the checkpoint is damaged: it has no valid splits");
  }

  const std::vector<std::string>& filenames() const { return dataset()->pipeline().filenames(); }

  int64_t NamesCrc() TF_NPZ_REQUIRES(mutex_) {
    if (!names_crc_) names_crc_ = CrcOfNames(filenames());
    return *names_crc_;
  }

  // The number of threads with which tf.data.AUTOTUNE begins, and the most that it may set. That is
  // the size of a private thread pool, or one for each processor, up to kMaxAutoThreads. For a
  // single file that is one source it is 1.
  int64_t MaxAutoThreads(IteratorContext* ctx) const {
    const DatasetArguments& arguments = dataset()->arguments();
    if (arguments.filenames.NumElements() == 1 && !arguments.each_array) return 1;
    const int64_t pool = ctx->runner_threadpool_size();
    return std::clamp<int64_t>(pool > 0 ? pool : tensorflow::port::NumSchedulableCPUs(), 1,
                               kMaxAutoThreads);
  }

  int NumThreads() const {
    const std::lock_guard<SharedMutex> lock(*parallelism_->mu);
    return static_cast<int>(std::clamp<double>(parallelism_->value, 1, kMaxThreads));
  }

  Position CurrentPosition() const TF_NPZ_REQUIRES(mutex_) {
    if (taken_ == block_.count) return block_.next;
    Position position = block_.first;
    position.element += taken_;
    return position;
  }

  // If `num_to_skip` is large, starts a new engine up to `num_to_skip` elements ahead. It does not
  // do so after an error: only the running engine knows which elements the file has lost.
  absl::Status SkipFar(IteratorContext* ctx, int num_to_skip, int* num_skipped)
      TF_NPZ_REQUIRES(mutex_) {
    const DatasetArguments& arguments = dataset()->arguments();
    const int64_t size = dataset()->is_batched() ? arguments.batch_size : 1;
    int64_t elements;
    if (has_failed_ || split_provider_ != nullptr ||
        !CheckedMultiply<int64_t>(num_to_skip, size, &elements) || elements < kSkipByPosition ||
        elements < kBlocksSkippedByPosition * block_.count) {
      return absl::OkStatus();
    }
    int64_t passed = 0;
    Dataset& pipeline = dataset()->pipeline();
    Position position = pipeline.Seek(CurrentPosition(), elements, &passed);
    if (passed % size != 0) {  // whole batches
      elements = passed - passed % size;
      position = pipeline.Seek(CurrentPosition(), elements, &passed);
    }
    if (passed == 0) return absl::OkStatus();
    *num_skipped = static_cast<int>(passed / size);
    return StartEngine(ctx, position, /*skips=*/true);
  }

  absl::Status StartEngine(IteratorContext* ctx, Position start, bool skips = false)
      TF_NPZ_REQUIRES(mutex_) {
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
    has_failed_ = false;
    EngineOptions options = NewOptions(ctx);
    options.verify_before_start = !skips;
    engine_ = dataset()->pipeline().NewEngine(std::move(options), start);
    return tensorflow::RegisterCancellationCallback(
        ctx->cancellation_manager(), [engine = engine_.get()] { engine->Cancel(); }, &deregister_);
  }

  EngineOptions NewOptions(IteratorContext* ctx) TF_NPZ_REQUIRES(mutex_) {
    EngineOptions options = dataset()->pipeline().options();
    options.num_threads = NumThreads();
    // A copy, because the engine may start threads when `ctx` no longer exists.
    const auto context = std::make_shared<IteratorContext>(*ctx);
    options.start_thread = ReaderThread::StartBy(context);
    if (context->model() != nullptr) {
      options.on_work = [this, context](bool begins) {
        begins ? RecordStart(context.get()) : RecordStop(context.get());
      };
    }
    if (split_provider_ != nullptr) {
      options.files_at_first = splits_;
      options.next_file = [provider = split_provider_]() -> Result<std::optional<int64_t>> {
        Tensor split;
        bool at_end = false;
        const absl::Status status = provider->GetNext(&split, &at_end);
        if (!status.ok()) return FromAbslStatus(status, "").WithContext("asking for a split: ");
        if (at_end) return std::optional<int64_t>();
        return std::optional<int64_t>(split.scalar<int64_t>()());
      };
    }
    return options;
  }

  void StopEngine() TF_NPZ_REQUIRES(mutex_) {
    // If the callback is running, this waits for it. After that, no callback can use the engine.
    if (deregister_) deregister_();
    deregister_ = nullptr;
    engine_.reset();
  }

  using SharedState = model::SharedState;
  using SharedMutex = decltype(SharedState::mu)::element_type;
  using SharedCondition = decltype(SharedState::cond_var)::element_type;

  GlobalShuffle global_shuffle_;
  const std::shared_ptr<SharedState> parallelism_;  // if it is tunable, autotuning sets it
  Mutex mutex_;
  // If it is not null, it says which files this iterator reads.
  std::shared_ptr<SplitProvider> split_provider_ TF_NPZ_GUARDED_BY(mutex_);
  // The splits that the restored checkpoint holds: files that the provider has already given.
  std::vector<int64_t> splits_ TF_NPZ_GUARDED_BY(mutex_);
  std::unique_ptr<Engine> engine_ TF_NPZ_GUARDED_BY(mutex_);
  // Removes the cancellation callback.
  std::function<void()> deregister_ TF_NPZ_GUARDED_BY(mutex_);
  // The current block, and how many of its elements have been delivered.
  Block block_ TF_NPZ_GUARDED_BY(mutex_);
  int64_t taken_ TF_NPZ_GUARDED_BY(mutex_) = 0;
  // Whether the engine's last answer was an error.
  bool has_failed_ TF_NPZ_GUARDED_BY(mutex_) = false;
  std::optional<int64_t> names_crc_ TF_NPZ_GUARDED_BY(mutex_);  // of filenames()
};

}  // namespace

std::unique_ptr<IteratorBase> NewNpzReaderIterator(const NpzReaderDataset* dataset,
                                                   const std::string& prefix) {
  return std::make_unique<Iterator>(Iterator::Params{dataset, prefix});
}

}  // namespace tf_npz
