// FieldView: the place of a field in the items of an array. The field may be nested at any depth.

#ifndef TF_NPZ_FORMAT_FIELD_VIEW_H_
#define TF_NPZ_FORMAT_FIELD_VIEW_H_

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "cc/base/status.h"
#include "cc/format/dtype.h"

namespace tf_npz {

// The names of the fields from the outermost to the field itself. Empty for the item itself.
using FieldPath = std::vector<std::string>;

struct FieldView {
  DType dtype;         // of one item of the field
  int64_t offset = 0;  // of its first item, in bytes from the beginning of the array's item
  // The dimensions that sub-arrays add, the outermost first, and the bytes between two steps of
  // each.
  std::vector<int64_t> shape;
  std::vector<int64_t> strides;

  int64_t count() const;  // items of the field in one item of the array
  // Returns true if the items of the field are contiguous.
  bool is_contiguous() const;
};

// Finds fields of one dtype by their names. A header of 1 MiB can hold many fields, and all of them
// may be looked up. So the finder makes an index of each structure once. Used by one thread at a
// time.
class FieldFinder {
 public:
  // `dtype` must outlive the finder.
  explicit FieldFinder(const DType& dtype) : dtype_(dtype) {}

  // The field at `path`. InvalidArgument if there is none; the message lists the fields there are.
  Result<FieldView> Find(const FieldPath& path);

 private:
  const Field* FindIn(const DType& dtype, std::string_view name);

  const DType& dtype_;
  // The indexes of the structures that were searched so far.
  std::unordered_map<const DType*, std::map<std::string_view, const Field*>> known_;
};

// The most bytes of names and dimensions that LeafFields returns. Each path repeats the names of
// the outer fields, so without a limit a header of 1 MiB could make gigabytes.
inline constexpr size_t kMaxLeafBytes = size_t{64} << 20;

// The fields of `dtype`, at any depth, that are not structures, in the order in which they lie in
// an item. If `dtype` is not a structure, the result is the item itself with an empty path.
// ResourceExhausted if names and dimensions take more than kMaxLeafBytes.
Result<std::vector<std::pair<FieldPath, FieldView>>> LeafFields(const DType& dtype);

}  // namespace tf_npz

#endif  // TF_NPZ_FORMAT_FIELD_VIEW_H_
