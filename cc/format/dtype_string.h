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

// The same for a string: what numpy.dtype(text) takes on 64-bit Linux. The types of ml_dtypes that
// element_type.h knows are taken by name, and "<f1", which NumPy does not read, as float8_e5m2: it
// is how that one is saved.
Result<Descr> ParseDTypeString(std::string_view text);

}  // namespace tf_npz

#endif  // TF_NPZ_FORMAT_DTYPE_STRING_H_
