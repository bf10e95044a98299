// The engine's planning: which elements go into which block, and which block has memory. See
// engine.h.

#include <algorithm>
#include <utility>

#include "cc/base/checked.h"
#include "cc/base/shape.h"
#include "cc/base/text.h"
#include "cc/pipeline/engine.h"
#include "cc/pipeline/engine_state.h"

namespace tf_npz {
namespace {

// Blocks of rows that nobody asked for as batches: large enough to be worth a task, small enough to
// come soon.
constexpr uint64_t kConvenientSize = uint64_t{1} << 20;
constexpr int64_t kConvenientCount = 4096;

// A single file is read in its order, and nothing is gained by being far ahead; inside interleave
// there are many such readers. So many blocks ahead, or more while they are fewer bytes than this.
constexpr size_t kMaxSlotsOfOneFile = 4;
constexpr uint64_t kMaxAheadOfOneFile = uint64_t{4} << 20;
// What a block is taken to cost besides its elements' memory.
constexpr uint64_t kSlotOverhead = 1024;

// A block over memory_limit may take so many times the bytes of the elements in it. Headers alone
// decide what it is padded to: without this two files of 100 bytes could ask for any memory.
constexpr uint64_t kMaxPaddingRatio = 64;

// Bytes of an item in a block, for `component`. Strings that it has none of take none, however wide
// the header says they are.
int64_t WidthIn(const Component& component) {
  const bool is_string = component.type == ElementType::kString;
  return is_string && ElementCount(component.element_shape) == 0 ? 0 : component.item_size;
}

}  // namespace

Position Engine::File::At(int64_t element) const {
  return run > 0 ? Position{index + element, 0} : Position{index, element, size};
}

Position Engine::File::End() const { return {index + std::max<int64_t>(run, 1), 0}; }

void Engine::Plan() {
  // Before a failure is looked at, too: this block comes before it.
  if (!slots_.empty() && slots_.back()->is_sealed && !slots_.back()->is_reserved &&
      !Reserve(*slots_.back())) {
    return;
  }
  if (failure_ != nullptr) return;
  while (next_plan_ < order_.count()) {
    if (!IsSkipped(next_plan_)) {
      File* file = FindFile(next_plan_);
      if (file == nullptr) file = TakeForAlike();
      if (file == nullptr || file->phase == File::Phase::kOpening) return;
      if (file->phase == File::Phase::kOpen && !std::exchange(file->has_known_units, true)) {
        file->status = CheckUnits(*file);
        if (!file->status.ok()) {
          file->phase = File::Phase::kFailed;
          alike_ = nullptr;  // files like this one are refused too, each by itself
        }
      }
      if (file->phase == File::Phase::kFailed) {
        const bool joins = !slots_.empty() && !slots_.back()->is_sealed;
        Fail({{file->index, 0},
              joins ? slots_.back()->sequence : next_sequence_,
              file->status,
              true});
        return;
      }
      if (!PlanElements(*file)) return;
      file->is_planned = true;
      next_plan_ = file->End().file;
      if (file->pieces_left == 0) Retire(*file);
    } else {
      ++next_plan_;
    }
  }
  if (order_.is_complete() && !slots_.empty() && !slots_.back()->is_sealed) {
    slots_.back()->is_discarded = options_.drop_remainder;
    Seal(*slots_.back());
  }
}

bool Engine::PlanElements(File& file) {
  while (file.planned < file.count) {
    if (!file.is_admitted && !Admit(file)) return false;
    Slot* slot = OpenSlot(file);
    if (slot == nullptr) return false;
    if (const Status status = Join(file, *slot); !status.ok()) {
      Fail({file.At(file.planned), slot->sequence, status});
      return false;
    }
    const int64_t count = std::min(slot->capacity - slot->count, file.count - file.planned);
    for (Array& array : file.arrays) {
      array.pieces.push_back({slot, slot->count, file.planned, count});
      ++slot->pieces_left;
      ++file.pieces_left;
      if (slot->is_reserved) {
        SetReady(array);
      } else {
        slot->waiting.push_back(&array);
      }
    }
    slot->count += count;
    for (const Array& array : file.arrays) {
      slot->unpadded_size += static_cast<uint64_t>(count) * array.element_size;
    }
    file.planned += count;
    slot->next = file.planned == file.count ? file.End() : file.At(file.planned);
    if (slot->count == slot->capacity) Seal(*slot);
    if (failure_ != nullptr) return false;
  }
  return true;
}

// Takes the memory for the arrays of `file` that are decoded whole, before any block takes it: a
// file that is planned can be decoded. Where nothing but this file can complete the oldest block
// there is no waiting for it.
bool Engine::Admit(File& file) {
  const bool is_awaited = slots_.empty() || (slots_.size() == 1 && !slots_.back()->is_sealed);
  if (!is_awaited && !Fits(file.load_size)) return false;
  memory_used_ += file.load_size;
  file.is_admitted = true;
  return true;
}

bool Engine::MayOpenSlot() const {
  if (!order_.is_single_file()) return slots_.size() < max_slots_;
  if (!has_delivered_) return slots_.empty();
  const bool is_ahead = memory_used_ >= kMaxAheadOfOneFile;
  return slots_.size() < (is_ahead ? kMaxSlotsOfOneFile : max_slots_);
}

Engine::Slot* Engine::OpenSlot(const File& file) {
  if (!slots_.empty()) {
    Slot& last = *slots_.back();
    if (!last.is_sealed) return &last;
    if (!last.is_reserved) return nullptr;
    if (!MayOpenSlot()) return nullptr;
  }
  const bool batched = options_.batch_size > 0;
  uint64_t element_size = 0;
  // A batch of one shape, whatever files it gets its elements from. Strings of other files may be
  // longer.
  bool is_fixed = options_.padding.empty();
  auto slot = std::make_unique<Slot>();
  slot->arrays.resize(selection_.specs.size());
  for (const Array& array : file.arrays) {
    for (size_t i = 0; i < array.components.size(); ++i) {
      const Component& component = array.layout->components[i];
      element_size += component.element_size();
      ArrayData& data = slot->arrays[array.components[i]];
      data.shape = component.element_shape;
      data.item_size = WidthIn(component);
      if (component.type == ElementType::kString) {
        is_fixed = is_fixed && !batched;
        if (!options_.padding.empty()) {
          const size_t padding_size = options_.padding[array.components[i]].size();
          data.item_size = std::max(data.item_size, static_cast<int64_t>(padding_size));
        }
      }
    }
  }
  slot->is_whole = !batched && !selection_.rows;
  slot->capacity = options_.batch_size;
  if (!batched) {
    const uint64_t target = std::min(convenient_size_, options_.memory_limit / 4);
    convenient_size_ = std::min(2 * convenient_size_, kConvenientSize);
    const int64_t fitting = static_cast<int64_t>(target / std::max<uint64_t>(element_size, 1));
    slot->capacity = std::clamp<int64_t>(fitting, 1, kConvenientCount);
    slot->capacity = std::min(slot->capacity, file.count - file.planned);
  }
  // Where this file alone fills the block, an array in memory may lend its own.
  slot->is_lent.resize(slot->arrays.size());
  for (const Array& array : file.arrays) {
    if (slot->capacity > file.count - file.planned || !Lends(array, file.planned, *slot)) continue;
    slot->is_lent[array.components[0]] = true;
    element_size -= array.element_size;
  }
  // A batch of known shape gets its memory now, so that its first elements need not wait for its
  // last ones to be found, unless it is so large that it may well never be full.
  uint64_t size = 0;
  const bool early = is_fixed && CheckedMultiply<uint64_t>(slot->capacity, element_size, &size) &&
                     (!batched || size <= options_.memory_limit);
  if (!slots_.empty() && !Fits((early ? size : 0) + kSlotOverhead)) return nullptr;
  slot->sequence = next_sequence_++;
  slot->first = slot->next = file.At(file.planned);
  slots_.push_back(std::move(slot));
  if (early && !Reserve(*slots_.back())) return nullptr;
  return slots_.back().get();
}

// Whether `array` lends its memory to `slot`, which begins with its element `first`. A slice keeps
// all of the array alive, for as long as the consumer likes: where that has come to be much, blocks
// get memory of their own.
bool Engine::Lends(const Array& array, int64_t first, const Slot& slot) const {
  const size_t component = array.components[0];
  return array.lends && array.reader->CanLend(first) &&
         array.layout->components[0].item_size == slot.arrays[component].item_size &&
         pool_->used() <= options_.memory_limit + options_.memory_limit / 2;
}

// Makes room in `slot` for the shape of `file`'s elements.
Status Engine::Join(const File& file, Slot& slot) const {
  for (const Array& array : file.arrays) {
    for (size_t i = 0; i < array.components.size(); ++i) {
      const Component& component = array.layout->components[i];
      ArrayData& joint = slot.arrays[array.components[i]];
      // Written only where it grows, since threads read it once the block has its memory.
      if (WidthIn(component) > joint.item_size) joint.item_size = WidthIn(component);
      const std::vector<int64_t>& shape = component.element_shape;
      if (shape == joint.shape) continue;
      const std::string context = ComponentContext(file, array.components[i]);
      const std::string both =
          ShapeText(shape) + " can't be batched with elements of shape " + ShapeText(joint.shape);
      if (options_.padding.empty()) {
        return InvalidArgument(context + "elements of shape " + both +
                               " before them; pass padding= to pad them to one shape");
      }
      if (shape.size() != joint.shape.size()) {
        return InvalidArgument(context + "elements of shape " + both +
                               " before them: the ranks differ");
      }
      for (size_t axis = 0; axis < shape.size(); ++axis) {
        joint.shape[axis] = std::max(joint.shape[axis], shape[axis]);
      }
    }
  }
  return OkStatus();
}

// A tensor of datetimes does not tell their unit, so all files must have the same.
Status Engine::CheckUnits(const File& file) {
  for (const Array& array : file.arrays) {
    for (size_t i = 0; i < array.components.size(); ++i) {
      const Component& component = array.layout->components[i];
      if (component.type != ElementType::kInt64) continue;  // what datetimes become
      const DType& dtype = component.field.dtype;
      const std::string& first = units_.emplace(array.components[i], dtype.name()).first->second;
      if (first == dtype.name()) continue;
      return InvalidArgument(ComponentContext(file, array.components[i]) + "holds " + dtype.name() +
                             ", but the files before it hold " + first +
                             "; read them as two datasets, and bring them to one unit");
    }
  }
  return OkStatus();
}

// PATH["NAME"]: for messages about a component.
std::string Engine::ComponentContext(const File& file, size_t component) const {
  std::string context = Escape(order_.path(file.index));
  for (const std::string& name : selection_.keys[component]) context += "[" + Quote(name) + "]";
  return context + ": ";
}

std::string Engine::PieceContext(const Array& array, const Piece& piece) const {
  return Escape(order_.path(array.file->At(piece.first).file)) + ": ";
}

void Engine::Seal(Slot& slot) {
  slot.is_sealed = true;
  if (!slot.is_reserved) Reserve(slot);
}

// Sets memory apart for `slot`, if there is room for it or nothing comes before it.
bool Engine::Reserve(Slot& slot) {
  const uint64_t count = static_cast<uint64_t>(slot.is_sealed ? slot.count : slot.capacity);
  slot.array_sizes.clear();
  uint64_t size = kSlotOverhead;
  for (size_t i = 0; i < slot.arrays.size(); ++i) {
    // The shape first: where it holds a zero, any count will do. Signed, as whoever computes with
    // shapes does: what stands before the zero must not overflow either.
    int64_t element_size = slot.arrays[i].item_size;
    int64_t items = 1;
    bool fits = true;
    for (const int64_t dimension : slot.arrays[i].shape) {
      fits = fits && CheckedMultiply(element_size, dimension, &element_size) &&
             CheckedMultiply(items, dimension, &items);
    }
    auto bytes = static_cast<uint64_t>(slot.is_lent[i] ? 0 : element_size);
    fits = fits && CheckedMultiply(bytes, count, &bytes);
    if (!fits || !CheckedAdd(size, bytes, &size)) {
      Fail({slot.first, slot.sequence,
            ResourceExhausted(Escape(order_.path(slot.first.file)) + ": a block of " +
                              std::to_string(count) + " elements of shape " +
                              ShapeText(slot.arrays[i].shape) + " is larger than any memory")});
      return false;
    }
    slot.array_sizes.push_back(bytes);
  }
  if (size > std::max(options_.memory_limit, kConvenientSize) && slot.is_sealed &&
      (size - kSlotOverhead) / kMaxPaddingRatio > slot.unpadded_size) {
    Fail({slot.first, slot.sequence,
          ResourceExhausted(Escape(order_.path(slot.first.file)) + ": a block of " +
                            std::to_string(count) + " elements takes " + std::to_string(size) +
                            " bytes, most of them padding, but memory_limit is " +
                            std::to_string(options_.memory_limit) + "; raise it")});
    return false;
  }
  if (!IsFront(slot) && !Fits(size)) return false;
  slot.is_reserved = true;
  slot.size = size;
  memory_used_ += size;
  for (Array* array : slot.waiting) SetReady(*array);
  slot.waiting.clear();
  return true;
}

void Engine::SetReady(Array& array) {
  if (array.is_busy || array.pieces.empty() || !array.pieces.front().slot->is_reserved) return;
  ready_[{array.pieces.front().slot->sequence, array.file->index, array.index}] = &array;
}

bool Engine::Fits(uint64_t size) const {
  return memory_used_ <= options_.memory_limit && size <= options_.memory_limit - memory_used_;
}

bool Engine::IsSkipped(int64_t file) const {
  const auto found = truncated_.find(file);
  return found != truncated_.end() && found->second == 0;
}

Engine::File* Engine::FindFile(int64_t index) {
  const auto found = std::lower_bound(
      files_.begin(), files_.end(), index,
      [](const std::unique_ptr<File>& file, int64_t i) { return file->index < i; });
  return found != files_.end() && (*found)->index == index ? found->get() : nullptr;
}

// Lets go of what a finished file holds. Its entry stays until those before it are finished too.
void Engine::Retire(File& file) {
  if (file.is_admitted) memory_used_ -= file.load_size;
  remains_.push_back({std::move(file.arrays), std::move(file.archive)});
  file.arrays.clear();
  while (!files_.empty() && files_.front()->is_planned && files_.front()->pieces_left == 0) {
    files_.pop_front();
  }
}

void Engine::Fail(Failure failure) {
  if (failure_ != nullptr && !(failure.at < failure_->at)) return;
  failure_ = std::make_unique<Failure>(std::move(failure));
}

}  // namespace tf_npz
