// ExtentQueue: the extents of a plan that are not done, in order. Part of the planner.
//
//     done │ planned, decoding │ opened or opening │ added
//          ▲ 0 … next_plan     ▲ … next_open       ▲ … end          numbers count from 0, and never
//          change

#ifndef TF_NPZ_PIPELINE_EXTENT_QUEUE_H_
#define TF_NPZ_PIPELINE_EXTENT_QUEUE_H_

#include <cstdint>
#include <deque>
#include <memory>
#include <utility>

#include "cc/pipeline/plan.h"

namespace tf_npz {

class ExtentQueue {
 public:
  using Entry = std::shared_ptr<PlannedExtent>;

  // Adds an extent at the end.
  PlannedExtent& Add(Extent extent) {
    auto added = std::make_shared<PlannedExtent>();
    added->number = end();
    added->extent = std::move(extent);
    entries_.push_back(added);
    return *added;
  }
  // The last one that was added needs no opening.
  void LastIsOpen() {
    if (next_open_ + 1 == end()) ++next_open_;
  }

  const Entry& at(uint64_t number) const { return entries_[number - base_]; }
  uint64_t end() const { return base_ + entries_.size(); }
  const std::deque<Entry>& entries() const { return entries_; }

  // Extents that are not planned entirely, and those of them that are open or being opened.
  int64_t unplanned() const { return static_cast<int64_t>(end() - next_plan_); }
  int64_t opened_ahead() const { return static_cast<int64_t>(next_open_ - next_plan_); }

  bool has_next_plan() const { return next_plan_ < end(); }
  const Entry& next_plan() const { return at(next_plan_); }
  void PlanNext() { ++next_plan_; }

  bool has_next_open() const { return next_open_ < end(); }
  int64_t left_to_open() const { return static_cast<int64_t>(end() - next_open_); }
  Entry OpenNext() {
    Entry entry = at(next_open_++);
    while (has_next_open() && at(next_open_)->phase != PlannedExtent::Phase::kAdded) ++next_open_;
    return entry;
  }

  // Drops the first entries that are done.
  void DropDone() {
    while (!entries_.empty() && entries_.front()->is_planned &&
           entries_.front()->pieces_left == 0) {
      entries_.pop_front();
      ++base_;
    }
  }

 private:
  std::deque<Entry> entries_;  // their numbers begin at base_
  uint64_t base_ = 0;
  uint64_t next_open_ = 0;  // the first one that is only added, or the end
  uint64_t next_plan_ = 0;  // the one whose elements are laid into blocks next, or the end
};

}  // namespace tf_npz

#endif  // TF_NPZ_PIPELINE_EXTENT_QUEUE_H_
