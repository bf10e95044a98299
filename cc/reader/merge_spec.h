// The common spec of files whose elements are of one kind.

#ifndef TF_NPZ_READER_MERGE_SPEC_H_
#define TF_NPZ_READER_MERGE_SPEC_H_

#include "cc/base/status.h"
#include "cc/reader/spec.h"

namespace tf_npz {

// Whether the elements of two files are of one kind: they have the same components, with the same
// types and datetime units. What one of them is missing may be of any type in the other.
bool AreOfOneKind(const InferredSpec& a, const InferredSpec& b);

// Widens `merged` so that it also admits the elements of `other`, as WidenShape does. Both
// may_be_sample must be true for it to stay true. `merged` keeps its label and count.
// Components that only `other` has do not matter. Returns false, and changes nothing, if the others
// are not of the kind of `merged`.
bool MergeSpec(const InferredSpec& other, InferredSpec* merged);

// InvalidArgument, naming both files, if a component differs in nothing but the datetime unit.
// Specs for the caller do not tell the unit, so nothing else can report this.
Status CheckUnits(const InferredSpec& a, const InferredSpec& b);

}  // namespace tf_npz

#endif  // TF_NPZ_READER_MERGE_SPEC_H_
