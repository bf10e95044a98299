#include "cc/pipeline/infer_specs.h"

#include <atomic>
#include <cstddef>
#include <memory>
#include <optional>
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

// Merges the files one after another, so that the result does not depend on threads.
Result<InferredSpecs> MergeInOrder(std::vector<Result<InferredSpec>> files, bool skip_damaged) {
  std::optional<InferredSpec> merged;
  Status damage = InvalidArgument("there are no files");
  std::vector<int64_t> counts;
  std::vector<const InferredSpec*> specs;
  for (const Result<InferredSpec>& file : files) {
    if (file.ok()) specs.push_back(&*file);
  }
  for (Result<InferredSpec>& file : files) {
    if (!file.ok()) {
      const Status status = file.status();
      if (!skip_damaged || status.code() != Code::kDataLoss) return status;
      if (damage.code() != Code::kDataLoss) damage = status;
      continue;
    }
    if (file->count) counts.push_back(*file->count);
    if (merged) {
      TF_NPZ_RETURN_IF_ERROR(MergeSpec(*file, specs, &*merged));
    } else {
      merged = *file;
    }
  }
  if (!merged) return damage;
  if (counts.size() != files.size()) counts.clear();
  return InferredSpecs{ByPlace(std::move(merged->components)), std::move(merged->label),
                       std::move(counts), merged->may_be_sample};
}

}  // namespace

Result<InferredSpecs> InferSpecs(const FileSystem& file_system,
                                 const std::vector<std::string>& filenames,
                                 const SpecRequest& request, const InferOptions& options) {
  std::vector<Result<InferredSpec>> files(filenames.size(), Result<InferredSpec>(Cancelled()));
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
  return MergeInOrder(std::move(files), options.skip_damaged);
}

}  // namespace tf_npz
