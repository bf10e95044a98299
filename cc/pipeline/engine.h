// Engine: the elements of many files, in order, as blocks, decoded ahead by a bounded crew of
// threads.
//
// A block is a batch, a run of rows of one file, or one file's whole arrays. It is filled in place:
// every piece of work decodes one array's elements straight to where the block wants them.
//
//     files     opening ──▶ open ──▶ planned ──▶ done        Open: directory, headers, checks
//                                       │
//                                    pieces                  Decode: elements to their place
//                                       ▼
//     blocks           planned ──▶ reserved ──▶ filled ──▶ delivered       (Next, in order)
//
// Planning is bookkeeping, done under the lock by whoever changed something: it lays the elements
// of opened files into blocks, in order, as far as `memory_limit` allows, and so reserves memory
// for them. Threads take the piece that is wanted first of those whose block is reserved, or open
// the next file; of small pieces and small files they take several, so that the lock costs little.
// The oldest block is always reserved, so the limit can't stop the engine; an array's pieces are
// decoded in order, by one thread at a time.
//
// Three things are done for speed alone. A block that lies within an array which was decoded whole
// is a slice of it. Small files that are alike are planned in runs, without being opened before
// (engine_runs.cc). And blocks are planned no further ahead than the consumer has shown to need.
//
// An error belongs to a file and an element. All that comes before is delivered, the error is
// returned by one call of Next, and the next call goes on with the following file: what was planned
// after the error is dropped and planned anew without the rest of that file.
//
// Next and the destructor belong to one thread at a time; Cancel may be called by any.

#ifndef TF_NPZ_PIPELINE_ENGINE_H_
#define TF_NPZ_PIPELINE_ENGINE_H_

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "cc/base/status.h"
#include "cc/base/thread.h"
#include "cc/io/buffer.h"
#include "cc/io/file.h"
#include "cc/pipeline/file_order.h"
#include "cc/pipeline/position.h"
#include "cc/reader/selection.h"

namespace tf_npz {

// `count` elements in a row, for each component: ArrayData::shape is that of one element.
struct Block {
  int64_t count = 0;
  std::vector<ArrayData> arrays;
  Position first;
  Position next;  // of the element that follows the block
};

// The next file to be read, by its place in the list of all; nothing at the end.
using NextFile = std::function<Result<std::optional<int64_t>>()>;

struct EngineOptions {
  // Elements of a block; 0: blocks are of convenient size, each within one file.
  int64_t batch_size = 0;
  // Leaves out a last batch that isn't full.
  bool drop_remainder = false;
  // For batches: one item in native byte order, or the bytes of a string, for each component, or
  // none. Given, elements of different shapes are padded to the largest; not given, they are an
  // error.
  std::vector<std::string> padding;
  // Of the first file of the list the elements before `begin`, and of the last one those from `end`
  // on, belong to other readers.
  int64_t begin = 0;
  int64_t end = kToTheEnd;
  // Where not null it says which files are read, and in which order, instead of the list's: asked
  // by Next, a few files ahead. `files_at_first` were got from it before, by an earlier engine.
  NextFile next_file;
  std::vector<int64_t> files_at_first;
  // Threads that decode ahead. 0: the caller of Next decodes. With a single file at most one thread
  // is used, and none while there is nothing to run ahead of.
  int num_threads = 0;
  // Bytes of blocks that wait, and of arrays decoded whole for them.
  uint64_t memory_limit = kDefaultMemoryLimit;
  // Where memory comes from; null: from a pool that goes with the engine.
  std::shared_ptr<BufferPool> pool;
  bool verify_checksums = true;
  // Whether of the file in whose middle reading starts the beginning is read too, where its
  // checksum needs that.
  bool verify_before_start = true;
  StartThread start_thread = StartStdThread();
  // May be null. Called by a thread of the crew when it begins to work, with true, and when it
  // ends; and around the waiting of Next. For whoever keeps accounts of them.
  std::function<void(bool begins)> on_work;

  static constexpr uint64_t kDefaultMemoryLimit = uint64_t{256} << 20;
};

class Engine {
 public:
  // `file_system` must outlive the engine. Delivery begins at `start`; InvalidArgument where that
  // file is not as large as it was.
  Engine(const FileSystem& file_system, std::shared_ptr<const std::vector<std::string>> files,
         Selection selection, EngineOptions options, Position start = {});
  Engine(const FileSystem& file_system, std::vector<std::string> files, Selection selection,
         EngineOptions options, Position start = {})
      : Engine(file_system, std::make_shared<const std::vector<std::string>>(std::move(files)),
               std::move(selection), std::move(options), start) {}
  ~Engine();

  // The next block; nothing at the end. After an error, the next call goes on with the next file.
  Result<std::optional<Block>> Next();

  // Of EngineOptions::next_file: the files from place `place` on that it has named so far.
  std::vector<int64_t> FilesFrom(int64_t place);

  // Makes Next return Cancelled, now and from now on.
  void Cancel();

  // From now on so many threads, at least one; called by whoever calls Next, of an engine that
  // began with threads. More are started when they are needed, those too many wait.
  void SetNumThreads(int num_threads);

 private:
  struct Piece;
  struct Array;
  struct File;
  struct Slot;
  struct Task;
  struct Remains;
  struct Failure;

