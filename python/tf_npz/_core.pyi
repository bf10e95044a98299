# What cc/py/core.cc defines. The TypedDicts are plain dicts at run time.

from collections.abc import Callable
from typing import Any, Literal, TypeAlias, TypedDict

class StatusError(Exception):
    """args: the code's name, as in "DataLoss", and the message."""

# NumPy's dtype.descr: a str, or a list of fields (name or (title, name), descr, and perhaps a shape).
Descr: TypeAlias = str | list[tuple[Any, ...]]

class ComponentFacts(TypedDict):
    path: tuple[str, ...]
    dtype: str
    error: tuple[str, str] | None
    # Where there is no error:
    element_type: str
    shape: tuple[int, ...]

class MemberFacts(TypedDict):
    name: str
    is_read: bool
    # Where it was:
    is_array: bool
    compression: str
    compressed_size: int
    size: int
    error: tuple[str, str] | None
    # Where there is no error:
    dtype: str
    descr: Descr
    shape: tuple[int, ...]
    fortran_order: bool
    version: tuple[int, int]
    components: list[ComponentFacts]

class FileFacts(TypedDict):
    format: Literal["npy", "npz"]
    file_size: int
    members: list[MemberFacts]

# The message of an error with the file at `path`, in one line that does not name it.
def without_path(message: str, path: str | bytes) -> str: ...

# Of an archive only the arrays that `names` names are read, or all.
def inspect_path(path: str | bytes, names: list[str] | None) -> FileFacts: ...
def inspect_contents(contents: bytes, label: str | bytes, names: list[str] | None) -> FileFacts: ...
def inspect_callable(
    read: Callable[[int, int], bytes], size: int, label: str | bytes, names: list[str] | None
) -> FileFacts: ...
