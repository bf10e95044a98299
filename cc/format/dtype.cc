#include "tf_npz/format/dtype.h"

#include <string_view>

#include "tf_npz/base/text.h"

namespace tf_npz {
namespace {

using Kind = DType::Kind;

// Every dtype that becomes a tensor, under its name and its type character with size.
struct Supported {
  std::string_view name;
  std::string_view code;
  Kind kind;
  int itemsize;
};
constexpr Supported kSupported[] = {
    {"bool", "b1", Kind::kBool, 1},         {"int8", "i1", Kind::kInt, 1},
    {"int16", "i2", Kind::kInt, 2},         {"int32", "i4", Kind::kInt, 4},
    {"int64", "i8", Kind::kInt, 8},         {"uint8", "u1", Kind::kUInt, 1},
    {"uint16", "u2", Kind::kUInt, 2},       {"uint32", "u4", Kind::kUInt, 4},
    {"uint64", "u8", Kind::kUInt, 8},       {"float16", "f2", Kind::kFloat, 2},
    {"float32", "f4", Kind::kFloat, 4},     {"float64", "f8", Kind::kFloat, 8},
    {"complex64", "c8", Kind::kComplex, 8}, {"complex128", "c16", Kind::kComplex, 16},
};

// NumPy's one-letter codes, which may stand without a size. `long` and `ulong` are those of 64-bit
// Linux.
struct Alias {
  std::string_view code;
  std::string_view name;
};
constexpr Alias kAliases[] = {
    {"?", "bool"},    {"b", "int8"},    {"B", "uint8"},     {"h", "int16"},
    {"H", "uint16"},  {"i", "int32"},   {"I", "uint32"},    {"l", "int64"},
    {"L", "uint64"},  {"q", "int64"},   {"Q", "uint64"},    {"e", "float16"},
    {"f", "float32"}, {"d", "float64"}, {"F", "complex64"}, {"D", "complex128"},
};

const Supported* FindSupported(std::string_view spelling) {
  for (const Alias& alias : kAliases) {
    if (alias.code == spelling) spelling = alias.name;
  }
  for (const Supported& supported : kSupported) {
    if (supported.name == spelling || supported.code == spelling) return &supported;
  }
  return nullptr;
}

// Why an array of a dtype that NumPy knows becomes no tensor, by how its spelling begins; "" if
// unknown.
std::string_view ReasonUnsupported(std::string_view spelling) {
  struct Reason {
    std::string_view prefix;
    std::string_view reason;
  };
  static constexpr Reason kReasons[] = {
      {"O",
       "object arrays hold pickles, which are never loaded; save with a numeric dtype (astype)"},
      {"object",
       "object arrays hold pickles, which are never loaded; save with a numeric dtype (astype)"},
      {"T", "StringDType arrays hold pickles, which are never loaded"},
      {"f16", "TensorFlow has no float128; save with astype(numpy.float64)"},
      {"g", "TensorFlow has no float128; save with astype(numpy.float64)"},
      {"float128", "TensorFlow has no float128; save with astype(numpy.float64)"},
      {"c32", "TensorFlow has no complex256; save with astype(numpy.complex128)"},
      {"G", "TensorFlow has no complex256; save with astype(numpy.complex128)"},
      {"complex256", "TensorFlow has no complex256; save with astype(numpy.complex128)"},
      {"S", "byte strings are not supported; leave the array out with keys, or save integer codes"},
      {"a", "byte strings are not supported; leave the array out with keys, or save integer codes"},
      {"U",
       "unicode strings are not supported; leave the array out with keys, or save integer codes"},
      {"V", "raw void data is not supported"},
      {"M8", "datetime64 is not supported; save with astype(numpy.int64)"},
      {"m8", "timedelta64 is not supported; save with astype(numpy.int64)"},
  };
  for (const Reason& candidate : kReasons) {
    if (spelling.substr(0, candidate.prefix.size()) == candidate.prefix) return candidate.reason;
  }
  return {};
}

Result<DType> ParseDescrString(std::string_view text) {
  std::string_view spelling = text;
  char order = '=';
  if (!spelling.empty() && std::string_view("<>=|").find(spelling[0]) != std::string_view::npos) {
    order = spelling[0];
    spelling.remove_prefix(1);
  }
  if (const Supported* found = FindSupported(spelling)) {
    const bool has_order = found->itemsize > 1;
    return DType{found->kind, found->itemsize, has_order && order == '>'};
  }
  if (std::string_view reason = ReasonUnsupported(spelling); !reason.empty()) {
    return Unimplemented("dtype " + Quote(text) + ": " + std::string(reason));
  }
  if (spelling.find(',') != std::string_view::npos) {
    return Unimplemented("dtype " + Quote(text) + ": structured dtypes are not supported");
  }
  return DataLoss("descr " + Quote(text) + " is not a dtype of NumPy");
}

// Whether an object field stands anywhere in a structured dtype: its reason goes before all others.
bool HoldsObjects(const PythonLiteral& descr) {
  if (descr.type == PythonLiteral::Type::kString) {
    return descr.text == "O" || descr.text == "|O" || descr.text == "object";
  }
  for (const PythonLiteral& item : descr.items) {
    if (HoldsObjects(item)) return true;
  }
  return false;
}

}  // namespace

std::string DType::name() const {
  for (const Supported& supported : kSupported) {
    if (supported.kind == kind && supported.itemsize == itemsize)
      return std::string(supported.name);
  }
  return "unknown";
}

std::string DType::descr() const {
  for (const Supported& supported : kSupported) {
    if (supported.kind == kind && supported.itemsize == itemsize) {
      const char* order = itemsize == 1 ? "|" : big_endian ? ">" : "<";
      return order + std::string(supported.code);
    }
  }
  return "unknown";
}

Result<DType> ParseDescr(const PythonLiteral& descr) {
  switch (descr.type) {
    case PythonLiteral::Type::kString:
      return ParseDescrString(descr.text);
    case PythonLiteral::Type::kList:
    case PythonLiteral::Type::kTuple:
      if (HoldsObjects(descr)) {
        return Unimplemented(
            "dtype with object fields: these hold pickles, which are never loaded; save the "
            "numeric fields "
            "as arrays of their own");
      }
      return Unimplemented(
          "structured dtypes are not supported; save each field as an array of its own");
    default:
      return DataLoss("descr is neither a string nor a list of fields");
  }
}

}  // namespace tf_npz
