// BlockList: the blocks of a plan that are not taken, in order, and their memory. Part of the
// planner.
//
//     planned ──▶ sealed ──▶ reserved ──▶ filled ──▶ taken

#ifndef TF_NPZ_PIPELINE_BLOCK_LIST_H_
#define TF_NPZ_PIPELINE_BLOCK_LIST_H_

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <vector>

#include "cc/base/status.h"
#include "cc/pipeline/plan.h"

namespace tf_npz {

class BlockList {
 public:
  using Entry = std::shared_ptr<PlannedBlock>;

  // Both must outlive it.
  BlockList(const BlockOptions& options, Budget& budget);

  bool empty() const { return entries_.empty(); }
  int64_t size() const { return static_cast<int64_t>(entries_.size()); }
  const std::deque<Entry>& entries() const { return entries_; }
  // Bytes that are reserved for them.
  uint64_t bytes() const { return bytes_; }
  // The next block that Begin makes.
  uint64_t next_sequence() const { return next_sequence_; }
  const Entry& at(uint64_t sequence) const {
    return entries_[sequence - entries_.front()->sequence];
  }
  // The last block, if it is not sealed; else null.
  Entry open() const;
  bool has_unsealed() const { return unsealed_ > 0; }
  // Whether nothing but the next file can complete the oldest block: then it must not wait for
  // memory.
  bool is_awaited() const { return empty() || !entries_.front()->is_sealed; }
  // Whether a sealed block waits for memory.
  bool waits_for_memory() const { return !unreserved_.empty(); }

  // Begins the next block, with the shape of the elements of `file` from its next one on. Returns
  // null if there is no room for it, unless it `must` begin.
  Entry Begin(const PlannedExtent& file, bool must);
  // No more elements come.
  void Seal(PlannedBlock& block);
  // Sets memory apart for the block, if there is room or it is the oldest one: is_reserved says so.
  // ResourceExhausted if it is too large in any case.
  Status Reserve(PlannedBlock& block);
  // A sealed block that waits for memory, the oldest one; null if there is none.
  PlannedBlock* waiting() const;

  Entry TakeOldest();

 private:
  const BlockOptions& options_;
  Budget& budget_;
  std::deque<Entry> entries_;
  uint64_t next_sequence_ = 0;
  uint64_t bytes_ = 0;
  uint64_t convenient_size_;  // bytes of the next block that is no batch
  int64_t unsealed_ = 0;
  std::map<uint64_t, PlannedBlock*> unreserved_;  // sealed ones that wait for memory, by sequence
};

}  // namespace tf_npz

#endif  // TF_NPZ_PIPELINE_BLOCK_LIST_H_
