// ArrayReader: the elements of one array, decoded into the caller's memory. They come in C order
// and in native form: the machine's byte order, bools as 0 or 1, strings in UTF-8. Numbers are cast
// to the type of their component.
//
// An element is a row, a window of rows, or the whole array, as the plan says; or a part of these.
// Its items may be structures. Each component takes one field of the items, or whole items.
//
// If is_random_access(), several threads may call Read at once. All other calls are for one thread
// at a time: while one thread loads, no other may read.

#ifndef TF_NPZ_READER_ARRAY_READER_H_
#define TF_NPZ_READER_ARRAY_READER_H_

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "cc/base/status.h"
#include "cc/format/npy_header.h"
#include "cc/io/buffer.h"
#include "cc/reader/array_plan.h"
#include "cc/reader/component.h"
#include "cc/reader/item_reader.h"
#include "cc/reader/member_reader.h"
#include "cc/reader/slice.h"
#include "cc/reader/windows.h"

namespace tf_npz {

// Elements in memory, aligned to kBufferAlignment, in C order.
struct ArrayData {
  Buffer buffer;
  std::vector<int64_t> shape;
  // Bytes from one item to the next. A shorter string is padded with NULs.
  int64_t item_size = 0;
};

// Reads the first bytes of the array in `member`: preamble and header, not parsed.
Result<std::string> ReadHeaderBytes(MemberReader& member);

// Tells `member` which of its bytes are wanted: those that `header` counts. DataLoss if the member
// is smaller.
Status SetWantedSize(MemberReader& member, const NpyHeader& header);

// Reads and parses the header of the array in `member`, and calls SetWantedSize with it.
Result<NpyHeader> ReadNpyHeader(MemberReader& member);

class ArrayReader {
 public:
  // `plan` was made from the header of the array in `member`, and SetWantedSize has been called for
  // `member`. Usually OpenSelection makes the readers.
  ArrayReader(std::unique_ptr<MemberReader> member, std::shared_ptr<const ArrayPlan> plan)
      : member_(std::move(member)), plan_(std::move(plan)), items_(*member_, *plan_) {}

  // The beginning of each message about the array, `PATH["NAME"]: `. The errors of all calls have
  // it.
  std::string context() const { return member_->context(); }
  const std::shared_ptr<const ArrayPlan>& plan() const { return plan_; }
  const NpyHeader& header() const { return plan_->header; }
  int64_t count() const { return plan_->count; }
  // The dimensions of an element that the array has. Components may add more after them.
  const std::vector<int64_t>& element_shape() const { return plan_->element_shape; }
  const std::vector<Component>& components() const { return plan_->components; }

  // Bytes of memory that Load takes and the reader then keeps. 0 if the array is loaded already, or
  // if loading would not make reading faster.
  uint64_t load_size() const;
  // Bytes of memory that the reader keeps because it was loaded. 0 if it was not.
  uint64_t loaded_size() const { return member_->loaded().size(); }
  // Whether ReadAll of a loaded array gives its bytes away, without a copy: its items lie there as
  // in a tensor.
  bool serves_whole() const;
  // Whether the first read has to load. That is so for a compressed array in Fortran order: its
  // first row needs its last byte.
  bool must_load() const;
  // Decodes the whole member into memory at once. That is faster than decoding pieces. While it
  // runs, it takes load_overhead() more bytes.
  Status Load();
  uint64_t load_overhead() const { return member_->load_overhead(); }
  // Whether reading an element reads only the element's own bytes, and several threads may read at
  // once. True for stored data, in both orders, and for loaded data.
  bool is_random_access() const { return member_->is_random_access(); }

  // Decodes elements `first` … `first + count - 1` to `destinations`, one for each component. If
  // `done` is not null, `*done` is the number of elements before the error, all of them right.
  // Elements of a stream are best read in order: going back decodes the stream from its beginning.
  //
  // One of the reads verifies the checksum, as ReadOptions::checksums says:
  // - in a stream, the read of the last row;
  // - in stored data, the read that completes the rows, in any order of reading;
  // - in stored data in Fortran order, the first read, before it takes its rows, because no row is
  //   complete before the last column.
  // If the checksum is wrong, that read returns DataLoss and `*done` is 0.
  //
  // If the plan is repeated, each call reads the only item, and copies it to all elements.
  Status Read(int64_t first, int64_t count, const std::vector<char*>& destinations,
              int64_t* done = nullptr);

  // Decodes the whole array, each component into memory of its own. ArrayData::shape begins with
  // the shape of the array, also if an element is a row. To be called once, and no Read after it:
  // the result may take the loaded bytes and change them in place.
  Result<std::vector<ArrayData>> ReadAll();

 private:
  Status WithContext(const Status& status) const;
  Status ReadRows(const Steps& rows, const std::vector<char*>& destinations, int64_t* done);
  Status ReadRepeated(int64_t count, const std::vector<char*>& destinations, int64_t* done);
  Status ReadElements(int64_t first, int64_t count, const std::vector<char*>& destinations,
                      int64_t* done);
  Status ReadTail();
  Status ReadFields(const Steps& rows, const std::vector<char*>& destinations, int64_t* done);
  Status Convert(const Component& component, const Steps& rows, int64_t first, int64_t count,
                 char* data, int64_t* done) const;
  Status Cast(const Component& component, const Steps& rows, int64_t first, int64_t count,
              const char* data, char* destination, int64_t* done) const;
  int64_t RowsOf(int64_t items, int64_t all_rows) const;
  std::string PlaceOf(const Component& component, const Steps& rows, int64_t item) const;
  Result<std::vector<ArrayData>> ReadAllElements();

  const std::unique_ptr<MemberReader> member_;
  const std::shared_ptr<const ArrayPlan> plan_;
  ItemReader items_;
  // Of a stream: the last rows, which the next window may need too. A stream cannot go back.
  DecodedRows decoded_;
};

}  // namespace tf_npz

#endif  // TF_NPZ_READER_ARRAY_READER_H_
