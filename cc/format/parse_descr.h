// ParseDescr: the dtype that the `descr` of an .npy header gives.
//
// NumPy's document: https://numpy.org/doc/stable/reference/generated/
// numpy.lib.format.descr_to_dtype.html

#ifndef TF_NPZ_FORMAT_PARSE_DESCR_H_
#define TF_NPZ_FORMAT_PARSE_DESCR_H_

#include "cc/base/status.h"
#include "cc/format/dtype.h"
#include "cc/format/python_literal.h"

namespace tf_npz {

// The dtype that a header's `descr` stands for, as numpy.lib.format.descr_to_dtype has it: DataLoss
// for what NumPy would not take. Dtypes of which no tensor can be made are parsed like others;
// element_type.h says which these are.
//
// What NumPy 2.4 takes and this does not, because no array can have been saved with it:
// - a dtype over another, (descr, other dtype), also where that is None or [], as in ('<i8', None);
// - an integer that gives a size to a sub-array without bytes, as in (('<f4', (0,)), 5);
// - sub-arrays that, with those within them, have more than kMaxSubArrayRank dimensions, or more
//   than kMaxItemSize items or bytes where dimensions of zero are left out;
// - units of time that overflow, or whose denominator is negative or, of weeks, divides nothing;
// - "S2147483647,i4", to which NumPy gives a negative size;
// - a dict with the same tuple as a key twice;
// - lists and tuples nested deeper than python_literal.h reads.
Result<Descr> ParseDescr(const PythonLiteral& descr);

}  // namespace tf_npz

#endif  // TF_NPZ_FORMAT_PARSE_DESCR_H_
