// Parses the unit of a datetime64 or timedelta64: the text in brackets in "<M8[25s]".
//
// NumPy's document: https://numpy.org/doc/stable/reference/arrays.datetime.html#datetime-units
// The grammar is that of parse_datetime_metadata_from_metastr in
// numpy/_core/src/multiarray/datetime.c.

#ifndef TF_NPZ_FORMAT_DATETIME_UNIT_H_
#define TF_NPZ_FORMAT_DATETIME_UNIT_H_

#include <string>
#include <string_view>

#include "cc/base/status.h"

namespace tf_npz {

// `text` is the unit with its brackets. Empty text is the generic unit, like "[generic]". Returns
// the unit as NumPy prints it: "25s"; "500ps" for "[ns/2]"; "" for the generic unit. DataLoss if
// NumPy refuses the text.
Result<std::string> ParseDateTimeUnit(std::string_view text);

}  // namespace tf_npz

#endif  // TF_NPZ_FORMAT_DATETIME_UNIT_H_
