// Follows descr_to_dtype of numpy/lib/_format_impl.py step by step.

#include "cc/format/parse_descr.h"

#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cc/base/text.h"
#include "cc/format/dtype_builder.h"
#include "cc/format/dtype_string.h"

namespace tf_npz {
namespace {

using Kind = DType::Kind;
using Type = PythonLiteral::Type;

// The result of Python's `a, b = literal`. descr_to_dtype unpacks a field without checking its
// type, so the string "ab" is a field "a" of dtype "b".
struct Unpacked {
  std::vector<const PythonLiteral*> items;
  std::vector<PythonLiteral> characters;  // of a string: `items` point to them

  explicit Unpacked(const PythonLiteral& literal) {
    switch (literal.type) {
      case Type::kTuple:
      case Type::kList:
        items.reserve(literal.items.size());
        for (const PythonLiteral& item : literal.items) items.push_back(&item);
        break;
      case Type::kDict:
        UnpackKeys(literal);
        break;
      case Type::kString:
        UnpackCharacters(literal.text);
        break;
      case Type::kNone:
      case Type::kBool:
      case Type::kInt:
        break;
    }
  }
  Unpacked(const Unpacked&) = delete;
  Unpacked& operator=(const Unpacked&) = delete;

 private:
  // A key that appears twice counts once.
  void UnpackKeys(const PythonLiteral& dict) {
    std::set<std::string_view> seen;
    for (size_t i = 0; i < dict.items.size(); i += 2) {
      const PythonLiteral& key = dict.items[i];
      if (key.type != Type::kString || seen.insert(key.text).second) items.push_back(&key);
    }
  }

  void UnpackCharacters(std::string_view text) {
    for (const char c : text) {
      const bool continues = (static_cast<unsigned char>(c) & 0xC0) == 0x80;
      if (!continues || characters.empty()) {
        // A field has at most three parts, so more characters are not needed. The text may be as
        // long as a header.
        if (characters.size() == 4) break;
        characters.emplace_back();
        characters.back().type = Type::kString;
      }
      characters.back().text += c;
    }
    for (const PythonLiteral& character : characters) items.push_back(&character);
  }
};

struct FieldName {
  std::string name;
  std::optional<std::string> title;
  bool may_be_padding = false;
};

Result<FieldName> ParseFieldName(const PythonLiteral& literal) {
  const PythonLiteral* name = &literal;
  FieldName result;
  if (literal.type == Type::kTuple) {
    if (literal.items.size() != 2) {
      return DataLoss("name of a field is a tuple of " + std::to_string(literal.items.size()) +
                      " (expected a title and a name)");
    }
    const PythonLiteral& title = literal.items[0];
    if (title.type == Type::kString) result.title = title.text;
    name = &literal.items[1];
  }
  if (name->type != Type::kString) return DataLoss("name of a field is not a string");
  result.name = name->text;
  result.may_be_padding = name == &literal && result.name.empty();
  return result;
}

Status AddField(const PythonLiteral& literal, StructDTypeBuilder* builder) {
  const Unpacked field(literal);
  const size_t size = field.items.size();
  if (size != 2 && size != 3) {
    return DataLoss("field of a descr is not a tuple of a name, a descr and an optional shape");
  }
  TF_NPZ_ASSIGN_OR_RETURN(FieldName name, ParseFieldName(*field.items[0]));
  Result<Descr> type = ParseDescr(*field.items[1]);
  if (type.ok() && size == 3) type = MakeSubArray(*std::move(type), *field.items[2]);
  if (!type.ok()) return type.status().WithContext("field " + Quote(name.name) + ": ");

  // NumPy takes every sub-array for void, whatever its items are.
  const bool is_void = type->dtype.kind == Kind::kVoid || !type->shape.empty();
  if (name.may_be_padding && is_void) return builder->AddPadding(*type);
  return builder->Add(std::move(name.name), std::move(name.title), *std::move(type));
}

}  // namespace

Result<Descr> ParseDescr(const PythonLiteral& literal) {
  switch (literal.type) {
    case Type::kString:
      return ParseDTypeString(literal.text);
    case Type::kTuple: {
      // NumPy ignores everything after the shape.
      if (literal.items.size() < 2) {
        return DataLoss("descr is a tuple of " + std::to_string(literal.items.size()) +
                        " (expected a descr and a shape)");
      }
      TF_NPZ_ASSIGN_OR_RETURN(Descr base, ParseDescr(literal.items[0]));
      return MakeSubArray(std::move(base), literal.items[1]);
    }
    case Type::kList:
    case Type::kDict: {
      const Unpacked fields(literal);
      StructDTypeBuilder builder;
      for (const PythonLiteral* field : fields.items) {
        TF_NPZ_RETURN_IF_ERROR(AddField(*field, &builder));
      }
      return Descr{builder.Finish(), {}};
    }
    case Type::kNone:
    case Type::kBool:
    case Type::kInt:
      break;
  }
  return DataLoss("descr is neither a string nor a list of fields");
}

}  // namespace tf_npz
