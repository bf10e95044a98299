// The Python module `_core`: reads what files hold, and infers the specs of their elements, without
// TensorFlow.
//
// The GIL is released while files are read. python/tf_npz/_core.pyi describes what Python sees.

#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "cc/io/remote.h"
#include "cc/pipeline/infer_specs.h"
#include "cc/py/errors.h"
#include "cc/py/python_files.h"
#include "cc/reader/archive.h"
#include "cc/reader/inspect.h"
#include "cc/reader/spec.h"

namespace tf_npz {
namespace {

namespace py = pybind11;

struct FileFacts {
  const char* format = "npy";
  uint64_t file_size = 0;
  std::vector<MemberFacts> members;
  std::string note;
};

using Keys = std::optional<std::vector<FieldPath>>;  // see SpecRequest

// A dimension that is not known becomes None.
py::tuple ShapeTuple(const std::vector<int64_t>& shape) {
  py::tuple tuple(shape.size());
  for (size_t axis = 0; axis < shape.size(); ++axis) {
    tuple[axis] = shape[axis] < 0 ? py::object(py::none()) : py::int_(shape[axis]);
  }
  return tuple;
}

FileFacts Inspect(const std::string& path, const py::function& open_remote) {
  const PythonFileSystem files(open_remote);
  FileFacts facts;
  Result<std::shared_ptr<Archive>> archive = Cancelled();
  {
    const py::gil_scoped_release release;
    archive = Archive::Open(files, path);
    if (archive.ok()) facts.members = InspectArchive(*archive);
  }
  files.Rethrow();
  const std::shared_ptr<Archive> opened = ValueOrThrow(std::move(archive));
  // An error of the connection concerns the whole file, not one member.
  if (!files.failure().ok()) {
    throw StatusException{files.failure().WithContext(opened->label() + ": ")};
  }
  facts.format = opened->is_npz() ? "npz" : "npy";
  facts.file_size = opened->file().size();
  facts.note = opened->KindOfOtherProgram();
  return facts;
}

// (keys, dtype, only_numbers): see CastRequest.
using Casts = std::vector<std::tuple<FieldPath, std::string, bool>>;

std::vector<CastRequest> ToCastRequests(const Casts& casts) {
  std::vector<CastRequest> requests;
  for (const auto& [keys, name, only_numbers] : casts) {
    const std::optional<ElementType> type = ElementTypeNamed(name);
    if (!type) {
      throw StatusException{
          InvalidArgument("dtypes says " + name + ", but no array can be read as this dtype")};
    }
    requests.push_back({keys, *type, only_numbers});
  }
  return requests;
}

// (keys, numbers): see SliceRequest and ToSlices.
using SlicesOfKeys = std::vector<std::pair<FieldPath, std::vector<int64_t>>>;

std::vector<SliceRequest> ToSliceRequests(const SlicesOfKeys& slices) {
  std::vector<SliceRequest> requests;
  for (const auto& [keys, numbers] : slices) {
    requests.push_back({keys, ValueOrThrow(ToSlices(numbers))});
  }
  return requests;
}

// (others, is_optional) for each key: see Alternatives.
using AlternativesOfKeys = std::vector<std::pair<std::vector<FieldPath>, bool>>;

std::vector<Alternatives> ToAlternatives(const Keys& keys, const AlternativesOfKeys& given) {
  std::vector<Alternatives> alternatives;
  if (!keys || given.size() != keys->size()) return alternatives;
  for (const auto& [others, is_optional] : given) alternatives.push_back({others, is_optional});
  return alternatives;
}

InferredSpecs InferFromFiles(const std::vector<std::string>& filenames, const Keys& keys, bool rows,
                             const py::function& open_remote, const Casts& casts,
                             const std::vector<int64_t>& row_slice,
                             const std::vector<int64_t>& window, const SlicesOfKeys& slices,
                             bool each_array, const AlternativesOfKeys& alternatives) {
  const SpecRequest request = {keys,
                               rows,
                               ToCastRequests(casts),
                               ValueOrThrow(ToRowSelection(row_slice, window)),
                               ToSliceRequests(slices),
                               each_array,
                               ToAlternatives(keys, alternatives)};
  const PythonFileSystem files(open_remote);
  InferOptions options;
  options.is_cancelled = [&files] { return files.IsInterrupted(); };
  Result<InferredSpecs> specs = Cancelled();
  {
    const py::gil_scoped_release release;
    specs = InferSpecs(files, filenames, request, options);
  }
  files.Rethrow();
  return ValueOrThrow(std::move(specs));
}

// An element is the whole arrays.
InferredSpecs InferFromContents(std::string_view contents, const Keys& keys, const Casts& casts,
                                const SlicesOfKeys& slices,
                                const AlternativesOfKeys& alternatives) {
  const SpecRequest request = {keys,
                               false,
                               ToCastRequests(casts),
                               {},
                               ToSliceRequests(slices),
                               false,
                               ToAlternatives(keys, alternatives)};
  Result<InferredSpec> spec = Cancelled();
  {
    const py::gil_scoped_release release;
    const Result<std::shared_ptr<Archive>> archive = Archive::OpenContents(contents, "<contents>");
    spec = archive.ok() ? InferSpec(*archive, request) : Result<InferredSpec>(archive.status());
  }
  InferredSpec inferred = ValueOrThrow(std::move(spec));
  return {
      ByPlace(std::move(inferred.components)), std::move(inferred.label), {}, OkStatus(), false};
}

py::object FileSystemErrorObject(int code, std::string_view message, std::string_view path) {
  return ErrorObject(FileSystemError(code, message, path));
}

void DefineClasses(py::module_& module) {
  py::class_<MemberFacts>(module, "MemberFacts")
      .def_readonly("name", &MemberFacts::name)
      .def_readonly("is_array", &MemberFacts::is_array)
      .def_readonly("compression", &MemberFacts::compression)
      .def_readonly("compressed_size", &MemberFacts::compressed_size)
      .def_readonly("size", &MemberFacts::size)
      .def_property_readonly("error",
                             [](const MemberFacts& facts) { return ErrorObject(facts.status); })
      .def_property_readonly("problem",
                             [](const MemberFacts& facts) { return ErrorObject(facts.Problem()); })
      .def_property_readonly("dtype",
                             [](const MemberFacts& facts) { return facts.header.dtype.name(); })
      .def_property_readonly("descr",
                             [](const MemberFacts& facts) { return facts.header.dtype.descr(); })
      .def_property_readonly(
          "shape", [](const MemberFacts& facts) { return ShapeTuple(facts.header.shape); })
      .def_property_readonly("fortran_order",
                             [](const MemberFacts& facts) { return facts.header.fortran_order; })
      .def_property_readonly("version", [](const MemberFacts& facts) {
        return py::make_tuple(facts.header.major_version, 0);
      });
  py::class_<FileFacts>(module, "FileFacts")
      .def_readonly("format", &FileFacts::format)
      .def_readonly("file_size", &FileFacts::file_size)
      .def_readonly("members", &FileFacts::members)
      .def_readonly("note", &FileFacts::note);
  py::class_<InferredComponent>(module, "InferredComponent")
      .def_readonly("is_missing", &InferredComponent::is_missing)
      .def_property_readonly(
          "keys",
          [](const InferredComponent& component) { return py::tuple(py::cast(component.keys)); })
      .def_property_readonly("type",
                             [](const InferredComponent& component) {
                               return std::string(ElementTypeName(component.spec.type));
                             })
      .def_property_readonly(
          "dtype", [](const InferredComponent& component) { return component.dtype.name(); })
      .def_property_readonly("shape", [](const InferredComponent& component) {
        const std::optional<std::vector<int64_t>>& shape = component.spec.shape;
        return shape ? py::object(ShapeTuple(*shape)) : py::none();
      });
  py::class_<InferredSpecs>(module, "InferredSpecs")
      .def_readonly("components", &InferredSpecs::components)
      .def_readonly("label", &InferredSpecs::label)
      .def_readonly("may_be_sample", &InferredSpecs::may_be_sample)
      .def_property_readonly(
          "counts", [](const InferredSpecs& specs) { return py::tuple(py::cast(specs.counts)); })
      .def_property_readonly("units",
                             [](const InferredSpecs& specs) { return ErrorObject(specs.units); });
}

}  // namespace

PYBIND11_MODULE(_core, module) {
  module.doc() = "Reads what .npy and .npz files hold, from headers alone.";
  DefineStatusError(module);
  DefineClasses(module);
  module.def("has_scheme", &HasScheme, py::arg("path"));
  module.def("file_system_error", &FileSystemErrorObject, py::arg("code"), py::arg("message"),
             py::arg("path"));
  module.def("inspect", &Inspect, py::arg("path"), py::arg("open_remote"));
  module.def("infer_from_files", &InferFromFiles, py::arg("filenames"), py::arg("keys"),
             py::arg("rows"), py::arg("open_remote"), py::arg("casts") = Casts(),
             py::arg("row_slice") = std::vector<int64_t>(),
             py::arg("window") = std::vector<int64_t>(), py::arg("slices") = SlicesOfKeys(),
             py::arg("each_array") = false, py::arg("alternatives") = AlternativesOfKeys());
  module.def("infer_from_contents", &InferFromContents, py::arg("contents"), py::arg("keys"),
             py::arg("casts") = Casts(), py::arg("slices") = SlicesOfKeys(),
             py::arg("alternatives") = AlternativesOfKeys());
}

}  // namespace tf_npz
