#include "cc/pipeline/engine.h"

#include <algorithm>
#include <utility>

#include "cc/base/text.h"

namespace tf_npz {
namespace {

// Files of a run: one step reads them. Opening and reading 16 takes some 100 us.
constexpr int64_t kMaxRun = 16;
// A run of larger elements is shorter: a step of more than this is worth a thread by itself.
constexpr uint64_t kRunBytes = uint64_t{256} << 10;

std::vector<std::string> ComponentNames(const Selection& selection) {
  std::vector<std::string> names;
  for (const FieldPath& key : selection.keys) {
    std::string name;
    for (const std::string& part : key) name += "[" + Quote(part) + "]";
    names.push_back(std::move(name));
  }
  return names;
}

BlockOptions ToBlockOptions(const Selection& selection, const EngineOptions& options) {
  BlockOptions block;
  block.batch_size = options.batch_size;
  block.is_whole = options.batch_size == 0 && !selection.rows;
  block.drop_remainder = options.drop_remainder;
  block.padding = options.padding;
  block.padded_shapes = options.padded_shapes;
  block.memory_limit = options.memory_limit;
  block.component_names = ComponentNames(selection);
  return block;
}

FileOrder::Options ToOrderOptions(const EngineOptions& options) {
  FileOrder::Options order;
  order.begin = options.begin;
  order.end = options.end;
  order.is_named = options.next_file != nullptr;
  order.named = options.files_at_first;
  order.verify_before_start = options.verify_before_start;
  return order;
}

}  // namespace

struct Engine::Work {
  Step step;
  uint64_t plan = 0;
  Status status;
  int64_t done = 0;  // elements
  Opened opened;
};

Engine::Engine(const FileSystem& file_system,
               std::shared_ptr<const std::vector<std::string>> filenames,
               const Selection& selection, EngineOptions options, Position start)
    : options_(std::move(options)),
      is_single_file_(options_.next_file == nullptr && filenames->size() == 1),
      context_{file_system,
               selection,
               ToBlockOptions(selection, options_),
               options_.pool != nullptr ? options_.pool : BufferPool::New(options_.memory_limit),
               options_.verify_checksums,
               filenames->size() == 1,
               &cancelled_,
               std::make_shared<PlanCache>(),
               std::make_shared<SharedArchives>(file_system, BufferPool::New(0))},
      budget_(options_.memory_limit),
      order_(std::move(filenames), ToOrderOptions(options_), start),
      num_threads_(options_.num_threads),
      crew_(options_.start_thread, [this] {
        const MutexLock lock(mutex_);
        return WorkOnce(/*is_crew=*/true);
      }) {
  const MutexLock lock(mutex_);
  MakePlan({});
}

Engine::~Engine() {
  Cancel();
  if (options_.pool == nullptr) context_.pool->StopKeeping();
}

void Engine::Cancel() {
  cancelled_ = true;
  // With the lock held once, so that Next is not between its look at cancelled_ and its waiting.
  {
    const MutexLock lock(mutex_);
  }
  consumer_wakes_.NotifyAll();
}

void Engine::SetNumThreads(int num_threads) {
  {
    const MutexLock lock(mutex_);
    if (num_threads == num_threads_) return;
    num_threads_ = std::max(num_threads, 1);
    planner_->SetNumThreads(PlannedThreads());
    AddExtents();
  }
  crew_.SetActive(std::max(num_threads, 1));
}

// Threads that the planner may count on.
int Engine::PlannedThreads() const {
  if (is_single_file_) return has_delivered_ ? std::min(num_threads_, 1) : 0;
  // One for each component of each file, which is all that there may be to do at once.
  const auto components = static_cast<int64_t>(context_.selection.specs.size());
  return static_cast<int>(std::min<int64_t>(num_threads_, order_.list_size() * components));
}

void Engine::MakePlan(std::vector<std::string> units) {
  ++plan_;
  planner_ = std::make_unique<Planner>(context_.block_options, PlannedThreads(), budget_,
                                       std::move(units));
  AddExtents();
}

// Gives the planner the extents that it has use for.
void Engine::AddExtents() {
  if (!has_model_ && planner_->first_open() != nullptr) {
    has_model_ = true;
    const PlannedExtent& first = *planner_->first_open();
    Opened model = ModelOf(context_, *first.facts, *first.open_file);
    model_facts_ = std::make_shared<const FileFacts>(std::move(model.facts));
    model_file_ = std::move(model.file);
  }
  while (planner_->WantsExtent()) {
    const bool is_known =
        model_file_ != nullptr && !order_.is_named() && order_.next_place() >= open_until_;
    int64_t most_files = 1;
    if (is_known) {
      const uint64_t size = std::max<uint64_t>(model_facts_->arrays[0].element_size, 1);
      most_files = std::clamp<int64_t>(static_cast<int64_t>(kRunBytes / size), 1, kMaxRun);
    }
    std::optional<Extent> extent = order_.Next(most_files);
    if (!extent) break;
    if (is_known) {
      planner_->Add(std::move(*extent), model_facts_, model_file_);
    } else {
      planner_->Add(std::move(*extent));
    }
  }
  if (order_.at_end()) planner_->EndOfOrder();
}

// Whether another file should be named by now: one for each thread, besides that which is planned.
// No more, so that several readers get equal shares of few files.
bool Engine::WantsFile() const {
  return !order_.is_complete() && !is_asking_ && ask_error_.ok() &&
         planner_->unplanned() + order_.count() - order_.next_place() <= num_threads_;
}

void Engine::AskForFile() {
  is_asking_ = true;
  mutex_.Unlock();
  const Result<std::optional<int64_t>> file = options_.next_file();
  mutex_.Lock();
  is_asking_ = false;
  file_named_.NotifyAll();
  if (!file.ok()) {
    ask_error_ = file.status();
  } else if (!*file) {
    order_.Complete();
  } else if (**file < 0 || **file >= order_.list_size()) {
    ask_error_ = InvalidArgument("file " + std::to_string(**file) + " is asked for of a list of " +
                                 std::to_string(order_.list_size()));
  } else {
    order_.Add(**file);
  }
  AddExtents();
  NotifyConsumer();
}

void Engine::SaveFiles(int64_t place,
                       const std::function<void(const std::vector<int64_t>&)>& save) {
  MutexLock lock(mutex_);
  while (is_asking_) file_named_.Wait(mutex_);
  is_asking_ = true;  // nobody else asks while `save` runs
  const std::vector<int64_t> named = order_.IndicesFrom(place);
  lock.Unlock();
  save(named);
  lock.Lock();
  is_asking_ = false;
  crew_.Wake();
}

Result<std::optional<Block>> Engine::Next() {
  MutexLock lock(mutex_);
  if (const int threads = PlannedThreads(); !is_single_file_ && crew_.started() < threads) {
    lock.Unlock();
    crew_.Grow(threads);
    lock.Lock();
  }
  if (!cancelled_ && !deferred_.ok()) return std::exchange(deferred_, OkStatus());
  while (true) {
    if (cancelled_) return Cancelled();
    switch (planner_->state()) {
      case Planner::State::kBlock: {
        const std::shared_ptr<PlannedBlock> planned = planner_->TakeBlock();
        AddExtents();
        if (planned->is_discarded) break;
        // A single file is read ahead from its second block on: the first may be all that is
        // wanted.
        const bool is_first = !std::exchange(has_delivered_, true);
        if (is_first) planner_->SetNumThreads(PlannedThreads());
        const Planner::State next = planner_->state();
        // Waking a thread costs more than filling many a block, so some should be wanted.
        const bool wakes =
            next != Planner::State::kBlock || 2 * ++delivered_ >= planner_->blocks().size();
        if (wakes) delivered_ = 0;
        const bool starts = is_single_file_ && !is_first && next != Planner::State::kEnd;
        const int threads = std::min(1, num_threads_);
        lock.Unlock();
        if (starts) crew_.Grow(threads);
        if (wakes) crew_.Wake();
        return std::optional<Block>(Deliver(*planned));
      }
      case Planner::State::kError: {
        std::vector<std::shared_ptr<void>> garbage;
        Result<std::optional<Block>> next = Recover(&garbage);
        lock.Unlock();
        return next;  // the garbage goes without the lock
      }
      case Planner::State::kEnd:
        return std::optional<Block>();
      case Planner::State::kWait:
        if (!ask_error_.ok()) return std::exchange(ask_error_, OkStatus());
        if (std::exchange(was_deep_, false) && !is_single_file_) {
          planner_->Widen();
          AddExtents();
          break;
        }
        if (crew_.started() > 0) {
          crew_.Wake();
          if (options_.on_work != nullptr) options_.on_work(false);
          consumer_wakes_.Wait(mutex_);
          if (options_.on_work != nullptr) options_.on_work(true);
        } else if (!WorkOnce(/*is_crew=*/false)) {
          // Cancel sets its flag without the lock, so it may have come since the last look at it.
          return cancelled_ ? Cancelled() : Internal("the reader has nothing to do before its end");
        }
        break;
    }
  }
}

Block Engine::Deliver(const PlannedBlock& planned) const {
  return {planned.count, planned.memory->Take(), planned.first, planned.next};
}

Result<std::optional<Block>> Engine::Recover(std::vector<std::shared_ptr<void>>* garbage) {
  PlanFailure failure = planner_->TakeFailure();
  order_.Cut(failure.at.file, failure.at.element);
  if (failure.keeps_plan) {
    AddExtents();
    crew_.Wake();
    return failure.status;
  }
  open_until_ = std::max(open_until_, order_.next_place());
  order_.Restart(failure.restart);
  std::vector<std::string> units = planner_->units();
  *garbage = planner_->TakeAll();
  MakePlan(std::move(units));
  crew_.Wake();
  if (failure.good_part == nullptr) return failure.status;
  // The rows before it are good, and come first. A checkpoint taken between the two meets the error
  // again.
  deferred_ = std::move(failure.status);
  return std::optional<Block>(Deliver(*failure.good_part));
}

bool Engine::WorkOnce(bool is_crew) {
  if (cancelled_) return false;
  // One of several threads asks at once, so that the answer is there when it is needed. An only
  // thread first does what there is to do.
  if (WantsFile() && num_threads_ > 1) {
    AskForFile();
    return true;
  }
  std::vector<Step> steps = planner_->Claim();
  if (steps.empty()) {
    was_deep_ = was_deep_ || planner_->is_deep();
    if (!WantsFile()) return false;
    AskForFile();
    return true;
  }
  // Threads wake each other, so that no more are awake than there is work for.
  if (planner_->HasStep() || WantsFile()) crew_.Wake();
  std::vector<Work> works(steps.size());
  for (size_t i = 0; i < works.size(); ++i) {
    works[i].step = std::move(steps[i]);
    works[i].plan = plan_;
    if (works[i].step.kind != Step::Kind::kDecode) continue;
    PlannedBlock& block = *works[i].step.piece.block;
    if (block.memory == nullptr)
      block.memory = std::make_shared<BlockMemory>(block, *context_.pool);
  }
  mutex_.Unlock();
  if (is_crew && options_.on_work != nullptr) options_.on_work(true);
  for (size_t i = 0; i < works.size(); ++i) {
    Work& work = works[i];
    const bool is_decode = work.step.kind == Step::Kind::kDecode;
    const bool follows = i > 0 && is_decode && works[i - 1].step.file == work.step.file &&
                         works[i - 1].step.kind == Step::Kind::kDecode &&
                         works[i - 1].step.array == work.step.array;
    if (follows && !works[i - 1].status.ok()) {
      work.status = works[i - 1].status;  // the earlier failure is the one that counts
    } else if (i > 0 && cancelled_) {
      work.status = Cancelled();  // the destructor waits for this thread
    } else {
      Run(work);
    }
  }
  if (is_crew && options_.on_work != nullptr) options_.on_work(false);
  mutex_.Lock();
  std::vector<std::shared_ptr<void>> garbage;
  for (Work& work : works) Report(work, &garbage);
  AddExtents();
  NotifyConsumer();
  for (std::shared_ptr<void>& done : planner_->TakeGarbage()) garbage.push_back(std::move(done));
  mutex_.Unlock();
  works.clear();
  // Files are closed here, without the lock.
  garbage.clear();
  mutex_.Lock();
  return true;
}

void Engine::Run(Work& work) const {
  if (work.step.kind == Step::Kind::kDecode) {
    work.status = Decode(context_, work.step, &work.done);
    return;
  }
  Result<Opened> opened = Open(context_, work.step.file->extent);
  work.status = opened.status();
  if (!opened.ok()) return;
  work.opened = std::move(*opened);
  if (work.step.close_idle) work.opened.file->archive->file().CloseIdle();
}

void Engine::Report(Work& work, std::vector<std::shared_ptr<void>>* garbage) {
  Step& step = work.step;
  if (work.plan != plan_) {
    // Its plan was dropped: nothing is to be reported. It may be the last one that holds the file.
    garbage->push_back(step.file->open_file);
    if (step.piece.block != nullptr) garbage->push_back(step.piece.block->memory);
  } else if (step.kind == Step::Kind::kDecode) {
    planner_->Finished(step, work.done, work.status);
  } else if (work.status.ok()) {
    planner_->Opened(step, std::move(work.opened.facts), std::move(work.opened.file));
  } else {
    planner_->OpenFailed(step, work.status);
  }
  // Under the lock, since reservations may go with them. What takes long to end is in the garbage.
  step.file.reset();
  step.piece.block.reset();
}

void Engine::NotifyConsumer() {
  if (planner_->state() != Planner::State::kWait || !ask_error_.ok()) consumer_wakes_.NotifyOne();
}

}  // namespace tf_npz
