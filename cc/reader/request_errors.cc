#include "cc/reader/request_errors.h"

#include <algorithm>
#include <map>

#include "cc/base/text.h"

namespace tf_npz {
namespace {

// Whether scipy.sparse.save_npz wrote the file.
bool IsSparseMatrix(const Archive& archive) {
  const std::vector<std::string> names = archive.Names();
  const auto has = [&names](std::string_view name) {
    return std::find(names.begin(), names.end(), name) != names.end();
  };
  return has("format") && has("shape") && has("data") &&
         (has("indptr") || has("row") || has("offsets"));
}

}  // namespace

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
                         ": the only array of an .npy file has no name; leave keys out, and read "
                         ".npz files as another dataset");
}

std::vector<std::string> KeysOfOneLength(const std::vector<ArrayLength>& arrays) {
  std::map<int64_t, std::vector<std::string>> groups;
  std::vector<std::string> all;
  for (const ArrayLength& array : arrays) {
    all.push_back(array.name);
    if (array.length) groups[*array.length].push_back(array.name);
  }
  if (groups.size() < 2) return all;
  const auto largest =
      std::max_element(groups.begin(), groups.end(), [](const auto& a, const auto& b) {
        return a.second.size() <= b.second.size();  // the last of the largest has the most rows
      });
  return largest->second;
}

std::string LengthAdvice(const Archive& archive, const std::vector<ArrayLength>& arrays) {
  if (IsSparseMatrix(archive)) {
    return "it is a scipy.sparse matrix: pass rows=False, and make a tf.SparseTensor of its rows "
           "(docs/guide.md, \"Sparse matrices\")";
  }
  return "if the file is one sample, pass rows=False, to tf_npz.element_spec as well; or pass keys "
         "of one length: " +
         QuoteList(KeysOfOneLength(arrays));
}

}  // namespace tf_npz
