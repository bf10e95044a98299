"""Small files cut off at every length and flipped in every byte: right values or an error, never a crash."""

import io
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
import tf_npz
from testing import assert_same, elements, native, npy_bytes, npz_bytes, untuned

X = (np.arange(24, dtype=np.float32) * 1.7).reshape(8, 3)
SPEC = tf.TensorSpec([8, 3], tf.float32)
NPY = npy_bytes(X)
# The data of an .npy has no checksum. All bytes before the data are its header.
NPY_DATA = len(NPY) - X.nbytes

ARCHIVES: dict[str, bytes] = {
    "stored": npz_bytes(x=X),
    "deflated": npz_bytes(np.savez_compressed, x=X),
    "two members": npz_bytes(np.savez_compressed, a=np.zeros(50), x=X),
}
FILES: dict[str, bytes] = {**ARCHIVES, "npy": NPY}

# Changes of one byte: one bit, and the bits that turn ASCII into something else.
PATTERNS = [0x01, 0x80, 0xFF]


def key_of(name: str) -> str | None:
    return None if name == "npy" else "x"


@pytest.mark.parametrize("name", FILES)
def test_decode_refuses_contents_cut_off_anywhere(name: str) -> None:
    contents = FILES[name]
    assert_same(tf_npz.decode(contents, key_of(name), element_spec=SPEC).numpy(), X)
    for length in range(len(contents)):
        with pytest.raises(tf.errors.DataLossError):
            tf_npz.decode(contents[:length], key_of(name), element_spec=SPEC)
        with pytest.raises(tf.errors.DataLossError):
            tf_npz.decode(contents[:length], key_of(name))


@pytest.mark.parametrize("name", FILES)
def test_load_refuses_files_cut_off_anywhere(folder: Path, name: str) -> None:
    contents = FILES[name]
    for length in range(len(contents)):
        Path("a").write_bytes(contents[:length])
        with pytest.raises(tf.errors.DataLossError):
            tf_npz.load("a", key_of(name), element_spec=SPEC)


