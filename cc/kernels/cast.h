// Casts numbers from one type to another, as NumPy's astype(casting="same_kind") does, but for one
// difference: an integer that the new type cannot hold is an error here, and never wraps.

#ifndef TF_NPZ_KERNELS_CAST_H_
#define TF_NPZ_KERNELS_CAST_H_

#include <cstdint>
#include <optional>
#include <string>

#include "cc/format/element_type.h"

namespace tf_npz {

// An integer that does not fit into the type it is cast to.
struct BadInteger {
  int64_t item;       // its number, from 0
  std::string text;   // "300"
  std::string range;  // what fits: "-128 to 127"
};

// Casts `count` numbers of type `from` at `source`, in native form, to type `to` at `destination`.
// CanCast(from, to) must be true. The two memories do not overlap and may have any alignment. Any
// thread may call it, also one whose processor flushes subnormal numbers to zero.
//
// Floats are rounded once, to the nearest value, and beyond the largest one to infinity.
//
// Returns the first integer that does not fit, or nullopt if all fit. If one does not fit, the
// items before it are cast, and those from it on are undefined.
std::optional<BadInteger> CastNumbers(ElementType from, const char* source, ElementType to,
                                      int64_t count, char* destination);

}  // namespace tf_npz

#endif  // TF_NPZ_KERNELS_CAST_H_
