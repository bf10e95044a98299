#include "cc/kernels/transpose.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "cc/base/shape.h"
#include "tests/cc/testing/npy_writer.h"
#include "tests/cc/testing/placed.h"

namespace tf_npz {
namespace {

using Shape = std::vector<int64_t>;

// Expects that rows [first, first + count) of an array of `shape` come in C order.
void ExpectRows(const Shape& shape, size_t itemsize, const std::string& c_order,
                const std::string& fortran, int64_t first, int64_t count, size_t shift) {
  const size_t row_size = ItemCount(shape, 1) * itemsize;
  Placed source(fortran, shift);
  Placed rows(std::string(count * row_size, '\xAA'), 15 - shift);
  CopyFortranRows(source.data(), shape, itemsize, first, count, rows.data());
  ASSERT_TRUE(rows.bytes() == c_order.substr(first * row_size, count * row_size))
      << "shape " << testing::PrintToString(shape) << ", itemsize " << itemsize << ", rows "
      << first << "+" << count << ", shift " << shift;
}

TEST(CopyFortranRows, GivesAnyRowsInCOrder) {
  const Shape shapes[] = {{1},          {7},           {1, 1},       {3, 5},
                          {17, 33},     {40, 1},       {1, 40},      {16, 16},
                          {2, 3, 4},    {5, 1, 7},     {1, 6, 1},    {19, 3, 18},
                          {2, 3, 4, 5}, {3, 1, 1, 20}, {4, 2, 1, 3}, {3, 2, 2, 2, 2}};
  for (const Shape& shape : shapes) {
    for (const size_t itemsize : {1, 2, 3, 4, 7, 8, 12, 16, 40}) {
      const std::string c_order = Noise(ItemCount(shape) * itemsize);
      const std::string fortran = ToFortranOrder(c_order, shape, itemsize);
      for (int64_t first = 0; first < shape[0]; ++first) {
        for (int64_t count : {int64_t{0}, int64_t{1}, int64_t{2}, shape[0] - first}) {
          if (first + count > shape[0]) continue;
          ExpectRows(shape, itemsize, c_order, fortran, first, count, 1);
        }
      }
    }
  }
}

TEST(CopyFortranRows, GivesItemsOfAnySizeAtAnyAddress) {
  const Shape shape = {21, 3, 7};
  for (const size_t itemsize : {1,  2,  3,  4,  5,  6,  7,  8,   9,   12,  15,  16, 17,
                                20, 24, 31, 32, 33, 64, 65, 100, 255, 256, 257, 999}) {
    const std::string c_order = Noise(ItemCount(shape) * itemsize);
    const std::string fortran = ToFortranOrder(c_order, shape, itemsize);
    for (size_t shift = 0; shift < 16; ++shift) {
      ExpectRows(shape, itemsize, c_order, fortran, 0, 21, shift);
      ExpectRows(shape, itemsize, c_order, fortran, 2, 17, shift);
    }
  }
}

TEST(CopyFortranRows, GivesArraysOfMoreThanATile) {
  const Shape shapes[] = {{300, 270},    {257, 255},     {1000, 3},   {3, 1000}, {1, 300, 70},
                          {5, 270, 130}, {2, 2, 2, 500}, {70, 5, 66}, {512, 128}};
  for (const Shape& shape : shapes) {
    for (const size_t itemsize : {1, 2, 4, 8, 16, 12}) {
      const std::string c_order = Noise(ItemCount(shape) * itemsize);
      const std::string fortran = ToFortranOrder(c_order, shape, itemsize);
      ExpectRows(shape, itemsize, c_order, fortran, 0, shape[0], 3);
      ExpectRows(shape, itemsize, c_order, fortran, 0, shape[0] / 2, 0);
      ExpectRows(shape, itemsize, c_order, fortran, shape[0] / 3, shape[0] / 2, 8);
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

TEST(CopyFortranRows, TakesNothingOfItemsWithoutBytes) {
  CopyFortranRows(nullptr, {3, 4}, 0, 0, 3, nullptr);
}

}  // namespace
}  // namespace tf_npz
