// BlockShape: the shape that the elements of a block have together, and the bytes that they take.
//
// Elements of one shape lie one after another. A component with padding may have elements of
// several shapes. They are padded to the largest of each dimension, or to a fixed length. Strings
// are as wide as the widest.

#ifndef TF_NPZ_PIPELINE_BLOCK_SHAPE_H_
#define TF_NPZ_PIPELINE_BLOCK_SHAPE_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "cc/base/status.h"
#include "cc/pipeline/facts.h"

namespace tf_npz {

// What every block of a reader has in common.
struct BlockOptions {
  int64_t batch_size = 0;       // elements of a block; 0: blocks are no batches
  bool is_whole = false;        // an element is one file's whole arrays
  bool drop_remainder = false;  // a last batch that is not full is left out
  // For batches: the bytes that fill one item, for each component. Nothing: the component's
  // elements must be of one shape. Empty: those of all components must.
  std::vector<std::optional<std::string>> padding;
  // For each component with padding, the dimensions that its elements are padded to; -1: the
  // largest of the block. Empty for a component: -1 for all of its dimensions. Empty: so for all
  // components.
  std::vector<std::vector<int64_t>> padded_shapes;
  uint64_t memory_limit = 0;  // bytes
  // For messages, of each component: `["x"]`, or `["x"]["field"]`, or nothing.
  std::vector<std::string> component_names;

  // Whether the elements of a component are padded, and with what.
  const std::optional<std::string>& padding_of(size_t component) const;
  // The length that axis `axis` of a component is padded to; -1: the largest of the block.
  int64_t padded_length(size_t component, size_t axis) const;
};

class BlockShape {
 public:
  // The shape of a block that begins with elements of `facts`, which CheckPaddedShapes admits.
  BlockShape(const FileFacts& facts, const BlockOptions& options);

  // Makes room for elements of `facts`. `filename` is their file's. InvalidArgument if their shape
  // does not go with the elements before them.
  Status Join(const FileFacts& facts, const BlockOptions& options, const std::string& filename);

  // True if no later Join can change the shape.
  bool is_fixed() const { return is_fixed_; }

  const std::vector<ComponentShape>& components() const { return components_; }

  // The bytes of `count` elements, for each component. ResourceExhausted if no memory has as many.
  // `filename` is the file of the block's first element.
  Result<std::vector<uint64_t>> Sizes(int64_t count, const std::string& filename) const;

 private:
  std::vector<ComponentShape> components_;
  bool is_fixed_ = false;
};

// InvalidArgument if elements of `facts` are longer than BlockOptions::padded_shapes says, or have
// another number of dimensions.
Status CheckPaddedShapes(const FileFacts& facts, const BlockOptions& options,
                         const std::string& filename);

// InvalidArgument if a component of `facts` is a datetime of another unit than in `first`. A tensor
// of datetimes does not tell its unit, so all files must have the same.
Status CheckSameUnits(const FileFacts& facts, const std::vector<std::string>& first,
                      const BlockOptions& options, const std::string& filename);

// The units of `facts`, one for each component.
std::vector<std::string> UnitsOf(const FileFacts& facts);

}  // namespace tf_npz

#endif  // TF_NPZ_PIPELINE_BLOCK_SHAPE_H_
