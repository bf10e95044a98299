// Archives and arrays out of bytes, for tests of the reader.

#ifndef TF_NPZ_TESTING_READING_H_
#define TF_NPZ_TESTING_READING_H_

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cc/base/status.h"
#include "cc/reader/archive.h"
#include "cc/reader/array_reader.h"
#include "cc/reader/inspect.h"
#include "cc/reader/selection.h"
#include "tests/cc/testing/npy_writer.h"
#include "tests/cc/testing/zip_writer.h"

namespace tf_npz {

inline ReadOptions TestOptions(Checksums checksums = Checksums::kFullyRead) {
  ReadOptions options;
  options.pool = BufferPool::New(size_t{16} << 20);
  options.checksums = checksums;
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

// The leaf fields of the array `name`, each as the type that it is by nature. `name` is of no
// meaning in an npy. Where the array can't be read, it is the array as it is.
inline Selection LeavesOf(const std::shared_ptr<Archive>& archive, std::string_view name,
                          bool rows) {
  Selection selection;
  selection.rows = rows;
  FieldPath array;
  if (archive->is_npz()) array.emplace_back(name);
  const Result<const ZipEntry*> entry =
      archive->is_npz() ? archive->Find(name) : Result<const ZipEntry*>(nullptr);
  MemberFacts facts;
  if (entry.ok()) facts = InspectMember(archive, *entry, name, BufferPool::New(0));
  for (const ComponentFacts& component : facts.components) {
    FieldPath key = array;
    key.insert(key.end(), component.path.begin(), component.path.end());
    selection.keys.push_back(std::move(key));
    const Result<ElementType> type = ComponentType(facts.header, component.dtype);
    selection.specs.push_back({type.ok() ? *type : ElementType::kFloat32, std::nullopt});
  }
  if (selection.keys.empty()) {
    selection.keys.push_back(array);
    selection.specs.emplace_back();
  }
  return selection;
}

// The array `name` of an npz, or the only one of an npy, with its leaf fields as components.
inline Result<std::unique_ptr<ArrayReader>> OpenArray(const std::shared_ptr<Archive>& archive,
                                                      bool rows,
                                                      const ReadOptions& options = TestOptions(),
                                                      std::string_view name = "x") {
  TF_NPZ_ASSIGN_OR_RETURN(SelectedArrays selected,
                          OpenSelection(archive, LeavesOf(archive, name, rows), options));
  return std::move(selected.arrays[0].reader);
}

// The same of an archive of `bytes`.
inline Result<std::unique_ptr<ArrayReader>> OpenArray(std::string_view bytes, bool rows,
                                                      const ReadOptions& options = TestOptions(),
                                                      std::string_view name = "x") {
  TF_NPZ_ASSIGN_OR_RETURN(const std::shared_ptr<Archive> archive, OpenBytes(bytes));
  return OpenArray(archive, rows, options, name);
}

// The elements `first` … `first + count - 1` of each component.
inline Result<std::vector<std::string>> ReadComponents(ArrayReader& array, int64_t first,
                                                       int64_t count) {
  std::vector<std::string> bytes;
  for (const Component& component : array.components()) {
    bytes.emplace_back(count * component.element_size(), '\xAA');
  }
  std::vector<char*> destinations;
  for (std::string& component : bytes) destinations.push_back(component.data());
  TF_NPZ_RETURN_IF_ERROR(array.Read(first, count, destinations));
  return bytes;
}

// The same of the only component.
inline Result<std::string> ReadElements(ArrayReader& array, int64_t first, int64_t count) {
  TF_NPZ_ASSIGN_OR_RETURN(const std::vector<std::string> bytes,
                          ReadComponents(array, first, count));
  return bytes[0];
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

inline std::string_view Text(const Buffer& buffer) { return {buffer.data(), buffer.size()}; }

inline std::string_view BytesIn(const ArrayData& data, size_t size) {
  return {data.buffer.data(), size};
}

// The whole array's elements, as ReadAll gives them.
inline Result<std::string> ReadWhole(ArrayReader& array) {
  TF_NPZ_ASSIGN_OR_RETURN(const std::vector<ArrayData> data, array.ReadAll());
  return std::string(BytesIn(data[0], array.header().data_size));
}

}  // namespace tf_npz

#endif  // TF_NPZ_TESTING_READING_H_
