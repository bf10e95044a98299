// Engine: reads many files ahead on a few threads, and returns their elements in order, in blocks.
//
// A block is a batch, a run of rows of one file, or one file's whole arrays. Threads decode
// straight into its memory.
//
//     FileOrder ──extents──▶ Planner ──steps──▶ Crew (work.h) ──results──▶ Planner ──blocks──▶ Next
//
// The engine is one lock around the planner. Planning happens under the lock and does no IO. Work
// happens without it. A thread claims the steps that are wanted soonest, does them, and reports.
//
// An error belongs to a file and an element. Earlier blocks are delivered first. Without batches,
// earlier rows of the same block are too. Next returns the error once. Then reading goes on: with
// the next file, or with the batch that would have held the element, filled with what follows.
// After an error in a file's data the plan is dropped and another one made, without the rest of
// that file. Steps of the dropped plan may still run; they own what they use, and nobody looks at
// their results.
//
// Locks: the engine's lock comes before the crew's. No file is closed under it.
//
// Threads: one thread calls Next, SetNumThreads, SaveFiles and the destructor. Any thread may call
// Cancel.

#ifndef TF_NPZ_PIPELINE_ENGINE_H_
#define TF_NPZ_PIPELINE_ENGINE_H_

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cc/base/mutex.h"
#include "cc/base/status.h"
#include "cc/base/thread.h"
#include "cc/io/buffer.h"
#include "cc/io/file.h"
#include "cc/pipeline/budget.h"
#include "cc/pipeline/crew.h"
#include "cc/pipeline/file_order.h"
#include "cc/pipeline/planner.h"
#include "cc/pipeline/position.h"
#include "cc/pipeline/work.h"
#include "cc/reader/selection.h"

namespace tf_npz {

// `count` elements one after another, for each component. ArrayData::shape is that of one element.
struct Block {
  int64_t count = 0;
  std::vector<ArrayData> arrays;
  Position first;
  Position next;  // of the element after the block
};

// The next file to be read, by its index in the list; nothing at the end. It may take long: a
// thread of the crew calls it, never the caller of Next, as long as there are threads.
using NextFile = std::function<Result<std::optional<int64_t>>()>;

struct EngineOptions {
  // Elements of a block. 0: blocks are of convenient size, each within one file.
  int64_t batch_size = 0;
  // Leaves out a last batch that is not full.
  bool drop_remainder = false;
  // For batches: one item in native byte order, or the bytes of a string, for each component.
  // Elements of different shapes are padded with it to the largest, or to padded_shapes. Nothing:
  // different shapes of the component are an error. Empty: so for all components.
  std::vector<std::optional<std::string>> padding;
  std::vector<std::vector<int64_t>> padded_shapes;  // BlockOptions::padded_shapes
  // Elements of the list's first file before `begin`, and of its last file from `end` on, belong to
  // other readers.
  int64_t begin = 0;
  int64_t end = kToTheEnd;
  // If set, it names the files of the list to read, one by one, a few files ahead. It named
  // `files_at_first` before, to an earlier engine.
  NextFile next_file;
  std::vector<int64_t> files_at_first;
  // Threads that work ahead. 0: the caller of Next works. A reader of a single file uses one at
  // most, and none before its first block is delivered: that may be all that is wanted.
  int num_threads = 0;
  // Bytes of blocks that wait, and of what is kept in memory for them.
  uint64_t memory_limit = kDefaultMemoryLimit;
  // Where memory comes from. Null: from a pool that ends with the engine.
  std::shared_ptr<BufferPool> pool;
  bool verify_checksums = true;
  // When reading starts within a file, its beginning is read too if its checksum needs that.
  bool verify_before_start = true;
  StartThread start_thread = StartStdThread();
  // May be null. For tf.data's accounts of processor time. A thread of the crew calls it with true
  // before it works and with false after it, for each claim. Next calls it with false before it
  // waits and with true after it, under the engine's lock: it must not call the engine.
  std::function<void(bool begins)> on_work;

  static constexpr uint64_t kDefaultMemoryLimit = uint64_t{256} << 20;
};

class Engine {
 public:
  // `file_system` must outlive the engine. Delivery begins at `start`. InvalidArgument comes from
  // Next if that file is not as large as it was.
  Engine(const FileSystem& file_system, std::shared_ptr<const std::vector<std::string>> filenames,
         const Selection& selection, EngineOptions options, Position start = {});
  Engine(const FileSystem& file_system, std::vector<std::string> filenames,
         const Selection& selection, EngineOptions options, Position start = {})
      : Engine(file_system, std::make_shared<const std::vector<std::string>>(std::move(filenames)),
               selection, std::move(options), start) {}
  ~Engine();

