#include "cc/pipeline/lay.h"

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include "cc/pipeline/claim.h"

namespace tf_npz {
namespace {

// Takes the memory for arrays that are decoded whole, before any block takes it: a file that is
// planned can always be decoded.
bool Admit(const LayState& state, PlannedExtent& file) {
  uint64_t size = 0;
  for (const PlannedArray& array : file.arrays) {
    size += array.facts->decoding.load_size + array.facts->decoding.load_overhead;
  }
  if (!state.blocks.is_awaited() && !state.budget.Fits(size)) return false;
  file.load_memory = state.budget.Force(size);
  file.is_admitted = true;
  return true;
}

// Begins the next block, if there is room for it and blocks are not planned far enough ahead.
std::shared_ptr<PlannedBlock> BeginBlock(const LayState& state, const PlannedExtent& file) {
  const bool is_scattered = !file.extent.destinations.empty();
  // Elements that are scattered may have to begin younger blocks before the oldest one is complete.
  const bool must = state.blocks.empty() || (is_scattered && state.blocks.is_awaited());
  if (!must && state.blocks.waits_for_memory()) return nullptr;
  const bool is_deep = IsDeep(state.blocks, state.num_threads, state.widening);
  if (is_deep && !is_scattered) return nullptr;
  std::shared_ptr<PlannedBlock> block = state.blocks.Begin(file, must);
  if (block != nullptr && block->has_known_size) ReserveBlock(state, *block);
  return state.failures.stops() ? nullptr : block;
}

// The block that the file's next element goes to, its place there, and the number of elements that
// go there one after another; null if there is no such block yet, and it can't be begun for now.
std::shared_ptr<PlannedBlock> BlockFor(const LayState& state, const PlannedExtent& file,
                                       int64_t* offset, int64_t* count) {
  const int64_t left = file.end - file.planned;
  const std::vector<int64_t>& destinations = file.extent.destinations;
  std::shared_ptr<PlannedBlock> block;
  if (destinations.empty()) {
    block = state.blocks.open();
    if (block == nullptr) block = BeginBlock(state, file);
    if (block == nullptr) return nullptr;
    *offset = block->count;
    *count = std::min(block->capacity - block->count, left);
    return block;
  }
  const auto at = destinations.begin() + (file.planned - file.extent.first);
  const auto sequence = static_cast<uint64_t>(*at / state.options.batch_size);
  *offset = *at % state.options.batch_size;
  while (sequence >= state.blocks.next_sequence()) {
    if (BeginBlock(state, file) == nullptr) return nullptr;
  }
  block = state.blocks.at(sequence);
  const int64_t most = std::min(left, state.options.batch_size - *offset);
  for (*count = 1; *count < most && at[*count] == *at + *count;) ++*count;
  return block;
}

// Lays `count` elements of the file into the block, from `offset` on.
void LayPieces(const LayState& state, PlannedExtent& file,
               const std::shared_ptr<PlannedBlock>& block, int64_t offset, int64_t count) {
  for (PlannedArray& array : file.arrays) {
    ++block->pieces_left;
    ++file.pieces_left;
    block->unpadded_size += static_cast<uint64_t>(count) * array.facts->element_size;
    if (block->is_reserved) {
      state.ready.Add(array, {block, offset, file.planned, count});
    } else {
      block->waiting.push_back({&array, offset, file.planned, count});
    }
  }
  block->count += count;
  file.planned += count;
  block->next = file.planned == file.end ? file.End() : file.At(file.planned);
  if (block->count < block->capacity) return;
  SealBlock(state, *block);
}

}  // namespace

bool IsDeep(const BlockList& blocks, int num_threads, int64_t widening) {
  const int64_t ahead = blocks.size();
  if (num_threads == 0) return ahead >= 1;
  return ahead >= MostAhead(num_threads) * widening &&
         blocks.bytes() >= kAheadBytes * static_cast<uint64_t>(widening);
}

bool LayExtent(const LayState& state, PlannedExtent& file) {
  while (file.planned < file.end) {
    if (!file.is_admitted && !Admit(state, file)) return false;
    int64_t offset = 0;
    int64_t count = 0;
    const std::shared_ptr<PlannedBlock> block = BlockFor(state, file, &offset, &count);
    if (block == nullptr) return false;
    file.status = block->shape.Join(*file.facts, state.options, *file.extent.filenames);
    if (!file.status.ok()) {
      // All of a file's elements have one shape, so it is the first of them that does not fit.
      file.phase = PlannedExtent::Phase::kFailed;
      return false;
    }
    LayPieces(state, file, block, offset, count);
    if (state.failures.stops()) return false;
  }
  return true;
}

void ReserveBlock(const LayState& state, PlannedBlock& block) {
  Status status = state.blocks.Reserve(block);
  if (!status.ok())
    return FailElement(state, {{block.sequence, 0, 0}, block.first, std::move(status)});
  if (!block.is_reserved) return;
  for (const PlannedBlock::Waiting& piece : std::exchange(block.waiting, {})) {
    state.ready.Add(*piece.array,
                    {block.shared_from_this(), piece.offset, piece.first, piece.count});
  }
}

void SealBlock(const LayState& state, PlannedBlock& block) {
  state.blocks.Seal(block);
  ReserveBlock(state, block);
}

void FailElement(const LayState& state, Failure failure) {
  const uint64_t sequence = std::get<0>(failure.place);
  if (!state.failures.AddElement(std::move(failure))) return;
  // What lies before it in its block is still decoded.
  const std::shared_ptr<PlannedBlock> open = state.blocks.open();
  if (open == nullptr || open->count == 0 || open->sequence != sequence) return;
  SealBlock(state, *open);
}

}  // namespace tf_npz
