// DType: the type of the items of an array, as a plain value.
//
// NumPy's documents: https://numpy.org/doc/stable/reference/arrays.dtypes.html, and
// `descr_to_dtype` of numpy.lib.format for the spelling in an .npy header: "<f4", "|S5", "<M8[ns]",
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
    kFloat,        // also with 16 bytes: float128
    kComplex,      // also with 32 bytes: complex256
    kBytes,        // S: itemsize bytes, padded with NULs
    kUnicode,      // U: itemsize / 4 code points in UTF-32, padded with NULs
    kDateTime,     // M8: int64 in `unit`
    kTimeDelta,    // m8
    kVoid,         // V: bytes without a meaning
    kObject,       // O: the array is a pickle
    kStringDType,  // T: the array is a pickle
    kMlDtype,      // a type of the package ml_dtypes, named by `ml_name`
    kStruct,       // a structure with any number of fields, also none
  };

  Kind kind = Kind::kFloat;
  int64_t itemsize = 4;       // bytes of one item, 0 to kMaxItemSize; 0 for "S0", "V0" and []
  bool big_endian = false;    // false if byte order has no meaning, and for kStruct
  std::string unit;           // kDateTime, kTimeDelta: "ns", "25s"; empty for NumPy's "generic"
  std::string ml_name;        // kMlDtype: "bfloat16"
  std::vector<Field> fields;  // kStruct: in the order of their offsets; they do not overlap

  // The size in bytes of one number whose bytes are swapped: half of a complex number, 4 for a code
  // point of kUnicode, 1 if byte order has no meaning.
  int swap_size() const;

  // The name without byte order, in a form that numpy.dtype accepts: "float32", "S5", "U5",
  // "datetime64[ns]", "V3", "object", "T", "bfloat16". For a kStruct it is descr().
  std::string name() const;

  // NumPy's `dtype.descr`, as Python writes it: "<f4" (without quotes) or
  // "[('x', '<f4', (3,)), ('', '|V4')]". ParseDescr makes an equal dtype of it, and descr_to_dtype
  // makes one equal to NumPy's.
  //
  // Two spellings differ from dtype.descr, because those of dtype.descr lose information: "T",
  // which NumPy saves as "|O"; and ((None, ''), '|V4') for a field without a name, which would
  // otherwise be padding. A type of ml_dtypes is spelled by its name. numpy.dtype knows that name
  // after ml_dtypes is imported.
  std::string descr() const;
};

// One field of a structured dtype.
struct Field {
  std::string name;   // may be empty
  std::string title;  // if has_title; a title that is not a string is dropped
  bool has_title = false;
  int64_t offset = 0;          // bytes from the beginning of the item
  DType dtype;                 // of the field, or of one item of its sub-array
  std::vector<int64_t> shape;  // of the sub-array; empty if the field is not a sub-array

  int64_t size() const;  // bytes of the whole field
};

bool operator==(const DType& a, const DType& b);
bool operator==(const Field& a, const Field& b);

// Returns true if `dtype` is, or has a field of, kObject or kStringDType. The data of such an array
// is a pickle.
bool HoldsObjects(const DType& dtype);

// The largest number of items that a field, at any depth, has in one item of `dtype`. A dimension
// of 0 counts as 1. The result is 1 without sub-arrays, and at most kMaxItemSize.
int64_t MaxFieldItems(const DType& dtype);

// The largest size of an item in bytes. It is NumPy's limit: the size is a C int.
inline constexpr int64_t kMaxItemSize = std::numeric_limits<int32_t>::max();

// The most dimensions of a sub-array. It is NumPy's limit (NPY_MAXDIMS). Here it also limits the
// sum of the dimensions of all sub-arrays around a field.
inline constexpr size_t kMaxSubArrayRank = 64;

// The meaning of a descr: a dtype, or at the outermost level a sub-array of a dtype.
struct Descr {
  DType dtype;
  std::vector<int64_t> shape;  // of the sub-array and those inside it; empty if it is not one
};

}  // namespace tf_npz

#endif  // TF_NPZ_FORMAT_DTYPE_H_
