#include "cc/format/element_type.h"

#include <algorithm>
#include <string>
#include <utility>

#include "cc/base/text.h"

namespace tf_npz {
namespace {

using Kind = DType::Kind;

// In the order of ElementType.
struct Known {
  ElementType type;
  std::string_view name;
  Kind kind;  // of the dtypes whose natural element type it is
  int size;   // bytes
};
constexpr Known kKnown[] = {
    {ElementType::kBool, "bool", Kind::kBool, 1},
    {ElementType::kInt8, "int8", Kind::kInt, 1},
    {ElementType::kInt16, "int16", Kind::kInt, 2},
    {ElementType::kInt32, "int32", Kind::kInt, 4},
    {ElementType::kInt64, "int64", Kind::kInt, 8},
    {ElementType::kUInt8, "uint8", Kind::kUInt, 1},
    {ElementType::kUInt16, "uint16", Kind::kUInt, 2},
    {ElementType::kUInt32, "uint32", Kind::kUInt, 4},
    {ElementType::kUInt64, "uint64", Kind::kUInt, 8},
    {ElementType::kFloat16, "float16", Kind::kFloat, 2},
    {ElementType::kFloat32, "float32", Kind::kFloat, 4},
    {ElementType::kFloat64, "float64", Kind::kFloat, 8},
    {ElementType::kComplex64, "complex64", Kind::kComplex, 8},
    {ElementType::kComplex128, "complex128", Kind::kComplex, 16},
    {ElementType::kString, "string", Kind::kBytes, 0},
    {ElementType::kBfloat16, "bfloat16", Kind::kMlDtype, 2},
    {ElementType::kFloat8E4m3fn, "float8_e4m3fn", Kind::kMlDtype, 1},
    {ElementType::kFloat8E4m3fnuz, "float8_e4m3fnuz", Kind::kMlDtype, 1},
    {ElementType::kFloat8E4m3b11fnuz, "float8_e4m3b11fnuz", Kind::kMlDtype, 1},
    {ElementType::kFloat8E5m2, "float8_e5m2", Kind::kMlDtype, 1},
    {ElementType::kFloat8E5m2fnuz, "float8_e5m2fnuz", Kind::kMlDtype, 1},
    {ElementType::kFloat4E2m1fn, "float4_e2m1fn", Kind::kMlDtype, 1},
    {ElementType::kInt2, "int2", Kind::kMlDtype, 1},
    {ElementType::kInt4, "int4", Kind::kMlDtype, 1},
    {ElementType::kUInt2, "uint2", Kind::kMlDtype, 1},
    {ElementType::kUInt4, "uint4", Kind::kMlDtype, 1},
};

constexpr bool IsInOrder() {
  size_t i = 0;
  for (const Known& known : kKnown) {
    if (static_cast<size_t>(known.type) != i++) return false;
  }
  return true;
}
static_assert(IsInOrder());

const Known& Find(ElementType type) { return kKnown[static_cast<size_t>(type)]; }

// The type of a number of that kind and size in bytes, or nullopt if TensorFlow has none.
std::optional<ElementType> FindNumber(Kind kind, int64_t size) {
  for (const Known& known : kKnown) {
    if (known.kind == kind && known.size == size) return known.type;
  }
  return std::nullopt;
}

// The place of a number's kind in the order in which it may be cast; nullopt for other types.
std::optional<int> CastRank(ElementType type) {
  if (type == ElementType::kBfloat16) return 3;
  switch (Find(type).kind) {
    case Kind::kBool:
      return 0;
    case Kind::kUInt:
      return 1;
    case Kind::kInt:
      return 2;
    case Kind::kFloat:
      return 3;
    case Kind::kComplex:
      return 4;
    default:
      return std::nullopt;
  }
}

// What numbers lose that are cast downwards.
std::string_view LossOf(ElementType from, ElementType to) {
  if (to == ElementType::kBool) return "everything but whether a value is 0";
  if (CastRank(from) == 4) return "the imaginary part";
  return CastRank(from) == 3 ? "the fraction" : "the sign";
}

Status NoTensor(const DType& dtype, std::string_view reason) {
  return Unimplemented("dtype " + Quote(dtype.name()) + ": " + std::string(reason));
}

}  // namespace

std::string_view ElementTypeName(ElementType type) { return Find(type).name; }

std::optional<ElementType> ElementTypeNamed(std::string_view name) {
  for (const Known& known : kKnown) {
    if (known.name == name) return known.type;
  }
  return std::nullopt;
}

int64_t ElementTypeSize(ElementType type) { return Find(type).size; }

Result<ElementType> NaturalElementType(const DType& dtype) {
  switch (dtype.kind) {
    case Kind::kBool:
    case Kind::kInt:
    case Kind::kUInt:
    case Kind::kFloat:
    case Kind::kComplex:
      if (const auto type = FindNumber(dtype.kind, dtype.itemsize)) return *type;
      return NoTensor(dtype, dtype.kind == Kind::kComplex
                                 ? "TensorFlow has no complex256; save with "
                                   "astype(numpy.complex128)"
                                 : "TensorFlow has no float128; save with astype(numpy.float64)");
    case Kind::kBytes:
    case Kind::kUnicode:
      return ElementType::kString;
    case Kind::kDateTime:
    case Kind::kTimeDelta:
      return ElementType::kInt64;
    case Kind::kVoid:
      return ElementType::kUInt8;
    case Kind::kMlDtype:
      if (const auto type = ElementTypeNamed(dtype.ml_name)) return *type;
      break;
    case Kind::kObject:
      return NoTensor(dtype,
                      "object arrays hold pickles, which are never loaded; if you trust the file, "
                      "np.load it with allow_pickle=True and save it as numbers or text (astype)");
    case Kind::kStringDType:
      return NoTensor(dtype,
                      "StringDType arrays hold pickles, which are never loaded; save with "
                      "astype('U')");
    case Kind::kStruct:
      break;
  }
  return NoTensor(dtype, "no element type");
}

bool CanReadAs(const DType& dtype, ElementType type) {
  if (dtype.kind == Kind::kVoid && Find(type).kind == Kind::kMlDtype) {
    return dtype.itemsize == ElementTypeSize(type);
  }
  const Result<ElementType> natural = NaturalElementType(dtype);
  return natural.ok() && *natural == type;
}

bool IsCastable(ElementType type) { return CastRank(type).has_value(); }

bool CanCast(ElementType from, ElementType to) {
  return IsCastable(from) && IsCastable(to) && *CastRank(from) <= *CastRank(to);
}

std::optional<ElementType> CommonType(ElementType a, ElementType b) {
  if (!IsCastable(a) || !IsCastable(b)) return std::nullopt;
  if (CastRank(a) == CastRank(b)) return ElementTypeSize(a) < ElementTypeSize(b) ? b : a;
  if (*CastRank(a) > *CastRank(b)) std::swap(a, b);
  if (Find(a).kind != Kind::kUInt || Find(b).kind != Kind::kInt) return b;
  const int64_t size = std::max(2 * ElementTypeSize(a), ElementTypeSize(b));
  return FindNumber(Kind::kInt, size).value_or(ElementType::kFloat64);
}

Status CheckCast(const DType& dtype, ElementType type) {
  TF_NPZ_ASSIGN_OR_RETURN(const ElementType natural, NaturalElementType(dtype));
  const std::string name = dtype.name();
  const std::string pair = name + " to " + std::string(ElementTypeName(type));
  if (dtype.kind == Kind::kDateTime || dtype.kind == Kind::kTimeDelta) {
    return InvalidArgument(pair +
                           " is no cast: dates are read as int64, the counts of their unit, and "
                           "cast after reading");
  }
  // Raw void is read as uint8, but it is not a number.
  if (dtype.kind == Kind::kVoid || !IsCastable(natural) || !IsCastable(type)) {
    return InvalidArgument(pair + " is no cast: only numbers and bools are cast");
  }
  if (CanCast(natural, type)) return OkStatus();
  return InvalidArgument(pair + " would lose " + std::string(LossOf(natural, type)) +
                         "; read it as " + name + ", and cast it yourself after reading");
}

bool AddsDimension(const DType& dtype, ElementType type) {
  return dtype.kind == Kind::kVoid && type == ElementType::kUInt8;
}

}  // namespace tf_npz
