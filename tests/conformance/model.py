"""A case of the suite: a file, what it shows, and the expected result of reading it."""

import dataclasses
import os
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np

# The kinds of refusal:
DAMAGED = "damaged"  # the format's documents forbid it, or it holds less than it declares
UNSUPPORTED = "unsupported"  # it is well-formed, but no tensor can hold it
TOO_LARGE = "too large"  # it is over a limit of the reader


@dataclasses.dataclass(frozen=True)
class Refusal:
    """Expected instead of an array that should be refused.

    Attributes:
      kind: DAMAGED, UNSUPPORTED or TOO_LARGE. A reader without such kinds may give any error.
    """

    kind: str


@dataclasses.dataclass(frozen=True)
class Large:
    """An expected array of over 4 GiB, nearly all zeros: the facts of its header, and its last rows.

    Attributes:
      dtype: Its type.
      shape: Its shape.
      last: The last rows; None if reading all rows before them would take too long.
    """

    dtype: np.dtype
    shape: tuple[int, ...]
    last: np.ndarray | None = None


@dataclasses.dataclass(frozen=True)
class Sparse:
    """The contents of a large file: zeros except for some parts.

    Attributes:
      size: The size of the file in bytes.
      parts: The bytes of each part, by its offset in the file.
    """

    size: int
    parts: Mapping[int, bytes]


class InSomeVersions(str):
    """Why np.load differs from the expected result in some versions of Python and NumPy. In others it does not."""


# The expected result for a name. An .npy holds one array; its name is None.
Expected = np.ndarray | Large | Refusal
Contents = bytes | Sparse | Callable[[], bytes | Sparse]


@dataclasses.dataclass(frozen=True)
class Case:
    """One file.

    Attributes:
      name: Its path in the suite, such as "headers/long_suffix.npy". It never changes.
      shows: What the file shows, in one line.
      section: The section of the format's documents about it.
      contents: Its bytes, or a function that makes them.
      expected: The expected results by name, or a refusal of the whole file.
      numpy: Why np.load differs from `expected`. Empty if it does not. `InSomeVersions` if it may differ.
    """

    name: str
    shows: str
    section: str
    contents: Contents = dataclasses.field(repr=False)
    expected: Refusal | Mapping[str | None, Expected] = dataclasses.field(repr=False)
    numpy: str = ""

    @property
    def subject(self) -> str:
        return self.name.partition("/")[0]

    @property
    def varies(self) -> bool:
        """True if np.load's verdict depends on the versions of Python and NumPy."""
        return isinstance(self.numpy, InSomeVersions)

    @property
    def is_large(self) -> bool:
        """True if the file (which is sparse) or its unpacked contents are over 4 GiB."""
        return self.subject == "large"

    @property
    def is_refused(self) -> bool:
        """True if all of its arrays should be refused."""
        if isinstance(self.expected, Refusal):
            return True
        return bool(self.expected) and all(isinstance(value, Refusal) for value in self.expected.values())

    def members(self) -> Mapping[str | None, Expected]:
        """Returns the expected result for each name. A refusal of the whole file has the name None."""
        return {None: self.expected} if isinstance(self.expected, Refusal) else self.expected

    def bytes(self) -> bytes:
        """Returns the contents. The case must not be large."""
        contents = self.contents() if callable(self.contents) else self.contents
        assert isinstance(contents, bytes)
        return contents

    def write(self, folder: str | os.PathLike[str]) -> Path:
        """Writes the file under its name in `folder`."""
        path = Path(folder, self.name)
        path.parent.mkdir(parents=True, exist_ok=True)
        contents = self.contents() if callable(self.contents) else self.contents
        if isinstance(contents, bytes):
            path.write_bytes(contents)
            return path
        with path.open("wb") as file:
            file.truncate(contents.size)
            for offset, part in contents.parts.items():
                file.seek(offset)
                file.write(part)
        return path
