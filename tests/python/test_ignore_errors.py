"""A file that fails raises one error and loses only its own rest, with ignore_errors or if the caller continues."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
import tf_npz
from testing import elements, features, npz_bytes

ROWS = 10  # rows of every good file


def contents(first: int, *, damaged: bool = False, save: Any = np.savez_compressed, **more: np.ndarray) -> bytes:
    y = np.arange(first, first + ROWS)
    written = bytearray(npz_bytes(save, **{"x": features(y), "y": y, **more}))
    if damaged:  # the last byte of x comes before the next member
        written[written.index(b"PK\x03\x04", 4) - 20] ^= 1
    return bytes(written)


# The kind of each file, in order. Only the good ones give rows.
FILES = [
    "good",
    "missing",
    "good",
    "good",
    "empty",
    "cut off",
    "text",
    "good",
    "damaged",
    "without y",
    "unequal",
    "other shape",
    "good",
    "objects",
    "directory",
]
GOOD = [i for i, kind in enumerate(FILES) if kind == "good"]
BAD = [i for i, kind in enumerate(FILES) if kind != "good"]


@pytest.fixture
def files(folder: Path) -> list[str]:
    names = []
    for i, kind in enumerate(FILES):
        names.append(f"{i:02}-{kind.replace(' ', '-')}.npz")
        path = Path(names[-1])
        first = i * ROWS
        match kind:
            case "good":
                path.write_bytes(contents(first))
            case "empty":
                path.touch()
            case "cut off":
                path.write_bytes(contents(first)[:-100])
            case "text":
                path.write_text("hello")
            case "damaged":
                path.write_bytes(contents(first, damaged=True))
            case "without y":
                np.savez(path, x=np.zeros((ROWS, 4), np.float32))
            case "unequal":
                path.write_bytes(contents(first, y=np.arange(ROWS + 1)))
            case "other shape":
                path.write_bytes(contents(first, x=np.zeros((ROWS, 5), np.float32)))
            case "objects":
                path.write_bytes(contents(first, y=np.array([None] * ROWS)))
            case "directory":
                path.mkdir()
    return names


MODES: dict[str, dict[str, Any]] = {
    "rows": {},
    "batches": {"batch_size": 7},
    "large batches": {"batch_size": 1000},
    "full batches": {"batch_size": 5, "drop_remainder": True},
    "padded batches": {"batch_size": 7, "padding": 0},
    "whole files": {"rows": False},
    "batches of whole files": {"rows": False, "batch_size": 2},
}


def dataset_of(files: list[str], mode: dict[str, Any], **options: Any) -> tf.data.Dataset:
    length = [] if mode.get("rows", True) else [None]
    spec = (tf.TensorSpec([*length, 4], tf.float32), tf.TensorSpec(length, tf.int64))
    return tf_npz.NpzReaderDataset(files, ("x", "y"), element_spec=spec, **mode, **options)


def flat(all_elements: list[Any]) -> tuple[np.ndarray, np.ndarray]:
    """All rows, from elements of any kind."""
    y = np.concatenate([np.reshape(y, -1) for _, y in all_elements])
    return np.concatenate([np.reshape(x, (-1, 4)) for x, _ in all_elements]), y


EXPECTED_Y = [y for i in GOOD for y in range(i * ROWS, (i + 1) * ROWS)]


@pytest.mark.parametrize("threads", [1, 2, 4])
@pytest.mark.parametrize("mode", MODES.values(), ids=MODES.keys())
def test_every_row_of_good_files_arrives(files: list[str], mode: dict[str, Any], threads: int) -> None:
    if not mode.get("rows", True):
        del files[FILES.index("unequal")]  # whole arrays may differ in length
    dataset = dataset_of(files, mode, num_parallel_reads=threads).ignore_errors()
    x, y = flat(elements(dataset))
    assert y.tolist() == EXPECTED_Y
    np.testing.assert_array_equal(x, features(y))


@pytest.mark.parametrize("threads", [1, 2, 4])
@pytest.mark.parametrize("mode", MODES.values(), ids=MODES.keys())
def test_every_bad_file_is_reported_once(files: list[str], mode: dict[str, Any], threads: int) -> None:
    bad = [files[i] for i in BAD]
    if not mode.get("rows", True):
        del files[FILES.index("unequal")]
        bad = [file for file in bad if "unequal" not in file]
    iterator = iter(dataset_of(files, mode, num_parallel_reads=threads))
    messages, seen = [], []
    while True:
        try:
            seen.append(tf.nest.map_structure(lambda t: t.numpy(), next(iterator)))
        except StopIteration:
            break
        except tf.errors.OpError as error:
            messages.append(error.message)
    assert len(messages) == len(bad)
    for message, file in zip(messages, bad, strict=True):
        assert file in message
    assert flat(seen)[1].tolist() == EXPECTED_Y


@pytest.mark.parametrize("options", [{}, {"batch_size": 999}, {"rows": False}], ids=["rows", "batches", "whole files"])
def test_rows_before_the_damage_arrive(folder: Path, options: dict[str, Any]) -> None:
    """The wrong checksum of a large stored member is found with its last rows. The rows before them have come."""
    y = np.arange(100_000)
    damaged = bytearray(npz_bytes(y=y))
    damaged[damaged.index(b"PK\x01\x02") - 1] ^= 1
    Path("0.npz").write_bytes(damaged)
    np.savez("1.npz", y=y)
    whole_files = "rows" in options
    spec = tf.TensorSpec([None] if whole_files else [], tf.int64)
    dataset = tf_npz.NpzReaderDataset("[01].npz", "y", element_spec=spec, memory_limit=1 << 18, **options)
    dataset = dataset.ignore_errors()
    # For rows, as little Python code as possible.
    seen = np.concatenate([np.reshape(e, -1) for e in elements(dataset.batch(10_000) if not options else dataset)])
    before = len(seen) - len(y)
    assert seen[before:].tolist() == y.tolist()
    assert seen[:before].tolist() == y[:before].tolist()
    assert (before > 0) == (not whole_files)


def test_ignore_errors_inside_interleave_loses_only_that_file(files: list[str]) -> None:
    spec = (tf.TensorSpec([4], tf.float32), tf.TensorSpec([], tf.int64))
    dataset = tf.data.Dataset.from_tensor_slices(files).interleave(
        lambda f: tf_npz.NpzReaderDataset(f, ("x", "y"), element_spec=spec).ignore_errors(),
        num_parallel_calls=tf.data.AUTOTUNE,
    )
    assert sorted(int(y) for _, y in elements(dataset)) == EXPECTED_Y


def test_an_iterator_ends_though_every_file_is_bad(files: list[str]) -> None:
    bad = [files[i] for i in BAD]
    for mode in ({}, {"batch_size": 3}):
        assert elements(dataset_of(bad, mode).ignore_errors()) == []
