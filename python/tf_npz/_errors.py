"""Converts errors of the native module: to tf.errors for tensors, to Python's own exceptions for `inspect`."""

import os
from typing import TYPE_CHECKING

from . import _core
from ._core import StatusError

if TYPE_CHECKING:
    import tensorflow as tf

_PYTHON_ERRORS: dict[str, type[Exception]] = {
    "InvalidArgument": ValueError,
    "NotFound": FileNotFoundError,
    "PermissionDenied": PermissionError,
    "ResourceExhausted": OSError,
    "Unimplemented": NotImplementedError,
    "Internal": RuntimeError,
    "Unavailable": OSError,
    "DataLoss": ValueError,
}


def to_python(error: StatusError, path: str) -> Exception:
    """`error`, raised while the file at `path` was inspected, as one of Python's own exceptions."""
    code, message = error.args
    if code == "InvalidArgument" and os.path.isdir(path):  # noqa: PTH112 - a path may be a URL
        return IsADirectoryError(message)
    return _PYTHON_ERRORS.get(code, RuntimeError)(message)


def to_tensorflow(error: StatusError) -> "tf.errors.OpError":
    """`error` as the exception that an op raises for the same code."""
    import tensorflow as tf

    code, message = error.args
    return getattr(tf.errors, f"{code}Error")(None, None, message)


def of_file_system(error: "tf.errors.OpError", path: str) -> StatusError:
    """The error of a TensorFlow file system with the file at `path`. The new message does not name the file."""
    return _core.file_system_error(error.error_code, error.message, os.fsencode(path))


def from_tensorflow(error: "tf.errors.OpError", path: str) -> StatusError:
    """The same, but the new message names the file."""
    code, message = of_file_system(error, path).args
    return StatusError(code, f"{path}: {message}")


def invalid_argument(message: str) -> "tf.errors.OpError":
    """The error for a request that does not fit the files."""
    return to_tensorflow(StatusError("InvalidArgument", message))
