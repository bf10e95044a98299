// Selection: which arrays of a file make an element, and what they must be.

#ifndef TF_NPZ_READER_SELECTION_H_
#define TF_NPZ_READER_SELECTION_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tf_npz/base/status.h"
#include "tf_npz/reader/archive.h"
#include "tf_npz/reader/array_reader.h"

namespace tf_npz {

// What an array's elements must be. A negative dimension admits any length, no shape any shape.
struct ElementSpec {
  DType dtype;  // its byte order plays no part
  std::optional<std::vector<int64_t>> shape;
};

struct Selection {
  // The names of the arrays; none of them: the only array of an `.npy`.
  std::vector<std::string> keys;
  // One for each key, or one for the only array.
  std::vector<ElementSpec> specs;
  // An element is a row, or a file's whole arrays.
  bool rows = true;
};

// The selected arrays of one file, which all have `count` elements.
struct SelectedArrays {
  std::shared_ptr<Archive> archive;
  std::vector<std::unique_ptr<ArrayReader>> arrays;
  int64_t count = 0;
};

// Opens the selected arrays and holds them against their specs. InvalidArgument, saying what to do,
// where the file does not fit the selection.
Result<SelectedArrays> OpenSelection(std::shared_ptr<Archive> archive, const Selection& selection,
                                     const ReadOptions& options);

// Decodes the selected arrays, whole, on the calling thread. `selection.rows` must be false.
Result<std::vector<ArrayData>> ReadSelection(std::shared_ptr<Archive> archive,
                                             const Selection& selection,
                                             const ReadOptions& options);

}  // namespace tf_npz

#endif  // TF_NPZ_READER_SELECTION_H_
