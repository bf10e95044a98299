// ElementType: what the elements of a tensor are. Which of them an array of a dtype can become.

#ifndef TF_NPZ_FORMAT_ELEMENT_TYPE_H_
#define TF_NPZ_FORMAT_ELEMENT_TYPE_H_

#include <cstdint>
#include <optional>
#include <string_view>

#include "cc/base/status.h"
#include "cc/format/dtype.h"

namespace tf_npz {

enum class ElementType : uint8_t {
  kBool,
  kInt8,
  kInt16,
  kInt32,
  kInt64,
  kUInt8,
  kUInt16,
  kUInt32,
  kUInt64,
  kFloat16,
  kFloat32,
  kFloat64,
  kComplex64,
  kComplex128,
  kString,
  // The types of ml_dtypes that TensorFlow has, perhaps not in every version.
  kBfloat16,
  kFloat8E4m3fn,
  kFloat8E4m3fnuz,
  kFloat8E4m3b11fnuz,
  kFloat8E5m2,
  kFloat8E5m2fnuz,
  kFloat4E2m1fn,
  kInt2,
  kInt4,
  kUInt2,
  kUInt4,
};

// The name that NumPy, ml_dtypes and tf.dtypes.as_dtype agree on: "float32"; "string".
std::string_view ElementTypeName(ElementType type);
std::optional<ElementType> ElementTypeNamed(std::string_view name);

// Bytes of one element; 0 of strings, whose size is the dtype's.
int64_t ElementTypeSize(ElementType type);

// What an array of `dtype` becomes where nobody asks for something else: datetimes their int64,
// strings kString, raw void kUInt8 with one more dimension. Unimplemented, saying why and what to
// do, for dtypes of which no tensor is made. `dtype` is not a kStruct: its fields become tensors,
// one by one.
Result<ElementType> NaturalElementType(const DType& dtype);

// Whether an array of `dtype` can be read as `type`: as its natural type, or, raw void of the right
// size, as one of ml_dtypes' types, which NumPy saves as void.
bool CanReadAs(const DType& dtype, ElementType type);

// Whether reading `dtype` as `type` adds a last dimension, of dtype.itemsize bytes: raw void as
// kUInt8.
bool AddsDimension(const DType& dtype, ElementType type);

}  // namespace tf_npz

#endif  // TF_NPZ_FORMAT_ELEMENT_TYPE_H_
