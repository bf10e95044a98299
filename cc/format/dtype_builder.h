// Builds sub-arrays and structures, for the two parsers of dtypes: parse_descr.cc (Python literals)
// and dtype_string.cc (strings).

#ifndef TF_NPZ_FORMAT_DTYPE_BUILDER_H_
#define TF_NPZ_FORMAT_DTYPE_BUILDER_H_

#include <optional>
#include <set>
#include <string>

#include "cc/base/status.h"
#include "cc/format/dtype.h"
#include "cc/format/python_literal.h"

namespace tf_npz {

// numpy.dtype((base, shape)): a sub-array of `base`. If `base` is a sub-array itself, its
// dimensions come last. If `base` has no size and `shape` is an integer, the result is `base` with
// that size: ('S', 5) is "S5". DataLoss if NumPy refuses it or it is too large.
Result<Descr> MakeSubArray(Descr base, const PythonLiteral& shape);

// Builds a structure by appending fields. The caller has bounded the size of each field, at most
// kMaxItemSize bytes. Add and AddPadding check the sum: DataLoss if it is larger. Not thread-safe.
class StructDTypeBuilder {
 public:
  // Appends a field. Names and titles share one namespace; DataLoss if one appears twice.
  Status Add(std::string name, std::optional<std::string> title, Descr type);
  // Appends bytes that belong to no field. Their number is the size of `type`.
  Status AddPadding(const Descr& type);
  // Returns the structure. The builder is empty afterwards.
  DType Finish();

 private:
  Status Claim(const std::string& name_or_title);
  Status Grow(int64_t size);

  DType dtype_{DType::Kind::kStruct, 0, false, {}, {}, {}};
  // The names and titles. Not a hash set: a hostile header can be full of names with the same hash.
  std::set<std::string> taken_;
};

}  // namespace tf_npz

#endif  // TF_NPZ_FORMAT_DTYPE_BUILDER_H_
