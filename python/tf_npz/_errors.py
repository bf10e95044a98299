"""Errors of the native side in the caller's vocabulary: tf.errors for tensors, Python's own for `inspect`."""

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
    """`error`, met while `path` was inspected, as an exception for a caller without TensorFlow."""
    code, message = error.args
    if code == "InvalidArgument" and os.path.isdir(path):  # noqa: PTH112 - a path may be a URL
        return IsADirectoryError(message)
    return _PYTHON_ERRORS.get(code, RuntimeError)(message)


def to_tensorflow(error: StatusError) -> "tf.errors.OpError":
    """`error` as what an op of the same code would raise."""
    import tensorflow as tf

    code, message = error.args
    return getattr(tf.errors, f"{code}Error")(None, None, message)


def of_file_system(error: "tf.errors.OpError", path: str) -> StatusError:
    """The error of a TensorFlow file system with the file at `path`, which the message does not name."""
    return _core.file_system_error(error.error_code, error.message, os.fsencode(path))


def from_tensorflow(error: "tf.errors.OpError", path: str) -> StatusError:
    """The same, but the message names the file."""
    code, message = of_file_system(error, path).args
    return StatusError(code, f"{path}: {message}")


def invalid_argument(message: str) -> "tf.errors.OpError":
    """For requests that don't fit what is in a file."""
    return to_tensorflow(StatusError("InvalidArgument", message))
