#include "tf_npz/reader/layout.h"

#include <gtest/gtest.h>

#include <string>

#include "testing/npy_writer.h"

namespace tf_npz {
namespace {

using Shape = std::vector<int64_t>;

// `shape` padded to `padded`, by definition, one item at a time.
std::string Pad(const std::string& source, const Shape& shape, const Shape& padded,
                const std::string& item) {
  std::string result;
  for (int64_t i = 0; i < ElementCount(padded); ++i) {
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

TEST(ElementCount, IsTheProductOfTheDimensions) {
  EXPECT_EQ(ElementCount({}), 1);
  EXPECT_EQ(ElementCount({5}), 5);
  EXPECT_EQ(ElementCount({5, 3, 2}), 30);
  EXPECT_EQ(ElementCount({5, 3, 2}, 1), 6);
  EXPECT_EQ(ElementCount({5, 3, 2}, 3), 1);
  EXPECT_EQ(ElementCount({5, 0, 2}), 0);
}

TEST(CopyFortranRows, GivesAnyRowsInCOrder) {
  const Shape shapes[] = {{1},          {7},           {1, 1},       {3, 5},
                          {17, 33},     {40, 1},       {1, 40},      {16, 16},
                          {2, 3, 4},    {5, 1, 7},     {1, 6, 1},    {19, 3, 18},
                          {2, 3, 4, 5}, {3, 1, 1, 20}, {4, 2, 1, 3}, {3, 2, 2, 2, 2}};
  for (const Shape& shape : shapes) {
    for (const size_t itemsize : {1, 2, 4, 8, 16}) {
      const std::string c_order = Noise(ElementCount(shape) * itemsize);
      // At an odd address: nothing says that the source is aligned.
      const std::string fortran = "?" + ToFortranOrder(c_order, shape, itemsize);
      const size_t row_size = ElementCount(shape, 1) * itemsize;
      for (int64_t first = 0; first < shape[0]; ++first) {
        for (int64_t count : {int64_t{0}, int64_t{1}, int64_t{2}, shape[0] - first}) {
          if (first + count > shape[0]) continue;
          std::string rows(1 + count * row_size, '\xAA');
          CopyFortranRows(fortran.data() + 1, shape, static_cast<int>(itemsize), first, count,
                          rows.data() + 1);
          ASSERT_TRUE(rows.substr(1) == c_order.substr(first * row_size, count * row_size))
              << "rank " << shape.size() << ", itemsize " << itemsize << ", rows " << first << "+"
              << count;
        }
      }
    }
  }
}

TEST(CopyFortranRows, TakesNothingFromAnEmptyArray) {
  char untouched = 'u';
  for (const Shape& shape : {Shape{0}, Shape{0, 3}, Shape{3, 0}, Shape{2, 0, 4}}) {
    CopyFortranRows(&untouched, shape, 4, 0, shape[0], &untouched);
    EXPECT_EQ(untouched, 'u');
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
        const std::string source = Noise(ElementCount(c.shape) * itemsize, 9);
        std::string result(ElementCount(c.padded) * itemsize + 1, '\xAA');
        CopyPadded(source.data(), c.shape, result.data(), c.padded, item);
        ASSERT_TRUE(result == Pad(source, c.shape, c.padded, item) + '\xAA')
            << "case " << &c - cases << ", itemsize " << itemsize;
      }
    }
  }
}

}  // namespace
}  // namespace tf_npz
