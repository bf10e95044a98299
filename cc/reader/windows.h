// Windows over the rows of one array. Windows that overlap share rows. A call decodes each row
// once, and copies it to its windows. The calls that read a stream share rows too.

#ifndef TF_NPZ_READER_WINDOWS_H_
#define TF_NPZ_READER_WINDOWS_H_

#include <cstdint>
#include <functional>
#include <vector>

#include "cc/base/status.h"
#include "cc/io/buffer.h"
#include "cc/reader/array_plan.h"
#include "cc/reader/slice.h"

namespace tf_npz {

// Consecutive rows of ArrayPlan::elements.rows in memory, in native form: one buffer for each
// component.
struct DecodedRows {
  std::vector<Buffer> data;
  int64_t capacity = 0;  // rows
  int64_t first = 0;
  int64_t count = 0;
};

// Decodes rows of the array to one destination for each component. `*done` is the number of rows
// before an error.
using RowsReader =
    std::function<Status(const Steps& rows, const std::vector<char*>& destinations, int64_t* done)>;

// Decodes windows `first` … `first + count - 1` of `plan` to `destinations`, one for each
// component.
// `*done` is the number of windows before an error.
//
// Rows that `decoded` holds are not read again. Afterwards `decoded` holds those of the last
// windows. One thread at a time may use it.
Status ReadWindows(const ArrayPlan& plan, int64_t first, int64_t count, const RowsReader& read_rows,
                   BufferPool& pool, DecodedRows& decoded, const std::vector<char*>& destinations,
                   int64_t* done);

}  // namespace tf_npz

#endif  // TF_NPZ_READER_WINDOWS_H_
