// ArrayReader with arrays of structures, strings and raw void.

#include <gtest/gtest.h>

#include "tests/cc/testing/reading.h"
#include "tests/cc/testing/status_matchers.h"

namespace tf_npz {
namespace {

using Shape = std::vector<int64_t>;

// An .npy with `descr`, unchanged, in its header.
std::string NpyOf(const std::string& descr, const std::string& shape, const std::string& data,
                  bool fortran = false) {
  return NpyHeaderBytes("{'descr': " + descr + ", 'fortran_order': " +
                        (fortran ? "True" : "False") + ", 'shape': " + shape + "}") +
         data;
}

// Rows of {a: uint8, b: >i2 (2,), c: {d: S3, e: bool}}, with two bytes of padding after a.
constexpr const char* kDescr =
    "[('a', '|u1'), ('', '|V2'), ('b', '>i2', (2,)), ('c', [('d', '|S3'), ('e', '|b1')])]";
constexpr int64_t kItemSize = 11;

std::string Items(int64_t count) {
  std::string items;
  for (int64_t i = 0; i < count; ++i) {
    const char n = static_cast<char>(i % 100);
    items += {n, '?', '?', 0, n, 1, n, 'x', static_cast<char>('a' + n % 26), 0, n};
  }
  return items;
}

// The expected bytes of the components a, b, c.d and c.e for items `first` … `last - 1`.
std::vector<std::string> Components(int64_t first, int64_t last) {
  std::vector<std::string> all(4);
  for (int64_t i = first; i < last; ++i) {
    const char n = static_cast<char>(i % 100);
    all[0] += n;
    all[1] += {n, 0, n, 1};
    all[2] += {'x', static_cast<char>('a' + n % 26), 0};
    all[3] += static_cast<char>(n != 0);
  }
  return all;
}

TEST(ArrayReaderFields, MakesAComponentOfEachField) {
  const std::string npy = NpyOf(kDescr, "(3, 2)", Items(6));
  const std::unique_ptr<ArrayReader> rows = OpenArray(npy, true).value();
  const struct {
    FieldPath path;
    ElementType type;
    Shape shape;
    int64_t item_size;
  } expected[] = {
      {{"a"}, ElementType::kUInt8, {2}, 1},
      {{"b"}, ElementType::kInt16, {2, 2}, 2},
      {{"c", "d"}, ElementType::kString, {2}, 3},
      {{"c", "e"}, ElementType::kBool, {2}, 1},
  };
  ASSERT_EQ(rows->components().size(), std::size(expected));
  for (size_t i = 0; i < std::size(expected); ++i) {
    const Component& component = rows->components()[i];
    EXPECT_EQ(component.path, expected[i].path);
    EXPECT_EQ(component.type, expected[i].type);
    EXPECT_EQ(component.element_shape, expected[i].shape);
    EXPECT_EQ(component.item_size, expected[i].item_size);
  }
}

TEST(ArrayReaderFields, TakesTheFieldsOutOfRowsAndWholeArrays) {
  // Enough for several parts. The last one is not full.
  constexpr int64_t kRows = 70001;
  const std::string npy = NpyOf(kDescr, "(70001,)", Items(kRows));
  for (const std::string& bytes : {npy, NpzOf(npy, false), NpzOf(npy, true)}) {
    const std::unique_ptr<ArrayReader> rows = OpenArray(bytes, true).value();
    for (int64_t first = 0; first < kRows; first += 30000) {
      const int64_t count = std::min<int64_t>(30000, kRows - first);
      const Result<std::vector<std::string>> part = ReadComponents(*rows, first, count);
      ASSERT_OK(part);
      EXPECT_TRUE(*part == Components(first, first + count)) << "from row " << first;
    }
    const std::unique_ptr<ArrayReader> whole = OpenArray(bytes, false).value();
    const Result<std::vector<ArrayData>> all = whole->ReadAll();
    ASSERT_OK(all);
    const std::vector<std::string> expected = Components(0, kRows);
    for (size_t i = 0; i < expected.size(); ++i) {
      EXPECT_TRUE(BytesIn((*all)[i], expected[i].size()) == expected[i]) << "component " << i;
    }
  }
}

TEST(ArrayReaderFields, ReadsFieldsInFortranOrder) {
  constexpr int64_t kRows = 601;
  constexpr int64_t kColumns = 53;
  const std::string items = Items(kRows * kColumns);
  const std::string npy =
      NpyOf(kDescr, "(601, 53)", ToFortranOrder(items, {kRows, kColumns}, kItemSize), true);
  for (const std::string& bytes : {npy, NpzOf(npy, false), NpzOf(npy, true)}) {
    for (const bool load : {false, true}) {
      const std::unique_ptr<ArrayReader> rows = OpenArray(bytes, true).value();
      if (load) {
        ASSERT_OK(rows->Load());
      }
      const Result<std::vector<std::string>> part = ReadComponents(*rows, 100, 300);
      ASSERT_OK(part);
      EXPECT_TRUE(*part == Components(100 * kColumns, 400 * kColumns));
      const std::unique_ptr<ArrayReader> whole = OpenArray(bytes, false).value();
      const Result<std::vector<std::string>> all = ReadComponents(*whole, 0, 1);
      ASSERT_OK(all);
      EXPECT_TRUE(*all == Components(0, kRows * kColumns));
    }
  }
}

TEST(ArrayReaderFields, ReadsStringsAsUtf8InItemsOfOneSize) {
  const struct {
    const char* name;
    const char* descr;
    std::string data;
    std::string expected;
  } cases[] = {
      {"bytes", "'|S3'", std::string("ab\0\0\0\0\xFFyz", 9), std::string("ab\0\0\0\0\xFFyz", 9)},
      {"little-endian", "'<U1'", std::string("\xE9\0\0\0", 4), std::string("\xC3\xA9\0\0", 4)},
      {"big-endian", "'>U2'", std::string("\0\x01\xF6\0\0\0\0z", 8),
       std::string("\xF0\x9F\x98\x80z\0\0\0", 8)},
  };
  for (const auto& c : cases) {
    const int64_t count = c.name == std::string("bytes") ? 3 : 1;
    const std::string npy = NpyOf(c.descr, "(" + std::to_string(count) + ",)", c.data);
    const std::unique_ptr<ArrayReader> rows = OpenArray(npy, true).value();
    EXPECT_EQ(rows->components()[0].type, ElementType::kString) << c.name;
    EXPECT_EQ(ReadElements(*rows, 0, count).value(), c.expected) << c.name;
    EXPECT_EQ(ReadWhole(*OpenArray(npy, false).value()).value(), c.expected) << c.name;
  }
}

TEST(ArrayReaderFields, InvalidTextStopsAtItsRow) {
  std::string data(4 * 6, '\0');
  data[4 * 4] = '\x01';
  data[4 * 4 + 1] = '\xD8';
  const std::string npy = NpyOf("'<U1'", "(3, 2)", data);
  const std::unique_ptr<ArrayReader> rows = OpenArray(npy, true).value();
  std::string items(24, '\xAA');
  int64_t done = 7;
  EXPECT_ERROR(rows->Read(0, 3, {items.data()}, &done), kDataLoss,
               "f: text at index (2, 0) holds U+D801, which is not a character");
  EXPECT_EQ(done, 2);
  EXPECT_ERROR(OpenArray(npy, false).value()->ReadAll(), kDataLoss, "index (2, 0)");
  const std::string structured =
      NpyOf("[('n', '|u1'), ('t', '<U1')]", "(2,)", std::string("\1a\0\0\0\2\1\xD8\0\0", 10));
  const std::unique_ptr<ArrayReader> fields = OpenArray(structured, true).value();
  std::string n(2, '\0'), t(8, '\0');
  EXPECT_ERROR(fields->Read(0, 2, {n.data(), t.data()}, &done), kDataLoss,
               "f: field \"t\": text at index (1,) holds U+D801");
  EXPECT_EQ(done, 1);
}

TEST(ArrayReaderFields, RawVoidHasItsBytesAsALastDimension) {
  const std::string npy = NpyOf("'|V3'", "(2,)", "abcdef");
  const std::unique_ptr<ArrayReader> rows = OpenArray(npy, true).value();
  EXPECT_EQ(rows->components()[0].element_shape, (Shape{3}));
  EXPECT_EQ(ReadElements(*rows, 0, 2).value(), "abcdef");
}

TEST(ArrayReaderFields, RowsOfNoBytesTakeNoTime) {
  const std::string npy =
      NpyOf("[('a', '<f4', (0,)), ('b', '<U1', (0, 3))]", "(1152921504606846976,)", "");
  const Result<std::vector<ArrayData>> all = OpenArray(npy, false).value()->ReadAll();
  ASSERT_OK(all);
  EXPECT_EQ((*all)[1].shape, (Shape{int64_t{1} << 60, 0, 3}));
}

TEST(ArrayReaderFields, TooManyStringsOfNoBytesAreRefused) {
  const std::string npy = NpyOf("[('s', '|S0')]", "(1099511627776,)", "");
  EXPECT_OK(OpenArray(npy, true));
  EXPECT_ERROR(OpenArray(npy, false), kResourceExhausted, "strings of no bytes");
  EXPECT_OK(OpenArray(NpyOf("'|S0'", "(1048576,)", ""), false));
  EXPECT_OK(OpenArray(NpyOf("'|S0'", "(1099511627776, 0)", ""), false)) << "there are none";
  const std::string nested = NpyOf("[('s', '|S0', (1024, 1025))]", "(3,)", "");
  EXPECT_ERROR(OpenArray(nested, true), kDataLoss, "sub-array of items without bytes");
}

}  // namespace
}  // namespace tf_npz
