#include "cc/reader/archive.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "tests/cc/testing/reading.h"
#include "tests/cc/testing/status_matchers.h"

namespace tf_npz {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using std::string_literals::operator""s;

// Files by name. Counts their reads.
class FakeFileSystem : public FileSystem {
 public:
  class File : public RandomAccessFile {
   public:
    File(const std::string& contents, int* reads)
        : file_(NewMemoryFile(std::string_view(contents))), reads_(reads) {}
    Result<size_t> Read(uint64_t offset, void* destination, size_t size) const override {
      ++*reads_;
      return file_->Read(offset, destination, size);
    }
    uint64_t size() const override { return file_->size(); }

   private:
    const std::unique_ptr<RandomAccessFile> file_;
    int* const reads_;
  };

  Result<std::unique_ptr<RandomAccessFile>> Open(const std::string& path) const override {
    const auto found = files.find(path);
    if (found == files.end()) return NotFound("can't open: No such file");
    return std::unique_ptr<RandomAccessFile>(std::make_unique<File>(found->second, &reads));
  }

  std::map<std::string, std::string> files;
  mutable int reads = 0;
};

// An archive of members with these names. Each holds its index as text: "0", "1", …
std::string NpzWithNames(const std::vector<std::string>& names) {
  std::vector<ZipMember> members;
  for (size_t i = 0; i < names.size(); ++i) members.push_back(Member(names[i], std::to_string(i)));
  return WriteZip(std::move(members));
}

TEST(Archive, TakesItsKindFromTheFirstBytes) {
  FakeFileSystem files;
  files.files["array.npz"] = Npy("<f4", {1}, "1234");
  files.files["archive.npy"] = NpzOf(Npy("<f4", {1}, "1234"), false);
  files.files["empty.npz"] = WriteZip(ZipArchive());
  const Result<std::shared_ptr<Archive>> array = Archive::Open(files, "array.npz");
  ASSERT_OK(array);
  EXPECT_FALSE((*array)->is_npz());
  EXPECT_EQ((*array)->label(), "array.npz");
  EXPECT_THAT((*array)->Names(), IsEmpty());
  const Result<std::shared_ptr<Archive>> archive = Archive::Open(files, "archive.npy");
  ASSERT_OK(archive);
  EXPECT_TRUE((*archive)->is_npz());
  EXPECT_THAT((*archive)->Names(), ElementsAre("x"));
  const Result<std::shared_ptr<Archive>> empty = Archive::Open(files, "empty.npz");
  ASSERT_OK(empty);
  EXPECT_TRUE((*empty)->is_npz());
  EXPECT_THAT((*empty)->Names(), IsEmpty());
}

TEST(Archive, SaysWhyAFileIsNoArchive) {
  const struct {
    std::string contents;
    Code code;
    const char* fragment;
  } cases[] = {
      {"", Code::kDataLoss, "f: is empty (expected an .npy or .npz file)"},
      {"\x93NUMP", Code::kDataLoss,
       "f: is neither an .npy nor an .npz file, but the first bytes of an .npy file; writing or"},
      {"hello, world", Code::kDataLoss,
       "f: is neither an .npy nor an .npz file, but text: begins with \"hello, world\" at byte 0 "
       R"((expected "\x93NUMPY" or "PK\x03\x04"); if it was downloaded)"},
      {"\x80\x04\x95pickle", Code::kDataLoss,
       "f: is neither an .npy nor an .npz file, but a pickle; pickles are never loaded"},
      {"\1\2\3\4\5\6\7", Code::kDataLoss,
       R"(file: begins with "\x01\x02\x03\x04\x05\x06" at byte 0 (expected "\x93NUMPY" or "PK)"},
      {std::string(kSmallFile, 'x') + "y", Code::kDataLoss, "file, but text: begins with \"xxx"},
      {"?" + NpzOf("", false), Code::kDataLoss, "is neither"},
      {"\x1f\x8b\x08\0\0"s, Code::kDataLoss, "f: malformed gzip data at byte 5 of the compr"},
      {"PK\x03\x04", Code::kDataLoss, "f: zip archive of 4 bytes has no end of central directory"},
  };
  for (const auto& c : cases) {
    EXPECT_TRUE(IsError(OpenBytes(c.contents).status(), c.code, c.fragment));
    FakeFileSystem files;
    files.files["f"] = c.contents;
    EXPECT_TRUE(IsError(Archive::Open(files, "f").status(), c.code, c.fragment));
  }
  EXPECT_ERROR(Archive::Open(FakeFileSystem(), "g"), kNotFound, "g: can't open: No such file");
}

TEST(Archive, NamesArraysAsNumPyDoes) {
  const struct {
    std::vector<std::string> members;
    std::vector<std::string> names;
  } cases[] = {
      {{}, {}},
      {{"b.npy", "a.npy"}, {"b", "a"}},
      {{"x.npy.npy"}, {"x.npy"}},
      {{"x"}, {"x"}},
      {{".npy"}, {""}},
      {{""}, {""}},
      {{"d/e.npy", "d/"}, {"d/e", "d/"}},
      {{"x.npy", "y.npy", "x.npy"}, {"x", "y"}},
      {{"x", "x.npy"}, {"x"}},
      {{"x.NPY", "npy"}, {"x.NPY", "npy"}},
      {{"/x.npy", "../y.npy", "C:\\z.npy"}, {"/x", "../y", "C:\\z"}},
      {{"x.npy\0.npy"s, "y\0.npy"s, "\0"s}, {"x", "y", ""}},
      {{"\x81.npy", "ASCII.npy"}, {"ü", "ASCII"}},
  };
  for (const auto& c : cases) {
    const std::string bytes = NpzWithNames(c.members);
    const Result<std::shared_ptr<Archive>> archive = OpenBytes(bytes);
    ASSERT_OK(archive);
    EXPECT_EQ((*archive)->Names(), c.names);
    EXPECT_EQ((*archive)->members().size(), c.members.size());
    for (const std::string& name : c.names) EXPECT_OK((*archive)->Find(name)) << name;
  }
}

TEST(Archive, FindsTheMemberThatNumPyFinds) {
  const struct {
    std::vector<std::string> members;
    const char* name;
    size_t found;
  } cases[] = {
      {{"x.npy", "y.npy"}, "x", 0},
      {{"x.npy", "y.npy"}, "y.npy", 1},
      {{"x.npy", "x.npy"}, "x", 1},
      {{"x.npy", "x.npy"}, "x.npy", 1},
      {{"x", "x.npy"}, "x", 0},
      {{"x.npy", "x"}, "x", 1},
      {{"x", "x.npy", "x.npy"}, "x.npy", 2},
      {{"x.npy.npy", "x.npy"}, "x.npy", 1},
      {{"x.npy.npy"}, "x.npy", 0},
      {{".npy"}, "", 0},
      {{"d/e.npy"}, "d/e", 0},
      {{"x.npy\0"s, "x.npy"}, "x", 1},
      {{"x.npy", "x.npy\0y"s}, "x", 1},
      {{"x.npy\0y"s}, "x.npy", 0},
  };
  for (const auto& c : cases) {
    const std::string bytes = NpzWithNames(c.members);
    const std::shared_ptr<Archive> archive = OpenBytes(bytes).value();
    const Result<const ZipEntry*> entry = archive->Find(c.name);
    ASSERT_OK(entry) << c.name;
    EXPECT_EQ(*entry - archive->members().data(), static_cast<ptrdiff_t>(c.found)) << c.name;
  }
}

TEST(Archive, ListsItsArraysIfOneIsMissing) {
  const std::string bytes = NpzWithNames({"a.npy", "b.npy"});
  EXPECT_ERROR(OpenBytes(bytes).value()->Find("c"), kInvalidArgument,
               R"(f: has no array "c" (it has "a", "b"))");
  const std::string empty = WriteZip(ZipArchive());
  EXPECT_ERROR(OpenBytes(empty).value()->Find("c"), kInvalidArgument, "(it has none)");
}

TEST(Archive, SaysIfItIsAFileOfAnotherProgram) {
  const std::string bytes = NpzWithNames({"archive/data.pkl", "archive/version"});
  EXPECT_ERROR(OpenBytes(bytes).value()->Find("x"), kInvalidArgument,
               R"(f: has no array "x" (it has "archive/data.pkl", "archive/version"); it is a )"
               "PyTorch file: load it with torch.load");
}

TEST(Archive, DoesNotListResourceForks) {
  const std::string bytes = NpzWithNames({"a.npy", "__MACOSX/._a.npy", "__MACOSX/", "._b"});
  EXPECT_ERROR(OpenBytes(bytes).value()->Find("c"), kInvalidArgument, R"((it has "a", "._b"))");
}

TEST(Archive, ReturnsEachNameWithTheMemberOfFind) {
  const std::string bytes =
      NpzWithNames({"x.npy", "y", "x", "y.npy", "z.npy", "x.npy", "z.npy", "w.npy.npy", "w.npy"});
  const std::shared_ptr<Archive> archive = OpenBytes(bytes).value();
  EXPECT_THAT(archive->Names(), ElementsAre("x", "y", "z", "w.npy", "w"));
  for (const auto& [name, entry] : archive->Named()) {
    EXPECT_EQ(entry, archive->Find(name).value()) << name;
  }
}

TEST(Archive, PrintsPathsWithEscapes) {
  const std::string path = "data/über \"1\"\n\xff.npy";
  FakeFileSystem files;
  files.files[path] = Npy("<f4", {1}, "1234");
  const Result<std::shared_ptr<Archive>> archive = Archive::Open(files, path);
  ASSERT_OK(archive);
  EXPECT_EQ((*archive)->label(), R"(data/über "1"\x0a\xff.npy)");
  EXPECT_ERROR(Archive::Open(files, "\x1b[2J"), kNotFound, R"(\x1b[2J: can't open)");
}

TEST(Archive, BeginsMessagesWithFileMemberAndField) {
  const std::string bytes = NpzWithNames({"a\n.npy"});
  const std::shared_ptr<Archive> archive = OpenBytes(bytes).value();
  EXPECT_EQ(archive->Context(&archive->members()[0]), R"(f["a\x0a"]: )");
  EXPECT_EQ(archive->Context(nullptr), "f: ");
}

TEST(Archive, ReadsASmallFileOnce) {
  FakeFileSystem files;
  files.files["small"] = NpzOf(Npy("|u1", {1000}, Noise(1000)), false);
  ASSERT_OK(Archive::Open(files, "small"));
  EXPECT_EQ(files.reads, 1);
}

TEST(Archive, FindsADirectoryTooLargeForTheTail) {
  std::vector<std::string> names;
  for (int i = 0; i < 3000; ++i) {
    names.push_back(std::to_string(i) + std::string(20, '_') + ".npy");
  }
  const std::string bytes = NpzWithNames(names);
  ASSERT_GT(bytes.size(), 2 * kMaxZipTailSize);
  FakeFileSystem files;
  files.files["large"] = bytes;
  const Result<std::shared_ptr<Archive>> archive = Archive::Open(files, "large");
  ASSERT_OK(archive);
  EXPECT_EQ((*archive)->members().size(), 3000u);
  EXPECT_OK((*archive)->Find("2999" + std::string(20, '_')));
}

TEST(Archive, FindsAZip64DirectoryBeforeALongComment) {
  ZipArchive zip;
  zip.members = {Member("x.npy", Npy("|u1", {1}, "1"))};
  zip.zip64_end = true;
  zip.comment = std::string(0xFFFF, 'c');
  const std::string bytes = WriteZip(zip);
  FakeFileSystem files;
  files.files["f"] = bytes;
  ASSERT_OK(Archive::Open(files, "f"));
  const Result<std::unique_ptr<ArrayReader>> array = OpenArray(bytes, true);
  ASSERT_OK(array);
  EXPECT_EQ(ReadInSteps(**array, 1).value(), "1");
}

TEST(Archive, ReadsTheLastOfConcatenatedArchives) {
  const std::string bytes = NpzWithNames({"a.npy", "b.npy"}) + NpzWithNames({"c.npy"});
  const Result<std::shared_ptr<Archive>> archive = OpenBytes(bytes);
  ASSERT_OK(archive);
  EXPECT_THAT((*archive)->Names(), ElementsAre("c"));
}

TEST(Archive, SkipsEndRecordsWhoseCommentIsCutOff) {
  ZipArchive zip;
  zip.members = {Member("x.npy", Npy("|u1", {1}, "1"))};
  zip.comment = "PK\x05\x06" + std::string(30, '\x7f');
  const std::string bytes = WriteZip(zip);
  const Result<std::shared_ptr<Archive>> archive = OpenBytes(bytes);
  ASSERT_OK(archive);
  EXPECT_THAT((*archive)->Names(), ElementsAre("x"));
  const Result<std::unique_ptr<ArrayReader>> array = OpenArray(bytes, true);
  ASSERT_OK(array);
  EXPECT_EQ(ReadInSteps(**array, 1).value(), "1");
}

// A file of zeros, except for some pieces.
class SparseFileSystem : public FileSystem {
 public:
  class File : public RandomAccessFile {
   public:
    explicit File(const SparseFileSystem& all) : all_(all) {}
    Result<size_t> Read(uint64_t offset, void* destination, size_t size) const override {
      size = std::min<uint64_t>(size, all_.size - std::min(all_.size, offset));
      std::fill_n(static_cast<char*>(destination), size, '\0');
      for (const auto& [at, piece] : all_.pieces) {
        for (size_t i = 0; i < piece.size(); ++i) {
          if (at + i >= offset && at + i - offset < size) {
            static_cast<char*>(destination)[at + i - offset] = piece[i];
          }
        }
      }
      return size;
    }
    uint64_t size() const override { return all_.size; }

