// What an element of a file is, as the headers of its arrays tell it, and what the elements of
// several files have in common.

#ifndef TF_NPZ_READER_SPEC_H_
#define TF_NPZ_READER_SPEC_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cc/base/status.h"
#include "cc/format/dtype.h"
#include "cc/format/field_view.h"
#include "cc/reader/archive.h"
#include "cc/reader/selection.h"

namespace tf_npz {

// What an element is to be made of.
struct SpecRequest {
  // Names of an archive's arrays, or of an `.npy`'s fields. Absent: all that the file has.
  std::optional<std::vector<std::string>> keys;
  // Whether an element is a row, or a file's whole arrays.
  bool rows = true;
};

// One component of an element.
struct InferredComponent {
  // The names by which what np.load returns would be indexed: a key as it was requested, then the
  // names of fields. Empty: the only array of an `.npy`.
  FieldPath keys;
  DType dtype;
  ComponentSpec spec;
  size_t place = 0;  // in the order of the requested keys, and of the file
};

struct InferredSpec {
  // A field of a structure has a component, the structure has none. They are in an order that does
  // not depend on the file: of the requested keys, then of the names.
  std::vector<InferredComponent> components;
  std::string label;  // the file, or the first of several, as messages have it
  // Rows of the file. Absent where the elements are no rows, and where the arrays differ in length.
  std::optional<int64_t> count;
};

// Reads the headers of the arrays that `request` names, or of all. Errors name the file.
//
// InvalidArgument: the file does not have what is requested, or has nothing to make an element of.
// Unimplemented: an array is of a kind that no tensor is made of.
// DataLoss, and what the file system says: as for reading the arrays.
Result<InferredSpec> InferSpec(const std::shared_ptr<Archive>& archive, const SpecRequest& request);

// `components` in the order of InferredComponent::place, which users see in dicts.
std::vector<InferredComponent> ByPlace(std::vector<InferredComponent> components);

// Widens `merged` until it admits the elements of `other` too: a dimension that differs becomes -1,
// a shape whose rank differs absent. `merged` keeps its own label and count. InvalidArgument, which
// names both files, where the components, a dtype or the unit of datetimes differ.
Status MergeSpec(const InferredSpec& other, InferredSpec* merged);

}  // namespace tf_npz

#endif  // TF_NPZ_READER_SPEC_H_
