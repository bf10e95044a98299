"""What a case is: a file, what it shows, and what a reader should make of it."""

import dataclasses
import os
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np

# Why a file is not read:
DAMAGED = "damaged"  # it is not what the format's documents allow, or holds less than it says
UNSUPPORTED = "unsupported"  # it is well-formed, and no tensor is made of it
TOO_LARGE = "too large"  # it is over a limit that the reader states


@dataclasses.dataclass(frozen=True)
class Refusal:
    """Instead of an array: it should not be read.

    Attributes:
      kind: DAMAGED, UNSUPPORTED or TOO_LARGE. Where a reader has no such kinds, any error will do.
    """

    kind: str


@dataclasses.dataclass(frozen=True)
class Large:
    """An array of over 4 GiB, nearly all of it zeros: what its header says, and its last rows.

    Attributes:
      dtype: Its type.
      shape: Its shape.
      last: The last rows; None where reading all that is before them would take too long.
    """

    dtype: np.dtype
    shape: tuple[int, ...]
    last: np.ndarray | None = None


@dataclasses.dataclass(frozen=True)
class Sparse:
    """The contents of a large file: zeros, but for these parts.

    Attributes:
      size: Bytes in all.
      parts: What is in it, by where it begins.
    """

    size: int
    parts: Mapping[int, bytes]


class InSomeVersions(str):
    """Why np.load should not do what is expected, in some versions of Python and NumPy: in others it should."""


# What is expected under a name. An .npy holds one array, whose name is None.
Expected = np.ndarray | Large | Refusal
Contents = bytes | Sparse | Callable[[], bytes | Sparse]


@dataclasses.dataclass(frozen=True)
class Case:
    """One file.

    Attributes:
      name: Its path in the suite, which never changes: "headers/long_suffix.npy".
      shows: What it shows, in one line.
      section: Where the format's documents speak of it.
      contents: Its bytes, or what makes them.
      expected: What is in it, by name; or that all of it is refused.
      numpy: Where np.load should not do what `expected` says: why. Empty: it should.
        `InSomeVersions`: it may do either.
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
        """Whether np.load's verdict depends on the versions of Python and NumPy."""
        return isinstance(self.numpy, InSomeVersions)

    @property
    def is_large(self) -> bool:
        """Whether the file (sparse as it is) or what it unpacks to is over 4 GiB."""
        return self.subject == "large"

    @property
    def is_refused(self) -> bool:
        """Whether nothing in it should be read."""
        if isinstance(self.expected, Refusal):
            return True
        return bool(self.expected) and all(isinstance(value, Refusal) for value in self.expected.values())

    def members(self) -> Mapping[str | None, Expected]:
        """What is expected under each name; of a file that is refused, under None."""
        return {None: self.expected} if isinstance(self.expected, Refusal) else self.expected

    def bytes(self) -> bytes:
        """The contents of a case that is not large."""
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
