// The values that a plan is made of: extents, their arrays, blocks, pieces, steps. Plain structs;
// the parts of the planner write them (planner.h), the work functions read them (work.h).

#ifndef TF_NPZ_PIPELINE_PLAN_H_
#define TF_NPZ_PIPELINE_PLAN_H_

#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <string>
#include <vector>

#include "cc/base/status.h"
#include "cc/pipeline/block_shape.h"
#include "cc/pipeline/budget.h"
#include "cc/pipeline/facts.h"
#include "cc/pipeline/position.h"

namespace tf_npz {

// What the planner carries for the work functions, and never looks into (work.h).
struct OpenFile;
class BlockMemory;

// What comes next in the order of reading.
struct Extent {
  int64_t place = 0;  // the file's place in the order; Position::file
  // Names of `files` files, one after another in memory; they outlive the planner. One file, or a
  // run of files of one element each. Then element i of the extent is the file at `place` + i.
  const std::string* filenames = nullptr;
  int64_t files = 1;
  // Elements [first, end) of the file are wanted, as far as it has them.
  int64_t first = 0;
  int64_t end = kToTheEnd;
  // Not empty: the place in the output of each element from `first` on. The output's elements are
  // numbered from 0; element n lies in block n / batch_size. All extents together name
  // each number exactly once. If empty, the elements take the next free places.
  std::vector<int64_t> destinations;

  // For the work of opening the file, which checks them.
  int64_t least = 0;           // elements that the file must have
  int64_t file_size = -1;      // bytes that it must have; -1: any number
  bool verify_skipped = true;  // stored bytes before `first` are read for their checksum
};

struct PlannedArray;

// A block in the making. The planner writes it; a step may read `shape` and `sizes`, since they do
// not change once the block is reserved.
struct PlannedBlock : std::enable_shared_from_this<PlannedBlock> {
  // A piece that waits for the block's memory.
  struct Waiting {
    PlannedArray* array;
    int64_t offset;
    int64_t first;
    int64_t count;
  };

  PlannedBlock(const FileFacts& facts, const BlockOptions& options) : shape(facts, options) {}

  uint64_t sequence = 0;  // from 0, in the order of delivery
  Position first;         // of the first element, and of the element after the last one;
  Position next;          // both mean nothing where destinations are given
  int64_t capacity = 0;   // elements
  int64_t count = 0;      // elements laid into it so far
  BlockShape shape;
  std::vector<uint64_t> sizes;  // bytes of each component, once reserved
  bool has_known_size = false;  // before it is sealed: its memory is reserved at once
  bool is_sealed = false;       // no more elements come
  bool is_reserved = false;     // its pieces may be decoded
  bool is_discarded = false;    // a remainder that is not wanted
  int64_t pieces_left = 0;      // pieces that are not finished
  int64_t running = 0;          // pieces that are claimed and not finished
  uint64_t unpadded_size = 0;   // bytes of its elements as the files have them
  Reservation reservation;
  std::vector<Waiting> waiting;
  const std::string* filename = nullptr;  // of the first element's file, for messages
  std::shared_ptr<BlockMemory> memory;

  bool is_filled() const { return is_sealed && is_reserved && pieces_left == 0; }
};

// A range of one array's elements, and where in a block they go.
struct Piece {
  std::shared_ptr<PlannedBlock> block;
  int64_t offset = 0;  // of the first one, in the block
  int64_t first = 0;   // of the file
  int64_t count = 0;
};

struct PlannedExtent;

struct PlannedArray {
  PlannedExtent* file = nullptr;
  size_t index = 0;
  const ArrayFacts* facts = nullptr;  // in file->facts
  // Pieces of reserved blocks that are not claimed. Those of a stream are in the order of its
  // bytes, others in the order of their blocks.
  std::list<Piece> pieces;
  int64_t running = 0;      // pieces that are claimed and not finished
  bool load_next = false;   // the next step decodes the array whole first
  bool is_loading = false;  // that step runs; no other may
};

// An extent that was added, and what became of it.
struct PlannedExtent {
  enum class Phase : uint8_t { kAdded, kOpening, kOpen, kFailed };

  Position At(int64_t element) const;
  Position End() const { return {extent.place + extent.files, 0}; }
  void SetFacts(std::shared_ptr<const FileFacts> facts_of_file);

  uint64_t number = 0;  // from 0, in the order of adding
  Extent extent;
  Phase phase = Phase::kAdded;
  Status status;  // of kFailed
  std::shared_ptr<const FileFacts> facts;
  std::vector<PlannedArray> arrays;  // never resized once it is set
  int64_t planned = 0;               // the next element to be laid into a block
  int64_t end = 0;                   // the end of those that are wanted and there
  int64_t pieces_left = 0;
  bool is_planned = false;
  bool is_admitted = false;  // `load_memory` holds what its whole-decoded arrays take
  Reservation load_memory;
  Reservation resident_memory;  // what the open file keeps in memory
  std::shared_ptr<OpenFile> open_file;
};

// What a thread is told to do. It keeps what it needs alive, even if the plan is dropped meanwhile.
struct Step {
  enum class Kind : uint8_t { kOpen, kDecode };

  Kind kind = Kind::kOpen;
  std::shared_ptr<PlannedExtent> file;
  size_t array = 0;         // kDecode: of file->arrays
  Piece piece;              // kDecode
  bool load = false;        // kDecode: decode the array whole first
  bool close_idle = false;  // kOpen: the file will wait; it may give its descriptor back
};

}  // namespace tf_npz

#endif  // TF_NPZ_PIPELINE_PLAN_H_
