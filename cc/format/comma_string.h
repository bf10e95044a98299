// CommaString: splits a dtype string with commas or repeats, "i4, >f4", "(2, 3)f8" or "3f4", into
// its parts.
//
// NumPy's document: https://numpy.org/doc/stable/reference/arrays.dtypes.html, "String with
// comma-separated fields". The grammar is that of _commastring in numpy/_core/_internal.py.

#ifndef TF_NPZ_FORMAT_COMMA_STRING_H_
#define TF_NPZ_FORMAT_COMMA_STRING_H_

#include <optional>
#include <string>
#include <string_view>

#include "cc/base/status.h"
#include "cc/format/python_literal.h"

namespace tf_npz {

// Returns true if `c` is one of NumPy's signs of byte order.
inline bool IsByteOrder(char c) { return c == '<' || c == '>' || c == '=' || c == '|'; }

// Returns true if NumPy reads `text` by this grammar. Otherwise it reads `text` as a single dtype.
bool IsCommaString(std::string_view text);

// Takes the parts off a string, from the first to the last. The string must outlive it. Not
// thread-safe.
class CommaString {
 public:
  explicit CommaString(std::string_view text) : rest_(text) {}

  // The text between two commas.
  struct Part {
    std::string dtype;                     // may be empty, and may be a comma string itself
    std::optional<PythonLiteral> repeats;  // an integer or a tuple
  };
  // The next part. Call it only if not done(). Errors are DataLoss.
  Result<Part> Next();

  bool done() const { return rest_.empty(); }
  // Returns true if a comma followed one of the parts taken so far.
  bool has_comma() const { return has_comma_; }

 private:
  std::string_view Take(size_t size);
  std::string_view TakeOrder();
  std::string_view TakeRepeats();
  std::string_view TakeDType();
  void SkipSpaces();
  bool TakeSeparator();

  std::string_view rest_;
  bool has_comma_ = false;
};

}  // namespace tf_npz

#endif  // TF_NPZ_FORMAT_COMMA_STRING_H_
