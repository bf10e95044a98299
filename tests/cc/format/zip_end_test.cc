// The end record of an archive, and the beginning of the archive.

#include <gtest/gtest.h>

#include "cc/base/bytes.h"
#include "tests/cc/format/zip_testing.h"
#include "tests/cc/testing/status_matchers.h"

namespace tf_npz {
namespace {

using std::string_literals::operator""s;

TEST(ZipEnd, IsFoundWhateverTheCommentHolds) {
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

TEST(ZipEnd, IsTheOneThatZipfileReadsIfThereAreTwo) {
  const std::string other = WriteZip({Stored("y", "2")});
  ZipArchive other64;
  other64.members = {Stored("y", "2")};
  other64.zip64_end = true;
  ZipArchive archive;
  archive.members = {Stored("x", "1")};
  const Members x = {{"x", "1"}};
  const Members y = {{"y", "2"}};
  const struct {
    const char* name;
    std::string comment;
    Members members;
  } cases[] = {
      {"an archive as the comment", other, y},
      {"and more after it", other + "...", y},
      {"a zip64 archive", WriteZip(other64) + "...", y},
      {"whose end record leaves all to zip64",
       Overwrite(WriteZip(other64), WriteZip(other64).size() - 10, std::string(4, '\0')) + "...",
       y},
      {"whose end record is cut off", other.substr(0, other.size() - 1), x},
      {"whose directory is damaged", Overwrite(other + "...", 32, "Q"), x},
      {"whose directory is larger than all",
       Overwrite(other + "...", other.size() - 10, "\xff\xff\xff\x7f"), x},
      {"an empty archive, which zipfile reads", WriteZip(ZipArchive()) + "...", x},
      {"an empty archive at the very end", WriteZip(ZipArchive()), x},
      {"a zip64 locator", "PK\x06\x07" + std::string(16, '\0'), x},
  };
  for (const auto& c : cases) {
    archive.comment = c.comment;
    EXPECT_EQ(Contents(WriteZip(archive)), c.members) << c.name;
  }
}

TEST(ZipEnd, IsFoundBeforeBytesAfterTheArchive) {
  ZipArchive archive;
  archive.members = {Stored("x", "1")};
  const std::string bytes = WriteZip(archive);
  const Members x = {{"x", "1"}};
  EXPECT_EQ(Contents(bytes + "\n"), x);
  EXPECT_EQ(Contents(bytes + std::string(kMaxZipTrailSize, '\0')), x);
  EXPECT_EQ(Contents(bytes + std::string(kMaxZipTrailSize + 1, '\0')),
            (Members{{"error", "no end record"}}));
  archive.comment = "cut off";
  const std::string commented = WriteZip(archive);
  EXPECT_EQ(Contents(commented.substr(0, commented.size() - 3)), x);
}

TEST(ZipEnd, CountsOffsetsFromTheBeginningOfTheArchive) {
  for (const bool zip64 : {false, true}) {
    ZipArchive archive;
    archive.zip64_end = zip64;
    archive.members = {Stored("x", "1"), Stored("y", "2")};
    const std::string bytes = WriteZip(archive);
    EXPECT_EQ(Contents(WriteZip({Stored("z", "3")}) + bytes), (Members{{"x", "1"}, {"y", "2"}}));
    // Members that are cut off at the beginning are lost. The others are found.
    Members rest = Contents(bytes.substr(32));
    EXPECT_EQ(rest["y"], "2");
    EXPECT_EQ(rest["x"],
              "member of 1 bytes does not fit into the file (the directory begins at byte 32)");
  }
}

TEST(ZipEnd, FindsAZip64EndRecordWithAnExtension) {
  ZipArchive archive;
  archive.zip64_end = true;
  archive.members = {Stored("x", "1")};
  for (const size_t size : {0, 1, 56, 1000, 60000}) {
    archive.zip64_extension = std::string(size, 'e');
    EXPECT_EQ(Contents(WriteZip(archive)), (Members{{"x", "1"}})) << size;
  }
}

TEST(ZipEnd, RefusesDamagedZip64Records) {
  ZipArchive archive;
  archive.zip64_end = true;
  const std::string bytes =
      WriteZip(archive);  // without members, so the zip64 end record comes first
  ASSERT_OK(ReadDirectory(bytes));
  EXPECT_ERROR(ReadDirectory(Overwrite(bytes, 0, "Q")), kDataLoss, "no zip64 end record at byte 0");
  EXPECT_ERROR(ReadDirectory(Overwrite(bytes, 16, "\1")), kUnimplemented, "in several parts");
  EXPECT_ERROR(ReadDirectory(Overwrite(bytes, 20, "\1")), kUnimplemented, "in several parts");
  EXPECT_ERROR(ReadDirectory(Overwrite(bytes, 56 + 4, "\1")), kUnimplemented, "in several parts");
  EXPECT_ERROR(ReadDirectory(Overwrite(bytes, 56 + 16, "\2")), kUnimplemented, "in several parts");
  EXPECT_ERROR(ReadDirectory(Overwrite(bytes, 40, "\1")), kDataLoss,
               "central directory of 1 bytes does not fit before the end record at byte 0");
  EXPECT_ERROR(ReadDirectory(Overwrite(bytes, 40, std::string(8, '\xff'))), kDataLoss,
               "central directory of 18446744073709551615 bytes does not fit");
  // If the locator is wrong, the record is taken right before it, as zipfile does.
  for (const std::string& offset : {U64(1), U64(UINT64_MAX)}) {
    ASSERT_OK(ReadDirectory(Overwrite(bytes, 56 + 8, offset)));
    EXPECT_ERROR(ReadDirectory(Overwrite(Overwrite(bytes, 56 + 8, offset), 0, "Q")), kDataLoss,
                 "no zip64 end record at byte " + std::to_string(LoadLittle64(offset.data())));
  }
}

TEST(ZipEnd, LimitsTheDirectoryBeforeItIsRead) {
  ZipArchive archive;
  archive.zip64_end = true;
  std::string tail = WriteZip(archive);
  const uint64_t file_size = (uint64_t{8} << 30) + tail.size();
  const size_t at = tail.size() - kZipEndSize;
  tail = Overwrite(tail, 40, U64(kMaxZipDirectorySize + 1));
  EXPECT_ERROR(ParseZipEnd(tail, at, file_size), kResourceExhausted, "the limit is 268435456");
  tail = Overwrite(tail, 40, U64(kMaxZipDirectorySize));
  const Result<ZipEnd> end = ParseZipEnd(tail, at, file_size);
  ASSERT_OK(end);
  EXPECT_EQ(end->directory_offset, (uint64_t{8} << 30) - kMaxZipDirectorySize);
}

}  // namespace
}  // namespace tf_npz
