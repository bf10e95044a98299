// An `.npy` compressed with gzip, from the archive to whole arrays. engine_gzip_test.cc tests the
// engine with it.

#include <gtest/gtest.h>

#include <algorithm>

#include "cc/reader/inspect.h"
#include "tests/cc/testing/gzip_writer.h"
#include "tests/cc/testing/reading.h"
#include "tests/cc/testing/status_matchers.h"

namespace tf_npz {
namespace {

using std::string_literals::operator""s;
using Shape = std::vector<int64_t>;

// `bytes` in several gzip members. They end at the offsets in `ends`, and at the end of `bytes`.
std::string InMembers(const std::string& bytes, const std::vector<size_t>& ends) {
  std::string compressed;
  size_t begin = 0;
  for (const size_t end : ends) {
    compressed += Gzip(bytes.substr(begin, end - begin));
    begin = end;
  }
  return compressed + Gzip(bytes.substr(begin));
}

// Values 0, 1, 2, … in rows of three.
std::string Rows(int64_t rows, bool fortran = false) {
  std::string data = BytesOf(CountingUp<int32_t>(rows * 3));
  if (fortran) data = ToFortranOrder(data, {rows, 3}, 4);
  return Npy("<i4", {rows, 3}, data, fortran);
}
std::string RowsInC(int64_t rows) { return BytesOf(CountingUp<int32_t>(rows * 3)); }

constexpr int64_t kFew = 5;
constexpr int64_t kMany = 100000;  // 1.2 MB: not loaded when opened, and many steps

TEST(GzipArchive, IsAnNpyUnderAnyName) {
  const std::string npy = Rows(kFew);
  const std::string with_garbage_later = Gzip(npy) + "garbage";
  for (const std::string& bytes :
       {Gzip(npy), InMembers(npy, {0, 1, 3, 7, 64}), with_garbage_later}) {
    const Result<std::shared_ptr<Archive>> archive = OpenBytes(bytes);
    ASSERT_OK(archive);
    EXPECT_TRUE((*archive)->is_gzip());
    EXPECT_FALSE((*archive)->is_npz());
    EXPECT_EQ((*archive)->Context(nullptr), "f: ");
  }
  EXPECT_FALSE(OpenBytes(npy).value()->is_gzip());
}

TEST(GzipArchive, SaysIfGzipHoldsSomethingElse) {
  const struct {
    const char* name;
    std::string bytes;
    Code code;
    const char* fragment;
  } cases[] = {
      {"an npz", Gzip(NpzOf(Rows(kFew), true)), Code::kUnimplemented,
       "f: is an .npz compressed with gzip, which is not supported; decompress it first"},
      {"an empty npz", Gzip(WriteZip(ZipArchive())), Code::kUnimplemented, "is an .npz compressed"},
      {"gzip", Gzip(Gzip(Rows(kFew))), Code::kUnimplemented,
       "f: is compressed with gzip twice, which is not supported; decompress it first"},
      {"text", Gzip("hello, world"), Code::kDataLoss,
       "f: is compressed with gzip, and holds neither an .npy nor an .npz file, but text: begins "
       R"(with "hello, world" at byte 0 (expected "\x93NUMPY")"},
      {"a tar archive", Gzip(std::string(257, 'x') + "ustar"), Code::kDataLoss,
       "an .npz file, but a tar archive; extract it with"},
      {"text that is cut off", Gzip("hello, world").substr(0, 24), Code::kDataLoss, "but text"},
      {"nothing", Gzip(""), Code::kDataLoss, R"(begins with "" at byte 0 (expected)"},
      {"less than a magic", Gzip("\x93NUMP"), Code::kDataLoss, "holds neither an .npy nor an .npz"},
      {"the magic of gzip alone", "\x1f\x8b", Code::kDataLoss,
       "f: malformed gzip data at byte 2 of the compressed data (it ends too early)"},
      {"another method", "\x1f\x8b\x07\0\0\0\0\0\0\0"s, Code::kDataLoss,
       "f: malformed gzip data at byte 4 of the compressed data (unknown compression method)"},
  };
  for (const auto& c : cases) {
    EXPECT_TRUE(IsError(OpenBytes(c.bytes).status(), c.code, c.fragment)) << c.name;
  }
}

TEST(GzipArchive, LeavesManyEmptyMembersToTheReader) {
  std::string empty_members;
  for (int i = 0; i < 1000; ++i) empty_members += Gzip("");
  const std::string npy = empty_members + Gzip(Rows(kFew));
  ASSERT_TRUE(OpenBytes(npy).value()->is_gzip());
  EXPECT_EQ(ReadWhole(**OpenArray(npy, false)).value(), RowsInC(kFew));
  const std::string text = empty_members + Gzip("hello, world");
  EXPECT_ERROR(OpenArray(text, false), kDataLoss, "f: not an array at byte 0");
}

TEST(GzipArray, GivesTheElementsOfEveryKindOfFile) {
  GzipMember fields;
  fields.contents = Rows(kFew);
  fields.extra = "extra";
  fields.name = "x.npy";
  fields.comment = "comment";
  fields.has_header_crc = true;
  const std::string few = Rows(kFew), many = Rows(kMany);
  const struct {
    const char* name;
    std::string bytes;
    int64_t rows;
  } cases[] = {
      {"one member", Gzip(few), kFew},
      {"all fields", WriteGzip({fields}), kFew},
      {"members that split the header", InMembers(few, {0, 3, 8, 8, 50, 127, 130}), kFew},
      {"zeros at the end", Gzip(few) + std::string(1000, '\0'), kFew},
      {"zeros between", Gzip(few.substr(0, 20)) + "\0\0"s + Gzip(few.substr(20)), kFew},
      {"more than the array", Gzip(few + "and more"), kFew},
      {"another member with more", Gzip(few) + Gzip("and more"), kFew},
      {"Fortran order", Gzip(Rows(kFew, true)), kFew},
      {"a large one", Gzip(many), kMany},
      {"a large one in members", InMembers(many, {100, 500000, 500000, 500001, 1000000}), kMany},
      {"a large one with much more", Gzip(many + std::string(3000000, 'x')), kMany},
      {"a large one in Fortran order", Gzip(Rows(kMany, true)), kMany},
  };
  for (const auto& c : cases) {
    const std::string expected = RowsInC(c.rows);
    for (const Checksums checksums : {Checksums::kFullyRead, Checksums::kNone}) {
      const ReadOptions options = TestOptions(checksums);
      EXPECT_TRUE(ReadWhole(**OpenArray(c.bytes, false, options)).value() == expected) << c.name;
      const Result<std::unique_ptr<ArrayReader>> rows = OpenArray(c.bytes, true, options);
      ASSERT_OK(rows) << c.name;
      EXPECT_EQ((*rows)->count(), c.rows) << c.name;
      EXPECT_TRUE(ReadInSteps(**rows, c.rows / 5).value() == expected) << c.name;
      EXPECT_EQ(ReadElements(**rows, 2, 1).value(), expected.substr(24, 12))
          << "back in " << c.name;
      ASSERT_OK((*rows)->Load()) << c.name;
      EXPECT_TRUE(ReadInSteps(**rows, c.rows / 3).value() == expected) << c.name;
    }
  }
}

TEST(GzipArray, ReadsAlsoEmptyArraysToTheEnd) {
  for (const Shape& shape : {Shape{0, 3}, Shape{4, 0}}) {
    const std::string npy = Npy("<i4", shape, "");
    EXPECT_EQ(ReadInSteps(**OpenArray(Gzip(npy), true), 4).value(), "");
    GzipMember bad;
    bad.contents = npy;
    bad.crc32 = 1;
    const Result<std::unique_ptr<ArrayReader>> array = OpenArray(WriteGzip({bad}), true);
    EXPECT_ERROR(array, kDataLoss, "f: malformed gzip data at byte ");
  }
}

// A MemberReader by itself: sizes, loading, checksums.
class GzipMemberReaderTest : public ::testing::Test {
 protected:
  // Opens `bytes` and reads its header.
  Status Open(std::string bytes, ReadOptions options = TestOptions()) {
    bytes_ = std::move(bytes);
    TF_NPZ_ASSIGN_OR_RETURN(const std::shared_ptr<Archive> archive, OpenBytes(bytes_));
    TF_NPZ_ASSIGN_OR_RETURN(reader_, MemberReader::Open(archive, nullptr, std::move(options)));
    EXPECT_FALSE(reader_->is_size_known());
    EXPECT_EQ(reader_->Load().code(), Code::kInternal);
    return ReadNpyHeader(*reader_).status();
  }
  Result<std::string> Read(uint64_t offset, size_t size) {
    std::string bytes(size, '\xAA');
    TF_NPZ_RETURN_IF_ERROR(reader_->Read(offset, bytes.data(), size));
    return bytes;
  }

