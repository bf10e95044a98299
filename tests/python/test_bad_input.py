"""A file that cannot be read raises an error of the right class, with its name and a reason, however it is read."""

import gzip
import os
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
import tensorflow as tf
import tf_npz
from testing import elements, npy_bytes, npz_bytes, ordinary_user, zip_bytes
from tf_npz._structure import ElementSpec

X = np.arange(6, dtype=np.float32).reshape(3, 2)
NPZ = npz_bytes(x=X, y=np.arange(3))
NPY = npy_bytes(X)
ROW = tf.TensorSpec([2], tf.float32)
WHOLE = tf.TensorSpec([None, 2], tf.float32)

InvalidArgument = tf.errors.InvalidArgumentError
DataLoss = tf.errors.DataLossError
NotFound = tf.errors.NotFoundError
Unimplemented = tf.errors.UnimplementedError


class Row(NamedTuple):
    """A file, and the error of reading `keys` from it."""

    file: str
    make: bytes | Callable[[str], Any] | None  # contents, or a function that makes the file
    error: type[tf.errors.OpError]
    fragment: str
    keys: Any = "x"


# --- Wrong in itself: every way of reading fails ----------------------------------------------------------------------

BAD: dict[str, Row] = {
    "missing": Row("a.npz", None, NotFound, "a.npz: can't open: No such file or directory"),
    "missing folder": Row("none/a.npz", None, NotFound, "none/a.npz: can't open: No such file or directory"),
    "broken link": Row("a.npz", lambda path: Path(path).symlink_to("gone"), NotFound, "No such file"),
    "link to itself": Row("a.npz", lambda path: Path(path).symlink_to(path), InvalidArgument, "symbolic links"),
    "inside of a file": Row("a.npz/b.npz", lambda path: Path("a.npz").touch(), NotFound, "Not a directory"),
    "empty name": Row("", None, InvalidArgument, "the name of a file is empty"),
    "name too long": Row("a" * 300, None, InvalidArgument, "File name too long"),
    "name with NUL": Row("a\0b.npz", None, InvalidArgument, "a\\x00b.npz: path holds a NUL byte"),
    "unknown scheme": Row("none://a.npz", None, Unimplemented, "File system scheme 'none' not implemented"),
    "directory": Row("a.npz", os.mkdir, InvalidArgument, "a.npz: is a directory; it holds no .npz or .npy files"),
    "FIFO": Row("a.npz", os.mkfifo, InvalidArgument, "a.npz: is not a regular file"),
    "device": Row("/dev/null", None, InvalidArgument, "/dev/null: is not a regular file"),
    "empty": Row("a.npz", b"", DataLoss, "a.npz: is empty (expected an .npy or .npz file)"),
    "text": Row(
        "a.npz",
        b"hello, world\n",
        DataLoss,
        'a.npz: is neither an .npy nor an .npz file, but text: begins with "hello,',
    ),
    "a pickle": Row(
        "a.npy", pickle.dumps([1]), DataLoss, "a.npy: is neither an .npy nor an .npz file, but a pickle", None
    ),
    "npz in gzip": Row(
        "a.npz", gzip.compress(NPZ), Unimplemented, "a.npz: is an .npz compressed with gzip, which is not"
    ),
    "cut off npz": Row("a.npz", NPZ[:-30], DataLoss, "it is cut off or damaged"),
    "cut off npy": Row("a.npy", NPY[:-3], DataLoss, "data is cut off at byte 149 (expected 152 bytes for", None),
    "cut off header": Row("a.npy", NPY[:70], DataLoss, "header is cut off at byte 70 (expected 128 bytes)", None),
    "member that is no array": Row(
        "a.npz", zip_bytes([("x.npy", b"hello, world")]), DataLoss, 'a.npz["x"]: not an array at byte 0'
    ),
    "larger than it is": Row(
        "a.npy",
        NPY.replace(b"(3, 2), }        ", b"(3000000000, 2),}"),
        DataLoss,
        "expected 24000000128 bytes for shape (3000000000, 2) of float32",
        None,
    ),
    "larger than anything": Row(
        "a.npy",
        NPY.replace(b"(3, 2), }".ljust(60), b"(4000000000, 4000000000, 4000000000)}".ljust(60)),
        DataLoss,
        "is larger than any array",
        None,
    ),
    "negative shape": Row("a.npy", NPY.replace(b"(3,", b"(-3,"), DataLoss, "negative dimension -3", None),
    "unknown version": Row(
        "a.npy", NPY.replace(b"Y\x01", b"Y\x04"), DataLoss, "expected 1.0, 2.0 or 3.0, got 4.0", None
    ),
    "object array": Row(
        "a.npz", npz_bytes(x=np.array([1, None])), Unimplemented, "object arrays hold pickles, which are never loaded"
    ),
    "unknown key": Row("a.npz", NPZ, InvalidArgument, 'a.npz: has no array "z" (it has "x", "y")', "z"),
    "key of another case": Row("a.npz", NPZ, InvalidArgument, 'has no array "X" (it has "x", "y")', "X"),
    "key that is not printable": Row("a.npz", NPZ, InvalidArgument, 'has no array "x\\x00"', "x\0"),
    "no arrays": Row("a.npz", npz_bytes(), InvalidArgument, 'a.npz: has no array "x" (it has none)'),
    "keys for an npy": Row("a.npy", NPY, InvalidArgument, "leave keys out"),
}

