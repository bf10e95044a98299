// FileFacts: what planning needs to know of an opened file. Plain values, no reader behind them.

#ifndef TF_NPZ_PIPELINE_FACTS_H_
#define TF_NPZ_PIPELINE_FACTS_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "cc/pipeline/decoder.h"

namespace tf_npz {

// What is reserved for a file before it is opened, in bytes. It is the size up to which a file is
// read whole when it is opened (kSmallFile in cc/reader/archive.h). A file whose small arrays
// decode to more keeps more. That is known, and reserved, once it is open.
inline constexpr uint64_t kMaxResident = uint64_t{64} << 10;

// What the elements of one component are like.
struct ComponentShape {
  std::vector<int64_t> shape;  // of one element
  // Bytes of an item in a block. A string takes all of them. 0 if it is a string and the element
  // has no items: then the header's width means nothing.
  int64_t item_size = 0;
  bool is_string = false;
  // The dtype's name, for components that become int64: plain integers, or datetimes of one unit.
  // Empty for others.
  std::string unit;
};

// One array of the file, and the components that are taken from it.
struct ArrayFacts {
  std::vector<size_t> components;  // indices into FileFacts::components
  uint64_t element_size = 0;       // bytes of one element in memory, all components together
  Decoding decoding;
};

struct FileFacts {
  int64_t count = 0;      // elements in the file
  int64_t file_size = 0;  // bytes
  uint64_t resident = 0;  // bytes that the open file and its loaded arrays keep in memory
  bool is_small = false;  // the file was read whole when it was opened
  std::vector<ArrayFacts> arrays;
  std::vector<ComponentShape> components;  // one for each component of the selection
};

}  // namespace tf_npz

#endif  // TF_NPZ_PIPELINE_FACTS_H_
