"""What a file holds, as plain Python objects. TensorFlow is not needed, unless the path has a scheme."""

import ast
import dataclasses
import os
from collections.abc import Iterable, Sequence
from typing import Any, TypeAlias

from . import _core, _errors, _remote

# NumPy's dtype.descr: a str, or a list of fields (name or (title, name), descr, and perhaps a shape).
Descr: TypeAlias = str | list[tuple[Any, ...]]


@dataclasses.dataclass(frozen=True)
class ArrayInfo:
    """One array of a file, as its header describes it.

    Attributes:
      name: Its name in the archive; empty for the only array of an .npy.
      dtype: Its type as NumPy's `dtype` takes it, without byte order: "float32", "S5", "datetime64[ns]"; the text of
        `descr` where it is structured.
      descr: The type as NumPy's `dtype.descr` has it, with byte order: "<f4", or a list of fields. It is what
        `numpy.lib.format.descr_to_dtype` takes.
      shape: Its dimensions; () for a scalar.
      fortran_order: Whether its first index varies fastest in the file (column-major).
      byte_order: "little" or "big"; None where it has no meaning, and of structured dtypes, whose fields each have one.
      version: The version of its .npy header: (1, 0), (2, 0) or (3, 0).
      compression: "stored", "deflate" or, of an .npy, "gzip".
      compressed_size: Bytes that it takes in the file.
      size: Bytes that it takes uncompressed, header included.
    """

    name: str
    dtype: str
    descr: Descr
    shape: tuple[int, ...]
    fortran_order: bool
    byte_order: str | None
    version: tuple[int, int]
    compression: str
    compressed_size: int
    size: int

    def __repr__(self) -> str:
        return " ".join(cell for cell in _row(self) if cell)


@dataclasses.dataclass(frozen=True)
class FileInfo:
    """What a file holds. Its `repr` is a table.

    Attributes:
      path: The file, as it was named.
      format: "npy" or "npz".
      file_size: Bytes of the whole file.
      arrays: The arrays by name, in file order; the name of an .npy's only array is empty.
      problems: The arrays of which no tensor can be made, by name, and the reason for each. Those whose headers could
        be read, such as arrays of objects, are among `arrays` too.
      other_members: Members of the archive that are no arrays.
    """

    path: str
    format: str
    file_size: int
    arrays: dict[str, ArrayInfo]
    problems: dict[str, str]
    other_members: tuple[str, ...]

    def __repr__(self) -> str:
        count = "" if self.format == "npy" else f", {len(self.arrays)} array{'s' * (len(self.arrays) != 1)}"
        lines = [f"{_printable(self.path)}: {self.format}, {self.file_size:,} bytes{count}"]
        lines += [f"  {line}" for line in _aligned(map(_row, self.arrays.values()))]
        lines += [f"  {_printable(name)}  can't be read: {reason}" for name, reason in self.problems.items()]
        lines += [f"  {_printable(name)}  is not an array" for name in self.other_members]
        return "\n".join(lines)


def inspect(filename: str | os.PathLike[str]) -> FileInfo:
    """Reads what a file holds from its headers alone.

    Args:
      filename: An .npy or .npz file. A path with a scheme, such as gs://, is read through TensorFlow.

    Returns:
      Names, types, shapes, layout, compression and sizes. In an archive, what can't be read stands in `problems`.

    Raises:
      FileNotFoundError: There is no such file.
      IsADirectoryError: It is a directory.
      PermissionError: It may not be read.
      ValueError: It is damaged, or neither an .npy nor an .npz file.
      NotImplementedError: It is well-formed, but of a kind that is not supported, such as an archive in several parts.
      OSError: It can't be read for another reason.

    Example:
      >>> tf_npz.inspect("a.npz")
      a.npz: npz, 562 bytes, 2 arrays
        x  float32  (3, 4)  little-endian  stored  176 bytes
        y  int64    (3,)    little-endian  stored  152 bytes
      >>> tf_npz.inspect("a.npz").arrays["x"].shape
      (3, 4)
    """
    path = os.fsdecode(filename)
    try:
        facts = _core.inspect(os.fsencode(path), _remote.RemoteFile)
        members = facts.members
        if facts.format == "npy" and (error := members[0].error):
            raise error
    except _core.StatusError as error:
        raise _errors.to_python(error, path) from None
    return FileInfo(
        path=path,
        format=facts.format,
        file_size=facts.file_size,
        arrays={member.name: _array_info(member) for member in members if not member.error},
        problems={m.name: problem.args[1] for m in members if m.is_array and (problem := m.problem)},
        other_members=tuple(member.name for member in members if not member.is_array),
    )


def _array_info(member: _core.MemberFacts) -> ArrayInfo:
    descr: Descr = ast.literal_eval(member.descr) if member.descr.startswith("[") else member.descr
    return ArrayInfo(
        name=member.name,
        dtype=member.dtype,
        descr=descr,
        shape=member.shape,
        fortran_order=member.fortran_order,
        byte_order={"<": "little", ">": "big"}.get(descr[0]) if isinstance(descr, str) else None,
        version=member.version,
        compression=member.compression,
        compressed_size=member.compressed_size,
        size=member.size,
    )


def _row(array: ArrayInfo) -> tuple[str, ...]:
    size = f"{array.size:,} bytes"
    if array.compression != "stored":
        size = f"{array.compressed_size:,} of {size}"
    return (
        _printable(array.name),
        array.dtype,
        str(array.shape),
        f"{array.byte_order}-endian" if array.byte_order else "",
        "Fortran order" if array.fortran_order else "",
        array.compression,
        size,
    )


def _aligned(rows: Iterable[Sequence[str]]) -> list[str]:
    """The rows as lines with columns; columns that are empty throughout are left out."""
    columns = [column for column in zip(*rows, strict=True) if any(column)]
    widths = [max(map(len, column)) for column in columns]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in zip(*columns, strict=True)
    ]


def _printable(text: str) -> str:
    """Names come out of files: one must not be able to write control sequences on a terminal."""
    return text if text.isprintable() else repr(text)
