// Laying: the elements of extents into blocks, and blocks into memory. Part of the planner;
// functions without state.

#ifndef TF_NPZ_PIPELINE_LAY_H_
#define TF_NPZ_PIPELINE_LAY_H_

#include "cc/pipeline/block_list.h"
#include "cc/pipeline/block_shape.h"
#include "cc/pipeline/budget.h"
#include "cc/pipeline/failures.h"
#include "cc/pipeline/plan.h"
#include "cc/pipeline/ready_pieces.h"

namespace tf_npz {

// The parts of a plan that laying looks at and changes.
struct LayState {
  const BlockOptions& options;
  BlockList& blocks;
  ReadyPieces& ready;
  Failures& failures;
  Budget& budget;
  int num_threads;
  int64_t widening;  // see IsDeep
};

// Whether blocks are planned far enough ahead: as MostAhead and kAheadBytes say, each times
// `widening`. It is 1, and more once the consumer had to wait though threads had nothing to do: a
// file of hundreds of MB is one thread's work, and the next one begins only when blocks are planned
// up to it.
bool IsDeep(const BlockList& blocks, int num_threads, int64_t widening);

// Lays the elements of an open file into blocks, as far as there is room. Returns true when all of
// them are laid. The file's phase is kFailed if its elements do not go with those before them.
bool LayExtent(const LayState& state, PlannedExtent& file);

// Reserves the block's memory if there is room, and makes its pieces ready.
void ReserveBlock(const LayState& state, PlannedBlock& block);

// No more elements come into the block.
void SealBlock(const LayState& state, PlannedBlock& block);

// An element failed: nothing after it is laid. What lies before it in its block is still decoded.
void FailElement(const LayState& state, Failure failure);

}  // namespace tf_npz

#endif  // TF_NPZ_PIPELINE_LAY_H_
