// ParseDTypeString: the dtype that a string gives, as numpy.dtype(text) reads it.
//
// NumPy's document: https://numpy.org/doc/stable/reference/arrays.dtypes.html
// #specifying-and-constructing-data-types

#ifndef TF_NPZ_FORMAT_DTYPE_STRING_H_
#define TF_NPZ_FORMAT_DTYPE_STRING_H_

#include <string_view>

#include "cc/base/status.h"
#include "cc/format/dtype.h"

namespace tf_npz {

// Accepts what numpy.dtype(text) accepts on 64-bit Linux; DataLoss for other text. It also accepts
// the names of the types of ml_dtypes that element_type.h knows, and "<f1" for float8_e5m2: NumPy
// saves that type so, but does not read it. Pure; any thread may call it.
Result<Descr> ParseDTypeString(std::string_view text);

}  // namespace tf_npz

#endif  // TF_NPZ_FORMAT_DTYPE_STRING_H_
