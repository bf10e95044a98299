#include "cc/reader/request_errors.h"

#include <string>

#include "cc/base/text.h"

namespace tf_npz {

Status NoRows(std::string_view remedy) {
  return InvalidArgument("has no dimensions, so it has no rows: pass rows=False" +
                         std::string(remedy));
}

Status FirstOfNpy() {
  return InvalidArgument(
      "is an .npy file, whose array has no name: FirstOf chooses among the arrays of an .npz; read "
      "the two kinds of files as two datasets");
}

Status NoneOf(const std::vector<std::string>& wanted, const std::vector<std::string>& names) {
  return InvalidArgument("has none of the arrays " + QuoteList(wanted) + " (it has " +
                         (names.empty() ? "none" : QuoteList(names)) +
                         "); pass a default to FirstOf, or leave the file out");
}

Status NoArrayForRows() {
  return InvalidArgument(
      "no array of it is read, so the number of rows is unknown; add the key of an array that each "
      "file has, or pass rows=False");
}

Status RowOfWholeArrays() {
  return InvalidArgument("with rows=False an element is a whole file, so it has no row number");
}

Status NoAxis(int64_t axis, const std::vector<int64_t>& shape) {
  return InvalidArgument("elements of shape " + ShapeText(shape) + " have no axis " +
                         std::to_string(axis) + ", of which Length asks");
}

Status KeyOfUnnamedArray(std::string_view key) {
  return InvalidArgument("has no array " + Quote(key) +
                         ": the only array of an .npy file has no name; leave keys out");
}

}  // namespace tf_npz
