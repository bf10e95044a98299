#include "tf_npz/format/dtype.h"

#include <gtest/gtest.h>

#include "testing/status_matchers.h"

namespace tf_npz {
namespace {

Result<DType> Parse(const std::string& source) {
  return ParseDescr(ParsePythonLiteral(source).value());
}

TEST(ParseDescr, KnowsEverySpellingThatNumPyKnows) {
  const struct {
    std::vector<std::string> spellings;
    std::string name;
    std::string descr;
    int itemsize;
    int swap_size;
  } cases[] = {
      {{"|b1", "b1", "<b1", ">b1", "?", "|?", "bool"}, "bool", "|b1", 1, 1},
      {{"|i1", "<i1", ">i1", "i1", "b", "int8"}, "int8", "|i1", 1, 1},
      {{"|u1", "<u1", ">u1", "u1", "B", "uint8"}, "uint8", "|u1", 1, 1},
      {{"<i2", "=i2", "|i2", "i2", "h", "int16"}, "int16", "<i2", 2, 2},
      {{"<u2", "=u2", "u2", "H", "uint16"}, "uint16", "<u2", 2, 2},
      {{"<i4", "=i4", "i4", "i", "int32"}, "int32", "<i4", 4, 4},
      {{"<u4", "=u4", "u4", "I", "uint32"}, "uint32", "<u4", 4, 4},
      {{"<i8", "=i8", "i8", "l", "q", "int64"}, "int64", "<i8", 8, 8},
      {{"<u8", "=u8", "u8", "L", "Q", "uint64"}, "uint64", "<u8", 8, 8},
      {{"<f2", "=f2", "f2", "e", "float16"}, "float16", "<f2", 2, 2},
      {{"<f4", "=f4", "f4", "f", "float32"}, "float32", "<f4", 4, 4},
      {{"<f8", "=f8", "f8", "d", "float64"}, "float64", "<f8", 8, 8},
      {{"<c8", "=c8", "c8", "F", "complex64"}, "complex64", "<c8", 8, 4},
      {{"<c16", "=c16", "c16", "D", "complex128"}, "complex128", "<c16", 16, 8},
      {{">i2", ">h"}, "int16", ">i2", 2, 2},
      {{">u4", ">I"}, "uint32", ">u4", 4, 4},
      {{">f8", ">d"}, "float64", ">f8", 8, 8},
      {{">c8", ">F"}, "complex64", ">c8", 8, 4},
      {{">c16"}, "complex128", ">c16", 16, 8},
  };
  for (const auto& c : cases) {
    for (const std::string& spelling : c.spellings) {
      const Result<DType> dtype = Parse("'" + spelling + "'");
      ASSERT_OK(dtype) << spelling;
      EXPECT_EQ(dtype->name(), c.name) << spelling;
      EXPECT_EQ(dtype->descr(), c.descr) << spelling;
      EXPECT_EQ(dtype->itemsize, c.itemsize) << spelling;
      EXPECT_EQ(dtype->swap_size(), c.swap_size) << spelling;
      EXPECT_EQ(dtype->big_endian, c.descr[0] == '>') << spelling;
    }
  }
}

TEST(ParseDescr, SaysWhatToDoAboutWhatNoTensorCanHold) {
  const struct {
    const char* source;
    const char* fragment;
  } cases[] = {
      {"'|O'", "object arrays hold pickles, which are never loaded; save with a numeric dtype"},
      {"'O'", "never loaded"},
      {"'object'", "never loaded"},
      {"[('a', '<i4'), ('b', '|O')]", "hold pickles, which are never loaded"},
      {"[('a', [('b', '|O')])]", "hold pickles, which are never loaded"},
      {"'|T16'", "hold pickles, which are never loaded"},
      {"'<f16'", "float128; save with astype(numpy.float64)"},
      {"'<c32'", "complex256; save with astype(numpy.complex128)"},
      {"'|S5'", "byte strings are not supported"},
      {"'<U3'", "unicode strings are not supported"},
      {"'|V2'", "raw void data is not supported"},
      {"'V1'", "raw void data is not supported"},
      {"'<M8[ns]'", "datetime64 is not supported; save with astype(numpy.int64)"},
      {"'<m8[s]'", "timedelta64 is not supported"},
      {"'i4,f4'", "structured dtypes are not supported"},
      {"[('x', '<f4'), ('y', '<f4')]", "structured dtypes are not supported"},
      {"('<f4', (2,))", "structured dtypes are not supported"},
  };
  for (const auto& c : cases) EXPECT_ERROR(Parse(c.source), kUnimplemented, c.fragment) << c.source;
}

TEST(ParseDescr, RefusesWhatNumPyRefuses) {
  for (const char* source : {"''", "'<'", "'f3'", "'<i16'", "'<<f4'", "'f4 '", "'i '", "'float33'",
                             "'@f4'", "'b2'", "'q8'"}) {
    EXPECT_ERROR(Parse(source), kDataLoss, "is not a dtype of NumPy") << source;
  }
  for (const char* source : {"4", "None", "True", "{}"}) {
    EXPECT_ERROR(Parse(source), kDataLoss, "descr is neither a string nor a list of fields");
  }
}

TEST(ParseDescr, QuotesAndCutsWhatItDoesNotKnow) {
  EXPECT_ERROR(Parse("'\\x1b[31m'"), kDataLoss, R"(descr "\x1b[31m" is not)");
  EXPECT_LT(Parse("'" + std::string(100000, 'z') + "'").status().message().size(), 200u);
}

TEST(DType, ComparesKindSizeAndByteOrder) {
  const DType little{DType::Kind::kFloat, 4, false};
  EXPECT_TRUE(little == (DType{DType::Kind::kFloat, 4, false}));
  EXPECT_FALSE(little == (DType{DType::Kind::kFloat, 4, true}));
  EXPECT_FALSE(little == (DType{DType::Kind::kInt, 4, false}));
  EXPECT_FALSE(little == (DType{DType::Kind::kFloat, 8, false}));
}

}  // namespace
}  // namespace tf_npz
