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

// Returns the dtype for the `descr` of a header, like numpy.lib.format.descr_to_dtype. DataLoss for
// a descr that NumPy refuses. A dtype that cannot become a tensor is parsed too; element_type.h
// tells which dtypes can. Pure; any thread may call it.
//
// NumPy 2.4 accepts the following and this function refuses it. No array can have been saved so.
// - a dtype on top of another: (descr, other dtype), also with None or [], as in ('<i8', None);
// - an integer as the size of a sub-array of 0 bytes, as in (('<f4', (0,)), 5);
// - sub-arrays that together with the ones inside them have more than kMaxSubArrayRank dimensions,
//   or more than kMaxItemSize items or bytes, not counting dimensions of 0;
// - units of time that overflow, have a negative denominator, or are weeks with a denominator that
//   divides no smaller unit;
// - "S2147483647,i4": NumPy gives it a negative size;
// - a dict with the same tuple as a key twice;
// - lists and tuples nested deeper than python_literal.h reads.
Result<Descr> ParseDescr(const PythonLiteral& descr);

}  // namespace tf_npz

#endif  // TF_NPZ_FORMAT_PARSE_DESCR_H_
