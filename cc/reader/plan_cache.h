// PlanCache: the plans of arrays, by the bytes that the arrays begin with.
//
// The files of a set mostly begin with the very same bytes, and to parse these and look for fields
// costs more than all else there is to do about a small file.

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

// The plans that were used lately, for one Selection. Any thread may call. It never takes more than
// a few hundred kilobytes: a plan goes when another needs its place.
class PlanCache {
 public:
  // What a plan was made from, besides the header: the selection's keys that it takes, as indices,
  // and whether the array is a member of an `.npz`, where keys begin with the array's name.
  struct Key {
    const std::vector<size_t>& components;
    bool in_npz;
  };

  // The plan of an array that begins with `header`, or null where it is not known.
  std::shared_ptr<const ArrayPlan> Find(std::string_view header, Key key) TF_NPZ_EXCLUDES(mutex_);

  // Keeps `plan`, unless its header is long: those that many files share are short.
  void Insert(Key key, std::shared_ptr<const ArrayPlan> plan) TF_NPZ_EXCLUDES(mutex_);

 private:
  // One place for each array that a file has, with luck.
  static constexpr size_t kEntries = 16;
  static constexpr size_t kMaxHeaderSize = 1024;  // bytes

  struct Entry {
    std::vector<size_t> components;
    bool in_npz;
    std::shared_ptr<const ArrayPlan> plan;
  };
  static size_t PlaceOf(std::string_view header, Key key);

  Mutex mutex_;
  std::array<std::shared_ptr<const Entry>, kEntries> places_ TF_NPZ_GUARDED_BY(mutex_);
};

}  // namespace tf_npz

#endif  // TF_NPZ_READER_PLAN_CACHE_H_
