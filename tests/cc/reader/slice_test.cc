#include "cc/reader/slice.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "tests/cc/testing/status_matchers.h"

namespace tf_npz {
namespace {

std::vector<int64_t> IndicesOf(const Steps& steps) {
  std::vector<int64_t> indices;
  for (int64_t i = 0; i < steps.count; ++i) indices.push_back(steps.at(i));
  return indices;
}

// What Python does, one index at a time.
std::vector<int64_t> Naive(const Slice& slice, int64_t length) {
  const auto bound = [&](int64_t b) {
    return std::min(length, std::max<int64_t>(0, b < 0 ? b + length : b));
  };
  std::vector<int64_t> indices;
  for (int64_t i = bound(slice.start); i < bound(slice.stop); i += slice.step) indices.push_back(i);
  return indices;
}

TEST(Slice, TakesTheIndicesThatPythonTakes) {
  for (int64_t length = 0; length < 7; ++length) {
    for (int64_t start = -9; start < 9; ++start) {
      for (int64_t stop = -9; stop < 9; ++stop) {
        for (const int64_t step : {1, 2, 3, 8}) {
          const Slice slice = {start, stop, step};
          ASSERT_EQ(IndicesOf(Resolve(slice, length)), Naive(slice, length))
              << start << ":" << stop << ":" << step << " of " << length;
        }
      }
    }
  }
  EXPECT_TRUE(Resolve(Slice(), 5).is_all(5));
  EXPECT_EQ(Resolve({INT64_MIN, INT64_MAX, INT64_MAX}, 5).count, 1);
}

TEST(Slice, MakesTheWindowsOfItsRows) {
  for (int64_t length = 0; length < 12; ++length) {
    for (const int64_t first : {0, 1}) {
      for (const int64_t step : {1, 2}) {
        for (const int64_t size : {1, 2, 3, 5}) {
          for (const int64_t shift : {1, 2, 3, 4, 6}) {
            for (const int64_t stride : {1, 2, 3, 4}) {
              RowSelection wanted;
              wanted.slice = {first, INT64_MAX, step};
              wanted.has_windows = true;
              wanted.window = {size, shift, stride};
              const std::vector<int64_t> rows = Naive(wanted.slice, length);
              std::vector<int64_t> expected;
              const int64_t reach = (size - 1) * stride;
              int64_t count = 0;
              for (int64_t i = 0; i + reach < static_cast<int64_t>(rows.size()); i += shift) {
                ++count;
                for (int64_t k = 0; k < size; ++k) expected.push_back(rows[i + k * stride]);
              }
              const ElementRows elements = RowsOfElements(wanted, length);
              ASSERT_EQ(elements.count, count);
              std::vector<int64_t> found;
              for (int64_t i = 0; i < elements.count; ++i) {
                for (int64_t k = 0; k < elements.size; ++k) {
                  const int64_t row = i * elements.shift + k * elements.stride;
                  ASSERT_LT(row, elements.rows.count);
                  found.push_back(elements.rows.at(row));
                }
              }
              ASSERT_EQ(found, expected)
                  << length << " rows, " << size << ", " << shift << ", " << stride;
            }
          }
        }
      }
    }
  }
}

TEST(RowSelection, RefusesNumbersThatAreNoRowsOrWindows) {
  const struct {
    std::vector<int64_t> row_slice;
    std::vector<int64_t> window;
    const char* message;
  } kCases[] = {
      {{1, 2}, {}, "row_slice must be empty, or start, stop and a step"},
      {{0, 5, 0}, {}, "row_slice must be empty, or start, stop and a step"},
      {{}, {2}, "window must be empty, or size, shift and stride"},
      {{}, {2, 1, 0}, "window must be empty, or size, shift and stride"},
      {{}, {INT64_MAX, 1, 2}, "is longer than any array"},
  };
  for (const auto& row : kCases) {
    EXPECT_ERROR(ToRowSelection(row.row_slice, row.window), kInvalidArgument, row.message);
  }
  EXPECT_TRUE(ToRowSelection({}, {}).value().is_all());
}

TEST(RowSelection, AdmitsTheLargestNumbers) {
  for (const std::vector<int64_t>& window :
       {std::vector<int64_t>{INT64_MAX, INT64_MAX, 1}, {1, INT64_MAX, INT64_MAX}}) {
    const RowSelection wanted = ToRowSelection({0, INT64_MAX, INT64_MAX}, window).value();
    EXPECT_EQ(RowsOfElements(wanted, 5).count, window[0] == 1 ? 1 : 0);
  }
  EXPECT_EQ(RowsOfElements(ToRowSelection({}, {2, INT64_MAX, 1}).value(), 5).count, 1);
}

TEST(Slices, RefuseNumbersThatAreNoTriples) {
  EXPECT_ERROR(ToSlices({0, 1, 1, 0}), kInvalidArgument, "three numbers for each axis, not 4");
  EXPECT_ERROR(ToSlices({0, 1, -4}), kInvalidArgument, "steps of at least 1, not -4");
}

}  // namespace
}  // namespace tf_npz
