// Blocks of elements with several components, or with strings of different sizes.

#include <gtest/gtest.h>

#include "tests/cc/pipeline/engine_testing.h"
#include "tests/cc/testing/status_matchers.h"

namespace tf_npz {
namespace {

std::string NpyOf(const std::string& descr, int64_t rows, const std::string& data) {
  return NpyHeaderBytes("{'descr': " + descr + ", 'fortran_order': False, 'shape': (" +
                        std::to_string(rows) + ",)}") +
         data;
}

Selection Only(ElementType type) {
  Selection selection;
  selection.keys = {FieldPath()};
  selection.specs = {{type, Shape{}}};
  return selection;
}

std::string Bytes(const ArrayData& data, int64_t count) {
  return {data.buffer.data(), static_cast<size_t>(count * data.item_size)};
}

TEST(EngineComponents, StringsOfABatchAreAsWideAsTheLongestOfItsFiles) {
  TestFileSystem files;
  files.Add("a", NpyOf("'|S2'", 3, "abcdef"));
  files.Add("b", NpyOf("'|S4'", 3, "ABCDEFGHIJKL"));
  for (const int threads : {0, 2}) {
    EngineOptions options;
    options.batch_size = 2;
    options.num_threads = threads;
    Engine engine(files, {"a", "b"}, Only(ElementType::kString), options);
    const std::string expected[] = {"abcd", std::string("ef\0\0ABCD", 8), "EFGHIJKL"};
    for (const std::string& batch : expected) {
      const Result<std::optional<Block>> next = engine.Next();
      ASSERT_OK(next);
      EXPECT_EQ(Bytes((*next)->arrays[0], 2), batch);
    }
    EXPECT_FALSE(engine.Next().value().has_value());
  }
}

TEST(EngineComponents, StringsArePaddedWithStringsOfAnyLength) {
  TestFileSystem files;
  files.Add("a", NpyHeaderBytes("{'descr': '|S1', 'fortran_order': False, 'shape': (1, 1)}") + "a");
  files.Add("b",
            NpyHeaderBytes("{'descr': '|S2', 'fortran_order': False, 'shape': (1, 2)}") + "bcde");
  Selection selection;
  selection.keys = {FieldPath()};
  selection.specs = {{ElementType::kString, Shape{-1}}};
  EngineOptions options;
  options.batch_size = 2;
  options.padding = {"pad"};
  Engine engine(files, {"a", "b"}, selection, options);
  const Result<std::optional<Block>> next = engine.Next();
  ASSERT_OK(next);
  EXPECT_EQ((*next)->arrays[0].shape, (Shape{2}));
  EXPECT_EQ(Bytes((*next)->arrays[0], 4), std::string("a\0\0padbc\0de\0", 12));
}

std::string NpyOfShape(const std::string& descr, const Shape& shape, const std::string& data) {
  return NpyHeaderBytes(NpyDict(descr, shape)) + data;
}

TEST(EngineComponents, StringsOfAFileWithoutElementsTakeNoMemory) {
  TestFileSystem files;
  files.Add("a", NpyOfShape("|S2147483647", {1, 0}, ""));
  files.Add("b", NpyOfShape("|S1", {1, 2}, "bc"));
  Selection selection;
  selection.keys = {FieldPath()};
  selection.specs = {{ElementType::kString, Shape{-1}}};
  EngineOptions options;
  options.batch_size = 8;
  options.padding = {"p"};
  Engine engine(files, {"a", "b"}, selection, options);
  const Result<std::optional<Block>> next = engine.Next();
  ASSERT_OK(next);
  EXPECT_EQ((*next)->arrays[0].item_size, 1);
  EXPECT_EQ(Bytes((*next)->arrays[0], 4), "ppbc");
}

// Arrays without bytes may claim any shape, and are padded too.
TEST(EngineComponents, BlocksThatAreAllPaddingMustFitTheLimit) {
  constexpr int64_t kMany = int64_t{1} << 40;
  const struct {
    const char* name;
    Shape first, second;  // of rows of uint8
    Code code;
    const char* message;
  } cases[] = {
      {"fits", {1, 0, 100}, {1, 1, 1}, Code::kOk, ""},
      {"does not fit",
       {1, 0, kMany},
       {1, 1, 1},
       Code::kResourceExhausted,
       "a: a block of 2 elements takes 2199023256576 bytes, most of them padding, but memory_limit "
       "is 268435456; raise it"},
      {"fits nowhere",
       {1, kMany, 0},
       {1, 0, kMany},
       Code::kResourceExhausted,
       "a: a block of 2 elements of shape (1099511627776, 1099511627776) is larger than any "
       "memory"},
      {"no bytes, by a product that overflows",
       {1, kMany, 1, 0},
       {1, 1, int64_t{1} << 23, 0},
       Code::kResourceExhausted,
       "is larger than any memory"},
  };
  for (const auto& c : cases) {
    TestFileSystem files;
    files.Add("a", NpyOfShape("|u1", c.first, ""));
    files.Add("b", NpyOfShape("|u1", c.second, std::string(c.second.back() == 1 ? 1 : 0, 'b')));
    Selection selection;
    selection.keys = {FieldPath()};
    selection.specs = {{ElementType::kUInt8, std::nullopt}};
    EngineOptions options;
    options.batch_size = 2;
    options.padding = {"p"};
    Engine engine(files, {"a", "b"}, selection, options);
    const Result<std::optional<Block>> next = engine.Next();
    EXPECT_EQ(next.status().code(), c.code) << c.name;
    EXPECT_NE(next.status().message().find(c.message), std::string::npos)
        << c.name << ": " << next.status().message();
    // The file is left out. The elements after it are delivered.
    if (c.code != Code::kOk) {
      const Result<std::optional<Block>> rest = engine.Next();
      ASSERT_OK(rest) << c.name;
      EXPECT_EQ((*rest)->count, 1) << c.name;
    }
  }
}

// An npz of x, uint8 rows of `width`, and of y, uint8 rows of 1.
std::string TwoWidths(int64_t rows, int64_t width, char value) {
  ZipMember x, y;
  x.name = "x.npy";
  x.contents = Npy("|u1", {rows, width}, std::string(rows * width, value));
  y.name = "y.npy";
  y.contents = Npy("|u1", {rows, 1}, std::string(rows, value));
  return WriteZip({x, y});
}

Selection TwoVectors() {
  Selection selection;
  selection.keys = {{"x"}, {"y"}};
  selection.specs = {{ElementType::kUInt8, Shape{-1}}, {ElementType::kUInt8, Shape{-1}}};
  return selection;
}

TEST(EngineComponents, SomeComponentsArePaddedAndSomeAreNot) {
  TestFileSystem files;
  files.Add("a", TwoWidths(1, 1, 'a'));
  files.Add("b", TwoWidths(1, 3, 'b'));
  EngineOptions options;
  options.batch_size = 2;
  options.padding = {"p", std::nullopt};
  Engine engine(files, {"a", "b"}, TwoVectors(), options);
  const Result<std::optional<Block>> next = engine.Next();
  ASSERT_OK(next);
  EXPECT_EQ(Bytes((*next)->arrays[0], 6), "appbbb");
  EXPECT_EQ(Bytes((*next)->arrays[1], 2), "ab");

  options.padding = {std::nullopt, "p"};
  Engine other(files, {"a", "b"}, TwoVectors(), options);
  EXPECT_ERROR(other.Next(), kInvalidArgument,
               "b[\"x\"]: elements of shape (3,) can't be batched with elements of shape (1,) "
               "before them; pass padding=");
}

TEST(EngineComponents, ElementsArePaddedToAFixedLength) {
  TestFileSystem files;
  files.Add("a", TwoWidths(3, 1, 'a'));
  files.Add("b", TwoWidths(2, 2, 'b'));
  for (const int threads : {0, 2}) {
    EngineOptions options;
    options.batch_size = 2;
    options.num_threads = threads;
    options.padding = {"p", "q"};
    options.padded_shapes = {{4}, {-1}};
    Engine engine(files, {"a", "b"}, TwoVectors(), options);
    const std::pair<const char*, const char*> batches[] = {
        {"apppappp", "aa"}, {"apppbbpp", "ab"}, {"bbpp", "b"}};
    for (const auto& [x, y] : batches) {
      const Result<std::optional<Block>> next = engine.Next();
      ASSERT_OK(next);
      EXPECT_EQ((*next)->arrays[0].shape, (Shape{4}));
      EXPECT_EQ(Bytes((*next)->arrays[0], 4 * (*next)->count), x);
      EXPECT_EQ(Bytes((*next)->arrays[1], (*next)->count), y);
    }
    EXPECT_FALSE(engine.Next().value().has_value());
  }
}

// Not even its other dimensions reach the batch.
TEST(EngineComponents, AFileThatIsLongerThanTheFixedLengthIsLeftOut) {
  TestFileSystem files;
  files.Add("a", TwoWidths(1, 2, 'a'));
  files.Add("b", TwoWidths(2, 5, 'b'));
  files.Add("c", TwoWidths(1, 3, 'c'));
  for (const std::vector<std::string>& names :
       {std::vector<std::string>{"a", "b", "c"}, {"b", "a", "c"}}) {
    for (const int threads : {0, 2}) {
      EngineOptions options;
      options.batch_size = 2;
      options.num_threads = threads;
      options.padding = {"p", std::nullopt};
      options.padded_shapes = {{4}, {}};
      Engine engine(files, names, TwoVectors(), options);
      EXPECT_ERROR(engine.Next(), kInvalidArgument,
                   "b[\"x\"]: elements of shape (5,) are longer than padded_shapes allows along "
                   "axis 0 (expected at most 4, got 5); raise it, or leave the file out");
      const Result<std::optional<Block>> next = engine.Next();
      ASSERT_OK(next);
      EXPECT_EQ(Bytes((*next)->arrays[0], 8), "aappcccp");
      EXPECT_FALSE(engine.Next().value().has_value());
    }
  }
}

TEST(EngineComponents, FieldsOfOneArrayAreDecodedTogether) {
  TestFileSystem files;
  std::string items;
  for (int i = 0; i < 50; ++i) items += {static_cast<char>(i), static_cast<char>(i), 1};
  files.Add("a", NpyOf("[('n', '|u1'), ('m', '<i2')]", 50, items));
  Selection selection;
  selection.keys = {{"m"}, {"n"}};
  selection.specs = {{ElementType::kInt16, Shape{}}, {ElementType::kUInt8, Shape{}}};
  EngineOptions options;
  options.batch_size = 7;
  options.num_threads = 2;
  Engine engine(files, {"a", "a", "a"}, selection, options);
  int64_t element = 0;
  while (true) {
    const Result<std::optional<Block>> next = engine.Next();
    ASSERT_OK(next);
    if (!next->has_value()) break;
    for (int64_t i = 0; i < (*next)->count; ++i, ++element) {
      EXPECT_EQ(ValueAt<int16_t>((*next)->arrays[0], i), 256 + element % 50);
      EXPECT_EQ(ValueAt<uint8_t>((*next)->arrays[1], i), element % 50);
    }
  }
  EXPECT_EQ(element, 150);
}

// One name: of an array in an .npz file, and of a field in an .npy file with the same first bytes.
TEST(EngineComponents, AnArrayIsNotTakenForAFieldOfItsName) {
  const std::string plain = NpyOf("'<i4'", 2, BytesOf(CountingUp<int32_t>(2)));
  const std::string fields = NpyOf("[('x', '<i4')]", 2, BytesOf(CountingUp<int32_t>(2)));
  const auto npz = [](const std::string& contents) {
    ZipMember member;
    member.name = "x.npy";
    member.contents = contents;
    return WriteZip({member});
  };
  TestFileSystem files;
  files.Add("plain.npz", npz(plain));
  files.Add("plain.npy", plain);
  files.Add("fields.npy", fields);
  files.Add("fields.npz", npz(fields));
  Selection selection;
  selection.keys = {{"x"}};
  selection.specs = {{ElementType::kInt32, Shape{}}};
  Engine engine(files, {"plain.npz", "plain.npy", "fields.npy", "fields.npz"}, selection, {});
  EXPECT_EQ((*engine.Next())->count, 2);
  EXPECT_ERROR(engine.Next(), kInvalidArgument, "has no array");
  EXPECT_EQ((*engine.Next())->count, 2);
  EXPECT_ERROR(engine.Next(), kInvalidArgument, "");
}

TEST(EngineComponents, InvalidTextEndsItsFile) {
  TestFileSystem files;
  files.Add("a", NpyOf("'<U1'", 2, std::string("a\0\0\0\0\xD8\0\0", 8)));
  files.Add("b", NpyOf("'<U1'", 1, std::string("b\0\0\0", 4)));
  EngineOptions options;
  options.batch_size = 2;
  Engine engine(files, {"a", "b"}, Only(ElementType::kString), options);
  EXPECT_ERROR(engine.Next(), kDataLoss, "a: text at index (1,) holds U+D800");
  const Result<std::optional<Block>> next = engine.Next();
  ASSERT_OK(next);
  EXPECT_EQ(Bytes((*next)->arrays[0], 2), std::string("a\0\0\0b\0\0\0", 8));
}

TEST(EngineComponents, DatetimesOfAnotherUnitAreAnError) {
  TestFileSystem files;
  files.Add("a", NpyOf("'<M8[s]'", 1, std::string(8, '\1')));
  files.Add("b", NpyOf("'<M8[ms]'", 1, std::string(8, '\2')));
  files.Add("c", NpyOf("'>M8[s]'", 1, std::string(8, '\3')));
  EngineOptions options;
  options.batch_size = 4;
  Engine engine(files, {"a", "b", "c"}, Only(ElementType::kInt64), options);
  EXPECT_ERROR(engine.Next(), kInvalidArgument,
               "b: holds datetime64[ms], but the files before it hold datetime64[s]");
  const Result<std::optional<Block>> next = engine.Next();
  ASSERT_OK(next);
  EXPECT_EQ(Bytes((*next)->arrays[0], 2), std::string(8, '\1') + std::string(8, '\3'));
}

TEST(EngineComponents, FilesOfDifferentDtypesAreCastIntoOneBatch) {
  TestFileSystem files;
  files.Add("a", NpyOf("'<f8'", 2, BytesOf<double>({0.5, 1})));
  files.Add("b", NpyOf("'|u1'", 1, "\2"));
  files.Add("c", NpyOf("'<f4'", 2, BytesOf<float>({3, 4})));
  Selection selection = Only(ElementType::kFloat32);
  selection.specs[0].casts = true;
  for (const bool rows : {true, false}) {
    selection.rows = rows;
    if (!rows) selection.specs[0].shape = Shape{-1};
    EngineOptions options;
    options.batch_size = rows ? 5 : 3;
    if (!rows) options.padding = {std::string(4, '\0')};
    Engine engine(files, {"a", "b", "c"}, selection, options);
    const Result<std::optional<Block>> next = engine.Next();
    ASSERT_OK(next);
    EXPECT_EQ(Bytes((*next)->arrays[0], rows ? 5 : 6),
              rows ? BytesOf<float>({0.5, 1, 2, 3, 4}) : BytesOf<float>({0.5, 1, 2, 0, 3, 4}));
  }
}

// The files of a run are read as if each began like the first one.
TEST(EngineComponents, FilesOfARunAreCastEach) {
  TestFileSystem files;
  std::vector<std::string> names;
  std::vector<int64_t> expected;
  for (int64_t i = 0; i < 40; ++i) {
    names.push_back(std::to_string(i));
    files.Add(names.back(), i % 3 == 0   ? NpyOf("'<i8'", 1, BytesOf<int64_t>({i}))
                            : i % 3 == 1 ? NpyOf("'<i4'", 1, BytesOf<int32_t>({int32_t(i)}))
                                         : NpyOf("'|b1'", 1, "\1"));
    expected.push_back(i % 3 == 2 ? 1 : i);
  }
  Selection selection = Only(ElementType::kInt64);
  selection.specs[0] = {ElementType::kInt64, Shape{1}, true};
  selection.rows = false;
  EngineOptions options;
  options.batch_size = 40;
  Engine engine(files, names, selection, options);
  const Result<std::optional<Block>> next = engine.Next();
  ASSERT_OK(next);
  EXPECT_EQ(Bytes((*next)->arrays[0], 40), BytesOf(expected));
}

TEST(EngineComponents, CastIntegersAreNoDates) {
  TestFileSystem files;
  files.Add("a", NpyOf("'<i4'", 1, BytesOf<int32_t>({1})));
  files.Add("b", NpyOf("'<i8'", 1, BytesOf<int64_t>({2})));
  files.Add("c", NpyOf("'<M8[s]'", 1, BytesOf<int64_t>({3})));
  Selection selection = Only(ElementType::kInt64);
  selection.specs[0].casts = true;
  EngineOptions options;
  options.batch_size = 2;
  Engine engine(files, {"a", "b", "c"}, selection, options);
  const Result<std::optional<Block>> next = engine.Next();
  ASSERT_OK(next);
  EXPECT_EQ(Bytes((*next)->arrays[0], 2), BytesOf<int64_t>({1, 2}));
  EXPECT_ERROR(engine.Next(), kInvalidArgument,
               "c: holds datetime64[s], but the files before it hold int64");
}

TEST(EngineComponents, AnIntegerThatDoesNotFitEndsItsFile) {
  TestFileSystem files;
  files.Add("a", NpyOf("'<i8'", 3, BytesOf<int64_t>({1, 300, 3})));
  files.Add("b", NpyOf("'<i8'", 1, BytesOf<int64_t>({4})));
  Selection selection = Only(ElementType::kUInt8);
  selection.specs[0] = {ElementType::kInt8, Shape{}, true};
  EngineOptions options;
  options.batch_size = 2;
  Engine engine(files, {"a", "b"}, selection, options);
  EXPECT_ERROR(engine.Next(), kInvalidArgument, "a: value at index (1,) is 300");
  const Result<std::optional<Block>> next = engine.Next();
  ASSERT_OK(next);
  EXPECT_EQ(Bytes((*next)->arrays[0], 2), "\1\4");
}

}  // namespace
}  // namespace tf_npz
