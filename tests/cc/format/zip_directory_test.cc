#include "tf_npz/format/zip_directory.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "testing/status_matchers.h"
#include "testing/zip_writer.h"

namespace tf_npz {
namespace {

using std::string_literals::operator""s;

struct Directory {
  ZipEnd end;
  std::vector<ZipEntry> entries;
};

Result<ZipEnd> ReadEnd(std::string_view archive) {
  const size_t tail_size = std::min(archive.size(), kMaxZipEndSize);
  TF_NPZ_ASSIGN_OR_RETURN(ZipEnd end,
                          ParseZipEnd(archive.substr(archive.size() - tail_size), archive.size()));
  if (end.is_zip64) {
    TF_NPZ_RETURN_IF_ERROR(
        ParseZip64End(archive.substr(end.zip64_end_offset, kZip64EndSize), &end));
  }
  TF_NPZ_RETURN_IF_ERROR(CheckZipEnd(end));
  return end;
}

// Reads a whole archive's directory, in the order that the header demands.
Result<Directory> ReadDirectory(std::string_view archive) {
  Directory directory;
  TF_NPZ_ASSIGN_OR_RETURN(directory.end, ReadEnd(archive));
  TF_NPZ_ASSIGN_OR_RETURN(directory.entries,
                          ParseZipDirectory(archive.substr(directory.end.directory_offset,
                                                           directory.end.directory_size),
                                            directory.end));
  return directory;
}

// The data of a member, found as the header demands.
Result<std::string> DataOf(std::string_view archive, const ZipEntry& entry, const ZipEnd& end) {
  TF_NPZ_RETURN_IF_ERROR(CheckZipEntry(entry, end));
  TF_NPZ_ASSIGN_OR_RETURN(
      const uint64_t offset,
      ParseZipLocalHeader(
          archive.substr(entry.local_header_offset, kZipLocalHeaderSize + entry.raw_name.size()),
          entry));
  // As MemberReader does: the local header may say that data begins anywhere.
  if (offset + entry.compressed_size > end.directory_offset) return DataLoss("runs into directory");
  return std::string(archive.substr(offset, entry.compressed_size));
}

ZipMember Stored(std::string name, std::string contents) {
  ZipMember member;
  member.name = std::move(name);
  member.contents = std::move(contents);
  return member;
}

std::string Overwrite(std::string bytes, size_t at, std::string_view by) {
  return bytes.replace(at, by.size(), by);
}

TEST(ZipDirectory, FindsEveryMemberWhereverItsSizesStand) {
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

TEST(ZipDirectory, ReadsOnlyTheZip64FieldsThatAreAskedFor) {
  // Only the uncompressed size is too large for its own field; another extra field stands before.
  ZipMember member = Stored("x", "");
  member.uncompressed_size = 0xFFFFFFFF;
  member.extra = "\x75\x70\x01\0_"s + "\x01\0\x08\0"s + "\0\0\0\0\2\0\0\0"s;
  const Result<Directory> directory = ReadDirectory(WriteZip({member}));
  ASSERT_OK(directory);
  EXPECT_EQ(directory->entries[0].uncompressed_size, uint64_t{2} << 32);
  EXPECT_EQ(directory->entries[0].compressed_size, 0u);
}

TEST(ZipDirectory, RefusesExtraFieldsThatAreCutOff) {
  ZipMember member = Stored("x", "");
  member.extra = "\x75\x70\x09\0_"s;
  EXPECT_ERROR(ReadDirectory(WriteZip({member})), kDataLoss, "extra field is cut off");
  member.compressed_size = 0xFFFFFFFF;
  member.extra = "\x01\0\x04\0____"s;
  EXPECT_ERROR(ReadDirectory(WriteZip({member})), kDataLoss,
               "member \"x\" at byte 31 of the central directory: zip64 extra field is cut off");
}

TEST(ZipDirectory, KnowsAnEmptyArchive) {
  const Result<Directory> directory = ReadDirectory(WriteZip(ZipArchive()));
  ASSERT_OK(directory);
  EXPECT_TRUE(directory->entries.empty());
}

TEST(ZipDirectory, SeesThroughComments) {
  ZipArchive archive;
  archive.members = {Stored("x", "1")};
  archive.members[0].comment = "PK\x05\x06 of a member" + std::string(30, '\0');
  const std::string fake = "PK\x05\x06" + std::string(18, '\0');
  const std::string directory_signature = "PK\x01\x02" + std::string(60, 'x');
  for (const std::string& comment :
       {""s, "a comment"s, std::string(0xFFFF, 'c'), fake + "and more", directory_signature,
        "PK\x05\x06"s, fake + fake + "." + fake.substr(0, 20), std::string(0xFFFF, '\0')}) {
    archive.comment = comment;
    const Result<Directory> directory = ReadDirectory(WriteZip(archive));
    ASSERT_OK(directory) << comment.size();
    ASSERT_EQ(directory->entries.size(), 1u);
    EXPECT_EQ(directory->entries[0].name, "x");
  }
}

TEST(ZipDirectory, ToleratesBytesBehindTheArchive) {
  const std::string bytes = WriteZip({Stored("x", "1")});
  ASSERT_OK(ReadDirectory(bytes + "\n"));
  EXPECT_ERROR(ReadDirectory(bytes + std::string(kMaxZipEndSize, '\0')), kDataLoss,
               "has no end of central directory record: it is cut off or damaged");
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

TEST(ZipDirectory, HoldsAsManyMembersAsFitAndNotAsManyAsItSays) {
  // Python's zipfile doesn't look at the count either; writers without zip64 count modulo 65536.
  ZipArchive archive;
  archive.members = {Stored("x", "1"), Stored("y", "2")};
  for (const uint64_t count : {0, 1, 2}) {
    archive.count = count;
    const Result<Directory> directory = ReadDirectory(WriteZip(archive));
    ASSERT_OK(directory);
    EXPECT_EQ(directory->entries.size(), 2u) << count;
  }
  archive.count = 3;
  EXPECT_ERROR(ReadDirectory(WriteZip(archive)), kDataLoss, "can't hold 3 members");
}

TEST(ZipDirectory, RefusesWhatIsDamaged) {
  const std::string bytes = WriteZip({Stored("x", "1")});
  const size_t directory = bytes.size() - kZipEndSize - 47;
  const size_t end = bytes.size() - kZipEndSize;
  const struct {
    const char* name;
    std::string bytes;
    Code code;
    const char* fragment;
  } cases[] = {
      {"not an archive", "x", Code::kDataLoss, "zip archive of 1 bytes has no end"},
      {"empty", "", Code::kDataLoss, "zip archive of 0 bytes has no end"},
      {"no end record", bytes.substr(0, end), Code::kDataLoss, "has no end of central directory"},
      {"end record cut off", bytes.substr(0, bytes.size() - 1), Code::kDataLoss, "has no end of"},
      {"several disks", Overwrite(bytes, end + 4, "\1"), Code::kUnimplemented, "in several parts"},
      {"directory on another disk", Overwrite(bytes, end + 6, "\1"), Code::kUnimplemented,
       "in several parts"},
      {"directory of another size", Overwrite(bytes, end + 12, "\x30"), Code::kDataLoss,
       "central directory of 48 bytes at byte 32 does not end where the end record begins, at byte "
       "79"},
      {"directory elsewhere", Overwrite(bytes, end + 16, "\x21"), Code::kDataLoss, "does not end"},
      {"directory far beyond the file",
       Overwrite(bytes, end + 12, "\xff\xff\xff\xff\xff\xff\xff\xff"), Code::kDataLoss,
       "does not end"},
      {"no directory header", Overwrite(bytes, directory, "Q"), Code::kDataLoss,
       "no directory header at byte 32 of the central directory"},
      {"name longer than the directory", Overwrite(bytes, directory + 28, "\xff\xff"),
       Code::kDataLoss, "directory header is cut off at byte 32"},
      {"comment longer than the directory", Overwrite(bytes, directory + 32, "\1"), Code::kDataLoss,
       "directory header is cut off"},
  };
  for (const auto& c : cases) {
    const Result<Directory> read = ReadDirectory(c.bytes);
    EXPECT_TRUE(IsError(read.status(), c.code, c.fragment)) << c.name;
  }
}

TEST(ZipDirectory, RefusesZip64RecordsThatAreDamaged) {
  ZipArchive archive;
  archive.zip64_end = true;
  const std::string bytes = WriteZip(archive);  // of no members: the zip64 end record is first
  ASSERT_OK(ReadDirectory(bytes));
  EXPECT_ERROR(ReadDirectory(Overwrite(bytes, 0, "Q")), kDataLoss, "no zip64 end record at byte 0");
  EXPECT_ERROR(ReadDirectory(Overwrite(bytes, 16, "\1")), kUnimplemented, "in several parts");
  EXPECT_ERROR(ReadDirectory(Overwrite(bytes, 56 + 16, "\2")), kUnimplemented, "in several parts");
  EXPECT_ERROR(ReadDirectory(Overwrite(bytes, 56 + 8, "\1")), kDataLoss,
               "zip64 end record lies outside the archive (at byte 1)");
  EXPECT_ERROR(ReadDirectory(Overwrite(bytes, 56 + 8, std::string(8, '\xff'))), kDataLoss,
               "zip64 end record lies outside the archive");
  EXPECT_ERROR(ReadDirectory(Overwrite(bytes, 40, "\1")), kDataLoss, "does not end where");
  EXPECT_ERROR(ReadDirectory(Overwrite(bytes, 32, "\1")), kDataLoss, "can't hold 1 members");
}

TEST(CheckZipEnd, LimitsTheDirectoryBeforeItIsRead) {
  ZipEnd end;
  end.directory_offset = 100;
  end.directory_size = kMaxZipDirectorySize + 1;
  end.directory_limit = end.directory_offset + end.directory_size;
  EXPECT_ERROR(CheckZipEnd(end), kResourceExhausted, "the limit is 268435456");
  --end.directory_size;
  ++end.directory_offset;
  EXPECT_OK(CheckZipEnd(end));
  end.directory_offset = UINT64_MAX;
  EXPECT_ERROR(CheckZipEnd(end), kDataLoss, "does not end where");
}

TEST(CheckZipEntry, HoldsAMemberAgainstTheRoomThereIs) {
  ZipEnd end;
  end.directory_offset = 1000;
  const struct {
    const char* name;
    uint16_t method;
    uint64_t offset, compressed, uncompressed;
    const char* fragment;  // null: OK
  } cases[] = {
      {"fits", kZipStored, 100, 900, 900, nullptr},
      {"too long", kZipStored, 100, 901, 901, "member of 901 bytes does not fit at byte 100"},
      {"beyond", kZipStored, 1001, 0, 0, "does not fit at byte 1001"},
      {"overflows", kZipStored, 100, UINT64_MAX, UINT64_MAX, "does not fit at byte 100"},
      {"two sizes", kZipStored, 0, 10, 11, "stored member has two sizes (10 and 11 bytes)"},
      {"deflated densely", kZipDeflated, 0, 10, 10320, nullptr},
      {"8 GiB in 300 bytes", kZipDeflated, 0, 300, uint64_t{8} << 30,
       "member claims 8589934592 bytes, more than its 300 deflated bytes can hold"},
      {"something out of nothing", kZipDeflated, 0, 0, 1032, "member claims 1032 bytes"},
  };
  for (const auto& c : cases) {
    ZipEntry entry;
    entry.method = c.method;
    entry.local_header_offset = c.offset;
    entry.compressed_size = c.compressed;
    entry.uncompressed_size = c.uncompressed;
    if (c.fragment == nullptr) {
      EXPECT_OK(CheckZipEntry(entry, end)) << c.name;
    } else {
      EXPECT_ERROR(CheckZipEntry(entry, end), kDataLoss, c.fragment) << c.name;
    }
  }
}

TEST(ParseZipLocalHeader, SkipsNameAndExtraField) {
  ZipEntry entry;
  entry.local_header_offset = 7;
  entry.raw_name = "x.npy";
  const std::string header = "PK\x03\x04" + std::string(22, '\xff') + "\x05\0\x14\x01"s + "x.npy";
  const Result<uint64_t> offset = ParseZipLocalHeader(header, entry);
  ASSERT_OK(offset);
  EXPECT_EQ(*offset, 7u + 30 + 5 + 0x114);
  EXPECT_ERROR(ParseZipLocalHeader(header.substr(0, 29), entry), kDataLoss,
               "no local header at byte 7");
  EXPECT_ERROR(ParseZipLocalHeader(Overwrite(header, 3, "\2"), entry), kDataLoss,
               "no local header at byte 7");
  EXPECT_ERROR(ParseZipLocalHeader(Overwrite(header, 30, "y"), entry), kDataLoss,
               "local header at byte 7 is that of another member (\"y.npy\")");
  EXPECT_ERROR(ParseZipLocalHeader(Overwrite(header, 26, "\x06"), entry), kDataLoss,
               "is that of another member");
}

TEST(ZipMethodName, IsTheNameThatUsersKnow) {
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
