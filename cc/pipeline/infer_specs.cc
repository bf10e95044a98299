#include "cc/pipeline/infer_specs.h"

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <memory>
#include <thread>
#include <utility>

#include "cc/reader/merge_spec.h"

namespace tf_npz {
namespace {

Result<InferredSpec> InferFile(const FileSystem& file_system, const std::string& filename,
                               const SpecRequest& request) {
  TF_NPZ_ASSIGN_OR_RETURN(const std::shared_ptr<Archive> archive,
                          Archive::Open(file_system, filename));
  return InferSpec(archive, request);
}

using Files = std::vector<Result<InferredSpec>>;

// The first file of the kind that most files have. Of two kinds with as many files, the first
// one's. Null if no file can be read.
const InferredSpec* Elect(const Files& files) {
  struct Kind {
    const InferredSpec* first;
    size_t count;
  };
  std::vector<Kind> kinds;
  for (const Result<InferredSpec>& file : files) {
    if (!file.ok()) continue;
    const auto kind = std::find_if(kinds.begin(), kinds.end(), [&](const Kind& known) {
      return AreOfOneKind(*known.first, *file);
    });
    if (kind == kinds.end()) {
      kinds.push_back({&*file, 1});
    } else {
      ++kind->count;
    }
  }
  const auto most = std::max_element(
      kinds.begin(), kinds.end(), [](const Kind& a, const Kind& b) { return a.count < b.count; });
  return most == kinds.end() ? nullptr : most->first;
}

// The error if no file can be read.
Status AllFail(const Files& files) {
  if (files.empty()) return InvalidArgument("there are no files");
  Status first = files[0].status();
  if (files.size() == 1) return first;
  return Status(first.code(), first.message() + " (none of the " + std::to_string(files.size()) +
                                  " files that were tried can be read)");
}

// Files are taken in order, so the result does not depend on threads.
Result<InferredSpecs> Merge(const Files& files) {
  const InferredSpec* const elected = Elect(files);
  if (elected == nullptr) return AllFail(files);
  InferredSpec merged = *elected;
  InferredSpecs specs;
  for (const Result<InferredSpec>& file : files) {
    if (!file.ok()) continue;
    const bool fits = MergeSpec(*file, &merged);
    if (!fits && specs.units.ok()) specs.units = CheckUnits(*elected, *file);
    // The rows of a file with more arrays are those of arrays that may not be read.
    if (fits && file->count && file->components.size() == merged.components.size()) {
      specs.counts.push_back(*file->count);
    }
  }
  if (specs.counts.size() != files.size()) specs.counts.clear();
  specs.components = ByPlace(std::move(merged.components));
  specs.label = std::move(merged.label);
  specs.may_be_sample = merged.may_be_sample;
  return specs;
}

}  // namespace

Result<InferredSpecs> InferSpecs(const FileSystem& file_system,
                                 const std::vector<std::string>& filenames,
                                 const SpecRequest& request, const InferOptions& options) {
  Files files(filenames.size(), Result<InferredSpec>(Cancelled()));
  std::atomic<bool> cancelled{false};
  const std::thread::id caller = std::this_thread::get_id();
  ParallelFor(filenames.size(), options.num_threads, options.start_thread, [&](size_t i) {
    if (cancelled) return;
    if (std::this_thread::get_id() == caller && options.is_cancelled && options.is_cancelled()) {
      cancelled = true;
      return;
    }
    files[i] = InferFile(file_system, filenames[i], request);
  });
  if (cancelled) return Cancelled();
  return Merge(files);
}

}  // namespace tf_npz
