// What a file holds, read from directories and headers alone.

#ifndef TF_NPZ_READER_INSPECT_H_
#define TF_NPZ_READER_INSPECT_H_

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "cc/base/status.h"
#include "cc/format/element_type.h"
#include "cc/format/field_view.h"
#include "cc/format/npy_header.h"
#include "cc/format/zip_directory.h"
#include "cc/reader/archive.h"

namespace tf_npz {

// One component that an array can give: whole items, or one field of its structures.
struct ComponentFacts {
  FieldPath path;
  DType dtype;
  Status status;  // OK, or why no tensor can hold it; then the members below are not set
  ElementType type = ElementType::kFloat32;
  std::vector<int64_t> shape;  // if the element is the whole array
};

struct MemberFacts {
  std::string name;      // the array's; empty for an `.npy`
  bool is_array = true;  // false: the member's bytes are no `.npy` array
  // OK, or why its header can't be read; the message begins with path and name. In that case
  // `header` and `components` are not set.
  Status status;
  NpyHeader header;
  // In the order of the dtype. The components within one field are neighbours.
  std::vector<ComponentFacts> components;
  uint64_t compressed_size = 0;  // bytes in the file
  uint64_t size = 0;             // uncompressed bytes, header included; in gzip, those of the array
  std::string compression;       // ZipMethodName; for an `.npy`, "stored" or "gzip"

  // Why the array, or one of its components, can't be read. OK if nothing is wrong.
  Status Problem() const;
};

// Why one of the components from `begin` to `end` can't be read; OK if all can. If structures hold
// objects, none of their components can be read; then the error is that of the objects.
Status ProblemOf(const ComponentFacts* begin, const ComponentFacts* end);

// Reads the header of the member `entry`, which is called `name`. If `entry` is null, the header of
// the only array of an `.npy`. Memory comes from `pool`.
MemberFacts InspectMember(const std::shared_ptr<Archive>& archive, const ZipEntry* entry,
                          std::string_view name, const std::shared_ptr<BufferPool>& pool);

// The facts for each name that np.load shows, in that order. For an `.npy`, those of its array,
// whose name is empty.
std::vector<MemberFacts> InspectArchive(const std::shared_ptr<Archive>& archive);

}  // namespace tf_npz

#endif  // TF_NPZ_READER_INSPECT_H_
