#include "cc/reader/item_reader.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "cc/kernels/small_copy.h"
#include "cc/kernels/strided_offsets.h"
#include "cc/kernels/transpose.h"

namespace tf_npz {
namespace {

// Runs that lie close together are read at once, and the bytes between them are dropped. A span of
// runs and gaps has this many bytes at most.
constexpr uint64_t kMaxSpan = uint64_t{256} << 10;
// And this many runs at most.
constexpr size_t kMaxRuns = 8192;

}  // namespace

int64_t ItemReader::Layout::runs() const {
  int64_t count = 1;
  for (const Level& level : levels) count *= level.count;
  return count;
}

ItemReader::Layout ItemReader::LayoutOf(const Steps& rows) const {
  const NpyHeader& header = plan_.header;
  const size_t axes = header.shape.size();
  Layout layout;
  layout.begin = header.data_offset;
  layout.run = header.dtype.itemsize;
  int64_t stride = header.dtype.itemsize;
  // From the innermost axis of the file on.
  for (size_t i = 0; i < axes; ++i) {
    const size_t axis = header.fortran_order ? i : axes - 1 - i;
    const Steps& steps = axis == 0 ? rows : plan_.inner[axis - 1];
    layout.begin += static_cast<uint64_t>(steps.first * stride);
    if (layout.levels.empty() && steps.step * stride == layout.run) {
      layout.run *= steps.count;
    } else if (steps.count != 1) {
      layout.levels.push_back({steps.step * stride, steps.count});
    }
    stride *= header.shape[axis];
  }
  std::reverse(layout.levels.begin(), layout.levels.end());
  return layout;
}

Status ItemReader::Read(const Steps& rows, int64_t first, int64_t count, char* destination,
                        int64_t* done) {
  *done = 0;
  if (count == 0 && plan_.is_cut) return OkStatus();
  const int64_t itemsize = plan_.header.dtype.itemsize;
  // A read of no bytes may be the one that verifies the checksum.
  if (!takes_whole_rows(rows) || count == 0) {
    const int64_t offset = (rows.first * plan_.items_per_row + first) * itemsize;
    size_t bytes_done = 0;
    Status status = member_.Read(plan_.header.data_offset + static_cast<uint64_t>(offset),
                                 destination, static_cast<size_t>(count * itemsize), &bytes_done);
    *done = status.ok() ? count : itemsize == 0 ? 0 : static_cast<int64_t>(bytes_done) / itemsize;
    return status;
  }
  const Steps wanted = rows.Part(first / plan_.items_per_row, count / plan_.items_per_row);
  if (plan_.header.fortran_order) {
    TF_NPZ_RETURN_IF_ERROR(ReadFortran(wanted, destination));
    *done = count;
    return OkStatus();
  }
  int64_t bytes_done = 0;
  Status status = ReadRuns(LayoutOf(wanted), destination, &bytes_done);
  *done = status.ok() ? count : itemsize == 0 ? 0 : bytes_done / itemsize;
  return status;
}

// Reads all runs of `layout`, one after the other. `*done` is the number of bytes before an error.
Status ItemReader::ReadRuns(const Layout& layout, char* destination, int64_t* done) {
  const int64_t runs = layout.runs();
  const auto run = static_cast<uint64_t>(layout.run);
  // A stream decodes gaps too.
  const uint64_t most_gap =
      member_.is_random_access() ? static_cast<uint64_t>(MostGap(layout.run)) : kMaxSpan;
  StridedOffsets offsets;
  for (const Level& level : layout.levels) offsets.AddDimension(level.count, level.stride);
  std::vector<uint64_t> span;  // where its runs begin
  int64_t next[64];
  for (int64_t i = 0; i < runs; i += std::size(next)) {
    const int64_t some = std::min<int64_t>(runs - i, std::size(next));
    offsets.Next(some, next);
    for (int64_t j = 0; j < some; ++j) {
      const uint64_t begin = layout.begin + static_cast<uint64_t>(next[j]);
      const bool joins = !span.empty() && span.size() < kMaxRuns &&
                         (member_.is_loaded() || (begin - (span.back() + run) <= most_gap &&
                                                  begin + run - span[0] <= kMaxSpan));
      if (!joins) {
        TF_NPZ_RETURN_IF_ERROR(ReadSpan(span, run, destination, done));
        span.clear();
      }
      span.push_back(begin);
    }
  }
  return ReadSpan(span, run, destination, done);
}

// Reads runs of `run` bytes, which begin at `runs`, and what lies between them. Adds the bytes of
// the runs to `*done`.
Status ItemReader::ReadSpan(const std::vector<uint64_t>& runs, uint64_t run, char* destination,
                            int64_t* done) {
  if (runs.empty() || run == 0) return OkStatus();
  const uint64_t begin = runs.front();
  const uint64_t size = runs.back() + run - begin;
  size_t bytes_done = 0;
  if (runs.size() == 1) {
    Status status = member_.Read(begin, destination + *done, size, &bytes_done);
    *done += static_cast<int64_t>(bytes_done);
    return status;
  }
  Buffer buffer;
  const char* source = nullptr;
  Status status;
  if (member_.is_loaded()) {
    source = member_.loaded().data() + begin;
    bytes_done = size;
  } else {
    TF_NPZ_ASSIGN_OR_RETURN(buffer, member_.pool().Allocate(size));
    source = buffer.data();
    status = member_.Read(begin, buffer.data(), size, &bytes_done);
  }
  WithCopyOf(run, [&](auto copy) {
    char* to = destination + *done;
    for (const uint64_t offset : runs) {
      if (offset + run > begin + bytes_done) break;  // the error is there
      copy(to, source + (offset - begin));
      to += run;
    }
    *done = to - destination;
  });
  return status;
}

// Reads whole rows of an array in Fortran order.
Status ItemReader::ReadFortran(const Steps& rows, char* destination) {
  const NpyHeader& header = plan_.header;
  if (!member_.is_random_access()) TF_NPZ_RETURN_IF_ERROR(member_.Load());
  if (member_.is_loaded() && !plan_.cuts_rows && rows.step == 1) {
    CopyFortranRows(member_.loaded().data() + header.data_offset, header.shape,
                    header.dtype.itemsize, rows.first, rows.count, destination);
    return OkStatus();
  }
  // No row is complete before the last column, so the checksum is verified before the first row.
  if (!plan_.is_cut && rows.count < plan_.row_count) TF_NPZ_RETURN_IF_ERROR(member_.Verify());
  // The runs, one after the other, are a smaller array in Fortran order.
  std::vector<int64_t> shape = {rows.count};
  for (const Steps& steps : plan_.inner) shape.push_back(steps.count);
  const int64_t size = rows.count * plan_.items_per_row * header.dtype.itemsize;
  TF_NPZ_ASSIGN_OR_RETURN(const Buffer runs, member_.pool().Allocate(static_cast<size_t>(size)));
  int64_t done = 0;
  TF_NPZ_RETURN_IF_ERROR(ReadRuns(LayoutOf(rows), runs.data(), &done));
  CopyFortranRows(runs.data(), shape, header.dtype.itemsize, 0, rows.count, destination);
  return OkStatus();
}

}  // namespace tf_npz
