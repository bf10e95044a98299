#include "cc/io/folder_advice.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <deque>
#include <memory>
#include <string_view>

#include "cc/base/text.h"

namespace tf_npz {
namespace {

constexpr std::array<std::string_view, 2> kSuffixes = {".npz", ".npy"};

struct CloseFolder {
  void operator()(DIR* folder) const { closedir(folder); }
};

bool EndsWith(std::string_view text, std::string_view suffix) {
  return text.size() >= suffix.size() && text.substr(text.size() - suffix.size()) == suffix;
}

// Looks for arrays in a folder and in the folders below it, nearest first. It skips what "**" does
// not match: hidden entries. It does not follow links to folders, because they may form a circle.
class ArraySearch {
 public:
  explicit ArraySearch(const std::string& path) : folders_{path} {}

  // Looks at the entries of the next folder. False if there is none, or if it has looked enough.
  bool Next() {
    found_.fill(false);
    if (folders_.empty() || entries_ >= kMaxAdviceEntries) return false;
    const std::string folder = std::move(folders_.front());
    folders_.pop_front();
    const std::unique_ptr<DIR, CloseFolder> listing(opendir(folder.c_str()));
    if (listing == nullptr) return true;
    while (entries_ < kMaxAdviceEntries) {
      // Only this thread uses the stream. NOLINTNEXTLINE(concurrency-mt-unsafe)
      const dirent* const entry = readdir(listing.get());
      if (entry == nullptr) break;
      ++entries_;
      const std::string_view name = entry->d_name;
      if (name[0] == '.') continue;
      if (IsFolder(*listing, *entry)) {
        folders_.push_back(folder + "/" + std::string(name));
        continue;
      }
      for (size_t i = 0; i < kSuffixes.size(); ++i) found_[i] |= EndsWith(name, kSuffixes[i]);
    }
    return true;
  }

  // For each suffix, whether the last folder has a file with it.
  const std::array<bool, kSuffixes.size()>& found() const { return found_; }
  bool has_found() const { return std::count(found_.begin(), found_.end(), true) > 0; }
  // Whether all entries were looked at.
  bool is_complete() const { return entries_ < kMaxAdviceEntries; }

 private:
  static bool IsFolder(DIR& listing, const dirent& entry) {
    if (entry.d_type != DT_UNKNOWN) return entry.d_type == DT_DIR;
    struct stat facts;
    return fstatat(dirfd(&listing), entry.d_name, &facts, AT_SYMLINK_NOFOLLOW) == 0 &&
           S_ISDIR(facts.st_mode);
  }

  std::deque<std::string> folders_;
  std::array<bool, kSuffixes.size()> found_ = {};
  int entries_ = 0;
};

// `path` as a pattern that matches it alone.
std::string EscapePattern(const std::string& path) {
  std::string pattern;
  for (const char c : path) {
    if (c == '*' || c == '?' || c == '[') {
      pattern += '[';
      pattern += c;
      pattern += ']';
    } else {
      pattern += c;
    }
  }
  return pattern;
}

}  // namespace

std::string FolderAdvice(const std::string& path) {
  std::string base = EscapePattern(path);
  if (!EndsWith(base, "/")) base += "/";
  ArraySearch search(path);
  for (bool is_first = true; search.Next(); is_first = false) {
    if (!search.has_found()) continue;
    std::string patterns;
    for (size_t i = 0; i < kSuffixes.size(); ++i) {
      if (!search.found()[i]) continue;
      if (!patterns.empty()) patterns += " or ";
      patterns +=
          "\"" + Escape(base) + (is_first ? "*" : "**/*") + std::string(kSuffixes[i]) + "\"";
    }
    return "name the files in it with a pattern: " + patterns;
  }
  return search.is_complete() ? "it holds no .npz or .npy files, nor do the folders in it"
                              : "name the files in it";
}

}  // namespace tf_npz
