#include "cc/kernels/pad.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "cc/base/shape.h"
#include "tests/cc/testing/npy_writer.h"
#include "tests/cc/testing/placed.h"

namespace tf_npz {
namespace {

using Shape = std::vector<int64_t>;

// The expected result, by definition: an element of `shape` padded to `padded`, one item at a time.
std::string Pad(const std::string& source, const Shape& shape, const Shape& padded,
                const std::string& item) {
  std::string result;
  for (int64_t i = 0; i < ItemCount(padded); ++i) {
    int64_t rest = i;
    int64_t from = 0;
    int64_t stride = 1;
    bool inside = true;
    for (size_t axis = padded.size(); axis-- > 0; rest /= padded[axis]) {
      const int64_t index = rest % padded[axis];
      inside = inside && index < shape[axis];
      from += index * stride;
      stride *= shape[axis];
    }
    result += inside ? source.substr(from * item.size(), item.size()) : item;
  }
  return result;
}

TEST(WidenItems, FillsWithNuls) {
  for (const int64_t width : {0, 1, 2, 3, 4, 8, 15, 16, 40}) {
    for (const int64_t more : {0, 1, 3, 16, 100}) {
      for (const int64_t count : {0, 1, 7, 300}) {
        const std::string items = Noise(count * width);
        std::string expected;
        for (int64_t i = 0; i < count; ++i) {
          expected += items.substr(i * width, width) + std::string(more, '\0');
        }
        for (size_t shift = 0; shift < (count == 7 ? 16 : 1); ++shift) {
          Placed source(items, shift);
          Placed wider(std::string(expected.size(), '\xAA'), 15 - shift);
          WidenItems(source.data(), width, count, width + more, wider.data());
          ASSERT_EQ(wider.bytes(), expected) << width << " and " << more << ", shift " << shift;
        }
      }
    }
  }
}

TEST(CopyPadded, FillsWhatTheElementDoesNotReach) {
  struct Case {
    Shape shape;
    Shape padded;
  };
  const Case cases[] = {
      {{}, {}},
      {{3}, {3}},
      {{3}, {5}},
      {{0}, {4}},
      {{2, 3}, {2, 3}},
      {{2, 3}, {4, 3}},
      {{2, 3}, {2, 5}},
      {{2, 3}, {4, 5}},
      {{0, 3}, {2, 3}},
      {{0, 3}, {2, 4}},
      {{2, 0}, {2, 3}},
      {{2, 0}, {4, 0}},
      {{0, 0}, {2, 2}},
      {{2, 3, 4}, {2, 3, 4}},
      {{2, 3, 4}, {3, 3, 4}},
      {{2, 3, 4}, {2, 4, 4}},
      {{2, 3, 4}, {2, 3, 5}},
      {{2, 3, 4}, {3, 5, 7}},
      {{2, 3, 4}, {3, 3, 5}},
      {{1, 0, 4}, {2, 2, 4}},
      {{1, 2, 1, 2}, {2, 2, 3, 2}},
  };
  for (const Case& c : cases) {
    for (const size_t itemsize : {1, 2, 4, 8, 16}) {
      for (const std::string& item :
           {std::string(itemsize, '\0'), std::string(itemsize, '\x7F'), Noise(itemsize, 5)}) {
        const std::string source = Noise(ItemCount(c.shape) * itemsize, 9);
        std::string result(ItemCount(c.padded) * itemsize + 1, '\xAA');
        CopyPadded(source.data(), c.shape, result.data(), c.padded, item);
        ASSERT_TRUE(result == Pad(source, c.shape, c.padded, item) + '\xAA')
            << "case " << &c - cases << ", itemsize " << itemsize;
      }
    }
  }
}

TEST(FillAfter, LeavesWhatCopyElementsDoes) {
  for (const int64_t rows : {0, 1, 3, 5}) {
    for (const size_t itemsize : {0, 1, 4, 7}) {
      for (const std::string& padding :
           {std::string(), Noise(itemsize / 2, 5), Noise(itemsize, 5)}) {
        const Shape shape = {rows, 2};
        const Shape padded_shape = {5, 2};
        const std::string source = Noise(rows * 2 * itemsize, 9);
        std::string expected(5 * 2 * itemsize, '\xAA');
        CopyElements(source.data(), 1, shape, itemsize, expected.data(), padded_shape, itemsize,
                     padding);
        std::string result = source;
        result.resize(expected.size() + 1, '\xAA');
        FillAfter(result.data(), source.size(), expected.size(), itemsize, padding);
        EXPECT_TRUE(result == expected + '\xAA') << rows << " rows, itemsize " << itemsize;
      }
    }
  }
}

TEST(CopyPadded, CopiesNothingOfItemsWithoutBytes) {
  CopyPadded(nullptr, {2, 3}, nullptr, {4, 5}, {});
}

}  // namespace
}  // namespace tf_npz
