// What a file holds, from directories and headers alone.

#ifndef TF_NPZ_READER_INSPECT_H_
#define TF_NPZ_READER_INSPECT_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
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
  bool is_read = true;   // false: nobody asked for it, and nothing below is known
  bool is_array = true;  // false: the member's bytes are no `.npy` array
  // What is wrong with it, with path and name; `header` and `components` hold only where this is
  // OK.
  Status status;
  NpyHeader header;
  std::vector<ComponentFacts> components;
  uint64_t compressed_size = 0;  // bytes in the file
  uint64_t size = 0;             // bytes uncompressed, header included; of gzip, the array's
  std::string compression;       // ZipMethodName; of an `.npy` "stored" or "gzip"
};

// One for each name that np.load would show, in that order; one, without a name, for an `.npy`.
// Where `names` is given, only the arrays that np.load finds under these are read.
std::vector<MemberFacts> InspectArchive(
    const std::shared_ptr<Archive>& archive,
    const std::optional<std::vector<std::string>>& names = std::nullopt);

}  // namespace tf_npz

#endif  // TF_NPZ_READER_INSPECT_H_
