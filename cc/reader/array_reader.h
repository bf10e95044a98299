// ArrayReader: the elements of one array, decoded into the caller's memory in C order and native
// form.
//
// An element is a row, one step along axis 0, or, of a reader for whole arrays, the array. One
// thread at a time.

#ifndef TF_NPZ_READER_ARRAY_READER_H_
#define TF_NPZ_READER_ARRAY_READER_H_

#include <cstdint>
#include <memory>
#include <vector>

#include "tf_npz/base/status.h"
#include "tf_npz/format/npy_header.h"
#include "tf_npz/io/buffer.h"
#include "tf_npz/reader/archive.h"
#include "tf_npz/reader/member_reader.h"

namespace tf_npz {

// Elements in memory: from `offset` on, which is a multiple of kBufferAlignment, in C order.
struct ArrayData {
  Buffer buffer;
  size_t offset = 0;
  std::vector<int64_t> shape;
};

// Reads the header of the array in `member`.
Result<NpyHeader> ReadNpyHeader(MemberReader& member);

class ArrayReader {
 public:
  // Reads the header. Errors begin with PATH[NAME]: as do those of all calls.
  static Result<std::unique_ptr<ArrayReader>> Open(std::shared_ptr<const Archive> archive,
                                                   const ZipEntry* entry, bool rows,
                                                   ReadOptions options);

  const NpyHeader& header() const { return header_; }
  int64_t count() const { return count_; }
  const std::vector<int64_t>& element_shape() const { return element_shape_; }
  uint64_t element_size() const { return element_size_; }  // bytes

  // Bytes of memory that Load takes until the reader goes; 0 where it has been done or there is no
  // point in it.
  uint64_t load_size() const;
  // Whether the first read loads in any case: a Fortran-ordered stream, whose first row needs its
  // last byte.
  bool must_load() const;
  // Decodes the whole member into memory at once, which is faster than in pieces.
  Status Load();

  // Decodes elements `first` … `first + count - 1` to `destination`. `*done`, where given, is how
  // many came out right before an error. Elements are best read in their order: going back in a
  // stream begins it anew.
  Status Read(int64_t first, int64_t count, char* destination, int64_t* done = nullptr);

  // Decodes all elements into memory of their own; the reader is of no use afterwards.
  // ArrayData::shape is the array's.
  Result<ArrayData> ReadAll();

 private:
  ArrayReader(std::string context, std::unique_ptr<MemberReader> member, ReadOptions options)
      : context_(std::move(context)), member_(std::move(member)), options_(std::move(options)) {}
  Status Init(bool rows);
  Status ReadElements(int64_t first, int64_t count, char* destination, int64_t* done);
  Status ReadFortran(int64_t first, int64_t count, char* destination);
  Result<ArrayData> ReadAllElements();

  const std::string context_;
  const std::unique_ptr<MemberReader> member_;
  const ReadOptions options_;
  NpyHeader header_;
  int64_t count_ = 0;
  std::vector<int64_t> element_shape_;
  uint64_t element_size_ = 0;
  bool gather_verified_ =
      false;  // the checksum of a member that is read out of order has been looked at
};

}  // namespace tf_npz

#endif  // TF_NPZ_READER_ARRAY_READER_H_
