"""Errors of the native side in the caller's vocabulary: tf.errors for tensors, Python's own for `inspect`."""

import os
import re
from typing import TYPE_CHECKING

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


def from_tensorflow(error: "tf.errors.OpError", context: str) -> StatusError:
    """The error of a TensorFlow file system, with `context` before its message."""
    code = type(error).__name__.removesuffix("Error")
    # Some file systems say no more than the code: NotFound.
    message = error.message or re.sub(r"(?<=[a-z])(?=[A-Z])", " ", code).lower()
    return StatusError(code if code in _PYTHON_ERRORS else "Unavailable", f"{context}{message}")


def invalid_argument(message: str) -> "tf.errors.OpError":
    """For requests that don't fit what is in a file."""
    return to_tensorflow(StatusError("InvalidArgument", message))
