// DType: what one item of an array is, as a value.
//
// NumPy's documents: https://numpy.org/doc/stable/reference/arrays.dtypes.html, and
// numpy.lib.format's `descr_to_dtype` for how an `.npy` header spells one: "<f4", "|S5", "<M8[ns]",
// or a list of fields.

#ifndef TF_NPZ_FORMAT_DTYPE_H_
#define TF_NPZ_FORMAT_DTYPE_H_

#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "tf_npz/base/status.h"
#include "tf_npz/format/python_literal.h"

namespace tf_npz {

struct Field;

struct DType {
  enum class Kind : uint8_t {
    kBool,
    kInt,
    kUInt,
    kFloat,
    kComplex,
    kBytes,        // S: itemsize bytes, padded with NULs
    kUnicode,      // U: itemsize / 4 code points in UTF-32, padded with NULs
    kDateTime,     // M8: int64 in `unit`
    kTimeDelta,    // m8
    kVoid,         // V: bytes without a meaning
    kObject,       // O: the array is a pickle
    kStringDType,  // T: the array is a pickle
    kMlDtype,      // of the package ml_dtypes: `ml_name` says which
    kStruct,       // fields
  };

  Kind kind = Kind::kFloat;
  int64_t itemsize = 4;     // bytes of one item; kMaxItemSize at most
  bool big_endian = false;  // false where the order has no meaning, and for kStruct
  std::string unit;         // kDateTime, kTimeDelta: "ns", "25s"; empty where NumPy says "generic"
  std::string ml_name;      // kMlDtype: "bfloat16"
  std::vector<Field> fields;  // kStruct, in the order of their offsets, which never overlap

  // The size of what byte order applies to: a complex number is two of these, a code point is 4.
  int swap_size() const;

  // As NumPy's constructor takes it, without byte order: "float32", "S5", "U5", "datetime64[ns]",
  // "V3", "object", "bfloat16"; of a kStruct the descr's text.
  std::string name() const;
  // NumPy's `dtype.descr`, as Python writes it: "<f4" (without quotes) or "[('x', '<f4', (3,)),
  // ('', '|V4')]".
  std::string descr() const;
};

// One field of a structured dtype.
struct Field {
  std::string name;
  std::string title;  // where has_title
  bool has_title = false;
  int64_t offset = 0;          // from the beginning of the item
  DType dtype;                 // of one item of the sub-array, where there is one
  std::vector<int64_t> shape;  // of the sub-array; empty: none

  int64_t size() const;  // bytes
};

bool operator==(const DType& a, const DType& b);
bool operator==(const Field& a, const Field& b);

// NumPy's own limit: the size of an item is a C int.
inline constexpr int64_t kMaxItemSize = std::numeric_limits<int32_t>::max();

// What a descr stands for: at its outermost it may be a sub-array.
struct Descr {
  DType dtype;
  std::vector<int64_t> shape;
};

// The dtype that a header's `descr` stands for: DataLoss for what NumPy would not take. Dtypes of
// which no tensor can be made are parsed like others; element_type.h says which these are.
Result<Descr> ParseDescr(const PythonLiteral& descr);

// The same for a string: what numpy.dtype(text) takes.
Result<Descr> ParseDescrString(std::string_view text);

}  // namespace tf_npz

#endif  // TF_NPZ_FORMAT_DTYPE_H_
