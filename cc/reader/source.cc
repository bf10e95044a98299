#include "cc/reader/source.h"

#include <algorithm>
#include <utility>

#include "cc/reader/source_name.h"

namespace tf_npz {

Result<std::shared_ptr<Archive>> SharedArchives::Open(const std::string& path) {
  const std::shared_ptr<File> file = Find(path);
  const MutexLock lock(file->mutex);
  if (file->archive == nullptr) {
    TF_NPZ_ASSIGN_OR_RETURN(file->archive, Archive::Open(file_system_, path, *pool_));
  }
  return file->archive;
}

std::shared_ptr<SharedArchives::File> SharedArchives::Find(const std::string& path) {
  std::shared_ptr<File> dropped;  // destroyed after the lock is released
  const MutexLock lock(mutex_);
  const auto found = std::find_if(files_.begin(), files_.end(),
                                  [&](const auto& file) { return file->path == path; });
  if (found != files_.end()) {
    files_.splice(files_.begin(), files_, found);
    return files_.front();
  }
  files_.push_front(std::make_shared<File>(path));
  if (files_.size() > kMaxArchives) {
    dropped = std::move(files_.back());
    files_.pop_back();
  }
  return files_.front();
}

Result<SelectedArrays> OpenSource(const FileSystem& file_system, const std::string& source,
                                  const Selection& selection, const ReadOptions& options,
                                  PlanCache* cache, SharedArchives* archives) {
  const std::optional<std::string_view> member =
      selection.each_array ? MemberOf(source) : std::nullopt;
  const std::string path(selection.each_array ? PathOf(source) : source);
  TF_NPZ_ASSIGN_OR_RETURN(std::shared_ptr<Archive> archive,
                          archives != nullptr && selection.each_array
                              ? archives->Open(path)
                              : Archive::Open(file_system, path, *options.pool));
  return OpenSelection(std::move(archive), selection, options, cache, member);
}

}  // namespace tf_npz