@pytest.mark.parametrize("options", [{}, {"batch_size": 5}, {"rows": False}], ids=["rows", "batches", "whole files"])
@pytest.mark.parametrize("name", FILES)
def test_datasets_refuse_files_cut_off_anywhere(folder: Path, name: str, options: dict[str, Any]) -> None:
    contents = FILES[name]
    lengths = range(0, len(contents), 11)
    files = [f"{length:04}" for length in lengths]
    for length in lengths:
        Path(files[length // 11]).write_bytes(contents[:length])
    Path("whole").write_bytes(contents)
    dataset = tf_npz.NpzReaderDataset([*files, "whole"], key_of(name), element_spec=spec_of(options), **options)
    iterator = iter(untuned(dataset))
    for file in files:
        with pytest.raises(tf.errors.DataLossError, match=file):
            next(iterator)
    whole = tf_npz.NpzReaderDataset("whole", key_of(name), element_spec=spec_of(options), **options)
    assert_same([element.numpy() for element in iterator], elements(whole))


def spec_of(options: dict[str, Any]) -> tf.TensorSpec:
    return tf.TensorSpec([8, 3], tf.float32) if "rows" in options else tf.TensorSpec([3], tf.float32)


def flips(contents: bytes, first: int = 0, last: int | None = None) -> Any:
    for i in range(first, len(contents) if last is None else last):
        for pattern in PATTERNS:
            yield contents[:i] + bytes([contents[i] ^ pattern]) + contents[i + 1 :]


@pytest.mark.parametrize("spec", [SPEC, None], ids=["with a spec", "without"])
@pytest.mark.parametrize("name", ARCHIVES)
def test_a_flipped_byte_of_an_archive_changes_no_value(name: str, spec: tf.TensorSpec | None) -> None:
    errors = 0
    for contents in flips(ARCHIVES[name]):
        values = decoded(contents, "x", element_spec=spec)
        if isinstance(values, tf.errors.OpError):
            assert isinstance(values, FLIP_ERRORS), values
            errors += 1
        else:
            assert_same(values, X)
    # Most bytes matter.
    assert errors > len(ARCHIVES[name])


def decoded(contents: bytes, *arguments: Any, **options: Any) -> np.ndarray | tf.errors.OpError:
    try:
        return tf_npz.decode(contents, *arguments, **options).numpy()
    except tf.errors.OpError as error:
        return error


# The sizes of a member may say something unlikely, its method and flags something that is not supported, its name that
# of another array, and its header (without a spec) the dtype of a pickle.
FLIP_ERRORS = (tf.errors.DataLossError, tf.errors.UnimplementedError, tf.errors.InvalidArgumentError)


@pytest.mark.parametrize("options", [{}, {"batch_size": 5}], ids=["rows", "batches"])
@pytest.mark.parametrize("name", ARCHIVES)
def test_a_flipped_byte_of_an_archive_changes_no_row(folder: Path, name: str, options: dict[str, Any]) -> None:
    """Rows of a stored member may come before its checksum is verified; those of a small deflated one come after."""
    for i, contents in enumerate(list(flips(ARCHIVES[name]))[::13]):
        Path(f"{i}.npz").write_bytes(contents)
        dataset = tf_npz.NpzReaderDataset(f"{i}.npz", "x", element_spec=spec_of(options), **options)
        rows, errors = rows_and_errors(dataset, batched=bool(options))
        if not errors:
            assert_same(rows, list(X))
        else:
            assert len(errors) == 1
            assert len(rows) < len(X)
            if name != "stored":
                assert_same(rows, list(X[: len(rows)]))


def rows_and_errors(dataset: tf.data.Dataset, batched: bool) -> tuple[list[np.ndarray], list[tf.errors.OpError]]:
    rows: list[np.ndarray] = []
    errors: list[tf.errors.OpError] = []
    iterator = iter(untuned(dataset))
    while True:
        try:
            element = next(iterator).numpy()
        except StopIteration:
            return rows, errors
        except tf.errors.OpError as error:
            errors.append(error)
        else:
            rows.extend(element if batched else [element])


def test_a_flipped_byte_in_the_data_of_an_npy_changes_that_byte() -> None:
    """An .npy has no checksum that could show it."""
    for contents in flips(NPY, first=NPY_DATA):
        values = tf_npz.decode(contents, element_spec=SPEC).numpy()
        assert values.tobytes() == contents[NPY_DATA:]


def numpy_load(contents: bytes) -> np.ndarray | None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return np.load(io.BytesIO(contents))
        except Exception:  # Besides ValueError, np.load passes on exceptions of Python's tokenizer and NumPy's dtype().
            return None


# The header of an .npy has no checksum either.
HEADER_ARRAYS: list[np.ndarray] = [
    X,
    np.asfortranarray(X),
    np.arange(6, dtype=">i8").reshape(2, 3),
    np.array([True, False]),
    np.array(7, np.uint16),
    np.zeros((12, 0), np.complex64),
]


def test_a_flipped_byte_in_the_header_of_an_npy_is_read_as_numpy_reads_it() -> None:
    read = 0
    for array in HEADER_ARRAYS:
        contents = npy_bytes(array)
        for damaged in flips(contents, last=len(contents) - array.nbytes):
            expected, values = numpy_load(damaged), decoded(damaged)
            if isinstance(values, tf.errors.UnimplementedError):  # NumPy may load dtypes that cannot become tensors.
                continue
            if isinstance(values, tf.errors.OpError):
                assert isinstance(values, tf.errors.DataLossError), values
                assert expected is None, f"NumPy reads {damaged!r}, but: {values}"
            else:
                assert expected is not None, f"NumPy does not read {damaged!r}"
                assert_same(values, native(expected))
                read += 1
    assert read > 0
