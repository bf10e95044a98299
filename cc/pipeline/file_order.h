// FileOrder: the files of a reader from front to back, as the extents that a planner takes.
//
// The order is the list's. If files are named one by one, as by a split provider of the tf.data
// service, it is the order of naming. A file is known by its place in the
// order, which a checkpoint holds, and by its index in the list.
//
// Not thread-safe: the engine's lock guards it. Filenames stay where they are, so that pointers to
// them may be kept.

#ifndef TF_NPZ_PIPELINE_FILE_ORDER_H_
#define TF_NPZ_PIPELINE_FILE_ORDER_H_

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cc/pipeline/planner.h"
#include "cc/pipeline/position.h"

namespace tf_npz {

class FileOrder {
 public:
  using Filenames = std::shared_ptr<const std::vector<std::string>>;

  struct Options {
    // Elements of the list's first file before `begin`, and of its last file from `end` on, belong
    // to other readers.
    int64_t begin = 0;
    int64_t end = kToTheEnd;
    // The files are named by Add, and these were named before.
    bool is_named = false;
    std::vector<int64_t> named;
    // When reading starts within a file, its beginning is read too if its checksum needs that.
    bool verify_before_start = true;
  };

  FileOrder(Filenames filenames, Options options, Position start);

  // Another file, by its index in the list; only if is_named.
  void Add(int64_t index) { indices_.push_back(index); }
  // No more files will be added.
  void Complete() { is_complete_ = true; }

  // From now on the extents begin at `position`.
  void Restart(Position position);
  // The file at `place` failed: it has no elements from `element` on.
  void Cut(int64_t place, int64_t element) { cuts_[place] = element; }

  // The next extent: a file, or a run of at most `most_files` files. Nothing if there is none yet.
  std::optional<Extent> Next(int64_t most_files);

  // Whether Next has given all that there will be.
  bool at_end() const { return is_complete_ && cursor_.file >= count(); }
  bool is_complete() const { return is_complete_; }
  bool is_named() const { return options_.is_named; }
  // Files so far.
  int64_t count() const;
  int64_t list_size() const { return static_cast<int64_t>(filenames_->size()); }
  // The place of the next extent.
  int64_t next_place() const { return cursor_.file; }
  // The indices of the files from `place` on.
  std::vector<int64_t> IndicesFrom(int64_t place) const;

 private:
  int64_t index(int64_t place) const { return options_.is_named ? indices_[place] : place; }

  const Filenames filenames_;
  const Options options_;
  const int64_t skipped_into_;  // the place of a file whose beginning is not verified; or -1
  bool is_complete_;
  std::vector<int64_t> indices_;  // if is_named
  Position start_;                // what a file that is continued must be like
  Position cursor_;
  std::map<int64_t, int64_t> cuts_;  // place -> the end of its elements
};

}  // namespace tf_npz

#endif  // TF_NPZ_PIPELINE_FILE_ORDER_H_
