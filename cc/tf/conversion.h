// Conversions between the types of the layers below and TensorFlow's types. Any thread may call.

#ifndef TF_NPZ_TF_CONVERSION_H_
#define TF_NPZ_TF_CONVERSION_H_

#include <cstddef>
#include <cstdint>
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
// The error of a file system with the file at `path`. The message does not have to name the file.
Status FromAbslStatus(const absl::Status& status, std::string_view path);

// The specs of components with these dtypes and shapes. `casts` says which of them are cast; empty:
// none. InvalidArgument if no array can have one of the dtypes, or if the lengths differ.
Result<std::vector<ComponentSpec>> ToComponentSpecs(
    const tensorflow::DataTypeVector& dtypes,
    const std::vector<tensorflow::PartialTensorShape>& shapes, const std::vector<bool>& casts);

// The strings of a tensor of any shape.
std::vector<std::string> ToStrings(const tensorflow::Tensor& tensor);

// Divides the strings of `keys` between the components: component i takes the next key_depths[i].
// InvalidArgument if the depths do not add up to the number of strings.
Result<std::vector<FieldPath>> ToKeys(const tensorflow::Tensor& keys,
                                      const std::vector<int64_t>& key_depths);

// Divides the numbers of slices (ToSlices) between the components: component i takes the next three
// times slice_axes[i]. Empty `slice_axes`: none is sliced, and the result is empty. InvalidArgument
// if there are not as many numbers or components.
Result<std::vector<Slices>> ToSlicesOfComponents(const std::vector<int64_t>& numbers,
                                                 const std::vector<int64_t>& slice_axes,
                                                 size_t components);

// A tensor that takes over the memory of `data`. If `count` is 0 or more, `data` holds that many
// elements, and the tensor has a first axis of that length. If `count` is negative, `data` holds
// one element, and no axis is added.
absl::Status ToTensor(ArrayData data, tensorflow::DataType dtype, int64_t count,
                      tensorflow::Tensor* tensor);

// A copy of element number `index` of those in `data`.
absl::Status CopyElement(const ArrayData& data, tensorflow::DataType dtype, int64_t index,
                         tensorflow::Tensor* tensor);

}  // namespace tf_npz

#endif  // TF_NPZ_TF_CONVERSION_H_
