// What an element of a file is, read from the headers of its arrays.

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

// What is cast when it is read: the numbers to which `keys` leads. Other components there stay as
// they are. But a component must be castable if `keys` names it alone, unless `only_numbers` is
// true.
struct CastRequest {
  FieldPath keys;  // names that would index the result of np.load, or the first of these
  ElementType type = ElementType::kFloat32;
  bool only_numbers = false;
};

// What may take the place of a key's array. Only an `.npz` may have it.
struct Alternatives {
  std::vector<FieldPath> others;  // keys that are tried after the first one, in this order
  bool is_optional = false;       // a file may have none of the arrays
};

// What is taken of the axes of the arrays to which `keys` leads.
struct SliceRequest {
  FieldPath keys;  // names that would index the result of np.load, or the first of these
  Slices slices;
};

// The element that a caller wants.
struct SpecRequest {
  // For each, the names that would index the result of np.load: the name of an array, then names of
  // its fields; for an `.npy`, names of fields. None is empty. Absent: everything in the file.
  std::optional<std::vector<FieldPath>> keys;
  // True: an element is a row, or a window of rows. False: an element is a file's whole arrays.
  bool rows = true;
  std::vector<CastRequest> casts = {};
  RowSelection row_selection = {};  // if `rows`
  std::vector<SliceRequest> slices = {};
  // Selection::each_array. `keys` is absent then, or empty if no header is wanted.
  bool each_array = false;
  std::vector<Alternatives> alternatives = {};  // one for each of `keys`; empty: none has any
};

// One component of an element.
struct InferredComponent {
  // The names that would index the result of np.load: the requested key, then names of fields. The
  // key is the first one, also if another array took its place.
  // Empty: the only array of an `.npy`.
  FieldPath keys;
  DType dtype;
  ComponentSpec spec;  // what it is cast to, if the request says so
  size_t place = 0;    // its index in the order of the requested keys, then of the file
  // No file has an array for it (Alternatives::is_optional). It admits the components of other
  // files that have one. `dtype` and `spec` mean nothing.
  bool is_missing = false;
};

struct InferredSpec {
  // Each field of a structure is a component; the structure itself is not. The order does not
  // depend on the file: first that of the requested keys, then that of the names.
  std::vector<InferredComponent> components;
  // What was read, as messages print it: the path of the file, with the name of the array if that
  // is all; of several, the first.
  std::string label;
  bool is_array = false;         // it is one array of the file
  std::optional<int64_t> count;  // elements of the file; absent if they are not rows
  // Whether an array has no dimensions, although elements are rows. Then the whole file may be one
  // sample.
  bool may_be_sample = false;
};

// Reads the headers of the arrays that `request` names, or of all arrays. Errors name the file.
//
// InvalidArgument: the file does not have what is requested, or it has no component at all; arrays
// differ in length, if elements are rows; or an array cannot be cast as requested.
// Unimplemented: no tensor can hold the items of an array.
// DataLoss and the errors of the file system: as for reading the arrays.
//
// If each array is a source, reads the header of the one in `entry` alone; null: of an `.npy`.
Result<InferredSpec> InferSpec(const std::shared_ptr<Archive>& archive, const SpecRequest& request,
                               const ZipEntry* entry = nullptr);

// `components` in the order of InferredComponent::place. Users see this order in dicts.
std::vector<InferredComponent> ByPlace(std::vector<InferredComponent> components);

}  // namespace tf_npz

#endif  // TF_NPZ_READER_SPEC_H_
