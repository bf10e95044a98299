#include "cc/reader/array_plan.h"

#include <functional>
#include <utility>

#include "cc/base/shape.h"

namespace tf_npz {

Result<ArrayPlan> ArrayPlan::Of(NpyHeader header, bool rows) {
  if (rows && header.shape.empty()) {
    return InvalidArgument("is a single value of " + header.dtype.name() +
                           ", which has no rows; read it with rows=False, or leave it out of keys");
  }
  ArrayPlan layout;
  const std::vector<int64_t>& shape = header.shape;
  layout.count = rows ? shape[0] : 1;
  layout.element_shape.assign(shape.begin() + (rows ? 1 : 0), shape.end());
  layout.row_count = shape.empty() ? 1 : shape[0];
  layout.rows_per_element = rows ? 1 : layout.row_count;
  layout.items_per_row = shape.empty() ? 1 : ElementCount(shape, 1);
  layout.row_size = static_cast<uint64_t>(layout.items_per_row) * header.dtype.itemsize;
  // Of one dimension or one element both orders are the same.
  if (shape.size() < 2) header.fortran_order = false;
  layout.header = std::move(header);
  return layout;
}

size_t PlanCache::PlaceOf(std::string_view header, const std::vector<size_t>& components) {
  const size_t first = components.empty() ? 0 : components[0];
  return (std::hash<std::string_view>()(header) + first) % kEntries;
}

std::shared_ptr<const ArrayPlan> PlanCache::Find(std::string_view header,
                                                 const std::vector<size_t>& components) {
  const size_t place = PlaceOf(header, components);
  Place entry;
  {
    const MutexLock lock(mutex_);
    entry = places_[place];
  }
  const bool is_it =
      entry != nullptr && entry->layout->header_bytes == header && entry->components == components;
  return is_it ? entry->layout : nullptr;
}

void PlanCache::Insert(const std::vector<size_t>& components,
                       std::shared_ptr<const ArrayPlan> layout) {
  if (layout->header_bytes.size() > kMaxSize) return;
  const size_t place = PlaceOf(layout->header_bytes, components);
  auto entry = std::make_shared<const Entry>(Entry{components, std::move(layout)});
  const MutexLock lock(mutex_);
  places_[place] = std::move(entry);
}

}  // namespace tf_npz
