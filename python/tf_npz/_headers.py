"""The facts in one file's headers, wherever the file lies."""

import os
import re
from typing import TYPE_CHECKING

from . import _core, _errors, _version_check

if TYPE_CHECKING:
    from ._core import FileFacts, MemberFacts

_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")


def has_scheme(path: str) -> bool:
    """Whether `path` is a matter for TensorFlow's file systems: gs://, ram://, ..."""
    return _SCHEME.match(path) is not None


def read(path: str, names: list[str] | None = None) -> "FileFacts":
    """Reads the headers of the file at `path`.

    Args:
      path: The file.
      names: Of an archive, the arrays whose headers are read. None: all.

    Raises:
      _core.StatusError: The file can't be read, or is no .npy or .npz file.
      ImportError: `path` has a scheme, and TensorFlow is not installed.
    """
    if has_scheme(path):
        return _read_through_tensorflow(path, names)
    # As bytes: a file name need not be UTF-8.
    return _core.inspect_path(os.fsencode(path), names)


def read_contents(contents: bytes, names: list[str] | None = None) -> "FileFacts":
    """Reads the headers in the bytes of a file; raises as `read` does."""
    return _core.inspect_contents(contents, "<contents>", names)


def _read_through_tensorflow(path: str, names: list[str] | None) -> "FileFacts":
    _version_check.require_tensorflow(path)
    import tensorflow as tf

    try:
        facts = tf.io.gfile.stat(path)
        if facts.is_directory:
            raise _core.StatusError("InvalidArgument", f"{path}: is a directory (expected an .npy or .npz file)")
        with tf.io.gfile.GFile(path, "rb") as file:

            def read_at(offset: int, count: int) -> bytes:
                file.seek(offset)
                data: bytes = file.read(count)
                return data

            return _core.inspect_callable(read_at, facts.length, path, names)
    except tf.errors.OpError as error:
        raise _errors.from_tensorflow(error, path) from error


def problem(member: "MemberFacts") -> tuple[str, str] | None:
    """Why an array, or one of its fields, can't be read: a code and a message."""
    if member["error"]:
        return member["error"]
    unreadable = [component for component in member["components"] if component["error"]]
    # One field of objects makes a pickle of the whole array: it is the one to blame.
    unreadable.sort(key=lambda component: component["dtype"] not in ("object", "T"))
    return unreadable[0]["error"] if unreadable else None
