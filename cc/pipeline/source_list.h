// ListSources: what a pipeline over the arrays of files reads, one after another.

#ifndef TF_NPZ_PIPELINE_SOURCE_LIST_H_
#define TF_NPZ_PIPELINE_SOURCE_LIST_H_

#include <string>
#include <vector>

#include "cc/base/thread.h"
#include "cc/io/file.h"

namespace tf_npz {

// The sources (source_name.h) of `filenames`, file after file: the arrays of each `.npz` in the
// order of its directory, and each `.npy`. Reads the directories of all files, on up to
// `num_threads` threads, at least 1.
//
// A file that cannot be opened is one source, whose error is raised when its turn comes. So is an
// `.npz` that holds other things than arrays. One that holds nothing has no sources.
std::vector<std::string> ListSources(const FileSystem& file_system,
                                     const std::vector<std::string>& filenames, int num_threads,
                                     const StartThread& start_thread);

}  // namespace tf_npz

#endif  // TF_NPZ_PIPELINE_SOURCE_LIST_H_
