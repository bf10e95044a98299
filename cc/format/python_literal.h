// A reader of Python literals: the language that `.npy` headers are written in.
//
// NumPy evaluates a header with `ast.literal_eval` (NEP 1; numpy/lib/format.py,
// `_read_array_header`), so what that takes must be taken here: any spacing, comments, quotes,
// number spellings. What an `.npy` header can't use (floats, bytes, sets, arithmetic) is an error.
// Nothing is ever executed.

#ifndef TF_NPZ_FORMAT_PYTHON_LITERAL_H_
#define TF_NPZ_FORMAT_PYTHON_LITERAL_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "tf_npz/base/status.h"

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
  // Python 2 wrote long integers as `4L`; NumPy reads them in headers 1.0 and 2.0.
  bool allow_long_suffix = false;
};

// Parses `source` (UTF-8), which must hold one literal and nothing else. Errors are DataLoss and
// name the byte of `source`.
Result<PythonLiteral> ParsePythonLiteral(std::string_view source,
                                         PythonLiteralOptions options = {});

}  // namespace tf_npz

#endif  // TF_NPZ_FORMAT_PYTHON_LITERAL_H_
