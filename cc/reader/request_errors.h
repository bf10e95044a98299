// Errors for requests that do not fit a file, and that are found in several places. Each has one
// wording, and says what to do. The caller adds the file and the array.
//
// Two more errors of this kind are made in one place each: "has no array" in Archive::Find, "has no
// field" in FieldFinder::Find.

#ifndef TF_NPZ_READER_REQUEST_ERRORS_H_
#define TF_NPZ_READER_REQUEST_ERRORS_H_

#include <cstdint>
#include <string_view>

#include "cc/base/status.h"
#include "cc/reader/component.h"

namespace tf_npz {

// The error for reading the rows of an array without dimensions. The message proposes rows=False;
// `remedy` follows it and proposes something else.
inline constexpr std::string_view kLeaveOutOfKeys = ", or leave it out of keys";
Status NoRows(std::string_view remedy = kLeaveOutOfKeys);

// The error for a `key` to an `.npy` whose array has neither a name nor fields.
Status KeyOfUnnamedArray(std::string_view key);

// The error for an array of `dtype` that the caller's dtypes casts to `type`. `cast` is the error
// of CheckCast.
Status CannotCast(const DType& dtype, ElementType type, const Status& cast);

// The error for reading rows of two arrays with different numbers of rows.
Status LengthsDiffer(std::string_view first, int64_t first_count, std::string_view other,
                     int64_t other_count);

// `misfit`, the error of a file that lacks the component of `spec`. If the spec was read from
// files, the message also says that the others have it.
Status ButMostHaveIt(const Status& misfit, const ComponentSpec& spec);

}  // namespace tf_npz

#endif  // TF_NPZ_READER_REQUEST_ERRORS_H_
