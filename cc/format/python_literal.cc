#include "cc/format/python_literal.h"

#include <algorithm>

#include "cc/base/text.h"
#include "cc/format/python_lexer.h"

namespace tf_npz {
namespace {

// The most nested brackets. Dtypes nest less. A hostile header cannot use up the stack.
constexpr int kMaxDepth = 64;

// Returns true if `key` can be the key of a dict in Python.
bool IsHashable(const PythonLiteral& key) {
  return key.type != PythonLiteral::Type::kList && key.type != PythonLiteral::Type::kDict &&
         std::all_of(key.items.begin(), key.items.end(), IsHashable);
}

class Parser {
 public:
  Parser(std::string_view source, PythonLiteralOptions options)
      : lexer_(source, options.python2), options_(options) {}

  Result<PythonLiteral> ParseAll() {
    if (lexer_.SkipLines()) return lexer_.Error("unexpected indentation");
    TF_NPZ_ASSIGN_OR_RETURN(PythonLiteral value, ParseValue());
    lexer_.SkipSpace();
    const bool ends_indented = lexer_.AtNewline() && lexer_.SkipLines();
    if (!lexer_.AtEnd()) return lexer_.Error("expected the end of the header");
    if (ends_indented && !options_.python2) return lexer_.Error("unexpected indentation");
    // Last, because an error of the grammar has the better message.
    TF_NPZ_RETURN_IF_ERROR(lexer_.CheckText());
    return value;
  }

 private:
  using Type = PythonLiteral::Type;

  Result<PythonLiteral> ParseValue() {
    if (lexer_.depth() > kMaxDepth) return lexer_.Error("nested too deeply");
    lexer_.SkipSpace();
    PythonLiteral value;
    if (lexer_.AtString()) {
      value.type = Type::kString;
      TF_NPZ_ASSIGN_OR_RETURN(value.text, lexer_.ParseStrings());
      return value;
    }
    if (lexer_.AtDigit()) {
      value.type = Type::kInt;
      TF_NPZ_ASSIGN_OR_RETURN(value.integer, lexer_.ParseInteger());
      return value;
    }
    const char c = lexer_.Peek();
    if (c == '{') return ParseDict();
    if (c == '[') return ParseSequence('[', ']', Type::kList);
    if (c == '(') return ParseSequence('(', ')', Type::kTuple);
    if (c == '-' || c == '+') return ParseSignedInteger();
    return ParseName();
  }

  Result<PythonLiteral> ParseDict() {
    PythonLiteral dict;
    dict.type = Type::kDict;
    lexer_.Open('{');
    while (!lexer_.Close('}')) {
      const size_t start = lexer_.position();
      TF_NPZ_ASSIGN_OR_RETURN(PythonLiteral key, ParseValue());
      if (!IsHashable(key)) return lexer_.ErrorAt(start, "a list or a dict can't be a key");
      if (!lexer_.Take(':')) return lexer_.Error("expected ':'");
      TF_NPZ_ASSIGN_OR_RETURN(PythonLiteral value, ParseValue());
      dict.items.push_back(std::move(key));
      dict.items.push_back(std::move(value));
      if (lexer_.Take(',')) continue;
      if (lexer_.Close('}')) break;
      return lexer_.Error("expected ',' or '}'");
    }
    return dict;
  }

  // Parses a list, a tuple, or a value in parentheses: in Python `(4)` is 4 and `(4,)` is a tuple.
  Result<PythonLiteral> ParseSequence(char open, char close, Type type) {
    PythonLiteral sequence;
    sequence.type = type;
    bool comma = false;
    lexer_.Open(open);
    while (!lexer_.Close(close)) {
      TF_NPZ_ASSIGN_OR_RETURN(PythonLiteral item, ParseValue());
      sequence.items.push_back(std::move(item));
      if (lexer_.Take(',')) {
        comma = true;
        continue;
      }
      if (lexer_.Close(close)) break;
      return lexer_.Error(std::string("expected ',' or '") + close + "'");
    }
    if (type == Type::kTuple && sequence.items.size() == 1 && !comma) {
      PythonLiteral only = std::move(sequence.items[0]);
      return only;
    }
    return sequence;
  }

  // literal_eval accepts one sign before an integer. The integer may be in parentheses: `- (4)`.
  Result<PythonLiteral> ParseSignedInteger() {
    const bool negative = lexer_.Take('-');
    if (!negative) lexer_.Take('+');
    const int depth = lexer_.depth();
    while (lexer_.Open('(')) {
      if (lexer_.depth() > kMaxDepth) return lexer_.Error("nested too deeply");
    }
    PythonLiteral value;
    value.type = Type::kInt;
    TF_NPZ_ASSIGN_OR_RETURN(value.integer, lexer_.ParseInteger());
    if (negative) value.integer = -value.integer;
    while (lexer_.depth() > depth) {
      if (!lexer_.Close(')')) return lexer_.Error("expected ')'");
    }
    return value;
  }

  // Parses True, False or None.
  Result<PythonLiteral> ParseName() {
    const size_t start = lexer_.position();
    const std::string_view name = lexer_.ParseWord();
    if (name.empty()) return lexer_.Error("expected a value");
    PythonLiteral value;
    if (name == "True" || name == "False") {
      value.type = Type::kBool;
      value.integer = name == "True";
    } else if (name != "None") {
      return lexer_.ErrorAt(start, "unexpected name " + Quote(name));
    }
    return value;
  }

  PythonLexer lexer_;
  const PythonLiteralOptions options_;
};

}  // namespace

const PythonLiteral* PythonLiteral::Find(std::string_view key) const {
  const PythonLiteral* found = nullptr;
  if (type != Type::kDict) return nullptr;
  for (size_t i = 0; i + 1 < items.size(); i += 2) {
    if (items[i].type == Type::kString && items[i].text == key) found = &items[i + 1];
  }
  return found;
}

Result<PythonLiteral> ParsePythonLiteral(std::string_view source, PythonLiteralOptions options) {
  return Parser(source, options).ParseAll();
}

}  // namespace tf_npz