# Ways to read a file without a spec, and with a spec. With a spec, nothing is read before the op runs.
WAYS: dict[str, Callable[[str, Any], Any]] = {
    "making a dataset": lambda file, keys: tf_npz.NpzReaderDataset(file, keys),
    "making a dataset of whole files": lambda file, keys: tf_npz.NpzReaderDataset(file, keys, rows=False),
    "rows": lambda file, keys: elements(tf_npz.NpzReaderDataset(file, keys, element_spec=ROW)),
    "batches": lambda file, keys: elements(tf_npz.NpzReaderDataset(file, keys, element_spec=ROW, batch_size=2)),
    "whole files": lambda file, keys: elements(tf_npz.NpzReaderDataset(file, keys, element_spec=WHOLE, rows=False)),
    "element_spec": lambda file, keys: tf_npz.element_spec(file, keys),
    "load": lambda file, keys: tf_npz.load(file, keys),
    "load with a spec": lambda file, keys: tf_npz.load(file, keys, element_spec=WHOLE),
    "load in map": lambda file, keys: elements(
        tf.data.Dataset.from_tensors(file).map(lambda f: tf_npz.load(f, keys, element_spec=WHOLE))
    ),
    "interleave": lambda file, keys: elements(
        tf.data.Dataset.from_tensors(file).interleave(
            lambda f: tf_npz.NpzReaderDataset(f, keys, element_spec=ROW), num_parallel_calls=2
        )
    ),
}
DECODE: dict[str, Callable[[bytes, Any], Any]] = {
    "decode": lambda contents, keys: tf_npz.decode(contents, keys),
    "decode with a spec": lambda contents, keys: tf_npz.decode(contents, keys, element_spec=WHOLE),
    "decode in map": lambda contents, keys: elements(
        tf.data.Dataset.from_tensors(contents).map(lambda c: tf_npz.decode(c, keys, element_spec=WHOLE))
    ),
}


def make(row: Row) -> None:
    if isinstance(row.make, bytes):
        Path(row.file).write_bytes(row.make)
    elif row.make is not None:
        row.make(row.file)


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS.keys())
@pytest.mark.parametrize("row", BAD.values(), ids=BAD.keys())
def test_a_bad_file_is_named_with_what_is_wrong(folder: Path, row: Row, way: Callable[[str, Any], Any]) -> None:
    make(row)
    with pytest.raises(row.error) as raised:
        way(row.file, row.keys)
    assert row.fragment in raised.value.message
    assert row.file.replace("\0", "\\x00") in raised.value.message


