"""tf.data.experimental.at: reads any element, in any order."""

import concurrent.futures
import gzip
import random
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
import tf_npz
from testing import assert_same, elements, npy_bytes, npz_bytes, random_array, save_damaged, save_shards

LENGTHS = (5, 0, 1, 7, 0, 3)
ROWS = sum(LENGTHS)


def reader(**options: Any) -> tf.data.Dataset:
    return tf_npz.NpzReaderDataset("*.npz", ("x", "y"), **options)


def at(dataset: tf.data.Dataset, index: int) -> Any:
    element = tf.data.experimental.at(dataset, index)
    return tf.nest.map_structure(lambda tensor: tensor.numpy(), element)


def assert_random_access(dataset: tf.data.Dataset) -> None:
    """Compares elements in random order, twice, with those of plain iteration."""
    expected = elements(dataset)
    order = [*range(len(expected))] * 2
    random.Random(1).shuffle(order)
    for index in order:
        assert_same(at(dataset, index), expected[index])


# --- at --------------------------------------------------------------------------------------------------------------

OPTIONS: dict[str, dict[str, Any]] = {
    "rows": {},
    "batches": {"batch_size": 4},
    "full batches": {"batch_size": 3, "drop_remainder": True},
    "padded batches": {"batch_size": 4, "padding": 0},
    "whole files": {"rows": False},
    "batches of whole files": {"rows": False, "batch_size": 4, "padding": -1},
    "a share": {"shard": (3, 1)},
    "the last share": {"shard": (3, 2)},
    "batches of a share": {"shard": (3, 1), "batch_size": 2},
    "batches of the last share": {"shard": (3, 2), "batch_size": 2},
    "whole files of a share": {"shard": (3, 1), "rows": False},
    "little memory": {"memory_limit": 1},
    "batches with little memory": {"memory_limit": 1, "batch_size": 4},
    "without checksums": {"verify_checksums": False},
}


@pytest.mark.parametrize("compressed", [True, False], ids=["deflated", "stored"])
@pytest.mark.parametrize("options", OPTIONS.values(), ids=OPTIONS.keys())
def test_gives_what_iteration_gives(folder: Path, options: dict[str, Any], compressed: bool) -> None:
    save_shards(LENGTHS, compressed=compressed)
    assert_random_access(reader(**options))


WIDE = random_array([40, 3, 5], ">f4")
TABLE = np.array(
    [(i, [(i + 0.5, f"n{i}")] * 2) for i in range(40)],
    [("id", ">u2"), ("at", [("x", "<f8"), ("name", "U4")], (2,))],
)
KINDS: dict[str, Callable[[], bytes]] = {
    "npy": lambda: npy_bytes(WIDE.astype("<f4")),
    "big-endian": lambda: npy_bytes(WIDE),
    "npy within gzip": lambda: gzip.compress(npy_bytes(WIDE)),
    "Fortran order": lambda: npy_bytes(np.asfortranarray(WIDE)),
    "Fortran order within gzip": lambda: gzip.compress(npy_bytes(np.asfortranarray(WIDE))),
    "Fortran order, stored": lambda: npz_bytes(x=np.asfortranarray(WIDE)),
    "Fortran order, deflated": lambda: npz_bytes(np.savez_compressed, x=np.asfortranarray(WIDE)),
    "structures": lambda: npy_bytes(TABLE),
    "structures, stored": lambda: npz_bytes(x=TABLE),
    "structures, deflated": lambda: npz_bytes(np.savez_compressed, x=TABLE),
    "structures in Fortran order": lambda: npy_bytes(np.asfortranarray(TABLE.reshape(20, 2))),
    "text": lambda: npy_bytes(np.array([f"é{i}" for i in range(40)])),
    "bytes": lambda: npz_bytes(np.savez_compressed, x=np.array([f"b{i}" for i in range(40)], "S")),
    "datetimes": lambda: npy_bytes(np.arange(40).astype("M8[s]")),
    "scalars and bools": lambda: npz_bytes(i=np.arange(40, dtype="i1"), b=np.arange(40) % 3 == 0),
    "rows without bytes": lambda: npy_bytes(np.zeros((40, 0))),
}


