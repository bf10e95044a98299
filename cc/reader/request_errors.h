// Errors for requests that do not fit a file, and that are found in several places. Each has one
// wording, and says what to do. The caller adds the file and the array.
//
// Two more errors of this kind are made in one place each: "has no array" in Archive::Find, "has no
// field" in FieldFinder::Find.

#ifndef TF_NPZ_READER_REQUEST_ERRORS_H_
#define TF_NPZ_READER_REQUEST_ERRORS_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cc/base/status.h"
#include "cc/reader/archive.h"
#include "cc/reader/component.h"

namespace tf_npz {

// The error for reading the rows of an array without dimensions, if no other array has rows.
Status NoRows();

// The error for keys of which the file needs one, if it is an `.npy`.
Status FirstOfNpy();

// The error for a file that has none of the arrays `wanted`, only those of `names`.
Status NoneOf(const std::vector<std::string>& wanted, const std::vector<std::string>& names);

// The error for rows if no array of the file is read.
Status NoArrayForRows();

// The error for the numbers of rows if elements are whole arrays.
Status RowOfWholeArrays();

// The error for the length along `axis` of elements of `shape`, which have no such axis.
Status NoAxis(int64_t axis, const std::vector<int64_t>& shape);

// The error for a `key` to an `.npy` whose array has neither a name nor fields. It says nothing
// about what to do; kLeaveKeysOut does.
Status KeyOfUnnamedArray(std::string_view key);
inline constexpr std::string_view kLeaveKeysOut = "; leave keys out";

// An array of a file, and its length along axis 0. Absent: it has no dimensions.
struct ArrayLength {
  std::string name;
  std::optional<int64_t> length;
};

// The names of the arrays that can be read as rows together, each once. If the lengths agree, these
// are all names. If not, they are those of the largest group of one length; of groups of equally
// many arrays, the one with the most rows.
std::vector<std::string> KeysOfOneLength(const std::vector<ArrayLength>& arrays);

// The error for reading rows of `arrays`, of which at least two differ in length. It names
// `archive`.
Status LengthsDiffer(const Archive& archive, const std::vector<ArrayLength>& arrays);

// The error for an array of `dtype` that the caller's dtypes casts to `type`. `cast` is the error
// of CheckCast.
Status CannotCast(const DType& dtype, ElementType type, const Status& cast);

// `misfit`, the error of a file that lacks the component of `spec`, and what to do. That is
// `advice` if the caller gave the spec. If it was read from files, the others have the component.
Status WithAdvice(const Status& misfit, const ComponentSpec& spec, std::string_view advice = "");

}  // namespace tf_npz

#endif  // TF_NPZ_READER_REQUEST_ERRORS_H_
