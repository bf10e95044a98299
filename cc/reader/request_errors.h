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

namespace tf_npz {

// The error for reading the rows of an array without dimensions. The message proposes rows=False;
// `remedy` follows it and proposes something else.
Status NoRows(std::string_view remedy = "");

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

// The error for a `key` to an `.npy` whose array has neither a name nor fields.
Status KeyOfUnnamedArray(std::string_view key);

// An array of a file, and its length along axis 0. Absent: it has no dimensions.
struct ArrayLength {
  std::string name;
  std::optional<int64_t> length;
};

// The names of the arrays that can be read as rows together. If the lengths agree, these are all
// names. If not, they are those of the largest group of one length; of groups of equally many
// arrays, the one with the most rows.
std::vector<std::string> KeysOfOneLength(const std::vector<ArrayLength>& arrays);

// What to do about `arrays` of `archive` that differ in length.
std::string LengthAdvice(const Archive& archive, const std::vector<ArrayLength>& arrays);

}  // namespace tf_npz

#endif  // TF_NPZ_READER_REQUEST_ERRORS_H_
