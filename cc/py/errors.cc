#include "cc/py/errors.h"

#include <exception>
#include <string>

namespace tf_npz {
namespace {

namespace py = pybind11;

py::handle status_error;  // lives as long as the module

constexpr Code kCodes[] = {
    Code::kCancelled,        Code::kInvalidArgument,   Code::kNotFound,
    Code::kPermissionDenied, Code::kResourceExhausted, Code::kUnimplemented,
    Code::kInternal,         Code::kUnavailable,       Code::kDataLoss,
};

Code CodeNamed(const std::string& name) {
  for (const Code code : kCodes) {
    if (CodeName(code) == name) return code;
  }
  return Code::kInternal;
}

}  // namespace

void DefineStatusError(py::module_& module) {
  static py::exception<StatusException> type(module, "StatusError");
  status_error = type;
  py::register_exception_translator([](std::exception_ptr pointer) {
    try {
      if (pointer) std::rethrow_exception(pointer);
    } catch (const StatusException& exception) {
      PyErr_SetObject(status_error.ptr(), ErrorObject(exception.status).ptr());
    }
  });
}

py::object ErrorObject(const Status& status) {
  if (status.ok()) return py::none();
  return status_error(std::string(CodeName(status.code())), status.message());
}

bool IsStatusError(const py::error_already_set& exception) {
  return exception.matches(status_error);
}

Status StatusOf(const py::error_already_set& exception) {
  const py::tuple args = exception.value().attr("args");
  return Status(CodeNamed(args[0].cast<std::string>()), args[1].cast<std::string>());
}

}  // namespace tf_npz
