// Status on its way to Python and back: `_core.StatusError`, whose args are the code's name and the
// message. Everything here wants the GIL.

#ifndef TF_NPZ_PY_ERRORS_H_
#define TF_NPZ_PY_ERRORS_H_

#include <pybind11/pybind11.h>

#include <utility>

#include "cc/base/status.h"

namespace tf_npz {

// Defines StatusError in `module`, once.
void DefineStatusError(pybind11::module_& module);

// `status`, which is an error, as a StatusError that Python can raise; None where it is OK.
pybind11::object ErrorObject(const Status& status);

// Whether `exception` is a StatusError. If so, what it says.
bool IsStatusError(const pybind11::error_already_set& exception);
Status StatusOf(const pybind11::error_already_set& exception);

// Thrown to raise StatusError.
struct StatusException {
  Status status;
};

template <typename T>
T ValueOrThrow(Result<T> result) {
  if (!result.ok()) throw StatusException{result.status()};
  return std::move(result).value();
}

}  // namespace tf_npz

#endif  // TF_NPZ_PY_ERRORS_H_
