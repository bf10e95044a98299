#include "cc/reader/directory.h"

#include <algorithm>
#include <set>

namespace tf_npz {
namespace {

constexpr std::string_view kArraySuffix = ".npy";

// Bytes of the directories that a process keeps: enough for 200,000 members.
constexpr uint64_t kKeptDirectories = uint64_t{64} << 20;

using NamedEntry = std::pair<std::string_view, const ZipEntry*>;

Result<std::string> ReadString(const RandomAccessFile& file, uint64_t offset, uint64_t size) {
  std::string bytes(size, '\0');
  TF_NPZ_RETURN_IF_ERROR(ReadExactly(file, offset, bytes.data(), bytes.size()));
  return bytes;
}

// Reads the directory that the end record at tail[end_at] describes. `tail` is the file's end.
Status ReadMembers(const RandomAccessFile& file, const std::string& tail, size_t end_at,
                   ZipEnd* end, std::vector<ZipEntry>* members) {
  TF_NPZ_ASSIGN_OR_RETURN(*end, ParseZipEnd(tail, end_at, file.size()));
  // The tail mostly holds the directory too.
  const uint64_t tail_offset = file.size() - tail.size();
  std::string read;
  std::string_view directory;
  if (end->directory_offset >= tail_offset) {
    directory =
        std::string_view(tail).substr(end->directory_offset - tail_offset, end->directory_size);
  } else {
    TF_NPZ_ASSIGN_OR_RETURN(read, ReadString(file, end->directory_offset, end->directory_size));
    directory = read;
  }
  TF_NPZ_ASSIGN_OR_RETURN(*members, ParseZipDirectory(directory, *end));
  return OkStatus();
}

}  // namespace

std::string_view ArrayName(std::string_view member_name) {
  if (member_name.size() >= kArraySuffix.size() &&
      member_name.substr(member_name.size() - kArraySuffix.size()) == kArraySuffix) {
    member_name.remove_suffix(kArraySuffix.size());
  }
  return member_name;
}

Result<std::shared_ptr<const Directory>> Directory::Read(const RandomAccessFile& file) {
  const uint64_t size = file.size();
  const uint64_t tail_size = std::min<uint64_t>(size, kMaxZipTailSize);
  TF_NPZ_ASSIGN_OR_RETURN(const std::string tail, ReadString(file, size - tail_size, tail_size));
  Status status = DataLoss("zip archive of " + std::to_string(size) +
                           " bytes has no end of central directory record: it is cut off or "
                           "damaged; write or copy it anew");
  for (const size_t at : FindZipEnds(tail)) {
    ZipEnd end;
    std::vector<ZipEntry> members;
    status = ReadMembers(file, tail, at, &end, &members);
    if (status.ok()) {
      return std::shared_ptr<const Directory>(new Directory(end, std::move(members)));
    }
    // Only damage is a reason to try another record. zipfile would take this one.
    if (status.code() != Code::kDataLoss) break;
  }
  return status;
}

// np.load's rules: a member is found by its name. It is also found by its name without ".npy",
// unless another member has that name. If several members have one name, the last is found.
Directory::Directory(ZipEnd zip_end, std::vector<ZipEntry> members)
    : zip_end_(zip_end), members_(std::move(members)) {
  index_.reserve(2 * members_.size());
  for (const ZipEntry& member : members_) index_.emplace_back(ArrayName(member.name), &member);
  for (const ZipEntry& member : members_) index_.emplace_back(member.name, &member);
  std::stable_sort(index_.begin(), index_.end(),
                   [](const NamedEntry& a, const NamedEntry& b) { return a.first < b.first; });
}

const ZipEntry* Directory::Find(std::string_view name) const {
  const auto after = std::upper_bound(
      index_.begin(), index_.end(), name,
      [](std::string_view wanted, const NamedEntry& entry) { return wanted < entry.first; });
  if (after == index_.begin() || std::prev(after)->first != name) return nullptr;
  return std::prev(after)->second;
}

std::vector<std::pair<std::string_view, const ZipEntry*>> Directory::Named() const {
  std::vector<NamedEntry> named;
  std::set<std::string_view> seen;
  for (const ZipEntry& member : members_) {
    const std::string_view name = ArrayName(member.name);
    if (seen.insert(name).second) named.emplace_back(name, Find(name));
  }
  return named;
}

uint64_t Directory::memory_size() const {
  uint64_t size = sizeof(Directory) + members_.capacity() * sizeof(ZipEntry) +
                  index_.capacity() * sizeof(NamedEntry);
  for (const ZipEntry& member : members_) {
    size += member.name.capacity() + member.raw_name.capacity();
  }
  return size;
}

DirectoryCache& DirectoryCache::Get() {
  static auto* const cache = new DirectoryCache(kKeptDirectories);
  return *cache;
}

Result<std::shared_ptr<const Directory>> DirectoryCache::Read(const std::string& path,
                                                              const RandomAccessFile& file) {
  // Before the directory is read: a change of the file in between makes the key worthless.
  const std::string identity = file.identity();
  if (identity.empty()) return Directory::Read(file);
  std::string key = path + '\0' + identity;
  std::shared_ptr<const Directory> directory = Find(key);
  if (directory != nullptr) return directory;
  TF_NPZ_ASSIGN_OR_RETURN(directory, Directory::Read(file));
  Insert({std::move(key), directory, directory->memory_size()});
  return directory;
}

std::shared_ptr<const Directory> DirectoryCache::Find(const std::string& key) {
  const MutexLock lock(mutex_);
  const auto found = std::find_if(entries_.begin(), entries_.end(),
                                  [&](const Entry& entry) { return entry.key == key; });
  if (found == entries_.end()) return nullptr;
  entries_.splice(entries_.begin(), entries_, found);
  return found->directory;
}

void DirectoryCache::Insert(Entry entry) {
  if (entry.size > max_size_) return;
  std::list<Entry> dropped;  // destroyed after the lock is released
  const MutexLock lock(mutex_);
  const auto is_same = [&](const Entry& other) { return other.key == entry.key; };
  if (std::any_of(entries_.begin(), entries_.end(), is_same)) return;
  size_ += entry.size;
  entries_.push_front(std::move(entry));
  while (entries_.size() > kMaxDirectories || size_ > max_size_) {
    size_ -= entries_.back().size;
    dropped.splice(dropped.begin(), entries_, std::prev(entries_.end()));
  }
}

}  // namespace tf_npz
