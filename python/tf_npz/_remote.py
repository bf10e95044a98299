"""Files of TensorFlow's file systems (gs://, ram://, ...) for the native module."""

import contextlib
import os
from collections.abc import Iterator

from . import _errors, _paths, _version_check
from ._core import StatusError


class RemoteFile:
    """A file that TensorFlow reads.

    Attributes:
      size: Its size in bytes.
    """

    def __init__(self, path: bytes) -> None:
        """Opens the file at `path`.

        Raises:
          StatusError: The file system returns an error, or the path is a directory. The message does not name the
            file.
          ImportError: TensorFlow is not installed.
        """
        self._path = os.fsdecode(path)
        _version_check.require_tensorflow(self._path)
        import tensorflow as tf

        with self._status_errors():
            facts = tf.io.gfile.stat(self._path)
            if facts.is_directory:
                raise StatusError("InvalidArgument", f"is a directory; {_paths.folder_advice(self._path)}")
            self.size: int = facts.length
            self._file = tf.io.gfile.GFile(self._path, "rb")

    def read(self, offset: int, size: int) -> bytes:
        """The `size` bytes at `offset`. Fewer if the file ends before.

        Raises:
          StatusError: The file system returns an error. The message does not name the file.
        """
        with self._status_errors():
            self._file.seek(offset)
            data: bytes = self._file.read(size)
            return data

    @contextlib.contextmanager
    def _status_errors(self) -> Iterator[None]:
        import tensorflow as tf

        try:
            yield
        except tf.errors.OpError as error:
            raise _errors.of_file_system(error, self._path) from error
