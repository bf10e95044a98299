#include "tf_npz/tf/conversion.h"

#include <cctype>
#include <cstdint>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "tensorflow/core/framework/allocation_description.pb.h"
#include "tensorflow/core/framework/allocator.h"
#include "tensorflow/core/platform/tstring.h"

namespace tf_npz {
namespace {

using ::tensorflow::DataType;
using ::tensorflow::PartialTensorShape;
using ::tensorflow::Tensor;
using ::tensorflow::TensorShape;

// Memory of ours under a tensor. It belongs to that tensor alone, so TensorFlow may write to it in
// place.
class ArrayTensorBuffer : public tensorflow::TensorBuffer {
 public:
  ArrayTensorBuffer(Buffer buffer, size_t offset, size_t size)
      : TensorBuffer(buffer.data() + offset), buffer_(std::move(buffer)), size_(size) {}

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

struct Dtype {
  DataType tensorflow;
  DType::Kind kind;
  int itemsize;
};
constexpr Dtype kDtypes[] = {
    {tensorflow::DT_BOOL, DType::Kind::kBool, 1},
    {tensorflow::DT_INT8, DType::Kind::kInt, 1},
    {tensorflow::DT_INT16, DType::Kind::kInt, 2},
    {tensorflow::DT_INT32, DType::Kind::kInt, 4},
    {tensorflow::DT_INT64, DType::Kind::kInt, 8},
    {tensorflow::DT_UINT8, DType::Kind::kUInt, 1},
    {tensorflow::DT_UINT16, DType::Kind::kUInt, 2},
    {tensorflow::DT_UINT32, DType::Kind::kUInt, 4},
    {tensorflow::DT_UINT64, DType::Kind::kUInt, 8},
    {tensorflow::DT_HALF, DType::Kind::kFloat, 2},
    {tensorflow::DT_FLOAT, DType::Kind::kFloat, 4},
    {tensorflow::DT_DOUBLE, DType::Kind::kFloat, 8},
    {tensorflow::DT_COMPLEX64, DType::Kind::kComplex, 8},
    {tensorflow::DT_COMPLEX128, DType::Kind::kComplex, 16},
};

struct CodePair {
  Code ours;
  absl::StatusCode absl;
};
constexpr CodePair kCodes[] = {
    {Code::kOk, absl::StatusCode::kOk},
    {Code::kCancelled, absl::StatusCode::kCancelled},
    {Code::kInvalidArgument, absl::StatusCode::kInvalidArgument},
    {Code::kNotFound, absl::StatusCode::kNotFound},
    {Code::kPermissionDenied, absl::StatusCode::kPermissionDenied},
    {Code::kResourceExhausted, absl::StatusCode::kResourceExhausted},
    {Code::kUnimplemented, absl::StatusCode::kUnimplemented},
    {Code::kInternal, absl::StatusCode::kInternal},
    {Code::kUnavailable, absl::StatusCode::kUnavailable},
    {Code::kDataLoss, absl::StatusCode::kDataLoss},
    // What file systems say besides, on its way in only.
    {Code::kPermissionDenied, absl::StatusCode::kUnauthenticated},
    {Code::kInvalidArgument, absl::StatusCode::kFailedPrecondition},
    {Code::kDataLoss, absl::StatusCode::kOutOfRange},
};

// Some file systems say no more than the code: "not found".
std::string MessageText(const absl::Status& status) {
  if (!status.message().empty()) return std::string(status.message());
  std::string text = absl::StatusCodeToString(status.code());
  for (char& c : text) c = c == '_' ? ' ' : static_cast<char>(std::tolower(c));
  return text;
}

bool IsAligned(const void* data) {
  return reinterpret_cast<uintptr_t>(data) % kBufferAlignment == 0;
}

}  // namespace

absl::Status ToAbslStatus(const Status& status) {
  for (const CodePair& pair : kCodes) {
    if (pair.ours == status.code()) return absl::Status(pair.absl, status.message());
  }
  return absl::InternalError(status.message());
}

Status FromAbslStatus(const absl::Status& status) {
  for (const CodePair& pair : kCodes) {
    if (pair.absl == status.code()) return Status(pair.ours, MessageText(status));
  }
  return Unavailable(MessageText(status));
}

Result<std::vector<ElementSpec>> ToElementSpecs(const tensorflow::DataTypeVector& dtypes,
                                                const std::vector<PartialTensorShape>& shapes) {
  std::vector<ElementSpec> specs;
  for (size_t i = 0; i < dtypes.size(); ++i) {
    ElementSpec spec;
    bool found = false;
    for (const Dtype& dtype : kDtypes) {
      if (dtype.tensorflow != dtypes[i]) continue;
      spec.dtype = DType{dtype.kind, dtype.itemsize, false};
      found = true;
    }
    if (!found) {
      return InvalidArgument("element_spec says " + tensorflow::DataTypeString(dtypes[i]) +
                             ", which no array can be read as");
    }
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

absl::Status ToTensor(ArrayData data, DataType dtype, int64_t count, Tensor* tensor) {
  std::vector<int64_t> dimensions = std::move(data.shape);
  if (count >= 0) dimensions.insert(dimensions.begin(), count);
  TensorShape shape;
  absl::Status status = TensorShape::BuildTensorShape(dimensions, &shape);
  if (!status.ok()) return status;
  const size_t size = shape.num_elements() * tensorflow::DataTypeSize(dtype);
  // TensorFlow aborts on tensors that aren't aligned.
  if (size == 0 || !IsAligned(data.buffer.data() + data.offset)) {
    Tensor copy(dtype, shape);
    if (size > 0) std::memcpy(copy.data(), data.buffer.data() + data.offset, size);
    *tensor = std::move(copy);
    return absl::OkStatus();
  }
  tensorflow::core::RefCountPtr<tensorflow::TensorBuffer> buffer(
      new ArrayTensorBuffer(std::move(data.buffer), data.offset, size));
  *tensor = Tensor(dtype, shape, std::move(buffer));
  return absl::OkStatus();
}

absl::Status CopyElement(const ArrayData& data, DataType dtype, int64_t index, Tensor* tensor) {
  TensorShape shape;
  absl::Status status = TensorShape::BuildTensorShape(data.shape, &shape);
  if (!status.ok()) return status;
  *tensor = Tensor(tensorflow::cpu_allocator(), dtype, shape);
  const size_t size = shape.num_elements() * tensorflow::DataTypeSize(dtype);
  if (size == 0) return absl::OkStatus();
  if (!tensor->IsInitialized()) {
    return absl::ResourceExhaustedError(absl::StrCat("no memory for ", size, " bytes"));
  }
  std::memcpy(tensor->data(), data.buffer.data() + data.offset + index * size, size);
  return absl::OkStatus();
}

}  // namespace tf_npz
