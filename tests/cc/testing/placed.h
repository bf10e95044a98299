// Bytes at an address of a test's choice.

#ifndef TF_NPZ_TESTING_PLACED_H_
#define TF_NPZ_TESTING_PLACED_H_

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

namespace tf_npz {

// `bytes` at an address that is `shift` beyond a multiple of 16, and nothing behind them: a read
// past the end is one past the allocation.
class Placed {
 public:
  Placed(std::string_view bytes, size_t shift) : memory_(shift + bytes.size()), shift_(shift) {
    std::copy(bytes.begin(), bytes.end(), memory_.begin() + shift);
  }

  char* data() { return memory_.data() + shift_; }
  // And nothing before them was touched.
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
