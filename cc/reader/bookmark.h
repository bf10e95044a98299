// Bookmark: where reading stopped in a list of files, and what tells whether it can go on there: a
// few numbers and a name, however many files there are. This is the state of a checkpoint.
//
// Files are known by their names without folders, so that they may be somewhere else when they are
// read again.

#ifndef TF_NPZ_READER_BOOKMARK_H_
#define TF_NPZ_READER_BOOKMARK_H_

#include <cstdint>
#include <string>
#include <vector>

#include "tf_npz/base/status.h"
#include "tf_npz/reader/engine.h"

namespace tf_npz {

struct Bookmark {
  Position position;
  std::string file_name;   // of the file at `position`; empty at the end
  int64_t file_count = 0;  // of the list
  int64_t names_crc = 0;   // CrcOfNames
};

// Of all names, in their order.
int64_t CrcOfNames(const std::vector<std::string>& paths);

// `position`, which is in `paths[file]`, or at the end. `names_crc` is that of `paths`.
Bookmark BookmarkAt(const Position& position, const std::vector<std::string>& paths, int64_t file,
                    int64_t names_crc);

// Whether reading `paths` can go on in `paths[file]`, as far as `bookmark` knows the list.
// InvalidArgument, saying what is different, if not. `file` may be any number.
Status CheckBookmark(const Bookmark& bookmark, const std::vector<std::string>& paths, int64_t file,
                     int64_t names_crc);

}  // namespace tf_npz

#endif  // TF_NPZ_READER_BOOKMARK_H_
