// BlockShape: the shape that the elements of a block have together, and the bytes that they take.
//
// Elements of one shape lie one after another. With padding, elements of several shapes are padded
// to the largest of each dimension. Strings are as wide as the widest.

#ifndef TF_NPZ_PIPELINE_BLOCK_SHAPE_H_
#define TF_NPZ_PIPELINE_BLOCK_SHAPE_H_

#include <cstdint>
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
  // For batches: the bytes that fill one item, for each component. Empty: elements must be of one
  // shape.
  std::vector<std::string> padding;
  uint64_t memory_limit = 0;  // bytes
  // For messages, of each component: `["x"]`, or `["x"]["field"]`, or nothing.
  std::vector<std::string> component_names;
};

class BlockShape {
 public:
  // The shape of a block that begins with elements of `facts`.
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

// InvalidArgument if a component of `facts` is a datetime of another unit than in `first`. A tensor
// of datetimes does not tell its unit, so all files must have the same.
Status CheckSameUnits(const FileFacts& facts, const std::vector<std::string>& first,
                      const BlockOptions& options, const std::string& filename);

// The units of `facts`, one for each component.
std::vector<std::string> UnitsOf(const FileFacts& facts);

}  // namespace tf_npz

#endif  // TF_NPZ_PIPELINE_BLOCK_SHAPE_H_
