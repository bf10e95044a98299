#include "cc/reader/spec.h"

#include <gtest/gtest.h>

#include "cc/base/text.h"
#include "cc/reader/merge_spec.h"
#include "tests/cc/testing/reading.h"
#include "tests/cc/testing/status_matchers.h"

namespace tf_npz {
namespace {

using std::string_literals::operator""s;

// Each is the name of an array, then names of fields, with "/" between them.
using Keys = std::vector<std::string>;

std::string Zeros(size_t size) { return std::string(size, '\0'); }

FieldPath Split(const std::string& key) {
  FieldPath path(1);
  for (const char c : key) {
    if (c == '/') {
      path.emplace_back();
    } else {
      path.back() += c;
    }
  }
  return path;
}

Result<InferredSpec> Infer(const std::string& bytes, const std::optional<Keys>& keys = std::nullopt,
                           bool rows = true, std::vector<CastRequest> casts = {}) {
  SpecRequest request = {std::nullopt, rows, std::move(casts)};
  if (keys) {
    request.keys.emplace();
    for (const std::string& key : *keys) request.keys->push_back(Split(key));
  }
  return InferSpec(OpenBytes(bytes).value(), request);
}

// MergeSpec of two files.
Status Merge(const InferredSpec& other, InferredSpec* merged) {
  const InferredSpec first = *merged;
  return MergeSpec(other, {&first, &other}, merged);
}

// One component a line: keys, dtype, element type, shape.
std::string Text(const InferredSpec& spec) {
  std::string text;
  for (const InferredComponent& component : spec.components) {
    for (const std::string& key : component.keys) text += key + ".";
    text += " " + component.dtype.name() + " " + std::string(ElementTypeName(component.spec.type)) +
            " " + (component.spec.shape ? ShapeText(*component.spec.shape) : "any shape") + "\n";
  }
  return text;
}

const char kStruct[] = "[('id', '<u4'), ('at', [('y', '<f4', (2,)), ('x', '>f8')])]";
const char kObjects[] = "[('b', '<i4'), ('o', '|O'), ('a', [('q', '<i4')])]";

std::string NpyOfDescr(const std::string& descr, const std::string& shape, size_t data_size) {
  const std::string dict =
      "{'descr': " + descr + ", 'fortran_order': False, 'shape': " + shape + "}";
  return NpyHeaderBytes(dict) + Zeros(data_size);
}

TEST(InferSpec, ReadsTheHeaders) {
  const std::string npz =
      WriteZip({Member("y.npy", Npy(">i8", {3}, Zeros(24)), true),
                Member("notes.txt", "not an array"), Member("x.npy", Npy("<f4", {3, 2}, Zeros(24))),
                Member("p.npy", NpyOfDescr(kStruct, "(3, 5)", 15 * 20))});
  const struct {
    const char* name;
    std::optional<Keys> keys;
    bool rows;
    const char* expected;
  } cases[] = {
      {"all, by name", std::nullopt, true,
       "p.at.x. float64 float64 (5,)\np.at.y. float32 float32 (5, 2)\np.id. uint32 uint32 (5,)\n"
       "x. float32 float32 (2,)\ny. int64 int64 ()\n"},
      {"in the order of keys", Keys{"y", "x.npy"}, true,
       "y. int64 int64 ()\nx.npy. float32 float32 (2,)\n"},
      {"the same twice", Keys{"x", "x"}, true,
       "x. float32 float32 (2,)\nx. float32 float32 (2,)\n"},
      {"whole arrays", Keys{"p", "x"}, false,
       "p.at.x. float64 float64 (3, 5)\np.at.y. float32 float32 (3, 5, 2)\n"
       "p.id. uint32 uint32 (3, 5)\nx. float32 float32 (3, 2)\n"},
      {"a field", Keys{"p/id"}, true, "p.id. uint32 uint32 (5,)\n"},
      {"fields of two depths, and the array", Keys{"p/at/y", "y", "p/at"}, true,
       "p.at.y. float32 float32 (5, 2)\ny. int64 int64 ()\n"
       "p.at.x. float64 float64 (5,)\np.at.y. float32 float32 (5, 2)\n"},
      {"a field under the member's name", Keys{"p.npy/id"}, true, "p.npy.id. uint32 uint32 (5,)\n"},
  };
  for (const auto& c : cases) {
    const Result<InferredSpec> spec = Infer(npz, c.keys, c.rows);
    ASSERT_OK(spec) << c.name;
    EXPECT_EQ(Text(*spec), c.expected) << c.name;
    EXPECT_EQ(spec->label, "f");
    EXPECT_EQ(spec->count, c.rows ? std::optional<int64_t>(3) : std::nullopt) << c.name;
  }
}

TEST(InferSpec, NamesTheFieldsOfAnNpy) {
  const std::string npy = NpyOfDescr(kStruct, "(3,)", 3 * 20);
  EXPECT_EQ(Text(Infer(npy).value()),
            "at.x. float64 float64 ()\nat.y. float32 float32 (2,)\nid. uint32 uint32 ()\n");
  EXPECT_EQ(Text(Infer(npy, Keys{"id", "at"}).value()),
            "id. uint32 uint32 ()\nat.x. float64 float64 ()\nat.y. float32 float32 (2,)\n");
  EXPECT_EQ(Text(Infer(npy, Keys{"at/y"}).value()), "at.y. float32 float32 (2,)\n");
  EXPECT_EQ(Text(Infer(Npy("<f4", {3, 2}, Zeros(24))).value()), " float32 float32 (2,)\n");
}

TEST(InferSpec, HasNoCountIfArraysDifferInLength) {
  const std::string npz = WriteZip({Member("x.npy", Npy("|i1", {3}, Zeros(3))),
                                    Member("y.npy", Npy("|i1", {2}, Zeros(2))),
                                    Member("z.npy", Npy("|i1", {3}, Zeros(3)))});
  EXPECT_EQ(Infer(npz).value().count, std::nullopt);
  EXPECT_EQ(Infer(npz, Keys{"x", "z"}).value().count, 3);
}

TEST(InferSpec, MayBeASampleIfTheArraysHaveNoLengthInCommon) {
  const std::string sample = WriteZip({Member("x.npy", Npy("|i1", {3}, Zeros(3))),
                                       Member("y.npy", Npy("|i1", {2}, Zeros(2))),
                                       Member("s.npy", Npy("|i1", {}, Zeros(1)))});
  const struct {
    Keys keys;
    bool rows;
    bool expected;
  } cases[] = {
      {{"x", "y"}, true, true},  {{"x", "s"}, true, true},   {{"x"}, true, false},
      {{"x", "x"}, true, false}, {{"x", "y"}, false, false}, {{"x", "s"}, false, false},
  };
  for (const auto& c : cases) {
    InferredSpec spec = Infer(sample, c.keys, c.rows).value();
    EXPECT_EQ(spec.may_be_sample, c.expected) << QuoteList(c.keys);
    // All files must be samples.
    const InferredSpec same = spec;
    ASSERT_OK(Merge(same, &spec));
    EXPECT_EQ(spec.may_be_sample, c.expected) << QuoteList(c.keys);
    InferredSpec rows = same;
    rows.may_be_sample = false;
    ASSERT_OK(Merge(rows, &spec));
    EXPECT_FALSE(spec.may_be_sample) << QuoteList(c.keys);
  }
}

TEST(InferSpec, ReadsOnlyTheRequestedArrays) {
  const std::string npy = Npy("<i4", {5}, Zeros(20));
  const std::string bytes = WriteZip({Member("x.npy", npy), Member("damaged.npy", "some text"),
                                      Member("y.npy", npy), Member("y.npy.npy", "some text")});
  // np.load finds the member y.npy under both of its names, and never the one after it.
  EXPECT_OK(Infer(bytes, Keys{"x", "y", "y.npy"}));
  EXPECT_ERROR(Infer(bytes), kDataLoss, "f[\"damaged\"]: not an array at byte 0");
}

TEST(InferSpec, NamesTheArraysBesideADamagedOne) {
  const std::string npy = Npy("<i4", {5}, Zeros(20));
  ZipMember lzma = Member("lzma.npy", npy);
  lzma.method = 14;
  const struct {
    const char* what;
    ZipMember member;
    Code code;
  } cases[] = {
      {"text", Member("bad.npy", "some text"), Code::kDataLoss},
      {"a cut array", Member("bad.npy", npy.substr(0, 100)), Code::kDataLoss},
      {"a long header", Member("bad.npy", "\x93NUMPY\2\0\xff\xff\xff\1"s),
       Code::kResourceExhausted},
      {"another compression", lzma, Code::kUnimplemented},
  };
  for (const auto& c : cases) {
    const std::string bytes = WriteZip({Member("x.npy", npy), c.member, Member("y.npy", npy)});
    EXPECT_TRUE(
        IsError(Infer(bytes).status(), c.code, R"(; to read the others, pass keys: "x", "y")"))
        << c.what;
    EXPECT_OK(Infer(bytes, Keys{"x", "y"})) << c.what;
    const std::string alone = WriteZip({c.member});
    EXPECT_EQ(Infer(alone).status().message().find("others"), std::string::npos) << c.what;
  }
}

TEST(InferSpec, LeavesOutResourceForks) {
  const std::string npy = Npy("<i4", {5}, Zeros(20));
  const std::string bytes =
      WriteZip({Member("x.npy", npy), Member("__MACOSX/._x.npy", "\x00\x05\x16\x07"s)});
  EXPECT_EQ(Text(Infer(bytes).value()), "x. int32 int32 ()\n");
  const std::string alone = WriteZip({Member("a/data.pkl", "\x80\x02")});
  EXPECT_ERROR(Infer(alone), kInvalidArgument, "no component; it is a PyTorch file: load it with");
}

TEST(InferSpec, SaysWhatDoesNotFitAndWhatToDo) {
  const std::string npz = WriteZip({Member("s.npy", Npy("<f4", {}, Zeros(4))),
                                    Member("x.npy", Npy("<f4", {3}, Zeros(12))),
                                    Member("e.npy", NpyOfDescr("[]", "(3,)", 0))});
  const std::string unequal = WriteZip({Member("s.npy", Npy("<f4", {}, Zeros(4))),
                                        Member("x.npy", Npy("<f4", {3}, Zeros(12))),
                                        Member("y.npy", Npy("<f4", {2}, Zeros(8)))});
  const std::string scalars = WriteZip({Member("s.npy", Npy("<f4", {}, Zeros(4)))});
  const std::string objects = WriteZip(
      {Member("o.npy", Npy("|O", {3}, "pickle")), Member("x.npy", Npy("<f4", {3}, Zeros(12)))});
  const std::string structs = NpyOfDescr(kStruct, "(3,)", 3 * 20);
  const struct {
    const char* name;
    std::string bytes;
    std::optional<Keys> keys;
    Code code;
    const char* message;
  } cases[] = {
      {"unknown array", npz, Keys{"x", "z"}, Code::kInvalidArgument,
       R"(f: has no array "z" (it has "s", "x", "e"))"},
      {"array of an npy", Npy("<f4", {3}, Zeros(12)), Keys{"x"}, Code::kInvalidArgument,
       R"(f: has no array "x": the only array of an .npy file has no name; leave keys out)"},
      {"unknown field", structs, Keys{"z"}, Code::kInvalidArgument,
       R"(f: has no field "z" (it has "id", "at"))"},
      {"unknown inner field", structs, Keys{"at/z"}, Code::kInvalidArgument,
       R"(f: has no field "z" in "at" (it has "y", "x"))"},
      {"a field of an npy without fields", Npy("<f4", {3}, Zeros(12)), Keys{"x/y"},
       Code::kInvalidArgument, R"(f: has no array "x": the only array of an .npy)"},
      {"unknown field of an array", WriteZip({Member("p.npy", structs)}), Keys{"p/id", "p/z"},
       Code::kInvalidArgument, R"(f["p"]: has no field "z" (it has "id", "at"))"},
      {"a field of a number", npz, Keys{"x/t"}, Code::kInvalidArgument,
       R"(f["x"]: has no field "t": dtype "float32" has no fields)"},
      {"a field within a number", structs, Keys{"id/t"}, Code::kInvalidArgument,
       R"(f: has no field "t" in "id": dtype "uint32" has no fields)"},
      {"a field of an unknown array", npz, Keys{"z/t"}, Code::kInvalidArgument,
       R"(f: has no array "z" (it has "s", "x", "e"))"},
      {"a field without fields", NpyOfDescr("[('a', 'b'), ('n', [])]", "(3,)", 3), Keys{"n"},
       Code::kInvalidArgument, R"(f["n"]: its structured dtype has no fields)"},
      {"a field of an array that is cut off",
       WriteZip({Member("p.npy", structs.substr(0, structs.size() - 1))}), Keys{"p/id"},
       Code::kDataLoss, "f[\"p\"]: data is cut off"},
      {"nothing", WriteZip({Member("notes.txt", "text")}), std::nullopt, Code::kInvalidArgument,
       "f: holds no arrays, so an element would have no component"},
      {"some have no rows, others differ", unequal, std::nullopt, Code::kInvalidArgument,
       R"(f["s"]: has no dimensions, and the other arrays differ in length; if the file is one sample, pass rows=False, to tf_npz.element_spec as well; or pass keys of one length: "x")"},
      {"none has rows", scalars, std::nullopt, Code::kInvalidArgument,
       R"(f["s"]: has no dimensions, so it has no rows: pass rows=False)"},
      {"a key has no rows", npz, Keys{"s"}, Code::kInvalidArgument,
       R"(f["s"]: has no dimensions, so it has no rows: pass rows=False)"},
      {"an npy has no rows", Npy("<f4", {}, Zeros(4)), std::nullopt, Code::kInvalidArgument,
       "f: has no dimensions, so it has no rows: pass rows=False"},
      {"no fields", npz, Keys{"e"}, Code::kInvalidArgument,
       R"(f["e"]: its structured dtype has no fields, so an element would have no component)"},
      {"objects", objects, Keys{"o"}, Code::kUnimplemented, "f[\"o\"]: dtype \"object\": object"},
      {"objects beside others", objects, std::nullopt, Code::kUnimplemented,
       "; to read the others, pass keys: \"x\""},
      {"a field of objects", NpyOfDescr(kObjects, "(3,)", 9), std::nullopt, Code::kUnimplemented,
       "f[\"o\"]: dtype \"object\": object arrays hold pickles"},
      {"a field beside objects", NpyOfDescr(kObjects, "(3,)", 9), Keys{"a"}, Code::kUnimplemented,
       "f[\"a\"][\"q\"]: the array's structures also hold objects"},
      {"a field that is cut off", structs.substr(0, structs.size() - 1), Keys{"id"},
       Code::kDataLoss, "f: data is cut off"},
  };
  for (const auto& c : cases) {
    EXPECT_TRUE(IsError(Infer(c.bytes, c.keys).status(), c.code, c.message)) << c.name;
  }
  // If no tensor can hold one field, the other fields can be read.
  EXPECT_ERROR(Infer(NpyOfDescr("[('a', '<f4'), ('g', '<f16')]", "(1,)", 20)), kUnimplemented,
               "; to read the others, pass keys: \"a\"");
}

TEST(MergeSpec, IsTheNarrowestThatAdmitsBoth) {
  const struct {
    const char* name;
    std::vector<int64_t> first;
    std::vector<int64_t> second;
    const char* expected;
  } cases[] = {
      {"equal", {2, 3}, {2, 3}, "(2, 3)"},
      {"one dimension differs", {2, 3}, {4, 3}, "(None, 3)"},
      {"both differ", {2, 3}, {4, 5}, "(None, None)"},
      {"ranks differ", {2, 3}, {2, 3, 1}, "any shape"},
      {"none and some", {}, {1}, "any shape"},
  };
  for (const auto& c : cases) {
    const auto spec_of = [](const std::vector<int64_t>& shape) {
      int64_t count = 1;
      for (const int64_t dimension : shape) count *= dimension;
      return Infer(Npy("|i1", shape, Zeros(count)), std::nullopt, false).value();
    };
    InferredSpec merged = spec_of(c.first);
    ASSERT_OK(Merge(spec_of(c.second), &merged)) << c.name;
    EXPECT_EQ(Text(merged), " int8 int8 " + std::string(c.expected) + "\n") << c.name;
    // A widened spec stays wide.
    ASSERT_OK(Merge(spec_of(c.first), &merged)) << c.name;
    EXPECT_EQ(Text(merged), " int8 int8 " + std::string(c.expected) + "\n") << c.name;
  }
}

TEST(InferSpec, HasTheTypesThatTheRequestCastsTo) {
  const std::string npz = WriteZip(
      {Member("b.npy", Npy("|b1", {3}, Zeros(3))), Member("p.npy", NpyOfDescr(kStruct, "(3,)", 60)),
       Member("s.npy", Npy("|S2", {3}, Zeros(6))), Member("t.npy", Npy("<M8[s]", {3}, Zeros(24))),
       Member("v.npy", Npy("|V2", {3}, Zeros(6))), Member("x.npy", Npy("<f8", {3, 2}, Zeros(48)))});
  const struct {
    const char* name;
    CastRequest cast;
    Keys keys;
    const char* expected;
  } cases[] = {
      {"all numbers",
       {{}, ElementType::kFloat32, true},
       {"b", "s", "t", "v", "x"},
       "b. bool bool ()\ns. S2 string ()\nt. datetime64[s] int64 ()\nv. V2 uint8 (2,)\n"
       "x. float64 float32 (2,)\n"},
      {"the numbers of a structure",
       {{"p"}, ElementType::kFloat16},
       {"p", "x"},
       "p.at.x. float64 float16 ()\np.at.y. float32 float16 (2,)\np.id. uint32 float16 ()\n"
       "x. float64 float64 (2,)\n"},
      {"a field",
       {{"p", "id"}, ElementType::kInt8},
       {"p"},
       "p.at.x. float64 float64 ()\np.at.y. float32 float32 (2,)\np.id. uint32 int8 ()\n"},
      {"a field that keys name",
       {{"p", "id"}, ElementType::kInt8},
       {"p/id"},
       "p.id. uint32 int8 ()\n"},
      {"numbers of a field",
       {{"p", "at"}, ElementType::kFloat16},
       {"p/at/x", "p/id"},
       "p.at.x. float64 float16 ()\np.id. uint32 uint32 ()\n"},
      {"a bool by name", {{"b"}, ElementType::kInt8}, {"b"}, "b. bool int8 ()\n"},
      {"raw void by name", {{"v"}, ElementType::kBfloat16}, {"v"}, "v. V2 bfloat16 ()\n"},
      {"its own type", {{"t"}, ElementType::kInt64}, {"t"}, "t. datetime64[s] int64 ()\n"},
  };
  for (const auto& c : cases) {
    const Result<InferredSpec> spec = Infer(npz, c.keys, true, {c.cast});
    ASSERT_OK(spec) << c.name;
    EXPECT_EQ(Text(*spec), c.expected) << c.name;
  }
  EXPECT_ERROR(Infer(npz, Keys{"x"}, true, {{{"x"}, ElementType::kInt32}}), kInvalidArgument,
               "f[\"x\"]: holds float64, but dtypes says int32; float64 to int32 would lose the "
               "fraction");
  EXPECT_ERROR(InferSpec(OpenBytes(Npy("|S2", {1}, "ab")).value(),
                         {std::nullopt, true, {{{}, ElementType::kInt32}}}),
               kInvalidArgument, "f: holds S2, but dtypes says int32; S2 to int32 is no cast");
}

TEST(MergeSpec, FilesThatAreCastToOneTypeAgree) {
  const SpecRequest request = {std::nullopt, true, {{{}, ElementType::kFloat32}}};
  const std::string first = Npy("<f8", {2}, Zeros(16)), second = Npy(">i2", {3}, Zeros(6));
  InferredSpec merged = InferSpec(OpenBytes(first).value(), request).value();
  ASSERT_OK(Merge(InferSpec(OpenBytes(second).value(), request).value(), &merged));
  EXPECT_TRUE(merged.components[0].spec.casts);
  EXPECT_EQ(merged.components[0].spec.type, ElementType::kFloat32);
}

TEST(MergeSpec, NamesBothFilesThatDiffer) {
  const auto spec_of = [](const char* file, const std::string& bytes) {
    return InferSpec(Archive::OpenContents(bytes, file).value(), {}).value();
  };
  const auto npz = [](const char* name, const char* descr, size_t size) {
    return WriteZip({Member(name, Npy(descr, {1}, Zeros(size)))});
  };
  const struct {
    std::string first;
    std::string second;
    const char* message;
  } cases[] = {
      {npz("x", "<f4", 4), npz("x", "<f8", 8),
       R"(files differ in the dtype of "x": float32 in a, float64 in b; pass dtypes with "float64" for "x")"},
      {Npy("<M8[s]", {1}, Zeros(8)), Npy("<M8[ns]", {1}, Zeros(8)),
       "files differ in the dtype: datetime64[s] in a, datetime64[ns] in b; read them as two "
       "datasets, bring them to one unit, and concatenate"},
      {Npy("<M8[s]", {1}, Zeros(8)), Npy("<i8", {1}, Zeros(8)), "bring them to one unit"},
      {NpyOfDescr(kStruct, "(1,)", 20),
       NpyOfDescr("[('id', '<u4'), ('at', [('y', '<i4', (2,)), ('x', '>f8')])]", "(1,)", 20),
       R"(files differ in the dtype of "at"["y"]: float32 in a, int32 in b)"},
      {npz("x", "<f4", 4), npz("y", "<f4", 4),
       R"(files hold different arrays: a has "x", b has "y"; leave out the files that differ)"},
      {npz("x", "<f4", 4), Npy("<f4", {1}, Zeros(4)),
       R"(a has "x", b has one without a name, as an .npy does)"},
  };
  for (const auto& c : cases) {
    InferredSpec merged = spec_of("a", c.first);
    EXPECT_ERROR(Merge(spec_of("b", c.second), &merged), kInvalidArgument, c.message);
  }
  // The keys that all have.
  const auto pair = [](std::vector<int64_t> x, std::vector<int64_t> y) {
    const std::string zeros = Zeros(x[0] + y[0]);
    return WriteZip({Member("x.npy", Npy("|i1", x, zeros.substr(0, x[0]))),
                     Member("y.npy", Npy("|i1", y, zeros.substr(0, y[0]))),
                     Member("z.npy", Npy("|i1", {1}, Zeros(1)))});
  };
  const InferredSpec one = spec_of("a", pair({2}, {3})), two = spec_of("b", pair({4}, {4}));
  const InferredSpec three = spec_of("c", npz("y", "|i1", 1));
  const InferredSpec four = spec_of("d", npz("q", "|i1", 1));
  const struct {
    std::vector<const InferredSpec*> all;
    const char* message;
  } commons[] = {
      {{&one, &two, &three}, R"(; pass keys that all files have: "y", or leave out the files)"},
      {{&two, &three, &four}, R"(; leave out the files that differ)"},
      {{&three, &two, &one}, R"(; pass keys that all files have: "y", or leave out the files)"},
  };
  for (const auto& c : commons) {
    InferredSpec merged = *c.all[0];
    EXPECT_ERROR(MergeSpec(*c.all[2], c.all, &merged), kInvalidArgument, c.message);
  }
  // Byte order does not matter.
  InferredSpec merged = spec_of("a", npz("x", "<M8[s]", 8));
  EXPECT_OK(Merge(spec_of("b", npz("x", ">M8[s]", 8)), &merged));
}

// If the time grew with the square of their number, this would take minutes.
TEST(InferSpec, TakesManyFieldsAndMembers) {
  constexpr int kCount = 50000;
  std::string descr = "[";
  std::vector<ZipMember> members;
  Keys names, fields;
  for (int i = 0; i < kCount; ++i) {
    names.push_back(std::to_string(i));
    fields.push_back("a/" + names.back());
    descr += "('" + names.back() + "','b'),";
    members.push_back(Member(names.back(), Npy("|i1", {1}, "x")));
  }
  const std::string dict = "{'descr': " + descr + "], 'fortran_order': False, 'shape': (1,)}";
  const std::string npy = NpyHeaderBytes(dict, 2) + Zeros(kCount);
  const std::string npz = WriteZip(std::move(members));
  for (const std::string& bytes : {npy, npz}) {
    for (const std::optional<Keys>& keys : {std::optional<Keys>(), std::optional<Keys>(names)}) {
      const Result<InferredSpec> spec = Infer(bytes, keys);
      ASSERT_OK(spec);
      EXPECT_EQ(spec->components.size(), names.size());
      EXPECT_EQ(spec->count, 1);
    }
  }
  const Result<InferredSpec> spec = Infer(WriteZip({Member("a.npy", npy)}), fields);
  ASSERT_OK(spec);
  EXPECT_EQ(spec->components.size(), fields.size());
}

}  // namespace
}  // namespace tf_npz
