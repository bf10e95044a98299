// Placed: bytes at an address with a chosen alignment.

#ifndef TF_NPZ_TESTING_PLACED_H_
#define TF_NPZ_TESTING_PLACED_H_

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

namespace tf_npz {

// Holds `bytes` at an address that is `shift` more than a multiple of 16. The allocation ends with
// them, so AddressSanitizer finds a read after their end.
class Placed {
 public:
  Placed(std::string_view bytes, size_t shift) : memory_(shift + bytes.size()), shift_(shift) {
    std::copy(bytes.begin(), bytes.end(), memory_.begin() + shift);
  }

  char* data() { return memory_.data() + shift_; }
  // The bytes. Also expects that no byte before them was changed.
  std::string bytes() const {
    for (size_t i = 0; i < shift_; ++i) EXPECT_EQ(memory_[i], '\0');
    return std::string(memory_.begin() + shift_, memory_.end());
  }

 private:
  std::vector<char> memory_;
  size_t shift_;
};

}  // namespace tf_npz

#endif  // TF_NPZ_TESTING_PLACED_H_
