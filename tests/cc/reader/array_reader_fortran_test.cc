// ArrayReader with arrays in Fortran order.

#include <gtest/gtest.h>

#include "cc/reader/array_reader.h"
#include "tests/cc/testing/reading.h"
#include "tests/cc/testing/status_matchers.h"

namespace tf_npz {
namespace {

using Shape = std::vector<int64_t>;

const char* DescrOf(size_t itemsize) {
  switch (itemsize) {
    case 1:
      return "|u1";
    case 2:
      return "<u2";
    case 4:
      return "<u4";
    case 8:
      return "<u8";
    default:
      return "<c16";
  }
}

TEST(FortranOrder, GivesTheElementsOfCOrder) {
  for (const Shape& shape : {Shape{9}, Shape{5, 7}, Shape{1, 7}, Shape{7, 1}, Shape{4, 3, 5},
                             Shape{3, 1, 4}, Shape{3, 4, 2, 5}}) {
    for (const size_t itemsize : {1, 2, 4, 8, 16}) {
      int64_t count = 1;
      for (const int64_t dimension : shape) count *= dimension;
      const std::string c_order = Noise(count * itemsize);
      const std::string npy =
          Npy(DescrOf(itemsize), shape, ToFortranOrder(c_order, shape, itemsize), true);
      for (const std::string& bytes : {npy, NpzOf(npy, false), NpzOf(npy, true)}) {
        for (const int64_t step : {1, 2, 100}) {
          EXPECT_EQ(ReadInSteps(*OpenArray(bytes, true).value(), step).value(), c_order);
        }
        EXPECT_EQ(ReadInSteps(*OpenArray(bytes, false).value(), 1).value(), c_order);
        EXPECT_EQ(ReadWhole(*OpenArray(bytes, false).value()).value(), c_order);
        EXPECT_EQ(ReadWhole(*OpenArray(bytes, true).value()).value(), c_order);
      }
    }
  }
}

// An array that is too large to be loaded when it is opened.
class LargeFortranOrder : public ::testing::Test {
 protected:
  const Shape shape_ = {301, 11, 29};
  const size_t row_size_ = 11 * 29 * 4;
  const std::string c_order_ = BytesOf(CountingUp<uint32_t>(301 * 11 * 29));
  const std::string npy_ = Npy("<u4", shape_, ToFortranOrder(c_order_, shape_, 4), true);

  std::string Rows(int64_t first, int64_t count) {
    return c_order_.substr(first * row_size_, count * row_size_);
  }
  // The same in an npz, stored, with a wrong checksum.
  std::string WithWrongChecksum(bool deflated) {
    ZipMember member = Member("x.npy", npy_, deflated);
    member.crc32 = 0;
    return WriteZip({member});
  }
};

TEST_F(LargeFortranOrder, GathersAnyRowsInAnyOrder) {
  const std::string npz = NpzOf(npy_, false);
  const std::string deflated = NpzOf(npy_, true);
  const std::unique_ptr<ArrayReader> readers[] = {
      OpenArray(npy_, true).value(), OpenArray(npz, true).value(), OpenArray(npy_, true).value(),
      OpenArray(npz, true).value(), OpenArray(deflated, true).value()};
  for (int i = 2; i < 5; ++i) ASSERT_OK(readers[i]->Load());
  const std::pair<int64_t, int64_t> ranges[] = {{0, 1},   {1, 2},  {300, 1}, {7, 100}, {3, 0},
                                                {0, 301}, {5, 64}, {1, 300}, {0, 300}};
  for (const auto& reader : readers) {
    for (const auto& [first, count] : ranges) {
      const Result<std::string> rows = ReadElements(*reader, first, count);
      ASSERT_OK(rows);
      EXPECT_TRUE(*rows == Rows(first, count)) << first << "+" << count;
    }
  }
}

TEST_F(LargeFortranOrder, GathersTheWholeArray) {
  for (const std::string& bytes : {npy_, NpzOf(npy_, false)}) {
    EXPECT_TRUE(ReadElements(*OpenArray(bytes, false).value(), 0, 1).value() == c_order_);
    EXPECT_TRUE(ReadWhole(*OpenArray(bytes, false).value()).value() == c_order_);
  }
}

TEST_F(LargeFortranOrder, VerifiesTheChecksumBeforeTheFirstRow) {
  const std::string npz = WithWrongChecksum(false);
  for (const int64_t count : {1, 301}) {
    const std::unique_ptr<ArrayReader> array = OpenArray(npz, true).value();
    for (int again = 0; again < 3; ++again) {
      std::string rows(count * row_size_, '\0');
      int64_t done = 7;
      EXPECT_ERROR(array->Read(0, count, {rows.data()}, &done), kDataLoss,
                   "f[\"x\"]: CRC-32 mismatch")
          << "time " << again;
      EXPECT_EQ(done, 0);
    }
  }
  const std::unique_ptr<ArrayReader> trusting =
      OpenArray(npz, true, TestOptions(Checksums::kNone)).value();
  EXPECT_TRUE(ReadElements(*trusting, 5, 3).value() == Rows(5, 3));
  EXPECT_TRUE(ReadElements(*trusting, 0, 301).value() == c_order_);
}

TEST_F(LargeFortranOrder, IsLoadedIfItIsDeflated) {
  const std::string npz = NpzOf(npy_, true);
  const std::unique_ptr<ArrayReader> array = OpenArray(npz, true).value();
  EXPECT_TRUE(array->must_load());
  EXPECT_EQ(array->load_size(), npy_.size());
  // The first read loads it, if Load was not called.
  EXPECT_TRUE(ReadElements(*array, 5, 3).value() == Rows(5, 3));
  EXPECT_EQ(array->load_size(), 0u);
  EXPECT_ERROR(OpenArray(WithWrongChecksum(true), true).value()->Load(), kDataLoss,
               "CRC-32 mismatch");
}

TEST_F(LargeFortranOrder, MayBeBigEndian) {
  std::string big = ToFortranOrder(c_order_, shape_, 4);
  for (size_t i = 0; i < big.size(); i += 4) std::reverse(big.begin() + i, big.begin() + i + 4);
  const std::string npy = Npy(">u4", shape_, big, true);
  const std::string deflated = NpzOf(npy, true);
  EXPECT_TRUE(ReadElements(*OpenArray(npy, true).value(), 5, 3).value() == Rows(5, 3));
  const std::unique_ptr<ArrayReader> loaded = OpenArray(deflated, true).value();
  ASSERT_OK(loaded->Load());
  EXPECT_TRUE(ReadElements(*loaded, 5, 3).value() == Rows(5, 3));
  EXPECT_TRUE(ReadWhole(*loaded).value() == c_order_);
}

}  // namespace
}  // namespace tf_npz