IN_BYTES = {name: row for name, row in BAD.items() if isinstance(row.make, bytes)}


@pytest.mark.parametrize("way", DECODE.values(), ids=DECODE.keys())
@pytest.mark.parametrize("row", IN_BYTES.values(), ids=IN_BYTES.keys())
def test_bad_contents_have_the_errors_of_bad_files(row: Row, way: Callable[[bytes, Any], Any]) -> None:
    assert isinstance(row.make, bytes)
    with pytest.raises(row.error) as raised:
        way(row.make, row.keys)
    assert row.fragment.replace(row.file, "<contents>") in raised.value.message
    assert "<contents>" in raised.value.message


# --- Wrong for the request --------------------------------------------------------------------------------------------


class Call(NamedTuple):
    contents: bytes
    call: Callable[[str], Any]
    fragments: list[str]


def rows(file: str, spec: ElementSpec, keys: Any = "x", **options: Any) -> Any:
    return elements(tf_npz.NpzReaderDataset(file, keys, element_spec=spec, **options))


UNEQUAL = npz_bytes(x=X, y=np.arange(4))
SINGLE = npz_bytes(x=np.float32(3), y=np.arange(3))
TENSOR = tf.TensorSpec

CALLS: dict[str, Call] = {
    "unequal lengths": Call(
        UNEQUAL,
        lambda file: elements(tf_npz.NpzReaderDataset(file, ("x", "y"))),
        ["a.npz: arrays differ in length", '"x" has 3 rows, "y" has 4', "rows=False"],
    ),
    "unequal lengths in batches": Call(
        UNEQUAL,
        lambda file: elements(tf_npz.NpzReaderDataset(file, ("x", "y"), batch_size=2)),
        ["a.npz: arrays differ in length", '"x" has 3 rows, "y" has 4'],
    ),
    "unequal lengths with a spec": Call(
        UNEQUAL, lambda file: rows(file, (ROW, TENSOR([], tf.int64)), ("x", "y")), ['"x" has 3 rows, "y" has 4']
    ),
    "no rows, made": Call(
        SINGLE, lambda file: tf_npz.NpzReaderDataset(file, "x"), ['a.npz["x"]', "no dimensions", "rows=False"]
    ),
    "no rows, read": Call(SINGLE, lambda file: rows(file, ROW), ['a.npz["x"]', "no rows", "rows=False"]),
    "another shape": Call(
        NPZ,
        lambda file: rows(file, TENSOR([3], tf.float32)),
        ['a.npz["x"]: holds rows of float32 (2,), but element_spec says float32 (3,); pass tf.TensorSpec((None,),'],
    ),
    "another rank": Call(
        NPZ,
        lambda file: rows(file, TENSOR([None, 2], tf.float32)),
        ["holds rows of float32 (2,), but element_spec says float32 (None, 2)"],
    ),
    "another dtype": Call(
        NPZ,
        lambda file: rows(file, TENSOR([2], tf.bool)),
        ["rows of float32 (2,), but element_spec says bool (2,)", "float32 to bool would lose everything but"],
    ),
    "another dtype of the same size": Call(
        NPZ, lambda file: rows(file, TENSOR([2], tf.int32)), ["rows of float32 (2,), but element_spec says int32 (2,)"]
    ),
    "another shape in batches": Call(
        NPZ, lambda file: rows(file, TENSOR([3], tf.float32), batch_size=2), ["rows of float32 (2,)", "float32 (3,)"]
    ),
    "another shape of whole files": Call(
        NPZ,
        lambda file: rows(file, TENSOR([4, 2], tf.float32), rows=False),
        ['a.npz["x"]: holds an array of float32 (3, 2), but element_spec says float32 (4, 2)'],
    ),
    "another shape for load": Call(
        NPZ,
        lambda file: tf_npz.load(file, "x", element_spec=TENSOR([4, 2], tf.float32)),
        ['a.npz["x"]: holds an array of float32 (3, 2), but element_spec says float32 (4, 2)'],
    ),
    "another dtype for decode": Call(
        NPZ,
        lambda file: tf_npz.decode(NPZ, "y", element_spec=TENSOR([3], tf.uint32)),
        ['<contents>["y"]: holds an array of int64 (3,), but element_spec says uint32', "would lose the sign"],
    ),
    "a dtype of no array": Call(NPZ, lambda file: rows(file, TENSOR([2], tf.qint8)), ["qint8"]),
    "a dtype of no array for load": Call(
        NPZ, lambda file: tf_npz.load(file, "x", element_spec=TENSOR([], tf.string)), ["string"]
    ),
    "an npz as an npy": Call(
        NPZ, lambda file: rows(file, ROW, None), ["a.npz: is an .npz file; pass keys to say which", '"x", "y"']
    ),
    "an npz as an npy for load": Call(
        NPZ, lambda file: tf_npz.load(file, element_spec=WHOLE), ["pass keys to say which of its arrays to read"]
    ),
    "an npz without arrays": Call(npz_bytes(), lambda file: tf_npz.NpzReaderDataset(file), ["a.npz: holds no arrays"]),
    "files of other arrays": Call(
        NPZ,
        lambda file: tf_npz.NpzReaderDataset([file, other(npz_bytes(x=X))]),
        ['a.npz has "x", "y", other.npz has "x"', 'pass keys that all files have: "x"'],
    ),
    "files of other dtypes": Call(
        NPZ,
        lambda file: tf_npz.NpzReaderDataset([file, other(npz_bytes(x=X.astype(np.float64)))], "x"),
        ['files differ in the dtype of "x": float32 in a.npz, float64 in other.npz'],
    ),
    "an npy among npz files": Call(
        NPZ, lambda file: elements(tf_npz.NpzReaderDataset([file, other(NPY)], "x")), ["other.npz", "leave keys out"]
    ),
}


