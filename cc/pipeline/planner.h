// Planner: what to do next, and what may be delivered. It decides; others do the work.
//
// Pure: it holds no lock, does no IO, starts no thread, asks no clock and owns no buffer. Events go
// in, steps and blocks come out. So it can be tested alone, a million schedules in seconds.
//
// Its parts: the extents (extent_queue.h), the blocks and their memory (block_list.h), the pieces
// that may be decoded (ready_pieces.h), what failed (failures.h). Two sets of functions work on
// them: lay.h lays elements into blocks, claim.h says what a thread does next. The planner holds
// the parts, takes the events, and says what may be delivered.
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

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "cc/base/status.h"
#include "cc/pipeline/block_list.h"
#include "cc/pipeline/budget.h"
#include "cc/pipeline/claim.h"
#include "cc/pipeline/extent_queue.h"
#include "cc/pipeline/facts.h"
#include "cc/pipeline/failures.h"
#include "cc/pipeline/lay.h"
#include "cc/pipeline/plan.h"
#include "cc/pipeline/ready_pieces.h"

namespace tf_npz {

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
  // The consumer waits, and threads had nothing to do since blocks were planned far enough ahead:
  // from now on that is twice as far.
  void Widen();

  // Decisions.

  // Whether another extent would be of use now.
  bool WantsExtent() const;
  // Extents that are added, and not laid into blocks entirely.
  int64_t unplanned() const { return extents_.unplanned(); }

  // The steps that one thread should take next, in this order: those that are wanted soonest. Small
  // ones come several at a time. Empty: there is nothing to do now.
  std::vector<Step> Claim() { return ClaimSteps(claim_state()); }
  // Whether Claim would return a step.
  bool HasStep() { return HasSteps(claim_state()); }

  // Whether blocks are planned as far ahead as they may be.
  bool is_deep() const { return IsDeep(blocks_, num_threads_, widening_); }

  enum class State {
    kWait,   // a running step decides what comes next
    kBlock,  // TakeBlock has the next block
    kError,  // TakeFailure has the next failure
    kEnd,    // everything was taken
  };
  State state() const;
  std::shared_ptr<PlannedBlock> TakeBlock();
  PlanFailure TakeFailure();

  // Blocks that are planned and not taken.
  const BlockList& blocks() const { return blocks_; }
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
  ClaimState claim_state() {
    return {extents_, blocks_, ready_, failures_, budget_, num_threads_, open_cost_};
  }
  LayState lay_state() {
    return {options_, blocks_, ready_, failures_, budget_, num_threads_, widening_};
  }
  void Plan();
  void FailToOpen(PlannedExtent& file);
  void Retire(PlannedExtent& file);

  const BlockOptions options_;
  Budget& budget_;
  int num_threads_;
  std::vector<std::string> units_;
  std::shared_ptr<PlannedExtent> first_open_;
  bool is_complete_ = false;
  int64_t widening_ = 1;    // see IsDeep
  uint64_t open_cost_ = 0;  // see ClaimState
  ExtentQueue extents_;
  BlockList blocks_;
  ReadyPieces ready_;
  Failures failures_;
  std::vector<std::shared_ptr<void>> garbage_;
};

}  // namespace tf_npz

#endif  // TF_NPZ_PIPELINE_PLANNER_H_