  // These want the lock held. Planning: engine_plan.cc.
  void Plan();
  bool PlanElements(File& file);
  bool Admit(File& file);
  Slot* OpenSlot(const File& file);
  bool MayOpenSlot() const;
  void Widen();
  Status Join(const File& file, Slot& slot) const;
  Status CheckUnits(const File& file);
  std::string ComponentContext(const File& file, size_t component) const;
  std::string PieceContext(const Array& array, const Piece& piece) const;
  bool Lends(const Array& array, int64_t first, const Slot& slot) const;
  void Seal(Slot& slot);
  bool Reserve(Slot& slot);
  void SetReady(Array& array);
  bool Fits(uint64_t size) const;
  bool IsFront(const Slot& slot) const { return slots_.front().get() == &slot; }
  bool IsSkipped(int64_t file) const;
  File* FindFile(int64_t index);
  void Retire(File& file);
  void Fail(Failure failure);

  // Small files that are taken for alike: engine_runs.cc.
  void CountAlike(const File& file);
  bool MayTakeForAlike() const;
  File* TakeForAlike();
  void DropRuns();

  // Delivery and recovery.
  bool FrontIsFilled() const;
  bool AtEnd() const;
  bool WantsFile() const;
  Status AskForFile(std::unique_lock<std::mutex>& lock);
  Block Deliver(int64_t count);
  bool FailureIsNext() const;
  bool ComesBeforeFailure(const Array& array) const;
  Result<std::optional<Block>> Recover();
  void Restart(Position position);

  // Opening: engine_open.cc.
  void ClaimFiles(std::vector<Task>* tasks);
  int MaxOpen() const { return (2 * num_threads_ + 2) * open_run_; }
  bool MayOpen(int limit);
  void FinishOpen(Task& task);
  Status CheckRange(const File& file, int64_t count) const;
  void ChooseDecoders(File& file, bool is_all) const;

  // Work: engine_work.cc.
  std::vector<Task> ClaimTasks();
  void ClaimPieces(std::vector<Task>* tasks);
  static uint64_t TakePieces(Array& array, uint64_t most, std::vector<Task>* tasks);
  static bool IsSmall(const Array& array, const Piece& piece);
  Status ProvideMemory(const Array& array, const Piece& piece);
  void FinishPiece(const Task& task, bool is_last);
  // Gives the lock up while it works.
  void RunTasks(std::vector<Task> tasks, std::unique_lock<std::mutex>& lock);

  // These want it not held.
  void RunTask(Task& task) const;
  void ReadRun(Task& task) const;
  Result<SelectedArrays> OpenFile(const File& file) const;
  Status Decode(Array& array, const Piece& piece, int64_t* done) const;
  void Pad(const Array& array, const Piece& piece, const std::vector<char*>& destinations) const;
  Status DecodeApart(Array& array, const Piece& piece, const std::vector<char*>& destinations,
                     int64_t* done) const;
  void WorkerLoop(int index);
  void StartThreads(int count);
  void OnWork(bool begins) const;

  const FileSystem& file_system_;
  const Selection selection_;
  const EngineOptions options_;
  const std::shared_ptr<BufferPool> pool_;
  // Of .npy files and of members of .npz files: one path means different things in them.
  const std::shared_ptr<PlanCache> layouts_ = std::make_shared<PlanCache>();
  const std::shared_ptr<PlanCache> member_layouts_ = std::make_shared<PlanCache>();
  const int max_open_run_;
  const int64_t skipped_into_;  // the file whose beginning nobody wants, by its place; or -1
  std::atomic<bool> cancelled_{false};

  std::mutex mutex_;
  std::condition_variable work_changed_;   // for the crew: there may be a task
  std::condition_variable crew_changed_;   // for threads too many: there may be fewer
  std::condition_variable ready_changed_;  // for Next: a block may be filled, or the crew idle

  // Guarded by mutex_ from here on.
  FileOrder order_;
  bool stopping_ = false;
  int num_threads_;  // as in EngineOptions
  int busy_ = 0;     // threads that run tasks

  std::deque<std::unique_ptr<File>> files_;  // those opened and not done, in order
  int64_t next_open_ = 0;                    // the next file to open
  int64_t next_plan_ = 0;                    // the file whose elements are laid out next
  // Files that failed, and how many elements they have left; all of them, where a file was only
  // taken for another (engine_runs.cc).
  std::map<int64_t, int64_t> truncated_;
  Position start_;  // where this plan began
  // What each int64 component is in the first file: plain, or datetimes of a unit.
  std::map<size_t, std::string> units_;

  // What the files that were opened last were like, how many in a row, and how many it takes until
  // the next ones are taken for alike.
  std::shared_ptr<const ArrayPlan> alike_;
  int64_t alike_count_ = 0;
  int64_t alike_wanted_;
  std::vector<Remains> remains_;  // of files that are done
  int open_run_ = 1;              // files opened in one go: more, where they are small

  std::deque<std::unique_ptr<Slot>> slots_;  // blocks planned and not delivered, in order
  // How many of these there may be. It grows when the consumer has to wait though threads had
  // nothing to do for it: no more memory is touched than it takes to keep the consumer busy.
  size_t max_slots_;
  uint64_t convenient_size_;  // of the next block that is no batch
  bool was_full_ = false;     // since it grew last, a thread had nothing to do because of it
  bool has_delivered_ = false;
  size_t delivered_ = 0;  // blocks, since the crew was woken last
  uint64_t next_sequence_ = 0;
  uint64_t memory_used_ = 0;

  // Arrays with a piece to decode whose block has memory and that nobody is at, by when they are
  // wanted.
  using ReadyKey = std::tuple<uint64_t, int64_t, size_t>;  // slot sequence, file, array
  std::map<ReadyKey, Array*> ready_;

  std::unique_ptr<Failure> failure_;  // the earliest that is known
  Status deferred_;                   // to be returned by the next call of Next

  std::vector<std::unique_ptr<Thread>> threads_;  // touched by Next and the destructor alone
};

}  // namespace tf_npz

#endif  // TF_NPZ_PIPELINE_ENGINE_H_
