#include "cc/reader/request_errors.h"

#include <string>

#include "cc/base/text.h"

namespace tf_npz {

Status NoRows(std::string_view remedy) {
  return InvalidArgument("has no dimensions, so it has no rows: pass rows=False" +
                         std::string(remedy));
}

Status KeyOfUnnamedArray(std::string_view key) {
  return InvalidArgument("has no array " + Quote(key) +
                         ": the only array of an .npy file has no name; leave keys out");
}

Status CannotCast(const DType& dtype, ElementType type, const Status& cast) {
  return InvalidArgument("holds " + dtype.name() + ", but dtypes says " +
                         std::string(ElementTypeName(type)) + "; " + cast.message());
}

Status LengthsDiffer(std::string_view first, int64_t first_count, std::string_view other,
                     int64_t other_count) {
  return InvalidArgument("arrays differ in length: " + Quote(first) + " has " +
                         std::to_string(first_count) + " rows, " + Quote(other) + " has " +
                         std::to_string(other_count) +
                         "; read them with rows=False, or choose others with keys");
}

Status ButMostHaveIt(const Status& misfit, const ComponentSpec& spec) {
  if (spec.usual_dtype.empty()) return misfit;
  return Status(misfit.code(),
                misfit.message() +
                    "; most files have what is read: leave this file out, or read it as a dataset "
                    "of its own");
}

}  // namespace tf_npz
