#include "cc/pipeline/block_list.h"

#include <algorithm>
#include <string>
#include <utility>

#include "cc/base/checked.h"
#include "cc/reader/source_name.h"

namespace tf_npz {
namespace {

// Blocks of rows start small, so that a reader of a few rows reads little more than them. They
// double up to a size that is worth a step and still comes soon.
constexpr uint64_t kFirstConvenientSize = uint64_t{64} << 10;
constexpr uint64_t kConvenientSize = uint64_t{1} << 20;
constexpr int64_t kConvenientCount = 4096;

// What a block is taken to cost besides its elements' memory.
constexpr uint64_t kBlockOverhead = 1024;

// A block over memory_limit may take 64 times the bytes of the elements in it. Headers alone decide
// what it is padded to: without this two files of 100 bytes could ask for any memory.
constexpr uint64_t kMaxPaddingRatio = 64;

}  // namespace

BlockList::BlockList(const BlockOptions& options, Budget& budget)
    : options_(options), budget_(budget), convenient_size_(kFirstConvenientSize) {}

BlockList::Entry BlockList::open() const {
  return empty() || entries_.back()->is_sealed ? nullptr : entries_.back();
}

PlannedBlock* BlockList::waiting() const {
  return unreserved_.empty() ? nullptr : unreserved_.begin()->second;
}

BlockList::Entry BlockList::Begin(const PlannedExtent& file, bool must) {
  auto block = std::make_shared<PlannedBlock>(*file.facts, options_);
  uint64_t element_size = 0;
  for (const PlannedArray& array : file.arrays) element_size += array.facts->element_size;
  block->capacity = options_.batch_size;
  uint64_t next_convenient_size = convenient_size_;
  if (options_.batch_size == 0) {
    const uint64_t target = std::min(convenient_size_, options_.memory_limit / 4);
    next_convenient_size = std::min(2 * convenient_size_, kConvenientSize);
    const auto fitting = static_cast<int64_t>(target / std::max<uint64_t>(element_size, 1));
    block->capacity = std::clamp<int64_t>(fitting, 1, kConvenientCount);
    block->capacity = std::min(block->capacity, file.end - file.planned);
  }
  // A block of known size gets its memory now, so that its first elements need not wait until its
  // last ones are found. Not if it is so large that it may never be full.
  uint64_t size = 0;
  block->has_known_size =
      block->shape.is_fixed() &&
      CheckedMultiply(static_cast<uint64_t>(block->capacity), element_size, &size) &&
      (options_.batch_size == 0 || size <= options_.memory_limit);
  if (!must && !budget_.Fits((block->has_known_size ? size : 0) + kBlockOverhead)) return nullptr;
  convenient_size_ = next_convenient_size;
  block->sequence = next_sequence_++;
  block->first = block->next = file.At(file.planned);
  block->filename = &file.extent.filenames[file.extent.files > 1 ? file.planned : 0];
  entries_.push_back(block);
  ++unsealed_;
  return block;
}

void BlockList::Seal(PlannedBlock& block) {
  block.is_sealed = true;
  --unsealed_;
  if (!block.is_reserved) unreserved_[block.sequence] = &block;
}

Status BlockList::Reserve(PlannedBlock& block) {
  if (block.is_reserved) return OkStatus();
  const int64_t count = block.is_sealed ? block.count : block.capacity;
  TF_NPZ_ASSIGN_OR_RETURN(std::vector<uint64_t> sizes, block.shape.Sizes(count, *block.filename));
  uint64_t size = kBlockOverhead;
  for (const uint64_t bytes : sizes) {
    if (CheckedAdd(size, bytes, &size)) continue;
    return ResourceExhausted(SourceLabel(*block.filename) + ": a block of " +
                             std::to_string(count) + " elements is larger than any memory");
  }
  if (block.is_sealed && size > std::max(options_.memory_limit, kConvenientSize) &&
      (size - kBlockOverhead) / kMaxPaddingRatio > block.unpadded_size) {
    return ResourceExhausted(SourceLabel(*block.filename) + ": a block of " +
                             std::to_string(count) + " elements takes " + std::to_string(size) +
                             " bytes, most of them padding, but memory_limit is " +
                             std::to_string(options_.memory_limit) + "; raise it");
  }
  const bool is_oldest = entries_.front().get() == &block;
  if (!is_oldest && !budget_.Fits(size)) return OkStatus();
  block.reservation = budget_.Force(size);
  bytes_ += size;
  block.sizes = std::move(sizes);
  block.is_reserved = true;
  unreserved_.erase(block.sequence);
  return OkStatus();
}

BlockList::Entry BlockList::TakeOldest() {
  Entry block = entries_.front();
  bytes_ -= block->reservation.bytes();
  block->reservation.Release();
  entries_.pop_front();
  return block;
}

}  // namespace tf_npz
