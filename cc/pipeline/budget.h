// Budget: one number of bytes, and reservations that give themselves back.
//
// A Reservation belongs to one owner: a block, or a file. When the owner goes, its bytes are free
// again. There is no other bookkeeping, so nothing can be lost or counted twice.
//
// Three things may exceed the limit: the oldest block, the files that it waits for, and what an
// open file keeps beyond kMaxResident.
//
// Not thread-safe: the engine's lock guards a Budget, and the end of each of its reservations.

#ifndef TF_NPZ_PIPELINE_BUDGET_H_
#define TF_NPZ_PIPELINE_BUDGET_H_

#include <cassert>
#include <cstdint>
#include <utility>

namespace tf_npz {

class Reservation;

class Budget {
 public:
  explicit Budget(uint64_t limit) : limit_(limit) {}
  ~Budget() { assert(used_ == 0); }
  Budget(const Budget&) = delete;
  Budget& operator=(const Budget&) = delete;

  // Whether `bytes` more stay within the limit.
  bool Fits(uint64_t bytes) const { return used_ <= limit_ && bytes <= limit_ - used_; }

  // Reserves `bytes`, even beyond the limit. Callers ask Fits first, unless reading could not go on
  // without these bytes. The sum of all reservations must not exceed 2^64 - 1; it does not: each is
  // bounded by the size of a file, by memory_limit, or by 64 times the elements of a padded block.
  Reservation Force(uint64_t bytes);

  uint64_t used() const { return used_; }
  uint64_t limit() const { return limit_; }

 private:
  friend class Reservation;
  const uint64_t limit_;
  uint64_t used_ = 0;
};

// Bytes of a Budget. The budget must outlive it.
class Reservation {
 public:
  Reservation() = default;
  Reservation(Reservation&& other) noexcept
      : budget_(std::exchange(other.budget_, nullptr)), bytes_(std::exchange(other.bytes_, 0)) {}
  Reservation& operator=(Reservation&& other) noexcept {
    std::swap(budget_, other.budget_);
    std::swap(bytes_, other.bytes_);
    other.Release();
    return *this;
  }
  ~Reservation() { Release(); }

  uint64_t bytes() const { return bytes_; }

  // Gives back all but `bytes` of it.
  void ShrinkTo(uint64_t bytes) {
    assert(bytes <= bytes_);
    if (budget_ != nullptr) budget_->used_ -= bytes_ - bytes;
    bytes_ = bytes;
  }

  // Gives back all of it.
  void Release() {
    ShrinkTo(0);
    budget_ = nullptr;
  }

 private:
  friend class Budget;
  Reservation(Budget* budget, uint64_t bytes) : budget_(budget), bytes_(bytes) {
    budget_->used_ += bytes;
  }

  Budget* budget_ = nullptr;
  uint64_t bytes_ = 0;
};

inline Reservation Budget::Force(uint64_t bytes) { return Reservation(this, bytes); }

}  // namespace tf_npz

#endif  // TF_NPZ_PIPELINE_BUDGET_H_
