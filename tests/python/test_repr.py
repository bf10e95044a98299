"""repr says what a dataset gives, and how to read a file that looks like one sample. It reads no file."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
import tf_npz
from testing import elements, save_shards

SPEC = tf.TensorSpec([4], tf.float32)
Reader = Callable[..., tf.data.Dataset]


def reader(**options: Any) -> tf.data.Dataset:
    return tf_npz.NpzReaderDataset("*.npz", "x", **options)


TEXTS: dict[str, tuple[dict[str, Any], str]] = {
    "rows": ({}, "13 rows of 4 files"),
    "batches": ({"batch_size": 32}, "13 rows of 4 files, batches of 32"),
    "a batch size in a tensor": ({"batch_size": tf.constant(2)}, "13 rows of 4 files, batches of 2"),
    "full batches": ({"batch_size": 2, "drop_remainder": True}, "13 rows of 4 files, full batches of 2"),
    "whole files": ({"rows": False}, "4 files, whole arrays"),
    "batches of files": ({"rows": False, "batch_size": 2, "padding": 0}, "4 files, whole arrays, batches of 2"),
    "a share": ({"shard": (2, 1)}, "13 rows of 4 files, shard=(2, 1)"),
    "the only share": ({"shard": (1, 0)}, "13 rows of 4 files"),
    "a share of files": ({"shard": (2, 0), "rows": False}, "4 files, whole arrays, shard=(2, 0)"),
    "a given spec": ({"element_spec": SPEC}, "rows of 4 files"),
}


@pytest.mark.parametrize(("options", "text"), TEXTS.values(), ids=TEXTS.keys())
def test_says_what_a_dataset_gives(folder: Path, options: dict[str, Any], text: str) -> None:
    save_shards([5, 0, 1, 7])
    dataset = reader(**options)
    for file in Path().glob("*.npz"):
        file.unlink()
    assert repr(dataset) == f"<NpzReaderDataset: {text}, element_spec={dataset.element_spec}>"
    assert str(dataset) == repr(dataset)


def test_one_row_of_one_file(folder: Path) -> None:
    save_shards([1])
    assert repr(reader()).startswith("<NpzReaderDataset: 1 row of 1 file, element_spec=")


def test_rows_of_damaged_files_are_not_counted(folder: Path) -> None:
    save_shards([1, 2])
    Path("2.npz").write_bytes(b"")
    assert repr(reader()).startswith("<NpzReaderDataset: rows of 3 files, element_spec=")


def test_values_of_tensors_are_not_known_in_a_function(folder: Path) -> None:
    save_shards([2, 3])
    texts = []

    @tf.function
    def count(files: tf.Tensor, number: tf.Tensor) -> tf.Tensor:
        named = tf_npz.NpzReaderDataset(
            files, "x", element_spec=SPEC, batch_size=number, shard=(number, 1), drop_remainder=True
        )
        whole = tf_npz.NpzReaderDataset(files, "x", element_spec=tf.TensorSpec([None, 4]), rows=False)
        texts.extend([repr(named), repr(whole), repr(tf_npz.NpzReaderDataset("*.npz", "x"))])
        return named.reduce(tf.constant(0, tf.int64), lambda total, _: total + 1)

    count(tf.constant(["0.npz", "1.npz"]), tf.constant(2))
    named, whole, known = texts
    assert named.startswith("<NpzReaderDataset: rows of files named by a tensor, shard=(?, 1), full batches of ?, ele")
    assert whole.startswith("<NpzReaderDataset: files named by a tensor, whole arrays, element_spec=")
    assert known.startswith("<NpzReaderDataset: 5 rows of 2 files, element_spec=")


def test_counts_arrays_where_each_is_an_element(folder: Path) -> None:
    np.savez("a.npz", *[np.zeros(i) for i in range(10)])
    dataset = tf_npz.NpzReaderDataset("a.npz", tf_npz.ARRAY, rows=False, batch_size=4, padding=0)
    assert repr(dataset).startswith("<NpzReaderDataset: 10 arrays of 1 file, batches of 4, element_spec=")


# --- Files that may be one sample ------------------------------------------------------------------------------------

REMARK = "; if a file is one sample, pass rows=False>"
IMAGE = np.zeros((6, 5, 3), np.uint8)
FILES: dict[str, tuple[list[dict[str, Any]], bool]] = {
    "image and label": ([{"image": IMAGE, "label": 1}] * 2, True),
    "image, mask and label": ([{"image": IMAGE, "mask": IMAGE[..., 0], "label": 1}], True),
    "a label in one file": ([{"x": IMAGE, "label": np.zeros(6)}, {"x": IMAGE, "label": 1.0}], False),
    "lengths differ in one file": ([{"a": IMAGE, "b": np.zeros(4)}, {"a": IMAGE, "b": np.zeros(6)}], False),
    "rows": ([{"x": np.zeros((7, 2)), "y": np.zeros(7)}] * 2, False),
    "one array": ([{"x": IMAGE}], False),
}


@pytest.mark.parametrize(("files", "may_be_sample"), FILES.values(), ids=FILES.keys())
def test_proposes_to_read_samples_whole(folder: Path, files: list[dict[str, Any]], may_be_sample: bool) -> None:
    for i, arrays in enumerate(files):
        np.savez(f"{i}.npz", **arrays)
    keys = tuple(files[0])
    options: list[dict[str, Any]] = [{}, {"batch_size": 2}, {"shard": (2, 0)}]
    for each in options:
        assert repr(tf_npz.NpzReaderDataset("*.npz", keys, **each)).endswith(REMARK) == may_be_sample
    for each in ({"window": 2}, {"rows": slice(1, None)}):
        assert repr(tf_npz.NpzReaderDataset("*.npz", keys, **each)).endswith(")>")
    assert repr(tf_npz.NpzReaderDataset("*.npz", (*keys, tf_npz.ROW))).endswith(")>")
    if may_be_sample:
        whole = tf_npz.NpzReaderDataset("*.npz", keys, rows=False)
        assert repr(whole).endswith(")>")
        assert len(elements(whole)) == len(files)


def test_the_error_of_samples_of_different_lengths_proposes_it_too(folder: Path) -> None:
    for i in range(2):
        np.savez(f"{i}.npz", image=IMAGE, box=np.zeros(4), label=i)
    with pytest.raises(tf.errors.InvalidArgumentError, match="if the file is one sample, pass rows=False"):
        tf_npz.NpzReaderDataset("*.npz")
    assert len(elements(tf_npz.NpzReaderDataset("*.npz", rows=False))) == 2
