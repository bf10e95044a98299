// Dataset: the share of a list of files that one pipeline reads. It knows the files of the share
// and their elements, makes engines that read them in order, and reads any single block.
//
// If each array is a source of its own (Selection::each_array), the list of files is replaced by
// that of their arrays (source_list.h). What is said of files here is then said of arrays.
//
// Facts that need headers are read when a call first needs them, and then kept.

#ifndef TF_NPZ_PIPELINE_DATASET_H_
#define TF_NPZ_PIPELINE_DATASET_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cc/base/mutex.h"
#include "cc/base/status.h"
#include "cc/pipeline/engine.h"
#include "cc/pipeline/random_access.h"
#include "cc/pipeline/sharding.h"
#include "cc/reader/selection.h"

namespace tf_npz {

// Any thread may use it.
class Dataset {
 public:
  // `file_system` must outlive the dataset. `counts` is the number of elements of each file; empty
  // if it is not known. With each_array, it is the number of its arrays, and empty if they have
  // rows. `options` says what a block is, and how memory and checksums are handled;
  // its threads and callbacks are not used, because a caller of NewEngine passes its own.
  Dataset(const FileSystem& file_system, std::vector<std::string> filenames,
          std::vector<int64_t> counts, Selection selection, EngineOptions options, Shard shard);

  // The files of the share. The first and the last may belong to it in part.
  const std::vector<std::string>& filenames();

  // The number of blocks that BlockAt can read. A block is a batch; without batches, one row or one
  // file. Reads the headers of `max_headers` files at most. Nothing if that is not enough, or if a
  // file cannot be read.
  std::optional<int64_t> CountBlocks(int64_t max_headers);

  // An engine that begins at `start`, a position in filenames().
  std::unique_ptr<Engine> NewEngine(EngineOptions options, Position start);

  // Reads block number `index`, from 0 to CountBlocks - 1, on the calling thread. InvalidArgument
  // if there is no such block.
  Result<Block> BlockAt(int64_t index);

  // The position `count` elements after `position`. It is before that if the files end, or if one
  // cannot be read; `*passed` is the number of elements between the two positions. Reads the
  // headers of the files between them.
  Position Seek(Position position, int64_t count, int64_t* passed);

  const EngineOptions& options() const { return options_; }

 private:
  struct Files {
    std::shared_ptr<const std::vector<std::string>> filenames;
    std::vector<int64_t> indices;  // in AllSources(); empty if these are all
    int64_t begin = 0;
    int64_t end = kToTheEnd;
  };

  int64_t BlocksOf(int64_t elements) const;

  // The sources of all shares.
  const std::shared_ptr<const std::vector<std::string>>& AllSources() TF_NPZ_REQUIRES(mutex_);
  // The headers of how many files tell the number of elements, if that is not known yet.
  int64_t HeadersToCount() const TF_NPZ_REQUIRES(mutex_);
  const Files& FindFiles() TF_NPZ_REQUIRES(mutex_);
  const ElementCounts& CountFiles() TF_NPZ_REQUIRES(mutex_);
  Files FilesOfBlock(int64_t first, int64_t count) TF_NPZ_REQUIRES(mutex_);
  ElementCounts CountAll() TF_NPZ_REQUIRES(mutex_);
  Files FilesOf(const std::vector<std::string>& filenames, const Share& share) const;

  const FileSystem& file_system_;
  const std::shared_ptr<const std::vector<std::string>> all_filenames_;  // as given
  const std::vector<int64_t> known_counts_;  // of all_filenames_, never of arrays
  const Selection selection_;
  const EngineOptions options_;
  const Shard shard_;
  RandomAccess random_access_;

  Mutex mutex_;
  // Null until it is needed.
  std::shared_ptr<const std::vector<std::string>> all_sources_ TF_NPZ_GUARDED_BY(mutex_);
  std::optional<Files> files_ TF_NPZ_GUARDED_BY(mutex_);
  // The elements of each of files_ that belong to the share.
  std::optional<ElementCounts> counts_ TF_NPZ_GUARDED_BY(mutex_);
  // For each of files_, the number of elements in it and in the files before it.
  std::vector<int64_t> ends_ TF_NPZ_GUARDED_BY(mutex_);
};

}  // namespace tf_npz

#endif  // TF_NPZ_PIPELINE_DATASET_H_
