// Shares: which elements of a list of files are whose, where several pipelines read it together.
// Each share is a list of files, of which the first and the last may be read in part.

#ifndef TF_NPZ_PIPELINE_SHARDING_H_
#define TF_NPZ_PIPELINE_SHARDING_H_

#include <cstdint>
#include <string>
#include <vector>

#include "cc/base/status.h"
#include "cc/base/thread.h"
#include "cc/io/file.h"
#include "cc/pipeline/position.h"
#include "cc/reader/selection.h"

namespace tf_npz {

struct Shard {
  int64_t count = 1;
  int64_t index = 0;
};

// Elements begin, begin + 1, ... of the first of `files` up to, not including, `end` of the last.
struct Share {
  std::vector<int64_t> files;  // indices into the list
  int64_t begin = 0;
  int64_t end = kToTheEnd;
};

// How many elements each file has.
struct ElementCounts {
  std::vector<int64_t> of_files;  // 0 of one that can't be read
  int64_t total = 0;
  Status status;        // of the first that can't be read; of the total, where that is too large
  size_t readable = 0;  // files before the first that can't be read, or be counted
};

// Where they are known.
ElementCounts TotalOf(std::vector<int64_t> of_files);

// Reads the headers of all files, with up to `num_threads` at once.
ElementCounts ReadCounts(const FileSystem& file_system, const std::vector<std::string>& filenames,
                         const Selection& selection, int num_threads,
                         const StartThread& start_thread);

// The same, but without a look at files that are an element each.
ElementCounts CountElements(const FileSystem& file_system,
                            const std::vector<std::string>& filenames, const Selection& selection,
                            int num_threads, const StartThread& start_thread);

// Every `shard.count`th file, whole.
Share ShareOfFiles(int64_t file_count, const Shard& shard);

// Elements `first` … `first + count - 1` of all, at least one. A file without elements goes with
// the element that follows it, or else with the last.
Share ShareOfElements(const ElementCounts& counts, int64_t first, int64_t count);

// All elements in ranges that differ by one element at most; files without any are in one of them.
Share ShareOfRange(const ElementCounts& counts, const Shard& shard);
// How many elements that is.
int64_t SizeOfRange(int64_t total, const Shard& shard);

}  // namespace tf_npz

#endif  // TF_NPZ_PIPELINE_SHARDING_H_
