#include "cc/reader/plan_cache.h"

#include <functional>
#include <utility>

namespace tf_npz {

size_t PlanCache::PlaceOf(std::string_view header, Key key) {
  const size_t first = key.components.empty() ? 0 : key.components[0];
  return (std::hash<std::string_view>()(header) + first) % kEntries;
}

std::shared_ptr<const ArrayPlan> PlanCache::Find(std::string_view header, Key key) {
  const size_t place = PlaceOf(header, key);
  std::shared_ptr<const Entry> entry;
  {
    const MutexLock lock(mutex_);
    entry = places_[place];
  }
  const bool is_it = entry != nullptr && entry->plan->header_bytes == header &&
                     entry->in_npz == key.in_npz && entry->components == key.components &&
                     entry->choices == key.choices;
  return is_it ? entry->plan : nullptr;
}

void PlanCache::Insert(Key key, std::shared_ptr<const ArrayPlan> plan) {
  if (plan->header_bytes.size() > kMaxHeaderSize) return;
  const size_t place = PlaceOf(plan->header_bytes, key);
  // The swap moves the old entry here. It is freed after the lock is released.
  std::shared_ptr<const Entry> entry = std::make_shared<const Entry>(
      Entry{key.components, key.choices, key.in_npz, std::move(plan)});
  const MutexLock lock(mutex_);
  places_[place].swap(entry);
}

}  // namespace tf_npz
