// PythonLexer: reads the words of Python literals, such as numbers, strings and brackets.
// python_literal.h puts the words together.
//
// Python's reference: https://docs.python.org/3.11/reference/lexical_analysis.html

#ifndef TF_NPZ_FORMAT_PYTHON_LEXER_H_
#define TF_NPZ_FORMAT_PYTHON_LEXER_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "cc/base/status.h"

namespace tf_npz {

// A position in a source text, with functions that read the next word there. After an error the
// position is undefined. Errors are DataLoss and name the byte of the source. Not thread-safe.
class PythonLexer {
 public:
  // Begins after the first spaces and tabs, which literal_eval strips. `source` must outlive the
  // lexer. `python2` is that of PythonLiteralOptions.
  PythonLexer(std::string_view source, bool python2)
      : source_(source),
        python2_(python2),
        position_(std::min(source.find_first_not_of(" \t"), source.size())) {}

  // Checks that the whole source is UTF-8 without NUL. Python refuses other text.
  Status CheckText() const;

  // The next character, or NUL at the end.
  char Peek() const { return position_ < source_.size() ? source_[position_] : '\0'; }
  bool AtEnd() const { return position_ == source_.size(); }
  bool AtNewline() const { return Peek() == '\n' || Peek() == '\r'; }
  bool AtDigit() const { return Peek() >= '0' && Peek() <= '9'; }
  bool AtString() const;  // with a prefix or without
  size_t position() const { return position_; }
  int depth() const { return depth_; }  // open brackets

  // Skips spaces, comments and joined lines. Inside brackets it also skips line breaks; outside of
  // brackets they end the literal.
  void SkipSpace();

  // Call it outside of brackets, at the beginning of a line. Skips lines that are empty or hold
  // only comments, and the indentation of the next line. Returns true if that line is indented,
  // also if it has no text.
  bool SkipLines();

  // Skips spaces. If the next character is `c`, reads it and returns true.
  bool Take(char c);

  // Take for brackets. depth() counts them.
  bool Open(char bracket);
  bool Close(char bracket);

  // Reads an integer without its sign.
  Result<int64_t> ParseInteger();

  // Reads one or more strings in a row. Python joins them.
  Result<std::string> ParseStrings();

  // Reads letters, digits and underscores up to the next other character. May be empty.
  std::string_view ParseWord();

  Status Error(std::string_view what) const { return ErrorAt(position_, what); }
  Status ErrorAt(size_t position, std::string_view what) const;

 private:
  bool TakeBlank();
  bool TakeNewline();
  bool TakeComment();
  bool TakeJoinedLine();
  void SkipLongSuffixes();
  Status ParseString(std::string* text);
  Status ParseEscape(std::string* text);

  const std::string_view source_;
  const bool python2_;
  size_t position_;
  int depth_ = 0;
};

}  // namespace tf_npz

#endif  // TF_NPZ_FORMAT_PYTHON_LEXER_H_
