#include "cc/reader/selection.h"

#include <gtest/gtest.h>

#include "cc/reader/inspect.h"
#include "tests/cc/testing/reading.h"
#include "tests/cc/testing/status_matchers.h"

namespace tf_npz {
namespace {

using Shape = std::vector<int64_t>;

ComponentSpec Spec(ElementType type, std::optional<Shape> shape) {
  return {type, std::move(shape)};
}
ComponentSpec Float32(std::optional<Shape> shape) {
  return Spec(ElementType::kFloat32, std::move(shape));
}
ComponentSpec Int64(std::optional<Shape> shape) {
  return Spec(ElementType::kInt64, std::move(shape));
}

// x: float32 (3, 2); y: int64 (3,), big-endian; z: int64 (2,); object: a pickle.
class SelectionTest : public ::testing::Test {
 protected:
  const std::string x_ = BytesOf(CountingUp<float>(6));
  const std::string bytes_ = WriteZip(
      {Member("x.npy", Npy("<f4", {3, 2}, x_)),
       Member("y.npy", Npy(">i8", {3}, std::string(24, '\0')), true),
       Member("z.npy", Npy("<i8", {2}, std::string(16, '\0'))),
       Member("object.npy", Npy("|O", {3}, "pickle")), Member("notes.txt", "not an array")});
  const std::string npy_ = Npy("<f4", {3, 2}, x_);

