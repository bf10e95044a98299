"""The number of elements is known without reading them, if possible: to len, to tf.data and to Keras."""

import gzip
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
import tf_npz
from testing import elements, npy_bytes, npz_bytes, save_shards, zip_bytes

LENGTHS = (5, 0, 1, 7)
SPEC = (tf.TensorSpec([4], tf.float32), tf.TensorSpec([], tf.int64))
UNKNOWN = tf.data.UNKNOWN_CARDINALITY


def reader(**options: Any) -> tf.data.Dataset:
    return tf_npz.NpzReaderDataset("*.npz", ("x", "y"), **options)


def cardinality(dataset: tf.data.Dataset) -> int:
    return int(dataset.cardinality())


def assert_knows(dataset: tf.data.Dataset, count: int) -> None:
    assert cardinality(dataset) == count
    assert len(dataset) == count
    assert len(elements(dataset)) == count


def assert_does_not_know(dataset: tf.data.Dataset) -> None:
    assert cardinality(dataset) == UNKNOWN
    with pytest.raises(TypeError, match="length is unknown"):
        len(dataset)


def assert_counts(dataset: tf.data.Dataset, count: int) -> None:
    """`dataset` does not know its cardinality before len() is called, and knows it then."""
    then = dataset.map(lambda *element: element)
    assert cardinality(dataset) == cardinality(then) == UNKNOWN
    assert len(dataset) == count
    assert cardinality(dataset) == count
    assert len(dataset.map(lambda *element: element)) == len(then) == count


# --- The dataset itself ----------------------------------------------------------------------------------------------

OPTIONS: dict[str, tuple[dict[str, Any], int]] = {
    "rows": ({}, 13),
    "batches": ({"batch_size": 4}, 4),
    "batches that come out even": ({"batch_size": 13}, 1),
    "batches of one": ({"batch_size": 1}, 13),
    "a batch larger than all": ({"batch_size": 100}, 1),
    "full batches": ({"batch_size": 4, "drop_remainder": True}, 3),
    "full batches that come out even": ({"batch_size": 13, "drop_remainder": True}, 1),
    "a full batch larger than all": ({"batch_size": 14, "drop_remainder": True}, 0),
    "padded batches": ({"batch_size": 4, "padding": 0}, 4),
    "whole files": ({"rows": False}, 4),
    "batches of whole files": ({"rows": False, "batch_size": 3, "padding": 0}, 2),
    "full batches of whole files": ({"rows": False, "batch_size": 3, "padding": 0, "drop_remainder": True}, 1),
    "a share": ({"shard": (3, 0)}, 5),
    "a smaller share": ({"shard": (3, 2)}, 4),
    "batches of a share": ({"shard": (3, 0), "batch_size": 2}, 3),
    "full batches of a share": ({"shard": (3, 0), "batch_size": 2, "drop_remainder": True}, 2),
    "whole files of a share": ({"shard": (3, 0), "rows": False}, 2),
    "an empty share": ({"shard": (14, 13)}, 0),
    "an empty share of whole files": ({"shard": (5, 4), "rows": False}, 0),
    "many threads": ({"num_parallel_reads": 8}, 13),
    "little memory": ({"memory_limit": 1}, 13),
    "without checksums": ({"verify_checksums": False}, 13),
}


@pytest.mark.parametrize("compressed", [True, False], ids=["deflated", "stored"])
@pytest.mark.parametrize(("options", "count"), OPTIONS.values(), ids=OPTIONS.keys())
def test_is_the_number_of_elements(folder: Path, options: dict[str, Any], count: int, compressed: bool) -> None:
    save_shards(LENGTHS, compressed=compressed)
    assert_knows(reader(**options), count)


@pytest.mark.parametrize("count", [0, 1, 3])
def test_files_without_rows(folder: Path, count: int) -> None:
    save_shards([0] * 3)
    assert_knows(reader(), 0)
    assert_knows(reader(batch_size=4), 0)
    assert_knows(reader(rows=False), 3)
    assert_knows(reader(shard=(2, 1)), 0)


STRUCTURED = np.zeros(9, [("id", "<u4"), ("at", [("xyz", ">f4", (3,)), ("name", "U3")])])
KINDS: dict[str, Callable[[], tuple[str, bytes]]] = {
    "an npy": lambda: ("a.npy", npy_bytes(np.zeros((9, 2)))),
    "an npy within gzip": lambda: ("a.npy.gz", gzip.compress(npy_bytes(np.zeros((9, 2))))),
    "an npz": lambda: ("a.npz", npz_bytes(x=np.zeros((9, 2)), y=np.zeros(9))),
    "a deflated npz": lambda: ("a.npz", npz_bytes(np.savez_compressed, x=np.zeros((9, 2)))),
    "Fortran order": lambda: ("a.npy", npy_bytes(np.asfortranarray(np.zeros((9, 2))))),
    "a structured npy": lambda: ("a.npy", npy_bytes(STRUCTURED)),
    "a structured npz": lambda: ("a.npz", npz_bytes(s=STRUCTURED, y=np.zeros(9))),
    "rows without bytes": lambda: ("a.npy", npy_bytes(np.zeros((9, 0)))),
    "strings": lambda: ("a.npy", npy_bytes(np.array(["x"] * 9))),
}


