#include "cc/format/dtype.h"

#include <algorithm>

#include "cc/base/shape.h"
#include "cc/base/text.h"

namespace tf_npz {
namespace {

using Kind = DType::Kind;

// `text` as a Python string literal. ast.literal_eval returns `text` for it.
std::string PythonString(std::string_view text) {
  static constexpr std::string_view kDigits = "0123456789abcdef";
  std::string quoted = "'";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '\'' || c == '\\') {
      quoted += '\\';
      quoted += c;
    } else if (byte < 0x20 || byte == 0x7f) {
      quoted += "\\x";
      quoted += kDigits[byte >> 4];
      quoted += kDigits[byte & 0xf];
    } else {
      quoted += c;
    }
  }
  return quoted + "'";
}

// A descr inside a list: a string has quotes there.
std::string NestedDescr(const DType& dtype) {
  return dtype.kind == Kind::kStruct ? dtype.descr() : PythonString(dtype.descr());
}

std::string PaddingDescr(int64_t size) { return "('', '|V" + std::to_string(size) + "')"; }

// Returns true if descr_to_dtype would take `field` for padding.
bool LooksLikePadding(const Field& field) {
  return field.name.empty() && (field.dtype.kind == Kind::kVoid || !field.shape.empty());
}

std::string FieldDescr(const Field& field) {
  std::string text = "(";
  if (field.has_title || LooksLikePadding(field)) {
    text += "(" + (field.has_title ? PythonString(field.title) : "None") + ", " +
            PythonString(field.name) + ")";
  } else {
    text += PythonString(field.name);
  }
  text += ", " + NestedDescr(field.dtype);
  if (!field.shape.empty()) text += ", " + ShapeText(field.shape);
  return text + ")";
}

std::string StructDescr(const DType& dtype) {
  std::string text = "[";
  const auto add = [&text](const std::string& entry) {
    if (text.size() > 1) text += ", ";
    text += entry;
  };
  int64_t end = 0;
  for (const Field& field : dtype.fields) {
    if (field.offset > end) add(PaddingDescr(field.offset - end));
    add(FieldDescr(field));
    end = field.offset + field.size();
  }
  if (dtype.itemsize > end) add(PaddingDescr(dtype.itemsize - end));
  return text + "]";
}

std::string UnitInBrackets(const DType& dtype) {
  return dtype.unit.empty() ? "" : "[" + dtype.unit + "]";
}

}  // namespace

int DType::swap_size() const {
  switch (kind) {
    case Kind::kBool:
    case Kind::kInt:
    case Kind::kUInt:
    case Kind::kFloat:
    case Kind::kDateTime:
    case Kind::kTimeDelta:
    case Kind::kMlDtype:
      return static_cast<int>(itemsize);
    case Kind::kComplex:
      return static_cast<int>(itemsize / 2);
    case Kind::kUnicode:
      return 4;
    case Kind::kBytes:
    case Kind::kVoid:
    case Kind::kObject:
    case Kind::kStringDType:
    case Kind::kStruct:
      break;
  }
  return 1;
}

std::string DType::name() const {
  const std::string bits = std::to_string(itemsize * 8);
  switch (kind) {
    case Kind::kBool:
      return "bool";
    case Kind::kInt:
      return "int" + bits;
    case Kind::kUInt:
      return "uint" + bits;
    case Kind::kFloat:
      return "float" + bits;
    case Kind::kComplex:
      return "complex" + bits;
    case Kind::kBytes:
      return "S" + std::to_string(itemsize);
    case Kind::kUnicode:
      return "U" + std::to_string(itemsize / 4);
    case Kind::kDateTime:
      return "datetime64" + UnitInBrackets(*this);
    case Kind::kTimeDelta:
      return "timedelta64" + UnitInBrackets(*this);
    case Kind::kVoid:
      return "V" + std::to_string(itemsize);
    case Kind::kObject:
      return "object";
    case Kind::kStringDType:
      return "T";
    case Kind::kMlDtype:
      return ml_name;
    case Kind::kStruct:
      break;
  }
  return StructDescr(*this);
}

std::string DType::descr() const {
  const std::string size = std::to_string(itemsize);
  const std::string order = itemsize == 1 ? "|" : big_endian ? ">" : "<";
  switch (kind) {
    case Kind::kBool:
      return order + "b" + size;
    case Kind::kInt:
      return order + "i" + size;
    case Kind::kUInt:
      return order + "u" + size;
    case Kind::kFloat:
      return order + "f" + size;
    case Kind::kComplex:
      return order + "c" + size;
    case Kind::kUnicode:
      return order + name();
    case Kind::kDateTime:
      return order + "M8" + UnitInBrackets(*this);
    case Kind::kTimeDelta:
      return order + "m8" + UnitInBrackets(*this);
    case Kind::kBytes:
    case Kind::kVoid:
      return "|" + name();
    case Kind::kObject:
      return "|O";
    case Kind::kStringDType:
    case Kind::kMlDtype:
    case Kind::kStruct:
      break;
  }
  return name();
}

int64_t Field::size() const { return dtype.itemsize * ItemCount(shape); }

bool operator==(const DType& a, const DType& b) {
  return a.kind == b.kind && a.itemsize == b.itemsize && a.big_endian == b.big_endian &&
         a.unit == b.unit && a.ml_name == b.ml_name && a.fields == b.fields;
}

bool operator==(const Field& a, const Field& b) {
  return a.name == b.name && a.has_title == b.has_title && a.title == b.title &&
         a.offset == b.offset && a.dtype == b.dtype && a.shape == b.shape;
}

bool HoldsObjects(const DType& dtype) {
  return dtype.kind == Kind::kObject || dtype.kind == Kind::kStringDType ||
         std::any_of(dtype.fields.begin(), dtype.fields.end(),
                     [](const Field& field) { return HoldsObjects(field.dtype); });
}

int64_t MaxFieldItems(const DType& dtype) {
  int64_t most = 1;
  for (const Field& field : dtype.fields) {
    int64_t items = MaxFieldItems(field.dtype);
    for (const int64_t dimension : field.shape) items *= std::max<int64_t>(dimension, 1);
    most = std::max(most, items);
  }
  return most;
}

}  // namespace tf_npz
