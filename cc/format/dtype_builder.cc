#include "cc/format/dtype_builder.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "cc/base/checked.h"
#include "cc/base/shape.h"
#include "cc/base/text.h"

namespace tf_npz {
namespace {

using Kind = DType::Kind;
using Type = PythonLiteral::Type;

Result<std::vector<int64_t>> ParseSubArrayShape(const PythonLiteral& literal) {
  const auto malformed = [] {
    return DataLoss("shape of a sub-array is neither an integer nor a tuple of integers");
  };
  if (literal.type == Type::kInt) return std::vector<int64_t>{literal.integer};
  // An empty list is not a shape: NumPy reads it as the dtype of a structure without fields.
  const bool is_sequence =
      literal.type == Type::kTuple || (literal.type == Type::kList && !literal.items.empty());
  if (!is_sequence) return malformed();
  std::vector<int64_t> shape;
  shape.reserve(literal.items.size());
  for (const PythonLiteral& item : literal.items) {
    if (item.type != Type::kInt) return malformed();
    shape.push_back(item.integer);
  }
  return shape;
}

// The largest number of dimensions that sub-arrays add to a field of `dtype`, at any depth.
size_t MaxFieldRank(const DType& dtype) {
  size_t most = 0;
  for (const Field& field : dtype.fields) {
    most = std::max(most, field.shape.size() + MaxFieldRank(field.dtype));
  }
  return most;
}

// `base` is a dtype without a size, such as "S". Gives it the size `size`.
Result<Descr> GiveSize(Descr base, const PythonLiteral& size) {
  if (size.type != Type::kInt) {
    return DataLoss("sub-array of items without bytes, " + Quote(base.dtype.descr()));
  }
  const int64_t unit = base.dtype.kind == Kind::kUnicode ? 4 : 1;
  if (size.integer < 0 || size.integer > kMaxItemSize / unit) {
    return DataLoss("size " + std::to_string(size.integer) + " given to " +
                    Quote(base.dtype.descr()) + " (expected at most " +
                    std::to_string(kMaxItemSize / unit) + ")");
  }
  base.dtype.itemsize = size.integer * unit;
  return base;
}

}  // namespace

Result<Descr> MakeSubArray(Descr base, const PythonLiteral& literal) {
  if (base.dtype.itemsize == 0 && base.dtype.kind != Kind::kStruct && base.shape.empty()) {
    return GiveSize(std::move(base), literal);
  }
  const bool has_bytes = base.dtype.itemsize > 0 &&
                         std::find(base.shape.begin(), base.shape.end(), 0) == base.shape.end();
  if (!base.shape.empty() && !has_bytes) return DataLoss("sub-array of sub-arrays without bytes");
  TF_NPZ_ASSIGN_OR_RETURN(std::vector<int64_t> shape, ParseSubArrayShape(literal));
  if (shape.empty()) return base;

  shape.insert(shape.end(), base.shape.begin(), base.shape.end());
  const size_t rank = shape.size() + MaxFieldRank(base.dtype);
  if (rank > kMaxSubArrayRank) {
    return DataLoss("sub-array has " + std::to_string(rank) + " dimensions (expected at most " +
                    std::to_string(kMaxSubArrayRank) + ")");
  }
  // A dimension of 0 makes the size 0. The other dimensions are multiplied nevertheless, so that no
  // later product of some of the dimensions overflows.
  int64_t items = std::max(base.dtype.itemsize, MaxFieldItems(base.dtype));
  for (const int64_t dimension : shape) {
    if (dimension < 0) {
      return DataLoss("sub-array has the negative dimension " + std::to_string(dimension));
    }
    if (!CheckedMultiply(items, std::max<int64_t>(dimension, 1), &items) || items > kMaxItemSize) {
      return DataLoss("sub-array of shape " + ShapeText(shape) +
                      " is too large (expected at most " + std::to_string(kMaxItemSize) +
                      " bytes)");
    }
  }
  base.shape = std::move(shape);
  return base;
}

Status StructDTypeBuilder::Add(std::string name, std::optional<std::string> title, Descr type) {
  TF_NPZ_RETURN_IF_ERROR(Claim(name));
  if (title.has_value()) TF_NPZ_RETURN_IF_ERROR(Claim(*title));
  Field field;
  field.name = std::move(name);
  field.has_title = title.has_value();
  field.title = std::move(title).value_or("");
  field.offset = dtype_.itemsize;
  field.dtype = std::move(type.dtype);
  field.shape = std::move(type.shape);
  TF_NPZ_RETURN_IF_ERROR(Grow(field.size()));
  dtype_.fields.push_back(std::move(field));
  return OkStatus();
}

Status StructDTypeBuilder::AddPadding(const Descr& type) {
  return Grow(type.dtype.itemsize * ItemCount(type.shape));
}

DType StructDTypeBuilder::Finish() { return std::move(dtype_); }

Status StructDTypeBuilder::Claim(const std::string& name_or_title) {
  if (taken_.insert(name_or_title).second) return OkStatus();
  return DataLoss("field or title " + Quote(name_or_title) + " appears twice");
}

Status StructDTypeBuilder::Grow(int64_t size) {
  dtype_.itemsize += size;
  if (dtype_.itemsize <= kMaxItemSize) return OkStatus();
  return DataLoss("structure is too large (expected at most " + std::to_string(kMaxItemSize) +
                  " bytes)");
}

}  // namespace tf_npz
