// Shares: the division of the elements of a list of files between several pipelines.
// Each share is a list of files. The first and the last of these may belong to it in part.
//
// Free functions on values: any thread may call them.

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

// One of several shares.
struct Shard {
  int64_t count = 1;  // of shares; at least 1
  int64_t index = 0;  // of this one; from 0 to count - 1
};

// The elements of a share: from element `begin` of the first of `files` to before element `end` of
// the last one.
struct Share {
  std::vector<int64_t> files;  // indices into the list
  int64_t begin = 0;
  int64_t end = kToTheEnd;
};

// The number of elements of each file.
struct ElementCounts {
  std::vector<int64_t> of_files;  // 0 for a file that cannot be read
  int64_t total = 0;
  // The error of the first file that cannot be read; or ResourceExhausted if the total is too large
  // for an int64_t.
  Status status;
  size_t readable = 0;  // files before the first that cannot be read or added
};

// The counts of files whose elements are known.
ElementCounts TotalOf(std::vector<int64_t> of_files);

// Reads the headers of all files, on up to `num_threads` threads, at least 1.
ElementCounts ReadCounts(const FileSystem& file_system, const std::vector<std::string>& filenames,
                         const Selection& selection, int num_threads,
                         const StartThread& start_thread);

// The same, but opens no file if each file is one element.
ElementCounts CountElements(const FileSystem& file_system,
                            const std::vector<std::string>& filenames, const Selection& selection,
                            int num_threads, const StartThread& start_thread);

// Whole files: file number `shard.index`, and every `shard.count`th file after it.
Share ShareOfFiles(int64_t file_count, const Shard& shard);

// Elements `first` … `first + count - 1` of all files. `count` is at least 1. A file without
// elements belongs to the share of the element that follows it; if none follows, to the share of
// the last element.
Share ShareOfElements(const ElementCounts& counts, int64_t first, int64_t count);

// Range number `shard.index`, if all elements are divided into `shard.count` ranges. Their sizes
// differ by one element at most. Each file without elements is in one of the ranges.
Share ShareOfRange(const ElementCounts& counts, const Shard& shard);
// The number of elements of that range, if there are `total`.
int64_t SizeOfRange(int64_t total, const Shard& shard);

}  // namespace tf_npz

#endif  // TF_NPZ_PIPELINE_SHARDING_H_