def other(contents: bytes) -> str:
    Path("other.npz").write_bytes(contents)
    return "other.npz"


@pytest.mark.parametrize("row", CALLS.values(), ids=CALLS.keys())
def test_a_request_that_does_not_fit_lists_what_there_is(folder: Path, row: Call) -> None:
    Path("a.npz").write_bytes(row.contents)
    with pytest.raises(InvalidArgument) as raised:
        row.call("a.npz")
    for fragment in row.fragments:
        assert fragment in raised.value.message


def test_a_message_lists_only_some_of_many_keys(folder: Path) -> None:
    np.savez("a.npz", **{f"array_{i:03}": np.zeros(1) for i in range(500)})
    for read in (
        lambda: tf_npz.load("a.npz", "array"),
        lambda: tf_npz.load("a.npz", "array", element_spec=TENSOR([1], tf.float64)),
    ):
        with pytest.raises(InvalidArgument, match="array_000") as raised:
            read()
        assert len(raised.value.message) < 2000
        assert "500" in raised.value.message


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS.keys())
def test_a_file_that_may_not_be_read(folder: Path, way: Callable[[str, Any], Any]) -> None:
    Path("a.npz").write_bytes(NPZ)
    Path("a.npz").chmod(0o444)
    way("a.npz", "x")  # Modules that it imports may be root's alone.
    with ordinary_user(folder):
        way("a.npz", "x")
    Path("a.npz").chmod(0)
    with (
        ordinary_user(folder),
        pytest.raises(tf.errors.PermissionDeniedError, match=r"a\.npz: can't open: Permission denied"),
    ):
        way("a.npz", "x")


def test_a_file_that_changes_later_is_checked_against_the_spec(folder: Path) -> None:
    np.save("a.npy", X)
    dataset = tf_npz.NpzReaderDataset("a.npy")
    assert len(elements(dataset)) == 3
    np.save("a.npy", X.astype(np.int32))
    with pytest.raises(InvalidArgument, match="holds rows of int32"):
        elements(dataset)
    Path("a.npy").unlink()
    with pytest.raises(NotFound):
        elements(dataset)
    np.save("a.npy", X[:1])
    assert len(elements(dataset)) == 1
