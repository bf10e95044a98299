#include "cc/pipeline/source_list.h"

#include <memory>
#include <utility>

#include "cc/pipeline/parallel_for.h"
#include "cc/reader/archive.h"
#include "cc/reader/source_name.h"

namespace tf_npz {
namespace {

std::vector<std::string> SourcesOf(const FileSystem& file_system, const std::string& filename) {
  const Result<std::shared_ptr<Archive>> archive = Archive::Open(file_system, filename);
  if (!archive.ok() || !(*archive)->is_npz()) return {filename};
  std::vector<std::string> sources;
  for (const ZipEntry* const entry : (*archive)->Arrays()) {
    sources.push_back(SourceOf(filename, entry->name));
  }
  const bool has_others = sources.empty() && !(*archive)->members().empty();
  return has_others ? std::vector<std::string>{filename} : sources;
}

}  // namespace

std::vector<std::string> ListSources(const FileSystem& file_system,
                                     const std::vector<std::string>& filenames, int num_threads,
                                     const StartThread& start_thread) {
  std::vector<std::vector<std::string>> of_files(filenames.size());
  ParallelFor(filenames.size(), num_threads, start_thread,
              [&](size_t i) { of_files[i] = SourcesOf(file_system, filenames[i]); });
  std::vector<std::string> sources;
  for (std::vector<std::string>& file : of_files) {
    for (std::string& source : file) sources.push_back(std::move(source));
  }
  return sources;
}

}  // namespace tf_npz
