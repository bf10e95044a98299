// ReadyPieces: the arrays with a piece that a thread may decode now, by when it is wanted. Part of
// the planner.
//
// A stream's pieces are decoded in its order, by one thread at a time. While an array is loaded no
// other thread may be at it. Its last piece is decoded when no other is: a checksum is verified
// with the last byte that is read.

#ifndef TF_NPZ_PIPELINE_READY_PIECES_H_
#define TF_NPZ_PIPELINE_READY_PIECES_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <tuple>

#include "cc/pipeline/plan.h"

namespace tf_npz {

// Whether the piece has the array's last element, so that it must be decoded after all others.
bool IsLast(const PlannedArray& array, const Piece& piece);

class ReadyPieces {
 public:
  // A block's sequence, the file's number, the array's index.
  using Key = std::tuple<uint64_t, uint64_t, size_t>;
  using Map = std::map<Key, PlannedArray*>;

  // Adds a piece of a reserved block.
  void Add(PlannedArray& array, Piece piece);
  // Lists the array if it has a piece that may be decoded now.
  void Update(PlannedArray& array);

  const Map& arrays() const { return arrays_; }
  Map::const_iterator Remove(Map::const_iterator at) { return arrays_.erase(at); }

  // Whether nothing listed is wanted before a piece of the block `sequence`.
  bool IsNext(uint64_t sequence) const {
    return arrays_.empty() || sequence <= std::get<0>(arrays_.begin()->first);
  }

 private:
  Map arrays_;
};

}  // namespace tf_npz

#endif  // TF_NPZ_PIPELINE_READY_PIECES_H_
