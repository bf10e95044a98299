// Converts a Status to the Python exception `_core.StatusError` and back. The args of the exception
// are the name of the code and the message. All calls need the GIL.

#ifndef TF_NPZ_PY_ERRORS_H_
#define TF_NPZ_PY_ERRORS_H_

#include <pybind11/pybind11.h>

#include <utility>

#include "cc/base/status.h"

namespace tf_npz {

// Defines StatusError in `module`, once.
void DefineStatusError(pybind11::module_& module);

// An error as a StatusError that Python can raise. None if `status` is OK.
pybind11::object ErrorObject(const Status& status);

// Whether `exception` is a StatusError.
bool IsStatusError(const pybind11::error_already_set& exception);
// The Status of a StatusError.
Status StatusOf(const pybind11::error_already_set& exception);

// C++ code throws this, and pybind11 raises a StatusError in Python.
struct StatusException {
  Status status;
};

// The value of `result`. Throws StatusException if it is an error.
template <typename T>
T ValueOrThrow(Result<T> result) {
  if (!result.ok()) throw StatusException{result.status()};
  return std::move(result).value();
}

}  // namespace tf_npz

#endif  // TF_NPZ_PY_ERRORS_H_
