// The facts that members declare, checked against the archive.

#include <gtest/gtest.h>

#include "tests/cc/format/zip_testing.h"
#include "tests/cc/testing/status_matchers.h"

namespace tf_npz {
namespace {

using std::string_literals::operator""s;

TEST(ZipMember, DoesNotTrustTheExtraFieldsOfLocalHeaders) {
  for (const std::string& extra : {"\1\0\x10\0"s + U64(1) + U64(UINT64_MAX), "\1\0\xff\xff"s, "\1"s,
                                   std::string(0xFFFF, '\xff')}) {
    ZipMember member = Stored("x", "contents");
    member.local_extra = extra;
    EXPECT_EQ(Contents(WriteZip({member})), (Members{{"x", "contents"}}));
  }
}

TEST(ZipMember, TakesAHugeOffsetForOneOutsideOfTheFile) {
  ZipMember member = Stored("x", "1");
  member.local_header_offset = 0xFFFFFFFF;
  for (const uint64_t offset : {UINT64_MAX, UINT64_MAX - 50, uint64_t{1} << 63, uint64_t{1000}}) {
    member.extra = "\1\0\x08\0"s + U64(offset);
    for (const char* front :
         {"", "PK\x03\x04...................................................."}) {
      const Members members = Contents(front + WriteZip({member}));
      EXPECT_NE(members.at("x").find("member of 1 bytes does not fit"), std::string::npos)
          << offset;
    }
  }
}

TEST(ZipMember, GivesEachMemberTheRoomUpToTheNext) {
  // The directory has the members in another order than the file.
  ZipArchive archive;
  archive.members = {Stored("a", "1"), Stored("b", "22"), Stored("c", "333"), Stored("d", "")};
  const uint64_t starts[] = {0, 32, 65, 99};
  for (size_t i = 0; i < 4; ++i) archive.members[i].local_header_offset = starts[i];
  const std::string bytes = WriteZip(archive);
  const size_t directory = 130;
  std::string shuffled = bytes.substr(0, directory);
  for (const size_t i : {2, 0, 3, 1}) shuffled += bytes.substr(directory + 47 * i, 47);
  shuffled += bytes.substr(directory + 4 * 47);
  const Result<Directory> read = ReadDirectory(shuffled);
  ASSERT_OK(read);
  const std::map<std::string, uint64_t> limits = {{"a", 32}, {"b", 65}, {"c", 99}, {"d", 130}};
  for (const ZipEntry& entry : read->entries) EXPECT_EQ(entry.data_limit, limits.at(entry.name));
  EXPECT_EQ(Contents(shuffled), (Members{{"a", "1"}, {"b", "22"}, {"c", "333"}, {"d", ""}}));
}

TEST(ZipMember, RefusesMembersThatOverlap) {
  ZipArchive archive;
  archive.members = {Stored("a", "1"), Stored("b", "22")};
  archive.members[0].compressed_size = archive.members[0].uncompressed_size = 2;
  EXPECT_EQ(Contents(WriteZip(archive))["a"],
            "members overlap: this one reaches to byte 33, and another begins at byte 32");
  EXPECT_EQ(Contents(WriteZip(archive))["b"], "22");
  archive.members[0].compressed_size = archive.members[0].uncompressed_size = 1;
  EXPECT_EQ(Contents(WriteZip(archive))["a"], "1");
  // Two headers of one member are one member.
  archive.members[1].name = "a";
  archive.members[1].local_header_offset = 0;
  archive.members[1].compressed_size = archive.members[1].uncompressed_size = 1;
  const std::string bytes = WriteZip(archive);
  const Result<Directory> twice = ReadDirectory(bytes);
  ASSERT_OK(twice);
  for (const ZipEntry& entry : twice->entries)
    EXPECT_EQ(DataOf(bytes, entry, twice->end).value(), "1");
}

TEST(ZipMember, RefusesTheOverlappingBomb) {
  // David Fifield, "A better zip bomb": the data of each member begins with the local headers of
  // the next members, quoted by stored blocks of deflate. All members share the kernel at the end.
  const std::string kernel = Deflate(std::string(1 << 20, '\0'), 9);
  std::string files;
  std::vector<ZipMember> members;
  for (int i = 9; i >= 0; --i) {
    ZipMember member = Stored(std::to_string(i), "");
    member.method = kZipDeflated;
    const std::string header = WriteZip({member}).substr(0, 31);
    const std::string quote = "\0"s + U16(files.size()) + U16(~files.size() & 0xFFFF);
    files = header + (files.empty() ? files : quote + files);
    members.insert(members.begin(), member);
  }
  const std::string bytes = files + kernel;
  // Only the directory, after these members.
  uint64_t offset = 0;
  for (int i = 0; i < 10; ++i) {
    members[i].local_header_offset = offset;
    offset += 31 + (i < 9 ? 5 : 0);
    members[i].compressed_size = bytes.size() - offset;
    members[i].uncompressed_size = 1 << 20;
  }
  const std::string written = WriteZip(members);
  std::string archive = bytes + written.substr(31 * 10);
  archive = Overwrite(archive, archive.size() - 6, U16(bytes.size()) + "\0\0"s);
  for (const auto& [name, data] : Contents(archive)) {
    if (name == "9") continue;
    EXPECT_EQ(data.substr(0, 15), "members overlap") << name << ": " << data;
  }
  EXPECT_EQ(Contents(archive).size(), 10u);
}

TEST(ZipMember, ComparesNamesInTheirEncodings) {
  constexpr uint16_t kUtf8 = 1 << 11;
  const struct {
    const char* name;
    std::string central;
    uint16_t central_flags;
    std::string local;
    uint16_t local_flags;
    bool is_same;
  } cases[] = {
      {"both in code page 437", "\x81", 0, "\x81", 0, true},
      {"both in UTF-8", "ü", kUtf8, "ü", kUtf8, true},
      {"UTF-8 in the directory", "ü", kUtf8, "\x81", 0, true},
      {"UTF-8 in the local header", "\xdb\xdb\xdb", 0, "███", kUtf8, true},
      {"the same bytes of two meanings", "ü", kUtf8, "ü", 0, false},
      {"ASCII means the same", "u", kUtf8, "u", 0, true},
      {"a longer name", "u", 0, "ux", 0, false},
      {"a much longer name", "u", 0, std::string(1000, 'u'), 0, false},
      {"a shorter name", "ux", 0, "u", 0, false},
      {"another after a NUL", "u\0x"s, 0, "u\0y"s, 0, false},
  };
  for (const auto& c : cases) {
    ZipMember member = Stored(c.central, "contents");
    member.flags = c.central_flags;
    member.local_name = c.local;
    member.local_flags = c.local_flags;
    const Members members = Contents(WriteZip({member}));
    ASSERT_EQ(members.size(), 1u);
    if (c.is_same) {
      EXPECT_EQ(members.begin()->second, "contents") << c.name;
    } else {
      EXPECT_NE(members.begin()->second.find("belongs to another member"), std::string::npos)
          << c.name;
    }
  }
}

TEST(CheckZipEntry, ChecksAMemberAgainstItsRoom) {
  ZipEnd end;
  end.directory_offset = 1000;
  const struct {
    const char* name;
    uint16_t method;
    uint64_t offset, limit, compressed, uncompressed;
    const char* fragment;  // of the message; null: OK
  } cases[] = {
      {"fits", kZipStored, 100, 1000, 870, 870, nullptr},
      {"too long", kZipStored, 100, 1000, 871, 871, "member of 871 bytes does not fit at byte 100"},
      {"beyond", kZipStored, 1001, 1000, 0, 0, "does not fit at byte 1001"},
      {"no room for a header", kZipStored, 971, 1000, 0, 0, "does not fit at byte 971"},
      {"overflows", kZipStored, 100, 1000, UINT64_MAX, UINT64_MAX, "does not fit at byte 100"},
      {"outside", kZipStored, UINT64_MAX, 1000, 0, 0, "does not fit into the file"},
      {"up to the next", kZipStored, 100, 200, 70, 70, nullptr},
      {"into the next", kZipStored, 100, 200, 71, 71,
       "members overlap: this one reaches to byte 201, and another begins at byte 200"},
      {"two sizes", kZipStored, 0, 1000, 10, 11, "stored member has two sizes (10 and 11 bytes)"},
      {"deflated densely", kZipDeflated, 0, 1000, 10, 10320, nullptr},
      {"8 GiB in 300 bytes", kZipDeflated, 0, 1000, 300, uint64_t{8} << 30,
       "member claims 8589934592 bytes, more than its 300 deflated bytes can hold"},
      {"more than there are", kZipDeflated, 0, 1000, 300, UINT64_MAX, "member claims 184467"},
      {"something out of nothing", kZipDeflated, 0, 1000, 0, 1032, "member claims 1032 bytes"},
  };
  for (const auto& c : cases) {
    ZipEntry entry;
    entry.method = c.method;
    entry.local_header_offset = c.offset;
    entry.data_limit = c.limit;
    entry.compressed_size = c.compressed;
    entry.uncompressed_size = c.uncompressed;
    if (c.fragment == nullptr) {
      EXPECT_OK(CheckZipEntry(entry, end)) << c.name;
    } else {
      EXPECT_ERROR(CheckZipEntry(entry, end), kDataLoss, c.fragment) << c.name;
    }
  }
}

TEST(CheckZipEntry, NamesWhatIsNotSupported) {
  ZipEnd end;
  end.directory_offset = 1000;
  const struct {
    uint16_t flags, method;
    const char* fragment;
  } cases[] = {
      {1 << 0, kZipStored, "member is encrypted"},
      {1 << 6, kZipStored, "member is encrypted"},
      {1 << 13, kZipStored, "member is encrypted"},
      {1 << 0, 99, "member is encrypted"},
      {1 << 5, kZipDeflated, "member is compressed patched data"},
      {0, 1, "member is compressed with shrink"},
      {0, 6, "member is compressed with implode"},
      {0, 9, "member is compressed with deflate64"},
      {0, 12, "member is compressed with bzip2 (supported: stored and deflate)"},
      {0, 14, "member is compressed with lzma"},
      {0, 93, "member is compressed with zstd"},
      {0, 95, "member is compressed with xz"},
      {0, 98, "member is compressed with ppmd"},
      {0, 0xFFFF, "member is compressed with method 65535"},
  };
  for (const auto& c : cases) {
    ZipEntry entry;
    entry.flags = c.flags;
    entry.method = c.method;
    entry.data_limit = 1000;
    EXPECT_ERROR(CheckZipEntry(entry, end), kUnimplemented, c.fragment) << c.flags;
  }
  const struct {
    uint16_t flags, method;
    const char* advice;
  } advised[] = {
      {0, 12, "; rewrite the file in Python: "},
      {0, 14, "; rewrite the file in Python: "},
      {0, 9, "; NumPy does not read it either: unpack the file with 7-Zip"},
      {0, 93, "; NumPy does not read it either: unpack the file with 7-Zip"},
      {1 << 0, kZipDeflated, "; decrypt the file in Python: "},
      {1 << 0, 99, "; NumPy does not read it either: unpack the file with 7-Zip"},
      {1 << 0 | 1 << 6, kZipDeflated, "; NumPy does not read it either: unpack the file with"},
  };
  for (const auto& c : advised) {
    ZipEntry entry;
    entry.flags = c.flags;
    entry.method = c.method;
    EXPECT_ERROR(CheckZipEntry(entry, end), kUnimplemented, c.advice) << c.method;
  }
  ZipEntry entry;
  entry.flags = 0xDF9E;  // all the flags that have no effect here
  entry.data_limit = 1000;
  EXPECT_OK(CheckZipEntry(entry, end));
}

TEST(ParseZipLocalHeader, SkipsNameAndExtraField) {
  ZipEnd end;
  end.directory_offset = 400;
  ZipEntry entry;
  entry.local_header_offset = 7;
  entry.raw_name = "x.npy";
  entry.compressed_size = 10;
  entry.data_limit = 7 + 30 + 5 + 0x114 + 10;
  EXPECT_EQ(ZipLocalHeaderSize(entry), 30u + 3 * 5);
  const std::string header = "PK\x03\x04" + std::string(22, '\xff') + "\x05\0\x14\x01"s + "x.npy";
  const Result<uint64_t> offset = ParseZipLocalHeader(header + "after it", entry, end);
  ASSERT_OK(offset);
  EXPECT_EQ(*offset, 7u + 30 + 5 + 0x114);
  EXPECT_ERROR(ParseZipLocalHeader(header.substr(0, 29), entry, end), kDataLoss,
               "no local header at byte 7");
  EXPECT_ERROR(ParseZipLocalHeader(Overwrite(header, 3, "\2"), entry, end), kDataLoss,
               "no local header at byte 7");
  EXPECT_ERROR(ParseZipLocalHeader(Overwrite(header, 30, "y"), entry, end), kDataLoss,
               "local header at byte 7 belongs to another member (\"y.npy\")");
  EXPECT_ERROR(ParseZipLocalHeader(Overwrite(header, 26, "\x06"), entry, end), kDataLoss,
               "belongs to another member");
  EXPECT_ERROR(ParseZipLocalHeader(Overwrite(header, 28, "\x15"), entry, end), kDataLoss,
               "members overlap: this one reaches to byte 329, and another begins at byte 328");
  entry.data_limit = 400;
  EXPECT_ERROR(ParseZipLocalHeader(Overwrite(header, 28, "\xff"), entry, end), kDataLoss,
               "member of 10 bytes does not fit at byte 553 (the directory begins at byte 400)");
}

}  // namespace
}  // namespace tf_npz
