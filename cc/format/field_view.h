// FieldView: where in the items of an array one field lies, however deep it is nested.

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

// The names that lead from an item to a field; none: the item itself.
using FieldPath = std::vector<std::string>;

struct FieldView {
  DType dtype;         // of one item of the field
  int64_t offset = 0;  // of the first, from the beginning of the array's item
  // Dimensions that the sub-arrays on the way add, outermost first, and the bytes from one step to
  // the next.
  std::vector<int64_t> shape;
  std::vector<int64_t> strides;

  int64_t count() const;  // items of the field in one item of the array
  // Whether the field's items lie one after another.
  bool is_contiguous() const;
};

// Finds fields of one dtype by their names. A structure may have as many as fit into a header, and
// all may be asked for, so it looks at those of a structure once. One thread at a time.
class FieldFinder {
 public:
  // `dtype` must outlive it.
  explicit FieldFinder(const DType& dtype) : dtype_(dtype) {}

  // The field that `path` leads to. InvalidArgument, with the fields there are, where it leads
  // nowhere.
  Result<FieldView> Find(const FieldPath& path);

 private:
  const Field* FindIn(const DType& dtype, std::string_view name);

  const DType& dtype_;
  // The fields of the structures that were looked into so far.
  std::unordered_map<const DType*, std::map<std::string_view, const Field*>> known_;
};

// What LeafFields may take for names and dimensions: those of outer fields stand in the path of
// every field within, so that a header could make gigabytes of them.
inline constexpr size_t kMaxLeafBytes = size_t{64} << 20;

// The fields of `dtype` that are no structures themselves, in the order of the file; the item
// itself, under no name, where it is none. ResourceExhausted beyond kMaxLeafBytes.
Result<std::vector<std::pair<FieldPath, FieldView>>> LeafFields(const DType& dtype);

}  // namespace tf_npz

#endif  // TF_NPZ_FORMAT_FIELD_VIEW_H_
