// Sources: NumPy's document (see the header), sections "One-character strings", "Array-protocol
// type strings", "String with comma-separated fields" and "Type strings". If it leaves a
// question open, this follows _convert_from_str of numpy/_core/src/multiarray/descriptor.c.

#include "cc/format/dtype_string.h"

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "cc/base/text.h"
#include "cc/format/comma_string.h"
#include "cc/format/datetime_unit.h"
#include "cc/format/dtype_builder.h"
#include "cc/format/element_type.h"

namespace tf_npz {
namespace {

using Kind = DType::Kind;

struct Basic {
  Kind kind;
  int itemsize;
};

// One-character strings. `long` and pointers have the sizes of 64-bit Linux.
struct Letter {
  char letter;
  Basic basic;
};
constexpr Letter kLetters[] = {
    {'?', {Kind::kBool, 1}},
    {'b', {Kind::kInt, 1}},
    {'B', {Kind::kUInt, 1}},
    {'h', {Kind::kInt, 2}},
    {'H', {Kind::kUInt, 2}},
    {'i', {Kind::kInt, 4}},
    {'I', {Kind::kUInt, 4}},
    {'l', {Kind::kInt, 8}},
    {'L', {Kind::kUInt, 8}},
    {'q', {Kind::kInt, 8}},
    {'Q', {Kind::kUInt, 8}},
    {'f', {Kind::kFloat, 4}},
    {'d', {Kind::kFloat, 8}},
    {'g', {Kind::kFloat, 16}},
    {'F', {Kind::kComplex, 8}},
    {'D', {Kind::kComplex, 16}},
    {'G', {Kind::kComplex, 32}},
    {'O', {Kind::kObject, 8}},
    {'S', {Kind::kBytes, 0}},
    {'U', {Kind::kUnicode, 0}},
    {'V', {Kind::kVoid, 0}},
    {'M', {Kind::kDateTime, 8}},
    {'m', {Kind::kTimeDelta, 8}},
    {'e', {Kind::kFloat, 2}},
    // The ones above are in the order of NumPy's type numbers, 0 to 23.
    {'n', {Kind::kInt, 8}},
    {'N', {Kind::kUInt, 8}},
    {'p', {Kind::kInt, 8}},
    {'P', {Kind::kUInt, 8}},
    {'c', {Kind::kBytes, 1}},
    {'T', {Kind::kStringDType, 16}},
};
constexpr int kTypeNumbers = 24;

// The names in numpy.sctypeDict, with the letter of the same type.
struct Name {
  std::string_view name;
  char letter;
};
constexpr Name kNames[] = {
    {"bool", '?'},        {"bool_", '?'},      {"int8", 'b'},      {"byte", 'b'},
    {"uint8", 'B'},       {"ubyte", 'B'},      {"int16", 'h'},     {"short", 'h'},
    {"uint16", 'H'},      {"ushort", 'H'},     {"int32", 'i'},     {"intc", 'i'},
    {"uint32", 'I'},      {"uintc", 'I'},      {"int64", 'l'},     {"int", 'l'},
    {"int_", 'l'},        {"long", 'l'},       {"longlong", 'q'},  {"intp", 'p'},
    {"uint64", 'L'},      {"uint", 'L'},       {"ulong", 'L'},     {"ulonglong", 'Q'},
    {"uintp", 'P'},       {"float16", 'e'},    {"half", 'e'},      {"float32", 'f'},
    {"single", 'f'},      {"float64", 'd'},    {"double", 'd'},    {"float", 'd'},
    {"float128", 'g'},    {"longdouble", 'g'}, {"complex64", 'F'}, {"csingle", 'F'},
    {"complex128", 'D'},  {"cdouble", 'D'},    {"complex", 'D'},   {"complex256", 'G'},
    {"clongdouble", 'G'}, {"object", 'O'},     {"object_", 'O'},   {"bytes", 'S'},
    {"bytes_", 'S'},      {"a", 'S'},          {"str", 'U'},       {"str_", 'U'},
    {"unicode", 'U'},     {"void", 'V'},
};

// Kinds with a size in bytes after the letter. S, a, U and V are not here: they take any size.
struct Sized {
  char kind;
  int64_t size;
  Basic basic;
};
constexpr Sized kSized[] = {
    {'b', 1, {Kind::kBool, 1}},      {'i', 1, {Kind::kInt, 1}},
    {'i', 2, {Kind::kInt, 2}},       {'i', 4, {Kind::kInt, 4}},
    {'i', 8, {Kind::kInt, 8}},       {'u', 1, {Kind::kUInt, 1}},
    {'u', 2, {Kind::kUInt, 2}},      {'u', 4, {Kind::kUInt, 4}},
    {'u', 8, {Kind::kUInt, 8}},      {'f', 2, {Kind::kFloat, 2}},
    {'f', 4, {Kind::kFloat, 4}},     {'f', 8, {Kind::kFloat, 8}},
    {'f', 16, {Kind::kFloat, 16}},   {'c', 8, {Kind::kComplex, 8}},
    {'c', 16, {Kind::kComplex, 16}}, {'c', 32, {Kind::kComplex, 32}},
    {'O', 4, {Kind::kObject, 8}},    {'O', 8, {Kind::kObject, 8}},
    {'M', 8, {Kind::kDateTime, 8}},  {'m', 8, {Kind::kTimeDelta, 8}},
};

DType MakeDType(Basic basic, bool big_endian) {
  DType dtype;
  dtype.kind = basic.kind;
  dtype.itemsize = basic.itemsize;
  const bool has_order = basic.kind == Kind::kUnicode || dtype.swap_size() > 1;
  dtype.big_endian = has_order && big_endian;
  return dtype;
}

DType MakeMlDtype(ElementType type) {
  DType dtype;
  dtype.kind = Kind::kMlDtype;
  dtype.itemsize = ElementTypeSize(type);
  dtype.ml_name = ElementTypeName(type);
  return dtype;
}

std::optional<Basic> FindLetter(char letter) {
  // NumPy first tries the character's code as a type number.
  const auto number = static_cast<unsigned char>(letter);
  if (number < kTypeNumbers) return kLetters[number].basic;
  for (const Letter& candidate : kLetters) {
    if (candidate.letter == letter) return candidate.basic;
  }
  return std::nullopt;
}

std::optional<DType> FindName(std::string_view name) {
  for (const Name& candidate : kNames) {
    if (candidate.name == name) return MakeDType(*FindLetter(candidate.letter), false);
  }
  const std::optional<ElementType> type = ElementTypeNamed(name);
  if (type.has_value() && *type >= ElementType::kBfloat16) return MakeMlDtype(*type);
  return std::nullopt;
}

// A kind and a size: "f4", "S5".
std::optional<DType> FindSized(char kind, int64_t size, bool big_endian) {
  if (kind == 'S' || kind == 'a' || kind == 'V' || kind == 'U') {
    const int unit = kind == 'U' ? 4 : 1;
    if (size < 0 || size > kMaxItemSize / unit) return std::nullopt;
    DType dtype = MakeDType(*FindLetter(kind == 'a' ? 'S' : kind), big_endian);
    dtype.itemsize = size * unit;
    return dtype;
  }
  if (kind == 'f' && size == 1) return MakeMlDtype(ElementType::kFloat8E5m2);
  for (const Sized& candidate : kSized) {
    if (candidate.kind == kind && candidate.size == size) {
      return MakeDType(candidate.basic, big_endian);
    }
  }
  return std::nullopt;
}

Status NotADType(std::string_view text) {
  return DataLoss("descr " + Quote(text) + " is not a dtype of NumPy");
}

// The length of "M8", "m8", "datetime64" or "timedelta64" at the beginning of `text`, 0 if there is
// none of them.
size_t DateTimeLength(std::string_view text) {
  for (const std::string_view name : {"M8", "m8", "datetime64", "timedelta64"}) {
    if (text.substr(0, name.size()) == name) return name.size();
  }
  return 0;
}

// Parses a string that is neither a list of fields nor a sub-array.
Result<DType> ParseSingle(std::string_view text) {
  std::string_view spelling = text;
  const bool has_order = !text.empty() && IsByteOrder(text[0]);
  const bool big_endian = has_order && text[0] == '>';
  if (has_order) spelling.remove_prefix(1);
  if (spelling.empty()) return NotADType(text);

  if (const size_t length = DateTimeLength(spelling); length > 0) {
    Result<std::string> unit = ParseDateTimeUnit(spelling.substr(length));
    if (!unit.ok()) return NotADType(text).WithContext(unit.status().message() + ": ");
    DType dtype =
        MakeDType(*FindLetter(spelling[0] == 'M' || spelling[0] == 'd' ? 'M' : 'm'), big_endian);
    dtype.unit = *std::move(unit);
    return dtype;
  }
  std::optional<DType> found;
  if (spelling.size() == 1) {
    if (const std::optional<Basic> basic = FindLetter(spelling[0])) {
      found = MakeDType(*basic, big_endian);
    }
  } else {
    std::string_view rest = spelling.substr(1);
    const std::optional<int64_t> size = TakeCInteger(&rest);
    if (size.has_value() && rest.empty()) found = FindSized(spelling[0], *size, big_endian);
  }
  // Names have no byte order, so the whole text is looked up.
  if (!found.has_value()) found = FindName(text);
  if (!found.has_value()) return NotADType(text);
  return *std::move(found);
}

Result<Descr> ParsePart(const CommaString::Part& part) {
  TF_NPZ_ASSIGN_OR_RETURN(Descr descr, ParseDTypeString(part.dtype));
  if (!part.repeats.has_value()) return descr;
  return MakeSubArray(std::move(descr), *part.repeats);
}

// Parses a structure, or a sub-array if there is no comma: "3f4".
Result<Descr> ParseCommaString(std::string_view text) {
  CommaString fields(text);
  StructDTypeBuilder builder;
  for (int i = 0; !fields.done(); ++i) {
    Result<CommaString::Part> next = fields.Next();
    if (!next.ok()) return NotADType(text).WithContext(next.status().message() + ": ");
    const CommaString::Part part = *std::move(next);
    const bool is_empty = part.dtype.empty() && !part.repeats.has_value();
    if (is_empty && fields.done() && i > 0) break;  // "i4,<"
    Result<Descr> descr = ParsePart(part);
    if (!descr.ok()) {
      return descr.status().WithContext("in the descr " + Quote(text, 40) + ": ");
    }
    if (!fields.has_comma()) {
      if (!part.repeats.has_value()) return NotADType(text);
      return descr;
    }
    TF_NPZ_RETURN_IF_ERROR(builder.Add("f" + std::to_string(i), std::nullopt, *std::move(descr)));
  }
  return Descr{builder.Finish(), {}};
}

}  // namespace

Result<Descr> ParseDTypeString(std::string_view text) {
  if (IsCommaString(text)) return ParseCommaString(text);
  TF_NPZ_ASSIGN_OR_RETURN(DType dtype, ParseSingle(text));
  return Descr{std::move(dtype), {}};
}

}  // namespace tf_npz
