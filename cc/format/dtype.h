// DType: what one element of an array is, as a value.
//
// NumPy's document: https://numpy.org/doc/stable/reference/arrays.dtypes.html. An `.npy` header
// spells a dtype as NumPy's `dtype.descr` does: "<f4", "|b1", or a list of fields.

#ifndef TF_NPZ_FORMAT_DTYPE_H_
#define TF_NPZ_FORMAT_DTYPE_H_

#include <cstdint>
#include <string>

#include "tf_npz/base/status.h"
#include "tf_npz/format/python_literal.h"

namespace tf_npz {

struct DType {
  enum class Kind : uint8_t { kBool, kInt, kUInt, kFloat, kComplex };

  Kind kind = Kind::kFloat;
  int itemsize = 4;         // bytes of one element
  bool big_endian = false;  // false where the order has no meaning

  // The size of what byte order applies to: a complex number is two of these.
  int swap_size() const { return kind == Kind::kComplex ? itemsize / 2 : itemsize; }

  // NumPy's name, without byte order: "float32".
  std::string name() const;
  // NumPy's `dtype.str`: "<f4".
  std::string descr() const;

  friend bool operator==(const DType& a, const DType& b) {
    return a.kind == b.kind && a.itemsize == b.itemsize && a.big_endian == b.big_endian;
  }
};

// The dtype that a header's `descr` stands for. Unimplemented, with the reason and what to do, for
// dtypes of NumPy that no tensor can be made of here; DataLoss for what NumPy would not take
// either.
Result<DType> ParseDescr(const PythonLiteral& descr);

}  // namespace tf_npz

#endif  // TF_NPZ_FORMAT_DTYPE_H_
