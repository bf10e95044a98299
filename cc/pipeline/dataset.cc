#include "cc/pipeline/dataset.h"

#include <algorithm>
#include <utility>

#include "cc/pipeline/parallel_for.h"
#include "cc/pipeline/source_list.h"
#include "cc/reader/source_name.h"

namespace tf_npz {
namespace {

// With at least this many files for each share, a share is made of whole files, and no header is
// read. With fewer files it is a range of elements, and the headers of all files are read.
constexpr int64_t kFilesOfShare = 32;

// The most files whose headers Seek reads at once. It may not need all of them.
constexpr int64_t kMaxAhead = 64;

}  // namespace

Dataset::Dataset(const FileSystem& file_system, std::vector<std::string> filenames,
                 std::vector<int64_t> counts, Selection selection, EngineOptions options,
                 Shard shard)
    : file_system_(file_system),
      all_filenames_(std::make_shared<const std::vector<std::string>>(std::move(filenames))),
      known_counts_(std::move(counts)),
      selection_(std::move(selection)),
      options_(std::move(options)),
      shard_(shard),
      random_access_(file_system, selection_, options_.pool, options_.memory_limit,
                     options_.verify_checksums) {}

const std::vector<std::string>& Dataset::filenames() {
  const MutexLock lock(mutex_);
  return *FindFiles().filenames;
}

const std::shared_ptr<const std::vector<std::string>>& Dataset::AllSources() {
  if (all_sources_ == nullptr) {
    all_sources_ = !selection_.each_array
                       ? all_filenames_
                       : std::make_shared<const std::vector<std::string>>(ListSources(
                             file_system_, *all_filenames_, kHeaderThreads, StartStdThread()));
  }
  return all_sources_;
}

const Dataset::Files& Dataset::FindFiles() {
  if (files_) return *files_;
  const std::vector<std::string>& sources = *AllSources();
  const auto file_count = static_cast<int64_t>(sources.size());
  if (shard_.count == 1) {
    files_ = Files{AllSources(), {}};
  } else if (!selection_.rows || file_count / shard_.count >= kFilesOfShare) {
    files_ = FilesOf(sources, ShareOfFiles(file_count, shard_));
  } else {
    files_ = FilesOf(sources, ShareOfRange(CountAll(), shard_));
  }
  return *files_;
}

Dataset::Files Dataset::FilesOf(const std::vector<std::string>& filenames,
                                const Share& share) const {
  std::vector<std::string> chosen;
  chosen.reserve(share.files.size());
  for (const int64_t file : share.files) chosen.push_back(filenames[file]);
  return {std::make_shared<const std::vector<std::string>>(std::move(chosen)), share.files,
          share.begin, share.end};
}

ElementCounts Dataset::CountAll() {
  if (known_counts_.empty() || selection_.each_array) {
    return CountElements(file_system_, *AllSources(), selection_, kHeaderThreads, StartStdThread());
  }
  return TotalOf(known_counts_);
}

const ElementCounts& Dataset::CountFiles() {
  if (counts_) return *counts_;
  const Files& files = FindFiles();
  if (files.filenames == AllSources()) {
    counts_ = CountAll();
  } else if (known_counts_.empty() || selection_.each_array) {
    counts_ =
        CountElements(file_system_, *files.filenames, selection_, kHeaderThreads, StartStdThread());
  } else {
    std::vector<int64_t> counts;
    counts.reserve(files.indices.size());
    for (const int64_t file : files.indices) counts.push_back(known_counts_[file]);
    counts_ = TotalOf(std::move(counts));
  }
  if (counts_->of_files.empty()) return *counts_;
  // Cut the last file before the first one: there may be only one file.
  int64_t& last = counts_->of_files.back();
  counts_->total -= last;
  last = std::min(last, files.end);
  counts_->total += last;
  int64_t& first = counts_->of_files.front();
  const int64_t before = std::min(first, files.begin);
  first -= before;
  counts_->total -= before;
  int64_t end = 0;
  for (const int64_t count : counts_->of_files) ends_.push_back(end += count);
  return *counts_;
}

std::optional<int64_t> Dataset::CountBlocks(int64_t max_headers) {
  const MutexLock lock(mutex_);
  if (!counts_ && selection_.each_array && !known_counts_.empty()) {
    return BlocksOf(SizeOfRange(TotalOf(known_counts_).total, shard_));
  }
  if (HeadersToCount() > max_headers) return std::nullopt;
  // The arrays of the files are known only now.
  if (selection_.rows && selection_.each_array) {
    FindFiles();
    if (HeadersToCount() > max_headers) return std::nullopt;
  }
  const ElementCounts& counts = CountFiles();
  if (!counts.status.ok()) return std::nullopt;
  return BlocksOf(counts.total);
}

int64_t Dataset::HeadersToCount() const {
  if (counts_ || (!known_counts_.empty() && !selection_.each_array)) return 0;
  if (files_) return selection_.rows ? static_cast<int64_t>(files_->filenames->size()) : 0;
  const bool needs_headers = selection_.rows || selection_.each_array;
  return needs_headers ? static_cast<int64_t>(all_filenames_->size()) : 0;
}

int64_t Dataset::BlocksOf(int64_t elements) const {
  if (options_.batch_size == 0) return elements;
  const bool has_remainder = elements % options_.batch_size != 0 && !options_.drop_remainder;
  return elements / options_.batch_size + (has_remainder ? 1 : 0);
}

std::unique_ptr<Engine> Dataset::NewEngine(EngineOptions options, Position start) {
  const MutexLock lock(mutex_);
  const Files& files = FindFiles();
  options.begin = files.begin;
  options.end = files.end;
  return std::make_unique<Engine>(file_system_, files.filenames, selection_, std::move(options),
                                  start);
}

Result<Block> Dataset::BlockAt(int64_t index) {
  MutexLock lock(mutex_);
  const ElementCounts& counts = CountFiles();
  TF_NPZ_RETURN_IF_ERROR(counts.status);
  if (index < 0 || index >= BlocksOf(counts.total)) {
    return InvalidArgument("there is no block " + std::to_string(index));
  }
  const int64_t size = std::max<int64_t>(options_.batch_size, 1);
  Block block;
  block.count = std::min(size, counts.total - index * size);
  if (options_.batch_size == 0 && selection_.rows) {
    const auto file = std::upper_bound(ends_.begin(), ends_.end(), index) - ends_.begin();
    const int64_t own_first = file == 0 ? files_->begin : 0;
    const int64_t element = own_first + index - (ends_[file] - counts.of_files[file]);
    const std::shared_ptr<const std::vector<std::string>> filenames = files_->filenames;
    lock.Unlock();
    TF_NPZ_ASSIGN_OR_RETURN(block.arrays, random_access_.Read((*filenames)[file], element));
    return block;
  }
  const Files files = FilesOfBlock(index * size, block.count);
  lock.Unlock();
  EngineOptions options = options_;
  options.begin = files.begin;
  options.end = files.end;
  options.num_threads = 0;
  Engine engine(file_system_, files.filenames, selection_, std::move(options));
  TF_NPZ_ASSIGN_OR_RETURN(std::optional<Block> next, engine.Next());
  if (!next || next->count != block.count) {
    return InvalidArgument(SourceLabel(files.filenames->front()) +
                           ": has fewer elements than before; the file may have changed since its "
                           "elements were counted");
  }
  return std::move(*next);
}

// The files with elements `first` … `first + count - 1` of the share.
Dataset::Files Dataset::FilesOfBlock(int64_t first, int64_t count) {
  Share share = ShareOfElements(*counts_, first, count);
  const int64_t last = share.files.back();
  // ShareOfElements counts from the first element of the share. The share may begin within its
  // first file, and end within its last file.
  if (share.files.front() == 0) share.begin += files_->begin;
  if (share.end != kToTheEnd) {
    share.end += last == 0 ? files_->begin : 0;
  } else if (last + 1 == static_cast<int64_t>(ends_.size())) {
    share.end = files_->end;
  }
  return FilesOf(*files_->filenames, share);
}

Position Dataset::Seek(Position position, int64_t count, int64_t* passed) {
  Files files;
  {
    const MutexLock lock(mutex_);
    files = FindFiles();
  }
  *passed = 0;
  const auto file_count = static_cast<int64_t>(files.filenames->size());
  std::vector<std::string> filenames;
  int64_t last_count = 1;  // elements of the last file whose header was read
  while (position.file < file_count && *passed < count) {
    // Each round reads up to twice the headers of the round before. But it reads no more than are
    // needed if the files are like the last one.
    const int64_t wanted = (count - *passed - 1) / std::max<int64_t>(last_count, 1) + 1;
    const int64_t most = std::clamp<int64_t>(
        std::min<int64_t>(2 * static_cast<int64_t>(filenames.size()), wanted), 1, kMaxAhead);
    const int64_t first = position.file;
    const auto begin = files.filenames->begin() + first;
    filenames.assign(begin, begin + std::min(most, file_count - first));
    const ElementCounts counts =
        ReadCounts(file_system_, filenames, selection_, kHeaderThreads, StartStdThread());
    for (size_t i = 0; i < counts.readable && *passed < count; ++i) {
      int64_t end = last_count = counts.of_files[i];
      if (position.file + 1 == file_count) end = std::min(end, files.end);
      if (position.file == 0) position.element = std::max(position.element, files.begin);
      const int64_t here = std::min(end - position.element, count - *passed);
      if (here < 0) return position;  // the file became shorter: reading it will raise the error
      *passed += here;
      position = position.element + here == end ? Position{position.file + 1, 0}
                                                : Position{position.file, position.element + here};
    }
    if (counts.readable < filenames.size()) break;
  }
  return position;
}

}  // namespace tf_npz
