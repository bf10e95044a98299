// A reader of Python literals: the language that `.npy` headers are written in.
//
// NumPy evaluates a header with `ast.literal_eval` (NEP 1; numpy/lib/_format_impl.py,
// `_read_array_header`), so what that takes must be taken here: any spacing, comments, quotes,
// number spellings. Nothing is ever executed.
//
// What no dtype, shape or flag can be is an error: floats, complex numbers, bytes, sets, `...`,
// integers beyond 64 bits, strings with lone surrogates or `\N{name}`, more than 64 brackets in one
// another. To NumPy these may be where they do no harm: in a value that stands before another of
// the same key, as the title of a field; and a set, or bytes without a byte, as a list of fields.

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
  std::vector<PythonLiteral> items;  // kTuple, kList; kDict: key, value, key, value, …

  // The value under string key `key` of a dict, the last one where it stands twice; null where
  // there is none.
  const PythonLiteral* Find(std::string_view key) const;
};

struct PythonLiteralOptions {
  // Takes what NumPy takes in headers 1.0 and 2.0, which Python 2 may have written: where Python
  // refuses a header, NumPy's `_filter_header` drops the L of long integers (`4L`) and spaces on a
  // last line. To that filter form feeds and backslashes outside of the dict, and carriage returns
  // without line feeds, mean something else than to Python; here they mean the same in all headers.
  bool python2 = false;
};

// Parses `source` (UTF-8), which must hold one literal and nothing else. Errors are DataLoss and
// name the byte of `source`.
Result<PythonLiteral> ParsePythonLiteral(std::string_view source,
                                         PythonLiteralOptions options = {});

}  // namespace tf_npz

#endif  // TF_NPZ_FORMAT_PYTHON_LITERAL_H_
