#include "cc/reader/checksum_parts.h"

#include <algorithm>
#include <iterator>

#include "cc/inflate/crc32.h"

namespace tf_npz {

ChecksumParts::Part ChecksumParts::Take(uint64_t begin, uint64_t end) {
  Part part = {};
  part.begin = part.end = end;
  const MutexLock lock(mutex_);
  auto next = stretches_.upper_bound(begin);
  auto before = next == stretches_.begin() ? stretches_.end() : std::prev(next);
  if (before != stretches_.end()) begin = std::max(begin, before->second.taken_end);
  for (; next != stretches_.end() && next->first == begin; before = next++) {
    begin = next->second.taken_end;
  }
  if (begin >= end) return part;
  if (next != stretches_.end()) end = std::min(end, next->first);
  const bool goes_on = before != stretches_.end() && before->second.end == begin;
  if (!goes_on && stretches_.size() >= kMaxStretches) return part;
  part.stretch = goes_on ? before : stretches_.emplace_hint(next, begin, Stretch{begin, begin, 0});
  part.stretch->second.taken_end = end;
  part.crc = part.stretch->second.crc;
  part.begin = begin;
  part.end = end;
  return part;
}

bool ChecksumParts::GiveBack(const Part& part, uint64_t size) {
  const MutexLock lock(mutex_);
  const uint64_t front_end = FrontEnd();
  Stretch& stretch = part.stretch->second;
  stretch = {part.end, part.end, part.crc};
  if (stretch.end == part.stretch->first) {
    stretches_.erase(part.stretch);
  } else {
    const auto next = std::next(part.stretch);
    if (next != stretches_.end()) Join(part.stretch, next);
    if (part.stretch != stretches_.begin()) Join(std::prev(part.stretch), part.stretch);
  }
  return front_end < size && FrontEnd() >= size;
}

// Joins two stretches if they touch and no thread has taken bytes of either.
void ChecksumParts::Join(Stretches::iterator first, Stretches::iterator second) {
  Stretch& joined = first->second;
  const Stretch& added = second->second;
  if (joined.end != second->first || joined.is_taken() || added.is_taken()) return;
  joined.crc = CombineCrc32(joined.crc, added.crc, added.end - second->first);
  joined.end = joined.taken_end = added.end;
  stretches_.erase(second);
}

uint64_t ChecksumParts::FrontEnd() const {
  const auto first = stretches_.begin();
  return first == stretches_.end() || first->first != 0 ? 0 : first->second.end;
}

bool ChecksumParts::HasAll(uint64_t size) {
  const MutexLock lock(mutex_);
  return FrontEnd() >= size;
}

std::optional<uint32_t> ChecksumParts::Crc32Of(uint64_t size) {
  const MutexLock lock(mutex_);
  if (FrontEnd() != size) return std::nullopt;
  return size == 0 ? 0 : stretches_.begin()->second.crc;
}

}  // namespace tf_npz
