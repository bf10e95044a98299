// Checkpoint: where reading stopped in a list of files, and what tells whether it can go on there:
// a few numbers and a name, however many files there are. This is the state of a checkpoint.
//
// Files are known by their names without folders, so that they may be somewhere else when they are
// read again.

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
  std::string file_name;   // of the file at `position`; empty at the end
  int64_t file_count = 0;  // of the list
  int64_t names_crc = 0;   // CrcOfNames
};

// Of all names, in their order.
int64_t CrcOfNames(const std::vector<std::string>& filenames);

// `position`, which is in `filenames[file]`, or at the end. `names_crc` is that of `filenames`.
Checkpoint CheckpointAt(const Position& position, const std::vector<std::string>& filenames,
                        int64_t file, int64_t names_crc);

// Whether reading `filenames` can go on in `filenames[file]`, as far as `checkpoint` knows the
// list. InvalidArgument, saying what is different, if not. `file` may be any number.
Status ValidateCheckpoint(const Checkpoint& checkpoint, const std::vector<std::string>& filenames,
                          int64_t file, int64_t names_crc);

}  // namespace tf_npz

#endif  // TF_NPZ_PIPELINE_CHECKPOINT_H_
