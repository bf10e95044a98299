// HeaderCache: headers of arrays that were parsed lately.
//
// The files of a set mostly begin with the very same bytes, and to parse these costs more than all
// else there is to do about a small file. Thread-safe.

#ifndef TF_NPZ_READER_HEADER_CACHE_H_
#define TF_NPZ_READER_HEADER_CACHE_H_

#include <array>
#include <cstddef>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "tf_npz/base/status.h"
#include "tf_npz/format/npy_header.h"

namespace tf_npz {

class HeaderCache {
 public:
  // What ParseNpyHeader says of `bytes`.
  Result<NpyHeader> Parse(std::string_view bytes);

 private:
  // A header of more bytes is parsed each time: those that many files share are short.
  static constexpr size_t kMaxSize = 1024;
  // One for each array that a file has, with luck.
  static constexpr size_t kEntries = 16;

  struct Entry {
    std::string bytes;
    NpyHeader header;
  };

  std::mutex mutex_;
  std::array<std::shared_ptr<const Entry>, kEntries> entries_;  // guarded by mutex_; by hash
};

}  // namespace tf_npz

#endif  // TF_NPZ_READER_HEADER_CACHE_H_
