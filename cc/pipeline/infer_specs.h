// InferSpecs: the spec of the elements of most of many files, from one parallel pass over their
// headers.

#ifndef TF_NPZ_PIPELINE_INFER_SPECS_H_
#define TF_NPZ_PIPELINE_INFER_SPECS_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "cc/base/status.h"
#include "cc/base/thread.h"
#include "cc/io/file.h"
#include "cc/pipeline/parallel_for.h"
#include "cc/reader/spec.h"

namespace tf_npz {

// If each array is a source, the most arrays whose headers are read: of each file an equal share,
// evenly spread, and at least one.
inline constexpr size_t kMaxInferredArrays = 1000;

struct InferOptions {
  int num_threads = kHeaderThreads;  // at least 1
  StartThread start_thread = StartStdThread();
  // Called only on the calling thread, before each file that this thread reads. Once it returns
  // true, no more files are opened, and the result is Cancelled. Empty: never cancelled.
  std::function<bool()> is_cancelled;
};

struct InferredSpecs {
  // The narrowest specs that admit all files of the elected kind, in the order of the requested
  // keys, then of `label`.
  std::vector<InferredComponent> components;
  std::string label;  // path of the first file of the elected kind, as messages print it
  // Rows of each file. Empty if a file is of another kind, or if one has no InferredSpec::count. If
  // each array is an element: arrays of each file, 1 for one that cannot be read.
  std::vector<int64_t> counts;
  // The error of CheckUnits for the first file whose dates have another unit. OK: there is none.
  Status units;
  bool may_be_sample = false;  // InferredSpec::may_be_sample of all files of the elected kind
};

// Reads the headers of all files; there must be at least one. Each file that can be read votes for
// the kind of its elements (AreOfOneKind). The kind with most votes is elected; if several have as
// many, the one that comes first. A file that cannot be read, or is of another kind, is no error
// here: the caller will see its error when it reads the file. If no file can be read, returns the
// error of the first one.
Result<InferredSpecs> InferSpecs(const FileSystem& file_system,
                                 const std::vector<std::string>& filenames,
                                 const SpecRequest& request, const InferOptions& options);

}  // namespace tf_npz

#endif  // TF_NPZ_PIPELINE_INFER_SPECS_H_
