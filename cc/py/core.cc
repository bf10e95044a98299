// The Python module `_core`: inspection of files without TensorFlow.
//
// Everything here runs on the calling thread; the GIL is released while the file is read.

#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "cc/base/text.h"
#include "cc/io/posix_file.h"
#include "cc/io/read_ahead_file.h"
#include "cc/reader/archive.h"
#include "cc/reader/inspect.h"

namespace tf_npz {
namespace {

namespace py = pybind11;

// A Status on its way to Python, where it is `_core.StatusError`, args (code name, message).
struct StatusException {
  Status status;
};

template <typename T>
T ValueOrThrow(Result<T> result) {
  if (!result.ok()) throw StatusException{result.status()};
  return std::move(result).value();
}

// A Python callable `read(offset, size) -> bytes` as a file: how files of TensorFlow's file systems
// come here. It belongs to the caller, since the file may be destroyed without the GIL. So does
// `exception`, which becomes the first one that it raises: no exception passes through the layers
// below, and after one the file is not read any more.
class CallableFile : public RandomAccessFile {
 public:
  CallableFile(const py::function& read, uint64_t size, std::exception_ptr* exception)
      : read_(read), size_(size), exception_(exception) {}

  Result<size_t> Read(uint64_t offset, void* destination, size_t size) const override {
    if (*exception_) return Cancelled();
    const py::gil_scoped_acquire gil;
    try {
      const auto bytes = read_(offset, size).cast<std::string>();
      if (bytes.size() > size) return Internal("read() returned more bytes than it was asked for");
      bytes.copy(static_cast<char*>(destination), bytes.size());
      return bytes.size();
    } catch (...) {
      *exception_ = std::current_exception();
      return Cancelled();
    }
  }
  uint64_t size() const override { return size_; }

 private:
  const py::function& read_;
  const uint64_t size_;
  std::exception_ptr* const exception_;
};

// Hands out the one file it is given, whatever the path: Archive opens by name.
class SingleFileSystem : public FileSystem {
 public:
  explicit SingleFileSystem(std::unique_ptr<RandomAccessFile> file) : file_(std::move(file)) {}
  Result<std::unique_ptr<RandomAccessFile>> Open(const std::string&) const override {
    return std::move(file_);
  }

 private:
  mutable std::unique_ptr<RandomAccessFile> file_;
};

// NumPy's `dtype.descr`: a str, or a list of fields.
py::object DescrObject(const DType& dtype) {
  if (dtype.kind != DType::Kind::kStruct) return py::str(dtype.descr());
  py::list fields;
  int64_t end = 0;
  const auto pad_to = [&fields, &end](int64_t offset) {
    if (offset > end) fields.append(py::make_tuple("", "|V" + std::to_string(offset - end)));
  };
  for (const Field& field : dtype.fields) {
    pad_to(field.offset);
    end = field.offset + field.size();
    py::object name = py::str(field.name);
    if (field.has_title) name = py::make_tuple(field.title, name);
    if (field.shape.empty()) {
      fields.append(py::make_tuple(name, DescrObject(field.dtype)));
    } else {
      fields.append(
          py::make_tuple(name, DescrObject(field.dtype), py::tuple(py::cast(field.shape))));
    }
  }
  pad_to(dtype.itemsize);
  return fields;
}

py::object ErrorObject(const Status& status) {
  if (status.ok()) return py::none();
  return py::make_tuple(std::string(CodeName(status.code())), status.message());
}

py::dict ComponentDict(const ComponentFacts& facts) {
  py::dict component;
  component["path"] = py::tuple(py::cast(facts.path));
  component["dtype"] = facts.dtype.name();
  component["error"] = ErrorObject(facts.status);
  if (!facts.status.ok()) return component;
  component["element_type"] = std::string(ElementTypeName(facts.type));
  component["shape"] = py::tuple(py::cast(facts.shape));
  return component;
}

py::dict MemberDict(const MemberFacts& facts) {
  py::dict member;
  member["name"] = facts.name;
  member["is_read"] = facts.is_read;
  if (!facts.is_read) return member;
  member["is_array"] = facts.is_array;
  member["compression"] = facts.compression;
  member["compressed_size"] = facts.compressed_size;
  member["size"] = facts.size;
  member["error"] = ErrorObject(facts.status);
  if (!facts.status.ok()) return member;
  member["dtype"] = facts.header.dtype.name();
  member["descr"] = DescrObject(facts.header.dtype);
  member["shape"] = py::tuple(py::cast(facts.header.shape));
  member["fortran_order"] = facts.header.fortran_order;
  member["version"] = py::make_tuple(facts.header.major_version, 0);
  py::list components;
  for (const ComponentFacts& component : facts.components) {
    components.append(ComponentDict(component));
  }
  member["components"] = components;
  return member;
}

py::dict ArchiveDict(const std::shared_ptr<Archive>& archive,
                     const std::vector<MemberFacts>& members) {
  py::list list;
  for (const MemberFacts& facts : members) list.append(MemberDict(facts));
  py::dict dict;
  dict["format"] = archive->is_npz() ? "npz" : "npy";
  dict["file_size"] = archive->file().size();
  dict["members"] = list;
  return dict;
}

using Names = std::optional<std::vector<std::string>>;

// `exception` is what came up outside of our layers meanwhile.
template <typename Open>
py::dict Inspect(Open open, const Names& names, const std::exception_ptr& exception = nullptr) {
  Result<std::shared_ptr<Archive>> archive = Cancelled();
  std::vector<MemberFacts> members;
  {
    const py::gil_scoped_release release;
    archive = open();
    if (archive.ok()) members = InspectArchive(*archive, names);
  }
  if (exception) std::rethrow_exception(exception);
  return ArchiveDict(ValueOrThrow(std::move(archive)), members);
}

py::dict InspectPath(const std::string& path, const Names& names) {
  return Inspect([&] { return Archive::Open(PosixFileSystem(), path); }, names);
}

py::dict InspectContents(const std::string& contents, const std::string& label,
                         const Names& names) {
  return Inspect([&] { return Archive::OpenContents(contents, label); }, names);
}

py::dict InspectCallable(const py::function& read, uint64_t size, const std::string& label,
                         const Names& names) {
  std::exception_ptr exception;
  const SingleFileSystem file_system(
      NewReadAheadFile(std::make_unique<CallableFile>(read, size, &exception)));
  return Inspect([&] { return Archive::Open(file_system, label); }, names, exception);
}

}  // namespace

PYBIND11_MODULE(_core, module) {
  module.doc() = "Inspection of .npy and .npz files, from headers alone.";
  static py::exception<StatusException> status_error(module, "StatusError");
  py::register_exception_translator([](std::exception_ptr pointer) {
    try {
      if (pointer) std::rethrow_exception(pointer);
    } catch (const StatusException& exception) {
      const py::tuple args = py::make_tuple(std::string(CodeName(exception.status.code())),
                                            exception.status.message());
      PyErr_SetObject(status_error.ptr(), args.ptr());
    }
  });
  module.def("without_path", &WithoutPath, py::arg("message"), py::arg("path"));
  module.def("inspect_path", &InspectPath, py::arg("path"), py::arg("names"));
  module.def("inspect_contents", &InspectContents, py::arg("contents"), py::arg("label"),
             py::arg("names"));
  module.def("inspect_callable", &InspectCallable, py::arg("read"), py::arg("size"),
             py::arg("label"), py::arg("names"));
}

}  // namespace tf_npz
