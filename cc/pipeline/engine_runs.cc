// Small files that are alike: a folder of thousands of .npy of one shape.
//
// To open such a file, to keep books of it, and to plan where its only element goes takes longer
// than to read it. So where many files in a row have begun with the very same bytes, the next ones
// are taken for alike: planned in runs, as if each run were one file whose elements are the files.
// A file that turns out to be another, or not to be there, is no error yet: what was planned from
// it on is dropped, and it is opened as any other.

#include <algorithm>
#include <limits>
#include <utility>

#include "cc/kernels/byte_order.h"
#include "cc/pipeline/engine.h"
#include "cc/pipeline/engine_state.h"

namespace tf_npz {
namespace {

// Files of a run: as many as are worth a task.
constexpr int64_t kRun = 16;

// After each misjudgement so many times as many files must be alike, up to this many.
constexpr int64_t kDoubtFactor = 4;
constexpr int64_t kMaxWanted = 4096;

// Reads the only element of a file that is like others; an error where it isn't.
Status ReadAlike(WholeFileReader& reader, const std::string& path, const ArrayPlan& layout,
                 char* header, char* element) {
  const size_t header_size = layout.header.data_offset;
  const size_t size = layout.header.data_size;
  TF_NPZ_RETURN_IF_ERROR(reader.Read(path, {header, header_size}, {element, size}));
  if (std::string_view(header, header_size) != layout.header_bytes) {
    return DataLoss("begins with another header");
  }
  // Not the header's dtype, which may be a structure of one field.
  ConvertToNative(layout.components[0].field.dtype, element, size);
  return OkStatus();
}

}  // namespace

// Whether `file`, which was opened, is like those before it.
void Engine::CountAlike(const File& file) {
  const std::shared_ptr<const ArrayPlan> layout = file.arrays[0].layout;
  const bool is_simple = options_.batch_size > 0 && options_.padding.empty() && !selection_.rows &&
                         file.archive->is_in_memory() && !file.archive->is_npz() &&
                         !file.archive->is_gzip() && layout->takes_items &&
                         !layout->header.fortran_order &&
                         layout->components[0].type != ElementType::kString && file.count == 1;
  if (!is_simple || layout != alike_) alike_count_ = 0;
  alike_ = is_simple ? layout : nullptr;
  ++alike_count_;
}

bool Engine::MayTakeForAlike() const {
  return !order_.grows() && alike_ != nullptr && alike_count_ >= alike_wanted_;
}

// The next files, those that are not opened, as one run; null where they should be opened.
Engine::File* Engine::TakeForAlike() {
  if (!MayTakeForAlike() || next_open_ > next_plan_) return nullptr;
  next_open_ = next_plan_;
  int64_t end = std::min<int64_t>(next_open_ + kRun, order_.count());
  const auto failed = truncated_.lower_bound(next_open_);
  if (failed != truncated_.end()) end = std::min(end, failed->first);
  if (end == next_open_) {
    alike_count_ = 0;  // this one is opened
    return nullptr;
  }
  auto file = std::make_unique<File>();
  file->index = next_open_;
  file->path = &order_.path(next_open_);
  file->run = file->count = end - next_open_;
  file->phase = File::Phase::kOpen;
  file->has_known_units = true;  // those of the files before
  file->arrays.resize(1);
  Array& array = file->arrays[0];
  array.file = file.get();
  array.layout = alike_;
  array.components = {0};
  array.element_size = alike_->components[0].element_size();
  next_open_ = end;
  files_.push_back(std::move(file));
  return files_.back().get();
}

// Reads the files of a piece of a run.
void Engine::ReadRun(Task& task) const {
  const Array& array = *task.array;
  const Piece& piece = task.piece;
  const ArrayPlan& layout = *array.layout;
  Result<Buffer> header = pool_->Allocate(layout.header.data_offset);
  if (!header.ok()) {
    task.status = header.status().WithContext(PieceContext(array, piece));
    return;
  }
  const std::unique_ptr<WholeFileReader> reader = file_system_.NewWholeFileReader();
  char* destination = piece.slot->arrays[0].buffer.data() + piece.slot_offset * array.element_size;
  while (task.done < piece.count) {
    if (cancelled_) {
      task.status = Cancelled();
      return;
    }
    const int64_t index = array.file->At(piece.first + task.done).file;
    task.status = ReadAlike(*reader, order_.path(index), layout, header->data(), destination);
    task.is_misjudged = !task.status.ok();
    if (task.is_misjudged) return;
    destination += array.element_size;
    ++task.done;
  }
}

// A file was taken for one like others, and is not: plans anew from its block on. It is among those
// that are opened in any case now, and more files must be alike until the next are taken to be.
void Engine::DropRuns() {
  truncated_.emplace(failure_->at.file, std::numeric_limits<int64_t>::max());
  alike_wanted_ = std::min(kDoubtFactor * alike_wanted_, kMaxWanted);
  alike_count_ = 0;
  Restart(slots_.empty() ? failure_->at : slots_.front()->first);
}

}  // namespace tf_npz
