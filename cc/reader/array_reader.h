// ArrayReader: the elements of one array, decoded into the caller's memory in C order and native
// form.
//
// An element is a row, one step along axis 0, or the whole array, as the plan says. Its items may
// be structures; each component takes one field of them, or the items as they are.
//
// Where is_random_access(), several threads may call Read at once. Otherwise, and for all other
// calls, one thread at a time: while one loads, no other may read.

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
#include "cc/reader/member_reader.h"

namespace tf_npz {

// Elements in memory, aligned to kBufferAlignment, in C order.
struct ArrayData {
  Buffer buffer;
  std::vector<int64_t> shape;
  // Bytes from one item to the next. A string takes all of them, padded with NULs.
  int64_t item_size = 0;
};

// Reads the preamble and the header of the array in `member`, as the file has them.
Result<std::string> ReadHeaderBytes(MemberReader& member);

// Says to `member` which of its bytes are wanted. DataLoss where it holds less than `header` says.
Status SetWantedSize(MemberReader& member, const NpyHeader& header);

// The header of the array in `member`, which holds as much as the header says.
Result<NpyHeader> ReadNpyHeader(MemberReader& member);

class ArrayReader {
 public:
  // Ready to read. `plan` was made from the header of the array in `member`, and SetWantedSize has
  // been called. OpenSelection makes readers.
  ArrayReader(std::unique_ptr<MemberReader> member, std::shared_ptr<const ArrayPlan> plan)
      : member_(std::move(member)), plan_(std::move(plan)) {}

  // What messages about the array begin with, those of all calls too: PATH["NAME"]: .
  std::string context() const { return member_->context(); }
  const std::shared_ptr<const ArrayPlan>& plan() const { return plan_; }
  const NpyHeader& header() const { return plan_->header; }
  int64_t count() const { return plan_->count; }
  // Of the array itself; components may add dimensions.
  const std::vector<int64_t>& element_shape() const { return plan_->element_shape; }
  const std::vector<Component>& components() const { return plan_->components; }

  // Bytes of memory that Load takes until the reader goes; 0 where it has been done or there is no
  // point in it.
  uint64_t load_size() const;
  // Whether the first read loads in any case: a Fortran-ordered stream, whose first row needs its
  // last byte.
  bool must_load() const;
  // Decodes the whole member into memory at once, which is faster than in pieces. Meanwhile it
  // takes load_overhead() bytes more.
  Status Load();
  uint64_t load_overhead() const { return member_->load_overhead(); }
  // Whether any element costs no more than its own bytes, and several threads may read at once:
  // stored data does from the beginning, in both orders, and other data once it is loaded.
  bool is_random_access() const { return member_->is_random_access(); }

  // Decodes elements `first` … `first + count - 1` to `destinations`, one for each component.
  // `*done`, where given, is how many came out right before an error. Elements of a stream are best
  // read in their order: going back begins it anew.
  //
  // One of the reads verifies the checksum, as ReadOptions::checksums says. In a stream it is the
  // read of the last row. In stored data it is the read that completes the rows, in whatever order
  // they are read. In stored data in Fortran order it is the first read, before it takes its rows,
  // because no row is whole before the last column. Where the checksum is wrong, that read returns
  // DataLoss and `*done` is 0.
  Status Read(int64_t first, int64_t count, const std::vector<char*>& destinations,
              int64_t* done = nullptr);

  // Decodes the whole array into memory of its own, for each component; the reader is of no use
  // afterwards. ArrayData::shape begins with the array's, of rows too.
  Result<std::vector<ArrayData>> ReadAll();

 private:
  Status WithContext(const Status& status) const;
  // Rows, here, are steps along axis 0 of whole arrays too; the only item of an array without
  // dimensions is one.
  Status ReadRows(int64_t first, int64_t count, const std::vector<char*>& destinations,
                  int64_t* done);
  Status ReadItems(int64_t first, int64_t count, char* destination, int64_t* done);
  Status ReadFields(int64_t first, int64_t count, const std::vector<char*>& destinations,
                    int64_t* done);
  Status ReadFortran(int64_t first, int64_t count, char* destination);
  Status Convert(const Component& component, int64_t first, int64_t count, char* data,
                 int64_t* done) const;
  Result<std::vector<ArrayData>> ReadAllElements();

  const std::unique_ptr<MemberReader> member_;
  const std::shared_ptr<const ArrayPlan> plan_;
};

}  // namespace tf_npz

#endif  // TF_NPZ_READER_ARRAY_READER_H_
