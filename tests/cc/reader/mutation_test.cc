// Damaged files: every byte of a small file changed, and the file cut at every length. A read then
// gives the right value or an error. It never crashes or hangs. If there is a checksum, it never
// gives a wrong value.

#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <ostream>

#include "cc/reader/inspect.h"
#include "tests/cc/testing/gzip_writer.h"
#include "tests/cc/testing/reading.h"
#include "tests/cc/testing/status_matchers.h"

namespace tf_npz {
namespace {

using ArrayUse = std::function<Result<std::string>(ArrayReader&)>;

// The ways to read an array.
struct Way {
  const char* name;
  bool rows;
  ArrayUse read;
};
const Way kWays[] = {
    {"one row at a time", true, [](ArrayReader& array) { return ReadInSteps(array, 1); }},
    {"all rows", true, [](ArrayReader& array) { return ReadInSteps(array, 1 << 20); }},
    {"loaded", true,
     [](ArrayReader& array) -> Result<std::string> {
       TF_NPZ_RETURN_IF_ERROR(array.Load());
       return ReadInSteps(array, 2);
     }},
    {"whole", false, ReadWhole},
};

Result<std::string> Read(const std::string& bytes, const std::string& key, const Way& way) {
  TF_NPZ_ASSIGN_OR_RETURN(const std::unique_ptr<ArrayReader> array,
                          OpenArray(bytes, way.rows, TestOptions(), key));
  // A header that claims a large size. A small member is loaded when it is opened.
  if (array->must_load()) TF_NPZ_RETURN_IF_ERROR(array->Load());
  return way.read(*array);
}

struct Sample {
  const char* name;
  std::string bytes;
  std::vector<std::string> keys;  // names of arrays; for an npy, one key with any name
  bool has_checksum;

  // How GoogleTest prints a case.
  friend void PrintTo(const Sample& sample, std::ostream* os) { *os << sample.name; }
};

std::string ArrayOf(const char* descr, bool fortran) {
  return Npy(descr, {5, 3}, BytesOf(CountingUp<int32_t>(15)), fortran);
}

// Every kind of member that NumPy and other programs write, in one archive.
std::string Archived(bool deflated, bool zip64) {
  ZipArchive zip;
  zip.zip64_end = zip64;
  zip.members = {Member("x.npy", ArrayOf("<i4", false), deflated),
                 Member("y.npy", ArrayOf(">u4", true), deflated)};
  for (ZipMember& member : zip.members) {
    member.zip64_directory = zip64;
    member.local_sizes = zip64 ? LocalSizes::kZip64 : LocalSizes::kDataDescriptor;
  }
  return WriteZip(zip);
}

// `npy` in gzip members. One ends within the header of the array, and one has all optional fields.
std::string Gzipped(const std::string& npy) {
  std::vector<GzipMember> members(2);
  members[0].contents = npy.substr(0, 9);
  members[1].contents = npy.substr(9);
  members[1].name = "name";
  members[1].comment = "comment";
  members[1].extra = "extra";
  members[1].has_header_crc = true;
  return WriteGzip(members);
}

class MutationTest : public ::testing::TestWithParam<Sample> {
 protected:
  void SetUp() override {
    for (const std::string& key : GetParam().keys) {
      for (const Way& way : kWays) {
        const Result<std::string> elements = Read(GetParam().bytes, key, way);
        ASSERT_OK(elements);
        EXPECT_EQ(elements->size(), 60u);
        const bool is_new = right_.emplace(key, *elements).second;
        EXPECT_TRUE(is_new || right_[key] == *elements) << "all ways lead to the same";
      }
    }
  }

  // Reads `damaged` in every way.
  void ExpectRightOrError(const std::string& damaged, size_t where) {
    for (const std::string& key : GetParam().keys) {
      for (const Way& way : kWays) {
        const Result<std::string> elements = Read(damaged, key, way);
        if (!elements.ok()) {
          ASSERT_NE(elements.status().code(), Code::kInternal) << elements.status().message();
          ASSERT_EQ(elements.status().message().rfind("f", 0), 0u) << elements.status().message();
        } else if (GetParam().has_checksum) {
          ASSERT_TRUE(*elements == right_[key]) << way.name << ", byte " << where;
        }
      }
    }
    const Result<std::shared_ptr<Archive>> archive = OpenBytes(damaged);
    if (archive.ok()) InspectArchive(*archive);
  }

  std::map<std::string, std::string> right_;  // elements by key
};

TEST_P(MutationTest, EveryByteChanged) {
  const std::string& bytes = GetParam().bytes;
  for (size_t i = 0; i < bytes.size(); ++i) {
    for (const int change : {0x01, 0x02, 0x04, 0x08, 0x10, 0x20, 0x40, 0x80, 0xFF}) {
      std::string damaged = bytes;
      damaged[i] = static_cast<char>(damaged[i] ^ change);
      ExpectRightOrError(damaged, i);
    }
  }
}

TEST_P(MutationTest, CutAtEveryLength) {
  const std::string& bytes = GetParam().bytes;
  for (size_t size = 0; size < bytes.size(); ++size) {
    for (const std::string& key : GetParam().keys) {
      for (const Way& way : kWays) {
        const Result<std::string> elements = Read(bytes.substr(0, size), key, way);
        EXPECT_EQ(elements.status().code(), Code::kDataLoss) << way.name << ", cut at " << size;
      }
    }
    const Result<std::shared_ptr<Archive>> archive =
        OpenBytes(std::string_view(bytes).substr(0, size));
    if (archive.ok()) InspectArchive(*archive);
  }
}

TEST_P(MutationTest, ZerosOrOnesInPlaceOfEveryField) {
  const std::string& bytes = GetParam().bytes;
  for (const size_t width : {2, 4, 8}) {
    for (size_t i = 0; i + width <= bytes.size(); ++i) {
      for (const char byte : {'\0', '\x7F', '\xFF'}) {
        std::string damaged = bytes;
        damaged.replace(i, width, std::string(width, byte));
        ExpectRightOrError(damaged, i);
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(
    Files, MutationTest,
    ::testing::Values(Sample{"Npy", ArrayOf("<i4", false), {""}, false},
                      Sample{"FortranNpy", ArrayOf(">i4", true), {""}, false},
                      Sample{"Gzip", Gzip(ArrayOf("<i4", false)), {""}, true},
                      Sample{"GzipMembers", Gzipped(ArrayOf("<i4", false)), {""}, true},
                      Sample{"FortranGzipMembers", Gzipped(ArrayOf(">u4", true)), {""}, true},
                      Sample{"Stored", Archived(false, false), {"x", "y"}, true},
                      Sample{"StoredZip64", Archived(false, true), {"x", "y"}, true},
                      Sample{"Deflated", Archived(true, false), {"x", "y"}, true},
                      Sample{"DeflatedZip64", Archived(true, true), {"x", "y"}, true}),
    [](const auto& info) { return std::string(info.param.name); });

}  // namespace
}  // namespace tf_npz
