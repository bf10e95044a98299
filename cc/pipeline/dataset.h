// Dataset: what one pipeline reads of a list of files. Which of them are its share, how many
// elements and blocks that makes, engines that read it in order, and any single element.
//
// What is only known from headers is read when it is first asked for, and kept.

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
  // `file_system` must outlive it. Of `options` those count that say what the elements are: a
  // caller of NewEngine adds the others. `counts` are the elements of each file, where they are
  // known already; else empty.
  Dataset(const FileSystem& file_system, std::vector<std::string> filenames,
          std::vector<int64_t> counts, Selection selection, EngineOptions options, Shard shard);

  // The files of the share, which may be read in part.
  const std::vector<std::string>& filenames();

  // How many blocks there are: batches, files or, without batches, rows. Where it takes headers to
  // know, those of no more than so many files; nothing where it is not known then, or a file can't
  // be read.
  std::optional<int64_t> CountBlocks(int64_t max_headers);

  // An engine that begins at `start`.
  std::unique_ptr<Engine> NewEngine(EngineOptions options, Position start);

  // Block number `index`, of CountBlocks.
  Result<Block> BlockAt(int64_t index);

  // Where the element lies that is `count` elements behind `position`; the end of the last file
  // where there are not as many. It reads the headers in between, and stops where a file can't be
  // read; `*passed` is how many elements lie between the two.
  Position Seek(Position position, int64_t count, int64_t* passed);

  const EngineOptions& options() const { return options_; }

 private:
  struct Files {
    std::shared_ptr<const std::vector<std::string>> filenames;
    std::vector<int64_t> indices;  // in the list of all; empty where they are all
    int64_t begin = 0;
    int64_t end = kToTheEnd;
  };

  int64_t BlocksOf(int64_t elements) const;

  const Files& FindFiles() TF_NPZ_REQUIRES(mutex_);
  const ElementCounts& CountFiles() TF_NPZ_REQUIRES(mutex_);
  Files FilesOfBlock(int64_t first, int64_t count) TF_NPZ_REQUIRES(mutex_);
  ElementCounts CountAll() const;
  Files FilesOf(const std::vector<std::string>& filenames, const Share& share) const;

  const FileSystem& file_system_;
  const std::shared_ptr<const std::vector<std::string>> all_filenames_;
  const std::vector<int64_t> known_counts_;  // of all_filenames_
  const Selection selection_;
  const EngineOptions options_;
  const Shard shard_;
  RandomAccess random_access_;

  Mutex mutex_;
  std::optional<Files> files_ TF_NPZ_GUARDED_BY(mutex_);
  // The elements of files_ that belong to the share.
  std::optional<ElementCounts> counts_ TF_NPZ_GUARDED_BY(mutex_);
  // For each file: how many elements it and the files before it have.
  std::vector<int64_t> ends_ TF_NPZ_GUARDED_BY(mutex_);
};

}  // namespace tf_npz

#endif  // TF_NPZ_PIPELINE_DATASET_H_
