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
#include <vector>

namespace tf_npz {

struct Field;

struct DType {
  enum class Kind : uint8_t {
    kBool,
    kInt,
    kUInt,
    kFloat,        // of 16 bytes too: float128
    kComplex,      // of 32 bytes too: complex256
    kBytes,        // S: itemsize bytes, padded with NULs
    kUnicode,      // U: itemsize / 4 code points in UTF-32, padded with NULs
    kDateTime,     // M8: int64 in `unit`
    kTimeDelta,    // m8
    kVoid,         // V: bytes without a meaning
    kObject,       // O: the array is a pickle
    kStringDType,  // T: the array is a pickle
    kMlDtype,      // of the package ml_dtypes: `ml_name` says which
    kStruct,       // fields, perhaps none
  };

  Kind kind = Kind::kFloat;
  int64_t itemsize = 4;     // bytes of one item; kMaxItemSize at most, 0 for "S0", "V0" and []
  bool big_endian = false;  // false where the order has no meaning, and for kStruct
  std::string unit;         // kDateTime, kTimeDelta: "ns", "25s"; empty where NumPy says "generic"
  std::string ml_name;      // kMlDtype: "bfloat16"
  std::vector<Field> fields;  // kStruct, in the order of their offsets, which never overlap

  // The size of what byte order applies to, 1 where the order has no meaning: a complex number is
  // two of these, a code point is 4.
  int swap_size() const;

  // As numpy.dtype takes it, without byte order: "float32", "S5", "U5", "datetime64[ns]", "V3",
  // "object", "T", "bfloat16"; of a kStruct the descr's text.
  std::string name() const;

  // NumPy's `dtype.descr`, as Python writes it: "<f4" (without quotes) or
  // "[('x', '<f4', (3,)), ('', '|V4')]". ParseDescr gives back an equal dtype, and descr_to_dtype
  // one equal to NumPy's. Two spellings are not dtype.descr's own, because those lose what they
  // say: "T", which NumPy saves as "|O", and ((None, ''), '|V4') for a field without a name that
  // would else be padding. Types of ml_dtypes go by name, which numpy.dtype knows once ml_dtypes
  // is imported.
  std::string descr() const;
};

// One field of a structured dtype.
struct Field {
  std::string name;   // may be empty
  std::string title;  // where has_title; a title that is no string is dropped
  bool has_title = false;
  int64_t offset = 0;          // from the beginning of the item
  DType dtype;                 // of one item of the sub-array, where there is one
  std::vector<int64_t> shape;  // of the sub-array; empty: none

  int64_t size() const;  // bytes
};

bool operator==(const DType& a, const DType& b);
bool operator==(const Field& a, const Field& b);

// Whether `dtype` is or holds objects or StringDType: an array of such a dtype is a pickle.
bool HoldsObjects(const DType& dtype);

// Of all fields, however deep: the most items that one item of `dtype` holds of a field, where
// dimensions of zero count as one. kMaxItemSize at most; 1 without sub-arrays.
int64_t MaxFieldItems(const DType& dtype);

// NumPy's own limit: the size of an item is a C int.
inline constexpr int64_t kMaxItemSize = std::numeric_limits<int32_t>::max();

// NumPy's own limit for a sub-array (NPY_MAXDIMS), and ours for all those on the way to a field.
inline constexpr size_t kMaxSubArrayRank = 64;

// What a descr stands for: at its outermost it may be a sub-array.
struct Descr {
  DType dtype;
  std::vector<int64_t> shape;  // of the sub-array, those within it included; empty: none
};

}  // namespace tf_npz

#endif  // TF_NPZ_FORMAT_DTYPE_H_
