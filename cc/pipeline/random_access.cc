#include "cc/pipeline/random_access.h"

#include <utility>

#include "cc/reader/source.h"
#include "cc/reader/source_name.h"

namespace tf_npz {
namespace {

// The most files that are kept. If they are more than kMaxOpenFiles, a file that was read closes
// its descriptor.
constexpr size_t kMaxFiles = 1024;
constexpr size_t kMaxOpenFiles = 64;

// Bytes that a kept file counts for besides its loaded arrays: its directory and headers.
constexpr uint64_t kFileOverhead = 4096;

}  // namespace

RandomAccess::RandomAccess(const FileSystem& file_system, Selection selection,
                           std::shared_ptr<BufferPool> pool, uint64_t memory_limit,
                           bool verify_checksums)
    : file_system_(file_system),
      selection_(std::move(selection)),
      pool_(std::move(pool)),
      memory_limit_(memory_limit),
      verify_checksums_(verify_checksums) {}

RandomAccess::~RandomAccess() = default;

Result<std::vector<ArrayData>> RandomAccess::Read(const std::string& filename, int64_t element) {
  const std::shared_ptr<File> file = Find(filename);
  const MutexLock lock(file->mutex);
  Result<std::vector<ArrayData>> data = ReadFrom(*file, element);
  Keep(*file);
  return data;
}

Result<std::vector<ArrayData>> RandomAccess::ReadFrom(File& file, int64_t element) const {
  if (!file.is_open) TF_NPZ_RETURN_IF_ERROR(Open(file));
  if (element < 0 || element >= file.selected.count) {
    return InvalidArgument(SourceLabel(file.filename) + ": has no element " +
                           std::to_string(element) + " (it has " +
                           std::to_string(file.selected.count) +
                           "); the file may have changed since its elements were counted");
  }
  TF_NPZ_RETURN_IF_ERROR(Load(file));
  std::vector<ArrayData> data(selection_.specs.size());
  for (const SelectedArray& array : file.selected.arrays) {
    std::vector<char*> destinations;
    const std::vector<Component>& components = array.reader->components();
    for (size_t i = 0; i < components.size(); ++i) {
      ArrayData& target = data[array.components[i]];
      target.shape = components[i].element_shape;
      target.item_size = components[i].item_size;
      TF_NPZ_ASSIGN_OR_RETURN(target.buffer, pool_->Allocate(components[i].element_size()));
      destinations.push_back(target.buffer.data());
    }
    TF_NPZ_RETURN_IF_ERROR(array.reader->Read(element, 1, destinations));
  }
  return data;
}

std::shared_ptr<RandomAccess::File> RandomAccess::Find(const std::string& filename) {
  const MutexLock lock(mutex_);
  const auto found = index_.find(filename);
  if (found != index_.end()) {
    files_.splice(files_.begin(), files_, found->second);
  } else {
    files_.push_front({std::make_shared<File>(filename)});
    index_[filename] = files_.begin();
  }
  return files_.front().file;
}

// Notes how many bytes `file` holds. Then drops the files that were used longest ago until the
// limits hold. The thread that reads `file` calls this.
void RandomAccess::Keep(File& file) {
  std::vector<std::shared_ptr<File>> dropped;  // destroyed after the lock is released
  const MutexLock lock(mutex_);
  const auto found = index_.find(file.filename);
  // Another thread may have dropped the file meanwhile, and a third one may have added it anew.
  if (found == index_.end() || found->second->file.get() != &file) return;
  if (file.is_open && files_.size() > kMaxOpenFiles) file.selected.archive->file().CloseIdle();
  const uint64_t size = kFileOverhead + file.loaded;
  kept_ += size - std::exchange(found->second->size, size);
  while (files_.size() > 1 && (files_.size() > kMaxFiles || kept_ > memory_limit_)) {
    Entry& last = files_.back();
    index_.erase(last.file->filename);
    kept_ -= last.size;
    dropped.push_back(std::move(last.file));
    files_.pop_back();
  }
}

Status RandomAccess::Open(File& file) const {
  ReadOptions options;
  options.pool = pool_;
  options.checksums = verify_checksums_ ? Checksums::kCompressed : Checksums::kNone;
  TF_NPZ_ASSIGN_OR_RETURN(file.selected,
                          OpenSource(file_system_, file.filename, selection_, options));
  const Archive& archive = *file.selected.archive;
  file.loaded = archive.is_in_memory() ? archive.file().size() : 0;
  TF_NPZ_RETURN_IF_ERROR(CheckLoads(file.selected, selection_, memory_limit_));
  file.is_open = true;
  return OkStatus();
}

// Decodes whole arrays if that makes later reads faster.
Status RandomAccess::Load(File& file) const {
  for (const SelectedArray& array : file.selected.arrays) {
    ArrayReader& reader = *array.reader;
    const uint64_t size = reader.load_size();
    if (size == 0 || reader.is_random_access()) continue;
    if (file.loaded + size > memory_limit_ / 4 && !reader.must_load()) continue;
    TF_NPZ_RETURN_IF_ERROR(reader.Load());
    file.loaded += size;
  }
  return OkStatus();
}

}  // namespace tf_npz
