// MergeSpec: the common spec of the elements of several files.

#ifndef TF_NPZ_READER_MERGE_SPEC_H_
#define TF_NPZ_READER_MERGE_SPEC_H_

#include <vector>

#include "cc/base/status.h"
#include "cc/reader/spec.h"

namespace tf_npz {

// Widens `merged` so that it also admits the elements of `other`. A dimension that differs becomes
// -1. If the number of dimensions differs, the shape becomes absent. Both may_be_sample must be
// true for it to stay true. `merged` keeps its label and count. InvalidArgument, naming both files,
// if the components, a dtype or a datetime unit differ. The error proposes keys that suit `all`,
// the specs of all files.
Status MergeSpec(const InferredSpec& other, const std::vector<const InferredSpec*>& all,
                 InferredSpec* merged);

}  // namespace tf_npz

#endif  // TF_NPZ_READER_MERGE_SPEC_H_
