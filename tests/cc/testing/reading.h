// Archives and arrays out of bytes, for tests of the reader.

#ifndef TF_NPZ_TESTING_READING_H_
#define TF_NPZ_TESTING_READING_H_

#include <algorithm>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "testing/npy_writer.h"
#include "testing/zip_writer.h"
#include "tf_npz/base/status.h"
#include "tf_npz/reader/archive.h"
#include "tf_npz/reader/array_reader.h"

namespace tf_npz {

inline ReadOptions TestOptions(bool verify_checksums = true) {
  ReadOptions options;
  options.pool = BufferPool::New(size_t{16} << 20);
  options.verify_checksums = verify_checksums;
  return options;
}

inline ZipMember Member(std::string name, std::string contents, bool deflated = false) {
  ZipMember member;
  member.name = std::move(name);
  member.contents = std::move(contents);
  member.deflated = deflated;
  return member;
}

// An npz with one array, "x".
inline std::string NpzOf(std::string npy, bool deflated) {
  return WriteZip({Member("x.npy", std::move(npy), deflated)});
}

// `bytes`, which must outlive it, as an archive that messages call "f".
inline Result<std::shared_ptr<Archive>> OpenBytes(std::string_view bytes) {
  return Archive::OpenContents(bytes, "f");
}

// The array `name` of an npz, or the only one of an npy.
inline Result<std::unique_ptr<ArrayReader>> OpenArray(std::string_view bytes, bool rows,
                                                      ReadOptions options = TestOptions(),
                                                      std::string_view name = "x") {
  TF_NPZ_ASSIGN_OR_RETURN(std::shared_ptr<Archive> archive, OpenBytes(bytes));
  const ZipEntry* entry = nullptr;
  if (archive->is_npz()) {
    TF_NPZ_ASSIGN_OR_RETURN(entry, archive->Find(name));
  }
  return ArrayReader::Open(std::move(archive), entry, rows, std::move(options));
}

// The elements `first` … `first + count - 1`.
inline Result<std::string> ReadElements(ArrayReader& array, int64_t first, int64_t count) {
  std::string bytes(count * array.element_size(), '\xAA');
  TF_NPZ_RETURN_IF_ERROR(array.Read(first, count, bytes.data()));
  return bytes;
}

// All elements, `step` at a time.
inline Result<std::string> ReadInSteps(ArrayReader& array, int64_t step) {
  std::string all;
  for (int64_t first = 0; first < array.count(); first += step) {
    TF_NPZ_ASSIGN_OR_RETURN(const std::string part,
                            ReadElements(array, first, std::min(step, array.count() - first)));
    all += part;
  }
  return all;
}

inline std::string_view BytesIn(const ArrayData& data, size_t size) {
  return {data.buffer.data() + data.offset, size};
}

// The whole array's elements, as ReadAll gives them.
inline Result<std::string> ReadWhole(ArrayReader& array) {
  TF_NPZ_ASSIGN_OR_RETURN(const ArrayData data, array.ReadAll());
  return std::string(BytesIn(data, array.header().data_size));
}

}  // namespace tf_npz

#endif  // TF_NPZ_TESTING_READING_H_
