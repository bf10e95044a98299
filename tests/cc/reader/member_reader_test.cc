#include "cc/reader/member_reader.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "tests/cc/testing/reading.h"
#include "tests/cc/testing/status_matchers.h"

namespace tf_npz {
namespace {

using std::string_literals::operator""s;

constexpr size_t kLarge = 900 * 1024 + 13;  // more than three steps of 256 KiB

// Bytes that deflate to less, but not to nothing.
std::string Payload(size_t size) {
  std::string bytes = Noise(size);
  for (char& byte : bytes) byte = static_cast<char>(byte & 0x0F);
  return bytes;
}

// An archive of one member, "x", and its reader.
class MemberReaderTest : public ::testing::Test {
 protected:
  // Writes `member` and opens it.
  Status Open(const ZipMember& member, ReadOptions options = TestOptions()) {
    bytes_ = WriteZip({member});
    return Reopen(std::move(options));
  }
  // Opens what is in bytes_.
  Status Reopen(ReadOptions options = TestOptions()) {
    TF_NPZ_ASSIGN_OR_RETURN(const std::shared_ptr<Archive> archive, OpenBytes(bytes_));
    TF_NPZ_ASSIGN_OR_RETURN(const ZipEntry* entry, archive->Find("x"));
    TF_NPZ_ASSIGN_OR_RETURN(reader_, MemberReader::Open(archive, entry, std::move(options)));
    return reader_->SetWantedSize(reader_->size());
  }
  Result<std::string> Read(uint64_t offset, size_t size) {
    std::string bytes(size, '\xAA');
    TF_NPZ_RETURN_IF_ERROR(reader_->Read(offset, bytes.data(), size));
    return bytes;
  }
  // Damages a byte of the member's data, `from_end` bytes before the directory.
  void Damage(size_t from_end) {
    char& byte = bytes_[bytes_.find("PK\x01\x02") - from_end];
    byte = static_cast<char>(byte ^ 1);
  }

