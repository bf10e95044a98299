// Compares the planner with a plain sequential model, over random schedules: any files, errors,
// sizes, limits, orders of reading and numbers of threads. Steps end in any order.
//
// Each seed gives one schedule. A failure prints its seed; with TF_NPZ_SEED=<seed> in the
// environment, only that schedule runs.

#include "cc/pipeline/planner.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <numeric>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

namespace tf_npz {
namespace {

// xorshift64*: fast, and the same on every machine.
class Random {
 public:
  explicit Random(uint64_t seed) : state_(seed * 0x9e3779b97f4a7c15u + 0x1234567) {}
  uint64_t Below(uint64_t bound) { return Next() % bound; }
  bool OneIn(uint64_t n) { return Below(n) == 0; }
  template <typename T>
  T Of(std::initializer_list<T> values) {
    return values.begin()[Below(values.size())];
  }

 private:
  uint64_t Next() {
    state_ ^= state_ >> 12;
    state_ ^= state_ << 25;
    state_ ^= state_ >> 27;
    return (state_ * 0x2545f4914f6cdd1du) >> 16;
  }
  uint64_t state_;
};

// A file of the model.
struct ModelFile {
  int64_t count = 0;
  bool fails_to_open = false;
  bool has_other_shape = false;
  bool does_not_fit = false;  // in the batch that it meets
  int64_t bad_element = -1;   // -1: none
  FileFacts facts;

  // The number of elements before its error, or of all.
  int64_t good() const {
    if (fails_to_open || does_not_fit) return 0;
    return bad_element < 0 ? count : bad_element;
  }
  bool fails() const { return fails_to_open || does_not_fit || bad_element >= 0; }
};

struct Element {
  int64_t file;
  int64_t element;
  friend bool operator==(const Element& a, const Element& b) {
    return a.file == b.file && a.element == b.element;
  }
};

enum class Kind { kList, kRuns, kScattered };

// Runs one schedule. `fault` describes the first error that was found; empty if there was none.
class Schedule {
 public:
  explicit Schedule(uint64_t seed) : random_(seed) {
    const bool is_large = random_.OneIn(50);
    kind_ = random_.Of({Kind::kList, Kind::kList, Kind::kList, Kind::kRuns, Kind::kScattered});
    const bool is_batched = kind_ != Kind::kList || random_.OneIn(2);
    const bool is_padded = kind_ == Kind::kList && is_batched && random_.OneIn(3);
    options_.batch_size = is_batched ? 1 + random_.Below(is_large ? 20 : 5) : 0;
    options_.drop_remainder = is_batched && random_.OneIn(5);
    options_.memory_limit = random_.Of<uint64_t>({1, 5000, 100'000, 300'000, 10'000'000});
    options_.component_names = {"", ""};
    if (is_padded) options_.padding = {"\0", "\0"};
    threads_ = AnyThreads();
    const uint64_t item_size = random_.Of<uint64_t>({0, 8, 8, 3000, 20'000, 70'000});
    const auto arrays = 1 + random_.Below(2);
    files_.resize(1 + random_.Below(is_large ? 40 : 6));
    names_.resize(files_.size());
    for (ModelFile& file : files_) MakeFile(&file, item_size, arrays, is_large, is_padded);
    if (kind_ == Kind::kList && is_batched && !is_padded && random_.OneIn(3)) VaryShapes();
    budget_ = std::make_unique<Budget>(options_.memory_limit);
    may_cancel_ = random_.OneIn(20);
  }

