// The work of a reader's threads: open a file, decode a piece to its place in a block.
//
// These functions have no state. They know one step, and what all steps have in common. They hold
// no lock of the engine, and several threads may run them at the same time.

#ifndef TF_NPZ_PIPELINE_WORK_H_
#define TF_NPZ_PIPELINE_WORK_H_

#include <atomic>
#include <cstdint>
#include <memory>
#include <vector>

#include "cc/base/mutex.h"
#include "cc/base/status.h"
#include "cc/io/buffer.h"
#include "cc/io/file.h"
#include "cc/pipeline/planner.h"
#include "cc/reader/plan_cache.h"
#include "cc/reader/selection.h"
#include "cc/reader/source.h"

namespace tf_npz {

// What all steps of a reader have in common.
struct WorkContext {
  const FileSystem& file_system;
  Selection selection;
  BlockOptions block_options;
  std::shared_ptr<BufferPool> pool;
  bool verify_checksums = true;
  bool is_only_file = false;           // the list has no other file
  const std::atomic<bool>* cancelled;  // when it is true, steps end soon with Cancelled
  std::shared_ptr<PlanCache> plans;    // of arrays, by their header's bytes
  std::shared_ptr<SharedArchives> archives;
};

// An open file, and readers of its selected arrays. Or, for a run of files, what they are like.
struct OpenFile {
  bool is_run = false;
  std::shared_ptr<Archive> archive;
  std::vector<SelectedArray> arrays;
  // For a run: the plan of the only array, if each file is expected to be an .npy with the header
  // of the first file that was opened. Null if each file is to be opened as any other.
  std::shared_ptr<const ArrayPlan> model;
};

// A file that was opened.
struct Opened {
  FileFacts facts;
  std::shared_ptr<OpenFile> file;
};

// Opens the file of `extent`, and checks that it is what the extent says.
Result<Opened> Open(const WorkContext& context, const Extent& extent);

// The facts that each file of a run has if it fits the selection, as the open file `file` with
// `facts` does. Its `file` is null if files may differ, or are too large to be worth it.
Opened ModelOf(const WorkContext& context, const FileFacts& facts, const OpenFile& file);

// Decodes the piece of `step` to its place. `*done` is the number of elements that came out right
// before an error.
Status Decode(const WorkContext& context, const Step& step, int64_t* done);

// The memory of a block. It is taken from the pool when the first piece is decoded, not before.
// Then the pool can reuse blocks that the consumer has dropped. Thread-safe.
class BlockMemory {
 public:
  // `block` must be reserved, and stay while memory is taken or handed over.
  BlockMemory(const PlannedBlock& block, BufferPool& pool)
      : block_(block), pool_(pool), buffers_(block.sizes.size()) {}

  // Where element `offset` begins, for each of `components`.
  Result<std::vector<char*>> Destinations(const std::vector<size_t>& components, int64_t offset);

  // A component whose memory the decoder brought: a whole array that is the block's only element.
  void Set(size_t component, ArrayData whole);

  const ComponentShape& shape(size_t component) const {
    return block_.shape.components()[component];
  }

  // The bytes of one element.
  int64_t element_size(size_t component) const;

  // Hands the memory over. No piece may be running.
  std::vector<ArrayData> Take();

 private:
  const PlannedBlock& block_;  // its shape and sizes, which do not change any more
  BufferPool& pool_;
  Mutex mutex_;
  std::vector<Buffer> buffers_ TF_NPZ_GUARDED_BY(mutex_);
  std::vector<ArrayData> whole_ TF_NPZ_GUARDED_BY(mutex_);  // if Set was called
};

}  // namespace tf_npz

#endif  // TF_NPZ_PIPELINE_WORK_H_
