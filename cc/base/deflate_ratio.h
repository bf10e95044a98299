// What deflate can reach at most: the limit that a file's claims of size are held against.

#ifndef TF_NPZ_BASE_DEFLATE_RATIO_H_
#define TF_NPZ_BASE_DEFLATE_RATIO_H_

#include <cstdint>

namespace tf_npz {

// One compressed byte becomes at most 1032 bytes. RFC 1951 3.2.5: a match gives 258 bytes and costs
// at least 2 bits, one for its length and one for its distance.
inline constexpr uint64_t kMaxInflateRatio = 1032;

}  // namespace tf_npz

#endif  // TF_NPZ_BASE_DEFLATE_RATIO_H_
