// The attributes that say where the components of an element come from. All ops have them; ops.cc
// says what each means.

#ifndef TF_NPZ_TF_KEY_ATTRIBUTES_H_
#define TF_NPZ_TF_KEY_ATTRIBUTES_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "cc/base/status.h"
#include "cc/reader/selection.h"
#include "tensorflow/core/framework/op_kernel.h"

namespace tf_npz {

struct KeyAttributes {
  std::vector<int64_t> key_depths;
  std::vector<std::string> sources;
  std::vector<int64_t> length_components;
  std::vector<int64_t> length_axes;
  std::vector<int64_t> key_counts;
  std::vector<std::string> fallbacks;  // in pieces

  // The number of components.
  size_t size() const { return key_counts.empty() ? key_depths.size() : key_counts.size(); }
};

absl::Status GetKeyAttributes(tensorflow::OpKernelConstruction* ctx, KeyAttributes* attributes);

// Sets the keys and sources of `selection`, whose each_array is set. `keys` is the op's input.
// InvalidArgument if the attributes contradict each other or the number of keys.
Status SetKeys(const tensorflow::Tensor& keys, const KeyAttributes& attributes,
               Selection* selection);

}  // namespace tf_npz

#endif  // TF_NPZ_TF_KEY_ATTRIBUTES_H_
