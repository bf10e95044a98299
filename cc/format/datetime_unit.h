// The unit of a datetime64 or timedelta64: what stands in brackets in "<M8[25s]".
//
// NumPy's document: https://numpy.org/doc/stable/reference/arrays.datetime.html#datetime-units; the
// grammar is that of numpy/_core/src/multiarray/datetime.c, parse_datetime_metadata_from_metastr.

#ifndef TF_NPZ_FORMAT_DATETIME_UNIT_H_
#define TF_NPZ_FORMAT_DATETIME_UNIT_H_

#include <string>
#include <string_view>

#include "cc/base/status.h"

namespace tf_npz {

// `text` begins with the bracket; empty text is the generic unit, as is "[generic]". Gives the unit
// as NumPy prints it: "25s", "500ps" for "[ns/2]", "" for the generic one.
Result<std::string> ParseDateTimeUnit(std::string_view text);

}  // namespace tf_npz

#endif  // TF_NPZ_FORMAT_DATETIME_UNIT_H_
