// Errors of requests that do not fit a file, where several places find the same fault. Each has one
// wording, and says what to do. The caller adds which file and array it is about.
//
// Two more have their only place elsewhere: "has no array" is Archive::Find's, "has no field"
// FieldFinder::Find's.

#ifndef TF_NPZ_READER_REQUEST_ERRORS_H_
#define TF_NPZ_READER_REQUEST_ERRORS_H_

#include <string_view>

#include "cc/base/status.h"

namespace tf_npz {

// An array without dimensions is to be read in rows. `remedy` says what else than rows=False helps.
inline constexpr std::string_view kLeaveOutOfKeys = ", or leave it out of keys";
Status NoRows(std::string_view remedy = kLeaveOutOfKeys);

// `key` names an array, or a field, of an `.npy` that is no structured array.
Status KeyOfUnnamedArray(std::string_view key);

}  // namespace tf_npz

#endif  // TF_NPZ_READER_REQUEST_ERRORS_H_
