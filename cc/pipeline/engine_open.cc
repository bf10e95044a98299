// The engine's work on files that are opened: which ones, what they must be, and how their arrays
// are to be decoded. See engine.h.

#include <algorithm>
#include <string>
#include <utility>

#include "cc/base/text.h"
#include "cc/pipeline/engine.h"
#include "cc/pipeline/engine_state.h"

namespace tf_npz {
namespace {

// With more files open than this, those that wait for their turn are parked.
constexpr size_t kMaxOpenFiles = 64;

// Of many files, deflated members larger than this are decoded in pieces, straight into the blocks.
// A reader of one file does better with members decoded whole: each block fewer is one handing over
// of rows fewer between its thread and whoever interleaves it with others.
constexpr uint64_t kMaxWholeOfMany = uint64_t{256} << 10;

}  // namespace

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
    file->count = in_list + 1 == order_.list_size() ? options_.end : kToTheEnd;
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

Result<SelectedArrays> Engine::OpenFile(const File& file) const {
  ReadOptions options;
  options.pool = pool_;
  // A file that is begun in its middle is verified as any other, unless others read its beginning,
  // or nobody does.
  const bool skipped_too = file.first == 0 && file.index != skipped_into_;
  options.checksums = !options_.verify_checksums ? Checksums::kNone
                      : skipped_too              ? Checksums::kSkippedToo
                                                 : Checksums::kFullyRead;
  options.cancelled = &cancelled_;
  TF_NPZ_ASSIGN_OR_RETURN(std::shared_ptr<Archive> archive,
                          Archive::Open(file_system_, *file.path, *pool_));
  PlanCache* const plans = archive->is_npz() ? member_layouts_.get() : layouts_.get();
  TF_NPZ_ASSIGN_OR_RETURN(SelectedArrays selected,
                          OpenSelection(std::move(archive), selection_, options, plans));
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
  const int64_t end = file.count == kToTheEnd ? 0 : file.count;
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
    array.layout = array.reader->plan();
    array.components = std::move(opened.arrays[i].components);
    for (const Component& component : array.layout->components) {
      array.element_size += component.element_size();
    }
  }
  ChooseDecoders(file, is_all);
  CountAlike(file);
  if (files_.size() > kMaxOpenFiles) file.archive->file().CloseIdle();
}

// Settles which arrays of `file` are decoded whole, and which in pieces. It depends on nothing but
// the file, the limit, and whether the list has others, and so does what a damaged file still
// gives. `is_all`: it is read to its end.
void Engine::ChooseDecoders(File& file, bool is_all) const {
  // The memory of a whole array becomes the block's, for which it is counted anyway.
  const bool is_element = options_.batch_size == 0 && !selection_.rows;
  const uint64_t max_whole = order_.list_size() == 1 ? kMaxWholeInflate : kMaxWholeOfMany;
  for (Array& array : file.arrays) {
    const uint64_t size = array.reader->load_size();
    const bool fortran_order = array.reader->header().fortran_order;
    const uint64_t share = fortran_order ? options_.memory_limit / 2 : options_.memory_limit / 4;
    const uint64_t most = is_element ? UINT64_MAX : share;
    const bool fits = size <= most && (fortran_order || is_element || size <= max_whole);
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

}  // namespace tf_npz
