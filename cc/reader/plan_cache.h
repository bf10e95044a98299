// PlanCache: the plans of arrays, found by the first bytes of the arrays.
//
// The arrays of a set of files mostly begin with equal bytes. Parsing these and finding the fields
// costs more than everything else that a small file needs.

#ifndef TF_NPZ_READER_PLAN_CACHE_H_
#define TF_NPZ_READER_PLAN_CACHE_H_

#include <array>
#include <cstddef>
#include <memory>
#include <string_view>
#include <vector>

#include "cc/base/mutex.h"
#include "cc/reader/array_plan.h"

namespace tf_npz {

// The plans that were used last, for one Selection. Any thread may call. It takes a few hundred
// kilobytes at most: a new plan replaces the one in its place.
class PlanCache {
 public:
  // What a plan was made from, besides the header. `components`: indices of the selection's keys
  // that it takes. `choices`: for each of them, which of its keys it takes. `in_npz`: the array is
  // a member of an `.npz`, so keys begin with its name.
  struct Key {
    const std::vector<size_t>& components;
    const std::vector<size_t>& choices;
    bool in_npz;
  };

  // The plan of an array that begins with `header`; null if there is none.
  std::shared_ptr<const ArrayPlan> Find(std::string_view header, Key key) TF_NPZ_EXCLUDES(mutex_);

  // Keeps `plan`, unless its header is long. Headers that many files share are short.
  void Insert(Key key, std::shared_ptr<const ArrayPlan> plan) TF_NPZ_EXCLUDES(mutex_);

 private:
  // Enough for the arrays of most files, unless two of them hash to one place.
  static constexpr size_t kEntries = 16;
  static constexpr size_t kMaxHeaderSize = 1024;  // bytes

  struct Entry {
    std::vector<size_t> components;
    std::vector<size_t> choices;
    bool in_npz;
    std::shared_ptr<const ArrayPlan> plan;
  };
  static size_t PlaceOf(std::string_view header, Key key);

  Mutex mutex_;
  std::array<std::shared_ptr<const Entry>, kEntries> places_ TF_NPZ_GUARDED_BY(mutex_);
};

}  // namespace tf_npz

#endif  // TF_NPZ_READER_PLAN_CACHE_H_
