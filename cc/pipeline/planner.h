// Planner: what to do next, and what may be delivered. It decides; others do the work.
//
// Pure: it holds no lock, does no IO, starts no thread, asks no clock and owns no buffer. Events go
// in, steps and blocks come out. So it can be tested alone, a million schedules in seconds.
//
//     extent   added ──▶ opening ──▶ open ──▶ planned ──▶ done
//                                      │
//                             pieces of its arrays            a step decodes one piece
//                                      ▼
//     block    planned ──▶ sealed ──▶ reserved ──▶ filled ──▶ taken
//
// A block whose size is known when it is begun is reserved before it is sealed.
//
// The order of reading comes as extents: a file, its first element, the end. The planner takes them
// as they come. It lays their elements into blocks and cuts a piece where a block is full. An
// extent may also name the place of each of its elements in the output. Then its pieces are
// scattered over several blocks, as a shuffle wants it. This needs batches, and the exact number of
// elements. The order bounds how far its elements are scattered; the rule for reading ahead does
// not apply then.
//
// A block's memory is reserved when it is sealed. If its size is known earlier, it is reserved when
// it is begun. An array that is decoded whole gets its memory when its first element is planned.
// Three things may exceed the budget: the oldest block, the files that it waits for, and what an
// open file keeps beyond kMaxResident. So there is always something to run or to take.
//
// Which thread decodes what: a stream is decoded front to back by one thread at a time. An array
// that is decoded whole is loaded by one thread alone. Pieces of other arrays are claimed by any
// threads at the same time, but for the array's last piece: it is decoded when all others are. A
// checksum is verified with the last byte that is read. So the same elements come before its error
// with any number of threads: all but those of the last piece.
//
// A failure has a place in the output. Earlier blocks are delivered first. Elements before it in
// its own block are decoded first, since they may fail too. Then the failure is returned, once. A
// file that can't be opened has no elements, and neither has a file whose shape or unit does not
// fit: the plan goes on without it. After any other failure, also of a file in a run, the plan is
// of no more use: the caller makes another Planner, from the failure's `restart` on.

#ifndef TF_NPZ_PIPELINE_PLANNER_H_
#define TF_NPZ_PIPELINE_PLANNER_H_

#include <cstdint>
#include <deque>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "cc/base/status.h"
#include "cc/pipeline/block_shape.h"
#include "cc/pipeline/budget.h"
#include "cc/pipeline/facts.h"
#include "cc/pipeline/position.h"

namespace tf_npz {

// What the planner carries for the work functions, and never looks into (work.h).
struct OpenFile;
class BlockMemory;

// What comes next in the order of reading.
struct Extent {
  int64_t place = 0;  // the file's place in the order; Position::file
  // Names of `files` files, one after another in memory; they outlive the planner. One file, or a
  // run of files of one element each. Then element i of the extent is the file at `place` + i.
  const std::string* filenames = nullptr;
  int64_t files = 1;
  // Elements [first, end) of the file are wanted, as far as it has them.
  int64_t first = 0;
  int64_t end = kToTheEnd;
  // Not empty: the place in the output of each element from `first` on. The output's elements are
  // numbered from 0; element n lies in block n / batch_size. All extents together name
  // each number exactly once. If empty, the elements take the next free places.
  std::vector<int64_t> destinations;

  // For the work of opening the file, which checks them.
  int64_t least = 0;           // elements that the file must have
  int64_t file_size = -1;      // bytes that it must have; -1: any number
  bool verify_skipped = true;  // stored bytes before `first` are read for their checksum
};

struct PlannedArray;

// A block in the making. The planner writes it; a step may read `shape` and `sizes`, since they do
// not change once the block is reserved.
struct PlannedBlock : std::enable_shared_from_this<PlannedBlock> {
  // A piece that waits for the block's memory.
  struct Waiting {
    PlannedArray* array;
    int64_t offset;
    int64_t first;
    int64_t count;
  };

  PlannedBlock(const FileFacts& facts, const BlockOptions& options) : shape(facts, options) {}

  uint64_t sequence = 0;  // from 0, in the order of delivery
  Position first;         // of the first element, and of the element after the last one;
  Position next;          // both mean nothing where destinations are given
  int64_t capacity = 0;   // elements
  int64_t count = 0;      // elements laid into it so far
  BlockShape shape;
  std::vector<uint64_t> sizes;  // bytes of each component, once reserved
  bool is_sealed = false;       // no more elements come
  bool is_reserved = false;     // its pieces may be decoded
  bool is_discarded = false;    // a remainder that is not wanted
  int64_t pieces_left = 0;      // pieces that are not finished
  int64_t running = 0;          // pieces that are claimed and not finished
  uint64_t unpadded_size = 0;   // bytes of its elements as the files have them
  Reservation reservation;
  std::vector<Waiting> waiting;
  const std::string* filename = nullptr;  // of the first element's file, for messages
  std::shared_ptr<BlockMemory> memory;

