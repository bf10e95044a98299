// What a file holds, from directories and headers alone.

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

// A component that an array makes: the array as it is, or a field of its structures.
struct ComponentFacts {
  FieldPath path;
  DType dtype;
  Status status;  // why no tensor can be made of it; what follows holds only where this is OK
  ElementType type = ElementType::kFloat32;
  std::vector<int64_t> shape;  // of the whole array's component
};

struct MemberFacts {
  std::string name;      // the array's; empty for an `.npy`
  bool is_array = true;  // false: the member's bytes are no `.npy` array
  // What is wrong with it, with path and name; `header` and `components` hold only where this is
  // OK.
  Status status;
  NpyHeader header;
  std::vector<ComponentFacts> components;  // those of one field, however deep, are neighbours
  uint64_t compressed_size = 0;            // bytes in the file
  uint64_t size = 0;        // bytes uncompressed, header included; of gzip, the array's
  std::string compression;  // ZipMethodName; of an `.npy` "stored" or "gzip"

  // Why the array, or one of its components, can't be read. OK where nothing is wrong.
  Status Problem() const;
};

// Why one of the components from `begin` to `end` can't be read. If an array of structures holds
// objects, none of its components can be read, and the component of objects is the one to blame.
Status ProblemOf(const ComponentFacts* begin, const ComponentFacts* end);

// What the member `entry` of an archive is, under the name `name`; or the array of an `.npy`, where
// `entry` is null.
MemberFacts InspectMember(const std::shared_ptr<Archive>& archive, const ZipEntry* entry,
                          std::string_view name, const std::shared_ptr<BufferPool>& pool);

// One for each name that np.load would show, in that order; one, without a name, for an `.npy`.
std::vector<MemberFacts> InspectArchive(const std::shared_ptr<Archive>& archive);

}  // namespace tf_npz

#endif  // TF_NPZ_READER_INSPECT_H_