  std::string Run() {
    NewPlan({}, {});
    for (int steps = 0; fault_.empty() && !has_stopped_; ++steps) {
      if (steps > 100'000) return "no end";
      if (may_cancel_ && random_.OneIn(30)) {
        planner_.reset();
        running_.clear();
        opened_.clear();
        return budget_->used() == 0 ? "" : "bytes are left in the budget of a cancelled plan";
      }
      AddExtents();
      CheckBudget();
      const Planner::State state = planner_->state();
      if (state == Planner::State::kEnd) break;
      const auto most = static_cast<size_t>(std::max(threads_, 1));
      bool did_something = false;
      while (claims_ < most && (claims_ == 0 || !random_.OneIn(3)) && Claim()) did_something = true;
      if (planner_->state() == Planner::State::kBlock && (running_.empty() || random_.OneIn(2))) {
        Take();
      } else if (planner_->state() == Planner::State::kError) {
        TakeError();
      } else if (!running_.empty()) {
        Finish();
      } else if (!did_something && planner_->state() == Planner::State::kWait && !MayAdd()) {
        return "deadlock: nothing runs, nothing can be claimed or taken; " + Describe();
      }
      if (random_.OneIn(60)) {
        threads_ = AnyThreads();
        planner_->SetNumThreads(threads_);
      }
    }
    if (!fault_.empty()) return fault_;
    planner_.reset();
    running_.clear();
    opened_.clear();
    if (budget_->used() != 0) return "bytes are left in the budget";
    return has_stopped_ ? "" : CheckDelivery();
  }

 private:
  struct Claimed {
    std::vector<Step> steps;
    uint64_t plan;
  };

  int AnyThreads() {
    return static_cast<int>(random_.OneIn(30) ? random_.Below(70) : random_.Below(4));
  }

  void MakeFile(ModelFile* file, uint64_t item_size, uint64_t arrays, bool is_large,
                bool is_padded) {
    const bool is_run = kind_ == Kind::kRuns;
    file->count = is_run ? 1 : random_.Below(random_.OneIn(3) ? 2 : (is_large ? 60 : 7));
    file->fails_to_open = random_.OneIn(9);
    if (file->count > 0 && random_.OneIn(9)) {
      file->bad_element = random_.Below(file->count);
    }
    FileFacts& facts = file->facts;
    facts.count = file->count;
    facts.file_size = 1000;
    facts.is_small = random_.OneIn(2);
    facts.resident = random_.OneIn(2) ? random_.Below(kMaxResident) : 0;
    if (random_.OneIn(50)) facts.resident = 3 * kMaxResident;
    for (size_t i = 0; i < arrays; ++i) {
      ComponentShape shape;
      if (is_padded) shape.shape = {static_cast<int64_t>(random_.Below(4))};
      shape.item_size = static_cast<int64_t>(item_size);
      facts.components.push_back(shape);
      ArrayFacts array;
      array.components = {i};
      array.element_size = item_size * (is_padded ? shape.shape[0] : 1);
      if (!is_run && random_.OneIn(3)) {
        array.decoding.is_whole = true;
        array.decoding.load_size = random_.Below(4000);
        array.decoding.load_overhead = random_.Below(4000);
      } else {
        array.decoding.is_in_order = random_.OneIn(2);
      }
      facts.arrays.push_back(array);
    }
    if (is_run) {  // one step decodes all components of a file
      if (arrays == 2) facts.arrays[0].components = {0, 1};
      facts.arrays[0].element_size = item_size * arrays;
      facts.arrays.resize(1);
      facts.arrays[0].decoding = {};
      facts.resident = 100;
    }
  }

  // Gives some files another shape. A batch has the shape of its first element, and takes no other.
  void VaryShapes() {
    bool shape = false;  // of the batch at hand
    int64_t count = 0;   // elements in it
    for (ModelFile& file : files_) {
      file.has_other_shape = random_.OneIn(4);
      if (file.has_other_shape) {
        for (ComponentShape& component : file.facts.components) component.shape = {1};
      }
      if (file.count == 0 || file.fails_to_open) continue;
      file.does_not_fit = count > 0 && shape != file.has_other_shape;
      if (file.good() == 0) continue;
      shape = file.has_other_shape;
      count = (count + file.good()) % options_.batch_size;
    }
  }

  void NewPlan(Position start, std::vector<std::string> units) {
    ++plan_;
    planner_ = std::make_unique<Planner>(options_, threads_, *budget_, std::move(units));
    next_ = start;
    has_ended_ = false;
    if (kind_ != Kind::kScattered) return;
    // A shuffle of all elements, within a window of a few blocks.
    int64_t total = 0;
    for (const ModelFile& file : files_) total += file.count;
    destinations_.resize(total);
    std::iota(destinations_.begin(), destinations_.end(), 0);
    const int64_t window = options_.batch_size * static_cast<int64_t>(1 + random_.Below(4));
    for (int64_t i = 0; i < total; ++i) {
      std::swap(destinations_[i], destinations_[i + random_.Below(std::min(window, total - i))]);
    }
    scattered_.resize(total);
  }

  std::shared_ptr<const PlannedBlock> Oldest() const {
    return planner_->blocks().empty() ? nullptr : planner_->blocks().entries().front();
  }

  std::string Describe() const {
    std::ostringstream text;
    text << "kind " << static_cast<int>(kind_) << ", " << threads_ << " threads, batches of "
         << options_.batch_size << ", " << files_.size() << " files, limit " << budget_->limit()
         << ", used " << budget_->used() << ", " << planner_->blocks().size() << " blocks, "
         << planner_->unplanned() << " extents are not planned";
    if (Oldest() != nullptr) {
      const PlannedBlock& oldest = *Oldest();
      text << "; the oldest block has " << oldest.count << " elements, " << oldest.pieces_left
           << " pieces left, sealed " << oldest.is_sealed << ", reserved " << oldest.is_reserved;
    }
    return text.str();
  }

  bool MayAdd() const { return !has_ended_ && planner_->WantsExtent(); }

  // Gives the planner the next extents: all that it wants, or some of them.
  void AddExtents() {
    while (MayAdd() && !(claims_ > 0 && random_.OneIn(4))) {
      while (next_.file < static_cast<int64_t>(files_.size()) && cuts_.count(next_.file) > 0 &&
             cuts_[next_.file] == 0) {
        next_ = {next_.file + 1, 0};
      }
      if (next_.file == static_cast<int64_t>(files_.size())) {
        has_ended_ = true;
        return planner_->EndOfOrder();
      }
      Extent extent;
      extent.place = next_.file;
      extent.filenames = &names_[next_.file];
      extent.first = next_.element;
      if (cuts_.count(next_.file) > 0) extent.end = cuts_[next_.file];
      if (kind_ == Kind::kScattered) {
        int64_t first = 0;
        for (int64_t i = 0; i < next_.file; ++i) first += files_[i].count;
        extent.destinations.assign(destinations_.begin() + first,
                                   destinations_.begin() + first + files_[next_.file].count);
      }
      if (kind_ == Kind::kRuns && planner_->first_open() != nullptr && !random_.OneIn(4)) {
        extent.files = 1;
        while (extent.files < 3 && extent.place + extent.files < Count() &&
               cuts_.count(extent.place + extent.files) == 0) {
          ++extent.files;
        }
        auto facts = std::make_shared<FileFacts>(files_[0].facts);
        facts->file_size = -1;
        next_ = {extent.place + extent.files, 0};
        planner_->Add(std::move(extent), std::move(facts));
        continue;
      }
      next_ = {next_.file + 1, 0};
      planner_->Add(std::move(extent));
    }
  }

  int64_t Count() const { return static_cast<int64_t>(files_.size()); }

  bool Claim() {
    const bool has_step = planner_->HasStep();
    std::vector<Step> steps = planner_->Claim();
    if (has_step == steps.empty()) fault_ = "HasStep and Claim disagree";
    if (steps.empty()) return false;
    for (const Step& step : steps) {
      if (step.kind == Step::Kind::kOpen) opened_.push_back(step.file);
      if (step.kind == Step::Kind::kDecode && !step.piece.block->is_reserved) {
        fault_ = "a piece of a block without memory is claimed";
      }
      CheckExclusive(step);
    }
    running_.push_back({std::move(steps), plan_});
    ++claims_;
    return true;
  }

  // A stream is decoded by one thread at a time, in order. A whole array is loaded by one thread.
  void CheckExclusive(const Step& step) {
    if (step.kind != Step::Kind::kDecode) return;
    const bool is_in_order = step.file->arrays[step.array].facts->decoding.is_in_order;
    for (const Claimed& other : running_) {
      for (const Step& running : other.steps) {
        if (running.kind != Step::Kind::kDecode || running.file != step.file ||
            running.array != step.array) {
          continue;
        }
        if (is_in_order || step.load || running.load) fault_ = "two threads are at one stream";
        if (kind_ == Kind::kList &&
            step.piece.first + step.piece.count == step.file->facts->count) {
          fault_ = "the last elements of an array are decoded before others";
        }
      }
    }
  }

  void Finish() {
    const size_t i = random_.Below(running_.size());
    Claimed claimed = std::move(running_[i]);
    running_.erase(running_.begin() + i);
    if (claimed.plan == plan_) --claims_;
    bool failed = false;
    for (Step& step : claimed.steps) {
      if (claimed.plan != plan_) continue;  // its plan was dropped
      if (step.kind == Step::Kind::kOpen) {
        const ModelFile& file = files_[step.file->extent.place];
        if (file.fails_to_open) {
          planner_->OpenFailed(step, DataLoss("open"));
        } else {
          planner_->Opened(step, file.facts, nullptr);
        }
        continue;
      }
      int64_t done = 0;
      const bool is_run = step.file->extent.files > 1 || step.file->facts->file_size < 0;
      for (; done < step.piece.count; ++done) {
        const int64_t element = step.piece.first + done;
        const ModelFile& file =
            files_[is_run ? step.file->extent.place + element : step.file->extent.place];
        if (is_run ? file.fails() : element == file.bad_element) break;
      }
      failed = done < step.piece.count;
      Remember(step, done);
      planner_->Finished(step, done, failed ? DataLoss("data") : OkStatus());
    }
    planner_->TakeGarbage();
  }

  // Writes elements to their place in the block, once.
  void Remember(const Step& step, int64_t done) {
    std::vector<Element>& elements = contents_[{plan_, step.piece.block->sequence, step.array}];
    const bool is_run = step.file->extent.files > 1;
    for (int64_t i = 0; i < done; ++i) {
      const auto at = static_cast<size_t>(step.piece.offset + i);
      if (elements.size() <= at) elements.resize(at + 1, {-1, -1});
      if (elements[at].file >= 0) fault_ = "two elements are in one place";
      const int64_t element = step.piece.first + i;
      elements[at] = is_run ? Element{step.file->extent.place + element, 0}
                            : Element{step.file->extent.place, element};
    }
  }

  void Deliver(const PlannedBlock& block) {
    std::vector<Element> elements;
    for (size_t array = 0; array < files_[0].facts.arrays.size(); ++array) {
      std::vector<Element> own = std::move(contents_[{plan_, block.sequence, array}]);
      contents_.erase({plan_, block.sequence, array});
      if (static_cast<int64_t>(own.size()) < block.count) {
        fault_ = "a block is delivered that is not filled";
        return;
      }
      own.resize(block.count, {-1, -1});  // of one that failed, the good part
      if (array > 0 && !(own == elements)) fault_ = "two arrays of a block hold different elements";
      elements = std::move(own);
    }
    if (block.is_discarded) {
      discarded_ += block.count;
      return;
    }
    if (has_remainder_) fault_ = "a batch that is not the last one is not full";
    has_remainder_ = options_.batch_size > 0 && block.count < options_.batch_size;
    if (kind_ == Kind::kScattered) {
      const auto first = block.sequence * options_.batch_size;
      for (size_t i = 0; i < elements.size(); ++i) scattered_[first + i] = elements[i];
      delivered_.resize(delivered_.size() + elements.size());
      return;
    }
    if (!elements.empty() &&
        (block.first.file != elements[0].file || (block.first.element != elements[0].element))) {
      fault_ = "a block does not say where it begins";
    }
    // Between the end of a block and the beginning of the next one lie no good elements.
    Position next = expected_;
    while (next.file < Count() && next.element >= files_[next.file].good()) {
      next = {next.file + 1, 0};
    }
    if (next < block.first || block.first < expected_) {
      fault_ = "a block does not say where the next one begins";
    }
    expected_ = block.next;
    delivered_.insert(delivered_.end(), elements.begin(), elements.end());
  }

  void Take() {
    const std::shared_ptr<PlannedBlock> block = planner_->TakeBlock();
    if (block->reservation.bytes() != 0) fault_ = "a block that was taken still holds memory";
    Deliver(*block);
  }

  void TakeError() {
    PlanFailure failure = planner_->TakeFailure();
    if (failure.good_part != nullptr) Deliver(*failure.good_part);
    const ModelFile& file = files_[failure.at.file];
    const bool at_start = file.fails_to_open || file.does_not_fit || kind_ == Kind::kRuns;
    if (failure.at.element != (at_start ? 0 : file.bad_element) || !file.fails()) {
      fault_ = "an error is of another element";
      return;
    }
    errors_.push_back(failure.at.file);
    if (kind_ == Kind::kScattered) {
      has_stopped_ = true;  // a shuffle makes another order then, which is its own matter
      return;
    }
    if (options_.batch_size == 0) expected_ = failure.at;
    int64_t before = failure.at.element;
    for (int64_t i = 0; i < failure.at.file; ++i) before += files_[i].good();
    if (options_.batch_size > 0) before -= before % options_.batch_size;
    if (static_cast<int64_t>(delivered_.size()) != before) {
      fault_ = "an error comes before or after other elements than it should";
    }
    cuts_[failure.at.file] = failure.at.element;
    if (failure.keeps_plan) return;
    claims_ = 0;
    contents_.clear();
    std::vector<std::string> units = planner_->units();
    planner_.reset();
    opened_.clear();
    NewPlan(failure.restart, std::move(units));
  }

  // Memory stays within the limit, except for the needs of the oldest block: its own memory, and
  // that of the files that its elements come from.
  void CheckBudget() {
    const uint64_t used = budget_->used();
    if (used <= options_.memory_limit || kind_ == Kind::kScattered) return;
    for (const Claimed& claimed : running_) {
      if (claimed.plan != plan_) return;  // steps of a dropped plan keep their memory
    }
    const std::shared_ptr<const PlannedBlock> oldest = Oldest();
    uint64_t excused = oldest != nullptr ? oldest->reservation.bytes() : 0;
    const bool is_full = oldest != nullptr && oldest->count == oldest->capacity;
    const int64_t last = is_full ? oldest->next.file : Count();
    for (const std::shared_ptr<PlannedExtent>& file : opened_) {
      const bool is_done = file->is_planned && file->pieces_left == 0;
      // What a file keeps beyond this is known when it is open.
      const uint64_t kept = file->resident_memory.bytes();
      excused += kept > kMaxResident ? kept - kMaxResident : 0;
      if (file->extent.place <= last && !is_done)
        excused += file->load_memory.bytes() + file->resident_memory.bytes();
    }
    if (used <= options_.memory_limit + excused) return;
    fault_ = "more memory than the limit is reserved; " + Describe();
    for (const std::shared_ptr<PlannedExtent>& file : opened_) {
      fault_ += "; file " + std::to_string(file->extent.place) + ": " +
                std::to_string(file->load_memory.bytes()) + " to load, " +
                std::to_string(file->resident_memory.bytes()) + " resident";
    }
  }

  std::string CheckDelivery() {
    std::vector<int64_t> failing;
    std::vector<Element> expected;
    for (int64_t i = 0; i < Count(); ++i) {
      if (files_[i].fails()) failing.push_back(i);
      for (int64_t element = 0; element < files_[i].good(); ++element) {
        expected.push_back({i, element});
      }
    }
    if (errors_ != failing) {
      return "the errors are not those of the files, each once, in order: " +
             testing::PrintToString(errors_) + " for " + testing::PrintToString(failing) +
             ", kind " + std::to_string(static_cast<int>(kind_));
    }
    if (options_.drop_remainder) {
      expected.resize(expected.size() - expected.size() % options_.batch_size);
    }
    if (kind_ == Kind::kScattered) {
      if (delivered_.size() != expected.size()) return "elements are missing";
      for (size_t i = 0; i < expected.size() + discarded_; ++i) {
        if (static_cast<size_t>(destinations_[i]) >= expected.size()) continue;  // the remainder
        int64_t file = 0;
        auto element = static_cast<int64_t>(i);
        while (element >= files_[file].count) element -= files_[file++].count;
        if (!(scattered_[destinations_[i]] == Element{file, element})) {
          return "an element is in another place than the order says";
        }
      }
      return "";
    }
    return delivered_ == expected ? "" : "not every element came once, in order";
  }

  Random random_;
  Kind kind_;
  BlockOptions options_;
  int threads_ = 0;
  bool may_cancel_ = false;
  std::vector<ModelFile> files_;
  std::vector<std::string> names_;
  std::map<int64_t, int64_t> cuts_;
  std::unique_ptr<Budget> budget_;
  std::unique_ptr<Planner> planner_;
  uint64_t plan_ = 0;
  Position next_;
  bool has_ended_ = false;
  std::vector<int64_t> destinations_;
  std::vector<Element> scattered_;
  std::vector<Claimed> running_;
  size_t claims_ = 0;  // of this plan
  std::vector<std::shared_ptr<PlannedExtent>> opened_;
  // What was decoded, by plan, block and array.
  std::map<std::tuple<uint64_t, uint64_t, size_t>, std::vector<Element>> contents_;
  bool has_remainder_ = false;  // a batch was delivered that was not full
  bool has_stopped_ = false;
  Position expected_;  // where the next block begins, or files without good elements before it
  std::vector<Element> delivered_;
  int64_t discarded_ = 0;
  std::vector<int64_t> errors_;
  std::string fault_;
};

constexpr uint64_t kSchedules = 1'000'000;
// ctest runs the parts in parallel.
constexpr uint64_t kParts = 4;

class PlannerSchedules : public testing::TestWithParam<uint64_t> {};

TEST_P(PlannerSchedules, DeliverWhatTheModelDoes) {
  if (const char* seed = std::getenv("TF_NPZ_SEED"); seed != nullptr) {
    EXPECT_EQ(Schedule(std::strtoull(seed, nullptr, 10)).Run(), "");
    return;
  }
  for (uint64_t seed = GetParam(); seed < kSchedules; seed += kParts) {
    ASSERT_EQ(Schedule(seed).Run(), "") << "TF_NPZ_SEED=" << seed;
  }
}

INSTANTIATE_TEST_SUITE_P(Parts, PlannerSchedules, testing::Range<uint64_t>(0, kParts));

}  // namespace
}  // namespace tf_npz