@pytest.mark.parametrize("make", KINDS.values(), ids=KINDS.keys())
def test_every_kind_of_file(folder: Path, make: Callable[[], bytes]) -> None:
    Path("a").write_bytes(make())
    Path("b").write_bytes(make())
    for options in ({}, {"batch_size": 7}, {"rows": False}, {"shard": (3, 1)}):
        assert_random_access(tf_npz.NpzReaderDataset(["a", "b"], **options))


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
@pytest.mark.parametrize("order", ["C", "F"])
def test_members_that_are_too_large_to_be_kept(folder: Path, save: Callable[..., None], order: Any) -> None:
    """A member of up to a quarter of the limit of 1 MiB is kept. These members have 400 KB."""
    arrays = [random_array([1000, 100], "f4", seed) for seed in range(3)]
    for i, array in enumerate(arrays):
        save(f"{i}.npz", x=np.asarray(array, order=order))
    dataset = tf_npz.NpzReaderDataset("*.npz", "x", memory_limit=1 << 20)
    whole = np.concatenate(arrays)
    for index in [2999, 0, 1, 2, 1500, 1499, 10, 2000, 999, 1000, *random.Random(2).sample(range(3000), 40)]:
        assert_same(at(dataset, index), whole[index])


def test_members_that_do_not_fit_say_which_limit_to_raise(folder: Path) -> None:
    np.savez_compressed("a.npz", x=np.asfortranarray(random_array([1000, 100], "f4")))
    dataset = tf_npz.NpzReaderDataset("a.npz", "x", memory_limit=1 << 18)
    with pytest.raises(tf.errors.ResourceExhaustedError, match=r"memory_limit is 262144; raise it"):
        at(dataset, 3)


def test_in_a_graph(folder: Path) -> None:
    save_shards(LENGTHS)
    dataset = reader()

    @tf.function
    def labels(indices: tf.Tensor) -> tf.Tensor:
        return tf.map_fn(lambda index: tf.data.experimental.at(dataset, index)[1], indices)

    assert labels(tf.constant([15, 0, 7], tf.int64)).numpy().tolist() == [15, 0, 7]


def test_through_later_transformations(folder: Path) -> None:
    save_shards(LENGTHS)
    for dataset in (
        reader().map(lambda x, y: y * 2),
        reader().batch(4),
        reader().take(3),
        reader().skip(3),
        reader().repeat(2),
        reader().prefetch(2),
        reader().shuffle(100, seed=1, reshuffle_each_iteration=False).take(0),
        reader().concatenate(reader()).take(20),
    ):
        assert_random_access(dataset)


# --- Errors ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("index", [-1, ROWS, ROWS + 1, 2**62])
def test_out_of_range_is_an_error(folder: Path, index: int) -> None:
    save_shards(LENGTHS)
    for options in ({}, {"batch_size": 4}, {"rows": False}, {"shard": (3, 1)}, {"shard": (40, 39)}):
        with pytest.raises(tf.errors.OutOfRangeError, match=f"{index}"):
            at(reader(**options), index)


def test_headers_are_read_if_counts_are_not_known(folder: Path) -> None:
    save_shards(LENGTHS)
    unknown = reader(element_spec=reader().element_spec)
    assert int(unknown.cardinality()) == tf.data.UNKNOWN_CARDINALITY
    assert at(unknown, ROWS - 1)[1] == ROWS - 1
    with pytest.raises(tf.errors.OutOfRangeError):
        at(unknown, ROWS)


def test_damage_of_compressed_data_is_an_error_each_time(folder: Path) -> None:
    save_damaged(compressed=True)
    dataset = tf_npz.NpzReaderDataset("*.npz", "x")
    for _ in range(2):
        with pytest.raises(tf.errors.DataLossError, match=r"1\.npz"):
            at(dataset, 15_000)
        assert at(dataset, 9_999) == random_array([10_000], "i8", 0)[-1]
        assert at(dataset, 20_000) == random_array([10_000], "i8", 2)[0]
    with pytest.raises(tf.errors.DataLossError, match=r"1\.npz"):
        at(tf_npz.NpzReaderDataset("*.npz", "x", batch_size=5000), 3)


def test_stored_data_reads_only_the_bytes_of_the_element_and_no_checksum(folder: Path) -> None:
    save_damaged(compressed=False)
    dataset = tf_npz.NpzReaderDataset("*.npz", "x")
    for index in (0, 9_999):
        assert at(dataset, 10_000 + index) == random_array([10_000], "i8", 1)[index]


