// ArrayReader: the elements of one array, decoded into the caller's memory in C order and native
// form.
//
// An element is a row, one step along axis 0, or, of a reader for whole arrays, the array. Its
// items may be structures; each component takes one field of them, or the items as they are. One
// thread at a time.

#ifndef TF_NPZ_READER_ARRAY_READER_H_
#define TF_NPZ_READER_ARRAY_READER_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "cc/base/status.h"
#include "cc/format/npy_header.h"
#include "cc/io/buffer.h"
#include "cc/reader/archive.h"
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

// Reads the header of the array in `member`.
Result<NpyHeader> ReadNpyHeader(MemberReader& member);

class ArrayReader {
 public:
  // Reads the header. Errors begin with PATH[NAME]: as do those of all calls. `components` are
  // those of the selection that are to be taken: where ReadOptions::layouts knows the array's
  // layout, they are chosen already.
  static Result<std::unique_ptr<ArrayReader>> Open(const std::shared_ptr<const Archive>& archive,
                                                   const ZipEntry* entry, bool rows,
                                                   ReadOptions options,
                                                   std::vector<size_t> components = {});

  // PATH[NAME]: for messages about the array.
  std::string context() const { return member_->context(); }
  const std::shared_ptr<const ArrayPlan>& layout() const { return layout_; }
  const NpyHeader& header() const { return layout_->header; }
  int64_t count() const { return layout_->count; }
  // Of the array itself; components may add dimensions.
  const std::vector<int64_t>& element_shape() const { return layout_->element_shape; }

  // Settles what the calls below read. To be called once, before them, unless it is settled.
  void Choose(std::vector<Component> components);
  bool is_chosen() const { return !layout_->components.empty(); }
  const std::vector<Component>& components() const { return layout_->components; }

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
  // Whether any element costs no more than its own bytes.
  bool is_random_access() const { return member_->is_random_access(); }

  // Whether elements from `first` on can be lent by a loaded member: they are its only component,
  // and lie there as in a tensor.
  bool CanLend(int64_t first) const;
  // After Load: a slice of the member with elements that CanLend allows, brought into native form.
  // They are not to be read again. `*done` as in Read.
  Buffer Lend(int64_t first, int64_t count, Status* status, int64_t* done);

  // Decodes elements `first` … `first + count - 1` to `destinations`, one for each component.
  // `*done`, where given, is how many came out right before an error. Elements are best read in
  // their order: going back in a stream begins it anew.
  Status Read(int64_t first, int64_t count, const std::vector<char*>& destinations,
              int64_t* done = nullptr);

  // Decodes the whole array into memory of its own, for each component; the reader is of no use
  // afterwards. ArrayData::shape begins with the array's, of rows too.
  Result<std::vector<ArrayData>> ReadAll();

 private:
  ArrayReader(std::unique_ptr<MemberReader> member, ReadOptions options,
              std::vector<size_t> components)
      : member_(std::move(member)), options_(std::move(options)), chosen_(std::move(components)) {}
  Status Init(bool rows);
  Status FindLayout(bool rows);
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
  const ReadOptions options_;
  std::shared_ptr<const ArrayPlan> layout_;
  const std::vector<size_t> chosen_;  // of the selection
  // The checksum of a member that is read out of order has been looked at.
  bool gather_verified_ = false;
};

}  // namespace tf_npz

#endif  // TF_NPZ_READER_ARRAY_READER_H_
