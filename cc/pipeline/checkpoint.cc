#include "cc/pipeline/checkpoint.h"

#include <string_view>

#include "cc/base/text.h"
#include "cc/inflate/crc32.h"
#include "cc/reader/source_name.h"

namespace tf_npz {
int64_t CrcOfNames(const std::vector<std::string>& filenames) {
  uint32_t crc = 0;
  for (const std::string& filename : filenames) {
    const std::string_view name = WithoutFolders(filename);
    crc = ExtendCrc32(ExtendCrc32(crc, name.data(), name.size()), "/", 1);
  }
  return crc;
}

Checkpoint CheckpointAt(const Position& position, const std::vector<std::string>& filenames,
                        int64_t file, int64_t names_crc) {
  const auto count = static_cast<int64_t>(filenames.size());
  return {position, file < count ? std::string(WithoutFolders(filenames[file])) : "", count,
          names_crc};
}

Status ValidateCheckpoint(const Checkpoint& checkpoint, const std::vector<std::string>& filenames,
                          int64_t file, int64_t names_crc) {
  const auto count = static_cast<int64_t>(filenames.size());
  if (checkpoint.file_count != count) {
    return InvalidArgument("the checkpoint is of an iterator over " +
                           std::to_string(checkpoint.file_count) + " files, but now there are " +
                           std::to_string(count));
  }
  if (file < 0 || file > count || checkpoint.position.element < 0) {
    return InvalidArgument("the checkpoint is damaged: it has no valid position");
  }
  const std::string_view name = file < count ? WithoutFolders(filenames[file]) : std::string_view();
  if (checkpoint.file_name != name) {
    return InvalidArgument("the checkpoint is of an iterator that was in " +
                           Quote(checkpoint.file_name) + ", but the list now has " + Quote(name) +
                           " in its place");
  }
  if (checkpoint.names_crc != names_crc) {
    return InvalidArgument(
        "the checkpoint is of an iterator over files with other names, or in another order");
  }
  return OkStatus();
}

}  // namespace tf_npz
