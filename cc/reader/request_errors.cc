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
