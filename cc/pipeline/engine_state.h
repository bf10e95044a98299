// What an Engine keeps of files and blocks in the making. Private to engine*.cc; all of it is
// guarded by the engine's lock, save what a running task was given to work on.

#ifndef TF_NPZ_PIPELINE_ENGINE_STATE_H_
#define TF_NPZ_PIPELINE_ENGINE_STATE_H_

#include <cstdint>
#include <list>
#include <memory>
#include <string>
#include <vector>

#include "cc/base/status.h"
#include "cc/pipeline/engine.h"

namespace tf_npz {

// A range of one array's elements, and where in a block they go.
struct Engine::Piece {
  Slot* slot = nullptr;
  int64_t slot_offset = 0;
  int64_t first = 0;
  int64_t count = 0;
};

// One selected array of an open file.
struct Engine::Array {
  File* file = nullptr;
  size_t index = 0;
  std::unique_ptr<ArrayReader> reader;  // null of a run
  std::shared_ptr<const ArrayPlan> layout;
  std::vector<size_t> components;  // where those of the reader stand in a block
  uint64_t element_size = 0;       // bytes in memory, of all components
  std::list<Piece> pieces;         // planned and not decoded, in order
  bool is_busy = false;            // a task is at the first of them
  bool load_next = false;          // that task is to load the array first
  uint64_t load_overhead = 0;      // what File::load_size has of it until it is loaded
  bool lends = false;              // its memory may become a block's
};

struct Engine::File {
  enum class Phase : uint8_t { kOpening, kOpen, kFailed };

  Position At(int64_t element) const;
  Position End() const;

  int64_t index = 0;                  // its place in the order of reading
  const std::string* path = nullptr;  // of a run, of its first
  // Where not 0: so many files from `index` on, of one element each (see engine_runs.cc).
  int64_t run = 0;
  Phase phase = Phase::kOpening;
  Status status;  // of kFailed
  std::shared_ptr<Archive> archive;
  std::vector<Array> arrays;     // never resized once pieces point here
  int64_t size = -1;             // bytes of the file
  int64_t first = 0;             // the first element that is wanted, and
  int64_t count = 0;             // the end of those that are
  int64_t planned = 0;           // up to here they are laid out, or lie before the first
  bool has_known_units = false;  // CheckUnits was asked
  bool is_planned = false;       // all of them
  // Bytes of those arrays that are decoded whole, save what they have lent.
  uint64_t load_size = 0;
  bool is_admitted = false;  // memory_used_ holds load_size
  int64_t pieces_left = 0;
};

// A block in the making.
struct Engine::Slot {
  uint64_t sequence = 0;
  Position first;
  Position next;
  int64_t count = 0;
  int64_t capacity = 0;
  // An element that is a file's whole arrays, not batched: the decoder brings memory of its own.
  bool is_whole = false;
  bool is_sealed = false;     // no more elements come
  bool is_reserved = false;   // its memory is set apart: its pieces may be decoded
  bool is_discarded = false;  // a remainder that nobody wants
  int64_t pieces_left = 0;
  uint64_t unpadded_size = 0;         // bytes of its elements as their files have them
  uint64_t size = 0;                  // what memory_used_ holds for it
  std::vector<ArrayData> arrays;      // one for each component
  std::vector<bool> is_lent;          // of each: its memory is lent by the array that it is of
  std::vector<uint64_t> array_sizes;  // bytes of each, from is_reserved on; 0 where it is lent
  std::vector<Array*> waiting;        // for the slot's memory, to decode into it

  bool is_filled() const { return is_sealed && is_reserved && pieces_left == 0; }
};

// What a thread was told to do: open a file, or decode an array's next piece, of which it has a
// copy, since planning adds to the array's pieces meanwhile. And what came of it.
struct Engine::Task {
  File* open = nullptr;
  Array* array = nullptr;
  Piece piece;
  SelectedArrays opened = {};
  Status status = {};
  int64_t done = 0;  // elements
  bool is_misjudged = false;
};

// What a finished file held: not to be let go of under the lock.
struct Engine::Remains {
  std::vector<Array> arrays;
  std::shared_ptr<Archive> archive;
};

struct Engine::Failure {
  Position at;
  uint64_t sequence = 0;  // of the block that the element would have been in
  Status status;
  bool is_open = false;       // the file could not be opened: it has no elements at all
  bool is_misjudged = false;  // a file of a run is not what it was taken for: no error
};

}  // namespace tf_npz

#endif  // TF_NPZ_PIPELINE_ENGINE_STATE_H_
