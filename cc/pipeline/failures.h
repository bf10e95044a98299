// Failures: what went wrong in a plan, by its place in the output. Part of the planner.

#ifndef TF_NPZ_PIPELINE_FAILURES_H_
#define TF_NPZ_PIPELINE_FAILURES_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <tuple>
#include <utility>

#include "cc/base/status.h"
#include "cc/pipeline/position.h"

namespace tf_npz {

// A place in the output: a block's sequence, an offset in it, and one of the file's arrays. It
// orders failures: if two arrays fail at one element, the first array's failure is the one that
// counts.
using OutputPlace = std::tuple<uint64_t, int64_t, size_t>;

struct Failure {
  OutputPlace place;
  Position at;
  Status status;
};

class Failures {
 public:
  // A file gives no elements. The plan goes on without it. Places must not decrease.
  void AddFile(Failure failure) { of_files_.push_back(std::move(failure)); }
  // An element failed: the plan stops there. Returns whether it is the earliest that is known.
  bool AddElement(Failure failure) {
    if (of_element_ && of_element_->place <= failure.place) return false;
    of_element_ = std::move(failure);
    return true;
  }

  // Whether an element failed.
  bool stops() const { return of_element_.has_value(); }
  // Whether the element at `place` comes before the one that failed, if one did.
  bool IsBefore(const OutputPlace& place) const {
    return !of_element_ || place < of_element_->place;
  }
  // Failures of files that wait.
  size_t files() const { return of_files_.size(); }

  // The failure that comes next in the output; null if there is none.
  const Failure* next() const {
    const bool is_file =
        !of_files_.empty() && (!of_element_ || of_files_.front().place <= of_element_->place);
    if (is_file) return &of_files_.front();
    return of_element_ ? &*of_element_ : nullptr;
  }
  // Takes it out. `*is_file` is true if the plan goes on.
  Failure TakeNext(bool* is_file) {
    *is_file = !of_files_.empty() && next() == &of_files_.front();
    Failure taken = std::move(*is_file ? of_files_.front() : *of_element_);
    if (*is_file) {
      of_files_.pop_front();
    } else {
      of_element_.reset();
    }
    return taken;
  }

 private:
  std::deque<Failure> of_files_;
  std::optional<Failure> of_element_;
};

}  // namespace tf_npz

#endif  // TF_NPZ_PIPELINE_FAILURES_H_
