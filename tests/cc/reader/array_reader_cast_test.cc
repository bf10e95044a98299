// ArrayReader with components that are cast to another type than the file's.

#include <gtest/gtest.h>

#include "tests/cc/testing/reading.h"
#include "tests/cc/testing/status_matchers.h"

namespace tf_npz {
namespace {

using Shape = std::vector<int64_t>;

ComponentSpec CastTo(ElementType type) { return {type, std::nullopt, true}; }

// The array "x" of an npz, or the only one of an npy. Each of `parts` is a field and its type.
Result<std::unique_ptr<ArrayReader>> OpenAs(
    std::string_view bytes, bool rows, const std::vector<std::pair<FieldPath, ElementType>>& parts,
    Checksums checksums = Checksums::kFullyRead) {
  TF_NPZ_ASSIGN_OR_RETURN(const std::shared_ptr<Archive> archive, OpenBytes(bytes));
  Selection selection;
  selection.rows = rows;
  for (const auto& [path, type] : parts) {
    FieldPath key = path;
    if (archive->is_npz()) key.insert(key.begin(), "x");
    selection.keys.push_back(std::move(key));
    selection.specs.push_back(CastTo(type));
  }
  TF_NPZ_ASSIGN_OR_RETURN(SelectedArrays selected,
                          OpenSelection(archive, selection, TestOptions(checksums)));
  return std::move(selected.arrays[0].reader);
}

Result<std::unique_ptr<ArrayReader>> OpenAs(std::string_view bytes, bool rows, ElementType type) {
  return OpenAs(bytes, rows, {{FieldPath(), type}});
}

// 0, 1, 2, … as big-endian int32 items.
std::string BigEndian(int64_t count) {
  std::string bytes;
  for (int64_t i = 0; i < count; ++i) {
    bytes += {0, static_cast<char>(i >> 16), static_cast<char>(i >> 8), static_cast<char>(i)};
  }
  return bytes;
}

TEST(ArrayReaderCast, CastsRowsAndWholeArraysOfAnyLayout) {
  // Enough for several parts.
  constexpr int64_t kRows = 601;
  constexpr int64_t kColumns = 331;
  const std::string items = BigEndian(kRows * kColumns);
  const std::string expected = BytesOf(CountingUp<double>(kRows * kColumns));
  const size_t row = kColumns * sizeof(double);
  for (const bool fortran : {false, true}) {
    const std::string data = fortran ? ToFortranOrder(items, {kRows, kColumns}, 4) : items;
    const std::string npy = Npy(">i4", {kRows, kColumns}, data, fortran);
    for (const std::string& bytes : {npy, NpzOf(npy, false), NpzOf(npy, true)}) {
      for (const bool load : {false, true}) {
        const std::unique_ptr<ArrayReader> rows =
            OpenAs(bytes, true, ElementType::kFloat64).value();
        if (load) {
          ASSERT_OK(rows->Load());
        }
        ASSERT_EQ(rows->components()[0].element_size(), row);
        for (int64_t first = 0; first < kRows; first += 250) {
          const int64_t count = std::min<int64_t>(250, kRows - first);
          const Result<std::string> part = ReadElements(*rows, first, count);
          ASSERT_OK(part);
          EXPECT_TRUE(*part == expected.substr(first * row, count * row)) << "from " << first;
        }
        const std::unique_ptr<ArrayReader> whole =
            OpenAs(bytes, false, ElementType::kFloat64).value();
        if (load) {
          ASSERT_OK(whole->Load());
        }
        const Result<std::vector<ArrayData>> all = whole->ReadAll();
        ASSERT_OK(all);
        EXPECT_EQ((*all)[0].shape, (Shape{kRows, kColumns}));
        EXPECT_TRUE(BytesIn((*all)[0], expected.size()) == expected);
      }
    }
  }
}

// A part need not hold a whole row, so a row of any size takes little memory besides its own.
TEST(ArrayReaderCast, CastsARowThatIsLargerThanAPart) {
  constexpr int64_t kItems = 1 << 20;
  const std::string npy = Npy("|u1", {1, kItems}, std::string(kItems, '\7'));
  const std::unique_ptr<ArrayReader> rows =
      OpenAs(NpzOf(npy, true), true, ElementType::kInt16).value();
  EXPECT_TRUE(ReadElements(*rows, 0, 1).value() == BytesOf(std::vector<int16_t>(kItems, 7)));
}

TEST(ArrayReaderCast, CastsScalarsAndArraysWithoutItems) {
  EXPECT_EQ(
      ReadComponents(
          *OpenAs(Npy("<f8", {}, BytesOf<double>({0.5})), false, ElementType::kFloat32).value(), 0,
          1)
          .value()[0],
      BytesOf<float>({0.5F}));
  for (const Shape& shape : {Shape{0}, Shape{0, 3}, Shape{3, 0}, Shape{int64_t{1} << 55, 0}}) {
    for (const bool fortran : {false, true}) {
      const std::string npy = Npy("<f8", shape, "", fortran);
      const Result<std::vector<ArrayData>> all =
          OpenAs(npy, false, ElementType::kFloat32).value()->ReadAll();
      ASSERT_OK(all);
      EXPECT_EQ((*all)[0].shape, shape);
      const std::unique_ptr<ArrayReader> rows = OpenAs(npy, true, ElementType::kFloat32).value();
      EXPECT_EQ(ReadElements(*rows, 0, shape[0]).value(), "");
    }
  }
}

TEST(ArrayReaderCast, CastsFieldsBesideOthersThatStay) {
  std::string items;
  for (char i = 0; i < 100; ++i) items += {i, 0, i, 1, i, 'x', 'y'};
  const std::string npy = NpyHeaderBytes(
                              "{'descr': [('a', '|u1'), ('b', '>i2', (2,)), ('s', '|S2')], "
                              "'fortran_order': False, 'shape': (100,)}") +
                          items;
  const std::unique_ptr<ArrayReader> rows = OpenAs(npy, true,
                                                   {{{"b"}, ElementType::kFloat32},
                                                    {{"s"}, ElementType::kString},
                                                    {{"a"}, ElementType::kUInt8},
                                                    {{"a"}, ElementType::kComplex64},
                                                    {{"b"}, ElementType::kInt16}})
                                                .value();
  const std::vector<std::string> components = ReadComponents(*rows, 3, 2).value();
  EXPECT_EQ(components[0], BytesOf<float>({3, 259, 4, 260}));
  EXPECT_EQ(components[1], "xyxy");
  EXPECT_EQ(components[2], BytesOf<uint8_t>({3, 4}));
  EXPECT_EQ(components[3], BytesOf<float>({3, 0, 4, 0}));
  EXPECT_EQ(components[4], BytesOf<int16_t>({3, 259, 4, 260}));
}

TEST(ArrayReaderCast, BoolsOfAnyByteAreOne) {
  const std::string npy = Npy("|b1", {3}, std::string("\0\1\xFF", 3));
  EXPECT_EQ(ReadElements(*OpenAs(npy, true, ElementType::kInt32).value(), 0, 3).value(),
            BytesOf<int32_t>({0, 1, 1}));
}

TEST(ArrayReaderCast, AnArrayOfTheTypeIsNotCast) {
  const std::string npy = Npy("<f4", {2}, BytesOf<float>({1, 2}));
  const std::unique_ptr<ArrayReader> rows = OpenAs(npy, true, ElementType::kFloat32).value();
  EXPECT_TRUE(rows->plan()->takes_items);
  EXPECT_FALSE(rows->components()[0].is_cast());
}

TEST(ArrayReaderCast, AnIntegerThatDoesNotFitStopsAtItsRow) {
  std::vector<int32_t> values(300000, 5);
  values[200001] = -129;
  const struct {
    Shape shape;
    const char* message;
    int64_t done;
  } cases[] = {
      {{100000, 3},
       "f: value at index (66667, 0) is -129, which does not fit into int8 (-128 to "
       "127); read the array as int32, and cast it yourself after reading",
       66667},
      {{3, 100000}, "f: value at index (2, 1) is -129", 2},
      {{1, 300000}, "f: value at index (0, 200001) is -129", 0},
      {{300000}, "f: value at index (200001,) is -129", 200001},
  };
  for (const auto& c : cases) {
    const std::string npy = Npy("<i4", c.shape, BytesOf(values));
    const std::unique_ptr<ArrayReader> rows = OpenAs(npy, true, ElementType::kInt8).value();
    std::string destination(values.size(), '\xAA');
    int64_t done = -1;
    EXPECT_ERROR(rows->Read(0, c.shape[0], {destination.data()}, &done), kInvalidArgument,
                 c.message);
    EXPECT_EQ(done, c.done);
    EXPECT_EQ(destination.substr(0, 200001), std::string(200001, '\5'));
    EXPECT_ERROR(OpenAs(npy, false, ElementType::kInt8).value()->ReadAll(), kInvalidArgument,
                 c.message);
  }
  const std::string fields =
      NpyHeaderBytes(
          "{'descr': [('a', '|u1'), ('b', '<i2', (2,))], 'fortran_order': False, "
          "'shape': (2,)}") +
      std::string("\1\1\0\1\0\1\1\0\1\1", 10);
  const std::unique_ptr<ArrayReader> rows =
      OpenAs(fields, true, {{{"b"}, ElementType::kInt8}}).value();
  std::string b(4, '\0');
  int64_t done = -1;
  EXPECT_ERROR(rows->Read(0, 2, {b.data()}, &done), kInvalidArgument,
               "f: field \"b\": value at index (1,) is 257");
  EXPECT_EQ(done, 1);
}

TEST(ArrayReaderCast, ChecksumsAreVerified) {
  const std::string npy = Npy("<i4", {100000}, BytesOf(CountingUp<int32_t>(100000)));
  for (const bool deflated : {false, true}) {
    ZipMember member = Member("x.npy", npy, deflated);
    member.crc32 = 1;
    const std::string npz = WriteZip({member});
    const std::unique_ptr<ArrayReader> rows = OpenAs(npz, true, ElementType::kInt64).value();
    EXPECT_ERROR(ReadElements(*rows, 0, 100000), kDataLoss, "CRC-32");
    const std::unique_ptr<ArrayReader> unverified =
        OpenAs(npz, true, {{FieldPath(), ElementType::kInt64}}, Checksums::kNone).value();
    EXPECT_TRUE(ReadElements(*unverified, 0, 100000).value() ==
                BytesOf(CountingUp<int64_t>(100000)));
  }
}

TEST(ArrayReaderCast, SaysWhatACastWouldLose) {
  const std::string npy = Npy("<f8", {2}, std::string(16, '\0'));
  EXPECT_ERROR(OpenAs(npy, true, ElementType::kInt32), kInvalidArgument,
               "f: holds rows of float64 (), but element_spec says int32 of any shape; float64 to "
               "int32 would lose the fraction; read it as float64, and cast it yourself");
  const std::string dates = Npy("<M8[s]", {2}, std::string(16, '\0'));
  EXPECT_OK(OpenAs(dates, true, ElementType::kInt64));
  EXPECT_ERROR(OpenAs(dates, true, ElementType::kFloat64), kInvalidArgument, "dates are read as");
}

// The spec does not say that values may be cast.
TEST(ArrayReaderCast, WithoutLeaveAnotherDtypeIsAnError) {
  const std::string npy = Npy("<f4", {2}, std::string(8, '\0'));
  Selection selection;
  selection.keys = {FieldPath()};
  selection.specs = {{ElementType::kFloat64, Shape{}}};
  EXPECT_ERROR(OpenSelection(OpenBytes(npy).value(), selection, TestOptions()), kInvalidArgument,
               "; pass tf.TensorSpec((), tf.float64) for it in element_spec");
}

}  // namespace
}  // namespace tf_npz
