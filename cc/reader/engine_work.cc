// What the engine's threads do: claim a task, open a file or decode a piece, and take down what
// came of it. See engine.h.

#include <algorithm>
#include <utility>

#include "tf_npz/base/shape.h"
#include "tf_npz/base/text.h"
#include "tf_npz/reader/engine.h"
#include "tf_npz/reader/engine_state.h"
#include "tf_npz/reader/padding.h"

namespace tf_npz {
namespace {

// A block that is padded is decoded in parts of about this size, which are copied to their places.
constexpr uint64_t kUnpaddedSize = uint64_t{1} << 20;

// With more files open than this, those that wait for their turn are parked.
constexpr size_t kMaxUnparked = 64;

// Arrays that can't be decoded in pieces must fit the limit, unless they are the element
// themselves.
Status CheckLoads(const SelectedArrays& selected, const Selection& selection,
                  uint64_t memory_limit) {
  uint64_t size = 0;
  for (const SelectedArray& array : selected.arrays) {
    if (!selection.rows || !array.reader->must_load()) continue;
    size += array.reader->load_size();
    if (size <= memory_limit) continue;
    return ResourceExhausted(
        array.reader->context() +
        "rows of compressed arrays in Fortran order need all of their bytes in memory, here " +
        std::to_string(size) + ", but memory_limit is " + std::to_string(memory_limit) +
        "; raise it, or save the arrays in C order");
  }
  return OkStatus();
}

}  // namespace

std::optional<Engine::Task> Engine::ClaimTask() {
  if (stopping_ || cancelled_) return std::nullopt;
  for (auto ready = ready_.begin(); ready != ready_.end(); ++ready) {
    Array& array = *ready->second;
    if (!ComesBeforeFailure(array)) continue;
    const Slot& slot = *array.pieces.front().slot;
    // What the consumer waits for goes first; before the rest, files are kept at hand.
    if (!IsFront(slot) && MayOpen(options_.num_threads)) break;
    ready_.erase(ready);
    array.is_busy = true;
    return Task{nullptr, &array, array.pieces.front()};
  }
  if (!MayOpen(MaxOpen())) return std::nullopt;
  auto file = std::make_unique<File>();
  file->index = next_open_++;
  files_.push_back(std::move(file));
  return Task{files_.back().get(), nullptr, {}};
}

// Whether another file may be opened when `limit` of them may be open ahead of what is planned.
bool Engine::MayOpen(int limit) {
  if (failure_ != nullptr) return false;
  const int64_t file_count = static_cast<int64_t>(paths_.size());
  while (next_open_ < file_count && IsSkipped(next_open_)) ++next_open_;
  return next_open_ < file_count && next_open_ - next_plan_ < limit;
}

// Settles which arrays of `file` are decoded whole, with the faster decoder, and which in pieces.
// It depends on nothing but the file and the limit, and so does what a damaged file still gives.
void Engine::ChooseDecoders(File& file) const {
  // The memory of a whole array becomes the block's, for which it is counted anyway.
  const bool is_element = options_.batch_size == 0 && !selection_.rows;
  for (Array& array : file.arrays) {
    const uint64_t size = array.reader->load_size();
    const bool fortran_order = array.reader->header().fortran_order;
    const uint64_t share = fortran_order ? options_.memory_limit / 2 : options_.memory_limit / 4;
    const uint64_t most = is_element ? UINT64_MAX : share;
    const bool fits = size <= most && (fortran_order || size <= kMaxWholeInflate);
    array.load_next = array.reader->must_load() || (size > 0 && fits);
    if (array.load_next && !is_element) file.load_size += size;
  }
}

void Engine::RunTask(const Task& task, std::unique_lock<std::mutex>& lock) {
  // Only now, when it is about to be filled: as long as the consumer keeps up, blocks that it has
  // let go of serve again, and no fresh memory is touched.
  Status memory = task.open == nullptr ? ProvideMemory(*task.array, task.piece) : OkStatus();
  ++busy_;
  lock.unlock();
  if (task.open != nullptr) {
    Result<SelectedArrays> opened = OpenFile(paths_[task.open->index]);
    lock.lock();
    FinishOpen(*task.open, std::move(opened));
  } else {
    int64_t done = 0;
    const Status status = memory.ok() ? Decode(*task.array, task.piece, &done) : memory;
    lock.lock();
    FinishPiece(*task.array, status, done);
  }
  --busy_;
  Plan();
  if (FrontIsFilled() || failure_ != nullptr || AtEnd()) ready_changed_.notify_one();
}

Status Engine::ProvideMemory(const Array& array, const Piece& piece) {
  if (piece.slot->is_whole) return OkStatus();
  for (const size_t component : array.components) {
    ArrayData& target = piece.slot->arrays[component];
    if (target.buffer.data() != nullptr) continue;
    Result<Buffer> buffer = pool_->Allocate(piece.slot->array_sizes[component]);
    if (!buffer.ok()) {
      return buffer.status().WithContext(Escape(paths_[array.file->index]) + ": ");
    }
    target.buffer = std::move(*buffer);
  }
  return OkStatus();
}

Result<SelectedArrays> Engine::OpenFile(const std::string& path) const {
  ReadOptions options;
  options.pool = pool_;
  options.verify_checksums = options_.verify_checksums;
  options.verify_skipped = true;  // a file that is begun in its middle is verified as any other
  options.cancelled = &cancelled_;
  TF_NPZ_ASSIGN_OR_RETURN(std::shared_ptr<Archive> archive, Archive::Open(file_system_, path));
  TF_NPZ_ASSIGN_OR_RETURN(SelectedArrays selected,
                          OpenSelection(std::move(archive), selection_, options));
  TF_NPZ_RETURN_IF_ERROR(CheckLoads(selected, selection_, options_.memory_limit));
  return selected;
}

void Engine::FinishOpen(File& file, Result<SelectedArrays> opened) {
  const bool is_start = file.index == start_.file;
  if (opened.ok() && is_start && start_.element > opened->count) {
    opened = InvalidArgument(Escape(paths_[file.index]) + ": has " + std::to_string(opened->count) +
                             " elements, but reading is to go on at element " +
                             std::to_string(start_.element) + ": is it another file than before?");
  }
  if (!opened.ok()) {
    file.phase = File::Phase::kFailed;
    file.status = opened.status();
    return;
  }
  file.phase = File::Phase::kOpen;
  file.archive = std::move(opened->archive);
  file.count = opened->count;
  if (const auto found = truncated_.find(file.index); found != truncated_.end()) {
    file.count = std::min(file.count, found->second);
  }
  file.planned = is_start ? std::min(start_.element, file.count) : 0;
  file.arrays.resize(opened->arrays.size());
  for (size_t i = 0; i < file.arrays.size(); ++i) {
    file.arrays[i].file = &file;
    file.arrays[i].index = i;
    file.arrays[i].reader = std::move(opened->arrays[i].reader);
    file.arrays[i].components = std::move(opened->arrays[i].components);
  }
  ChooseDecoders(file);
  if (files_.size() > kMaxUnparked) file.archive->file().Park();
}

Status Engine::Decode(Array& array, const Piece& piece, int64_t* done) const {
  ArrayReader& reader = *array.reader;
  if (std::exchange(array.load_next, false)) TF_NPZ_RETURN_IF_ERROR(reader.Load());
  std::vector<ArrayData>& targets = piece.slot->arrays;
  if (piece.slot->is_whole) {
    TF_NPZ_ASSIGN_OR_RETURN(std::vector<ArrayData> whole, reader.ReadAll());
    for (size_t i = 0; i < whole.size(); ++i) targets[array.components[i]] = std::move(whole[i]);
    *done = 1;
    return OkStatus();
  }
  bool in_place = true;
  std::vector<char*> destinations;
  for (size_t i = 0; i < array.components.size(); ++i) {
    const Component& component = reader.components()[i];
    const ArrayData& target = targets[array.components[i]];
    const int64_t element_size = ElementCount(target.shape) * target.item_size;
    destinations.push_back(target.buffer.data() + piece.slot_offset * element_size);
    // Where there is nothing to copy to, the reader still looks at the file.
    in_place = in_place && (element_size == 0 || (component.element_shape == target.shape &&
                                                  component.item_size == target.item_size));
  }
  if (in_place) return reader.Read(piece.first, piece.count, destinations, done);
  return DecodeApart(array, piece, destinations, done);
}

// Decodes elements in parts, which are then copied to larger ones in the block.
Status Engine::DecodeApart(Array& array, const Piece& piece, const std::vector<char*>& destinations,
                           int64_t* done) const {
  ArrayReader& reader = *array.reader;
  const std::vector<Component>& components = reader.components();
  uint64_t size = 0;
  for (const Component& component : components) size += component.element_size();
  const int64_t step =
      std::clamp<int64_t>(kUnpaddedSize / std::max<uint64_t>(size, 1), 1, piece.count);
  std::vector<Buffer> parts;
  std::vector<char*> part_data;
  for (const Component& component : components) {
    TF_NPZ_ASSIGN_OR_RETURN(Buffer part, pool_->Allocate(step * component.element_size()));
    part_data.push_back(part.data());
    parts.push_back(std::move(part));
  }
  Status status;
  while (*done < piece.count && status.ok()) {
    int64_t step_done = 0;
    status = reader.Read(piece.first + *done, std::min(step, piece.count - *done), part_data,
                         &step_done);
    for (size_t i = 0; i < components.size(); ++i) {
      const ArrayData& target = piece.slot->arrays[array.components[i]];
      const int64_t element_size = ElementCount(target.shape) * target.item_size;
      const std::string padding =
          options_.padding.empty() ? "" : options_.padding[array.components[i]];
      CopyElements(part_data[i], step_done, components[i].element_shape, components[i].item_size,
                   destinations[i] + *done * element_size, target.shape, target.item_size, padding);
    }
    *done += step_done;
  }
  return status;
}

void Engine::FinishPiece(Array& array, const Status& status, int64_t done) {
  File& file = *array.file;
  const Piece piece = array.pieces.front();
  array.pieces.pop_front();
  array.is_busy = false;
  --piece.slot->pieces_left;
  --file.pieces_left;
  if (!status.ok()) Fail({file.index, piece.first + done}, piece.slot->sequence, status);
  SetReady(array);
  if (file.is_planned && file.pieces_left == 0) Retire(file);
}

}  // namespace tf_npz
