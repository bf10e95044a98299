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

// Pieces of up to this size are taken several at a time, until they are about as much.
constexpr uint64_t kSmallPiece = uint64_t{256} << 10;

// What opening a file of a run counts for at least, in bytes.
constexpr uint64_t kSmallFileCost = uint64_t{16} << 10;

// Decoding whole can't be interrupted, and what it decodes comes all at once: a file alone is read
// in pieces from this size on, and the first of several, for which the consumer waits, earlier.
constexpr uint64_t kMaxWholeAlone = uint64_t{32} << 20;
constexpr uint64_t kMaxWholeAwaited = uint64_t{4} << 20;

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

// Takes the next file to be opened or, where files are small, a thread's share of the next ones.
void Engine::ClaimFiles(std::vector<Task>* tasks) {
  const int64_t left = order_.count() - next_open_;
  const int64_t share = left / std::max(num_threads_, 1);
  const int64_t most = std::clamp<int64_t>(share, 1, open_run_);
  while (static_cast<int64_t>(tasks->size()) < most && MayOpen(MaxOpen())) {
    auto file = std::make_unique<File>();
    file->index = next_open_++;
    file->path = &order_.path(file->index);
    const int64_t in_list = order_.index(file->index);
    file->first = in_list == 0 ? options_.begin : 0;
    file->count = in_list + 1 == order_.list_size() ? options_.end : EngineOptions::kToTheEnd;
    tasks->push_back({file.get(), nullptr, {}});
    files_.push_back(std::move(file));
  }
}

// Whether another file may be opened when `limit` of them may be open ahead of what is planned.
bool Engine::MayOpen(int limit) {
  if (failure_ != nullptr) return false;
  while (next_open_ < order_.count() && IsSkipped(next_open_)) ++next_open_;
  return next_open_ < order_.count() && next_open_ - next_plan_ < limit && !MayTakeForAlike();
}

// Settles which arrays of `file` are decoded whole, with the faster decoder, and which in pieces.
// It depends on nothing but the file, its place and the limit, and so does what a damaged file
// still gives. `is_all`: it is read to its end.
void Engine::ChooseDecoders(File& file, bool is_all) const {
  // The memory of a whole array becomes the block's, for which it is counted anyway.
  const bool is_element = options_.batch_size == 0 && !selection_.rows;
  for (Array& array : file.arrays) {
    const uint64_t size = array.reader->load_size();
    const bool fortran_order = array.reader->header().fortran_order;
    const uint64_t share = fortran_order ? options_.memory_limit / 2 : options_.memory_limit / 4;
    const uint64_t most = is_element ? UINT64_MAX : share;
    const bool fits = size <= most && (fortran_order || size <= WholeLimit(file));
    const uint64_t overhead = array.reader->load_overhead();
    // Of many arrays as many as leave room for others.
    const bool is_crowded =
        !is_element && file.load_size + size + overhead > options_.memory_limit / 2;
    array.load_next = array.reader->must_load() ||
                      (size > 0 && fits && (fortran_order || (is_all && !is_crowded)));
    if (!array.load_next || is_element) continue;
    array.load_overhead = overhead;
    file.load_size += size + overhead;
    array.lends = size > 0;
  }
}

// Up to which size arrays of `file` are decoded whole. What the consumer waits for should not keep
// it waiting for long, and one file alone is read in its order.
uint64_t Engine::WholeLimit(const File& file) const {
  if (order_.is_single_file()) return kMaxWholeAlone;
  return file.index == 0 && selection_.rows ? kMaxWholeAwaited : kMaxWholeInflate;
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
  if (FrontIsFilled() || failure_ != nullptr || AtEnd()) ready_changed_.notify_one();
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

Result<SelectedArrays> Engine::OpenFile(const File& file) const {
  ReadOptions options;
  options.pool = pool_;
  options.verify_checksums = options_.verify_checksums;
  // A file that is begun in its middle is verified as any other, unless others read its beginning,
  // or nobody does.
  options.verify_skipped = file.first == 0 && file.index != skipped_into_;
  options.cancelled = &cancelled_;
  TF_NPZ_ASSIGN_OR_RETURN(std::shared_ptr<Archive> archive,
                          Archive::Open(file_system_, *file.path, *pool_));
  options.layouts = archive->is_npz() ? member_layouts_ : layouts_;
  TF_NPZ_ASSIGN_OR_RETURN(SelectedArrays selected,
                          OpenSelection(std::move(archive), selection_, options));
  TF_NPZ_RETURN_IF_ERROR(CheckLoads(selected, selection_, options_.memory_limit));
  return selected;
}

// Whether the opened `file`, of `count` elements, still is the one that reading was planned for.
Status Engine::CheckRange(const File& file, int64_t count) const {
  const bool is_start = file.index == start_.file;
  const std::string path = Escape(*file.path);
  if (is_start && start_.file_size >= 0 && start_.file_size != file.size) {
    return InvalidArgument(path + ": has " + std::to_string(file.size) + " bytes, but had " +
                           std::to_string(start_.file_size) +
                           " when reading stopped in it, so it can't go on there: it is another "
                           "file than before");
  }
  const int64_t end = file.count == EngineOptions::kToTheEnd ? 0 : file.count;
  const int64_t least = std::max({file.first, end, is_start ? start_.element : 0});
  if (least <= count) return OkStatus();
  return InvalidArgument(path + ": has " + std::to_string(count) +
                         " elements, but reading is to go on at element " + std::to_string(least) +
                         ": is it another file than before?");
}

void Engine::FinishOpen(Task& task) {
  File& file = *task.open;
  SelectedArrays& opened = task.opened;
  if (task.status.ok()) {
    file.size = static_cast<int64_t>(opened.archive->file().size());
    task.status = CheckRange(file, opened.count);
  }
  if (!task.status.ok()) {
    file.phase = File::Phase::kFailed;
    file.status = task.status;
    return;
  }
  file.phase = File::Phase::kOpen;
  file.archive = std::move(opened.archive);
  open_run_ = file.archive->is_in_memory() ? std::min(2 * open_run_, max_open_run_) : 1;
  // What ends before the file does is of no use whole.
  const bool is_all = file.count >= opened.count;
  file.count = std::min(file.count, opened.count);
  if (const auto found = truncated_.find(file.index); found != truncated_.end()) {
    file.count = std::min(file.count, found->second);
  }
  const bool is_start = file.index == start_.file;
  file.planned = std::min(std::max(file.first, is_start ? start_.element : 0), file.count);
  file.arrays.resize(opened.arrays.size());
  for (size_t i = 0; i < file.arrays.size(); ++i) {
    Array& array = file.arrays[i];
    array.file = &file;
    array.index = i;
    array.reader = std::move(opened.arrays[i].reader);
    array.layout = array.reader->layout();
    array.components = std::move(opened.arrays[i].components);
    for (const Component& component : array.layout->components) {
      array.element_size += component.element_size();
    }
  }
  ChooseDecoders(file, is_all);
  CountAlike(file);
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
