#include "cc/pipeline/sharding.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "cc/base/checked.h"
#include "cc/pipeline/parallel_for.h"
#include "cc/reader/source.h"

namespace tf_npz {

ElementCounts TotalOf(std::vector<int64_t> of_files) {
  ElementCounts counts;
  counts.of_files = std::move(of_files);
  counts.readable = counts.of_files.size();
  for (size_t i = 0; i < counts.of_files.size(); ++i) {
    int64_t total;
    if (CheckedAdd(counts.total, counts.of_files[i], &total)) {
      counts.total = total;
    } else {  // rows of no bytes take no space, so a header may claim any number of them
      counts.status = ResourceExhausted("the files have more elements than can be counted");
      counts.readable = std::min(counts.readable, i);
      counts.of_files[i] = 0;
    }
  }
  return counts;
}

ElementCounts ReadCounts(const FileSystem& file_system, const std::vector<std::string>& filenames,
                         const Selection& selection, int num_threads,
                         const StartThread& start_thread) {
  ElementCounts counts;
  counts.of_files.resize(filenames.size());
  std::vector<Status> statuses(filenames.size());
  SharedArchives archives(file_system, BufferPool::New(0));
  const auto count_file = [&](size_t i) {
    ReadOptions options;
    options.pool = BufferPool::New(0);
    const Result<SelectedArrays> selected =
        OpenSource(file_system, filenames[i], selection, options, /*cache=*/nullptr, &archives);
    statuses[i] = selected.status();
    if (selected.ok()) counts.of_files[i] = selected->count;
  };
  ParallelFor(filenames.size(), num_threads, start_thread, count_file);
  const auto failed = std::find_if(statuses.begin(), statuses.end(),
                                   [](const Status& status) { return !status.ok(); });
  counts = TotalOf(std::move(counts.of_files));
  if (failed != statuses.end()) counts.status = *failed;
  counts.readable = std::min(counts.readable, static_cast<size_t>(failed - statuses.begin()));
  return counts;
}

ElementCounts CountElements(const FileSystem& file_system,
                            const std::vector<std::string>& filenames, const Selection& selection,
                            int num_threads, const StartThread& start_thread) {
  if (!selection.rows) return TotalOf(std::vector<int64_t>(filenames.size(), 1));
  return ReadCounts(file_system, filenames, selection, num_threads, start_thread);
}

Share ShareOfFiles(int64_t file_count, const Shard& shard) {
  Share share;
  for (int64_t i = shard.index; i < file_count; i += shard.count) share.files.push_back(i);
  return share;
}

Share ShareOfElements(const ElementCounts& counts, int64_t first, int64_t count) {
  Share share;
  const int64_t end = first + count;
  int64_t file_first = 0;
  for (size_t i = 0; i < counts.of_files.size(); ++i) {
    const int64_t file_end = file_first + counts.of_files[i];
    const bool is_last = file_first == counts.total && end == counts.total;
    const bool is_within = first <= file_first && file_first < end;
    const bool has_some = std::max(first, file_first) < std::min(end, file_end);
    if (has_some || (file_first == file_end && (is_within || is_last))) {
      if (share.files.empty()) share.begin = std::max<int64_t>(0, first - file_first);
      share.files.push_back(static_cast<int64_t>(i));
      share.end = end < file_end ? end - file_first : kToTheEnd;
    }
    file_first = file_end;
  }
  return share;
}

int64_t SizeOfRange(int64_t total, const Shard& shard) {
  return total / shard.count + (shard.index < total % shard.count ? 1 : 0);
}

Share ShareOfRange(const ElementCounts& counts, const Shard& shard) {
  if (counts.total == 0 && shard.index == 0) {
    return ShareOfFiles(static_cast<int64_t>(counts.of_files.size()), Shard());
  }
  const int64_t count = SizeOfRange(counts.total, shard);
  if (count == 0) return Share();
  const int64_t first =
      counts.total / shard.count * shard.index + std::min(shard.index, counts.total % shard.count);
  return ShareOfElements(counts, first, count);
}

}  // namespace tf_npz
