#include "cc/pipeline/claim.h"

#include <algorithm>
#include <utility>

namespace tf_npz {
namespace {

// Small steps are claimed together until they are about this much work, in bytes decoded. It takes
// some 50 us, a hundred times what claiming takes.
constexpr uint64_t kClaimBytes = uint64_t{256} << 10;
// What a piece counts for at least: pieces of no bytes may be any number.
constexpr uint64_t kLeastCost = 1024;

// With more files open than this, those that wait for their turn give their descriptor back.
constexpr size_t kMaxOpenFiles = 64;

bool IsSmall(const PlannedArray& array, const Piece& piece) {
  return !array.load_next &&
         static_cast<uint64_t>(piece.count) * array.facts->element_size <= kClaimBytes;
}

// Whether another file may be opened while fewer than `files` are open ahead, or less than `bytes`.
bool MayOpen(const ClaimState& state, int64_t files, uint64_t bytes) {
  if (state.failures.stops() || !state.extents.has_next_open()) return false;
  const int64_t ahead = state.extents.opened_ahead();
  const bool is_deep = ahead >= files && (state.open_cost == 0 || ahead * state.open_cost >= bytes);
  const bool is_next = ahead == 0 && state.blocks.is_awaited();
  return !is_deep && (is_next || state.budget.Fits(kMaxResident));
}

// Claims the first piece of the array, and small ones after it while they are less than `most`
// bytes. Returns the bytes of all of them.
uint64_t ClaimPiecesOf(const ClaimState& state, PlannedArray& array, uint64_t most,
                       std::vector<Step>* steps) {
  uint64_t size = 0;
  bool is_first = true;
  const bool is_idle = array.running == 0;
  while (!array.pieces.empty()) {
    Piece& piece = array.pieces.front();
    // Another array's piece may be wanted sooner than this array's next one.
    if (!is_first &&
        (size >= most || !state.ready.IsNext(piece.block->sequence) || !IsSmall(array, piece) ||
         !IsWanted(state.failures, array, piece) || (IsLast(array, piece) && !is_idle))) {
      break;
    }
    is_first = false;
    // Each file of a run is opened too.
    const uint64_t least = array.file->extent.files > 1 ? kLeastOpenCost * piece.count : kLeastCost;
    size += std::max(static_cast<uint64_t>(piece.count) * array.facts->element_size, least);
    ++array.running;
    ++piece.block->running;
    Step step;
    step.kind = Step::Kind::kDecode;
    step.file = state.extents.at(array.file->number);
    step.array = array.index;
    step.load = array.load_next;
    step.piece = std::move(piece);
    array.pieces.pop_front();
    steps->push_back(std::move(step));
    if (std::exchange(array.load_next, false)) {
      array.is_loading = true;
      return size;
    }
  }
  state.ready.Update(array);  // other threads may be at it at the same time, unless it is a stream
  return size;
}

// Claims the piece that is wanted first and, while they are small, those that are wanted next.
void ClaimPieces(const ClaimState& state, std::vector<Step>* steps) {
  uint64_t size = 0;
  for (auto ready = state.ready.arrays().begin(); ready != state.ready.arrays().end();) {
    PlannedArray& array = *ready->second;
    const Piece& piece = array.pieces.front();
    if (!IsWanted(state.failures, array, piece)) {
      ++ready;
      continue;
    }
    if (steps->empty()) {
      // What the consumer waits for comes first. Before the rest, some files are kept open.
      const bool is_oldest = state.blocks.entries().front() == piece.block;
      const uint64_t bytes = std::min(state.num_threads * kClaimBytes, kAheadBytes);
      if (!is_oldest && MayOpen(state, state.num_threads, bytes)) return;
    } else if (size >= kClaimBytes || !IsSmall(array, piece)) {
      return;
    }
    ready = state.ready.Remove(ready);
    size += ClaimPiecesOf(state, array, kClaimBytes - std::min(size, kClaimBytes), steps);
  }
}

// Claims the next file to be opened, and more while they are small.
void ClaimOpens(const ClaimState& state, std::vector<Step>* steps) {
  // A thread takes its share, so that the others have work too.
  const int64_t share =
      std::max<int64_t>(1, state.extents.left_to_open() / std::max(state.num_threads, 1));
  uint64_t size = 0;
  while (static_cast<int64_t>(steps->size()) < share && size < kClaimBytes &&
         MayOpen(state, MostAhead(state.num_threads), kAheadBytes)) {
    Step step;
    step.file = state.extents.OpenNext();
    step.file->phase = PlannedExtent::Phase::kOpening;
    step.file->resident_memory = state.budget.Force(kMaxResident);
    step.close_idle = state.extents.entries().size() > kMaxOpenFiles;
    steps->push_back(std::move(step));
    size += state.open_cost == 0 ? kClaimBytes : state.open_cost;
  }
}

}  // namespace

bool IsWanted(const Failures& failures, const PlannedArray& array, const Piece& piece) {
  if (failures.IsBefore({piece.block->sequence, piece.offset, array.index})) return true;
  // The pieces of a stream must be decoded in its order. Those of a scattered one may lie in any
  // order in the output: an earlier place may come later in the stream.
  return array.facts->decoding.is_in_order && !array.file->extent.destinations.empty();
}

std::vector<Step> ClaimSteps(const ClaimState& state) {
  std::vector<Step> steps;
  ClaimPieces(state, &steps);
  if (steps.empty()) ClaimOpens(state, &steps);
  return steps;
}

bool HasSteps(const ClaimState& state) {
  if (MayOpen(state, MostAhead(state.num_threads), kAheadBytes)) return true;
  const ReadyPieces::Map& arrays = state.ready.arrays();
  return std::any_of(arrays.begin(), arrays.end(), [&state](const auto& ready) {
    return IsWanted(state.failures, *ready.second, ready.second->pieces.front());
  });
}

}  // namespace tf_npz