@pytest.mark.parametrize("make", KINDS.values(), ids=KINDS.keys())
def test_every_kind_of_file(folder: Path, make: Callable[[], tuple[str, bytes]]) -> None:
    name, contents = make()
    Path(name).write_bytes(contents)
    assert_knows(tf_npz.NpzReaderDataset(name), 9)
    assert_knows(tf_npz.NpzReaderDataset([name, name], batch_size=4), 5)


def test_more_rows_than_can_be_read(folder: Path) -> None:
    Path("a.npy").write_bytes(npy_bytes(np.zeros((2**40, 0))))
    assert cardinality(tf_npz.NpzReaderDataset("a.npy")) == 2**40
    # The sum is too large for an int64.
    Path("b.npy").write_bytes(npy_bytes(np.zeros((2**59, 0))))
    assert_does_not_know(tf_npz.NpzReaderDataset(["b.npy"] * 16))


# --- Followed by other transformations -------------------------------------------------------------------------------

THEN: dict[str, Callable[[tf.data.Dataset], tf.data.Dataset]] = {
    "batch": lambda ds: ds.batch(4),
    "batch with drop_remainder": lambda ds: ds.batch(4, drop_remainder=True),
    "padded_batch": lambda ds: ds.padded_batch(4),
    "shard": lambda ds: ds.shard(3, 1),
    "repeat": lambda ds: ds.repeat(3),
    "repeat without end": lambda ds: ds.repeat(),
    "take": lambda ds: ds.take(3),
    "take more than there is": lambda ds: ds.take(100),
    "skip": lambda ds: ds.skip(6),
    "skip all": lambda ds: ds.skip(100),
    "map": lambda ds: ds.map(lambda x, y: y),
    "filter": lambda ds: ds.filter(lambda x, y: y > 3),
    "shuffle": lambda ds: ds.shuffle(3),
    "cache": lambda ds: ds.cache(),
    "prefetch": lambda ds: ds.prefetch(2),
    "zip": lambda ds: tf.data.Dataset.zip(ds, ds.skip(2)),
    "concatenate": lambda ds: ds.concatenate(ds),
    "unbatch": lambda ds: ds.batch(2).unbatch(),
    "assert_cardinality": lambda ds: ds.apply(tf.data.experimental.assert_cardinality(13)),
    "ignore_errors": lambda ds: ds.ignore_errors(),
    "options": lambda ds: ds.with_options(tf.data.Options()),
}


@pytest.mark.parametrize("then", THEN.values(), ids=THEN.keys())
def test_equals_that_of_values_in_memory(folder: Path, then: Callable[..., tf.data.Dataset]) -> None:
    save_shards(LENGTHS)
    y = np.arange(13)
    in_memory = tf.data.Dataset.from_tensor_slices((np.zeros((13, 4), np.float32), y))
    assert cardinality(then(reader())) == cardinality(then(in_memory))


def test_inside_a_function(folder: Path) -> None:
    files = save_shards(LENGTHS)

    @tf.function
    def known() -> tf.Tensor:
        return tf_npz.NpzReaderDataset(files, "y", batch_size=4).cardinality()

    @tf.function
    def symbolic(name: tf.Tensor, rows: bool) -> tf.Tensor:
        spec = tf.TensorSpec([] if rows else [None], tf.int64)
        return tf_npz.NpzReaderDataset(name, "y", rows=rows, element_spec=spec).cardinality()

    assert int(known()) == 4
    assert int(symbolic(tf.constant(files), rows=True)) == UNKNOWN
    assert int(symbolic(tf.constant(files), rows=False)) == 4


# --- If it is not known ----------------------------------------------------------------------------------------------