  std::string bytes_;
  std::unique_ptr<MemberReader> reader_;
};

TEST_F(MemberReaderTest, ReadsAnyRangeInAnyOrder) {
  for (const bool deflated : {false, true}) {
    for (const bool load : {false, true}) {
      const std::string payload = Payload(kLarge);
      ASSERT_OK(Open(Member("x", payload, deflated)));
      EXPECT_EQ(reader_->size(), kLarge);
      EXPECT_EQ(reader_->is_random_access(), !deflated);
      if (load) {
        ASSERT_OK(reader_->Load());
      }
      EXPECT_EQ(reader_->is_loaded(), load);
      const std::pair<size_t, size_t> ranges[] = {{0, 10},      {10, 300000},    {kLarge - 1, 1},
                                                  {500000, 17}, {0, kLarge},     {kLarge, 0},
                                                  {0, 0},       {1, kLarge - 1}, {123456, 654321}};
      for (const auto& [offset, size] : ranges) {
        const Result<std::string> read = Read(offset, size);
        ASSERT_OK(read) << offset;
        ASSERT_TRUE(*read == payload.substr(offset, size)) << offset << "+" << size;
      }
      EXPECT_OK(reader_->Verify());
    }
  }
}

TEST_F(MemberReaderTest, ReadsWhereverTheSizesStand) {
  for (const LocalSizes local :
       {LocalSizes::kPlain, LocalSizes::kZip64, LocalSizes::kDataDescriptor}) {
    for (const bool deflated : {false, true}) {
      ZipMember member = Member("x", "contents", deflated);
      member.local_sizes = local;
      ASSERT_OK(Open(member));
      EXPECT_EQ(Read(0, 8).value(), "contents");
      EXPECT_OK(reader_->Verify());
    }
  }
}

TEST_F(MemberReaderTest, ReadsAWholeNpyWithoutAMember) {
  const std::string npy = Npy("|u1", {3}, "abc");
  const Result<std::unique_ptr<MemberReader>> reader =
      MemberReader::Open(OpenBytes(npy).value(), nullptr, TestOptions());
  ASSERT_OK(reader);
  EXPECT_EQ((*reader)->size(), npy.size());
  EXPECT_TRUE((*reader)->is_random_access());
  ASSERT_OK((*reader)->Load());
  EXPECT_EQ(Text((*reader)->loaded()), npy);
  EXPECT_OK((*reader)->Verify());
}

TEST_F(MemberReaderTest, RefusesRangesBeyondItsEnd) {
  for (const bool deflated : {false, true}) {
    ASSERT_OK(Open(Member("x", "0123456789", deflated)));
    EXPECT_ERROR(Read(0, 11), kDataLoss, "data ends at byte 10 (expected 11)");
    EXPECT_ERROR(Read(11, 0), kDataLoss, "data ends at byte 10");
    EXPECT_ERROR(Read(UINT64_MAX, 5), kDataLoss, "data ends at byte 10");
    EXPECT_EQ(Read(3, 2).value(), "34") << "and is none the worse for it";
  }
}

TEST_F(MemberReaderTest, VerifiesTheChecksumOfWhatItReadWhole) {
  for (const bool deflated : {false, true}) {
    for (const size_t size : {size_t{0}, size_t{10}, kLarge}) {
      ZipMember member = Member("x", Payload(size), deflated);
      member.crc32 = 0x12345678;
      ASSERT_OK(Open(member));
      const char* expected = "CRC-32 mismatch: the data is damaged (expected 12345678, got ";
      std::string out(size, '\xAA');
      for (int again = 0; again < 3; ++again) {
        size_t done = 1;
        EXPECT_ERROR(reader_->Read(0, out.data(), size, &done), kDataLoss, expected) << again;
        EXPECT_EQ(done, 0u);
        EXPECT_ERROR(reader_->Verify(), kDataLoss, expected) << "however often one asks";
      }
      if (size > 0) {
        EXPECT_OK(Read(0, size - 1)) << "before the last byte there is no verdict";
      }
      ASSERT_OK(Reopen());
      EXPECT_ERROR(reader_->Load(), kDataLoss, expected);
      EXPECT_FALSE(reader_->is_loaded());
    }
  }
}

TEST_F(MemberReaderTest, VerifiesWithTheLastWantedByteWhatFollowsIt) {
  for (const bool deflated : {false, true}) {
    for (const bool damaged : {false, true}) {
      ZipMember member = Member("x", Payload(kLarge), deflated);
      if (damaged) member.crc32 = 0;
      bytes_ = WriteZip({member});
      const std::shared_ptr<Archive> archive = OpenBytes(bytes_).value();
      reader_ = MemberReader::Open(archive, archive->Find("x").value(), TestOptions()).value();
      ASSERT_OK(Read(0, 100));
      ASSERT_OK(reader_->SetWantedSize(200));
      ASSERT_OK(Read(100, 99));
      const Result<std::string> last = Read(199, 1);
      if (damaged) {
        EXPECT_ERROR(last, kDataLoss, "CRC-32 mismatch");
      } else {
        EXPECT_OK(last);
      }
    }
  }
}

TEST_F(MemberReaderTest, VerifyReadsWhatTheChecksumNeeds) {
  for (const bool deflated : {false, true}) {
    for (const uint64_t begin : {0, 100, 700000}) {
      ASSERT_OK(Open(Member("x", Payload(kLarge), deflated)));
      ASSERT_OK(Read(begin, 100));
      EXPECT_OK(reader_->Verify());
      EXPECT_OK(reader_->Verify());
      ZipMember member = Member("x", Payload(kLarge), deflated);
      member.crc32 = 0;
      ASSERT_OK(Open(member));
      ASSERT_OK(Read(begin, 100));
      EXPECT_ERROR(reader_->Verify(), kDataLoss, "CRC-32 mismatch");
    }
  }
}

TEST_F(MemberReaderTest, DoesNotVerifyAStoredMemberOfWhichAPartIsSkipped) {
  ZipMember member = Member("x", Payload(kLarge));
  member.crc32 = 0;
  ASSERT_OK(Open(member));
  ASSERT_OK(Read(0, 100));
  ASSERT_OK(Read(101, kLarge - 101));
  ASSERT_OK(Read(101, kLarge - 101)) << "nor when it is read again";
  EXPECT_ERROR(Read(100, 1), kDataLoss, "CRC-32 mismatch") << "until nothing is missing";
}

TEST_F(MemberReaderTest, VerifiesWhatWasSkippedWhereAskedTo) {
  const ReadOptions options = TestOptions(Checksums::kSkippedToo);
  ZipMember member = Member("x", Payload(kLarge));
  const auto payload = [&](uint64_t offset, size_t size) {
    return member.contents.substr(offset, size);
  };
  ASSERT_OK(Open(member, options));
  EXPECT_TRUE(Read(300000, 100).value() == payload(300000, 100));
  EXPECT_TRUE(Read(100, 100).value() == payload(100, 100));
  EXPECT_TRUE(Read(kLarge - 300, 300).value() == payload(kLarge - 300, 300));
  EXPECT_TRUE(Read(300000, 100).value() == payload(300000, 100));
  member.crc32 = 0;
  ASSERT_OK(Open(member, options));
  ASSERT_OK(Read(300000, 100));
  ASSERT_OK(Read(kLarge - 300, 299));
  EXPECT_ERROR(Read(kLarge - 1, 1), kDataLoss, "CRC-32 mismatch");
}

TEST_F(MemberReaderTest, VerifiesADeflatedMemberFromWhereverItIsRead) {
  ZipMember member = Member("x", Payload(kLarge), true);
  member.crc32 = 0;
  ASSERT_OK(Open(member));
  ASSERT_OK(Read(500000, 100));
  ASSERT_OK(Read(100, 100));
  EXPECT_ERROR(Read(kLarge - 1, 1), kDataLoss, "CRC-32 mismatch");
}

TEST_F(MemberReaderTest, DoesNotVerifyWhereToldNotTo) {
  for (const bool deflated : {false, true}) {
    ZipMember member = Member("x", Payload(kLarge), deflated);
    member.crc32 = 0;
    ASSERT_OK(Open(member, TestOptions(Checksums::kNone)));
    EXPECT_FALSE(reader_->has_checksum());
    EXPECT_TRUE(Read(0, kLarge).value() == member.contents);
    EXPECT_OK(reader_->Verify());
    EXPECT_OK(reader_->Load());
    ASSERT_OK(Open(member, TestOptions(Checksums::kCompressed)));
    EXPECT_EQ(reader_->has_checksum(), deflated);
    EXPECT_EQ(Read(0, kLarge).ok(), !deflated);
    EXPECT_EQ(reader_->Load().ok(), !deflated);
  }
}

TEST_F(MemberReaderTest, NoticesDamageInTheData) {
  for (const bool deflated : {false, true}) {
    ASSERT_OK(Open(Member("x", Payload(kLarge), deflated)));
    Damage(1000);
    ASSERT_OK(Reopen());
    const Status status = Read(0, kLarge).status();
    EXPECT_EQ(status.code(), Code::kDataLoss) << status.message();
    ASSERT_OK(Reopen());
    EXPECT_EQ(reader_->Load().code(), Code::kDataLoss);
  }
}

TEST_F(MemberReaderTest, SaysHowMuchCameOutBeforeAnError) {
  const std::string payload = Payload(kLarge);
  ZipMember member = Member("x", payload, true);
  member.compressed_size = Deflate(payload).size() - 2000;
  ASSERT_OK(Open(member));
  std::string out(kLarge, '\xAA');
  size_t done = 1;
  EXPECT_EQ(reader_->Read(0, out.data(), kLarge, &done).code(), Code::kDataLoss);
  EXPECT_GT(done, 0u);
  EXPECT_LT(done, kLarge);
  EXPECT_TRUE(out.substr(0, done) == payload.substr(0, done));
  ASSERT_OK(reader_->Read(0, out.data(), 10, &done));
  EXPECT_EQ(done, 10u);
  EXPECT_EQ(reader_->Read(0, out.data(), kLarge + 1, &done).code(), Code::kDataLoss);
  EXPECT_EQ(done, 0u);
}

TEST_F(MemberReaderTest, RefusesWhatItCannotRead) {
  const struct {
    const char* name;
    void (*spoil)(ZipMember*);
    Code code;
    const char* fragment;
  } cases[] = {
      {"encrypted", [](ZipMember* m) { m->flags = 1; }, Code::kUnimplemented,
       "member is encrypted, which is not supported"},
      {"strongly encrypted", [](ZipMember* m) { m->flags = 1 << 6; }, Code::kUnimplemented,
       "member is encrypted"},
      {"patched", [](ZipMember* m) { m->flags = 1 << 5; }, Code::kUnimplemented,
       "member is compressed patched data, which is not supported"},
      {"bzip2", [](ZipMember* m) { m->method = 12; }, Code::kUnimplemented,
       "member is compressed with bzip2 (supported: stored and deflate)"},
      {"unknown method", [](ZipMember* m) { m->method = 77; }, Code::kUnimplemented,
       "member is compressed with method 77"},
      {"two sizes", [](ZipMember* m) { m->uncompressed_size = 11; }, Code::kDataLoss,
       "stored member has two sizes"},
      {"larger than the file",
       [](ZipMember* m) { m->compressed_size = m->uncompressed_size = 1 << 30; }, Code::kDataLoss,
       "does not fit at byte 0"},
      {"8 GiB in a few bytes",
       [](ZipMember* m) {
         m->deflated = true;
         m->uncompressed_size = 0xFFFFFFFE;
       },
       Code::kDataLoss, "member claims 4294967294 bytes"},
      {"header elsewhere",
       [](ZipMember* m) {
         m->local_header_offset = 5;
         m->compressed_size = m->uncompressed_size = 1;
       },
       Code::kDataLoss, "no local header at byte 5"},
      {"another member's header", [](ZipMember* m) { m->local_name = "y"; }, Code::kDataLoss,
       R"(local header at byte 0 belongs to another member ("y"))"},
      {"data that runs into the directory",
       [](ZipMember* m) { m->compressed_size = m->uncompressed_size = 11; }, Code::kDataLoss,
       "member of 11 bytes does not fit at byte 31 (the directory begins at byte 41)"},
  };
  for (const auto& c : cases) {
    ZipMember member = Member("x", "0123456789");
    c.spoil(&member);
    const Status status = Open(member);
    EXPECT_TRUE(IsError(status, c.code, c.fragment)) << c.name;
  }
}

TEST_F(MemberReaderTest, RefusesDataThatReachesIntoTheNextMember) {
  for (const std::string& extra : {""s, std::string(10, '\0')}) {
    ZipMember member = Member("x", "0123456789");
    member.compressed_size = member.uncompressed_size = 11 - extra.size();
    bytes_ = WriteZip({member, Member("y", "")});
    // The local header alone says that there is an extra field.
    bytes_[28] = static_cast<char>(extra.size());
    EXPECT_ERROR(Reopen(), kDataLoss,
                 "members overlap: this one reaches to byte 42, and another begins at byte 41");
  }
}

TEST_F(MemberReaderTest, NoticesASizeThatTheDataDoesNotHave) {
  for (const int difference : {-1, 1}) {
    ZipMember member = Member("x", "0123456789", true);
    member.uncompressed_size = 10 + difference;
    ASSERT_OK(Open(member));
    const Status status = Read(0, 10 + difference).status();
    EXPECT_ERROR(status, kDataLoss, difference > 0 ? "expected 1 more" : "decodes to more bytes");
    EXPECT_EQ(reader_->Load().code(), Code::kDataLoss);
  }
}

TEST_F(MemberReaderTest, StopsWhereCancelled) {
  for (const bool deflated : {false, true}) {
    std::atomic<bool> cancelled = false;
    ReadOptions options = TestOptions();
    options.cancelled = &cancelled;
    ASSERT_OK(Open(Member("x", Payload(kLarge), deflated), options));
    EXPECT_OK(Read(0, 10));
    cancelled = true;
    EXPECT_EQ(Read(10, 10).status().code(), Code::kCancelled);
    EXPECT_EQ(reader_->Verify().code(), Code::kCancelled);
  }
}

TEST_F(MemberReaderTest, LoadsMuchUnlessItIsCancelled) {
  std::atomic<bool> cancelled = false;
  ReadOptions options = TestOptions();
  options.cancelled = &cancelled;
  ZipMember member = Member("x", std::string((size_t{33} << 20) + 7, 'x'), true);
  ASSERT_OK(Open(member, options));
  ASSERT_OK(Read(5, 10));
  ASSERT_OK(reader_->Load());
  EXPECT_TRUE(Text(reader_->loaded()) == member.contents);
  ASSERT_OK(Reopen(options));
  cancelled = true;
  EXPECT_EQ(reader_->Load().code(), Code::kCancelled);
  EXPECT_FALSE(reader_->is_loaded());
}

TEST_F(MemberReaderTest, SharesSlicesOfWhatItLoaded) {
  for (const bool deflated : {false, true}) {
    const std::string payload = Payload(100);
    ASSERT_OK(Open(Member("x", payload, deflated)));
    ASSERT_OK(Read(3, 5));  // a stream that was begun is no hindrance
    ASSERT_OK(reader_->Load());
    ASSERT_OK(reader_->Load());
    EXPECT_TRUE(reader_->is_random_access());
    EXPECT_EQ(Text(reader_->loaded()), payload);
    const Buffer slice = reader_->loaded().Slice(3, 5);
    reader_.reset();
    EXPECT_EQ(Text(slice), payload.substr(3, 5));
  }
}

}  // namespace
}  // namespace tf_npz
