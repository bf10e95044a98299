// The grammar of dtypes with commas or repeats: "i4, >f4", "(2, 3)f8", "3f4".
//
// NumPy's document: https://numpy.org/doc/stable/reference/arrays.dtypes.html, "String with
// comma-separated fields"; the grammar is that of _commastring in numpy/_core/_internal.py.

#ifndef TF_NPZ_FORMAT_COMMA_STRING_H_
#define TF_NPZ_FORMAT_COMMA_STRING_H_

#include <optional>
#include <string>
#include <string_view>

#include "cc/base/status.h"
#include "cc/format/python_literal.h"

namespace tf_npz {

// Whether `c` is one of NumPy's signs of a byte order.
inline bool IsByteOrder(char c) { return c == '<' || c == '>' || c == '=' || c == '|'; }

// Whether NumPy reads `text` so, rather than as one dtype.
bool IsCommaString(std::string_view text);

// Takes the fields off a string, which must outlive it.
class CommaString {
 public:
  explicit CommaString(std::string_view text) : rest_(text) {}

  struct Item {
    std::string dtype;                     // may be empty, and a comma string itself
    std::optional<PythonLiteral> repeats;  // an integer or a tuple
  };
  // The next field; only where not done().
  Result<Item> Next();

  bool done() const { return rest_.empty(); }
  // Whether a comma stood behind a field taken so far.
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
