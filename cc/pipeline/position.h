// Position: a place in the order of reading. A checkpoint holds one, and what tells whether the
// files are still the same (checkpoint.h).

#ifndef TF_NPZ_PIPELINE_POSITION_H_
#define TF_NPZ_PIPELINE_POSITION_H_

#include <cstdint>
#include <tuple>

namespace tf_npz {

// Stands for "up to the last element of the file, whatever its number".
inline constexpr int64_t kToTheEnd = INT64_MAX;

struct Position {
  int64_t file = 0;        // the file's place in the order of reading, from 0
  int64_t element = 0;     // the element's number in that file, from 0
  int64_t file_size = -1;  // bytes of that file; -1 if reading has not begun there

  friend bool operator<(const Position& a, const Position& b) {
    return std::tie(a.file, a.element) < std::tie(b.file, b.element);
  }
};

}  // namespace tf_npz

#endif  // TF_NPZ_PIPELINE_POSITION_H_
