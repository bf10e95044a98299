// Checkpoint: the position at which reading stopped in a list of files, and facts that tell later
// whether the list is still the same. Its size does not grow with the number of files.
//
// It holds names of files without folders, so the files may be moved to another folder.

#ifndef TF_NPZ_PIPELINE_CHECKPOINT_H_
#define TF_NPZ_PIPELINE_CHECKPOINT_H_

#include <cstdint>
#include <string>
#include <vector>

#include "cc/base/status.h"
#include "cc/pipeline/position.h"

namespace tf_npz {

struct Checkpoint {
  Position position;
  std::string file_name;   // of the file at `position`, without folders; empty at the end
  int64_t file_count = 0;  // files in the list
  int64_t names_crc = 0;   // CrcOfNames of the list
};

// The CRC-32 of all names, without folders, in order.
int64_t CrcOfNames(const std::vector<std::string>& filenames);

// The checkpoint for `position`, which lies in `filenames[file]`. At the end, `file` is
// filenames.size(). `names_crc` is CrcOfNames(filenames).
Checkpoint CheckpointAt(const Position& position, const std::vector<std::string>& filenames,
                        int64_t file, int64_t names_crc);

// OK if reading may go on at `checkpoint` in `filenames[file]`. InvalidArgument, saying what is
// different, if the list is another one, or if the checkpoint is damaged. `file` may be any number.
// `names_crc` is CrcOfNames(filenames).
Status ValidateCheckpoint(const Checkpoint& checkpoint, const std::vector<std::string>& filenames,
                          int64_t file, int64_t names_crc);

}  // namespace tf_npz

#endif  // TF_NPZ_PIPELINE_CHECKPOINT_H_
