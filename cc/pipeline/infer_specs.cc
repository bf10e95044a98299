#include "cc/pipeline/infer_specs.h"

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <iterator>
#include <memory>
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

using Files = std::vector<Result<InferredSpec>>;

// Whether a component is missing in the file. Then the file may be of several kinds.
bool LacksComponent(const InferredSpec& file) {
  return std::any_of(file.components.begin(), file.components.end(),
                     [](const InferredComponent& component) { return component.is_missing; });
}

// Of files, or of arrays if each of them is read as a file: the first one of the kind that most
// files have. Of two kinds with as many files, the first one's. Null if no file can be read.
const InferredSpec* Elect(const Files& files) {
  struct Kind {
    const InferredSpec* first;
    size_t count;
  };
  std::vector<Kind> kinds;
  const auto vote = [&kinds](const InferredSpec& file) {
    bool has_voted = false;
    for (Kind& kind : kinds) {
      if (!AreOfOneKind(*kind.first, file)) continue;
      ++kind.count;
      has_voted = true;
    }
    if (!has_voted) kinds.push_back({&file, 1});
  };
  // Files that lack a component vote for each kind that they fit. So the other files come first.
  for (const bool lacks : {false, true}) {
    for (const Result<InferredSpec>& file : files) {
      if (file.ok() && LacksComponent(*file) == lacks) vote(*file);
    }
  }
  const auto most = std::max_element(
      kinds.begin(), kinds.end(), [](const Kind& a, const Kind& b) { return a.count < b.count; });
  return most == kinds.end() ? nullptr : most->first;
}

// The error if no file can be read.
Status AllFail(const Files& files) {
  if (files.empty()) return InvalidArgument("there are no arrays in the files: pass element_spec");
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
  Files all;
  std::vector<int64_t> sources;
  for (InferredFile& file : files) {
    std::move(file.specs.begin(), file.specs.end(), std::back_inserter(all));
    sources.push_back(file.sources);
  }
  TF_NPZ_ASSIGN_OR_RETURN(InferredSpecs specs, Merge(all));
  if (!request.each_array) return specs;
  // The rows of arrays that were not looked at are not known.
  specs.counts = request.rows ? std::vector<int64_t>() : std::move(sources);
  return specs;
}

}  // namespace tf_npz
