# What cc/py/core.cc defines. The TypedDicts are plain dicts at run time.

from collections.abc import Callable
from typing import Literal, TypedDict

class StatusError(Exception):
    """args: the code's name, as in "DataLoss", and the message."""

class MemberFacts(TypedDict):
    name: str
    is_array: bool
    compression: str
    compressed_size: int
    size: int
    error: tuple[str, str] | None
    # Where there is no error:
    dtype: str
    descr: str
    shape: tuple[int, ...]
    fortran_order: bool
    version: tuple[int, int]

class FileFacts(TypedDict):
    format: Literal["npy", "npz"]
    file_size: int
    members: list[MemberFacts]

def inspect_path(path: str | bytes) -> FileFacts: ...
def inspect_contents(contents: bytes, label: str | bytes) -> FileFacts: ...
def inspect_callable(read: Callable[[int, int], bytes], size: int, label: str | bytes) -> FileFacts: ...
