#include "cc/kernels/gather.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "cc/base/shape.h"
#include "tests/cc/testing/npy_writer.h"
#include "tests/cc/testing/placed.h"

namespace tf_npz {
namespace {

using Shape = std::vector<int64_t>;

// The expected result, by definition: the field of each item, one scalar at a time.
std::string Gather(const std::string& source, int64_t item_size, int64_t offset, const Shape& shape,
                   const Shape& strides, int64_t width) {
  std::string result;
  for (size_t item = 0; item < source.size(); item += item_size) {
    for (int64_t i = 0; i < ItemCount(shape); ++i) {
      int64_t from = item + offset;
      int64_t rest = i;
      for (size_t axis = shape.size(); axis-- > 0; rest /= shape[axis]) {
        from += rest % shape[axis] * strides[axis];
      }
      result += source.substr(from, width);
    }
  }
  return result;
}

TEST(GatherField, PutsAFieldOfAnySizeInARow) {
  for (const int64_t width : {1, 2, 3, 4, 5, 7, 8, 12, 15, 16, 17, 32, 33, 100}) {
    for (const int64_t offset : {0, 1, 5}) {
      for (const int64_t after : {0, 1, 8}) {
        const int64_t item_size = offset + width + after;
        for (const int64_t count : {0, 1, 2, 7, 1001}) {
          const std::string items = Noise(count * item_size);
          for (size_t shift = 0; shift < (count == 7 ? 16 : 1); ++shift) {
            Placed source(items, shift);
            Placed field(std::string(count * width, '\xAA'), 15 - shift);
            GatherField(source.data(), item_size, count, offset, {}, {}, width, field.data());
            ASSERT_TRUE(field.bytes() == Gather(items, item_size, offset, {}, {}, width))
                << width << " of " << item_size << " bytes, shift " << shift;
          }
        }
      }
    }
  }
}

TEST(GatherField, PutsSubArraysInCOrder) {
  const struct {
    const char* name;
    int64_t item_size;
    int64_t offset;
    Shape shape;
    Shape strides;
    int64_t width;
  } cases[] = {
      {"a sub-array", 40, 4, {2, 3}, {12, 4}, 4},
      {"the item itself", 24, 0, {2, 3}, {12, 4}, 4},
      {"a field of each of a sub-array of structures", 40, 1, {3}, {12}, 8},
      {"a sub-array in each of them", 61, 3, {3, 2}, {19, 8}, 8},
      {"a field in each of two sub-arrays", 100, 2, {2, 3}, {48, 16}, 2},
      {"one with gaps in each dimension", 200, 0, {2, 3, 2}, {97, 31, 5}, 3},
      {"dimensions of one step", 20, 2, {1, 4, 1}, {99, 4, 77}, 4},
      {"nothing but dimensions of one step", 20, 2, {1, 1}, {99, 77}, 4},
      {"a sub-array of nothing", 20, 2, {2, 0}, {4, 4}, 4},
      {"scalars without bytes", 20, 2, {2}, {0}, 0},
      {"strings", 64, 0, {2}, {32}, 20},
  };
  for (const auto& c : cases) {
    for (const int64_t count : {0, 1, 2, 101}) {
      const std::string items = Noise(count * c.item_size);
      Placed source(items, 3);
      Placed field(std::string(count * ItemCount(c.shape) * c.width, '\xAA'), 1);
      GatherField(source.data(), c.item_size, count, c.offset, c.shape, c.strides, c.width,
                  field.data());
      EXPECT_EQ(field.bytes(), Gather(items, c.item_size, c.offset, c.shape, c.strides, c.width))
          << c.name << ", " << count << " items";
    }
  }
}

}  // namespace
}  // namespace tf_npz
