#include "cc/format/python_lexer.h"

#include "cc/base/checked.h"
#include "cc/base/text.h"
#include "cc/base/utf8.h"

namespace tf_npz {
namespace {

bool IsLetter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool IsQuote(char c) { return c == '\'' || c == '"'; }

// The value of `c` as a hexadecimal digit, or 99 if it is none.
int DigitValue(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return 99;
}

}  // namespace

Status PythonLexer::CheckText() const {
  for (size_t i = 0, length = 0; i < source_.size(); i += length) {
    if (source_[i] == '\0') return ErrorAt(i, "unexpected NUL");
    length = Utf8SequenceLength(source_.substr(i));
    if (length == 0) return ErrorAt(i, "malformed UTF-8");
  }
  return OkStatus();
}

bool PythonLexer::AtString() const {
  size_t i = position_;
  while (i < source_.size() && IsLetter(source_[i])) ++i;
  return i < source_.size() && IsQuote(source_[i]);
}

// 2.1 Line structure. A line ends with LF, CR or both.

void PythonLexer::SkipSpace() {
  while (TakeBlank() || TakeComment() || TakeJoinedLine() || (depth_ > 0 && TakeNewline())) {
  }
}

bool PythonLexer::SkipLines() {
  bool indented = false;
  bool joined_indented = false;  // a line joined to this one by a backslash was indented
  while (true) {
    if (TakeNewline() || TakeComment()) {
      indented = joined_indented = false;
    } else if (TakeJoinedLine()) {
      joined_indented |= indented;
    } else if (const char blank = Peek(); TakeBlank()) {
      indented = blank != '\f';
    } else {
      return indented || joined_indented;
    }
  }
}

bool PythonLexer::TakeBlank() {
  if (Peek() != ' ' && Peek() != '\t' && Peek() != '\f') return false;
  ++position_;
  return true;
}

bool PythonLexer::TakeNewline() {
  if (!AtNewline()) return false;
  position_ += source_.substr(position_, 2) == "\r\n" ? 2 : 1;
  return true;
}

bool PythonLexer::TakeComment() {
  if (Peek() != '#') return false;
  while (!AtEnd() && !AtNewline()) ++position_;
  return true;
}

// Takes a backslash that joins its line to the next line. There must be a next line.
bool PythonLexer::TakeJoinedLine() {
  const size_t start = position_;
  if (Peek() != '\\') return false;
  ++position_;
  if (TakeNewline() && !AtEnd()) return true;
  position_ = start;
  return false;
}

bool PythonLexer::Take(char c) {
  SkipSpace();
  if (Peek() != c) return false;
  ++position_;
  return true;
}

bool PythonLexer::Open(char bracket) {
  if (!Take(bracket)) return false;
  ++depth_;
  return true;
}

bool PythonLexer::Close(char bracket) {
  if (!Take(bracket)) return false;
  --depth_;
  return true;
}

// 2.4.4 Integer literals.
Result<int64_t> PythonLexer::ParseInteger() {
  const size_t start = position_;
  int base = 10;
  if (Peek() == '0' && position_ + 1 < source_.size()) {
    const char marker = static_cast<char>(source_[position_ + 1] | 0x20);
    base = marker == 'x' ? 16 : marker == 'o' ? 8 : marker == 'b' ? 2 : 10;
  }
  if (base != 10) position_ += 2;
  const size_t digits_start = position_;
  uint64_t magnitude = 0;
  bool after_digit = base != 10;  // an underscore is allowed between digits and after "0x"
  for (; !AtEnd(); ++position_) {
    if (Peek() == '_' && after_digit) {
      after_digit = false;
    } else if (const int digit = DigitValue(Peek()); digit < base) {
      after_digit = true;
      if (!CheckedMultiply<uint64_t>(magnitude, base, &magnitude) ||
          !CheckedAdd<uint64_t>(magnitude, digit, &magnitude) || magnitude > INT64_MAX) {
        return ErrorAt(start, "integer too large");
      }
    } else {
      break;
    }
  }
  const std::string_view digits = source_.substr(digits_start, position_ - digits_start);
  if (digits.empty() || !after_digit) return ErrorAt(start, "expected an integer");
  if (base == 10 && digits.size() > 1 && digits[0] == '0' && magnitude != 0) {
    return ErrorAt(start, "an integer may not begin with 0");
  }
  if (python2_) SkipLongSuffixes();
  if (Peek() == '.' || IsLetter(Peek()) || AtDigit()) return ErrorAt(start, "expected an integer");
  return static_cast<int64_t>(magnitude);
}

// `_filter_header` treats the L as a word of its own: `4 L` and `4 L L` are 4, but `4LL` is an
// error.
void PythonLexer::SkipLongSuffixes() {
  size_t end;
  do {
    end = position_;
    while (TakeBlank() || TakeJoinedLine()) {
    }
  } while (ParseWord() == "L");
  position_ = end;
}

std::string_view PythonLexer::ParseWord() {
  const size_t start = position_;
  while (IsLetter(Peek()) || AtDigit()) ++position_;
  return source_.substr(start, position_ - start);
}

// 2.4.2 String literal concatenation.
Result<std::string> PythonLexer::ParseStrings() {
  std::string text;
  do {
    TF_NPZ_RETURN_IF_ERROR(ParseString(&text));
    SkipSpace();
  } while (AtString());
  return text;
}

// 2.4.1 String literals. The prefixes u and r are supported. Strings with other prefixes (b, f) are
// not plain text.
Status PythonLexer::ParseString(std::string* text) {
  const size_t start = position_;
  const char prefix = IsQuote(Peek()) ? '\0' : static_cast<char>(source_[position_++] | 0x20);
  const bool raw = prefix == 'r';
  if ((prefix != '\0' && prefix != 'u' && prefix != 'r') || !IsQuote(Peek())) {
    return ErrorAt(start, "unsupported kind of string");
  }
  const std::string triple(3, Peek());
  const bool long_string = source_.substr(position_, 3) == triple;
  const std::string_view end = std::string_view(triple).substr(0, long_string ? 3 : 1);
  position_ += end.size();
  while (source_.substr(position_, end.size()) != end) {
    if (AtEnd() || (AtNewline() && !long_string)) {
      return ErrorAt(start, "string without its closing quote");
    }
    if (Peek() == '\\' && !raw) {
      TF_NPZ_RETURN_IF_ERROR(ParseEscape(text));
      continue;
    }
    // In a raw string too, a quote after a backslash does not end the string.
    if (Peek() == '\\') text->push_back(source_[position_++]);
    if (TakeNewline()) {
      text->push_back('\n');
    } else if (!AtEnd()) {
      text->push_back(source_[position_++]);
    }
  }
  position_ += end.size();
  return OkStatus();
}

// 2.4.1.1 Escape sequences. `\N{name}` is an error: it needs Unicode's table of names.
Status PythonLexer::ParseEscape(std::string* text) {
  const size_t start = position_;
  ++position_;
  if (AtEnd()) return ErrorAt(start, "unsupported escape");
  if (TakeNewline()) return OkStatus();  // a line joined to the next
  const char c = source_[position_++];
  static constexpr std::string_view kLetters = "\\'\"abfnrtv";
  static constexpr std::string_view kMeanings = "\\'\"\a\b\f\n\r\t\v";
  if (const size_t i = kLetters.find(c); i != std::string_view::npos) {
    text->push_back(kMeanings[i]);
    return OkStatus();
  }
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
  } else if (c == 'N') {
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

Status PythonLexer::ErrorAt(size_t position, std::string_view what) const {
  const std::string got =
      position < source_.size() ? Quote(source_.substr(position), 20) : "the end";
  return DataLoss(std::string(what) + " at byte " + std::to_string(position) + " (got " + got +
                  ")");
}

}  // namespace tf_npz
