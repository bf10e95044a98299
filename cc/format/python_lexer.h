// The words of Python's literals: where they begin and end, and what numbers and strings say.
//
// Python's reference, https://docs.python.org/3.11/reference/lexical_analysis.html. How words make
// a literal is python_literal.h's subject.

#ifndef TF_NPZ_FORMAT_PYTHON_LEXER_H_
#define TF_NPZ_FORMAT_PYTHON_LEXER_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "cc/base/status.h"

namespace tf_npz {

// A position in a source, and what can be read there. Where a function fails, the position is
// undefined. Errors are DataLoss and name the byte of the source.
class PythonLexer {
 public:
  // Begins behind the spaces and tabs that literal_eval strips. `source` must outlive the lexer.
  // `python2`: as in PythonLiteralOptions.
  PythonLexer(std::string_view source, bool python2)
      : source_(source),
        python2_(python2),
        position_(std::min(source.find_first_not_of(" \t"), source.size())) {}

  // Whether the whole source is UTF-8 without NUL: Python takes no other.
  Status CheckText() const;

  // The next character, or NUL at the end.
  char Peek() const { return position_ < source_.size() ? source_[position_] : '\0'; }
  bool AtEnd() const { return position_ == source_.size(); }
  bool AtNewline() const { return Peek() == '\n' || Peek() == '\r'; }
  bool AtDigit() const { return Peek() >= '0' && Peek() <= '9'; }
  bool AtString() const;  // with a prefix or without
  size_t position() const { return position_; }
  int depth() const { return depth_; }  // open brackets

  // Reads spaces, comments and joined lines; within brackets line breaks too, which outside of
  // them end the literal.
  void SkipSpace();

  // Outside of brackets, at the beginning of a line: reads lines with nothing but comments, and the
  // indentation of the next. True where that is indented, with or without text after it.
  bool SkipLines();

  // Reads spaces and then `c`, or false.
  bool Take(char c);

  // Take for brackets, which are counted.
  bool Open(char bracket);
  bool Close(char bracket);

  // Reads an integer without its sign.
  Result<int64_t> ParseInteger();

  // Reads a string, or several, which Python joins.
  Result<std::string> ParseStrings();

  // Reads letters, digits and underscores, as many as there are.
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
