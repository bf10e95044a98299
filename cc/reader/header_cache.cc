#include "tf_npz/reader/header_cache.h"

#include <functional>
#include <utility>

namespace tf_npz {

Result<NpyHeader> HeaderCache::Parse(std::string_view bytes) {
  if (bytes.size() > kMaxSize) return ParseNpyHeader(bytes);
  std::shared_ptr<const Entry>& place = entries_[std::hash<std::string_view>()(bytes) % kEntries];
  std::shared_ptr<const Entry> entry;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    entry = place;
  }
  if (entry != nullptr && entry->bytes == bytes) return entry->header;
  TF_NPZ_ASSIGN_OR_RETURN(NpyHeader header, ParseNpyHeader(bytes));
  entry = std::make_shared<const Entry>(Entry{std::string(bytes), header});
  const std::lock_guard<std::mutex> lock(mutex_);
  place = std::move(entry);
  return header;
}

}  // namespace tf_npz