  bool is_filled() const { return is_sealed && is_reserved && pieces_left == 0; }
};

// A range of one array's elements, and where in a block they go.
struct Piece {
  std::shared_ptr<PlannedBlock> block;
  int64_t offset = 0;  // of the first one, in the block
  int64_t first = 0;   // of the file
  int64_t count = 0;
};

struct PlannedExtent;

struct PlannedArray {
  PlannedExtent* file = nullptr;
  size_t index = 0;
  const ArrayFacts* facts = nullptr;  // in file->facts
  // Pieces of reserved blocks that are not claimed. Those of a stream are in the order of its
  // bytes, others in the order of their blocks.
  std::list<Piece> pieces;
  int64_t running = 0;      // pieces that are claimed and not finished
  bool load_next = false;   // the next step decodes the array whole first
  bool is_loading = false;  // that step runs; no other may
};

// An extent that was added, and what became of it.
struct PlannedExtent {
  enum class Phase : uint8_t { kAdded, kOpening, kOpen, kFailed };

  Position At(int64_t element) const;
  Position End() const { return {extent.place + extent.files, 0}; }

  uint64_t number = 0;  // from 0, in the order of adding
  Extent extent;
  Phase phase = Phase::kAdded;
  Status status;  // of kFailed
  std::shared_ptr<const FileFacts> facts;
  std::vector<PlannedArray> arrays;  // never resized once it is set
  int64_t planned = 0;               // the next element to be laid into a block
  int64_t end = 0;                   // the end of those that are wanted and there
  int64_t pieces_left = 0;
  bool is_planned = false;
  bool is_admitted = false;  // `load_memory` holds what its whole-decoded arrays take
  Reservation load_memory;
  Reservation resident_memory;  // what the open file keeps in memory
  std::shared_ptr<OpenFile> open_file;
};

// What a thread is told to do. It keeps what it needs alive, even if the plan is dropped meanwhile.
struct Step {
  enum class Kind : uint8_t { kOpen, kDecode };

  Kind kind = Kind::kOpen;
  std::shared_ptr<PlannedExtent> file;
  size_t array = 0;         // kDecode: of file->arrays
  Piece piece;              // kDecode
  bool load = false;        // kDecode: decode the array whole first
  bool close_idle = false;  // kOpen: the file will wait; it may give its descriptor back
};

struct PlanFailure {
  Status status;
  Position at;       // of the element that failed: the file has no elements from there on
  Position restart;  // where the next plan begins
  // The plan goes on: the file gave no elements.
  bool keeps_plan = false;
  // The good elements at the beginning of a block of rows that has the failed one in it.
  std::shared_ptr<PlannedBlock> good_part;
};

class Planner {
 public:
  // `budget` must outlive the planner and all of its steps. `units` are those of the files that
  // were read before (see CheckSameUnits); empty if there are none.
  Planner(BlockOptions options, int num_threads, Budget& budget,
          std::vector<std::string> units = {});
  ~Planner();

  // Events. After each of them Claim may have more steps, and state() may be another.

  // The next extent of the order. With `facts` and `open_file` its files need no opening: the step
  // that decodes a file checks that `facts` hold for it.
  void Add(Extent extent, std::shared_ptr<const FileFacts> facts = nullptr,
           std::shared_ptr<OpenFile> open_file = nullptr);
  void EndOfOrder();
  // A kOpen step came to its end.
  void Opened(const Step& step, FileFacts facts, std::shared_ptr<OpenFile> open_file);
  void OpenFailed(const Step& step, Status status);
  // A kDecode step came to its end. Its first `done` elements are
  // right. If `status` is OK, all are.
  void Finished(const Step& step, int64_t done, const Status& status);
  // Threads that work ahead; 0: the caller works, for the next block alone.
  void SetNumThreads(int num_threads);

  // Decisions.

  // Whether another extent would be of use now.
  bool WantsExtent() const;
  // Extents that are added, and not laid into blocks entirely.
  int64_t unplanned() const { return static_cast<int64_t>(end_number() - next_plan_); }

  // The steps that one thread should take next, in this order: those that are wanted soonest. Small
  // ones come several at a time. Empty: there is nothing to do now.
  std::vector<Step> Claim();
  // Whether Claim would return a step.
  bool HasStep() const;

  enum class State {
    kWait,   // a running step decides what comes next
    kBlock,  // TakeBlock has the next block
    kError,  // TakeFailure has the next failure
    kEnd,    // everything was taken
  };
  State state() const;
  std::shared_ptr<PlannedBlock> TakeBlock();
  PlanFailure TakeFailure();

