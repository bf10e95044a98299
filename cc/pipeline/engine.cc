#include "cc/pipeline/engine.h"

#include <algorithm>
#include <utility>

#include "cc/pipeline/engine_state.h"

namespace tf_npz {
namespace {

// Blocks of rows that nobody asked for as batches are small at first: whoever wants a few rows
// reads little more than them.
constexpr uint64_t kFirstConvenientSize = uint64_t{64} << 10;

// Blocks that are planned ahead at first.
constexpr size_t kMinSlots = 4;
// Blocks that may be planned ahead: what they cost besides their memory is bounded too.
constexpr size_t kMaxSlots = 4096;

// So many files in a row must be alike until the next ones are taken to be.
constexpr int64_t kAlikeAtFirst = 32;

// Small files that a thread opens in one go. They are in memory then, beside memory_limit: a
// sixteenth of it at most.
constexpr int kMaxOpenRun = 8;

int MaxOpenRun(const EngineOptions& options) {
  const uint64_t open = 2 * static_cast<uint64_t>(options.num_threads) + 2;
  const uint64_t most = options.memory_limit / 16 / (open * kSmallFile);
  return static_cast<int>(std::clamp<uint64_t>(most, 1, kMaxOpenRun));
}

}  // namespace

Engine::Engine(const FileSystem& file_system, std::shared_ptr<const std::vector<std::string>> files,
               Selection selection, EngineOptions options, Position start)
    : file_system_(file_system),
      selection_(std::move(selection)),
      options_(std::move(options)),
      pool_(options_.pool != nullptr ? options_.pool : BufferPool::New(options_.memory_limit)),
      max_open_run_(MaxOpenRun(options_)),
      skipped_into_(options_.verify_before_start ? -1 : start.file),
      order_(options_.next_file == nullptr ? FileOrder(std::move(files))
                                           : FileOrder(std::move(files), options_.files_at_first)),
      num_threads_(options_.num_threads),
      alike_wanted_(kAlikeAtFirst),
      max_slots_(std::max(kMinSlots, 2 * static_cast<size_t>(options_.num_threads) + 2)),
      convenient_size_(kFirstConvenientSize) {
  const std::lock_guard<std::mutex> lock(mutex_);
  Restart(start);
}

Engine::~Engine() {
  Cancel();
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    stopping_ = true;
  }
  work_changed_.notify_all();
  crew_changed_.notify_all();
  threads_.clear();  // joins
  if (options_.pool == nullptr) pool_->StopKeeping();
}

void Engine::Cancel() {
  cancelled_ = true;
  // With the lock, so that nobody is between looking at cancelled_ and waiting.
  {
    const std::lock_guard<std::mutex> lock(mutex_);
  }
  work_changed_.notify_all();
  ready_changed_.notify_all();
}

void Engine::SetNumThreads(int num_threads) {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (num_threads == num_threads_) return;
    num_threads_ = std::max(num_threads, 1);
  }
  work_changed_.notify_all();
  crew_changed_.notify_all();
}

Result<std::optional<Block>> Engine::Next() {
  std::unique_lock<std::mutex> lock(mutex_);
  if (!order_.is_single_file()) {
    const auto specs = static_cast<int64_t>(selection_.specs.size());
    const int64_t most = std::min<int64_t>(num_threads_, order_.list_size() * specs);
    lock.unlock();
    StartThreads(static_cast<int>(most));
    lock.lock();
  }
  if (!deferred_.ok()) return std::exchange(deferred_, OkStatus());
  if (was_full_ && !FrontIsFilled()) Widen();
  while (true) {
    if (cancelled_) return Cancelled();
    if (WantsFile()) {
      TF_NPZ_RETURN_IF_ERROR(AskForFile(lock));
      continue;
    }
    if (FrontIsFilled()) {
      const bool wanted = !slots_.front()->is_discarded;
      // A single file is read ahead from its second block on: the first may be all that is wanted.
      const bool is_first = !std::exchange(has_delivered_, true);
      Block block = Deliver(slots_.front()->count);
      if (!wanted) continue;
      const bool more = !is_first && !AtEnd();
      const int threads = std::min(1, num_threads_);
      // Waking a thread costs more than many a block, so there should be some to be filled for it.
      const bool wake = !FrontIsFilled() || 2 * ++delivered_ >= slots_.size();
      if (wake) delivered_ = 0;
      lock.unlock();
      if (wake) work_changed_.notify_one();
      if (more) StartThreads(threads);
      return std::optional<Block>(std::move(block));
    }
    if (FailureIsNext()) {
      if (!failure_->is_misjudged) return Recover();
      DropRuns();
      continue;
    }
    if (AtEnd()) return std::optional<Block>();
    if (!threads_.empty()) {
      work_changed_.notify_one();
      OnWork(false);
      ready_changed_.wait(lock);
      OnWork(true);
    } else if (std::vector<Task> tasks = ClaimTasks(); !tasks.empty()) {
      RunTasks(std::move(tasks), lock);
    } else {
      // Cancel takes no lock before it sets its flag, so it may have come since that was looked at.
      return cancelled_ ? Cancelled() : Internal("the reader has nothing to do before its end");
    }
  }
}

