// InferSpecs: the common spec of the elements of many files, from one parallel pass over their
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
  // True: leaves out files whose error is DataLoss, unless that leaves no file.
  bool skip_damaged = false;
  int num_threads = kHeaderThreads;  // at least 1
  StartThread start_thread = StartStdThread();
  // Called only on the calling thread, before each file that this thread reads. Once it returns
  // true, no more files are opened, and the result is Cancelled. Empty: never cancelled.
  std::function<bool()> is_cancelled;
};

struct InferredSpecs {
  // The narrowest specs that admit all files, in the order of the requested keys, then of the first
  // file.
  std::vector<InferredComponent> components;
  std::string label;  // path of the first file that was not left out, as messages print it
  // Rows of each file. Empty if a file was left out, or if one has no InferredSpec::count. If each
  // array is an element: arrays of each file, 1 for one that was left out.
  std::vector<int64_t> counts;
  bool may_be_sample = false;  // InferredSpec::may_be_sample of each file that was not left out
};

// Reads the headers of all files; there must be at least one. If several files have errors, returns
// that of the first one in `filenames`. A spec that cannot be merged with those of the files before
// is an error too.
Result<InferredSpecs> InferSpecs(const FileSystem& file_system,
                                 const std::vector<std::string>& filenames,
                                 const SpecRequest& request, const InferOptions& options);

}  // namespace tf_npz

#endif  // TF_NPZ_PIPELINE_INFER_SPECS_H_