  // Blocks that are planned and not taken, and the oldest of them or null.
  size_t blocks() const { return blocks_.size(); }
  std::shared_ptr<const PlannedBlock> oldest() const {
    return blocks_.empty() ? nullptr : blocks_.front();
  }
  // The units of the first file, for a planner that goes on after this one.
  const std::vector<std::string>& units() const { return units_; }
  // The first file that was laid into blocks and is not done; null if there is none.
  const std::shared_ptr<PlannedExtent>& first_open() const { return first_open_; }
  // Open files that are done. Their end closes files and frees memory: the caller lets them go
  // where no lock is held.
  std::vector<std::shared_ptr<void>> TakeGarbage() { return std::exchange(garbage_, {}); }
  // All open files, and the memory of all blocks. The caller holds them while the planner is
  // destroyed under a lock, and lets them go after it.
  std::vector<std::shared_ptr<void>> TakeAll();

 private:
  // A place in the output: a block's sequence, an offset in it, and one of the file's arrays. It
  // orders failures: if two arrays fail at one element, the first array's failure is the one that
  // counts.
  using OutputPlace = std::tuple<uint64_t, int64_t, size_t>;

  struct Failure {
    OutputPlace place;
    Position at;
    Status status;
  };

  uint64_t end_number() const { return base_ + files_.size(); }
  PlannedExtent& file(uint64_t number) const { return *files_[number - base_]; }
  void Plan();
  bool PlanFile(PlannedExtent& file);
  bool Admit(PlannedExtent& file);
  std::shared_ptr<PlannedBlock> BlockFor(const PlannedExtent& file, int64_t* offset,
                                         int64_t* count);
  std::shared_ptr<PlannedBlock> BeginBlock(const PlannedExtent& file);
  void LayPieces(PlannedExtent& file, const std::shared_ptr<PlannedBlock>& block, int64_t offset,
                 int64_t count);
  void Seal(PlannedBlock& block);
  bool Reserve(PlannedBlock& block);
  void AddPiece(PlannedArray& array, Piece piece);
  void SetReady(PlannedArray& array);
  bool IsAwaited() const;
  bool MayOpen(int64_t files, uint64_t bytes) const;
  void ClaimPieces(std::vector<Step>* steps);
  uint64_t TakePieces(PlannedArray& array, uint64_t most, std::vector<Step>* steps);
  void ClaimOpens(std::vector<Step>* steps);
  int64_t most_ahead() const { return 2 * static_cast<int64_t>(num_threads_) + 2; }
  bool ComesBeforeFailure(const PlannedArray& array, const Piece& piece) const;
  void Fail(Failure failure);
  // The failure that comes next; null if there is none.
  const Failure* next_failure() const;
  void FailToOpen(PlannedExtent& file);
  void Retire(PlannedExtent& file);

  const BlockOptions options_;
  Budget& budget_;
  int num_threads_;
  std::vector<std::string> units_;
  std::shared_ptr<PlannedExtent> first_open_;

  std::deque<std::shared_ptr<PlannedExtent>>
      files_;  // those not done, in order; numbers from base_
  uint64_t base_ = 0;
  uint64_t next_open_ = 0;  // the next file to be opened
  uint64_t next_plan_ = 0;  // the file whose elements are laid into blocks next
  bool is_complete_ = false;
  // Bytes that the file opened last keeps in memory. The planner expects the same of the next
  // file. 0 if it is not a small file.
  uint64_t open_cost_ = 0;

  std::deque<std::shared_ptr<PlannedBlock>> blocks_;  // planned and not taken, in order
  uint64_t next_sequence_ = 0;
  uint64_t block_bytes_ = 0;  // of those of blocks_ that are reserved
  uint64_t convenient_size_;  // bytes of the next block that is no batch
  int64_t unsealed_ = 0;      // of blocks_
  // Those of blocks_ that are sealed and wait for memory, by their sequence.
  std::map<uint64_t, PlannedBlock*> unreserved_;

  // Arrays with a piece that can be claimed, by when it is wanted.
  using ReadyKey = std::tuple<uint64_t, uint64_t, size_t>;  // block sequence, file number, array
  std::map<ReadyKey, PlannedArray*> ready_;

  // Failures of files without elements, in order. They do not stop the plan.
  std::deque<Failure> open_failures_;
  std::optional<Failure> failure_;  // of an element, the earliest that is known: the plan stops
  std::vector<std::shared_ptr<void>> garbage_;
};

}  // namespace tf_npz

#endif  // TF_NPZ_PIPELINE_PLANNER_H_
