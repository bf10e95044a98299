# The module that cc/py/core.cc defines. Paths are bytes, because a file name may not be UTF-8.

from collections.abc import Callable, Sequence
from typing import Literal, final

from ._remote import RemoteFile

class StatusError(Exception):
    """args: the name of the code, such as "DataLoss", and the message."""

@final
class MemberFacts:
    @property
    def name(self) -> str: ...
    @property
    def is_array(self) -> bool: ...
    @property
    def compression(self) -> str: ...
    @property
    def compressed_size(self) -> int: ...
    @property
    def size(self) -> int: ...
    # Why its header cannot be read. None if it can.
    @property
    def error(self) -> StatusError | None: ...
    # The same, or why one of its components cannot be read.
    @property
    def problem(self) -> StatusError | None: ...
    # The properties below are set if there is no error. `descr` is the repr of NumPy's dtype.descr.
    @property
    def dtype(self) -> str: ...
    @property
    def descr(self) -> str: ...
    @property
    def shape(self) -> tuple[int, ...]: ...
    @property
    def fortran_order(self) -> bool: ...
    @property
    def version(self) -> tuple[int, int]: ...

@final
class FileFacts:
    @property
    def format(self) -> Literal["npy", "npz"]: ...
    @property
    def file_size(self) -> int: ...
    @property
    def members(self) -> list[MemberFacts]: ...
    @property
    def note(self) -> str: ...

@final
class InferredComponent:
    # Whether no file has an array for it, and none needs to. Then only `keys` has a meaning.
    @property
    def is_missing(self) -> bool: ...
    # The names that would index the result of np.load. Empty: the only array of an .npy.
    @property
    def keys(self) -> tuple[str, ...]: ...
    # A name that tf.dtypes.as_dtype takes.
    @property
    def type(self) -> str: ...
    # The name of the dtype in the first file.
    @property
    def dtype(self) -> str: ...
    # A dimension that differs between files is None. If the number of dimensions differs, the shape is None.
    @property
    def shape(self) -> tuple[int | None, ...] | None: ...

@final
class InferredSpecs:
    @property
    def components(self) -> list[InferredComponent]: ...
    # The path of the first file of the elected kind, as messages print it.
    @property
    def label(self) -> str: ...
    # Elements of each file. Empty if they are not known for all files.
    @property
    def counts(self) -> tuple[int, ...]: ...
    # The error if files differ in the unit of dates. None if they do not.
    @property
    def units(self) -> StatusError | None: ...
    # Whether each file has an array without dimensions, although elements are rows.
    @property
    def may_be_sample(self) -> bool: ...

# Whether TensorFlow reads the file, because its path has a scheme: gs://, ram://, ...
def has_scheme(path: bytes) -> bool: ...

# The error of a file system of TensorFlow with the file at `path`. `code` is its number in tf.errors.
def file_system_error(code: int, message: str, path: bytes) -> StatusError: ...

# `each_array`: an element is one array of a file, and `keys` is None, or empty if only its name is wanted.
# All of these raise StatusError. Each of `keys` is the names that lead to an array or to a field. `casts` says what is
# cast: names that lead to an array, or to several; the name of a dtype; and whether only numbers are cast, and other
# components left as they are. `alternatives` says for each of `keys` which paths are tried after it, and whether a file
# may have none of the arrays. `open_remote` opens files whose path has a scheme. The StatusErrors that it raises do not
# name the file.
def inspect(path: bytes, open_remote: Callable[[bytes], RemoteFile]) -> FileFacts: ...
def infer_from_files(
    filenames: Sequence[bytes],
    keys: Sequence[Sequence[str]] | None,
    rows: bool,
    open_remote: Callable[[bytes], RemoteFile],
    casts: Sequence[tuple[Sequence[str], str, bool]] = ...,
    # start, stop, step of the rows; size, shift, stride of windows. Either may be empty.
    row_slice: Sequence[int] = ...,
    window: Sequence[int] = ...,
    # What is taken of the axes of the arrays to which keys lead: start, stop, step for each axis. A step of 0: the
    # index `start`; -1: an ellipsis; -2 and -3: a slice and an index that are not known.
    slices: Sequence[tuple[Sequence[str], Sequence[int]]] = ...,
    each_array: bool = ...,
    alternatives: Sequence[tuple[Sequence[Sequence[str]], bool]] = ...,
) -> InferredSpecs: ...
def infer_from_contents(
    contents: bytes,
    keys: Sequence[Sequence[str]] | None,
    casts: Sequence[tuple[Sequence[str], str, bool]] = ...,
    slices: Sequence[tuple[Sequence[str], Sequence[int]]] = ...,
    alternatives: Sequence[tuple[Sequence[Sequence[str]], bool]] = ...,
) -> InferredSpecs: ...
