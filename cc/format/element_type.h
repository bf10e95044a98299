// ElementType: the type of the values of a tensor, and the types that an array of a dtype can be
// read as. All functions are pure.

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
  // The types of ml_dtypes that TensorFlow has. Older versions of TensorFlow lack some of them.
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

// The name that NumPy, ml_dtypes and tf.dtypes.as_dtype share: "float32". Also "string".
std::string_view ElementTypeName(ElementType type);
// The type with that name, or nullopt if there is none.
std::optional<ElementType> ElementTypeNamed(std::string_view name);

// The size of one value in bytes. It is 0 for strings: their size is the itemsize of the dtype.
int64_t ElementTypeSize(ElementType type);

// The type that an array of `dtype` is read as by default. Datetimes become kInt64, strings become
// kString, raw void becomes kUInt8 with one more dimension. Unimplemented for a dtype that cannot
// become a tensor; the message says why and what to do. `dtype` is not a kStruct, because each of
// its fields becomes a tensor.
Result<ElementType> NaturalElementType(const DType& dtype);

// Returns true if an array of `dtype` can be read as `type`. That is so for its natural type. Raw
// void can also be read as a type of ml_dtypes with the same size, because NumPy saves those types
// as void.
bool CanReadAs(const DType& dtype, ElementType type);

// Whether `type` is a number that can be cast: a bool, an integer, a float, a complex number. Of
// the types of ml_dtypes, bfloat16 is one.
bool IsCastable(ElementType type);

// Whether numbers of type `from` may be cast to `to`: within a kind, and upwards in the order bool,
// unsigned, signed, float, complex. That is NumPy's casting="same_kind". bfloat16 is a float.
bool CanCast(ElementType from, ElementType to);

// A type that numbers of both types may be cast to. It holds all integers of both, unless these are
// uint64 and a signed type: then it is float64, which rounds. nullopt if one of them is no number.
std::optional<ElementType> CommonType(ElementType a, ElementType b);

// Whether an array of `dtype` may be cast to `type`. InvalidArgument, saying what the cast would
// lose and what to do instead. An array that CanReadAs admits needs no cast.
Status CheckCast(const DType& dtype, ElementType type);

// Returns true if reading `dtype` as `type` adds a last dimension of dtype.itemsize values. That is
// so for raw void as kUInt8.
bool AddsDimension(const DType& dtype, ElementType type);

}  // namespace tf_npz

#endif  // TF_NPZ_FORMAT_ELEMENT_TYPE_H_
