// What the parsers of dtypes share: dtype_string.cc's of strings and descr.cc's of literals put
// sub-arrays and structures together here.

#ifndef TF_NPZ_FORMAT_DTYPE_BUILDER_H_
#define TF_NPZ_FORMAT_DTYPE_BUILDER_H_

#include <optional>
#include <set>
#include <string>

#include "cc/base/status.h"
#include "cc/format/dtype.h"
#include "cc/format/python_literal.h"

namespace tf_npz {

// numpy.dtype((base, shape)): a sub-array of `base`, whose own dimensions come last; or, where
// `base` has no size and `shape` is an integer, `base` with that size: ('S', 5) is "S5".
Result<Descr> MakeSubArray(Descr base, const PythonLiteral& shape);

// Puts fields one behind the other. Of `type` the size was checked by who made it, so that only
// their sum can be too large.
class StructDTypeBuilder {
 public:
  // Names and titles are of one space, in which nothing stands twice.
  Status Add(std::string name, std::optional<std::string> title, Descr type);
  // Bytes that belong to no field.
  Status AddPadding(const Descr& type);
  DType Finish();

 private:
  Status Claim(const std::string& name_or_title);
  Status Grow(int64_t size);

  DType dtype_{DType::Kind::kStruct, 0, false, {}, {}, {}};
  std::set<std::string> taken_;  // no hash: a header can be full of names that share one
};

}  // namespace tf_npz

#endif  // TF_NPZ_FORMAT_DTYPE_BUILDER_H_