  std::string bytes_;
  std::unique_ptr<MemberReader> reader_;
};

TEST_F(GzipMemberReaderTest, KnowsItsSizeOnceTheHeaderIsRead) {
  const std::string npy = Rows(kMany);
  ASSERT_OK(Open(Gzip(npy + "more")));
  EXPECT_TRUE(reader_->is_size_known());
  EXPECT_EQ(reader_->size(), npy.size());
  EXPECT_FALSE(reader_->is_random_access());
  EXPECT_FALSE(reader_->has_whole_decoder());
  EXPECT_TRUE(reader_->has_checksum());
  EXPECT_ERROR(Read(npy.size() - 1, 2), kDataLoss, "data ends at byte 1200128 (expected 1200129)");
  ASSERT_OK(reader_->Load());
  EXPECT_TRUE(Text(reader_->loaded()) == npy);
  EXPECT_TRUE(reader_->is_random_access());
}

TEST_F(GzipMemberReaderTest, ReadsAnyRangeInAnyOrder) {
  const std::string npy = Rows(kMany);
  ASSERT_OK(Open(InMembers(npy, {64, 700000})));
  const std::pair<size_t, size_t> ranges[] = {{0, 10},           {10, 300000}, {npy.size() - 1, 1},
                                              {500000, 17},      {699999, 2},  {0, npy.size()},
                                              {npy.size(), 0},   {0, 0},       {1, npy.size() - 1},
                                              {123456, 1000000}, {5, 5}};
  for (const auto& [offset, size] : ranges) {
    const Result<std::string> read = Read(offset, size);
    ASSERT_OK(read) << offset;
    ASSERT_TRUE(*read == npy.substr(offset, size)) << offset << "+" << size;
    if (offset == 500000) {
      EXPECT_OK(reader_->Verify());
    }
  }
  EXPECT_OK(reader_->Verify());
  EXPECT_OK(reader_->Verify());
}

TEST_F(GzipMemberReaderTest, VerifiesEveryMemberToTheEnd) {
  const std::string npy = Rows(kMany);
  GzipMember good, bad_crc, bad_size, after;
  good.contents = bad_crc.contents = bad_size.contents = npy;
  bad_crc.crc32 = 1;
  bad_size.isize = 1;
  after.contents = "more";
  after.crc32 = 1;
  const struct {
    const char* name;
    std::string bytes;
    const char* fragment;
  } cases[] = {
      {"CRC-32", WriteGzip({bad_crc}), "(CRC-32 mismatch)"},
      {"size", WriteGzip({bad_size}), "(size mismatch)"},
      {"a member after the array", WriteGzip({good, after}), "(CRC-32 mismatch)"},
      {"garbage", Gzip(npy) + "garbage", "(expected the end or another gzip member)"},
      {"cut off", Gzip(npy).substr(0, Gzip(npy).size() - 1), "(it ends too early)"},
  };
  for (const auto& c : cases) {
    ASSERT_OK(Open(c.bytes)) << c.name;
    const size_t all_but_one = npy.size() - 1;
    EXPECT_TRUE(Read(0, all_but_one).value() == npy.substr(0, all_but_one)) << c.name;
    EXPECT_ERROR(Read(all_but_one, 1), kDataLoss, c.fragment) << c.name;
    EXPECT_ERROR(reader_->Verify(), kDataLoss, c.fragment) << c.name;
    EXPECT_ERROR(reader_->Verify(), kDataLoss, c.fragment) << c.name << ", however often one asks";
    EXPECT_ERROR(reader_->Load(), kDataLoss, c.fragment) << c.name;
    EXPECT_FALSE(reader_->is_loaded()) << c.name;
  }
  ASSERT_OK(Open(WriteGzip({bad_crc}), TestOptions(Checksums::kNone)));
  EXPECT_TRUE(Read(0, npy.size()).value() == npy);
  EXPECT_OK(reader_->Verify());
  EXPECT_FALSE(reader_->has_checksum());
}

TEST_F(GzipMemberReaderTest, RefusesSizesThatItsBytesCannotHold) {
  const std::string header = Npy("<f8", {int64_t{1} << 57}, "");
  EXPECT_ERROR(Open(Gzip(header)), kDataLoss,
               "array claims 1152921504606847104 bytes, more than the file's ");
  for (const bool rows : {false, true}) {
    EXPECT_ERROR(OpenArray(Gzip(header), rows), kDataLoss, "f: array claims 1152921504606847104");
  }
  // A size that it could hold, but does not.
  ASSERT_OK(Open(Gzip(Npy("|u1", {50000}, "x"))));
  EXPECT_ERROR(Read(128, 50000), kDataLoss, "of the compressed data (expected ");
  EXPECT_EQ(Read(128, 1).value(), "x");
  EXPECT_ERROR(Open(Gzip(header.substr(0, 50))), kDataLoss, "gzip data ends at byte ");
}

TEST_F(GzipMemberReaderTest, StopsIfCancelled) {
  std::atomic<bool> cancelled = false;
  ReadOptions options = TestOptions();
  options.cancelled = &cancelled;
  const std::string npy = Rows(kMany);
  ASSERT_OK(Open(Gzip(npy + std::string(5000000, 'x')), options));
  ASSERT_OK(Read(0, npy.size() - 1));
  cancelled = true;
  EXPECT_EQ(reader_->Verify().code(), Code::kCancelled);
  EXPECT_EQ(Read(0, 10).status().code(), Code::kCancelled);
  EXPECT_EQ(reader_->Load().code(), Code::kCancelled);
  cancelled = false;
  EXPECT_OK(reader_->Verify());
  EXPECT_OK(reader_->Load());
}

TEST(GzipInspect, ReadsOnlyTheBeginning) {
  const std::string npy = Npy(">f8", {200, 300}, Noise(480000), true);
  // Its end is damaged, but is not read.
  std::string bytes = Gzip(npy.substr(0, 300000)) + "garbage";
  const std::vector<MemberFacts> all = InspectArchive(OpenBytes(bytes).value());
  ASSERT_EQ(all.size(), 1u);
  EXPECT_OK(all[0].status);
  EXPECT_EQ(all[0].name, "");
  EXPECT_TRUE(all[0].is_array);
  EXPECT_EQ(all[0].header.dtype.descr(), ">f8");
  EXPECT_EQ(all[0].header.shape, (Shape{200, 300}));
  EXPECT_TRUE(all[0].header.fortran_order);
  EXPECT_EQ(all[0].size, npy.size());
  EXPECT_EQ(all[0].compressed_size, bytes.size());
  EXPECT_EQ(all[0].compression, "gzip");
}

TEST(GzipInspect, SaysWhatIsWrong) {
  const struct {
    const char* name;
    std::string bytes;
    Code code;
    const char* fragment;
  } cases[] = {
      {"cut off in the header", Gzip(Rows(kFew).substr(0, 40)), Code::kDataLoss,
       "f: gzip data ends at byte "},
      {"a claim", Gzip(Npy("<f8", {int64_t{1} << 50}, "")), Code::kDataLoss, "f: array claims"},
  };
  for (const auto& c : cases) {
    const std::vector<MemberFacts> all = InspectArchive(OpenBytes(c.bytes).value());
    EXPECT_TRUE(IsError(all[0].status, c.code, c.fragment)) << c.name;
    EXPECT_TRUE(all[0].is_array) << c.name;
    EXPECT_EQ(all[0].size, 0u) << c.name;
  }
}

}  // namespace
}  // namespace tf_npz