// The consumer waits, and threads could have worked for it: from now on they may be further ahead.
void Engine::Widen() {
  was_full_ = false;
  max_slots_ = std::min(2 * max_slots_, kMaxSlots);
  Plan();
  work_changed_.notify_one();
}

bool Engine::FrontIsFilled() const {
  if (slots_.empty() || !slots_.front()->is_filled()) return false;
  return failure_ == nullptr || slots_.front()->sequence < failure_->sequence;
}

bool Engine::AtEnd() const {
  return failure_ == nullptr && slots_.empty() && order_.is_complete() &&
         next_plan_ == order_.count();
}

// Whether another file should be known by now: one for each thread, besides that which is planned.
bool Engine::WantsFile() const {
  return !order_.is_complete() && order_.count() - next_plan_ <= num_threads_;
}

Status Engine::AskForFile(std::unique_lock<std::mutex>& lock) {
  lock.unlock();
  const Result<std::optional<int64_t>> file = options_.next_file();
  lock.lock();
  TF_NPZ_RETURN_IF_ERROR(file.status());
  if (!*file) {
    order_.Complete();
  } else if (**file < 0 || **file >= order_.list_size()) {
    return InvalidArgument("file " + std::to_string(**file) + " is asked for of a list of " +
                           std::to_string(order_.list_size()));
  } else {
    order_.Add(**file);
  }
  Plan();
  work_changed_.notify_one();
  return OkStatus();
}

std::vector<int64_t> Engine::FilesFrom(int64_t place) {
  const std::lock_guard<std::mutex> lock(mutex_);
  return order_.IndicesFrom(place);
}

// Takes the first `count` elements of the front slot out.
Block Engine::Deliver(int64_t count) {
  Slot& slot = *slots_.front();
  Block block{count, std::move(slot.arrays), slot.first, slot.next};
  memory_used_ -= slot.size;
  slots_.pop_front();
  Plan();
  return block;
}

// Whether all that comes before the failure is delivered or, in its own block, decoded.
bool Engine::FailureIsNext() const {
  if (failure_ == nullptr || busy_ > 0) return false;
  if (!slots_.empty() && slots_.front()->sequence < failure_->sequence) return false;
  return std::none_of(ready_.begin(), ready_.end(),
                      [this](const auto& ready) { return ComesBeforeFailure(*ready.second); });
}

bool Engine::ComesBeforeFailure(const Array& array) const {
  if (failure_ == nullptr) return true;
  return array.file->At(array.pieces.front().first) < failure_->at;
}

Result<std::optional<Block>> Engine::Recover() {
  const Failure failure = std::move(*failure_);
  failure_.reset();
  truncated_[failure.at.file] = failure.at.element;
  if (failure.is_open) {
    // It gave no elements, so all plans hold without it.
    files_.erase(std::find_if(files_.begin(), files_.end(), [&failure](const auto& file) {
      return file->index == failure.at.file;
    }));
    Plan();
    work_changed_.notify_one();
    return failure.status;
  }
  if (options_.batch_size > 0) {
    // The batch is filled anew, with what is left of this file and what follows.
    Restart(slots_.empty() ? failure.at : slots_.front()->first);
    return failure.status;
  }
  const Position next_file = {failure.at.file + 1, 0};
  if (slots_.empty() || !(slots_.front()->first < failure.at)) {
    Restart(next_file);
    return failure.status;
  }
  // The rows before it are good, and come first.
  Slot& slot = *slots_.front();
  // A checkpoint taken between the two meets the error again.
  Block block{failure.at.element - slot.first.element, std::move(slot.arrays), slot.first,
              failure.at};
  deferred_ = failure.status;
  Restart(next_file);
  return std::optional<Block>(std::move(block));
}

// Forgets all plans and goes on at `position`. No task may be running.
void Engine::Restart(Position position) {
  failure_.reset();
  ready_.clear();
  slots_.clear();
  files_.clear();
  memory_used_ = 0;
  next_open_ = next_plan_ = position.file;
  start_ = position;
  Plan();
  work_changed_.notify_one();
}

void Engine::StartThreads(int count) {
  while (static_cast<int>(threads_.size()) < count) {
    const int index = static_cast<int>(threads_.size());
    std::unique_ptr<Thread> thread = options_.start_thread([this, index] { WorkerLoop(index); });
    // Without a thread Next does the work itself.
    if (thread == nullptr) return;
    threads_.push_back(std::move(thread));
  }
}

void Engine::OnWork(bool begins) const {
  if (options_.on_work != nullptr) options_.on_work(begins);
}

void Engine::WorkerLoop(int index) {
  std::unique_lock<std::mutex> lock(mutex_);
  while (!stopping_) {
    if (index >= num_threads_) {
      work_changed_.notify_one();  // what woke this thread was meant for another
      crew_changed_.wait(lock);
    } else if (std::vector<Task> tasks = ClaimTasks(); !tasks.empty()) {
      // One wakes the next, so that as many are awake as there is work for.
      if (!ready_.empty() || MayOpen(MaxOpen())) work_changed_.notify_one();
      OnWork(true);
      RunTasks(std::move(tasks), lock);
      OnWork(false);
    } else {
      work_changed_.wait(lock);
    }
  }
}

}  // namespace tf_npz
