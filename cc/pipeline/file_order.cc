#include "cc/pipeline/file_order.h"

#include <algorithm>
#include <utility>

namespace tf_npz {

FileOrder::FileOrder(Filenames filenames, Options options, Position start)
    : filenames_(std::move(filenames)),
      options_(std::move(options)),
      skipped_into_(options_.verify_before_start ? -1 : start.file),
      is_complete_(!options_.is_named),
      indices_(options_.named),
      start_(start),
      cursor_(start) {}

int64_t FileOrder::count() const {
  return static_cast<int64_t>(options_.is_named ? indices_.size() : filenames_->size());
}

std::vector<int64_t> FileOrder::IndicesFrom(int64_t place) const {
  if (place >= static_cast<int64_t>(indices_.size())) return {};
  return {indices_.begin() + place, indices_.end()};
}

void FileOrder::Restart(Position position) { start_ = cursor_ = position; }

std::optional<Extent> FileOrder::Next(int64_t most_files) {
  auto cut = cuts_.lower_bound(cursor_.file);
  for (; cut != cuts_.end() && cut->first == cursor_.file && cut->second == 0; ++cut) {
    cursor_ = {cursor_.file + 1, 0};
  }
  const int64_t place = cursor_.file;
  if (place >= count()) return std::nullopt;
  Extent extent;
  extent.place = place;
  const int64_t file = index(place);
  extent.filenames = filenames_->data() + file;
  // A run has no file in it that failed, and none that is begun in its middle.
  if (!options_.is_named && cursor_.element == 0) {
    int64_t end = std::min(place + most_files, count());
    if (cut != cuts_.end()) end = std::min(end, cut->first);
    extent.files = std::max<int64_t>(1, end - place);
  }
  const int64_t own_first = file == 0 ? options_.begin : 0;
  const int64_t own_end = file + 1 == list_size() ? options_.end : kToTheEnd;
  extent.first = std::max(own_first, cursor_.element);
  extent.end = own_end;
  extent.least = std::max(extent.first, own_end == kToTheEnd ? 0 : own_end);
  if (place == start_.file) extent.file_size = start_.file_size;
  extent.verify_skipped = own_first == 0 && place != skipped_into_;
  if (cut != cuts_.end() && cut->first == place) extent.end = std::min(extent.end, cut->second);
  cursor_ = {place + extent.files, 0};
  return extent;
}

}  // namespace tf_npz
