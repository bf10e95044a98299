#include "cc/reader/array_reader.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <complex>

#include "tests/cc/testing/reading.h"
#include "tests/cc/testing/status_matchers.h"

namespace tf_npz {
namespace {

using Shape = std::vector<int64_t>;

// The same array as an .npy, stored in an .npz, and deflated in an .npz.
struct Container {
  const char* name;
  std::string bytes;
};
std::vector<Container> ContainersOf(const std::string& npy) {
  return {{"npy", npy}, {"stored", NpzOf(npy, false)}, {"deflated", NpzOf(npy, true)}};
}

// Every way to read an array gives `expected`.
void ExpectElements(const std::string& npy, const std::string& expected) {
  for (const Container& container : ContainersOf(npy)) {
    for (const bool rows : {true, false}) {
      const Result<std::unique_ptr<ArrayReader>> array = OpenArray(container.bytes, rows);
      ASSERT_OK(array) << container.name;
      for (const int64_t step : {1, 2, 3, 1000000}) {
        const Result<std::string> elements = ReadInSteps(**array, step);
        ASSERT_OK(elements) << container.name;
        ASSERT_TRUE(*elements == expected) << container.name << " in steps of " << step;
      }
      const Result<std::string> whole = ReadWhole(*OpenArray(container.bytes, rows).value());
      ASSERT_OK(whole) << container.name;
      ASSERT_TRUE(*whole == expected) << container.name;
      const std::unique_ptr<ArrayReader> loaded = OpenArray(container.bytes, rows).value();
      ASSERT_OK(loaded->Load());
      EXPECT_EQ(loaded->load_size(), 0u);
      ASSERT_TRUE(ReadInSteps(*loaded, 2).value() == expected) << container.name;
      ASSERT_TRUE(ReadWhole(*loaded).value() == expected) << container.name;
    }
  }
}

template <typename T>
std::string BigEndian(const std::vector<T>& values, size_t width) {
  std::string bytes = BytesOf(values);
  for (size_t i = 0; i < bytes.size(); i += width) {
    std::reverse(bytes.begin() + i, bytes.begin() + i + width);
  }
  return bytes;
}

TEST(ArrayReader, GivesTheSameElementsForEveryKindOfFile) {
  const std::string small = BytesOf(CountingUp<float>(21));
  ExpectElements(Npy("<f4", {7, 3}, small), small);
  const std::string large = BytesOf(CountingUp<int32_t>(7 * 100000));
  ExpectElements(Npy("<i4", {7, 100000}, large), large);
}

TEST(ArrayReader, KnowsItsElements) {
  const std::string npy = Npy("<f4", {7, 3, 2}, std::string(168, '\0'));
  const std::unique_ptr<ArrayReader> rows = OpenArray(npy, true).value();
  EXPECT_EQ(rows->count(), 7);
  EXPECT_EQ(rows->element_shape(), (Shape{3, 2}));
  EXPECT_EQ(rows->components()[0].element_size(), 24u);
  const std::unique_ptr<ArrayReader> whole = OpenArray(npy, false).value();
  EXPECT_EQ(whole->count(), 1);
  EXPECT_EQ(whole->element_shape(), (Shape{7, 3, 2}));
  EXPECT_EQ(whole->components()[0].element_size(), 168u);
}

TEST(ArrayReader, BringsBigEndianNumbersIntoNativeForm) {
  const auto counting = [](auto zero) { return CountingUp<decltype(zero)>(300); };
  ExpectElements(Npy(">i2", {300}, BigEndian(counting(int16_t{}), 2)),
                 BytesOf(counting(int16_t{})));
  ExpectElements(Npy(">u4", {300}, BigEndian(counting(uint32_t{}), 4)),
                 BytesOf(counting(uint32_t{})));
  ExpectElements(Npy(">i8", {300}, BigEndian(counting(int64_t{}), 8)),
                 BytesOf(counting(int64_t{})));
  ExpectElements(Npy(">f2", {300}, BigEndian(counting(uint16_t{}), 2)),
                 BytesOf(counting(uint16_t{})));
  ExpectElements(Npy(">f4", {300}, BigEndian(counting(float{}), 4)), BytesOf(counting(float{})));
  ExpectElements(Npy(">f8", {300}, BigEndian(counting(double{}), 8)), BytesOf(counting(double{})));
  std::vector<std::complex<float>> c8;
  std::vector<std::complex<double>> c16;
  for (int i = 0; i < 300; ++i) {
    c8.emplace_back(i, -i);
    c16.emplace_back(i, -i);
  }
  ExpectElements(Npy(">c8", {300}, BigEndian(c8, 4)), BytesOf(c8));
  ExpectElements(Npy(">c16", {300}, BigEndian(c16, 8)), BytesOf(c16));
}

TEST(ArrayReader, MakesEveryBoolZeroOrOne) {
  const std::string raw("\0\1\2\xff\x80\0", 6);
  const std::string bools("\0\1\1\1\1\0", 6);
  ExpectElements(Npy("|b1", {6}, raw), bools);
  ExpectElements(Npy("|b1", {2, 3}, ToFortranOrder(raw, {2, 3}, 1), true), bools);
}

TEST(ArrayReader, ReadsArraysWithoutElements) {
  for (const Shape& shape : {Shape{0}, Shape{0, 3}, Shape{3, 0}, Shape{2, 0, 5}}) {
    for (const bool fortran : {false, true}) ExpectElements(Npy("<f8", shape, "", fortran), "");
  }
}

TEST(ArrayReader, ReadsAScalarOnlyAsAWholeArray) {
  for (const Container& container : ContainersOf(Npy("<i4", {}, "abcd"))) {
    const Result<std::unique_ptr<ArrayReader>> whole = OpenArray(container.bytes, false);
    ASSERT_OK(whole);
    EXPECT_EQ((*whole)->count(), 1);
    EXPECT_EQ(ReadWhole(**whole).value(), "abcd");
    EXPECT_ERROR(OpenArray(container.bytes, true), kInvalidArgument,
                 "has no dimensions, so it has no rows: pass rows=False");
  }
}

TEST(ArrayReader, AlignsWholeArraysForAnySizeOfHeader) {
  for (size_t padding = 0; padding < 130; ++padding) {
    const std::string npy =
        NpyHeaderBytes(NpyDict("<i4", {2}) + std::string(padding, ' ')) + "12345678";
    for (const Container& container : ContainersOf(npy)) {
      const std::unique_ptr<ArrayReader> array = OpenArray(container.bytes, false).value();
      if (padding % 2 == 0) {
        ASSERT_OK(array->Load());
      }
      const Result<std::vector<ArrayData>> all = array->ReadAll();
      ASSERT_OK(all);
      const ArrayData& data = all->front();
      EXPECT_EQ(BytesIn(data, 8), "12345678");
      EXPECT_EQ(data.shape, (Shape{2}));
      EXPECT_EQ(reinterpret_cast<uintptr_t>(data.buffer.data()) % kBufferAlignment, 0u);
    }
  }
}

TEST(ArrayReader, DoesNotReadBytesAfterTheArray) {
  const std::string bytes = BytesOf(CountingUp<int32_t>(50000));
  ExpectElements(Npy("<i4", {50000}, bytes + "more of them"), bytes);
}

TEST(ArrayReader, RefusesArraysThatAreCutOff) {
  const std::string npy = Npy("<f4", {7, 3}, std::string(84, 'x'));
  for (size_t size = 6; size < npy.size(); ++size) {
    for (const Container& container : ContainersOf(npy.substr(0, size))) {
      EXPECT_ERROR(OpenArray(container.bytes, true), kDataLoss,
                   "is cut off at byte " + std::to_string(size))
          << container.name;
    }
  }
  EXPECT_ERROR(OpenArray(std::string_view(npy).substr(0, npy.size() - 1), true), kDataLoss,
               "data is cut off at byte 211 (expected 212 bytes for shape (7, 3) of float32)");
}

TEST(ArrayReader, AllocatesNothingForASizeThatOnlyTheHeaderClaims) {
  for (const bool fortran : {false, true}) {
    const std::string npy = Npy("<f8", {int64_t{1} << 40, 1 << 10}, "few bytes", fortran);
    for (const Container& container : ContainersOf(npy)) {
      EXPECT_ERROR(OpenArray(container.bytes, true), kDataLoss, "data is cut off");
    }
  }
}

TEST(ArrayReader, BeginsEveryMessageWithFileAndMember) {
  EXPECT_ERROR(OpenArray(NpzOf("no array", false), true), kDataLoss,
               "f[\"x\"]: not an array at byte 0");
  EXPECT_ERROR(OpenArray(NpzOf("", true), true), kDataLoss, "f[\"x\"]: not an array at byte 0");
  // Small members are verified when they are opened, others when they are read.
  ZipMember member = Member("x.npy", Npy("|u1", {3}, "abc"));
  member.crc32 = 0;
  EXPECT_ERROR(OpenArray(WriteZip({member}), true), kDataLoss, "f[\"x\"]: CRC-32 mismatch");
  member.contents = Npy("|u1", {3, 100000}, std::string(300000, 'a'));
  const std::string damaged = WriteZip({member});
  const std::unique_ptr<ArrayReader> array = OpenArray(damaged, true).value();
  EXPECT_ERROR(ReadInSteps(*array, 1), kDataLoss, "f[\"x\"]: CRC-32 mismatch");
  EXPECT_ERROR(array->Load(), kDataLoss, "f[\"x\"]: CRC-32 mismatch");
  EXPECT_ERROR(OpenArray(damaged, true).value()->ReadAll(), kDataLoss, "f[\"x\"]: CRC-32 mismatch");
}

TEST(ArrayReader, VerifiesTheChecksumWithTheLastRow) {
  const std::string bytes = BytesOf(CountingUp<int32_t>(100000));
  for (const bool deflated : {false, true}) {
    ZipMember member = Member("x.npy", Npy("<i4", {1000, 100}, bytes), deflated);
    member.crc32 = 0;
    const std::string npz = WriteZip({member});
    const std::unique_ptr<ArrayReader> array = OpenArray(npz, true).value();
    EXPECT_TRUE(ReadElements(*array, 0, 999).value() == bytes.substr(0, 999 * 400));
    std::string row(400, '\0');
    int64_t done = 7;
    EXPECT_ERROR(array->Read(999, 1, {row.data()}, &done), kDataLoss, "CRC-32 mismatch");
    EXPECT_EQ(done, 0);
    const std::unique_ptr<ArrayReader> trusting =
        OpenArray(npz, true, TestOptions(Checksums::kNone)).value();
    EXPECT_TRUE(ReadInSteps(*trusting, 300).value() == bytes);
  }
}

TEST(ArrayReader, SaysHowManyRowsCameOutBeforeAnError) {
  // Big-endian, so the rows before the error must have been converted too.
  const std::vector<int32_t> values = CountingUp<int32_t>(1000000);
  ZipMember member = Member("x.npy", Npy(">i4", {10000, 100}, BigEndian(values, 4)), true);
  member.compressed_size = Deflate(member.contents).size() * 3 / 4;
  const std::string npz = WriteZip({member});
  const std::unique_ptr<ArrayReader> array = OpenArray(npz, true).value();
  std::string rows(4000000, '\xAA');
  int64_t done = 0;
  EXPECT_EQ(array->Read(0, 10000, {rows.data()}, &done).code(), Code::kDataLoss);
  EXPECT_GT(done, 0);
  EXPECT_LT(done, 10000);
  EXPECT_TRUE(rows.substr(0, done * 400) == BytesOf(values).substr(0, done * 400));
}

TEST(ArrayReader, GoesBackInAStream) {
  const std::string bytes = BytesOf(CountingUp<int32_t>(100000));
  const std::string npz = NpzOf(Npy("<i4", {1000, 100}, bytes), true);
  const std::unique_ptr<ArrayReader> array = OpenArray(npz, true).value();
  for (const int64_t first : {900, 3, 4, 999, 0}) {
    EXPECT_TRUE(ReadElements(*array, first, 1).value() == bytes.substr(first * 400, 400)) << first;
  }
}

TEST(ArrayReader, LoadsIfThatMakesReadingFaster) {
  const std::string bytes = BytesOf(CountingUp<int32_t>(100000));
  const std::string npy = Npy("<i4", {1000, 100}, bytes);
  const std::string fortran = Npy("<i4", {1000, 100}, bytes, true);
  const struct {
    const char* name;
    std::string bytes;
    bool pays;
    bool must;
  } cases[] = {
      {"npy", npy, false, false},
      {"stored", NpzOf(npy, false), false, false},
      {"deflated", NpzOf(npy, true), true, false},
      {"Fortran npy", fortran, true, false},
      {"Fortran, stored", NpzOf(fortran, false), true, false},
      {"Fortran, deflated", NpzOf(fortran, true), true, true},
      {"small", NpzOf(Npy("<i4", {2}, "12345678"), true), false, false},
      {"one dimension in Fortran order", NpzOf(Npy("<i4", {100000}, bytes, true), true), true,
       false},
  };
  for (const auto& c : cases) {
    const std::unique_ptr<ArrayReader> array = OpenArray(c.bytes, true).value();
    EXPECT_EQ(array->load_size(), c.pays ? npy.size() : 0) << c.name;
    EXPECT_EQ(array->must_load(), c.must) << c.name;
    ASSERT_OK(array->Load());
    EXPECT_EQ(array->load_size(), 0u) << c.name;
    EXPECT_FALSE(array->must_load()) << c.name;
  }
}

// The loaded bytes become the result, converted in place.
TEST(ArrayReader, AllItemsOfALoadedArrayAreConverted) {
  const std::string items = BytesOf(CountingUp<int32_t>(12));
  std::string swapped = items;
  for (size_t i = 0; i < swapped.size(); i += 4) {
    std::reverse(swapped.begin() + i, swapped.begin() + i + 4);
  }
  const std::string npy = Npy(">i4", {3, 2, 2}, swapped);
  for (const std::string& bytes : {npy, NpzOf(npy, false), NpzOf(npy, true)}) {
    for (const bool rows : {false, true}) {
      const std::unique_ptr<ArrayReader> array = OpenArray(bytes, rows).value();
      ASSERT_OK(array->Load());
      EXPECT_EQ(ReadWhole(*array).value(), items);
    }
  }
}

}  // namespace
}  // namespace tf_npz
