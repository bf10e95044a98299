#include "cc/pipeline/planner.h"

#include <algorithm>

#include "cc/reader/source_name.h"

namespace tf_npz {

Position PlannedExtent::At(int64_t element) const {
  if (extent.files > 1) return {extent.place + element, 0};
  return {extent.place, element, facts != nullptr ? facts->file_size : -1};
}

void PlannedExtent::SetFacts(std::shared_ptr<const FileFacts> facts_of_file) {
  facts = std::move(facts_of_file);
  arrays.resize(facts->arrays.size());
  for (size_t i = 0; i < arrays.size(); ++i) {
    arrays[i].file = this;
    arrays[i].index = i;
    arrays[i].facts = &facts->arrays[i];
    arrays[i].load_next = arrays[i].facts->decoding.is_whole;
  }
}

Planner::Planner(BlockOptions options, int num_threads, Budget& budget,
                 std::vector<std::string> units)
    : options_(std::move(options)),
      budget_(budget),
      num_threads_(num_threads),
      units_(std::move(units)),
      blocks_(options_, budget_) {}

void Planner::SetNumThreads(int num_threads) {
  if (num_threads_ == num_threads) return;
  num_threads_ = num_threads;
  Plan();
}

void Planner::Widen() {
  // Beyond this the budget alone is the bound.
  constexpr int64_t kMaxWidening = 1024;
  widening_ = std::min(2 * widening_, kMaxWidening);
  Plan();
}

void Planner::Add(Extent extent, std::shared_ptr<const FileFacts> facts,
                  std::shared_ptr<OpenFile> open_file) {
  PlannedExtent& added = extents_.Add(std::move(extent));
  if (facts == nullptr) return;
  extents_.LastIsOpen();
  added.phase = PlannedExtent::Phase::kOpen;
  added.open_file = std::move(open_file);
  added.end = added.extent.files;
  added.SetFacts(std::move(facts));
  Plan();
}

void Planner::EndOfOrder() {
  is_complete_ = true;
  Plan();
}

void Planner::Opened(const Step& step, FileFacts facts, std::shared_ptr<OpenFile> open_file) {
  PlannedExtent& opened = *step.file;
  opened.phase = PlannedExtent::Phase::kOpen;
  opened.open_file = std::move(open_file);
  // It is known only now. Most files keep less than was reserved for them.
  opened.resident_memory = budget_.Force(facts.resident);
  open_cost_ = facts.is_small ? std::max(facts.resident, kLeastOpenCost) : 0;
  opened.end = std::min(opened.extent.end, facts.count);
  opened.planned = std::min(opened.extent.first, opened.end);
  opened.SetFacts(std::make_shared<const FileFacts>(std::move(facts)));
  const size_t places = opened.extent.destinations.size();
  if (places > 0 && static_cast<int64_t>(places) != opened.end - opened.planned) {
    opened.phase = PlannedExtent::Phase::kFailed;
    opened.status = InvalidArgument(
        SourceLabel(*opened.extent.filenames) + ": has " + std::to_string(opened.facts->count) +
        " elements, but the order has places for " + std::to_string(places) + " from element " +
        std::to_string(opened.extent.first) + " on: is it another file than before?");
  }
  Plan();
}

void Planner::OpenFailed(const Step& step, Status status) {
  step.file->phase = PlannedExtent::Phase::kFailed;
  step.file->status = std::move(status);
  step.file->resident_memory.Release();
  Plan();
}

void Planner::Finished(const Step& step, int64_t done, const Status& status) {
  PlannedExtent& file = *step.file;
  PlannedArray& array = file.arrays[step.array];
  PlannedBlock& block = *step.piece.block;
  --block.pieces_left;
  --block.running;
  --file.pieces_left;
  --array.running;
  if (!status.ok()) {
    FailElement(lay_state(), {{block.sequence, step.piece.offset + done, step.array},
                              file.At(step.piece.first + done),
                              status});
  }
  if (step.load) {
    array.is_loading = false;
    const uint64_t overhead = array.facts->decoding.load_overhead;
    file.load_memory.ShrinkTo(file.load_memory.bytes() -
                              std::min(overhead, file.load_memory.bytes()));
  }
  if (array.running == 0) ready_.Update(array);
  if (file.is_planned && file.pieces_left == 0) Retire(file);
  Plan();
}

bool Planner::WantsExtent() const {
  const int64_t ahead = unplanned();
  return ahead < MostAhead(num_threads_) || (open_cost_ > 0 && ahead * open_cost_ < kAheadBytes);
}

void Planner::Plan() {
  while (PlannedBlock* block = blocks_.waiting()) {
    ReserveBlock(lay_state(), *block);
    if (!block->is_reserved) break;
  }
  while (!failures_.stops() && extents_.has_next_plan()) {
    const std::shared_ptr<PlannedExtent> next = extents_.next_plan();
    if (next->phase == PlannedExtent::Phase::kAdded ||
        next->phase == PlannedExtent::Phase::kOpening) {
      return;
    }
    if (next->phase == PlannedExtent::Phase::kOpen && !next->is_admitted) {
      const std::string& filename = *next->extent.filenames;
      next->status = CheckPaddedShapes(*next->facts, options_, filename);
      if (next->status.ok()) {
        if (units_.empty()) units_ = UnitsOf(*next->facts);
        next->status = CheckSameUnits(*next->facts, units_, options_, filename);
      }
      if (!next->status.ok()) next->phase = PlannedExtent::Phase::kFailed;
    }
    if (next->phase == PlannedExtent::Phase::kFailed) {
      // Failures that wait are bounded, but for those within a batch that is not full yet.
      const auto most = static_cast<size_t>(MostAhead(num_threads_));
      if (!blocks_.has_unsealed() && failures_.files() >= most) return;
      FailToOpen(*next);
      continue;
    }
    if (first_open_ == nullptr) first_open_ = next;
    if (LayExtent(lay_state(), *next)) {
      next->is_planned = true;
      extents_.PlanNext();
      if (next->pieces_left == 0) Retire(*next);
    } else if (next->phase != PlannedExtent::Phase::kFailed) {
      return;
    }
  }
  if (failures_.stops() || !is_complete_ || !blocks_.has_unsealed()) return;
  for (const std::shared_ptr<PlannedBlock>& block : blocks_.entries()) {
    if (block->is_sealed) continue;
    block->is_discarded = options_.drop_remainder;
    SealBlock(lay_state(), *block);
  }
}

Planner::State Planner::state() const {
  const Failure* failure = failures_.next();
  if (!blocks_.empty()) {
    const PlannedBlock& oldest = *blocks_.entries().front();
    const uint64_t sequence = failure != nullptr ? std::get<0>(failure->place) : UINT64_MAX;
    if (oldest.is_filled() && oldest.sequence < sequence) return State::kBlock;
    if (failure == nullptr) return State::kWait;
    // A block that is full comes first. If elements are scattered, one before the failure may never
    // become full: planning has stopped.
    const bool stops = failures_.stops();
    if (oldest.sequence < sequence && (oldest.is_sealed || !stops)) return State::kWait;
    if (failure->place > OutputPlace(oldest.sequence, 0, 0)) {
      // Elements before the failed one may fail themselves.
      if (oldest.running > 0 || (oldest.is_sealed && !oldest.is_reserved)) return State::kWait;
      if (!oldest.is_reserved && !stops) return State::kWait;  // it is sealed later
      for (const auto& [key, array] : ready_.arrays()) {
        const Piece& piece = array->pieces.front();
        const OutputPlace place(piece.block->sequence, piece.offset, array->index);
        if (place < failure->place) return State::kWait;
        if (stops && IsWanted(failures_, *array, piece)) return State::kWait;
      }
    }
  }
  if (failure != nullptr) return State::kError;
  const bool is_done = is_complete_ && blocks_.empty() && !extents_.has_next_plan();
  return is_done ? State::kEnd : State::kWait;
}

std::shared_ptr<PlannedBlock> Planner::TakeBlock() {
  std::shared_ptr<PlannedBlock> block = blocks_.TakeOldest();
  Plan();
  return block;
}

PlanFailure Planner::TakeFailure() {
  PlanFailure taken;
  Failure failure = failures_.TakeNext(&taken.keeps_plan);
  taken.status = std::move(failure.status);
  taken.at = failure.at;
  if (taken.keeps_plan) {
    Plan();
    return taken;
  }
  const std::shared_ptr<PlannedBlock> oldest =
      blocks_.empty() ? nullptr : blocks_.entries().front();
  if (options_.batch_size > 0) {
    // The batch is filled anew, with what is left of this file and what follows.
    taken.restart = oldest != nullptr ? oldest->first : taken.at;
    return taken;
  }
  taken.restart = {taken.at.file + 1, 0};
  const int64_t offset = std::get<1>(failure.place);
  if (oldest != nullptr && oldest->sequence == std::get<0>(failure.place) && offset > 0) {
    taken.good_part = oldest;
    oldest->count = offset;
    oldest->next = taken.at;
    oldest->reservation.Release();
  }
  return taken;
}

// The next file gives no elements. The plan goes on without it, unless its elements had places.
void Planner::FailToOpen(PlannedExtent& file) {
  Failure failure{
      {blocks_.next_sequence(), 0, 0}, {file.extent.place, file.planned}, std::move(file.status)};
  const std::vector<int64_t>& destinations = file.extent.destinations;
  if (!destinations.empty()) {
    const int64_t first = *std::min_element(destinations.begin(), destinations.end());
    failure.place = {first / options_.batch_size, first % options_.batch_size, 0};
    return FailElement(lay_state(), std::move(failure));
  }
  if (const std::shared_ptr<PlannedBlock> open = blocks_.open(); open != nullptr) {
    failure.place = {open->sequence, open->count, 0};
  }
  failures_.AddFile(std::move(failure));
  file.phase = PlannedExtent::Phase::kOpen;
  file.is_planned = true;
  extents_.PlanNext();
  Retire(file);
}

std::vector<std::shared_ptr<void>> Planner::TakeAll() {
  std::vector<std::shared_ptr<void>> all = TakeGarbage();
  for (const std::shared_ptr<PlannedExtent>& extent : extents_.entries())
    all.push_back(extent->open_file);
  for (const std::shared_ptr<PlannedBlock>& block : blocks_.entries()) all.push_back(block->memory);
  return all;
}

// Lets go of what a finished file holds. Its entry stays until those before it are finished too.
void Planner::Retire(PlannedExtent& file) {
  file.load_memory.Release();
  file.resident_memory.Release();
  if (file.open_file != nullptr) garbage_.push_back(std::move(file.open_file));
  if (first_open_.get() == &file) first_open_ = nullptr;
  extents_.DropDone();
}

}  // namespace tf_npz
