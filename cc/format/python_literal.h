// Parses Python literals: an .npy header is written in this language.
//
// NumPy evaluates a header with `ast.literal_eval` (NEP 1; numpy/lib/_format_impl.py,
// `_read_array_header`). So everything that literal_eval accepts is accepted here: any spacing,
// comments, quotes and spellings of numbers. Nothing is ever executed.
//
// Values that cannot be part of a dtype, a shape or a flag are errors: floats, complex numbers,
// bytes, sets, `...`, integers of more than 64 bits, strings with lone surrogates or `\N{name}`,
// and more than 64 nested brackets. NumPy accepts these where it does not use them: in a value that
// a later value of the same key replaces, and as the title of a field. It also accepts a set, or
// bytes of length 0, as a list of fields.

#ifndef TF_NPZ_FORMAT_PYTHON_LITERAL_H_
#define TF_NPZ_FORMAT_PYTHON_LITERAL_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "cc/base/status.h"

namespace tf_npz {

struct PythonLiteral {
  enum class Type : uint8_t { kNone, kBool, kInt, kString, kTuple, kList, kDict };

  Type type = Type::kNone;
  int64_t integer = 0;               // kInt; kBool: 0 or 1
  std::string text;                  // kString, in UTF-8
  std::vector<PythonLiteral> items;  // kTuple, kList: the values; kDict: key, value, key, value, …

  // The value of the string key `key` of a dict, or null if there is none. If the key appears
  // twice, the last value counts.
  const PythonLiteral* Find(std::string_view key) const;
};

struct PythonLiteralOptions {
  // If true, accepts what NumPy accepts in headers of version 1.0 and 2.0: Python 2 may have
  // written them. If Python refuses such a header, NumPy's `_filter_header` removes the L of long
  // integers (`4L`) and the spaces on the last line, and tries again. That filter reads form feeds
  // and backslashes outside of the dict, and carriage returns without line feeds, in its own way.
  // Here they have Python's meaning in all headers.
  bool python2 = false;
};

// Parses `source`, UTF-8 text that must hold one literal and nothing else. Errors are DataLoss and
// name the byte of `source`. Pure; any thread may call it.
Result<PythonLiteral> ParsePythonLiteral(std::string_view source,
                                         PythonLiteralOptions options = {});

}  // namespace tf_npz

#endif  // TF_NPZ_FORMAT_PYTHON_LITERAL_H_
