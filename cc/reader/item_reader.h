// ItemReader: those items of an array that its elements take, as the file has them. They come in C
// order, also if the array is in Fortran order.
//
// From stored data it reads the runs of bytes that hold these items, and gaps between them that
// MostGap admits. From a stream it decodes everything up to the last item.
//
// Several threads may call it at once, if the member's is_random_access() is true.

#ifndef TF_NPZ_READER_ITEM_READER_H_
#define TF_NPZ_READER_ITEM_READER_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "cc/base/status.h"
#include "cc/reader/array_plan.h"
#include "cc/reader/member_reader.h"
#include "cc/reader/slice.h"

namespace tf_npz {

// The largest gap, in bytes, that is read between two runs of `run` bytes: as many bytes as the run
// has. 1 KiB if the run has fewer than 64 bytes, because a read takes as long as copying 1 KiB.
inline int64_t MostGap(int64_t run) { return run < 64 ? 1024 : run; }

class ItemReader {
 public:
  // Both must outlive it. `plan` is the plan of the array in `member`.
  ItemReader(MemberReader& member, const ArrayPlan& plan) : member_(member), plan_(plan) {}

  // Whether a call of Read must take whole rows of `rows`.
  bool takes_whole_rows(const Steps& rows) const {
    return plan_.header.fortran_order || plan_.cuts_rows || (rows.step != 1 && rows.count != 1);
  }

  // Reads items number `first` … `first + count - 1` of all items in `rows` that elements take. If
  // there is an error, `*done` is the number of items before it.
  Status Read(const Steps& rows, int64_t first, int64_t count, char* destination, int64_t* done);

 private:
  // A dimension of the items in the file.
  struct Level {
    int64_t stride;  // bytes
    int64_t count;
  };
  // Items in the order of the file: `run` bytes at each index of `levels`, the outermost first.
  struct Layout {
    uint64_t begin = 0;  // of the first run, in bytes from the beginning of the member
    int64_t run = 0;
    std::vector<Level> levels;

    int64_t runs() const;
  };

  Layout LayoutOf(const Steps& rows) const;
  Status ReadRuns(const Layout& layout, char* destination, int64_t* done);
  Status ReadSpan(const std::vector<uint64_t>& runs, uint64_t run, char* destination,
                  int64_t* done);
  Status ReadFortran(const Steps& rows, char* destination);

  MemberReader& member_;
  const ArrayPlan& plan_;
};

}  // namespace tf_npz

#endif  // TF_NPZ_READER_ITEM_READER_H_
