#include "cc/format/dtype_string.h"

#include <gtest/gtest.h>

#include "tests/cc/testing/status_matchers.h"

namespace tf_npz {
namespace {

using std::string_literals::operator""s;
using Kind = DType::Kind;
using Shape = std::vector<int64_t>;

TEST(ParseDTypeString, KnowsEverySpellingOfANumber) {
  const struct {
    std::vector<std::string> spellings;
    std::string name;
    std::string descr;
    int itemsize;
    int swap_size;
  } cases[] = {
      {{"|b1", "b1", "<b1", ">b1", "?", "|?", "bool", "bool_", "\0"s}, "bool", "|b1", 1, 1},
      {{"|i1", "<i1", ">i1", "i1", "b", "int8", "byte", "\1"}, "int8", "|i1", 1, 1},
      {{"|u1", "<u1", ">u1", "u1", "B", "uint8", "ubyte"}, "uint8", "|u1", 1, 1},
      {{"<i2", "=i2", "|i2", "i2", "h", "int16", "short"}, "int16", "<i2", 2, 2},
      {{"<u2", "=u2", "u2", "H", "uint16", "ushort"}, "uint16", "<u2", 2, 2},
      {{"<i4", "=i4", "i4", "i", "int32", "intc"}, "int32", "<i4", 4, 4},
      {{"<u4", "=u4", "u4", "I", "uint32", "uintc"}, "uint32", "<u4", 4, 4},
      {{"<i8", "=i8", "i8", "l", "q", "p", "n", "int64", "int", "int_", "long", "longlong", "intp",
        "\t"},
       "int64",
       "<i8",
       8,
       8},
      {{"<u8", "=u8", "u8", "L", "Q", "P", "N", "uint64", "uint", "ulong", "ulonglong", "uintp"},
       "uint64",
       "<u8",
       8,
       8},
      {{"<f2", "=f2", "f2", "e", "float16", "half", "\x17"}, "float16", "<f2", 2, 2},
      {{"<f4", "=f4", "f4", "f", "float32", "single", "f 4", "f+4", "f04", "f\t4"},
       "float32",
       "<f4",
       4,
       4},
      {{"<f8", "=f8", "f8", "d", "float64", "double", "float"}, "float64", "<f8", 8, 8},
      {{"<f16", "f16", "g", "float128", "longdouble"}, "float128", "<f16", 16, 16},
      {{"<c8", "=c8", "c8", "F", "complex64", "csingle"}, "complex64", "<c8", 8, 4},
      {{"<c16", "=c16", "c16", "D", "complex128", "cdouble", "complex"},
       "complex128",
       "<c16",
       16,
       8},
      {{"<c32", "c32", "G", "complex256", "clongdouble"}, "complex256", "<c32", 32, 16},
      {{">i2", ">h"}, "int16", ">i2", 2, 2},
      {{">u4", ">I"}, "uint32", ">u4", 4, 4},
      {{">f8", ">d", ">f 8"}, "float64", ">f8", 8, 8},
      {{">f16", ">g"}, "float128", ">f16", 16, 16},
      {{">c8", ">F"}, "complex64", ">c8", 8, 4},
      {{">c16"}, "complex128", ">c16", 16, 8},
  };
  for (const auto& c : cases) {
    for (const std::string& spelling : c.spellings) {
      const Result<Descr> descr = ParseDTypeString(spelling);
      ASSERT_OK(descr) << spelling;
      EXPECT_TRUE(descr->shape.empty());
      const DType& dtype = descr->dtype;
      EXPECT_EQ(dtype.name(), c.name) << spelling;
      EXPECT_EQ(dtype.descr(), c.descr) << spelling;
      EXPECT_EQ(dtype.itemsize, c.itemsize) << spelling;
      EXPECT_EQ(dtype.swap_size(), c.swap_size) << spelling;
      EXPECT_EQ(dtype.big_endian, c.descr[0] == '>') << spelling;
    }
  }
}

TEST(ParseDTypeString, KnowsEverySpellingOfOtherTypes) {
  const struct {
    std::vector<std::string> spellings;
    Kind kind;
    std::string name;
    std::string descr;
    int64_t itemsize;
    int swap_size;
  } cases[] = {
      {{"|S5", "S5", "<S5", ">S5", "a5", "S+5", "S 05"}, Kind::kBytes, "S5", "|S5", 5, 1},
      {{"S", "S0", "a", "S-0", "bytes", "bytes_"}, Kind::kBytes, "S0", "|S0", 0, 1},
      {{"c", ">c", "S1"}, Kind::kBytes, "S1", "|S1", 1, 1},
      {{"S2147483647"}, Kind::kBytes, "S2147483647", "|S2147483647", 2147483647, 1},
      {{"<U3", "U3", "=U3", "|U3"}, Kind::kUnicode, "U3", "<U3", 12, 4},
      {{">U3"}, Kind::kUnicode, "U3", ">U3", 12, 4},
      {{"U", "U0", "str", "str_", "unicode"}, Kind::kUnicode, "U0", "<U0", 0, 4},
      {{"U536870911"}, Kind::kUnicode, "U536870911", "<U536870911", 2147483644, 4},
      {{"|V3", "V3", ">V3"}, Kind::kVoid, "V3", "|V3", 3, 1},
      {{"V", "V0", "void"}, Kind::kVoid, "V0", "|V0", 0, 1},
      {{"O", "|O", ">O", "O8", "O4", "object", "object_"}, Kind::kObject, "object", "|O", 8, 1},
      {{"T", "|T", ">T"}, Kind::kStringDType, "T", "T", 16, 1},
      {{"bfloat16"}, Kind::kMlDtype, "bfloat16", "bfloat16", 2, 2},
      {{"float8_e4m3fn"}, Kind::kMlDtype, "float8_e4m3fn", "float8_e4m3fn", 1, 1},
      {{"float8_e5m2", "f1", "<f1", ">f1", "|f1", "=f1"},
       Kind::kMlDtype,
       "float8_e5m2",
       "float8_e5m2",
       1,
       1},
      {{"int4"}, Kind::kMlDtype, "int4", "int4", 1, 1},
      {{"M8", "<M8", "M", "datetime64", "M8[generic]", "M8[7generic]", "M 8"},
       Kind::kDateTime,
       "datetime64",
       "<M8",
       8,
       8},
      {{"<M8[ns]", "M8[ns]", "datetime64[ns]", "|M8[1ns]", "=datetime64[ 1ns]", "M8[ns/1]"},
       Kind::kDateTime,
       "datetime64[ns]",
       "<M8[ns]",
       8,
       8},
      {{">M8[us]", ">datetime64[us]", ">M8[\xce\xbcs]"},
       Kind::kDateTime,
       "datetime64[us]",
       ">M8[us]",
       8,
       8},
      {{"m8[25s]", "timedelta64[+25s]"}, Kind::kTimeDelta, "timedelta64[25s]", "<m8[25s]", 8, 8},
      {{"M8[0s]"}, Kind::kDateTime, "datetime64[0s]", "<M8[0s]", 8, 8},
  };
  for (const auto& c : cases) {
    for (const std::string& spelling : c.spellings) {
      const Result<Descr> descr = ParseDTypeString(spelling);
      ASSERT_OK(descr) << spelling;
      const DType& dtype = descr->dtype;
      EXPECT_EQ(dtype.kind, c.kind) << spelling;
      EXPECT_EQ(dtype.name(), c.name) << spelling;
      EXPECT_EQ(dtype.descr(), c.descr) << spelling;
      EXPECT_EQ(dtype.itemsize, c.itemsize) << spelling;
      EXPECT_EQ(dtype.swap_size(), c.swap_size) << spelling;
      EXPECT_EQ(dtype.big_endian, c.descr[0] == '>') << spelling;
    }
  }
}

TEST(ParseDTypeString, TurnsDenominatorsOfTimeIntoSmallerUnits) {
  const struct {
    const char* unit;
    const char* expected;
  } cases[] = {
      {"ns/2", "500ps"},     {"Y/12", "M"},       {"Y/4", "3M"},      {"Y/5", "73D"},
      {"M/4", "W"},          {"M/7", ""},         {"W/7", "D"},       {"W/5", "2016m"},
      {"D/24", "h"},         {"D/7", ""},         {"h/3600", "s"},    {"m/60000", "ms"},
      {"2s/4", "500ms"},     {"s/1000000", "us"}, {"fs/10", "100as"}, {"s/+2", "500ms"},
      {"s/4294967297", "s"},
  };
  for (const auto& c : cases) {
    const Result<Descr> descr = ParseDTypeString("M8[" + std::string(c.unit) + "]");
    if (*c.expected == '\0') {
      EXPECT_ERROR(descr, kDataLoss, "denominator that divides no smaller unit") << c.unit;
    } else {
      ASSERT_OK(descr) << c.unit;
      EXPECT_EQ(descr->dtype.unit, c.expected) << c.unit;
    }
  }
}

TEST(ParseDTypeString, ReadsCommasAndRepeatsAsNumPyDoes) {
  const struct {
    const char* text;
    const char* descr;
    Shape shape;
  } cases[] = {
      {"i4,f4", "[('f0', '<i4'), ('f1', '<f4')]", {}},
      {"i4,", "[('f0', '<i4')]", {}},
      {"i4,<", "[('f0', '<i4')]", {}},
      {"i4 ,\t>f4 \n", "[('f0', '<i4'), ('f1', '>f4')]", {}},
      {"i4\xc2\xa0,\xe2\x80\x83"
       "f4",
       "[('f0', '<i4'), ('f1', '<f4')]",
       {}},
      {"(2,3)f8, i4", "[('f0', '<f8', (2, 3)), ('f1', '<i4')]", {}},
      {"(2)f4,i4", "[('f0', '<f4', (2,)), ('f1', '<i4')]", {}},
      {"i4,2,f4", "[('f0', '<i4'), ('f1', '<f4', (2,))]", {}},
      {">float32,i4", nullptr, {}},
      {"bool,2float32", "[('f0', '|b1'), ('f1', '<f4', (2,))]", {}},
      {">M8[ns],(2,)S3", "[('f0', '>M8[ns]'), ('f1', '|S3', (2,))]", {}},
      {"T,f1", "[('f0', 'T'), ('f1', 'float8_e5m2')]", {}},
      {"3f4", "<f4", {3}},
      {"3f4 ", "<f4", {3}},
      {">3f4", ">f4", {3}},
      {"3>f4", ">f4", {3}},
      {"=3<f4", "<f4", {3}},
      {"3,4f4", "<f4", {3, 4}},
      {"( 3 , 4, )f4", "<f4", {3, 4}},
      {"4>3i4", ">i4", {4, 3}},
      {"0f4", "<f4", {0}},
      {"()f4", "<f4", {}},
      {"3S", "|S3", {}},
      {"3S5", "|S5", {3}},
      {"2U", "<U2", {}},
      {"1f4", "<f4", {1}},
  };
  for (const auto& c : cases) {
    const Result<Descr> descr = ParseDTypeString(c.text);
    if (c.descr == nullptr) {
      EXPECT_ERROR(descr, kDataLoss, "is not a dtype of NumPy") << c.text;
      continue;
    }
    ASSERT_OK(descr) << c.text;
    EXPECT_EQ(descr->dtype.descr(), c.descr) << c.text;
    EXPECT_EQ(descr->shape, c.shape) << c.text;
  }
}

TEST(ParseDTypeString, RefusesWhatNumPyRefuses) {
  for (const std::string& text : {""s,
                                  "<"s,
                                  "f3"s,
                                  "<i16"s,
                                  "<<f4"s,
                                  "f4 "s,
                                  "i "s,
                                  "float33"s,
                                  "@f4"s,
                                  "b2"s,
                                  "q8"s,
                                  "i0"s,
                                  "?1"s,
                                  "e2"s,
                                  "T16"s,
                                  "O2"s,
                                  "M4"s,
                                  "<a"s,
                                  "k"s,
                                  "\x18"s,
                                  "<float32"s,
                                  "=bool"s,
                                  "Float32"s,
                                  "S-5"s,
                                  "S2147483648"s,
                                  "U536870912"s,
                                  "S99999999999999999999"s,
                                  "f4\0"s,
                                  "M8\0"s,
                                  "float32\0"s,
                                  "M8[]"s,
                                  "M8["s,
                                  "M8]"s,
                                  "M8[s"s,
                                  "M8[s]]"s,
                                  "M8[s] "s,
                                  "M8x"s,
                                  "M8[x]"s,
                                  "M8[S]"s,
                                  "M8[ s]"s,
                                  "M8[-1s]"s,
                                  "M8[2147483648s]"s,
                                  "M8[s/]"s,
                                  "M8[s/x]"s,
                                  "M8[s/2 ]"s,
                                  "M8[as/10]"s,
                                  "M8[generic/2]"s,
                                  "M8[\xc2\xb5s]"s,
                                  "datetime32"s,
                                  "<()"s,
                                  "()"s,
                                  "(2)f4"s,
                                  ","s,
                                  "<,"s,
                                  "<,i4"s,
                                  ",i4"s,
                                  "i4,,f4"s,
                                  "i4,>"s,
                                  " i4,f4"s,
                                  "i4 f4,f4"s,
                                  "i4;f4,f4"s,
                                  "i4\xe2\x80\x8b,f4"s,
                                  ">3<f4"s,
                                  "02f4"s,
                                  "(2 3)f4,i4"s,
                                  "(2,,3)f4"s,
                                  "(,)f4"s,
                                  "(2,3f4"s,
                                  "2)f4"s,
                                  "3"s,
                                  "(2,3)"s,
                                  "9999999999999999999999f4"s,
                                  "M8[ns/2],i4"s,
                                  "i4,f3"s,
                                  "i4[ns]"s,
                                  "]i4[,"s}) {
    EXPECT_ERROR(ParseDTypeString(text), kDataLoss, "") << text;
  }
  for (const char* text : {"", "f3", "float33", "q8", "S2147483648"}) {
    EXPECT_ERROR(ParseDTypeString(text), kDataLoss, " is not a dtype of NumPy") << text;
  }
}

TEST(ParseDTypeString, SaysWhichPartIsWrong) {
  const struct {
    const char* text;
    const char* message;
  } cases[] = {
      {"<f3", "descr \"<f3\" is not a dtype of NumPy"},
      {"M8[q]", "unknown name in the unit of time \"[q]\": descr \"M8[q]\" is not"},
      {"i4,f3", "in the descr \"i4,f3\": descr \"f3\" is not a dtype of NumPy"},
      {"i4,>2<f4", "two byte orders: descr \"i4,>2<f4\" is not"},
      {"(2,)S", "sub-array of items without bytes, \"|S0\""},
      {"(2,3)f8,4294967296f4", "sub-array of shape (4294967296,) is too large"},
  };
  for (const auto& c : cases) EXPECT_ERROR(ParseDTypeString(c.text), kDataLoss, c.message);
}

TEST(ParseDTypeString, RefusesWhatOnlyNumPysOverflowsAllow) {
  for (const char* text :
       {"S2147483647,i1", "2147483647f4", "536870912f4", "M8[s/-1]", "M8[s/0]", "M8[s/4294967296]",
        "M8[W/11]", "M8[2147483647Y/2]", "(0,2147483647)f4", "(65536,65536,0)i1"}) {
    EXPECT_ERROR(ParseDTypeString(text), kDataLoss, "") << text;
  }
  EXPECT_OK(ParseDTypeString("S2147483646,i1"));
  EXPECT_OK(ParseDTypeString("536870911f4"));
  EXPECT_OK(ParseDTypeString("2147483647i1"));
}

TEST(ParseDTypeString, QuotesAndCutsUnknownText) {
  EXPECT_ERROR(ParseDTypeString("\x1b[31m"), kDataLoss, R"(descr "\x1b[31m" is not)");
  for (const std::string& text : {std::string(100000, 'z'), "i4," + std::string(100000, 'z')}) {
    EXPECT_LT(ParseDTypeString(text).status().message().size(), 400u);
  }
}

}  // namespace
}  // namespace tf_npz
