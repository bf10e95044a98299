"""Describes what a file holds. TensorFlow is needed only for paths with a scheme, such as gs://."""

import ast
import dataclasses
import os
from collections.abc import Iterable, Sequence
from typing import Any, TypeAlias

from . import _core, _errors, _paths, _remote

# NumPy's dtype.descr: a str, or a list of fields. A field is (name or (title, name), descr), or the same with a shape.
Descr: TypeAlias = str | list[tuple[Any, ...]]


@dataclasses.dataclass(frozen=True)
class ArrayInfo:
    """One array of a file, as its header describes it.

    Attributes:
      name: Its name in the archive. Empty for the only array of an .npy.
      dtype: Its dtype without byte order, in a form that `numpy.dtype` takes: "float32", "S5", "datetime64[ns]". For a
        structured dtype, the repr of `descr`.
      descr: Its dtype with byte order, as in `numpy.dtype.descr`: "<f4", or a list of fields.
        `numpy.lib.format.descr_to_dtype` takes it.
      shape: Its dimensions. () for a scalar.
      fortran_order: True: the first index varies fastest in the file (column-major).
      byte_order: "little" or "big". None for dtypes without byte order, and for structured dtypes, because each field
        has its own.
      version: The version of its .npy header: (1, 0), (2, 0) or (3, 0).
      compression: "stored", "deflate" or, for an .npy, "gzip".
      compressed_size: Its bytes in the file.
      size: Its uncompressed bytes, header included.
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
      path: The path of the file that was inspected.
      format: "npy" or "npz".
      file_size: Bytes of the whole file.
      arrays: The arrays by name, in file order. The name of the only array of an .npy is empty.
      problems: For each array that cannot become a tensor, by name, the reason. If its header could be read, as for
        arrays of objects, the array is also in `arrays`.
      other_members: Names of the members of the archive that are not arrays.
      note: What the file is instead, if it is an archive of another program without arrays. Else empty.
    """

    path: str
    format: str
    file_size: int
    arrays: dict[str, ArrayInfo]
    problems: dict[str, str]
    other_members: tuple[str, ...]
    note: str = ""

    def __repr__(self) -> str:
        count = "" if self.format == "npy" else f", {len(self.arrays)} array{'s' * (len(self.arrays) != 1)}"
        lines = [f"{_printable(self.path)}: {self.format}, {self.file_size:,} bytes{count}"]
        lines += [f"  it is {self.note}"] if self.note else []
        lines += [f"  {line}" for line in _aligned(map(_row, self.arrays.values()))]
        lines += [f"  {_printable(name)}  can't be read: {reason}" for name, reason in self.problems.items()]
        lines += [f"  {_printable(name)}  is not an array" for name in self.other_members]
        return "\n".join(lines)


def inspect(filename: _paths.Path) -> FileInfo:
    """Describes what a file holds. Reads only its headers.

    Args:
      filename: An .npy or .npz file. `~` means your home folder. A pattern must match exactly one file. A path with a
        scheme, such as gs://, is read through TensorFlow.

    Returns:
      Names, dtypes, shapes, order, compression and sizes of the arrays. If some arrays of an archive cannot be read,
      the reasons are in `problems`.

    Raises:
      FileNotFoundError: The file does not exist, or a pattern matches no file.
      IsADirectoryError: The path is a directory.
      PermissionError: The file may not be read.
      ValueError: The file is damaged, or is neither an .npy nor an .npz file; or a pattern matches several files.
      NotImplementedError: The kind of the file is not supported, such as an archive in several parts.
      OSError: Reading failed for another reason.

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
        path = _paths.one(path)
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
        note=facts.note,
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
    """The rows as lines with aligned columns. Columns without any text are left out."""
    columns = [column for column in zip(*rows, strict=True) if any(column)]
    widths = [max(map(len, column)) for column in columns]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in zip(*columns, strict=True)
    ]


def _printable(text: str) -> str:
    """`text`, or its repr if it holds control characters. So a name in a file cannot control the user's terminal."""
    return text if text.isprintable() else repr(text)
