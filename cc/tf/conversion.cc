#include "cc/tf/conversion.h"

#include <cstdint>
#include <cstring>
#include <optional>
#include <string_view>
#include <utility>

#include "absl/strings/str_cat.h"
#include "cc/io/remote.h"
#include "tensorflow/core/framework/allocation_description.pb.h"
#include "tensorflow/core/framework/allocator.h"
#include "tensorflow/core/platform/tstring.h"

namespace tf_npz {
namespace {

using ::tensorflow::DataType;
using ::tensorflow::PartialTensorShape;
using ::tensorflow::Tensor;
using ::tensorflow::TensorShape;

// A Buffer as the memory of one tensor. No other tensor shares it, so TensorFlow may write to it.
class ArrayTensorBuffer : public tensorflow::TensorBuffer {
 public:
  ArrayTensorBuffer(Buffer buffer, size_t size)
      : TensorBuffer(buffer.data()), buffer_(std::move(buffer)), size_(size) {}

  size_t size() const override { return size_; }
  TensorBuffer* root_buffer() override { return this; }
  void FillAllocationDescription(tensorflow::AllocationDescription* proto) const override {
    proto->set_requested_bytes(static_cast<int64_t>(size_));
    proto->set_allocator_name("tf_npz");
  }

 private:
  const Buffer buffer_;
  const size_t size_;
};

// A dtype whose name in TensorFlow differs from NumPy's.
struct NamePair {
  std::string_view tensorflow;
  std::string_view ours;
};
constexpr NamePair kNames[] = {{"half", "float16"}, {"float", "float32"}, {"double", "float64"}};

std::optional<ElementType> ToElementType(DataType dtype) {
  const std::string name = tensorflow::DataTypeString(dtype);
  for (const NamePair& pair : kNames) {
    if (pair.tensorflow == name) return ElementTypeNamed(pair.ours);
  }
  return ElementTypeNamed(name);
}

static_assert(static_cast<int>(Code::kDataLoss) == static_cast<int>(absl::StatusCode::kDataLoss),
              "the codes of cc/base/status.h are numbered as TensorFlow's are");

// A tensor of the strings at `items`, of `item_size` bytes each, without the NULs that pad them.
absl::Status ToStringTensor(const char* items, int64_t item_size, const TensorShape& shape,
                            Tensor* tensor) {
  *tensor = Tensor(tensorflow::cpu_allocator(), tensorflow::DT_STRING, shape);
  const int64_t count = shape.num_elements();
  if (count == 0) return absl::OkStatus();
  if (!tensor->IsInitialized()) {
    return absl::ResourceExhaustedError(absl::StrCat("no memory for ", count, " strings"));
  }
  auto* strings = static_cast<tensorflow::tstring*>(tensor->data());
  for (int64_t i = 0; i < count; ++i, items += item_size) {
    int64_t length = item_size;
    while (length > 0 && items[length - 1] == '\0') --length;
    strings[i].assign(items, length);
  }
  return absl::OkStatus();
}

// A tensor with a copy of the `size` bytes at `source`.
absl::Status ToCopiedTensor(const char* source, size_t size, DataType dtype,
                            const TensorShape& shape, Tensor* tensor) {
  *tensor = Tensor(tensorflow::cpu_allocator(), dtype, shape);
  if (size == 0) return absl::OkStatus();
  if (!tensor->IsInitialized()) {
    return absl::ResourceExhaustedError(absl::StrCat("no memory for ", size, " bytes"));
  }
  std::memcpy(tensor->data(), source, size);
  return absl::OkStatus();
}

bool IsAligned(const void* data) {
  return reinterpret_cast<uintptr_t>(data) % kBufferAlignment == 0;
}

}  // namespace

absl::Status ToAbslStatus(const Status& status) {
  return absl::Status(static_cast<absl::StatusCode>(status.code()), status.message());
}

Status FromAbslStatus(const absl::Status& status, std::string_view path) {
  return FileSystemError(static_cast<int>(status.code()), status.message(), path);
}

Result<std::vector<ComponentSpec>> ToComponentSpecs(const tensorflow::DataTypeVector& dtypes,
                                                    const std::vector<PartialTensorShape>& shapes,
                                                    const std::vector<bool>& casts) {
  if (!casts.empty() && casts.size() != dtypes.size()) {
    return InvalidArgument("casts and output_types differ in length");
  }
  std::vector<ComponentSpec> specs;
  for (size_t i = 0; i < dtypes.size(); ++i) {
    ComponentSpec spec;
    const std::optional<ElementType> type = ToElementType(dtypes[i]);
    if (!type) {
      return InvalidArgument("element_spec says " + tensorflow::DataTypeString(dtypes[i]) +
                             ", but no array can be read as this dtype");
    }
    spec.type = *type;
    spec.casts = !casts.empty() && casts[i];
    if (!shapes[i].unknown_rank()) {
      spec.shape.emplace();
      for (const auto& dimension : shapes[i]) spec.shape->push_back(dimension.size);
    }
    specs.push_back(std::move(spec));
  }
  return specs;
}

std::vector<std::string> ToStrings(const Tensor& tensor) {
  const auto flat = tensor.flat<tensorflow::tstring>();
  std::vector<std::string> strings;
  strings.reserve(flat.size());
  for (int64_t i = 0; i < flat.size(); ++i) strings.emplace_back(flat(i));
  return strings;
}

Result<std::vector<FieldPath>> ToKeys(const Tensor& keys, const std::vector<int64_t>& key_depths) {
  const std::vector<std::string> names = ToStrings(keys);
  std::vector<FieldPath> divided;
  auto next = names.begin();
  for (const int64_t depth : key_depths) {
    if (depth < 0 || depth > names.end() - next) {
      return InvalidArgument("key_depths do not add up to the number of keys");
    }
    divided.emplace_back(next, next + depth);
    next += depth;
  }
  if (next != names.end()) {
    return InvalidArgument("key_depths do not add up to the number of keys");
  }
  return divided;
}

Result<std::vector<Slices>> ToSlicesOfComponents(const std::vector<int64_t>& numbers,
                                                 const std::vector<int64_t>& slice_axes,
                                                 size_t components) {
  std::vector<Slices> slices;
  if (slice_axes.empty() && numbers.empty()) return slices;
  size_t next = 0;
  for (const int64_t axes : slice_axes) {
    if (axes < 0 || static_cast<size_t>(axes) > (numbers.size() - next) / 3) break;
    const size_t count = static_cast<size_t>(axes) * 3;
    const auto* const begin = numbers.data() + next;
    TF_NPZ_ASSIGN_OR_RETURN(Slices own, ToSlices({begin, begin + count}));
    next += count;
    slices.push_back(std::move(own));
  }
  if (slices.size() != components || slice_axes.size() != components || next != numbers.size()) {
    return InvalidArgument("slices needs three numbers for each of slice_axes, one for each key");
  }
  for (const Slices& own : slices) {
    for (const AxisSlice& slice : own) {
      if (slice.is_known()) continue;
      return InvalidArgument("slices must be known when an array is read");
    }
  }
  return slices;
}

absl::Status ToTensor(ArrayData data, DataType dtype, int64_t count, Tensor* tensor) {
  std::vector<int64_t> dimensions = std::move(data.shape);
  if (count >= 0) dimensions.insert(dimensions.begin(), count);
  TensorShape shape;
  absl::Status status = TensorShape::BuildTensorShape(dimensions, &shape);
  if (!status.ok()) return status;
  if (dtype == tensorflow::DT_STRING) {
    return ToStringTensor(data.buffer.data(), data.item_size, shape, tensor);
  }
  const size_t size = shape.num_elements() * tensorflow::DataTypeSize(dtype);
  // TensorFlow aborts on tensors that are not aligned, so those are copied.
  if (size == 0 || !IsAligned(data.buffer.data())) {
    return ToCopiedTensor(data.buffer.data(), size, dtype, shape, tensor);
  }
  tensorflow::core::RefCountPtr<tensorflow::TensorBuffer> buffer(
      new ArrayTensorBuffer(std::move(data.buffer), size));
  *tensor = Tensor(dtype, shape, std::move(buffer));
  return absl::OkStatus();
}

absl::Status CopyElement(const ArrayData& data, DataType dtype, int64_t index, Tensor* tensor) {
  TensorShape shape;
  absl::Status status = TensorShape::BuildTensorShape(data.shape, &shape);
  if (!status.ok()) return status;
  const size_t size = shape.num_elements() * data.item_size;
  const char* const source = data.buffer.data() + index * size;
  if (dtype == tensorflow::DT_STRING) return ToStringTensor(source, data.item_size, shape, tensor);
  return ToCopiedTensor(source, size, dtype, shape, tensor);
}

}  // namespace tf_npz
