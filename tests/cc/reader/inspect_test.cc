#include "cc/reader/inspect.h"

#include <gtest/gtest.h>

#include "tests/cc/testing/reading.h"
#include "tests/cc/testing/status_matchers.h"

namespace tf_npz {
namespace {

using std::string_literals::operator""s;

using Shape = std::vector<int64_t>;

TEST(InspectArchive, DescribesAnNpy) {
  const std::string npy = Npy(">f8", {2, 3}, std::string(48, '\0'), true);
  const std::vector<MemberFacts> all = InspectArchive(OpenBytes(npy).value());
  ASSERT_EQ(all.size(), 1u);
  EXPECT_OK(all[0].status);
  EXPECT_EQ(all[0].name, "");
  EXPECT_TRUE(all[0].is_array);
  EXPECT_EQ(all[0].header.dtype.descr(), ">f8");
  EXPECT_EQ(all[0].header.shape, (Shape{2, 3}));
  EXPECT_TRUE(all[0].header.fortran_order);
  EXPECT_EQ(all[0].size, npy.size());
  EXPECT_EQ(all[0].compressed_size, npy.size());
  EXPECT_EQ(all[0].compression, "stored");
}

TEST(InspectArchive, DescribesEveryMemberOfAnNpz) {
  const std::string npy = Npy("<i4", {5000}, std::string(20000, '\0'));
  ZipMember lzma = Member("lzma.npy", npy);
  lzma.method = 14;
  const std::string bytes =
      WriteZip({Member("deflated.npy", npy, true), Member("stored.npy", npy),
                Member("object.npy", Npy("|O", {3}, "pickle")), Member("notes.txt", "some text"),
                Member("empty", ""), Member("damaged.npy", "some text"),
                Member("cut.npy", npy.substr(0, 1000), true), lzma,
                Member("stored.npy", Npy("<i4", {}, "last"))});
  const std::vector<MemberFacts> all = InspectArchive(OpenBytes(bytes).value());
  const struct {
    const char* name;
    bool is_array;
    Code code;
    const char* fragment;
    const char* compression;
    uint64_t size;
    Shape shape;
  } expected[] = {
      {"deflated", true, Code::kOk, "", "deflate", npy.size(), {5000}},
      {"stored", true, Code::kOk, "", "stored", 132, {}},
      {"object", true, Code::kOk, "", "stored", 134, {3}},
      {"notes.txt", false, Code::kDataLoss, "f[\"notes.txt\"]: is not an array", "stored", 9, {}},
      {"empty", false, Code::kDataLoss, "f[\"empty\"]: is not an array", "stored", 0, {}},
      {"damaged", true, Code::kDataLoss, "f[\"damaged\"]: not an array at byte 0", "stored", 9, {}},
      {"cut",
       true,
       Code::kDataLoss,
       "f[\"cut\"]: data is cut off at byte 1000",
       "deflate",
       1000,
       {}},
      {"lzma",
       true,
       Code::kUnimplemented,
       "f[\"lzma\"]: member is compressed with lzma",
       "lzma",
       npy.size(),
       {}},
  };
  ASSERT_EQ(all.size(), std::size(expected));
  for (size_t i = 0; i < all.size(); ++i) {
    const MemberFacts& facts = all[i];
    EXPECT_EQ(facts.name, expected[i].name);
    EXPECT_EQ(facts.is_array, expected[i].is_array) << facts.name;
    EXPECT_EQ(facts.status.code(), expected[i].code) << facts.name;
    EXPECT_EQ(facts.status.message().find(expected[i].fragment), 0u) << facts.status.message();
    EXPECT_EQ(facts.compression, expected[i].compression) << facts.name;
    EXPECT_EQ(facts.size, expected[i].size) << facts.name;
    if (facts.status.ok()) {
      EXPECT_EQ(facts.header.shape, expected[i].shape) << facts.name;
    }
  }
  ASSERT_EQ(all[2].components.size(), 1u);
  EXPECT_ERROR(
      all[2].components[0].status, kUnimplemented,
      "f[\"object\"]: dtype \"object\": object arrays hold pickles, which are never loaded");
  EXPECT_LT(all[0].compressed_size, 1000u);
  EXPECT_EQ(all[3].compressed_size, 9u);
}

TEST(InspectArchive, TakesResourceForksForNoArrays) {
  const std::string npy = Npy("<i4", {}, "data");
  const std::string fork = "\x00\x05\x16\x07\x00\x02\x00\x00Mac OS X"s;
  ZipMember unreadable = Member("__MACOSX/._y.npy", fork);
  unreadable.method = 14;
  const struct {
    const char* what;
    ZipMember member;
    bool is_array;
  } cases[] = {
      {"a fork of Finder's archives", Member("__MACOSX/d/._x.npy", fork), false},
      {"a fork of another kind", Member("__MACOSX/._x.npy", "This resource fork"), false},
      {"an empty fork", Member("__MACOSX/._x.npy", ""), false},
      {"a fork beside its file", Member("._x.npy", fork, true), false},
      {"a fork that can't be read", unreadable, false},
      {"a folder", Member("__MACOSX/", ""), false},
      {"an array with the name of a fork", Member("__MACOSX/._x.npy", npy), true},
      {"a damaged array in the folder", Member("__MACOSX/x.npy", "some text"), true},
      {"a damaged array", Member("._x.npy", "some text"), true},
  };
  for (const auto& c : cases) {
    const std::string bytes = WriteZip({c.member});
    EXPECT_EQ(InspectArchive(OpenBytes(bytes).value())[0].is_array, c.is_array) << c.what;
  }
}

TEST(InspectArchive, SaysWhatAMemberIsInstead) {
  const std::string bytes = WriteZip(
      {Member("x.npy", "\x80\x04\x95pickle"), Member("y.npy", "\x80\x04\x95pickle", true)});
  for (const MemberFacts& facts : InspectArchive(OpenBytes(bytes).value())) {
    EXPECT_ERROR(facts.status, kDataLoss, "); it is a pickle");
  }
}

TEST(InspectArchive, ReadsOnlyHeaders) {
  // The data is damaged, but is not read.
  ZipMember member = Member("x.npy", Npy("<i4", {50000}, std::string(200000, 'x')), true);
  member.crc32 = 0;
  const std::string damaged = WriteZip({member});
  EXPECT_OK(InspectArchive(OpenBytes(damaged).value())[0].status);
}

// If the time grew with the square of their number, this would take minutes.
TEST(InspectArchive, TakesStructuresOfManyFields) {
  const int count = 100000;
  std::string fields;
  for (int i = 0; i < count; ++i) fields += "b1,";
  const std::string npy =
      NpyHeaderBytes("{'descr': '" + fields + "', 'fortran_order': False, 'shape': (1,)}", 2);
  const std::vector<MemberFacts> all =
      InspectArchive(OpenBytes(npy + std::string(count, '\1')).value());
  ASSERT_OK(all[0].status);
  ASSERT_EQ(all[0].components.size(), size_t{count});
  EXPECT_OK(all[0].components.back().status);
}

TEST(InspectArchive, FindsNothingInAnEmptyArchive) {
  const std::string empty = WriteZip(ZipArchive());
  EXPECT_TRUE(InspectArchive(OpenBytes(empty).value()).empty());
}

}  // namespace
}  // namespace tf_npz
