"""Errors of the native side in the caller's vocabulary: tf.errors for tensors, Python's own for `inspect`."""

import os
import re
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


# What file systems mean by a code that is not among ours, or means a bug of ours, as cc/tf/conversion.cc has it too.
# Any other is Unavailable: Aborted, where gs:// has retried in vain, FailedPrecondition, where there is no way to the
# server, and the like.
_FILE_SYSTEM_CODES = {
    "Unauthenticated": "PermissionDenied",
    "OutOfRange": "DataLoss",
    "Internal": "Unavailable",
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


def from_tensorflow(error: "tf.errors.OpError", path: str) -> StatusError:
    """The error of a TensorFlow file system with the file at `path`."""
    name = type(error).__name__.removesuffix("Error")
    code = _FILE_SYSTEM_CODES.get(name, name if name in _PYTHON_ERRORS else "Unavailable")
    # Some file systems say no more than the code: NotFound.
    message = error.message or re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name).lower()
    return StatusError(code, f"{path}: {_core.without_path(message, os.fsencode(path))}")


def invalid_argument(message: str) -> "tf.errors.OpError":
    """For requests that don't fit what is in a file."""
    return to_tensorflow(StatusError("InvalidArgument", message))
