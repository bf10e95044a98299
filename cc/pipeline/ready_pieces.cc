#include "cc/pipeline/ready_pieces.h"

#include <iterator>
#include <utility>

namespace tf_npz {

bool IsLast(const PlannedArray& array, const Piece& piece) {
  const PlannedExtent& file = *array.file;
  return piece.first + piece.count == file.facts->count && file.extent.files == 1 &&
         file.extent.destinations.empty();
}

void ReadyPieces::Add(PlannedArray& array, Piece piece) {
  auto at = array.pieces.end();
  if (!array.facts->decoding.is_in_order) {
    const auto place = std::tie(piece.block->sequence, piece.offset);
    while (at != array.pieces.begin()) {
      const auto before = std::prev(at);
      if (std::tie(before->block->sequence, before->offset) < place) break;
      at = before;
    }
  }
  // Its first piece is what an array is listed by.
  if (at == array.pieces.begin() && !array.pieces.empty()) {
    arrays_.erase({array.pieces.front().block->sequence, array.file->number, array.index});
  }
  array.pieces.insert(at, std::move(piece));
  Update(array);
}

void ReadyPieces::Update(PlannedArray& array) {
  if (array.pieces.empty() || array.is_loading) return;
  const bool must_be_alone =
      array.facts->decoding.is_in_order || IsLast(array, array.pieces.front());
  if (array.running > 0 && must_be_alone) return;
  arrays_[{array.pieces.front().block->sequence, array.file->number, array.index}] = &array;
}

}  // namespace tf_npz