   private:
    const SparseFileSystem& all_;
  };

  Result<std::unique_ptr<RandomAccessFile>> Open(const std::string&) const override {
    return std::unique_ptr<RandomAccessFile>(std::make_unique<File>(*this));
  }

  std::map<uint64_t, std::string> pieces;
  uint64_t size = 0;
};

TEST(Archive, ReadsMembersAndADirectoryBeyondFourGigabytes) {
  constexpr uint64_t kHole = uint64_t{5} << 30;
  ZipMember x = Member("x", "");
  ZipMember y = Member("y.npy", Npy("|u1", {3}, "abc"));
  x.zip64_directory = y.zip64_directory = true;
  x.compressed_size = x.uncompressed_size = kHole;
  y.local_header_offset = 31 + kHole;
  ZipArchive zip;
  zip.members = {x, y};
  zip.zip64_end = true;
  std::string bytes = WriteZip(zip);
  const uint64_t directory = bytes.find("PK\x01\x02") + kHole;
  for (int i = 0; i < 8; ++i) {
    bytes[bytes.find("PK\x06\x06") + 48 + i] = static_cast<char>(directory >> (8 * i) & 0xFF);
  }
  SparseFileSystem files;
  files.size = kHole + bytes.size();
  files.pieces[0] = bytes.substr(0, 31);
  files.pieces[31 + kHole - 3] = "end";
  files.pieces[31 + kHole] = bytes.substr(31);

  const Result<std::shared_ptr<Archive>> archive = Archive::Open(files, "f");
  ASSERT_OK(archive);
  EXPECT_EQ((*archive)->zip_end().directory_offset, directory);
  EXPECT_THAT((*archive)->Names(), ElementsAre("x", "y"));
  Result<std::unique_ptr<MemberReader>> reader =
      MemberReader::Open(*archive, (*archive)->Find("x").value(), TestOptions());
  ASSERT_OK(reader);
  EXPECT_EQ((*reader)->size(), kHole);
  std::string read(5, '?');
  ASSERT_OK((*reader)->Read(kHole - 5, read.data(), 5));
  EXPECT_EQ(read, "\0\0end"s);
  EXPECT_EQ((*reader)->Read(kHole - 4, read.data(), 5).code(), Code::kDataLoss);
  const Result<std::unique_ptr<ArrayReader>> array = OpenArray(*archive, true, TestOptions(), "y");
  ASSERT_OK(array);
  EXPECT_EQ(ReadInSteps(**array, 1).value(), "abc");
}

TEST(ArrayName, StripsOneSuffix) {
  EXPECT_EQ(ArrayName("x.npy"), "x");
  EXPECT_EQ(ArrayName("x.npy.npy"), "x.npy");
  EXPECT_EQ(ArrayName("x"), "x");
  EXPECT_EQ(ArrayName("npy"), "npy");
  EXPECT_EQ(ArrayName(""), "");
}

}  // namespace
}  // namespace tf_npz
