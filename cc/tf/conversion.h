// What the layers below call things, in TensorFlow's words.

#ifndef TF_NPZ_TF_CONVERSION_H_
#define TF_NPZ_TF_CONVERSION_H_

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "cc/base/status.h"
#include "cc/reader/array_reader.h"
#include "cc/reader/selection.h"
#include "tensorflow/core/framework/tensor.h"
#include "tensorflow/core/framework/tensor_shape.h"
#include "tensorflow/core/framework/types.h"

namespace tf_npz {

absl::Status ToAbslStatus(const Status& status);
// The error of a file system with the file at `path`, which its message need not name.
Status FromAbslStatus(const absl::Status& status, std::string_view path);

// The specs of elements with these dtypes and shapes; InvalidArgument for a dtype that no array can
// have.
Result<std::vector<ComponentSpec>> ToComponentSpecs(
    const tensorflow::DataTypeVector& dtypes,
    const std::vector<tensorflow::PartialTensorShape>& shapes);

// The strings of a tensor of any shape.
std::vector<std::string> ToStrings(const tensorflow::Tensor& tensor);

// The strings of `keys`, as many for each path as `key_depths` says.
Result<std::vector<FieldPath>> ToPaths(const tensorflow::Tensor& keys,
                                       const std::vector<int64_t>& key_depths);

// A tensor over the memory of `data`, which it takes over: `count` elements along a new first axis,
// or, where `count` is negative, the one element without it.
absl::Status ToTensor(ArrayData data, tensorflow::DataType dtype, int64_t count,
                      tensorflow::Tensor* tensor);

// A tensor of its own with the element number `index` of the array of elements in `data`.
absl::Status CopyElement(const ArrayData& data, tensorflow::DataType dtype, int64_t index,
                         tensorflow::Tensor* tensor);

}  // namespace tf_npz

#endif  // TF_NPZ_TF_CONVERSION_H_