def test_a_damaged_header_makes_every_element_an_error(folder: Path) -> None:
    files = save_shards([3, 3, 3])
    Path(files[1]).write_bytes(b"")
    for options in ({}, {"batch_size": 2}, {"batch_size": 2, "drop_remainder": True}):
        for index in (0, 5):
            with pytest.raises(tf.errors.DataLossError, match=r"1\.npz"):
                at(reader(**options), index)
    assert at(reader(rows=False), 0)[1].tolist() == [0, 1, 2]
    with pytest.raises(tf.errors.DataLossError, match=r"1\.npz"):
        at(reader(rows=False), 1)


def test_a_file_that_has_changed(folder: Path) -> None:
    save_shards([8])
    dataset = reader()
    save_shards([3])
    with pytest.raises(tf.errors.InvalidArgumentError, match="the file may have changed since"):
        at(dataset, 7)


# --- Many files, many threads ----------------------------------------------------------------------------------------

# Runs in another process, to limit its descriptors and to measure its peak memory.
MANY = """
import os, random, resource, sys
import numpy as np, tensorflow as tf, tf_npz

count, size = 1200, 20_000
for i in range(count):
    x = np.full((2, size), i, np.int32)
    if i % 3 == 0:
        np.save(f"{i:04}.npy", x)
    else:
        (np.savez if i % 3 == 1 else np.savez_compressed)(f"{i:04}.npz", x=x)
resource.setrlimit(resource.RLIMIT_NOFILE, (256, 256))
for kind in ("npy", "npz"):
    dataset = tf_npz.NpzReaderDataset(f"*.{kind}", None if kind == "npy" else "x", memory_limit=16 << 20)
    order = list(range(len(dataset)))
    random.Random(3).shuffle(order)
    numbers = [i for i in range(count) if (i % 3 == 0) == (kind == "npy")]
    at = tf.function(lambda index: tf.data.experimental.at(dataset, index)[::1000])
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for index in order:
        value = at(tf.constant(index, tf.int64)).numpy()
        assert value.tolist() == [numbers[index // 2]] * 20, (index, value)
    descriptors = len(os.listdir("/proc/self/fd"))
    print(len(order), descriptors, (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024)
"""


@pytest.mark.nightly
def test_many_files_take_few_descriptors_and_little_memory(folder: Path) -> None:
    result = subprocess.run([sys.executable, "-c", MANY], capture_output=True, text=True, timeout=300, check=False)
    assert result.returncode == 0, result.stderr
    npy, npz = ([int(number) for number in line.split()] for line in result.stdout.splitlines())
    assert (npy[0], npz[0]) == (800, 1600)
    assert max(npy[1], npz[1]) < 200
    # 16 MiB of the reader, 16 MiB of the pool, and the memory that malloc and TensorFlow keep. The files have 190 MB.
    assert max(npy[2], npz[2]) < 64


def test_more_files_than_are_kept(folder: Path) -> None:
    contents = [npy_bytes(np.arange(i, i + 2)) for i in range(1100)]
    files = [f"{i}.npy" for i in range(1100)]
    for file, content in zip(files, contents, strict=True):
        Path(file).write_bytes(content)
    dataset = tf_npz.NpzReaderDataset(files)
    order = list(range(2200))
    random.Random(4).shuffle(order)
    indices = tf.data.Dataset.from_tensor_slices(np.array(order)).map(lambda i: tf.data.experimental.at(dataset, i))
    assert [int(y) for y in indices.as_numpy_iterator()] == [i // 2 + i % 2 for i in order]


@pytest.mark.parametrize("compressed", [True, False], ids=["deflated", "stored"])
@pytest.mark.parametrize("options", [{}, {"batch_size": 3}, {"memory_limit": 1}], ids=["rows", "batches", "little"])
def test_from_several_threads_at_once(folder: Path, options: dict[str, Any], compressed: bool) -> None:
    save_shards([20] * 8, compressed=compressed)
    dataset = reader(**options)
    expected = [np.atleast_1d(y).tolist() for _, y in elements(dataset)]
    order = list(range(len(expected))) * 3
    random.Random(5).shuffle(order)
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        actual = list(pool.map(lambda index: np.atleast_1d(at(dataset, index)[1]).tolist(), order))
    assert actual == [expected[index] for index in order]
