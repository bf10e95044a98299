#include "cc/format/element_type.h"

#include <gtest/gtest.h>

#include <set>

#include "cc/format/dtype_string.h"
#include "tests/cc/testing/status_matchers.h"

namespace tf_npz {
namespace {

DType Parse(const std::string& text) { return ParseDTypeString(text).value().dtype; }

std::vector<ElementType> AllElementTypes() {
  std::vector<ElementType> all;
  for (int i = 0; i <= static_cast<int>(ElementType::kUInt4); ++i) {
    all.push_back(static_cast<ElementType>(i));
  }
  return all;
}

TEST(ElementType, HasANameThatFindsIt) {
  std::set<std::string_view> names;
  for (const ElementType type : AllElementTypes()) {
    EXPECT_EQ(ElementTypeNamed(ElementTypeName(type)), type);
    names.insert(ElementTypeName(type));
  }
  EXPECT_EQ(names.size(), AllElementTypes().size());
  EXPECT_EQ(ElementTypeNamed("float32"), ElementType::kFloat32);
  EXPECT_EQ(ElementTypeNamed("string"), ElementType::kString);
  EXPECT_EQ(ElementTypeNamed("float8_e4m3b11fnuz"), ElementType::kFloat8E4m3b11fnuz);
  for (const char* name : {"", "<f4", "float128", "Float32", "half", "float8_e3m4"}) {
    EXPECT_EQ(ElementTypeNamed(name), std::nullopt) << name;
  }
}

TEST(ElementType, KnowsWhatAnArrayBecomes) {
  const struct {
    const char* dtype;
    const char* type;
    int64_t size;
    bool adds_dimension;
  } cases[] = {
      {"|b1", "bool", 1, false},        {"|i1", "int8", 1, false},
      {"<i2", "int16", 2, false},       {">i4", "int32", 4, false},
      {"<i8", "int64", 8, false},       {"|u1", "uint8", 1, false},
      {">u2", "uint16", 2, false},      {"<u4", "uint32", 4, false},
      {"<u8", "uint64", 8, false},      {"<f2", "float16", 2, false},
      {"<f4", "float32", 4, false},     {">f8", "float64", 8, false},
      {"<c8", "complex64", 8, false},   {"<c16", "complex128", 16, false},
      {"S5", "string", 0, false},       {"S0", "string", 0, false},
      {">U5", "string", 0, false},      {"<M8[ns]", "int64", 8, false},
      {">m8", "int64", 8, false},       {"V3", "uint8", 1, true},
      {"V0", "uint8", 1, true},         {"bfloat16", "bfloat16", 2, false},
      {"<f1", "float8_e5m2", 1, false}, {"int4", "int4", 1, false},
      {"uint2", "uint2", 1, false},     {"float4_e2m1fn", "float4_e2m1fn", 1, false},
  };
  for (const auto& c : cases) {
    const DType dtype = Parse(c.dtype);
    const Result<ElementType> natural = NaturalElementType(dtype);
    ASSERT_OK(natural) << c.dtype;
    EXPECT_EQ(ElementTypeName(*natural), c.type) << c.dtype;
    EXPECT_EQ(ElementTypeSize(*natural), c.size) << c.dtype;
    EXPECT_EQ(AddsDimension(dtype, *natural), c.adds_dimension) << c.dtype;
    EXPECT_TRUE(CanReadAs(dtype, *natural)) << c.dtype;
  }
}

TEST(ElementType, SaysWhatToDoIfNoTensorCanHoldADType) {
  const struct {
    const char* dtype;
    const char* message;
  } cases[] = {
      {"O",
       "dtype \"object\": object arrays hold pickles, which are never loaded; if you "
       "trust the file, np.load it with allow_pickle=True and save it as numbers or text (astype)"},
      {"T",
       "dtype \"T\": StringDType arrays hold pickles, which are never loaded; save with "
       "astype('U')"},
      {">f16", "dtype \"float128\": TensorFlow has no float128; save with astype(numpy.float64)"},
      {"<c32",
       "dtype \"complex256\": TensorFlow has no complex256; save with astype(numpy.complex128)"},
  };
  for (const auto& c : cases) {
    EXPECT_ERROR(NaturalElementType(Parse(c.dtype)), kUnimplemented, c.message);
    for (const ElementType type : AllElementTypes()) {
      EXPECT_FALSE(CanReadAs(Parse(c.dtype), type)) << c.dtype;
    }
  }
}

TEST(ElementType, ReadsVoidAsTheTypesThatNumPySavesAsVoid) {
  const std::set<std::string_view> of_one_byte = {"uint8",
                                                  "float8_e4m3fn",
                                                  "float8_e4m3fnuz",
                                                  "float8_e4m3b11fnuz",
                                                  "float8_e5m2",
                                                  "float8_e5m2fnuz",
                                                  "float4_e2m1fn",
                                                  "int2",
                                                  "int4",
                                                  "uint2",
                                                  "uint4"};
  const struct {
    const char* dtype;
    std::set<std::string_view> types;
  } cases[] = {
      {"V1", of_one_byte},      {">V1", of_one_byte}, {"V2", {"uint8", "bfloat16"}},
      {"V4", {"uint8"}},        {"V0", {"uint8"}},    {"bfloat16", {"bfloat16"}},
      {"<f1", {"float8_e5m2"}}, {"|u1", {"uint8"}},   {"<f2", {"float16"}},
      {"<M8[s]", {"int64"}},    {"S1", {"string"}},   {"S2", {"string"}},
  };
  for (const auto& c : cases) {
    for (const ElementType type : AllElementTypes()) {
      const bool expected = c.types.count(ElementTypeName(type)) > 0;
      EXPECT_EQ(CanReadAs(Parse(c.dtype), type), expected) << c.dtype << ElementTypeName(type);
    }
  }
  EXPECT_FALSE(AddsDimension(Parse("V2"), ElementType::kBfloat16));
  EXPECT_FALSE(AddsDimension(Parse("u1"), ElementType::kUInt8));
}

TEST(ElementType, CastsWithinAKindAndUpwards) {
  const std::set<std::string_view> complex = {"complex64", "complex128"};
  std::set<std::string_view> floats = {"float16", "bfloat16", "float32", "float64"};
  floats.insert(complex.begin(), complex.end());
  std::set<std::string_view> ints = {"int8", "int16", "int32", "int64"};
  ints.insert(floats.begin(), floats.end());
  std::set<std::string_view> uints = {"uint8", "uint16", "uint32", "uint64"};
  uints.insert(ints.begin(), ints.end());
  std::set<std::string_view> all = {"bool"};
  all.insert(uints.begin(), uints.end());
  const struct {
    const char* dtype;
    std::set<std::string_view> types;
  } cases[] = {
      {"?", all},     {"u1", uints},   {">u8", uints},  {"i1", ints},     {"<i8", ints},
      {"f2", floats}, {">f8", floats}, {"c8", complex}, {"c16", complex}, {"bfloat16", floats},
      {"<M8[s]", {}}, {"m8", {}},      {"S3", {}},      {"U3", {}},       {"V2", {}},
      {"V1", {}},     {"f1", {}},      {"O", {}},       {">f16", {}},
  };
  for (const auto& c : cases) {
    for (const ElementType type : AllElementTypes()) {
      const bool expected = c.types.count(ElementTypeName(type)) > 0;
      EXPECT_EQ(CheckCast(Parse(c.dtype), type).ok(), expected)
          << c.dtype << " to " << ElementTypeName(type);
    }
  }
}

TEST(ElementType, TheCommonTypeHoldsBoth) {
  using Type = ElementType;
  const struct {
    Type a, b;
    std::optional<Type> common;
  } cases[] = {
      {Type::kFloat32, Type::kFloat64, Type::kFloat64},
      {Type::kInt8, Type::kUInt8, Type::kInt16},
      {Type::kInt32, Type::kUInt8, Type::kInt32},
      {Type::kUInt32, Type::kInt32, Type::kInt64},
      {Type::kUInt64, Type::kInt8, Type::kFloat64},
      {Type::kBool, Type::kUInt8, Type::kUInt8},
      {Type::kInt64, Type::kFloat16, Type::kFloat16},
      {Type::kFloat64, Type::kComplex64, Type::kComplex64},
      {Type::kString, Type::kInt8, std::nullopt},
  };
  for (const auto& c : cases) {
    EXPECT_EQ(CommonType(c.a, c.b), c.common) << ElementTypeName(c.a) << ElementTypeName(c.b);
    EXPECT_EQ(CommonType(c.b, c.a), c.common) << ElementTypeName(c.a) << ElementTypeName(c.b);
  }
}

TEST(ElementType, SaysWhatACastWouldLose) {
  const struct {
    const char* dtype;
    ElementType type;
    const char* message;
  } cases[] = {
      {">f8", ElementType::kInt32,
       "float64 to int32 would lose the fraction; read it as float64, and cast it yourself after "
       "reading"},
      {"f4", ElementType::kUInt8, "float32 to uint8 would lose the fraction"},
      {"i1", ElementType::kUInt64, "int8 to uint64 would lose the sign"},
      {"c8", ElementType::kFloat64, "complex64 to float64 would lose the imaginary part"},
      {"c16", ElementType::kInt8, "complex128 to int8 would lose the imaginary part"},
      {"u1", ElementType::kBool, "uint8 to bool would lose everything but whether a value is 0"},
      {"f2", ElementType::kBool, "would lose everything but whether a value is 0"},
      {"M8[ns]", ElementType::kFloat32,
       "datetime64[ns] to float32 is no cast: dates are read as int64, the counts of their unit"},
      {"m8[s]", ElementType::kInt32, "timedelta64[s] to int32 is no cast: dates are read as int64"},
      {"S3", ElementType::kFloat32, "only numbers and bools are cast"},
      {"f4", ElementType::kString, "float32 to string is no cast: only numbers and bools are cast"},
      {"V4", ElementType::kFloat32, "only numbers and bools are cast"},
      {"f4", ElementType::kFloat8E5m2, "only numbers and bools are cast"},
  };
  for (const auto& c : cases) {
    EXPECT_ERROR(CheckCast(Parse(c.dtype), c.type), kInvalidArgument, c.message);
  }
  EXPECT_ERROR(CheckCast(Parse("O"), ElementType::kFloat32), kUnimplemented, "pickles");
}

}  // namespace
}  // namespace tf_npz
