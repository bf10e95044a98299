#include "cc/format/npy_header.h"

#include <gtest/gtest.h>

#include "tests/cc/testing/npy_writer.h"
#include "tests/cc/testing/status_matchers.h"

namespace tf_npz {
namespace {

using std::string_literals::operator""s;
using Shape = std::vector<int64_t>;

Result<NpyHeader> Parse(const std::string& dict, int major = 1) {
  return ParseNpyHeader(NpyHeaderBytes(dict, major));
}

// A header with `shape` as the text of its shape.
std::string DictWithShape(const std::string& shape, const std::string& descr = "<f4") {
  return "{'descr': '" + descr + "', 'fortran_order': False, 'shape': " + shape + "}";
}

TEST(ParseNpyHeader, ReadsWhatNumPyWrites) {
  const std::string bytes = Npy("<f4", {2, 3}, "data");
  const Result<NpyHeader> header = ParseNpyHeader(bytes);
  ASSERT_OK(header);
  EXPECT_EQ(header->major_version, 1);
  EXPECT_EQ(header->dtype.descr(), "<f4");
  EXPECT_FALSE(header->fortran_order);
  EXPECT_EQ(header->shape, (Shape{2, 3}));
  EXPECT_EQ(header->data_offset, bytes.size() - 4);
  EXPECT_EQ(header->data_offset % 64, 0u);
  EXPECT_EQ(header->data_size, 24u);
  EXPECT_TRUE(ParseNpyHeader(Npy("<f4", {2, 3}, "", true))->fortran_order);
}

TEST(ParseNpyHeader, TakesEveryQuirkThatNumPyTakes) {
  const struct {
    const char* name;
    std::string dict;
    Shape shape;
  } cases[] = {
      {"no padding, no newline", NpyDict("<f4", {3}), {3}},
      {"keys in another order", "{'shape': (3,), 'fortran_order': False, 'descr': '<f4'}", {3}},
      {"double quotes", R"({"descr": "<f4", "fortran_order": False, "shape": (3,)})", {3}},
      {"comments",
       "{'descr': '<f4', # 'shape': (9,)}\n'fortran_order': False, 'shape': (3,)}",
       {3}},
      {"hex and underscores", DictWithShape("(0x10, 1_0)"), {16, 10}},
      {"longs of Python 2", DictWithShape("(4L, 3L)"), {4, 3}},
      {"no spaces", "{'descr':'<f4','fortran_order':False,'shape':(3,)}", {3}},
      {"line breaks", "\n{'descr': '<f4',\r\n 'fortran_order': False,\n\t'shape': (3,),\n}\n", {3}},
      {"unicode strings of Python 2",
       "{u'descr': u'<f4', u'fortran_order': False, u'shape': (3,)}",
       {3}},
      {"another dtype spelling", DictWithShape("(3,)", "float32"), {3}},
      {"a key that appears twice",
       "{'shape': 4, 'descr': '<f4', 'fortran_order': False, 'shape': (3,)}",
       {3}},
      {"a single value", DictWithShape("()"), {}},
      {"no elements", DictWithShape("(0,)"), {0}},
      {"zero beside a huge dimension",
       DictWithShape("(1152921504606846976, 0)"),
       {int64_t{1} << 60, 0}},
  };
  for (const auto& c : cases) {
    const Result<NpyHeader> header = Parse(c.dict);
    ASSERT_OK(header) << c.name;
    EXPECT_EQ(header->shape, c.shape) << c.name;
    EXPECT_EQ(header->dtype.descr(), "<f4") << c.name;
    EXPECT_FALSE(header->fortran_order) << c.name;
    EXPECT_EQ(header->data_offset, 10 + c.dict.size()) << c.name;
  }
}

TEST(ParseNpyHeader, RefusesWhatNumPyRefuses) {
  const struct {
    const char* name;
    std::string dict;
    std::string fragment;
  } cases[] = {
      {"empty", "", "malformed header, which begins at byte 10: expected a value at byte 0"},
      {"no dict", "(1, 2)", "header lacks one of the keys"},
      {"not Python", "descr=<f4", "malformed header"},
      {"missing descr", "{'fortran_order': False, 'shape': (3,)}", "header lacks one of the keys"},
      {"missing fortran_order", "{'descr': '<f4', 'shape': (3,)}", "header lacks one of the keys"},
      {"missing shape", "{'descr': '<f4', 'fortran_order': False}", "header lacks one of the keys"},
      {"extra key", "{'descr': '<f4', 'fortran_order': False, 'shape': (3,), 'x': 1}",
       "header has a key besides descr, fortran_order and shape"},
      {"key that is no string", "{'descr': '<f4', 'fortran_order': False, 'shape': (3,), 1: 1}",
       "header has a key besides"},
      {"keys in capitals", "{'Descr': '<f4', 'fortran_order': False, 'shape': (3,)}",
       "header lacks one of the keys"},
      {"fortran_order 0", "{'descr': '<f4', 'fortran_order': 0, 'shape': (3,)}",
       "fortran_order is neither True nor False"},
      {"fortran_order 'True'", "{'descr': '<f4', 'fortran_order': 'True', 'shape': (3,)}",
       "fortran_order is neither True nor False"},
      {"list shape", DictWithShape("[3, 4]"), "shape is not a tuple of integers"},
      {"shape in parentheses", DictWithShape("(4)"), "shape is not a tuple of integers"},
      {"integer shape", DictWithShape("4"), "shape is not a tuple of integers"},
      {"no shape", DictWithShape("None"), "shape is not a tuple of integers"},
      {"bool in the shape", DictWithShape("(True, 3)"), "shape is not a tuple of integers"},
      {"dimension None", DictWithShape("(None, 3)"), "shape is not a tuple of integers"},
      {"string in the shape", DictWithShape("('3',)"), "shape is not a tuple of integers"},
      {"float in the shape", DictWithShape("(3.0,)"), "malformed header"},
      {"negative dimension", DictWithShape("(3, -1)"), "negative dimension -1"},
      {"two negative dimensions", DictWithShape("(-2, -3)"), "negative dimension -2"},
      {"dimension too large", DictWithShape("(9223372036854775808,)"), "integer too large"},
      {"product too large", DictWithShape("(4294967296, 4294967296)"), "is larger than any array"},
      {"product with the itemsize too large", DictWithShape("(4611686018427387904,)"),
       "shape (4611686018427387904,) is larger than any array"},
      {"product too large beside zero", DictWithShape("(4294967296, 0, 4294967296)"),
       "is larger than any array"},
      {"text after the dict", NpyDict("<f4", {3}) + " x", "expected the end of the header"},
      {"data after a header that is too long", NpyDict("<f4", {3}) + "\n\0\0\x80\x3f"s,
       "expected the end of the header"},
      {"unknown dtype", DictWithShape("(3,)", "<f3"), "descr \"<f3\" is not a dtype of NumPy"},
  };
  for (const auto& c : cases) EXPECT_ERROR(Parse(c.dict), kDataLoss, c.fragment) << c.name;
}

std::string DictWithDescr(const std::string& descr, const std::string& shape) {
  return "{'descr': " + descr + ", 'fortran_order': False, 'shape': " + shape + "}";
}

std::string Ones(int count) {
  std::string text = "(";
  for (int i = 0; i < count; ++i) text += "1, ";
  return text + ")";
}

TEST(ParseNpyHeader, GivesPicklesNoSize) {
  for (const char* descr : {"'|O'", "'T'", "[('a', '|O'), ('b', '<f4')]", "('|O', (2,))"}) {
    const Result<NpyHeader> header = Parse(DictWithDescr(descr, "(3,)"));
    ASSERT_OK(header) << descr;
    EXPECT_TRUE(header->is_pickle) << descr;
    EXPECT_EQ(header->shape, Shape{3}) << descr;
    EXPECT_EQ(header->data_size, 0u) << descr;
  }
}

// np.load was run on each of these files, as an npy and in an npz.
TEST(ParseNpyHeader, TakesSubArraysIfNumPyCanReadTheFile) {
  const struct {
    std::string descr;
    const char* shape;
    int64_t data_size;  // -1: refused
  } cases[] = {
      {"('<f4', (1,))", "(3,)", 12},
      {"('<f4', (1, 1))", "(3, 2)", 24},
      {"('<f4', 1)", "()", 4},
      {"('<f4', ())", "(3,)", 12},
      {"'1f4'", "(3,)", 12},
      {"([('a', '<f4')], (1,))", "(3,)", 12},
      {"([], (1,))", "(3,)", 0},
      {"('<f4', (2,))", "(0,)", 0},
      {"('<f4', (2,))", "(0, 4)", 0},
      {"('<f4', (0,))", "(0,)", 0},
      {"('<f4', (2,))", "(3,)", -1},
      {"('<f4', (2,))", "()", -1},
      {"('<f4', (0,))", "(3,)", -1},
      {"([], (2,))", "(3,)", -1},
      {"'2f4'", "(3,)", -1},
      {"('<f4', " + Ones(63) + ")", "(3,)", 12},
      {"('<f4', " + Ones(64) + ")", "(3,)", -1},
  };
  for (const auto& c : cases) {
    const Result<NpyHeader> header = Parse(DictWithDescr(c.descr, c.shape));
    if (c.data_size < 0) {
      EXPECT_ERROR(header, kDataLoss, "header's descr is a sub-array of shape (") << c.descr;
    } else {
      ASSERT_OK(header) << c.descr;
      EXPECT_EQ(header->data_size, static_cast<uint64_t>(c.data_size)) << c.descr;
    }
  }
}

TEST(ParseNpyHeader, ReadsStructuresAndStrings) {
  const struct {
    const char* descr;
    uint64_t data_size;
  } cases[] = {
      {"[('x', '<f4'), ('', '|V4'), ('y', '>i2', (2,))]", 36},
      {"'|S5'", 15},
      {"'<U5'", 60},
      {"'<M8[ns]'", 24},
      {"'|V2'", 6},
      {"'|S0'", 0},
      {"'|V0'", 0},
      {"[]", 0},
      {"[('', '|V4')]", 12},
  };
  for (const auto& c : cases) {
    const Result<NpyHeader> header = Parse(DictWithDescr(c.descr, "(3,)"));
    ASSERT_OK(header) << c.descr;
    EXPECT_EQ(header->data_size, c.data_size) << c.descr;
  }
}

TEST(ParseNpyHeader, CountsItemsWithoutBytesToo) {
  for (const char* descr : {"'|V0'", "'|S0'", "'<U0'", "[]", "[('a', [], (2,))]"}) {
    EXPECT_OK(Parse(DictWithDescr(descr, "(4294967296, 1073741823)"))) << descr;
    EXPECT_ERROR(Parse(DictWithDescr(descr, "(4294967296, 4294967296)")), kDataLoss,
                 "is larger than any array")
        << descr;
  }
  EXPECT_ERROR(Parse(DictWithDescr("[('a', [], (2147483647,))]", "(8589934592,)")), kDataLoss,
               "is larger than any array");
}

TEST(ParseNpyHeader, DecodesNamesOfFieldsByItsVersion) {
  const auto name_of = [](const std::string& name, int major) {
    const Result<NpyHeader> header =
        Parse(DictWithDescr("[('" + name + "', '<f4')]", "(3,)"), major);
    return header.ok() ? header->dtype.fields.at(0).name : header.status().message();
  };
  EXPECT_EQ(name_of("gr\xf6\xdf"
                    "e",
                    1),
            "größe");
  EXPECT_EQ(name_of("größe", 3), "größe");
  EXPECT_EQ(name_of("gr\xf6\xdf"
                    "e",
                    3),
            "malformed header, which begins at byte 12: malformed UTF-8 at byte 15 (got "
            "\"\\xf6\\xdfe', '<f4')], 'fort\"…)");
}

TEST(ParseNpyHeader, RefusesMoreDimensionsThanNumPyHas) {
  std::string ones = "1,";
  while (ones.size() < 2 * kMaxRank) ones += "1,";
  ASSERT_OK(Parse(DictWithShape("(" + ones + ")")));
  EXPECT_EQ(Parse(DictWithShape("(" + ones + ")"))->shape.size(), kMaxRank);
  EXPECT_ERROR(Parse(DictWithShape("(" + ones + "1,)")), kDataLoss,
               "has 65 dimensions (expected at most 64)");
}

TEST(ParseNpyHeader, KnowsItsThreeVersionsAndNoOthers) {
  const std::string dict = NpyDict("<f4", {3});
  for (int major = 0; major < 256; ++major) {
    for (const int minor : {0, 1, 255}) {
      const std::string bytes = NpyHeaderBytes(dict, major, minor);
      const Result<NpyHeader> header = ParseNpyHeader(bytes);
      if (major >= 1 && major <= 3 && minor == 0) {
        ASSERT_OK(header) << major;
        EXPECT_EQ(header->major_version, major);
        EXPECT_EQ(header->data_offset, (major == 1 ? 10 : 12) + dict.size());
      } else {
        EXPECT_ERROR(header, kDataLoss,
                     "at byte 6 (expected 1.0, 2.0 or 3.0, got " + std::to_string(major) + "." +
                         std::to_string(minor) + ")");
      }
    }
  }
}

TEST(ParseNpyHeader, TakesLongsOfPython2InVersions1And2Only) {
  const std::string dict = DictWithShape("(4L,)");
  EXPECT_OK(Parse(dict, 1));
  EXPECT_OK(Parse(dict, 2));
  EXPECT_ERROR(Parse(dict, 3), kDataLoss, "malformed header, which begins at byte 12");
}

TEST(ParseNpyHeader, DecodesItsTextByItsVersion) {
  // The message holds the decoded name of the dtype.
  const std::string latin1 = DictWithShape("(3,)", "\xfc");
  EXPECT_ERROR(Parse(latin1, 1), kDataLoss, "descr \"ü\" is not");
  EXPECT_ERROR(Parse(latin1, 2), kDataLoss, "descr \"ü\" is not");
  EXPECT_ERROR(Parse(DictWithShape("(3,)", "ü"), 3), kDataLoss, "descr \"ü\" is not");
}

TEST(ParseNpyHeader, RefusesMalformedUtf8InVersion3Only) {
  const std::string dict = NpyDict("<f4", {3}) + " # \xff";
  EXPECT_OK(Parse(dict, 1));
  EXPECT_OK(Parse(dict, 2));
  EXPECT_ERROR(Parse(dict, 3), kDataLoss, "malformed UTF-8");
}

TEST(ParseNpyHeader, TakesSpacesOnALastLineInVersions1And2Only) {
  const std::string dict = NpyDict("<f4", {3}) + "\n   ";
  EXPECT_OK(Parse(dict, 1));
  EXPECT_OK(Parse(dict, 2));
  EXPECT_ERROR(Parse(dict, 3), kDataLoss, "unexpected indentation");
}

TEST(ParseNpyHeader, ReadsItsLengthAsUnsigned) {
  // Lengths around the largest values of 8 and 16 bits, also ones that are no multiple of 16.
  for (const size_t length : {117, 118, 127, 128, 129, 255, 256, 257, 511, 32767, 32768, 65535}) {
    for (const int major : {1, 2, 3}) {
      std::string dict = NpyDict("<f4", {3});
      dict.resize(length, ' ');
      const Result<NpyHeader> header = Parse(dict, major);
      ASSERT_OK(header) << length;
      EXPECT_EQ(header->data_offset, (major == 1 ? 10 : 12) + length);
    }
  }
  std::string dict = NpyDict("<f4", {3});
  dict.resize(1 << 20, ' ');
  ASSERT_OK(Parse(dict, 2));
  EXPECT_EQ(Parse(dict, 3)->data_offset, 12u + (1 << 20));
}

TEST(ParseNpyHeader, KnowsTheSizeOfItsData) {
  const struct {
    const char* descr;
    Shape shape;
    uint64_t size;
  } cases[] = {
      {"|b1", {}, 1},         {"<c16", {}, 16},      {"<i8", {5}, 40},
      {"<f2", {2, 3, 4}, 48}, {"<f8", {7, 0, 3}, 0}, {"|u1", {INT64_MAX}, INT64_MAX},
  };
  for (const auto& c : cases) {
    const Result<NpyHeader> header = Parse(NpyDict(c.descr, c.shape));
    ASSERT_OK(header) << c.descr;
    EXPECT_EQ(header->data_size, c.size) << c.descr;
  }
}

TEST(ParseNpyPreamble, SaysHowManyBytesTheHeaderHas) {
  const std::string bytes = Npy("<f4", {3}, "");
  for (const size_t size : {10, 11, 12}) {
    const Result<size_t> offset = ParseNpyPreamble(bytes.substr(0, size));
    ASSERT_OK(offset);
    EXPECT_EQ(*offset, bytes.size());
  }
  EXPECT_ERROR(ParseNpyPreamble(bytes.substr(0, 7)), kDataLoss, "header is cut off at byte 7");
  EXPECT_ERROR(ParseNpyPreamble(bytes.substr(0, 9)), kDataLoss, "header is cut off at byte 9");
  EXPECT_ERROR(ParseNpyPreamble(NpyHeaderBytes("", 2).substr(0, 11)), kDataLoss,
               "header is cut off at byte 11");
  EXPECT_ERROR(ParseNpyPreamble("PK\x03\x04"), kDataLoss,
               R"(not an array at byte 0 (expected "\x93NUMPY", got "PK\x03\x04"))");
  EXPECT_ERROR(ParseNpyPreamble(""), kDataLoss, "not an array at byte 0");
}

TEST(ParseNpyPreamble, LimitsTheSizeOfAHeader) {
  EXPECT_OK(ParseNpyPreamble("\x93NUMPY\2\0\0\0\x10\0"s));
  EXPECT_ERROR(ParseNpyPreamble("\x93NUMPY\2\0\1\0\x10\0"s), kResourceExhausted,
               "header of 1048577 bytes (the limit is 1048576)");
  EXPECT_ERROR(ParseNpyPreamble("\x93NUMPY\3\0\xff\xff\xff\xff"s), kResourceExhausted, "header of");
}

TEST(ParseNpyHeader, SurvivesEveryTruncationAndEveryByte) {
  const std::string whole = Npy("<f4", {2, 3}, "");
  for (size_t size = 0; size < whole.size(); ++size) {
    EXPECT_EQ(ParseNpyHeader(whole.substr(0, size)).status().code(), Code::kDataLoss) << size;
  }
  for (size_t i = 0; i < whole.size(); ++i) {
    for (int byte = 0; byte < 256; ++byte) {
      std::string changed = whole;
      changed[i] = static_cast<char>(byte);
      const Result<NpyHeader> header = ParseNpyHeader(changed);
      if (header.ok()) {
        ASSERT_LE(header->data_offset, changed.size());
      }
    }
  }
}

}  // namespace
}  // namespace tf_npz
