#include "cc/pipeline/planner.h"

#include <algorithm>
#include <cassert>

#include "cc/base/checked.h"
#include "cc/base/text.h"

namespace tf_npz {
namespace {

// Blocks of rows start small, so that a reader of a few rows reads little more than them. They
// double up to a size that is worth a step and still comes soon.
constexpr uint64_t kFirstConvenientSize = uint64_t{64} << 10;
constexpr uint64_t kConvenientSize = uint64_t{1} << 20;
constexpr int64_t kConvenientCount = 4096;

// How far ahead: until there are 2 blocks a thread and 2 more, and 4 MiB in them. The first number
// keeps all threads busy while the consumer holds a block. The second does it where blocks are so
// small that a thread is woken later than they are consumed. Files are opened ahead by the same
// rule.
constexpr uint64_t kAheadBytes = uint64_t{4} << 20;

// Small steps are claimed together until they are about this much work, in bytes decoded. It takes
// some 50 us, a hundred times what claiming takes.
constexpr uint64_t kClaimBytes = uint64_t{256} << 10;
// What a piece counts for at least: pieces of no bytes may be any number.
constexpr uint64_t kLeastCost = 1024;
// What opening a file counts for at least: its system calls take as long as decoding so much.
constexpr uint64_t kLeastOpenCost = uint64_t{16} << 10;

// With more files open than this, those that wait for their turn give their descriptor back.
constexpr size_t kMaxOpenFiles = 64;

// What a block is taken to cost besides its elements' memory.
constexpr uint64_t kBlockOverhead = 1024;

// A block over memory_limit may take 64 times the bytes of the elements in it. Headers alone decide
// what it is padded to: without this two files of 100 bytes could ask for any memory.
constexpr uint64_t kMaxPaddingRatio = 64;

bool IsSmall(const PlannedArray& array, const Piece& piece) {
  return !array.load_next &&
         static_cast<uint64_t>(piece.count) * array.facts->element_size <= kClaimBytes;
}

// Whether the piece has the array's last element. It is decoded after all others, since a checksum
// is verified with the last byte that is read: so the same elements come before the error, whatever
// the number of threads.
bool IsLast(const PlannedArray& array, const Piece& piece) {
  const PlannedExtent& file = *array.file;
  return piece.first + piece.count == file.facts->count && file.extent.files == 1 &&
         file.extent.destinations.empty();
}

}  // namespace

Position PlannedExtent::At(int64_t element) const {
  if (extent.files > 1) return {extent.place + element, 0};
  return {extent.place, element, facts != nullptr ? facts->file_size : -1};
}

Planner::Planner(BlockOptions options, int num_threads, Budget& budget,
                 std::vector<std::string> units)
    : options_(std::move(options)),
      budget_(budget),
      num_threads_(num_threads),
      units_(std::move(units)),
      convenient_size_(kFirstConvenientSize) {}

Planner::~Planner() = default;

void Planner::SetNumThreads(int num_threads) {
  if (num_threads_ == num_threads) return;
  num_threads_ = num_threads;
  Plan();
}

void Planner::Add(Extent extent, std::shared_ptr<const FileFacts> facts,
                  std::shared_ptr<OpenFile> open_file) {
  auto added = std::make_shared<PlannedExtent>();
  added->number = end_number();
  added->extent = std::move(extent);
  files_.push_back(added);
  if (facts == nullptr) return;
  if (next_open_ == added->number) ++next_open_;
  added->phase = PlannedExtent::Phase::kOpen;
  added->open_file = std::move(open_file);
  added->end = added->extent.files;
  added->facts = std::move(facts);
  added->arrays.resize(added->facts->arrays.size());
  for (size_t i = 0; i < added->arrays.size(); ++i) {
    added->arrays[i].file = added.get();
    added->arrays[i].index = i;
    added->arrays[i].facts = &added->facts->arrays[i];
  }
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
  opened.facts = std::make_shared<const FileFacts>(std::move(facts));
  opened.arrays.resize(opened.facts->arrays.size());
  for (size_t i = 0; i < opened.arrays.size(); ++i) {
    PlannedArray& array = opened.arrays[i];
    array.file = &opened;
    array.index = i;
    array.facts = &opened.facts->arrays[i];
    array.load_next = array.facts->decoding.is_whole;
  }
  const size_t places = opened.extent.destinations.size();
  if (places > 0 && static_cast<int64_t>(places) != opened.end - opened.planned) {
    opened.phase = PlannedExtent::Phase::kFailed;
    opened.status = InvalidArgument(
        Escape(*opened.extent.filenames) + ": has " + std::to_string(opened.facts->count) +
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
    Fail({{block.sequence, step.piece.offset + done, step.array},
          file.At(step.piece.first + done),
          status});
  }
  if (step.load) {
    array.is_loading = false;
    const uint64_t overhead = array.facts->decoding.load_overhead;
    file.load_memory.ShrinkTo(file.load_memory.bytes() -
                              std::min(overhead, file.load_memory.bytes()));
  }
  if (array.running == 0) SetReady(array);
  if (file.is_planned && file.pieces_left == 0) Retire(file);
  Plan();
}

// Whether nothing but the next file can complete the oldest block: then it must not wait for
// memory.
bool Planner::IsAwaited() const { return blocks_.empty() || !blocks_.front()->is_sealed; }

bool Planner::WantsExtent() const {
  const int64_t ahead = unplanned();
  if (ahead < most_ahead()) return true;
  return open_cost_ > 0 && ahead * std::max(open_cost_, kLeastOpenCost) < kAheadBytes;
}

void Planner::Plan() {
  while (!unreserved_.empty() && Reserve(*unreserved_.begin()->second)) {
    unreserved_.erase(unreserved_.begin());
  }
  if (failure_) return;
  while (next_plan_ < end_number()) {
    PlannedExtent& next = file(next_plan_);
    if (next.phase == PlannedExtent::Phase::kAdded ||
        next.phase == PlannedExtent::Phase::kOpening) {
      return;
    }
    if (next.phase == PlannedExtent::Phase::kOpen && !next.is_admitted) {
      if (units_.empty()) units_ = UnitsOf(*next.facts);
      next.status = CheckSameUnits(*next.facts, units_, options_, *next.extent.filenames);
      if (!next.status.ok()) next.phase = PlannedExtent::Phase::kFailed;
    }
    if (next.phase == PlannedExtent::Phase::kFailed) {
      // Failures that wait are bounded, but for those within a batch that is not full yet.
      const bool is_bounded = unsealed_ == 0;
      if (is_bounded && open_failures_.size() >= 2 * static_cast<size_t>(num_threads_) + 2) return;
      FailToOpen(next);
      if (failure_) return;
      continue;
    }
    if (first_open_ == nullptr) first_open_ = files_[next_plan_ - base_];
    if (!PlanFile(next)) {
      if (next.phase == PlannedExtent::Phase::kFailed) continue;
      return;
    }
    next.is_planned = true;
    ++next_plan_;
    if (next.pieces_left == 0) Retire(next);
  }
  if (!is_complete_ || unsealed_ == 0) return;
  for (const std::shared_ptr<PlannedBlock>& block : blocks_) {
    if (block->is_sealed) continue;
    block->is_discarded = options_.drop_remainder;
    Seal(*block);
  }
}

// Lays the file's elements into blocks. Returns false if it can't go on for now, or failed.
bool Planner::PlanFile(PlannedExtent& file) {
  while (file.planned < file.end) {
    if (!file.is_admitted && !Admit(file)) return false;
    int64_t offset = 0;
    int64_t count = 0;
    const std::shared_ptr<PlannedBlock> block = BlockFor(file, &offset, &count);
    if (block == nullptr) return false;
    const Status joined = block->shape.Join(*file.facts, options_, *file.extent.filenames);
    if (!joined.ok()) {
      // All of a file's elements have one shape, so it is the first of them that does not fit.
      file.phase = PlannedExtent::Phase::kFailed;
      file.status = joined;
      return false;
    }
    LayPieces(file, block, offset, count);
    if (failure_) return false;
  }
  return true;
}

// Takes the memory for arrays that are decoded whole, before any block takes it: a file that is
// planned can always be decoded.
bool Planner::Admit(PlannedExtent& file) {
  uint64_t size = 0;
  for (const PlannedArray& array : file.arrays) {
    size += array.facts->decoding.load_size + array.facts->decoding.load_overhead;
  }
  if (!IsAwaited() && !budget_.Fits(size)) return false;
  file.load_memory = budget_.Force(size);
  file.is_admitted = true;
  return true;
}

// The block that the file's next element goes to, its place there, and the number of elements that
// go there one after another; null if there is no such block yet, and it can't be begun for now.
std::shared_ptr<PlannedBlock> Planner::BlockFor(const PlannedExtent& file, int64_t* offset,
                                                int64_t* count) {
  const int64_t left = file.end - file.planned;
  const std::vector<int64_t>& destinations = file.extent.destinations;
  std::shared_ptr<PlannedBlock> block;
  if (destinations.empty()) {
    if (!blocks_.empty() && !blocks_.back()->is_sealed) block = blocks_.back();
    if (block == nullptr) block = BeginBlock(file);
    if (block == nullptr) return nullptr;
    *offset = block->count;
    *count = std::min(block->capacity - block->count, left);
    return block;
  }
  const auto at = destinations.begin() + (file.planned - file.extent.first);
  const auto sequence = static_cast<uint64_t>(*at / options_.batch_size);
  *offset = *at % options_.batch_size;
  while (sequence >= next_sequence_) {
    if (BeginBlock(file) == nullptr) return nullptr;
  }
  block = blocks_[sequence - blocks_.front()->sequence];
  const int64_t most = std::min(left, options_.batch_size - *offset);
  for (*count = 1; *count < most && at[*count] == *at + *count;) ++*count;
  return block;
}

// Begins the next block, with the shape of the file's elements.
std::shared_ptr<PlannedBlock> Planner::BeginBlock(const PlannedExtent& file) {
  const bool is_scattered = !file.extent.destinations.empty();
  // Elements that are scattered may have to begin younger blocks before the oldest one is complete.
  const bool must = blocks_.empty() || (is_scattered && !blocks_.front()->is_sealed);
  if (!must && !unreserved_.empty()) return nullptr;
  const auto ahead = static_cast<int64_t>(blocks_.size());
  const bool is_deep =
      num_threads_ == 0 ? ahead >= 1 : ahead >= most_ahead() && block_bytes_ >= kAheadBytes;
  if (is_deep && !is_scattered) return nullptr;

  auto block = std::make_shared<PlannedBlock>(*file.facts, options_);
  uint64_t element_size = 0;
  for (const PlannedArray& array : file.arrays) element_size += array.facts->element_size;
  block->capacity = options_.batch_size;
  if (options_.batch_size == 0) {
    const uint64_t target = std::min(convenient_size_, options_.memory_limit / 4);
    convenient_size_ = std::min(2 * convenient_size_, kConvenientSize);
    const auto fitting = static_cast<int64_t>(target / std::max<uint64_t>(element_size, 1));
    block->capacity = std::clamp<int64_t>(fitting, 1, kConvenientCount);
    block->capacity = std::min(block->capacity, file.end - file.planned);
  }
  // A block of known size gets its memory now, so that its first elements need not wait until its
  // last ones are found. Not if it is so large that it may never be full.
  uint64_t size = 0;
  const bool is_early =
      block->shape.is_fixed() &&
      CheckedMultiply(static_cast<uint64_t>(block->capacity), element_size, &size) &&
      (options_.batch_size == 0 || size <= options_.memory_limit);
  if (!must && !budget_.Fits((is_early ? size : 0) + kBlockOverhead)) return nullptr;
  block->sequence = next_sequence_++;
  block->first = block->next = file.At(file.planned);
  block->filename = &file.extent.filenames[file.extent.files > 1 ? file.planned : 0];
  blocks_.push_back(block);
  ++unsealed_;
  if (is_early) Reserve(*block);
  return failure_ ? nullptr : block;
}

void Planner::LayPieces(PlannedExtent& file, const std::shared_ptr<PlannedBlock>& block,
                        int64_t offset, int64_t count) {
  for (PlannedArray& array : file.arrays) {
    ++block->pieces_left;
    ++file.pieces_left;
    block->unpadded_size += static_cast<uint64_t>(count) * array.facts->element_size;
    if (block->is_reserved) {
      AddPiece(array, {block, offset, file.planned, count});
    } else {
      block->waiting.push_back({&array, offset, file.planned, count});
    }
  }
  block->count += count;
  file.planned += count;
  block->next = file.planned == file.end ? file.End() : file.At(file.planned);
  if (block->count == block->capacity) Seal(*block);
}

void Planner::Seal(PlannedBlock& block) {
  block.is_sealed = true;
  --unsealed_;
  if (!block.is_reserved && !Reserve(block)) unreserved_[block.sequence] = &block;
}

// Sets memory apart for the block, if there is room for it or it is the oldest one.
bool Planner::Reserve(PlannedBlock& block) {
  if (block.is_reserved) return true;
  const int64_t count = block.is_sealed ? block.count : block.capacity;
  Result<std::vector<uint64_t>> sizes = block.shape.Sizes(count, *block.filename);
  Status status = sizes.status();
  uint64_t size = kBlockOverhead;
  if (status.ok()) {
    for (const uint64_t bytes : *sizes) {
      if (CheckedAdd(size, bytes, &size)) continue;
      status = ResourceExhausted(Escape(*block.filename) + ": a block of " + std::to_string(count) +
                                 " elements is larger than any memory");
    }
  }
  if (status.ok() && block.is_sealed && size > std::max(options_.memory_limit, kConvenientSize) &&
      (size - kBlockOverhead) / kMaxPaddingRatio > block.unpadded_size) {
    status = ResourceExhausted(Escape(*block.filename) + ": a block of " + std::to_string(count) +
                               " elements takes " + std::to_string(size) +
                               " bytes, most of them padding, but memory_limit is " +
                               std::to_string(options_.memory_limit) + "; raise it");
  }
  if (!status.ok()) {
    Fail({{block.sequence, 0, 0}, block.first, std::move(status)});
    return false;
  }
  const bool is_oldest = blocks_.front().get() == &block;
  if (!is_oldest && !budget_.Fits(size)) return false;
  block.reservation = budget_.Force(size);
  block_bytes_ += size;
  block.sizes = std::move(*sizes);
  block.is_reserved = true;
  for (const PlannedBlock::Waiting& piece : block.waiting) {
    AddPiece(*piece.array, {block.shared_from_this(), piece.offset, piece.first, piece.count});
  }
  block.waiting.clear();
  return true;
}

// Adds a piece of a reserved block.
void Planner::AddPiece(PlannedArray& array, Piece piece) {
  auto at = array.pieces.end();
  if (!array.facts->decoding.is_in_order) {
    const auto place = std::tie(piece.block->sequence, piece.offset);
    while (at != array.pieces.begin()) {
      const auto before = std::prev(at);
      if (std::tie(before->block->sequence, before->offset) < place) break;
      at = before;
    }
  }
  // Its first piece is what an array is listed by.
  if (at == array.pieces.begin() && !array.pieces.empty()) {
    ready_.erase({array.pieces.front().block->sequence, array.file->number, array.index});
  }
  array.pieces.insert(at, std::move(piece));
  SetReady(array);
}

// Lists the array among those with a piece to claim, if it has one.
void Planner::SetReady(PlannedArray& array) {
  if (array.pieces.empty() || array.is_loading) return;
  const bool must_be_alone =
      array.facts->decoding.is_in_order || IsLast(array, array.pieces.front());
  if (array.running > 0 && must_be_alone) return;
  ready_[{array.pieces.front().block->sequence, array.file->number, array.index}] = &array;
}

bool Planner::MayOpen(int64_t files, uint64_t bytes) const {
  if (failure_ || next_open_ >= end_number()) return false;
  const auto ahead = static_cast<int64_t>(next_open_ - next_plan_);
  const bool is_deep =
      ahead >= files && (open_cost_ == 0 || ahead * std::max(open_cost_, kLeastOpenCost) >= bytes);
  const bool is_next = next_open_ == next_plan_ && IsAwaited();
  return !is_deep && (is_next || budget_.Fits(kMaxResident));
}

std::vector<Step> Planner::Claim() {
  std::vector<Step> steps;
  ClaimPieces(&steps);
  if (steps.empty()) ClaimOpens(&steps);
  return steps;
}

bool Planner::HasStep() const {
  if (MayOpen(most_ahead(), kAheadBytes)) return true;
  return std::any_of(ready_.begin(), ready_.end(), [this](const auto& ready) {
    return ComesBeforeFailure(*ready.second, ready.second->pieces.front());
  });
}

// Claims the piece that is wanted first and, while they are small, those that are wanted next.
void Planner::ClaimPieces(std::vector<Step>* steps) {
  uint64_t size = 0;
  for (auto ready = ready_.begin(); ready != ready_.end();) {
    PlannedArray& array = *ready->second;
    const Piece& piece = array.pieces.front();
    if (!ComesBeforeFailure(array, piece)) {
      ++ready;
      continue;
    }
    if (steps->empty()) {
      // What the consumer waits for comes first. Before the rest, some files are kept open.
      const bool is_oldest = blocks_.front() == piece.block;
      const uint64_t bytes = std::min(num_threads_ * kClaimBytes, kAheadBytes);
      if (!is_oldest && MayOpen(num_threads_, bytes)) return;
    } else if (size >= kClaimBytes || !IsSmall(array, piece)) {
      return;
    }
    ready = ready_.erase(ready);
    size += TakePieces(array, kClaimBytes - std::min(size, kClaimBytes), steps);
  }
}

// Claims the first piece of the array, and small ones after it while they are less than `most`
// bytes. Returns the bytes of all of them.
uint64_t Planner::TakePieces(PlannedArray& array, uint64_t most, std::vector<Step>* steps) {
  uint64_t size = 0;
  bool is_first = true;
  const bool is_idle = array.running == 0;
  while (!array.pieces.empty()) {
    Piece& piece = array.pieces.front();
    // Another array's piece may be wanted sooner than this array's next one.
    const bool is_next =
        ready_.empty() || piece.block->sequence <= std::get<0>(ready_.begin()->first);
    if (!is_first && (size >= most || !is_next || !IsSmall(array, piece) ||
                      !ComesBeforeFailure(array, piece) || (IsLast(array, piece) && !is_idle))) {
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
    step.file = files_[array.file->number - base_];
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
  SetReady(array);  // other threads may be at it at the same time, unless its bytes are a stream
  return size;
}

// Claims the next file to be opened, and more while they are small.
void Planner::ClaimOpens(std::vector<Step>* steps) {
  const int64_t most_files = most_ahead();
  // A thread takes its share, so that the others have work too.
  const auto left = static_cast<int64_t>(end_number() - next_open_);
  const int64_t share = std::max<int64_t>(1, left / std::max(num_threads_, 1));
  uint64_t size = 0;
  while (static_cast<int64_t>(steps->size()) < share && size < kClaimBytes &&
         MayOpen(most_files, kAheadBytes)) {
    Step step;
    step.file = files_[next_open_ - base_];
    step.file->phase = PlannedExtent::Phase::kOpening;
    step.file->resident_memory = budget_.Force(kMaxResident);
    step.close_idle = files_.size() > kMaxOpenFiles;
    steps->push_back(std::move(step));
    size += open_cost_ == 0 ? kClaimBytes : std::max(open_cost_, kLeastOpenCost);
    ++next_open_;
    while (next_open_ < end_number() && file(next_open_).phase != PlannedExtent::Phase::kAdded) {
      ++next_open_;
    }
  }
}

const Planner::Failure* Planner::next_failure() const {
  const Failure* next = failure_ ? &*failure_ : nullptr;
  if (open_failures_.empty()) return next;
  const Failure* open = &open_failures_.front();
  return next == nullptr || open->place <= next->place ? open : next;
}

Planner::State Planner::state() const {
  const Failure* failure = next_failure();
  if (!blocks_.empty()) {
    const PlannedBlock& oldest = *blocks_.front();
    const uint64_t sequence = failure != nullptr ? std::get<0>(failure->place) : UINT64_MAX;
    if (oldest.is_filled() && oldest.sequence < sequence) return State::kBlock;
    if (failure == nullptr) return State::kWait;
    // A block that is full comes first. If elements are scattered, one before the failure may never
    // become full: planning has stopped.
    if (oldest.sequence < sequence && (oldest.is_sealed || !failure_)) return State::kWait;
    if (failure->place > OutputPlace(oldest.sequence, 0, 0)) {
      // Elements before the failed one may fail themselves.
      if (oldest.running > 0 || (oldest.is_sealed && !oldest.is_reserved)) return State::kWait;
      if (!oldest.is_reserved && !failure_) return State::kWait;  // it is sealed later
      for (const auto& [key, array] : ready_) {
        const Piece& piece = array->pieces.front();
        const OutputPlace place(piece.block->sequence, piece.offset, array->index);
        const bool is_stream =
            array->facts->decoding.is_in_order && !array->file->extent.destinations.empty();
        if (place < failure->place || (is_stream && failure_)) return State::kWait;
      }
    }
  }
  if (failure != nullptr) return State::kError;
  const bool is_done = is_complete_ && blocks_.empty() && next_plan_ == end_number();
  return is_done ? State::kEnd : State::kWait;
}

std::shared_ptr<PlannedBlock> Planner::TakeBlock() {
  std::shared_ptr<PlannedBlock> block = blocks_.front();
  block_bytes_ -= block->reservation.bytes();
  block->reservation.Release();
  blocks_.pop_front();
  Plan();
  return block;
}

PlanFailure Planner::TakeFailure() {
  PlanFailure taken;
  if (next_failure() != (failure_ ? &*failure_ : nullptr)) {
    taken.status = std::move(open_failures_.front().status);
    taken.at = open_failures_.front().at;
    taken.keeps_plan = true;
    open_failures_.pop_front();
    Plan();
    return taken;
  }
  taken.status = std::move(failure_->status);
  taken.at = failure_->at;
  const auto [sequence, offset, array] = failure_->place;
  static_cast<void>(array);
  const bool has_block = !blocks_.empty();
  if (options_.batch_size > 0) {
    // The batch is filled anew, with what is left of this file and what follows.
    taken.restart = has_block ? blocks_.front()->first : taken.at;
    return taken;
  }
  taken.restart = {taken.at.file + 1, 0};
  if (has_block && blocks_.front()->sequence == sequence && offset > 0) {
    taken.good_part = blocks_.front();
    taken.good_part->count = offset;
    taken.good_part->next = taken.at;
    taken.good_part->reservation.Release();
  }
  return taken;
}

// Whether the piece is to be decoded although something failed: it lies before the failure.
bool Planner::ComesBeforeFailure(const PlannedArray& array, const Piece& piece) const {
  if (!failure_) return true;
  const OutputPlace place(piece.block->sequence, piece.offset, array.index);
  if (place < failure_->place) return true;
  // The pieces of a stream must be decoded in its order. Those of a scattered one may lie in any
  // order in the output: an earlier place may come later in the stream.
  return array.facts->decoding.is_in_order && !array.file->extent.destinations.empty();
}

void Planner::Fail(Failure failure) {
  if (failure_ && failure_->place <= failure.place) return;
  failure_ = std::move(failure);
  // What lies before it in its block is still decoded.
  if (!blocks_.empty() && !blocks_.back()->is_sealed && blocks_.back()->count > 0 &&
      blocks_.back()->sequence == std::get<0>(failure_->place)) {
    Seal(*blocks_.back());
  }
}

// The next file gives no elements. The plan goes on without it, unless its elements had places.
void Planner::FailToOpen(PlannedExtent& file) {
  Failure failure{
      {next_sequence_, 0, 0}, {file.extent.place, file.planned}, std::move(file.status)};
  const std::vector<int64_t>& destinations = file.extent.destinations;
  if (!destinations.empty()) {
    const int64_t first = *std::min_element(destinations.begin(), destinations.end());
    failure.place = {first / options_.batch_size, first % options_.batch_size, 0};
    return Fail(std::move(failure));
  }
  if (!blocks_.empty() && !blocks_.back()->is_sealed) {
    failure.place = {blocks_.back()->sequence, blocks_.back()->count, 0};
  }
  open_failures_.push_back(std::move(failure));
  file.phase = PlannedExtent::Phase::kOpen;
  file.is_planned = true;
  ++next_plan_;
  Retire(file);
}

std::vector<std::shared_ptr<void>> Planner::TakeAll() {
  std::vector<std::shared_ptr<void>> all = TakeGarbage();
  for (const std::shared_ptr<PlannedExtent>& extent : files_) all.push_back(extent->open_file);
  for (const std::shared_ptr<PlannedBlock>& block : blocks_) all.push_back(block->memory);
  return all;
}

// Lets go of what a finished file holds. Its entry stays until those before it are finished too.
void Planner::Retire(PlannedExtent& file) {
  file.load_memory.Release();
  file.resident_memory.Release();
  if (file.open_file != nullptr) garbage_.push_back(std::move(file.open_file));
  while (!files_.empty() && files_.front()->is_planned && files_.front()->pieces_left == 0) {
    if (files_.front() == first_open_) first_open_ = nullptr;
    files_.pop_front();
    ++base_;
  }
}

}  // namespace tf_npz