def test_more_files_than_headers_are_read(folder: Path) -> None:
    contents = npy_bytes(np.arange(2))
    files = [f"{i}.npy" for i in range(1001)]
    for file in files:
        Path(file).write_bytes(contents)
    assert cardinality(tf_npz.NpzReaderDataset(files[:1000])) == 2000
    assert_counts(tf_npz.NpzReaderDataset(files), 2002)
    assert_counts(tf_npz.NpzReaderDataset(files, batch_size=10), 201)
    assert_counts(tf_npz.NpzReaderDataset(files, shard=(2, 0)), 1002)
    assert_counts(tf_npz.NpzReaderDataset(files, rows=slice(1, None)), 1001)
    assert_knows(tf_npz.NpzReaderDataset(files, rows=False), 1001)
    assert_knows(tf_npz.NpzReaderDataset(files, rows=False, shard=(2, 0), batch_size=10), 51)
    # The user can set it.
    told = tf_npz.NpzReaderDataset(files).apply(tf.data.experimental.assert_cardinality(2002))
    assert_knows(told, 2002)
    Path("700.npy").write_bytes(b"")
    assert_does_not_know(tf_npz.NpzReaderDataset(files))


def test_a_given_spec(folder: Path) -> None:
    save_shards(LENGTHS)
    batch_spec = tuple(tf.TensorSpec([None, *spec.shape], spec.dtype) for spec in SPEC)
    assert_counts(reader(element_spec=SPEC), sum(LENGTHS))
    assert_counts(reader(element_spec=SPEC, batch_size=4), -(-sum(LENGTHS) // 4))
    assert_counts(reader(element_spec=SPEC, shard=(2, 0)), -(-sum(LENGTHS) // 2))
    assert_knows(reader(element_spec=batch_spec, rows=False), 4)
    assert_knows(reader(element_spec=batch_spec, rows=False, shard=(3, 1)), 1)


DAMAGE: dict[str, bytes] = {
    "an empty file": b"",
    "no array": b"hello, world",
    "a header that is cut off": npy_bytes(np.zeros((3, 4)))[:40],
    "data that are cut off": npy_bytes(np.zeros((3, 4)))[:-1],
    "an archive without its end": npz_bytes(x=np.zeros((3, 4), np.float32), y=np.arange(3))[:-10],
}


@pytest.mark.parametrize("contents", DAMAGE.values(), ids=DAMAGE.keys())
def test_a_damaged_file(folder: Path, contents: bytes) -> None:
    save_shards([3, 3])
    Path("broken.npz").write_bytes(contents)
    assert_does_not_know(reader())
    assert_does_not_know(reader(batch_size=2))
    assert_counts(reader(shard=(2, 0)), 3)  # the rows of 0.npz
    assert_does_not_know(reader().ignore_errors())
    assert len(elements(reader().ignore_errors())) == 6
    # One error, in the place of an element.
    assert cardinality(reader(rows=False)) == 3


def test_with_ignored_errors_only_an_upper_bound_is_known(folder: Path) -> None:
    """The headers claim rows whose checksum is wrong. TensorFlow counts also the rows that it may ignore."""
    files = save_shards([3, 3], compressed=False)
    contents = bytearray(Path(files[1]).read_bytes())
    contents[contents.index(np.arange(3, 6).tobytes())] ^= 1
    Path(files[1]).write_bytes(contents)
    assert cardinality(reader()) == 6
    with pytest.raises(tf.errors.DataLossError, match="CRC-32"):
        elements(reader())
    assert len(elements(reader().ignore_errors())) == 3


def test_arrays_that_differ_in_length(folder: Path) -> None:
    Path("a.npz").write_bytes(npz_bytes(x=np.zeros((3, 4), np.float32), y=np.arange(3)))
    Path("b.npz").write_bytes(npz_bytes(x=np.zeros((3, 4), np.float32), y=np.arange(2)))
    assert_does_not_know(reader())
    assert_knows(tf_npz.NpzReaderDataset("*.npz", "y"), 5)
    assert_knows(tf_npz.NpzReaderDataset("*.npz", "x"), 6)


def test_only_the_arrays_that_are_read_count(folder: Path) -> None:
    members = [("x.npy", npy_bytes(np.arange(3))), ("y.npy", npy_bytes(np.arange(5))), ("z.npy", b"no array")]
    Path("a.npz").write_bytes(zip_bytes(members))
    assert_knows(tf_npz.NpzReaderDataset("a.npz", "x"), 3)
    assert_knows(tf_npz.NpzReaderDataset("a.npz", {"n": "y"}), 5)


# --- Keras -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("epochs", [1, 2])
def test_keras_shows_progress_without_a_warning(folder: Path, capsys: pytest.CaptureFixture[str], epochs: int) -> None:
    save_shards(LENGTHS)
    model = tf.keras.Sequential([tf.keras.Input([4]), tf.keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    model.fit(reader(batch_size=4).prefetch(2), epochs=epochs, verbose=1)
    shown = capsys.readouterr().out
    assert shown.count("4/4") >= epochs
    assert "1/4" in shown.replace("\x1b[1m", "")  # since the first step of the first epoch
    assert "Unknown" not in shown
