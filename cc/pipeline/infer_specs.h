// InferSpecs: what the elements of many files are, from one parallel pass over their headers.

#ifndef TF_NPZ_PIPELINE_INFER_SPECS_H_
#define TF_NPZ_PIPELINE_INFER_SPECS_H_

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

struct InferOptions {
  // Whether files whose error is DataLoss are left out, as long as one file is left.
  bool skip_damaged = false;
  int num_threads = kHeaderThreads;  // at least 1
  StartThread start_thread = StartStdThread();
  // Asked on the calling thread before each file that this thread reads. Once it says true, no more
  // files are opened, and the result is Cancelled. Empty: never.
  std::function<bool()> is_cancelled;
};

struct InferredSpecs {
  // The tightest that admit all files, in the order of the requested keys, and of the first file.
  std::vector<InferredComponent> components;
  std::string label;  // the first file that was not left out, as messages have it
  // Rows of each file. Empty where a file was left out, or has no InferredSpec::count.
  std::vector<int64_t> counts;
};

// Reads the headers of all files, which must be one or more. The error of the first file that has
// one, in the order of `filenames`; a file that can't be merged with those before it has one too.
Result<InferredSpecs> InferSpecs(const FileSystem& file_system,
                                 const std::vector<std::string>& filenames,
                                 const SpecRequest& request, const InferOptions& options);

}  // namespace tf_npz

#endif  // TF_NPZ_PIPELINE_INFER_SPECS_H_