  Result<SelectedArrays> Open(const std::string& bytes, Selection selection) {
    return OpenSelection(OpenBytes(bytes).value(), selection, TestOptions());
  }
  Result<std::vector<ArrayData>> Read(const std::string& bytes, Selection selection) {
    return ReadSelection(OpenBytes(bytes).value(), selection, TestOptions());
  }
};

TEST_F(SelectionTest, OpensTheArraysThatTheKeysName) {
  const Result<SelectedArrays> selected =
      Open(bytes_, {{{"y"}, {"x.npy"}}, {Int64(Shape{}), Float32(Shape{2})}, true});
  ASSERT_OK(selected);
  EXPECT_EQ(selected->count, 3);
  ASSERT_EQ(selected->arrays.size(), 2u);
  EXPECT_EQ(selected->arrays[0].reader->header().dtype.name(), "int64");
  EXPECT_EQ(ReadInSteps(*selected->arrays[1].reader, 2).value(), x_);
  EXPECT_EQ(selected->archive->label(), "f");
}

TEST_F(SelectionTest, RepeatsAnArrayWithoutDimensionsForEachRow) {
  for (const bool deflated : {false, true}) {
    const std::string bytes = WriteZip({Member("s.npy", Npy("<i4", {}, "abcd"), deflated),
                                        Member("x.npy", Npy("<f4", {3, 2}, x_))});
    const Selection selection{
        {{"s"}, {"x"}}, {Spec(ElementType::kInt32, Shape{}), Float32(Shape{2})}, true};
    const Result<SelectedArrays> selected = Open(bytes, selection);
    ASSERT_OK(selected);
    EXPECT_EQ(selected->count, 3);  // the rows of x alone
    ArrayReader& reader = *selected->arrays[0].reader;
    for (const int64_t count : {3, 0, 1, 2, 5}) {
      std::string read(4 * count, '?');
      std::string expected;
      for (int64_t i = 0; i < count; ++i) expected += "abcd";
      int64_t done = -1;
      EXPECT_OK(reader.Read(7, count, {read.data()}, &done));
      EXPECT_EQ(done, count);
      EXPECT_EQ(read, expected);
    }
  }
}

TEST_F(SelectionTest, CountsNoRowsInAFileOfSingleValues) {
  const std::string bytes = WriteZip({Member("s.npy", Npy("<i4", {}, "abcd"))});
  EXPECT_ERROR(Open(bytes, {{{"s"}}, {Spec(ElementType::kInt32, Shape{})}, true}), kInvalidArgument,
               "f[\"s\"]: has no dimensions, so it has no rows: pass rows=False");
}

const ComponentSource kFilename{ComponentSource::Kind::kFilename};
const ComponentSource kRow{ComponentSource::Kind::kRow};
ComponentSource Length(size_t component, int64_t axis) {
  return {ComponentSource::Kind::kLength, component, axis};
}

TEST_F(SelectionTest, MakesWhatTheFileDoesNotHold) {
  Selection selection{{{}, {"x"}, {}, {}, {}},
                      {Spec(ElementType::kString, Shape{}), Float32(Shape{2}), Int64(Shape{}),
                       Int64(Shape{}), Int64(std::nullopt)},
                      true,
                      {kFilename, {}, kRow, Length(1, 0), Length(1, -1)}};
  const Result<SelectedArrays> rows = Open(bytes_, selection);
  ASSERT_OK(rows);
  EXPECT_EQ(rows->count, 3);
  ASSERT_EQ(rows->arrays.size(), 5u);  // x comes first
  EXPECT_EQ(ReadElements(*rows->arrays[1].reader, 1, 2).value(), "ff");
  EXPECT_EQ(ReadElements(*rows->arrays[2].reader, 1, 2).value(), BytesOf<int64_t>({1, 2}));
  EXPECT_EQ(ReadElements(*rows->arrays[3].reader, 1, 2).value(), BytesOf<int64_t>({2, 2}));
  EXPECT_EQ(ReadElements(*rows->arrays[4].reader, 0, 1).value(), BytesOf<int64_t>({2}));

  selection.rows = false;
  selection.specs[1] = Float32(Shape{3, 2});
  EXPECT_ERROR(Open(bytes_, selection), kInvalidArgument, "f: with rows=False");
  selection.sources[2] = kFilename;
  selection.specs[2] = Spec(ElementType::kString, Shape{});
  const Result<std::vector<ArrayData>> whole = Read(bytes_, selection);
  ASSERT_OK(whole);
  EXPECT_EQ(std::string((*whole)[0].buffer.data(), 1), "f");
  EXPECT_EQ((*whole)[0].shape, Shape());
  EXPECT_EQ(std::string((*whole)[3].buffer.data(), 8), BytesOf<int64_t>({3}));
  EXPECT_EQ(std::string((*whole)[4].buffer.data(), 8), BytesOf<int64_t>({2}));
}

TEST_F(SelectionTest, SaysWhatCannotBeMade) {
  const Selection alone{{{}}, {Spec(ElementType::kString, Shape{})}, true, {kFilename}};
  EXPECT_ERROR(Open(bytes_, alone), kInvalidArgument, "f: no array of it is read");
  for (const int64_t axis : {1, -2}) {
    const Selection axes{
        {{"x"}, {}}, {Float32(Shape{2}), Int64(Shape{})}, true, {{}, Length(0, axis)}};
    EXPECT_ERROR(Open(bytes_, axes), kInvalidArgument,
                 "f[\"x\"]: elements of shape (2,) have no axis " + std::to_string(axis));
  }
  const Selection type{{{"x"}, {}}, {Float32(Shape{2}), Float32(Shape{})}, true, {{}, kFilename}};
  EXPECT_ERROR(Open(bytes_, type), kInvalidArgument, "f[FILENAME]: holds rows of S1 ()");
}

ComponentSource FirstOf(std::vector<FieldPath> others, std::string fallback = "") {
  ComponentSource source;
  source.others = std::move(others);
  source.fallback = std::move(fallback);
  return source;
}

TEST_F(SelectionTest, TakesTheFirstArrayThatTheFileHas) {
  const struct {
    const char* name;
    FieldPath key;
    ComponentSource source;
    std::string expected;  // rows 1 and 2
  } cases[] = {
      {"the first", {"x"}, FirstOf({{"w"}}), x_.substr(8)},
      {"the second", {"w"}, FirstOf({{"x"}, {"y"}}), x_.substr(8)},
      {"under the member's name", {"w"}, FirstOf({{"x.npy"}}), x_.substr(8)},
      {"not the default", {"w"}, FirstOf({{"x"}}, Npy("<f4", {2}, "abcdefgh")), x_.substr(8)},
      {"the default", {"w"}, FirstOf({}, Npy("<f4", {2}, "abcdefgh")), "abcdefghabcdefgh"},
  };
  PlanCache cache;  // plans of other choices are kept apart
  for (const auto& c : cases) {
    const Selection selection{{c.key, {"x"}, {}},
                              {Float32(Shape{2}), Float32(Shape{2}), Int64(Shape{})},
                              true,
                              {c.source, {}, Length(0, 0)}};
    const Result<SelectedArrays> selected =
        OpenSelection(OpenBytes(bytes_).value(), selection, TestOptions(), &cache);
    ASSERT_OK(selected) << c.name;
    EXPECT_EQ(selected->count, 3) << c.name;
    for (const SelectedArray& array : selected->arrays) {
      const std::vector<std::string> read = ReadComponents(*array.reader, 1, 2).value();
      for (size_t n = 0; n < read.size(); ++n) {
        const std::string expected[] = {c.expected, x_.substr(8), BytesOf<int64_t>({2, 2})};
        EXPECT_EQ(read[n], expected[array.components[n]]) << c.name;
      }
    }
  }
}

TEST_F(SelectionTest, AnElementOfManyItemsIsTheDefault) {
  const std::string element = BytesOf(CountingUp<float>(6));
  const Selection selection{{{"w"}, {"y"}},
                            {Float32(Shape{3, 2}), Int64(Shape{})},
                            true,
                            {FirstOf({}, Npy("<f4", {3, 2}, element)), {}}};
  const Result<SelectedArrays> rows = Open(bytes_, selection);
  ASSERT_OK(rows);
  EXPECT_EQ(ReadElements(*rows->arrays[1].reader, 0, 2).value(), element + element);
  const Selection whole{
      {{"w"}}, {Float32(Shape{3, 2})}, false, {FirstOf({}, Npy("<f4", {3, 2}, element))}};
  const Result<std::vector<ArrayData>> arrays = Read(bytes_, whole);
  ASSERT_OK(arrays);
  EXPECT_EQ((*arrays)[0].shape, (Shape{3, 2}));
}

TEST_F(SelectionTest, SaysWhichArraysAreMissing) {
  const Selection none{
      {{"w"}, {"x"}}, {Float32(Shape{2}), Float32(Shape{2})}, true, {FirstOf({{"v"}}), {}}};
  EXPECT_ERROR(Open(bytes_, none), kInvalidArgument,
               "f: has none of the arrays \"w\", \"v\" (it has \"x\", \"y\", \"z\"");
  EXPECT_ERROR(Open(npy_, none), kInvalidArgument, "f: is an .npy file");
  const std::string number = Npy("<f4", {}, "abcd");
  const Selection alone{{{"w"}}, {Float32(Shape{})}, true, {FirstOf({}, number)}};
  EXPECT_ERROR(Open(bytes_, alone), kInvalidArgument, "f: no array of it is read");
  const Selection shape{
      {{"w"}, {"x"}}, {Float32(Shape{3}), Float32(Shape{2})}, true, {FirstOf({}, number), {}}};
  EXPECT_ERROR(Open(bytes_, shape), kInvalidArgument, "f[\"w\"] (default): ");
  const Selection damaged{
      {{"w"}, {"x"}}, {Float32(Shape{}), Float32(Shape{2})}, true, {FirstOf({}, "junk"), {}}};
  EXPECT_FALSE(Open(bytes_, damaged).ok());
}

// If the time grew with the square of the number of fields or members, this would take minutes.
TEST_F(SelectionTest, OpensTensOfThousandsOfFieldsAndMembers) {
  constexpr int kCount = 50000;
  std::string descr = "[";
  std::vector<ZipMember> members;
  Selection fields{{}, {}, false}, arrays{{}, {}, false};
  for (int i = 0; i < kCount; ++i) {
    const std::string name = std::to_string(i);
    descr += "('" + name + "','b'),";
    members.push_back(Member(name, Npy("|i1", {1}, "x")));
    fields.keys.push_back({name});
    arrays.keys.push_back({name});
    fields.specs.push_back(Spec(ElementType::kInt8, Shape{1}));
  }
  arrays.specs = fields.specs;
  const std::string dict = "{'descr': " + descr + "], 'fortran_order': False, 'shape': (1,)}";
  const std::string npy = NpyHeaderBytes(dict, 2) + std::string(kCount, 'x');
  const std::vector<MemberFacts> facts = InspectArchive(OpenBytes(npy).value());
  ASSERT_OK(facts[0].status);
  EXPECT_EQ(facts[0].components.size(), fields.keys.size());
  const Result<SelectedArrays> of_npy = Open(npy, fields);
  ASSERT_OK(of_npy);
  EXPECT_EQ(of_npy->arrays.size(), 1u);
  const std::string npz = WriteZip(std::move(members));
  const Result<SelectedArrays> of_npz = Open(npz, arrays);
  ASSERT_OK(of_npz);
  EXPECT_EQ(of_npz->arrays.size(), arrays.keys.size());
}

TEST_F(SelectionTest, OpensTheOnlyArrayOfAnNpy) {
  const Result<SelectedArrays> selected = Open(npy_, {{FieldPath()}, {Float32(Shape{2})}, true});
  ASSERT_OK(selected);
  EXPECT_EQ(selected->count, 3);
}

TEST_F(SelectionTest, OpensArraysThatTheSpecAdmits) {
  const struct {
    const char* name;
    bool rows;
    ComponentSpec spec;
    bool admitted;
  } cases[] = {
      {"the very shape", true, Float32(Shape{2}), true},
      {"any length", true, Float32(Shape{-1}), true},
      {"any shape", true, Float32(std::nullopt), true},
      {"another length", true, Float32(Shape{3}), false},
      {"another rank", true, Float32(Shape{2, 1}), false},
      {"a scalar", true, Float32(Shape{}), false},
      {"another size", true, Spec(ElementType::kFloat64, Shape{2}), false},
      {"another kind", true, Spec(ElementType::kInt32, Shape{2}), false},
      {"the whole shape", false, Float32(Shape{3, 2}), true},
      {"any number of rows", false, Float32(Shape{-1, 2}), true},
      {"a row's shape for the whole", false, Float32(Shape{2}), false},
  };
  for (const auto& c : cases) {
    const Status status = Open(bytes_, {{{"x"}}, {c.spec}, c.rows}).status();
    EXPECT_EQ(status.ok(), c.admitted) << c.name << ": " << status.message();
  }
}

TEST_F(SelectionTest, SaysWhatDoesNotFitAndWhatToDo) {
  const struct {
    const char* name;
    bool npz;
    Selection selection;
    Code code;
    std::string fragment;
  } cases[] = {
      {"an array that is not there",
       true,
       {{{"w"}}, {Float32(Shape{2})}, true},
       Code::kInvalidArgument,
       R"(f: has no array "w" (it has "x", "y", "z", "object", "notes.txt"))"},
      {"no keys for an npz",
       true,
       {{FieldPath()}, {Float32(Shape{2})}, true},
       Code::kInvalidArgument,
       R"(f: is an .npz file; pass keys to say which of its arrays to read (it has "x", "y")"},
      {"keys for an npy",
       false,
       {{{"x"}}, {Float32(Shape{2})}, true},
       Code::kInvalidArgument,
       R"(f: has no array "x": the only array of an .npy file has no name; leave keys out)"},
      {"rows of another shape",
       true,
       {{{"x"}}, {Float32(Shape{3, -1})}, true},
       Code::kInvalidArgument,
       R"(f["x"]: holds rows of float32 (2,), but element_spec says float32 (3, None); element_spec describes one row, without the dimension of a batch: pass tf.TensorSpec((None,), tf.float32) for it, or rows=False to read whole arrays)"},
      {"an array of another dtype",
       true,
       {{{"x"}}, {Int64(std::nullopt)}, false},
       Code::kInvalidArgument,
       R"(f["x"]: holds an array of float32 (3, 2), but element_spec says int64 of any shape)"},
      {"an npy of another shape",
       false,
       {{FieldPath()}, {Float32(Shape{})}, true},
       Code::kInvalidArgument,
       "f: holds rows of float32 (2,), but element_spec says float32 ()"},
      {"lengths that differ",
       true,
       {{{"x"}, {"z"}}, {Float32(Shape{2}), Int64(Shape{})}, true},
       Code::kInvalidArgument,
       R"(f: arrays differ in length: "x" has 3 rows, "z" has 2; if the file is one sample, pass rows=False, to tf_npz.element_spec as well; or pass keys of one length: "x")"},
      {"an object array",
       true,
       {{{"object"}}, {Float32(std::nullopt)}, true},
       Code::kUnimplemented,
       R"(f["object"]: dtype "object": object arrays hold pickles, which are never loaded)"},
      {"a member that is no array",
       true,
       {{{"notes.txt"}}, {Float32(std::nullopt)}, true},
       Code::kDataLoss,
       R"(f["notes.txt"]: not an array at byte 0)"},
  };
  for (const auto& c : cases) {
    const Status status = Open(c.npz ? bytes_ : npy_, c.selection).status();
    EXPECT_TRUE(IsError(status, c.code, c.fragment)) << c.name;
  }
}

// The spec was read from other files, so the message says what they have.
TEST_F(SelectionTest, SaysWhatMostFilesHave) {
  const auto usual = [](FieldPath key, ElementType type, std::optional<Shape> shape,
                        const char* dtype, bool casts = false) {
    return Selection{{std::move(key)}, {{type, std::move(shape), casts, dtype}}, true};
  };
  const std::string dates = Npy("<M8[ns]", {1}, std::string(8, '\0'));
  const std::string numbers = Npy("<i8", {1}, std::string(8, '\0'));
  const struct {
    const char* name;
    std::string bytes;
    Selection selection;
    const char* message;  // null: it fits
  } cases[] = {
      {"an array that is not there", bytes_,
       usual({"w"}, ElementType::kFloat32, Shape{}, "float32"),
       "\"notes.txt\"); most files have what is read: leave this file out, or read it as a dataset "
       "of its own"},
      {"an npz", bytes_, usual({}, ElementType::kFloat32, Shape{}, "float32"),
       "f: is an .npz file; most files have what is read"},
      {"an npy", npy_, usual({"x"}, ElementType::kFloat32, Shape{}, "float32"),
       "has no name; most files have what is read"},
      {"another shape", npy_, usual({}, ElementType::kFloat32, Shape{}, "float32"),
       "f: holds rows of float32 (2,), but the spec of most files is float32 (); pass "
       "tf.TensorSpec(None, tf.float32) for it in element_spec; elements of different ranks"},
      {"another dtype", npy_, usual({}, ElementType::kFloat64, Shape{2}, "float64"),
       "f: holds rows of float32 (2,), but the spec of most files is float64 (2,); pass "
       "dtypes with \"float64\" for it"},
      {"an integer beside floats", npy_, usual({}, ElementType::kInt32, Shape{2}, "int32"),
       "pass dtypes with \"float32\" for it"},
      {"strings", npy_, usual({}, ElementType::kString, Shape{2}, "str8"),
       "but the spec of most files is str8 (2,); read it as a dataset of its own, bring both to "
       "one dtype"},
      {"dates beside floats", npy_, usual({}, ElementType::kInt64, Shape{2}, "datetime64[s]"),
       "read it as a dataset of its own, bring both to one dtype"},
      {"what dtypes= cannot cast", npy_, usual({}, ElementType::kInt32, Shape{2}, "int64", true),
       "f: holds float32, but dtypes says int32; float32 to int32 would lose the fraction"},
      {"another unit", dates, usual({}, ElementType::kInt64, Shape{}, "datetime64[s]"),
       "f: holds rows of datetime64[ns] (), but the spec of most files is datetime64[s] (); read "
       "it "
       "as a dataset of its own, bring both to one unit, and concatenate"},
      {"a number beside dates", numbers, usual({}, ElementType::kInt64, Shape{}, "datetime64[s]"),
       "f: holds rows of int64 (), but the spec of most files is datetime64[s] ()"},
      {"a date beside numbers", dates, usual({}, ElementType::kInt64, Shape{}, "int64"),
       "one unit"},
      {"the same unit", dates, usual({}, ElementType::kInt64, Shape{}, "datetime64[ns]"), nullptr},
      {"a number", numbers, usual({}, ElementType::kInt64, Shape{}, "int64"), nullptr},
  };
  for (const auto& c : cases) {
    const Status status = Open(c.bytes, c.selection).status();
    if (c.message == nullptr) {
      EXPECT_OK(status) << c.name;
    } else {
      EXPECT_TRUE(IsError(status, Code::kInvalidArgument, c.message)) << c.name;
    }
  }
}

TEST_F(SelectionTest, WholeArraysMayDifferInLength) {
  EXPECT_OK(Open(bytes_, {{{"x"}, {"z"}}, {Float32(Shape{3, 2}), Int64(Shape{2})}, false}));
}

TEST_F(SelectionTest, SaysThatAnEmptyArchiveHasNoArrays) {
  const std::string empty = WriteZip(ZipArchive());
  EXPECT_ERROR(Open(empty, {{FieldPath()}, {Float32(std::nullopt)}, true}), kInvalidArgument,
               "(it has none)");
}

TEST_F(SelectionTest, ReadsWholeArrays) {
  const Result<std::vector<ArrayData>> arrays = Read(
      bytes_,
      {{{"x"}, {"y"}, {"z"}}, {Float32(Shape{3, 2}), Int64(Shape{3}), Int64(Shape{-1})}, false});
  ASSERT_OK(arrays);
  ASSERT_EQ(arrays->size(), 3u);
  EXPECT_EQ((*arrays)[0].shape, (Shape{3, 2}));
  EXPECT_EQ(BytesIn((*arrays)[0], 24), x_);
  EXPECT_EQ((*arrays)[1].shape, (Shape{3}));
  const Result<std::vector<ArrayData>> only =
      Read(npy_, {{FieldPath()}, {Float32(std::nullopt)}, false});
  ASSERT_OK(only);
  EXPECT_EQ(BytesIn((*only)[0], 24), x_);
}

TEST_F(SelectionTest, ReadsLargeArraysOfEveryKind) {
  const std::string c_order = BytesOf(CountingUp<float>(300 * 400));
  const std::string fortran = ToFortranOrder(c_order, {300, 400}, 4);
  for (const bool deflated : {false, true}) {
    for (const bool is_fortran : {false, true}) {
      const std::string npz =
          NpzOf(Npy("<f4", {300, 400}, is_fortran ? fortran : c_order, is_fortran), deflated);
      const Result<std::vector<ArrayData>> arrays =
          Read(npz, {{{"x"}}, {Float32(Shape{300, 400})}, false});
      ASSERT_OK(arrays);
      EXPECT_TRUE(BytesIn((*arrays)[0], c_order.size()) == c_order);
    }
  }
}

TEST_F(SelectionTest, ReportsDamageOfWholeArrays) {
  for (const bool deflated : {false, true}) {
    ZipMember member = Member("x.npy", npy_, deflated);
    member.crc32 = 0;
    EXPECT_ERROR(Read(WriteZip({member}), {{{"x"}}, {Float32(std::nullopt)}, false}), kDataLoss,
                 "f[\"x\"]: CRC-32 mismatch");
  }
}

}  // namespace
}  // namespace tf_npz