  // The next block; nothing at the end. After an error, the next call goes on with the next file.
  Result<std::optional<Block>> Next() TF_NPZ_EXCLUDES(mutex_);

  // Passes to `save` the files that EngineOptions::next_file has named so far, from place `place`
  // on. The engine's lock is not held. No file is named meanwhile, so `save` may save the state of
  // the object that names them. It waits while next_file runs.
  void SaveFiles(int64_t place, const std::function<void(const std::vector<int64_t>&)>& save)
      TF_NPZ_EXCLUDES(mutex_);

  // Makes Next return Cancelled, now and from now on. Steps that run end soon.
  void Cancel() TF_NPZ_EXCLUDES(mutex_);

  // The number of threads from now on, 1 at least, for an engine that began with threads.
  void SetNumThreads(int num_threads) TF_NPZ_EXCLUDES(mutex_);

 private:
  // A step, and what came of it.
  struct Work;

  int PlannedThreads() const TF_NPZ_REQUIRES(mutex_);
  void MakePlan(std::vector<std::string> units) TF_NPZ_REQUIRES(mutex_);
  void AddExtents() TF_NPZ_REQUIRES(mutex_);
  bool WantsFile() const TF_NPZ_REQUIRES(mutex_);
  void AskForFile() TF_NPZ_REQUIRES(mutex_);
  // Does one claim of steps, or asks for a file, without the lock. Returns false if there is
  // nothing to do. `is_crew`: a thread of the crew calls it, not Next.
  bool WorkOnce(bool is_crew) TF_NPZ_REQUIRES(mutex_);
  void Run(Work& work) const;
  void Report(Work& work, std::vector<std::shared_ptr<void>>* garbage) TF_NPZ_REQUIRES(mutex_);
  Block Deliver(const PlannedBlock& planned) const;
  // What the next failure makes of Next. Puts into `garbage` what the caller lets go without the
  // lock.
  Result<std::optional<Block>> Recover(std::vector<std::shared_ptr<void>>* garbage)
      TF_NPZ_REQUIRES(mutex_);
  // Wakes the consumer if there is something for it.
  void NotifyConsumer() TF_NPZ_REQUIRES(mutex_);

  const EngineOptions options_;
  const bool is_single_file_;
  std::atomic<bool> cancelled_{false};
  const WorkContext context_;

  Mutex mutex_;
  CondVar consumer_wakes_;  // a block is filled, or something failed, or nothing is left to do
  CondVar file_named_;      // no thread asks for a file any more
  Budget budget_ TF_NPZ_GUARDED_BY(mutex_);
  FileOrder order_ TF_NPZ_GUARDED_BY(mutex_);
  std::unique_ptr<Planner> planner_ TF_NPZ_GUARDED_BY(mutex_);
  uint64_t plan_ TF_NPZ_GUARDED_BY(mutex_) =
      0;  // how many plans there were: steps of others are old
  int num_threads_ TF_NPZ_GUARDED_BY(mutex_);
  // Since the last widening a thread had nothing to do, and blocks were planned as far as they may
  // be.
  bool was_deep_ TF_NPZ_GUARDED_BY(mutex_) = false;
  bool has_delivered_ TF_NPZ_GUARDED_BY(mutex_) = false;
  int64_t delivered_ TF_NPZ_GUARDED_BY(mutex_) = 0;   // blocks, since the crew was woken last
  bool is_asking_ TF_NPZ_GUARDED_BY(mutex_) = false;  // a thread asks for a file
  Status ask_error_ TF_NPZ_GUARDED_BY(mutex_);  // of the last call of next_file. It is not called
                                                // again before Next has returned this
  Status deferred_ TF_NPZ_GUARDED_BY(mutex_);   // to be returned by the next call of Next
  // What files of a run are like; null if there are no runs.
  // Files before `open_until_` are opened all the same: an error in a run of files costs a plan, so
  // the files that the last plan had reached are each looked at first.
  std::shared_ptr<const FileFacts> model_facts_ TF_NPZ_GUARDED_BY(mutex_);
  std::shared_ptr<OpenFile> model_file_ TF_NPZ_GUARDED_BY(mutex_);
  bool has_model_ TF_NPZ_GUARDED_BY(mutex_) = false;  // the first open file was looked at
  int64_t open_until_ TF_NPZ_GUARDED_BY(mutex_) = 0;

  // Last: its threads use all of the above, and end before it does.
  Crew crew_;
};

}  // namespace tf_npz

#endif  // TF_NPZ_PIPELINE_ENGINE_H_
