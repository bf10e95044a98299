#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "cc/reader/array_reader.h"
#include "tests/cc/testing/reading.h"
#include "tests/cc/testing/status_matchers.h"

namespace tf_npz {
namespace {

using Shape = std::vector<int64_t>;

// Larger than what is loaded when an array is opened.
const Shape kShape = {300, 20, 15};

std::string Items() { return BytesOf(CountingUp<int32_t>(300 * 20 * 15)); }

// The items of `array` with these indices of each axis, one at a time.
std::string Naive(const std::string& array, const Steps& rows, const Steps& middle,
                  const Steps& last) {
  std::string bytes;
  for (int64_t i = 0; i < rows.count; ++i) {
    for (int64_t j = 0; j < middle.count; ++j) {
      for (int64_t k = 0; k < last.count; ++k) {
        const int64_t item = (rows.at(i) * kShape[1] + middle.at(j)) * kShape[2] + last.at(k);
        bytes += array.substr(static_cast<size_t>(item) * 4, 4);
      }
    }
  }
  return bytes;
}

struct Container {
  std::string name;
  std::string bytes;
};
std::vector<Container> Containers() {
  std::vector<Container> containers;
  for (const bool fortran : {false, true}) {
    const std::string data = fortran ? ToFortranOrder(Items(), kShape, 4) : Items();
    const std::string npy = Npy("<i4", kShape, data, fortran);
    const std::string order = fortran ? "Fortran" : "C";
    containers.push_back({order + " npy", npy});
    containers.push_back({order + " stored", NpzOf(npy, false)});
    containers.push_back({order + " deflated", NpzOf(npy, true)});
  }
  return containers;
}

// Reads the elements of `selection`, which is completed with the array's keys, in steps of several
// sizes.
void ExpectElements(const Container& container, const Selection& selection,
                    const std::string& expected) {
  for (const int64_t step : {1, 7, 1000}) {
    const std::shared_ptr<Archive> archive = OpenBytes(container.bytes).value();
    Selection wanted = LeavesOf(archive, "x", selection.rows);
    wanted.row_selection = selection.row_selection;
    wanted.slices = selection.slices;
    const Result<SelectedArrays> opened = OpenSelection(archive, wanted, TestOptions());
    ASSERT_OK(opened) << container.name;
    const Result<std::string> elements = ReadInSteps(*opened->arrays[0].reader, step);
    ASSERT_OK(elements) << container.name;
    ASSERT_TRUE(*elements == expected) << container.name << " in steps of " << step;
  }
}

TEST(CutArray, GivesTheRowsOfASlice) {
  for (const Container& container : Containers()) {
    for (const Slice& slice : {Slice{5, 250, 1}, Slice{0, INT64_MAX, 2}, Slice{-100, -1, 33}}) {
      Selection selection;
      selection.row_selection.slice = slice;
      ExpectElements(container, selection,
                     Naive(Items(), Resolve(slice, 300), {0, 1, 20}, {0, 1, 15}));
    }
  }
}

TEST(CutArray, GivesWindows) {
  const Window windows[] = {{4, 4, 1}, {5, 1, 1}, {3, 2, 2}, {2, 90, 1}, {200, 3, 1}, {7, 11, 13}};
  for (const Container& container : Containers()) {
    for (const Window& window : windows) {
      Selection selection;
      selection.row_selection.has_windows = true;
      selection.row_selection.window = window;
      std::string expected;
      for (int64_t i = 0; i + (window.size - 1) * window.stride < 300; i += window.shift) {
        expected += Naive(Items(), {i, window.stride, window.size}, {0, 1, 20}, {0, 1, 15});
      }
      ExpectElements(container, selection, expected);
    }
  }
}

TEST(CutArray, GivesPartsOfRowsAndOfTheWhole) {
  AxisSlice some;
  some.slice = {3, 17, 2};
  AxisSlice one;
  one.kind = AxisSlice::Kind::kIndex;
  one.slice.start = -2;
  AxisSlice rest;
  rest.kind = AxisSlice::Kind::kEllipsis;
  for (const Container& container : Containers()) {
    Selection rows;
    rows.slices = {{some, one}};
    ExpectElements(container, rows, Naive(Items(), {0, 1, 300}, {3, 2, 7}, {13, 1, 1}));
    Selection whole;
    whole.rows = false;
    whole.slices = {{some, rest, one}};
    ExpectElements(container, whole, Naive(Items(), {3, 2, 7}, {0, 1, 20}, {13, 1, 1}));
    whole.slices = {{one, some}};
    ExpectElements(container, whole, Naive(Items(), {298, 1, 1}, {3, 2, 7}, {0, 1, 15}));
  }
}

TEST(CutArray, RefusesSlicesThatItDoesNotHave) {
  const std::string bytes = Npy("<i4", {2, 3}, std::string(24, '\0'));
  const std::shared_ptr<Archive> archive = OpenBytes(bytes).value();
  Selection selection = LeavesOf(archive, "", false);
  selection.slices = {Slices(3)};
  EXPECT_ERROR(OpenSelection(archive, selection, TestOptions()), kInvalidArgument,
               "has the shape (2, 3), but slices has 3 axes, but there are only 2");
  selection.slices = {Slices(1)};
  selection.slices[0][0].kind = AxisSlice::Kind::kIndex;
  selection.slices[0][0].slice.start = 2;
  EXPECT_ERROR(OpenSelection(archive, selection, TestOptions()), kInvalidArgument,
               "has index 2 for axis 0, which has a length of 2");
}

TEST(CutArray, VerifiesWindowsThatLeaveRowsAtTheEnd) {
  std::string npz = NpzOf(Npy("<i4", kShape, Items()), false);
  npz[npz.size() / 2] ^= 1;
  const std::shared_ptr<Archive> archive = OpenBytes(npz).value();
  Selection selection = LeavesOf(archive, "x", true);
  selection.row_selection.has_windows = true;
  selection.row_selection.window = {7, 7, 1};
  const SelectedArrays opened = OpenSelection(archive, selection, TestOptions()).value();
  EXPECT_ERROR(ReadInSteps(*opened.arrays[0].reader, 10), kDataLoss, "CRC-32");
}

}  // namespace
}  // namespace tf_npz
