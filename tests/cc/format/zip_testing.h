// Reads whole archives with the functions of zip_directory.h, in the order that it requires.

#ifndef TF_NPZ_FORMAT_ZIP_TESTING_H_
#define TF_NPZ_FORMAT_ZIP_TESTING_H_

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cc/format/zip_directory.h"
#include "tests/cc/testing/zip_writer.h"

namespace tf_npz {

struct Directory {
  ZipEnd end;
  std::vector<ZipEntry> entries;
};

inline Result<Directory> ReadDirectory(std::string_view archive) {
  const std::string_view tail =
      archive.substr(archive.size() - std::min(archive.size(), kMaxZipTailSize));
  Result<Directory> read = DataLoss("no end record");
  for (const size_t at : FindZipEnds(tail)) {
    read = [&]() -> Result<Directory> {
      Directory directory;
      TF_NPZ_ASSIGN_OR_RETURN(directory.end, ParseZipEnd(tail, at, archive.size()));
      TF_NPZ_ASSIGN_OR_RETURN(directory.entries,
                              ParseZipDirectory(archive.substr(directory.end.directory_offset,
                                                               directory.end.directory_size),
                                                directory.end));
      return directory;
    }();
    if (read.status().code() != Code::kDataLoss) break;
  }
  return read;
}

// The data of a member.
inline Result<std::string> DataOf(std::string_view archive, const ZipEntry& entry,
                                  const ZipEnd& end) {
  TF_NPZ_RETURN_IF_ERROR(CheckZipEntry(entry, end));
  const size_t header_size = ZipLocalHeaderSize(entry);
  EXPECT_LE(entry.local_header_offset + header_size, archive.size());
  TF_NPZ_ASSIGN_OR_RETURN(
      const uint64_t offset,
      ParseZipLocalHeader(archive.substr(entry.local_header_offset, header_size), entry, end));
  EXPECT_LE(offset + entry.compressed_size, end.directory_offset);
  return std::string(archive.substr(offset, entry.compressed_size));
}

// The data of each member by its name, or the message of its error.
inline std::map<std::string, std::string> Contents(std::string_view archive) {
  const Result<Directory> directory = ReadDirectory(archive);
  if (!directory.ok()) return {{"error", directory.status().message()}};
  std::map<std::string, std::string> contents;
  for (const ZipEntry& entry : directory->entries) {
    const Result<std::string> data = DataOf(archive, entry, directory->end);
    contents[entry.name] = data.ok() ? *data : data.status().message();
  }
  return contents;
}

using Members = std::map<std::string, std::string>;

inline ZipMember Stored(std::string name, std::string contents) {
  ZipMember member;
  member.name = std::move(name);
  member.contents = std::move(contents);
  return member;
}

inline std::string Overwrite(std::string bytes, size_t at, std::string_view by) {
  return bytes.replace(at, by.size(), by);
}

// Fields of records.
inline std::string U16(uint16_t value) {
  return {static_cast<char>(value & 0xFF), static_cast<char>(value >> 8)};
}
inline std::string U64(uint64_t value) {
  std::string bytes;
  for (int i = 0; i < 8; ++i) bytes.push_back(static_cast<char>(value >> (8 * i) & 0xFF));
  return bytes;
}

}  // namespace tf_npz

#endif  // TF_NPZ_FORMAT_ZIP_TESTING_H_
