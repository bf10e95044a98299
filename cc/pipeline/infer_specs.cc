#include "cc/pipeline/infer_specs.h"

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <iterator>
#include <memory>
#include <optional>
#include <thread>
#include <utility>

#include "cc/reader/merge_spec.h"

namespace tf_npz {
namespace {

// The specs of the sources of one file that were looked at, and the number of all.
struct InferredFile {
  std::vector<Result<InferredSpec>> specs;
  int64_t sources = 1;
};

// Looks at up to `most` arrays of `archive`, evenly spread.
InferredFile InferArrays(const std::shared_ptr<Archive>& archive, const SpecRequest& request,
                         size_t most) {
  const std::vector<const ZipEntry*> arrays = archive->Arrays();
  if (arrays.empty() && !archive->members().empty()) return {{archive->NoArrays()}};
  InferredFile file;
  file.sources = static_cast<int64_t>(arrays.size());
  const size_t count = std::min(arrays.size(), most);
  for (size_t i = 0; i < count; ++i) {
    const size_t index = count == 1 ? 0 : i * (arrays.size() - 1) / (count - 1);
    file.specs.push_back(InferSpec(archive, request, arrays[index]));
  }
  return file;
}

InferredFile InferFile(const FileSystem& file_system, const std::string& filename,
                       const SpecRequest& request, size_t most_arrays) {
  const Result<std::shared_ptr<Archive>> archive = Archive::Open(file_system, filename);
  if (!archive.ok()) return {{archive.status()}};
  if (request.each_array && (*archive)->is_npz()) {
    return InferArrays(*archive, request, most_arrays);
  }
  return {{InferSpec(*archive, request)}};
}

// Merges one after another, so that the result does not depend on threads.
Result<InferredSpecs> MergeInOrder(std::vector<Result<InferredSpec>> files, bool skip_damaged) {
  std::optional<InferredSpec> merged;
  Status damage = InvalidArgument("there are no arrays in the files: pass element_spec");
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
  std::vector<InferredFile> files(filenames.size());
  const size_t most_arrays =
      std::max<size_t>(kMaxInferredArrays / std::max<size_t>(filenames.size(), 1), 1);
  std::atomic<bool> cancelled{false};
  const std::thread::id caller = std::this_thread::get_id();
  ParallelFor(filenames.size(), options.num_threads, options.start_thread, [&](size_t i) {
    if (cancelled) return;
    if (std::this_thread::get_id() == caller && options.is_cancelled && options.is_cancelled()) {
      cancelled = true;
      return;
    }
    files[i] = InferFile(file_system, filenames[i], request, most_arrays);
  });
  if (cancelled) return Cancelled();
  std::vector<Result<InferredSpec>> all;
  std::vector<int64_t> sources;
  for (InferredFile& file : files) {
    std::move(file.specs.begin(), file.specs.end(), std::back_inserter(all));
    sources.push_back(file.sources);
  }
  TF_NPZ_ASSIGN_OR_RETURN(InferredSpecs specs, MergeInOrder(std::move(all), options.skip_damaged));
  if (!request.each_array) return specs;
  // The rows of arrays that were not looked at are not known.
  specs.counts = request.rows ? std::vector<int64_t>() : std::move(sources);
  return specs;
}

}  // namespace tf_npz
