#include "cc/py/python_files.h"

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <utility>

#include "cc/io/read_ahead_file.h"
#include "cc/io/remote.h"
#include "cc/py/errors.h"

namespace tf_npz {

namespace py = pybind11;

class PythonFile : public RandomAccessFile {
 public:
  PythonFile(const PythonFileSystem& files, py::object file, uint64_t size)
      : files_(files), file_(std::move(file)), size_(size) {}
  ~PythonFile() override {
    const py::gil_scoped_acquire gil;
    file_ = py::object();
  }

  Result<size_t> Read(uint64_t offset, void* destination, size_t size) const override {
    size_t count = 0;
    const Status status = files_.Call(
        [&] {
          const py::bytes bytes = file_.attr("read")(offset, size);
          const std::string_view view = bytes;
          if (view.size() > size) throw py::value_error("read() returned too many bytes");
          std::memcpy(destination, view.data(), view.size());
          count = view.size();
        },
        &failure_);
    if (!status.ok()) return status;
    return count;
  }
  uint64_t size() const override { return size_; }

 private:
  const PythonFileSystem& files_;
  py::object file_;
  const uint64_t size_;
  mutable Status failure_;  // guarded by the GIL
};

Result<std::unique_ptr<RandomAccessFile>> PythonFileSystem::Open(const std::string& path) const {
  if (is_interrupted_) return Cancelled();
  if (!HasScheme(path)) return local_.Open(path);
  std::unique_ptr<RandomAccessFile> opened;
  TF_NPZ_RETURN_IF_ERROR(Call(
      [&] {
        py::object file = open_remote_(py::bytes(path));
        const auto size = file.attr("size").cast<uint64_t>();
        opened = std::make_unique<PythonFile>(*this, std::move(file), size);
      },
      nullptr));
  return NewReadAheadFile(std::move(opened));
}

bool PythonFileSystem::IsInterrupted() const {
  if (is_interrupted_) return true;
  return !Call(
              [] {
                if (PyErr_CheckSignals() != 0) throw py::error_already_set();
              },
              nullptr)
              .ok();
}

void PythonFileSystem::Rethrow() const {
  if (exception_) std::rethrow_exception(exception_);
}

Status PythonFileSystem::Call(const std::function<void()>& body, Status* failure) const {
  if (is_interrupted_) return Cancelled();
  const py::gil_scoped_acquire gil;
  if (failure != nullptr && !failure->ok()) return *failure;
  try {
    body();
    return OkStatus();
  } catch (const py::error_already_set& exception) {
    if (IsStatusError(exception)) {
      const Status status = StatusOf(exception);
      if (failure != nullptr) *failure = status;
      if (failure_.ok()) failure_ = status;
      return status;
    }
    exception_ = std::current_exception();
  } catch (...) {  // an object of another type than expected
    exception_ = std::current_exception();
  }
  is_interrupted_ = true;
  return Cancelled();
}

}  // namespace tf_npz
