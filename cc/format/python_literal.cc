#include "tf_npz/format/python_literal.h"

#include "tf_npz/base/checked.h"
#include "tf_npz/base/text.h"

namespace tf_npz {
namespace {

// Deeper than any dtype nests; keeps a hostile header from using up the stack.
constexpr int kMaxDepth = 64;

bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsIdentifierStart(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

// The value of `c` as a digit, or 99.
int DigitValue(char c) {
  if (IsDigit(c)) return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return 99;
}

void AppendUtf8(uint32_t code_point, std::string* text) {
  const auto put = [text](uint32_t byte) { text->push_back(static_cast<char>(byte)); };
  if (code_point < 0x80) {
    put(code_point);
  } else if (code_point < 0x800) {
    put(0xC0 | code_point >> 6);
    put(0x80 | (code_point & 0x3F));
  } else if (code_point < 0x10000) {
    put(0xE0 | code_point >> 12);
    put(0x80 | (code_point >> 6 & 0x3F));
    put(0x80 | (code_point & 0x3F));
  } else {
    put(0xF0 | code_point >> 18);
    put(0x80 | (code_point >> 12 & 0x3F));
    put(0x80 | (code_point >> 6 & 0x3F));
    put(0x80 | (code_point & 0x3F));
  }
}

class Parser {
 public:
  Parser(std::string_view source, PythonLiteralOptions options)
      : source_(source), options_(options) {}

  Result<PythonLiteral> ParseAll() {
    TF_NPZ_ASSIGN_OR_RETURN(PythonLiteral value, ParseValue(0));
    SkipSpace();
    if (position_ < source_.size()) return Error("expected the end of the header");
    return value;
  }

 private:
  using Type = PythonLiteral::Type;

  Result<PythonLiteral> ParseValue(int depth) {
    if (depth > kMaxDepth) return Error("nested too deeply");
    SkipSpace();
    const char c = Peek();
    if (c == '{') return ParseDict(depth);
    if (c == '[') return ParseSequence('[', ']', Type::kList, depth);
    if (c == '(') return ParseSequence('(', ')', Type::kTuple, depth);
    if (c == '-' || c == '+' || IsDigit(c)) return ParseInteger();
    if (c == '\'' || c == '"') return ParseStrings();
    if (IsIdentifierStart(c)) return ParseWord();
    return Error("expected a value");
  }

  Result<PythonLiteral> ParseDict(int depth) {
    ++position_;
    PythonLiteral dict;
    dict.type = Type::kDict;
    while (!Take('}')) {
      TF_NPZ_ASSIGN_OR_RETURN(PythonLiteral key, ParseValue(depth + 1));
      if (!Take(':')) return Error("expected ':'");
      TF_NPZ_ASSIGN_OR_RETURN(PythonLiteral value, ParseValue(depth + 1));
      dict.items.push_back(std::move(key));
      dict.items.push_back(std::move(value));
      if (Take(',')) continue;
      if (Take('}')) break;
      return Error("expected ',' or '}'");
    }
    return dict;
  }

  // A list, a tuple, or, as in Python, a value in parentheses: `(4)` is 4 and `(4,)` a tuple.
  Result<PythonLiteral> ParseSequence(char open, char close, Type type, int depth) {
    ++position_;
    PythonLiteral sequence;
    sequence.type = type;
    bool comma = false;
    while (!Take(close)) {
      TF_NPZ_ASSIGN_OR_RETURN(PythonLiteral item, ParseValue(depth + 1));
      sequence.items.push_back(std::move(item));
      if (Take(',')) {
        comma = true;
        continue;
      }
      if (Take(close)) break;
      return Error(std::string("expected ',' or '") + close + "'");
    }
    if (open == '(' && sequence.items.size() == 1 && !comma) {
      PythonLiteral only = std::move(sequence.items[0]);
      return only;
    }
    return sequence;
  }

  Result<PythonLiteral> ParseInteger() {
    const size_t start = position_;
    bool negative = false;
    while (Peek() == '-' || Peek() == '+') {
      negative ^= Peek() == '-';
      ++position_;
      SkipSpace();
    }
    int base = 10;
    if (Peek() == '0' && position_ + 1 < source_.size()) {
      const char marker = static_cast<char>(source_[position_ + 1] | 0x20);
      base = marker == 'x' ? 16 : marker == 'o' ? 8 : marker == 'b' ? 2 : 10;
    }
    if (base != 10) position_ += 2;
    const size_t digits_start = position_;
    uint64_t magnitude = 0;
    bool after_digit = base != 10;  // an underscore may stand between digits and after "0x"
    while (position_ < source_.size()) {
      const char c = source_[position_];
      if (c == '_' && after_digit) {
        after_digit = false;
      } else if (DigitValue(c) < base) {
        after_digit = true;
        if (!CheckedMultiply<uint64_t>(magnitude, base, &magnitude) ||
            !CheckedAdd<uint64_t>(magnitude, DigitValue(c), &magnitude) || magnitude > INT64_MAX) {
          return ErrorAt(start, "integer too large");
        }
      } else {
        break;
      }
      ++position_;
    }
    const std::string_view digits = source_.substr(digits_start, position_ - digits_start);
    if (digits.empty() || !after_digit) return ErrorAt(start, "expected an integer");
    if (base == 10 && digits.size() > 1 && digits[0] == '0' && magnitude != 0) {
      return ErrorAt(start, "an integer may not begin with 0");
    }
    if (options_.allow_long_suffix && Peek() == 'L') ++position_;
    if (Peek() == '.' || IsIdentifierStart(Peek()) || IsDigit(Peek())) {
      return ErrorAt(start, "expected an integer");
    }
    PythonLiteral value;
    value.type = Type::kInt;
    value.integer = negative ? -static_cast<int64_t>(magnitude) : static_cast<int64_t>(magnitude);
    return value;
  }

  // True, False, None, or the prefix of a string.
  Result<PythonLiteral> ParseWord() {
    const size_t start = position_;
    size_t end = start;
    while (end < source_.size() && (IsIdentifierStart(source_[end]) || IsDigit(source_[end])))
      ++end;
    const std::string_view word = source_.substr(start, end - start);
    if (end < source_.size() && (source_[end] == '\'' || source_[end] == '"'))
      return ParseStrings();
    PythonLiteral value;
    if (word == "True" || word == "False") {
      value.type = Type::kBool;
      value.integer = word == "True";
    } else if (word != "None") {
      return Error("unexpected name " + Quote(word));
    }
    position_ = end;
    return value;
  }

  // One string or several, which Python joins.
  Result<PythonLiteral> ParseStrings() {
    PythonLiteral value;
    value.type = Type::kString;
    do {
      bool raw = false;
      if (IsIdentifierStart(Peek())) {
        const char prefix = static_cast<char>(Peek() | 0x20);
        if (prefix != 'u' && prefix != 'r') return Error("unsupported kind of string");
        raw = prefix == 'r';
        ++position_;
        if (Peek() != '\'' && Peek() != '"') return Error("unsupported kind of string");
      }
      TF_NPZ_RETURN_IF_ERROR(ParseString(raw, &value.text));
      SkipSpace();
    } while (StringFollows());
    return value;
  }

  bool StringFollows() const {
    const auto is_quote = [this](size_t i) {
      return i < source_.size() && (source_[i] == '\'' || source_[i] == '"');
    };
    return is_quote(position_) || (IsIdentifierStart(Peek()) && is_quote(position_ + 1));
  }

  Status ParseString(bool raw, std::string* text) {
    const size_t start = position_;
    const char quote = source_[position_];
    const std::string triple(3, quote);
    const bool long_string = source_.substr(position_, 3) == triple;
    const std::string_view end = std::string_view(triple).substr(0, long_string ? 3 : 1);
    position_ += end.size();
    while (source_.substr(position_, end.size()) != end) {
      if (position_ >= source_.size() || (source_[position_] == '\n' && !long_string)) {
        return ErrorAt(start, "string without its closing quote");
      }
      if (source_[position_] != '\\') {
        text->push_back(source_[position_++]);
      } else if (raw) {
        const std::string_view pair = source_.substr(position_, 2);
        text->append(pair);
        position_ += pair.size();
      } else {
        TF_NPZ_RETURN_IF_ERROR(ParseEscape(text));
      }
    }
    position_ += end.size();
    return OkStatus();
  }

  // Python's reference, 2.4.1.1 Escape sequences. `\N{name}` is an error: it needs Unicode's table
  // of names.
  Status ParseEscape(std::string* text) {
    const size_t start = position_;
    ++position_;
    const char c = Peek();
    ++position_;
    static constexpr std::string_view kLetters = "\\'\"abfnrtv";
    static constexpr std::string_view kMeanings = "\\'\"\a\b\f\n\r\t\v";
    if (const size_t i = kLetters.find(c); c != '\0' && i != std::string_view::npos) {
      text->push_back(kMeanings[i]);
      return OkStatus();
    }
    if (c == '\n') return OkStatus();  // a line joined to the next
    size_t digits = c == 'x' ? 2 : c == 'u' ? 4 : c == 'U' ? 8 : 0;
    uint32_t code_point = 0;
    if (digits > 0) {
      for (; digits > 0; --digits, ++position_) {
        const int digit = DigitValue(Peek());
        if (digit >= 16) return ErrorAt(start, "malformed escape");
        code_point = code_point << 4 | static_cast<uint32_t>(digit);
      }
    } else if (DigitValue(c) < 8) {
      code_point = static_cast<uint32_t>(DigitValue(c));
      for (int i = 0; i < 2 && DigitValue(Peek()) < 8; ++i, ++position_) {
        code_point = code_point << 3 | static_cast<uint32_t>(DigitValue(Peek()));
      }
    } else if (c == 'N' || position_ > source_.size()) {
      return ErrorAt(start, "unsupported escape");
    } else {
      // Python keeps the backslash of an escape that it does not know.
      text->push_back('\\');
      text->push_back(c);
      return OkStatus();
    }
    if (code_point > 0x10FFFF || (code_point >= 0xD800 && code_point < 0xE000)) {
      return ErrorAt(start, "escape outside Unicode");
    }
    AppendUtf8(code_point, text);
    return OkStatus();
  }

  void SkipSpace() {
    while (position_ < source_.size()) {
      const char c = source_[position_];
      if (c == '#') {
        while (position_ < source_.size() && source_[position_] != '\n') ++position_;
      } else if (c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f') {
        ++position_;
      } else {
        return;
      }
    }
  }

  bool Take(char c) {
    SkipSpace();
    if (Peek() != c) return false;
    ++position_;
    return true;
  }

  // The next character, or NUL at the end.
  char Peek() const { return position_ < source_.size() ? source_[position_] : '\0'; }

  Status Error(std::string_view what) const { return ErrorAt(position_, what); }
  Status ErrorAt(size_t position, std::string_view what) const {
    std::string found = position < source_.size() ? Quote(source_.substr(position), 20) : "the end";
    return DataLoss(std::string(what) + " at byte " + std::to_string(position) + " (got " + found +
                    ")");
  }

  const std::string_view source_;
  const PythonLiteralOptions options_;
  size_t position_ = 0;
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
