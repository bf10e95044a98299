#include "cc/reader/windows.h"

#include <algorithm>
#include <cstring>

#include "cc/kernels/gather.h"
#include "cc/reader/item_reader.h"

namespace tf_npz {
namespace {

// About as many bytes of rows are decoded at once, so that they are copied to their windows while
// they are in the processor's cache.
constexpr int64_t kRowsAtOnce = int64_t{256} << 10;

// The bytes of one row of a component.
int64_t RowSize(const ArrayPlan& plan, const Component& component) {
  return plan.items_per_row * component.field.count() * component.item_size;
}

int64_t RowSize(const ArrayPlan& plan) {
  int64_t size = plan.items_per_row * plan.header.dtype.itemsize;
  for (const Component& component : plan.components) {
    size = std::max(size, RowSize(plan, component));
  }
  return std::max<int64_t>(size, 1);
}

// Whether windows are read one by one, without the rows between them.
bool AreApart(const ArrayPlan& plan) {
  const ElementRows& elements = plan.elements;
  if (elements.count <= 1) return true;
  if (elements.shift < elements.span()) return false;
  const NpyHeader& header = plan.header;
  const int64_t item = header.dtype.itemsize;
  // From a row to the next one in the file, and what elements take of it. In Fortran order: of one
  // column.
  const int64_t distance =
      header.fortran_order ? item : static_cast<int64_t>(header.data_size) / plan.row_count;
  const int64_t row = header.fortran_order ? item : item * plan.items_per_row;
  // Two windows lie within the array, so no product is larger than its data.
  const int64_t gap = (elements.shift - elements.size) * elements.rows.step * distance;
  return gap > MostGap(elements.size * row);
}

// One decoding of windows into memory that they do not share.
class WindowCopier {
 public:
  WindowCopier(const ArrayPlan& plan, const std::vector<char*>& destinations)
      : plan_(plan), elements_(plan.elements), destinations_(destinations) {}

  // Makes room for `capacity` rows. Keeps rows that are there from row `first` on.
  Status Prepare(int64_t first, int64_t capacity, BufferPool& pool, DecodedRows& decoded) const {
    const bool has_first = decoded.first <= first && first <= decoded.first + decoded.count;
    const int64_t skipped = has_first ? first - decoded.first : decoded.count;
    decoded.count -= skipped;
    decoded.data.resize(plan_.components.size());
    for (size_t i = 0; i < plan_.components.size(); ++i) {
      const int64_t row_size = RowSize(plan_, plan_.components[i]);
      Buffer& buffer = decoded.data[i];
      const char* const kept = buffer.data() + skipped * row_size;
      const auto kept_size = static_cast<size_t>(decoded.count * row_size);
      if (decoded.capacity >= capacity) {
        if (kept_size > 0) std::memmove(buffer.data(), kept, kept_size);
        continue;
      }
      TF_NPZ_ASSIGN_OR_RETURN(Buffer larger,
                              pool.Allocate(static_cast<size_t>(capacity * row_size)));
      if (kept_size > 0) std::memcpy(larger.data(), kept, kept_size);
      buffer = std::move(larger);
    }
    decoded.capacity = std::max(decoded.capacity, capacity);
    decoded.first = first;
    return OkStatus();
  }

  // Decodes the rows before `end` that are not there yet.
  Status Extend(int64_t end, const RowsReader& read_rows, DecodedRows& decoded) const {
    const int64_t begin = decoded.first + decoded.count;
    if (begin >= end) return OkStatus();
    std::vector<char*> targets;
    for (size_t i = 0; i < plan_.components.size(); ++i) {
      targets.push_back(decoded.data[i].data() +
                        decoded.count * RowSize(plan_, plan_.components[i]));
    }
    int64_t done = 0;
    Status status = read_rows(elements_.rows.Part(begin, end - begin), targets, &done);
    decoded.count += done;
    return status;
  }

  // Copies windows `first` … `first + count - 1` to place `place` of the destinations, and on.
  void Copy(const DecodedRows& decoded, int64_t first, int64_t count, int64_t place) const {
    for (size_t i = 0; i < plan_.components.size(); ++i) {
      const int64_t row_size = RowSize(plan_, plan_.components[i]);
      const char* const source =
          decoded.data[i].data() + (first * elements_.shift - decoded.first) * row_size;
      GatherField(source, elements_.shift * row_size, count, 0, {elements_.size},
                  {elements_.stride * row_size}, row_size,
                  destinations_[i] + place * elements_.size * row_size);
    }
  }

 private:
  const ArrayPlan& plan_;
  const ElementRows& elements_;
  const std::vector<char*>& destinations_;
};

// Decodes windows one by one, straight to their places.
Status ReadApart(const ArrayPlan& plan, int64_t first, int64_t count, const RowsReader& read_rows,
                 std::vector<char*> destinations, int64_t* done) {
  const ElementRows& elements = plan.elements;
  for (; *done < count; ++*done) {
    const Steps rows = {elements.rows.at((first + *done) * elements.shift),
                        elements.rows.step * elements.stride, elements.size};
    int64_t rows_done = 0;
    TF_NPZ_RETURN_IF_ERROR(read_rows(rows, destinations, &rows_done));
    for (size_t i = 0; i < destinations.size(); ++i) {
      destinations[i] += elements.size * RowSize(plan, plan.components[i]);
    }
  }
  return OkStatus();
}

}  // namespace

Status ReadWindows(const ArrayPlan& plan, int64_t first, int64_t count, const RowsReader& read_rows,
                   BufferPool& pool, DecodedRows& decoded, const std::vector<char*>& destinations,
                   int64_t* done) {
  *done = 0;
  const ElementRows& elements = plan.elements;
  const int64_t span = elements.span();
  const int64_t row_size = RowSize(plan);
  if (AreApart(plan)) {
    return ReadApart(plan, first, count, read_rows, destinations, done);
  }
  const WindowCopier copier(plan, destinations);
  // Twice the span, so that the rows that two windows share are not moved for each window.
  const int64_t rows_at_once = std::max(2 * span, kRowsAtOnce / row_size);
  const int64_t at_once = std::min((rows_at_once - span) / elements.shift + 1, count);
  while (*done < count) {
    const int64_t window = first + *done;
    const int64_t windows = std::min(at_once, count - *done);
    const int64_t begin = window * elements.shift;
    const int64_t end = begin + (windows - 1) * elements.shift + span;
    TF_NPZ_RETURN_IF_ERROR(
        copier.Prepare(begin, (at_once - 1) * elements.shift + span, pool, decoded));
    Status status = copier.Extend(end, read_rows, decoded);
    const int64_t good = decoded.first + decoded.count;
    const int64_t complete =
        good < begin + span ? 0 : std::min(windows, (good - begin - span) / elements.shift + 1);
    copier.Copy(decoded, window, complete, *done);
    *done += complete;
    TF_NPZ_RETURN_IF_ERROR(status);
  }
  return OkStatus();
}

}  // namespace tf_npz
