#include "cc/format/zip_directory.h"

#include <gtest/gtest.h>

#include "tests/cc/format/zip_testing.h"
#include "tests/cc/testing/status_matchers.h"

namespace tf_npz {
namespace {

using std::string_literals::operator""s;

TEST(ZipDirectory, FindsEveryMemberWhereverItsSizesAre) {
  for (const LocalSizes local :
       {LocalSizes::kPlain, LocalSizes::kZip64, LocalSizes::kDataDescriptor}) {
    for (const bool zip64_directory : {false, true}) {
      for (const bool zip64_end : {false, true}) {
        ZipMember member = Stored("x.npy", "contents of x");
        member.local_sizes = local;
        member.zip64_directory = zip64_directory;
        ZipArchive archive;
        archive.zip64_end = zip64_end;
        archive.members = {member, Stored("y.npy", "contents of y, somewhat longer")};
        archive.members[1].deflated = true;
        const std::string bytes = WriteZip(archive);
        const Result<Directory> directory = ReadDirectory(bytes);
        ASSERT_OK(directory);
        ASSERT_EQ(directory->entries.size(), 2u);
        const ZipEntry& x = directory->entries[0];
        EXPECT_EQ(x.name, "x.npy");
        EXPECT_EQ(x.method, kZipStored);
        EXPECT_EQ(x.compressed_size, 13u);
        EXPECT_EQ(x.uncompressed_size, 13u);
        EXPECT_EQ(x.local_header_offset, 0u);
        EXPECT_EQ(DataOf(bytes, x, directory->end).value(), "contents of x");
        const ZipEntry& y = directory->entries[1];
        EXPECT_EQ(y.method, kZipDeflated);
        EXPECT_EQ(y.uncompressed_size, 30u);
        EXPECT_EQ(DataOf(bytes, y, directory->end).value(),
                  Deflate("contents of y, somewhat longer"));
      }
    }
  }
}

TEST(ZipDirectory, ReadsTheZip64FieldsThatAreNeededWhereverTheyAre) {
  for (unsigned asked = 0; asked < 8; ++asked) {
    for (const bool surplus : {false, true}) {
      ZipMember member = Stored("x", "contents");
      std::string fields;
      if ((asked & 1) != 0) fields += U64(8), member.uncompressed_size = 0xFFFFFFFF;
      if ((asked & 2) != 0) fields += U64(8), member.compressed_size = 0xFFFFFFFF;
      if ((asked & 4) != 0) fields += U64(0), member.local_header_offset = 0xFFFFFFFF;
      if (surplus) fields += U64(77) + "\1\2\3\4";
      member.extra = "up\1\0_"s + "\1\0"s + U16(fields.size()) + fields;
      // A second zip64 extra field, shorter than one value. It is not needed any more.
      member.extra_after = "\1\0\10\0"s + U64(99) + "xy\3\0abc"s + "\1\0\1"s;
      EXPECT_EQ(Contents(WriteZip({member})), (Members{{"x", "contents"}})) << asked << surplus;
    }
  }
}

TEST(ZipDirectory, ReadsZip64FieldsBeyondFourGigabytes) {
  ZipMember member = Stored("x", "");
  member.uncompressed_size = member.compressed_size = member.local_header_offset = 0xFFFFFFFF;
  member.extra =
      "\1\0\x18\0"s + U64(uint64_t{2} << 32) + U64(uint64_t{3} << 32) + U64(uint64_t{4} << 32);
  const Result<Directory> directory = ReadDirectory(WriteZip({member}));
  ASSERT_OK(directory);
  EXPECT_EQ(directory->entries[0].uncompressed_size, uint64_t{2} << 32);
  EXPECT_EQ(directory->entries[0].compressed_size, uint64_t{3} << 32);
  EXPECT_EQ(directory->entries[0].local_header_offset, uint64_t{4} << 32);
}

TEST(ZipDirectory, RefusesExtraFieldsThatAreCutOff) {
  ZipMember member = Stored("x", "");
  member.extra = "\x75\x70\x09\0_"s;
  EXPECT_ERROR(ReadDirectory(WriteZip({member})), kDataLoss, "extra field is cut off");
  member.compressed_size = 0xFFFFFFFF;
  member.extra = "\x01\0\x04\0____"s;
  EXPECT_ERROR(ReadDirectory(WriteZip({member})), kDataLoss,
               "member \"x\" at byte 31 of the central directory: zip64 extra field is cut off");
  member = Stored("x", "");
  member.zip64_directory = true;
  member.extra_after = "ab\1\0"s;
  EXPECT_ERROR(ReadDirectory(WriteZip({member})), kDataLoss, "extra field is cut off");
}

TEST(ZipDirectory, KnowsAnEmptyArchive) {
  const Result<Directory> directory = ReadDirectory(WriteZip(ZipArchive()));
  ASSERT_OK(directory);
  EXPECT_TRUE(directory->entries.empty());
}

TEST(ZipDirectory, SortsManyMembersQuickly) {
  ZipArchive archive;
  for (int i = 0; i < 100'000; ++i)
    archive.members.push_back(Stored(std::to_string(i * 7919 % 100'000), ""));
  archive.count = archive.members.size() % 65536;
  const std::string bytes = WriteZip(archive);
  const Members members = Contents(bytes);
  EXPECT_EQ(members.size(), 100'000u);
  for (const auto& [name, data] : members) ASSERT_EQ(data, "") << name;
}

TEST(ZipDirectory, ReadsNamesInTheirEncoding) {
  ZipMember code_page_437 = Stored(
      "\x81"
      "ber\xe1.npy",
      "");
  ZipMember utf8 = Stored("über.npy", "");
  utf8.flags = 1 << 11;
  const Result<Directory> directory = ReadDirectory(WriteZip({code_page_437, utf8}));
  ASSERT_OK(directory);
  EXPECT_EQ(directory->entries[0].name, "überß.npy");
  EXPECT_EQ(directory->entries[0].raw_name,
            "\x81"
            "ber\xe1.npy");
  EXPECT_EQ(directory->entries[1].name, "über.npy");
}

TEST(ZipDirectory, KeepsEveryEntryOfOneName) {
  const Result<Directory> directory =
      ReadDirectory(WriteZip({Stored("x", "1"), Stored("x", "22")}));
  ASSERT_OK(directory);
  ASSERT_EQ(directory->entries.size(), 2u);
  EXPECT_EQ(directory->entries[1].compressed_size, 2u);
}

TEST(ZipDirectory, IgnoresTheCountOfMembers) {
  // Python's zipfile ignores the count too. Writers without zip64 count modulo 65536.
  for (const bool zip64 : {false, true}) {
    ZipArchive archive;
    archive.zip64_end = zip64;
    archive.members = {Stored("x", "1"), Stored("y", "2")};
    for (const uint64_t count : {uint64_t{0}, uint64_t{1}, uint64_t{2}, uint64_t{3}, UINT64_MAX}) {
      archive.count = count;
      EXPECT_EQ(Contents(WriteZip(archive)), (Members{{"x", "1"}, {"y", "2"}})) << count;
    }
  }
}

TEST(ZipDirectory, CutsNamesAtTheirFirstNul) {
  const std::string bytes = WriteZip({Stored("x.npy\0.exe"s, "1"), Stored("\0"s, "2")});
  EXPECT_EQ(Contents(bytes), (Members{{"x.npy", "1"}, {"", "2"}}));
}

TEST(ZipDirectory, RefusesAVersionThatZipfileDoesNotKnow) {
  ZipMember member = Stored("x", "1");
  for (const uint8_t version : {0, 10, 45, 63}) {
    member.version_needed = version;
    EXPECT_EQ(Contents(WriteZip({member})), (Members{{"x", "1"}}));
  }
  member.version_needed = 64;
  EXPECT_ERROR(ReadDirectory(WriteZip({member})), kUnimplemented,
               "needs version 6.4 of the zip format (supported: up to 6.3)");
}

TEST(ZipDirectory, TakesALastHeaderThatIsCutOff) {
  const std::string bytes = WriteZip({Stored("x", "1"), Stored("y", "2")});
  const size_t last = bytes.size() - kZipEndSize - 47;
  for (const size_t length_at : {28, 30, 32}) {
    EXPECT_EQ(Contents(Overwrite(bytes, last + length_at, "\xff\xff")),
              (Members{{"x", "1"}, {"y", "2"}}));
  }
}

TEST(ZipDirectory, RefusesDamage) {
  const std::string bytes = WriteZip({Stored("x", "1")});
  const size_t directory = bytes.size() - kZipEndSize - 47;
  const size_t end = bytes.size() - kZipEndSize;
  const struct {
    const char* name;
    std::string bytes;
    Code code;
    const char* fragment;
  } cases[] = {
      {"not an archive", "x", Code::kDataLoss, "no end record"},
      {"empty", "", Code::kDataLoss, "no end record"},
      {"no end record", bytes.substr(0, end), Code::kDataLoss, "no end record"},
      {"end record cut off", bytes.substr(0, bytes.size() - 1), Code::kDataLoss, "no end record"},
      {"several disks", Overwrite(bytes, end + 4, "\1"), Code::kUnimplemented, "in several parts"},
      {"directory on another disk", Overwrite(bytes, end + 6, "\1"), Code::kUnimplemented,
       "in several parts"},
      {"directory of another size", Overwrite(bytes, end + 12, "\x30"), Code::kDataLoss,
       "no directory header at byte 31 of the central directory"},
      {"directory larger than the file", Overwrite(bytes, end + 12, "\x50"), Code::kDataLoss,
       "central directory of 80 bytes does not fit before the end record at byte 79"},
      {"directory much larger than the file",
       Overwrite(bytes, end + 12, "\xff\xff\xff\xff\xff\xff\xff\xff"), Code::kDataLoss,
       "central directory of 4294967295 bytes does not fit"},
      {"no directory header", Overwrite(bytes, directory, "Q"), Code::kDataLoss,
       "no directory header at byte 32 of the central directory"},
  };
  for (const auto& c : cases) {
    const Result<Directory> read = ReadDirectory(c.bytes);
    EXPECT_TRUE(IsError(read.status(), c.code, c.fragment)) << c.name;
  }
}

TEST(ZipMethodName, IsTheUsualName) {
  EXPECT_EQ(ZipMethodName(kZipStored), "stored");
  EXPECT_EQ(ZipMethodName(kZipDeflated), "deflate");
  EXPECT_EQ(ZipMethodName(12), "bzip2");
  EXPECT_EQ(ZipMethodName(14), "lzma");
  EXPECT_EQ(ZipMethodName(93), "zstd");
  EXPECT_EQ(ZipMethodName(77), "method 77");
}

TEST(ZipDirectory, SurvivesEveryTruncationAndEveryByte) {
  ZipArchive archive;
  archive.zip64_end = true;
  archive.members = {Stored("x.npy", "12345"), Stored("y.npy", "6789")};
  archive.members[0].zip64_directory = true;
  archive.comment = "c";
  const std::string whole = WriteZip(archive);
  for (size_t size = 0; size < whole.size() - 1; ++size) {
    EXPECT_FALSE(ReadDirectory(whole.substr(0, size)).ok()) << size;
  }
  for (size_t i = 0; i < whole.size(); ++i) {
    for (int byte = 0; byte < 256; ++byte) {
      const std::string changed = Overwrite(whole, i, std::string(1, static_cast<char>(byte)));
      const Result<Directory> directory = ReadDirectory(changed);
      if (!directory.ok()) continue;
      for (const ZipEntry& entry : directory->entries) {
        const Result<std::string> data = DataOf(changed, entry, directory->end);
        EXPECT_TRUE(data.ok() || !data.status().message().empty());
      }
    }
  }
}

}  // namespace
}  // namespace tf_npz
