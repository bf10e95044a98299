#include "cc/reader/request_errors.h"

#include <algorithm>
#include <map>
#include <set>

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

Status NoRows() { return InvalidArgument("has no dimensions, so it has no rows: pass rows=False"); }

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
                         ": the only array of an .npy file has no name");
}

std::vector<std::string> KeysOfOneLength(const std::vector<ArrayLength>& arrays) {
  std::map<int64_t, std::vector<std::string>> groups;
  std::vector<std::string> all;
  std::set<std::string_view> known;
  for (const ArrayLength& array : arrays) {
    if (!known.insert(array.name).second) continue;
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

Status LengthsDiffer(const Archive& archive, const std::vector<ArrayLength>& arrays) {
  const auto first = std::find_if(arrays.begin(), arrays.end(), [](const ArrayLength& array) {
    return array.length.has_value();
  });
  const auto other = std::find_if(first, arrays.end(), [&first](const ArrayLength& array) {
    return array.length.value_or(*first->length) != *first->length;
  });
  const std::string advice =
      IsSparseMatrix(archive)
          ? "it is a scipy.sparse matrix: pass rows=False, and make a tf.SparseTensor of its rows "
            "(docs/guide.md, \"Sparse matrices\")"
          : "if the file is one sample, pass rows=False, to tf_npz.element_spec as well; or pass "
            "keys of one length: " +
                QuoteList(KeysOfOneLength(arrays));
  return InvalidArgument(archive.label() + ": arrays differ in length: " + Quote(first->name) +
                         " has " + std::to_string(*first->length) + " rows, " + Quote(other->name) +
                         " has " + std::to_string(*other->length) + "; " + advice);
}

Status CannotCast(const DType& dtype, ElementType type, const Status& cast) {
  return InvalidArgument("holds " + dtype.name() + ", but dtypes says " +
                         std::string(ElementTypeName(type)) + "; " + cast.message());
}

Status WithAdvice(const Status& misfit, const ComponentSpec& spec, std::string_view advice) {
  if (spec.usual_dtype.empty()) {
    return Status(misfit.code(), misfit.message() + std::string(advice));
  }
  return Status(misfit.code(),
                misfit.message() +
                    "; most files have what is read: leave this file out, or read it as a dataset "
                    "of its own");
}

}  // namespace tf_npz
