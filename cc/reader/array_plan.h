// ArrayPlan: what an array's header says about reading it, and what is taken of its items.
//
// The files of a set mostly begin with the very same bytes, and to parse these and look for fields
// costs more than all else there is to do about a small file. So layouts are remembered.

#ifndef TF_NPZ_READER_ARRAY_PLAN_H_
#define TF_NPZ_READER_ARRAY_PLAN_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "cc/base/mutex.h"
#include "cc/base/status.h"
#include "cc/format/npy_header.h"
#include "cc/reader/component.h"

namespace tf_npz {

struct ArrayPlan {
  // `header` with elements that are rows, or the whole array. InvalidArgument where it has no rows.
  static Result<ArrayPlan> Of(NpyHeader header, bool rows);

  std::string header_bytes;  // preamble and header, as the file has them
  NpyHeader header;          // in C order where both orders are the same
  int64_t count = 0;
  std::vector<int64_t> element_shape;  // of the array itself; components may add dimensions
  int64_t row_count = 0;
  int64_t rows_per_element = 1;
  int64_t items_per_row = 0;
  uint64_t row_size = 0;  // bytes in the file

  // Once they are chosen.
  std::vector<Component> components;
  bool takes_items = false;  // the only component is the items as they are
};

// Layouts that were used lately, for one selection of arrays and components. Thread-safe.
class PlanCache {
 public:
  // The layout, with its components, of an array that begins with `header` and of which those
  // `components` of the selection are taken; null where it isn't known.
  std::shared_ptr<const ArrayPlan> Find(std::string_view header,
                                        const std::vector<size_t>& components);
  void Insert(const std::vector<size_t>& components, std::shared_ptr<const ArrayPlan> layout);

 private:
  // A header of more bytes is parsed each time: those that many files share are short.
  static constexpr size_t kMaxSize = 1024;
  // One for each array that a file has, with luck.
  static constexpr size_t kEntries = 16;

  struct Entry {
    std::vector<size_t> components;
    std::shared_ptr<const ArrayPlan> layout;
  };
  using Place = std::shared_ptr<const Entry>;
  // The index in places_ of an array with this header and these components.
  static size_t PlaceOf(std::string_view header, const std::vector<size_t>& components);

  Mutex mutex_;
  std::array<Place, kEntries> places_ TF_NPZ_GUARDED_BY(mutex_);
};

}  // namespace tf_npz

#endif  // TF_NPZ_READER_ARRAY_PLAN_H_
