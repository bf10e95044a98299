// What the engine's threads do: claim a task, carry it out, and take down what came of it; here,
// decoding. Opening is in engine_open.cc. See engine.h.

#include <algorithm>
#include <utility>

#include "cc/base/shape.h"
#include "cc/base/text.h"
#include "cc/kernels/pad.h"
#include "cc/pipeline/engine.h"
#include "cc/pipeline/engine_state.h"

namespace tf_npz {
namespace {

// A block that is padded is decoded in parts of about this size, which are copied to their places.
constexpr uint64_t kUnpaddedSize = uint64_t{1} << 20;

// Pieces of up to this size are taken several at a time, until they are about as much.
constexpr uint64_t kSmallPiece = uint64_t{256} << 10;

// What opening a file of a run counts for at least, in bytes.
constexpr uint64_t kSmallFileCost = uint64_t{16} << 10;

// Whether an element of `shape` begins one of `padded_shape`, which has as many dimensions.
bool IsBeginOf(const std::vector<int64_t>& shape, const std::vector<int64_t>& padded_shape) {
  return !shape.empty() && std::equal(shape.begin() + 1, shape.end(), padded_shape.begin() + 1);
}

}  // namespace

std::vector<Engine::Task> Engine::ClaimTasks() {
  std::vector<Task> tasks;
  if (stopping_ || cancelled_) return tasks;
  ClaimPieces(&tasks);
  if (tasks.empty()) ClaimFiles(&tasks);
  was_full_ = was_full_ || (tasks.empty() && slots_.size() >= max_slots_);
  return tasks;
}

// Takes the piece that is wanted first and, while they are small, what comes next too. After it has
// opened small files these are likely its own: what it allocated it also frees.
void Engine::ClaimPieces(std::vector<Task>* tasks) {
  uint64_t size = 0;
  for (auto ready = ready_.begin(); ready != ready_.end();) {
    Array& array = *ready->second;
    if (!ComesBeforeFailure(array)) {
      ++ready;
      continue;
    }
    const Piece& piece = array.pieces.front();
    if (tasks->empty()) {
      // What the consumer waits for goes first; before the rest, files are kept at hand.
      if (!IsFront(*piece.slot) && MayOpen(num_threads_ * open_run_)) return;
    } else if (size >= kSmallPiece || !IsSmall(array, piece)) {
      return;
    }
    ready = ready_.erase(ready);
    size += TakePieces(array, kSmallPiece - size, tasks);
  }
}

// Takes the first piece of `array` and small ones that follow, while they are less than `most`
// bytes. Returns how many bytes they are.
uint64_t Engine::TakePieces(Array& array, uint64_t most, std::vector<Task>* tasks) {
  array.is_busy = true;
  uint64_t size = 0;
  for (const Piece& piece : array.pieces) {
    const bool follows = size > 0;
    if (follows && (size >= most || !piece.slot->is_reserved || !IsSmall(array, piece))) break;
    tasks->push_back({nullptr, &array, piece});
    // Of no bytes there may be any number, and each file of a run is to be opened.
    const uint64_t least = array.file->run > 0 ? kSmallFileCost * piece.count : 1024;
    size += std::max<uint64_t>(static_cast<uint64_t>(piece.count) * array.element_size, least);
    if (array.load_next) break;
  }
  return size;
}

// Whether decoding the piece takes so little time that the lock would take much of it.
bool Engine::IsSmall(const Array& array, const Piece& piece) {
  return !array.load_next && piece.count * array.element_size <= kSmallPiece;
}

void Engine::RunTasks(std::vector<Task> tasks, std::unique_lock<std::mutex>& lock) {
  for (Task& task : tasks) {
    // Only now, when it is about to be filled: as long as the consumer keeps up, blocks that it has
    // let go of serve again, and no fresh memory is touched.
    if (task.open == nullptr) task.status = ProvideMemory(*task.array, task.piece);
  }
  ++busy_;
  lock.unlock();
  for (size_t i = 0; i < tasks.size(); ++i) {
    const bool follows = i > 0 && tasks[i].array != nullptr && tasks[i].array == tasks[i - 1].array;
    if (follows && !tasks[i - 1].status.ok()) {
      tasks[i].status = tasks[i - 1].status;  // the earlier one is what counts
    } else if (i > 0 && cancelled_) {
      tasks[i].status = Cancelled();  // the destructor waits for this thread
    } else {
      RunTask(tasks[i]);
    }
  }
  lock.lock();
  for (size_t i = 0; i < tasks.size(); ++i) {
    if (tasks[i].open != nullptr) {
      FinishOpen(tasks[i]);
    } else {
      FinishPiece(tasks[i], i + 1 == tasks.size() || tasks[i + 1].array != tasks[i].array);
    }
  }
  --busy_;
  Plan();
  if (FrontIsFilled() || failure_ != nullptr || AtEnd() || WantsFile()) {
    ready_changed_.notify_one();
  }
  if (remains_.empty()) return;
  std::vector<Remains> remains = std::exchange(remains_, {});
  lock.unlock();
  remains.clear();
  lock.lock();
}

void Engine::RunTask(Task& task) const {
  if (task.open == nullptr) {
    if (!task.status.ok()) return;
    if (task.array->file->run > 0) return ReadRun(task);
    task.status = Decode(*task.array, task.piece, &task.done);
    return;
  }
  Result<SelectedArrays> opened = OpenFile(*task.open);
  task.status = opened.status();
  if (opened.ok()) task.opened = std::move(*opened);
}

Status Engine::ProvideMemory(const Array& array, const Piece& piece) {
  if (piece.slot->is_whole) return OkStatus();
  for (const size_t component : array.components) {
    ArrayData& target = piece.slot->arrays[component];
    if (target.buffer.data() != nullptr || piece.slot->is_lent[component]) continue;
    Result<Buffer> buffer = pool_->Allocate(piece.slot->array_sizes[component]);
    if (!buffer.ok()) {
      return buffer.status().WithContext(PieceContext(array, piece));
    }
    target.buffer = std::move(*buffer);
  }
  return OkStatus();
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
  if (piece.slot->is_lent[array.components[0]]) {
    Status status;
    targets[array.components[0]].buffer = reader.Lend(piece.first, piece.count, &status, done);
    return status;
  }
  bool in_place = true;
  std::vector<char*> destinations;
  for (size_t i = 0; i < array.components.size(); ++i) {
    const Component& component = reader.components()[i];
    const ArrayData& target = targets[array.components[i]];
    const int64_t element_size = ElementCount(target.shape) * target.item_size;
    destinations.push_back(target.buffer.data() + piece.slot_offset * element_size);
    const bool fits = component.element_shape == target.shape ||
                      (piece.count == 1 && IsBeginOf(component.element_shape, target.shape));
    // Where there is nothing to copy to, the reader still looks at the file.
    in_place = in_place && (element_size == 0 || (fits && component.item_size == target.item_size));
  }
  if (in_place) {
    const Status status = reader.Read(piece.first, piece.count, destinations, done);
    if (status.ok() && !options_.padding.empty()) Pad(array, piece, destinations);
    return status;
  }
  return DecodeApart(array, piece, destinations, done);
}

// Fills what lies behind elements that were decoded in their place.
void Engine::Pad(const Array& array, const Piece& piece,
                 const std::vector<char*>& destinations) const {
  for (size_t i = 0; i < array.components.size(); ++i) {
    const Component& component = array.layout->components[i];
    const ArrayData& target = piece.slot->arrays[array.components[i]];
    if (component.element_shape == target.shape) continue;
    FillBehind(destinations[i], static_cast<int64_t>(component.element_size()),
               ElementCount(target.shape) * target.item_size, target.item_size,
               options_.padding[array.components[i]]);
  }
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

// `is_last`: of those that its thread took of the array.
void Engine::FinishPiece(const Task& task, bool is_last) {
  Array& array = *task.array;
  File& file = *array.file;
  const Piece& piece = task.piece;
  array.pieces.pop_front();
  --piece.slot->pieces_left;
  --file.pieces_left;
  if (!task.status.ok()) {
    Fail({file.At(piece.first + task.done), piece.slot->sequence, task.status, false,
          task.is_misjudged});
  }
  if (!array.load_next) {
    const uint64_t overhead = std::exchange(array.load_overhead, 0);
    file.load_size -= overhead;
    memory_used_ -= overhead;
  }
  if (!piece.slot->is_whole && piece.slot->is_lent[array.components[0]]) {
    // From now on it is the block that it counts for.
    const uint64_t size = static_cast<uint64_t>(piece.count) * array.element_size;
    file.load_size -= size;
    piece.slot->size += size;
  }
  if (!is_last) return;
  array.is_busy = false;
  SetReady(array);
  if (file.is_planned && file.pieces_left == 0) Retire(file);
}

}  // namespace tf_npz
