// Claims: which steps a thread should take next. Part of the planner; functions without state.

#ifndef TF_NPZ_PIPELINE_CLAIM_H_
#define TF_NPZ_PIPELINE_CLAIM_H_

#include <cstdint>
#include <vector>

#include "cc/pipeline/block_list.h"
#include "cc/pipeline/budget.h"
#include "cc/pipeline/extent_queue.h"
#include "cc/pipeline/failures.h"
#include "cc/pipeline/plan.h"
#include "cc/pipeline/ready_pieces.h"

namespace tf_npz {

// How far ahead: until there are 2 blocks a thread and 2 more, and 4 MiB in them. The first number
// keeps all threads busy while the consumer holds a block. The second does it where blocks are so
// small that a thread is woken later than they are consumed. Files are opened ahead by the same
// rule.
inline constexpr uint64_t kAheadBytes = uint64_t{4} << 20;
inline int64_t MostAhead(int num_threads) { return 2 * static_cast<int64_t>(num_threads) + 2; }

// What opening a file counts for at least, in bytes: its system calls take as long as decoding so
// much.
inline constexpr uint64_t kLeastOpenCost = uint64_t{16} << 10;

// The parts of a plan that a claim looks at and changes.
struct ClaimState {
  ExtentQueue& extents;
  const BlockList& blocks;
  ReadyPieces& ready;
  const Failures& failures;
  Budget& budget;
  int num_threads;
  // Bytes that the file opened last keeps in memory, kLeastOpenCost at least: what the next one is
  // taken to keep. 0 if it is not a small file.
  uint64_t open_cost;
};

// Whether the piece is to be decoded although something may have failed.
bool IsWanted(const Failures& failures, const PlannedArray& array, const Piece& piece);

// The steps that one thread should take next; none if there is nothing to do now.
std::vector<Step> ClaimSteps(const ClaimState& state);

// Whether ClaimSteps would return a step.
bool HasSteps(const ClaimState& state);

}  // namespace tf_npz

#endif  // TF_NPZ_PIPELINE_CLAIM_H_
