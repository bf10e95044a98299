"""Shares of a dataset are disjoint, complete, in order and of about the same size. Each reads only its own data."""

import gzip
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
import tf_npz
from testing import assert_same, elements, features, npy_bytes, npz_bytes, save_shards

LENGTHS = (5, 0, 1, 7, 0, 0, 4, 3)
ROWS = sum(LENGTHS)
COUNTS = (1, 3, 7, ROWS + 3)
SPEC = (tf.TensorSpec([4], tf.float32), tf.TensorSpec([], tf.int64))
OPTIONS: dict[str, dict[str, Any]] = {
    "rows": {},
    "one thread": {"num_parallel_reads": 1},
    "many threads": {"num_parallel_reads": 8},
    "little memory": {"memory_limit": 1},
    "without checksums": {"verify_checksums": False},
    "with a spec": {"element_spec": SPEC},
}


def shares(count: int, files: Any = "*.npz", keys: Any = ("x", "y"), **options: Any) -> list[tf.data.Dataset]:
    return [tf_npz.NpzReaderDataset(files, keys, shard=(count, index), **options) for index in range(count)]


def labels(dataset: tf.data.Dataset) -> list[int]:
    return [int(y) for _, y in dataset.as_numpy_iterator()]


def assert_near_equal(sizes: list[int]) -> None:
    assert max(sizes) - min(sizes) <= 1
    assert sizes == sorted(sizes, reverse=True)


# --- Shares of rows --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("compressed", [True, False], ids=["deflated", "stored"])
@pytest.mark.parametrize("options", OPTIONS.values(), ids=OPTIONS.keys())
def test_shares_together_are_the_whole_dataset(folder: Path, options: dict[str, Any], compressed: bool) -> None:
    save_shards(LENGTHS, compressed=compressed)
    whole = elements(tf_npz.NpzReaderDataset("*.npz", ("x", "y")))
    for count in COUNTS:
        parts = [elements(share) for share in shares(count, **options)]
        assert_same([row for part in parts for row in part], whole)
        assert_near_equal([len(part) for part in parts])


@pytest.mark.parametrize("count", COUNTS)
def test_batches_are_made_of_the_share(folder: Path, count: int) -> None:
    save_shards(LENGTHS)
    for share, batches in zip(shares(count), shares(count, batch_size=3), strict=True):
        assert_same(elements(batches), elements(share.batch(3)))
    for share, batches in zip(shares(count), shares(count, batch_size=2, drop_remainder=True), strict=True):
        assert_same(elements(batches), elements(share.batch(2, drop_remainder=True)))


def test_padded_batches_are_made_of_the_share(folder: Path) -> None:
    for i, (rows, width) in enumerate([(3, 2), (2, 5), (4, 1), (0, 3), (2, 4)]):
        np.save(f"{i}.npy", np.full((rows, width), i + 1, np.float32))
    for count in (1, 2, 3, 11, 12):
        rows = shares(count, "*.npy", None)
        batches = shares(count, "*.npy", None, batch_size=3, padding=-1)
        for share, padded in zip(rows, batches, strict=True):
            assert_same(elements(padded), elements(share.padded_batch(3, [None], -1.0)))


TABLE = np.array([(i, (i + 0.5, f"n{i}")) for i in range(23)], [("id", ">u2"), ("at", [("x", "<f8"), ("name", "U4")])])
WIDE = np.arange(23 * 6, dtype=">f4").reshape(23, 2, 3)
KINDS: dict[str, Callable[[], bytes]] = {
    "npy": lambda: npy_bytes(WIDE),
    "npy within gzip": lambda: gzip.compress(npy_bytes(WIDE)),
    "Fortran order": lambda: npy_bytes(np.asfortranarray(WIDE)),
    "Fortran order within gzip": lambda: gzip.compress(npy_bytes(np.asfortranarray(WIDE))),
    "structures": lambda: npy_bytes(TABLE),
    "strings": lambda: npy_bytes(np.array([f"é{i}" for i in range(23)])),
    "scalars": lambda: npy_bytes(np.arange(23)),
    "rows without bytes": lambda: npy_bytes(np.zeros((23, 0))),
}


@pytest.mark.parametrize("make", KINDS.values(), ids=KINDS.keys())
def test_every_kind_of_file(folder: Path, make: Callable[[], bytes]) -> None:
    Path("a").write_bytes(make())
    Path("b").write_bytes(make())
    whole = elements(tf_npz.NpzReaderDataset(["a", "b"]))
    assert len(whole) == 46
    for count in (2, 3, 5):
        for options in ({}, {"batch_size": 1}):
            parts = [elements(share) for share in shares(count, ["a", "b"], None, **options)]
            rows = [row for part in parts for row in part]
            # Batches of one element. TensorFlow's unbatch crashes if rows have no bytes.
            assert_same([tf.nest.map_structure(lambda t: t[0], row) for row in rows] if options else rows, whole)


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
@pytest.mark.parametrize("order", ["C", "F"])
def test_one_large_file(folder: Path, save: Callable[..., None], order: Any) -> None:
    array = np.arange(600_000, dtype=np.float32).reshape(20_000, 30)
    save("a.npz", x=np.asarray(array, order=order))
    for options in ({}, {"memory_limit": 6 << 20}, {"num_parallel_reads": 4}):
        parts = [np.concatenate(elements(s)) for s in shares(3, "a.npz", "x", batch_size=1000, **options)]
        assert_same(np.concatenate(parts), array)
        assert [len(part) for part in parts] == [6667, 6667, 6666]


def test_files_without_rows(folder: Path) -> None:
    save_shards([0] * 3)
    assert [labels(share) for share in shares(2)] == [[], []]


def test_repeat_repeats_the_share(folder: Path) -> None:
    save_shards(LENGTHS)
    for share in shares(3):
        assert labels(share.repeat(2)) == labels(share) * 2


def test_tf_data_may_shard_a_share_of_rows(folder: Path) -> None:
    save_shards(LENGTHS)
    for share in shares(3):
        assert sorted(labels(share.shard(2, 0)) + labels(share.shard(2, 1))) == labels(share)


# --- Shares of files -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("count", [1, 2, 3, 8, 11])
def test_whole_files_are_distributed(folder: Path, count: int) -> None:
    files = save_shards(LENGTHS)
    whole = elements(tf_npz.NpzReaderDataset(files, ("x", "y"), rows=False))
    for index, share in enumerate(shares(count, files, rows=False)):
        assert_same(elements(share), whole[index::count])


@pytest.mark.parametrize("options", OPTIONS.values(), ids=OPTIONS.keys())
def test_rows_of_many_files_are_distributed_by_file(folder: Path, options: dict[str, Any]) -> None:
    lengths = [i % 4 for i in range(70)]
    files = save_shards(lengths)
    rows = np.split(np.arange(sum(lengths)), np.cumsum(lengths)[:-1])
    for index, share in enumerate(shares(2, files, **options)):
        assert labels(share) == np.concatenate(rows[index::2]).tolist()
    # With fewer than 32 files for each share, a share is a range of rows.
    parts = [labels(share) for share in shares(3, files, **options)]
    assert [y for part in parts for y in part] == list(range(sum(lengths)))
    assert_near_equal([len(part) for part in parts])


def test_shares_of_files_do_not_open_those_of_others(folder: Path) -> None:
    files = save_shards([2] * 64)
    for file in files[1::2]:
        Path(file).unlink()
    assert len(labels(tf_npz.NpzReaderDataset(files, ("x", "y"), shard=(2, 0), element_spec=SPEC))) == 64


# --- Damaged files ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("broken", range(4))
@pytest.mark.parametrize("count", [1, 2, 3, 5])
def test_a_damaged_file_is_an_error_of_exactly_one_share(folder: Path, count: int, broken: int) -> None:
    files = save_shards([3] * 4)
    Path(files[broken]).write_bytes(b"")
    for options in ({}, {"rows": False}, {"batch_size": 2}):
        errors: list[str] = []
        rows: list[int] = []
        for share in shares(count, files, **options):
            iterator = iter(share)
            while True:
                try:
                    rows += np.atleast_1d(next(iterator)[1]).tolist()
                except tf.errors.DataLossError as error:
                    errors.append(error.message)
                except StopIteration:
                    break
        assert len(errors) == 1
        assert f"{broken}.npz" in errors[0]
        assert sorted(rows) == [y for y in range(12) if y // 3 != broken]


def test_if_all_files_are_damaged_the_first_share_has_the_errors(folder: Path) -> None:
    for name in ("a.npz", "b.npz"):
        Path(name).write_bytes(b"")
    first, second = shares(2, ["a.npz", "b.npz"], element_spec=SPEC)
    iterator = iter(first)
    for name in ("a.npz", "b.npz"):
        with pytest.raises(tf.errors.DataLossError, match=name):
            next(iterator)
    assert labels(second) == []


@pytest.mark.parametrize("compressed", [True, False], ids=["deflated", "stored"])
def test_data_after_a_share_may_be_damaged(folder: Path, compressed: bool) -> None:
    """A share of a large member reads only up to its own last row."""
    y = np.random.default_rng(0).integers(0, 1 << 62, 1 << 18)
    (np.savez_compressed if compressed else np.savez)("a.npz", y=y)
    contents = bytearray(Path("a.npz").read_bytes())
    contents[len(contents) * 9 // 10] ^= 1
    Path("a.npz").write_bytes(contents)
    first, second = shares(2, "a.npz", "y", batch_size=1 << 12)
    assert_same(np.concatenate(elements(first)), y[: 1 << 17])
    if compressed:
        with pytest.raises(tf.errors.DataLossError, match=r"a\.npz"):
            elements(second)
    else:  # Stored data: no share reads all bytes of the checksum.
        assert sum(len(batch) for batch in elements(second)) == 1 << 17


# --- The argument ----------------------------------------------------------------------------------------------------

WRONG: dict[str, tuple[Any, str]] = {
    "a number": (2, r"shard must be \(count, index\), not 2"),
    "one number": ((2,), r"shard must be \(count, index\), not \(2,\)"),
    "three numbers": ((2, 0, 1), r"shard must be \(count, index\)"),
    "a text": ("21", r"shard must be \(count, index\)"),
    "no share": ((0, 0), r"0 <= index < count"),
    "a negative count": ((-2, 0), r"0 <= index < count"),
    "an index too large": ((2, 2), r"0 <= index < count, not \(2, 2\)"),
    "a negative index": ((2, -1), r"0 <= index < count"),
    "a count that is no integer": ((2.0, 0), r"the count of shard must be an integer, not 2\.0"),
    "an index that is no integer": ((2, None), r"the index of shard must be an integer, not None"),
    "a bool": ((2, True), r"the index of shard must be an integer, not True"),
    "a tensor too large": ((2, tf.constant(2)), r"0 <= index < count"),
    "a tensor of floats": ((tf.constant(2.0), 0), r"the count of shard must be an integer"),
    "a vector": ((2, tf.constant([0, 1])), r"the index of shard must be an integer"),
}


@pytest.mark.parametrize(("shard", "message"), WRONG.values(), ids=WRONG.keys())
def test_a_wrong_argument_is_refused(folder: Path, shard: Any, message: str) -> None:
    save_shards([3])
    with pytest.raises(ValueError, match=message):
        tf_npz.NpzReaderDataset("*.npz", shard=shard)


@pytest.mark.parametrize("dtype", [tf.int32, tf.int64])
def test_count_and_index_may_be_tensors(folder: Path, dtype: tf.DType) -> None:
    save_shards(LENGTHS)

    @tf.function
    def total(count: tf.Tensor, index: tf.Tensor) -> tf.Tensor:
        share = tf_npz.NpzReaderDataset("*.npz", "y", shard=(count, index))
        return share.reduce(tf.constant(0, tf.int64), lambda sum, y: sum + y)

    for index, share in enumerate(shares(3)):
        assert int(total(tf.constant(3, dtype), tf.constant(index, dtype))) == sum(labels(share))
        eager = tf_npz.NpzReaderDataset("*.npz", ("x", "y"), shard=(tf.constant(3, dtype), np.int64(index)))
        assert labels(eager) == labels(share)
    for count, index in ((3, 3), (0, 0), (2, -1)):
        expected = rf"shard is \(count, index\) with 0 <= index < count, not \({count}, {index}\)"
        with pytest.raises(tf.errors.InvalidArgumentError, match=expected):
            total(tf.constant(count, dtype), tf.constant(index, dtype))


def test_symbolic_tensors_of_another_kind_are_refused(folder: Path) -> None:
    save_shards(LENGTHS)
    for wrong in (tf.TensorSpec([], tf.float32), tf.TensorSpec([2], tf.int64), tf.TensorSpec([], tf.string)):

        @tf.function(input_signature=[wrong])
        def read(index: tf.Tensor) -> tf.Tensor:
            return tf_npz.NpzReaderDataset("*.npz", "y", shard=(3, index)).cardinality()

        with pytest.raises(ValueError, match="the index of shard must be a scalar integer"):
            read.get_concrete_function()


def test_inside_interleave(folder: Path) -> None:
    """A share of each file. The file names are symbolic."""
    files = save_shards([6, 9, 3])
    dataset = tf.data.Dataset.from_tensor_slices(files).interleave(
        lambda f: tf_npz.NpzReaderDataset(f, ("x", "y"), element_spec=SPEC, shard=(3, 1)), cycle_length=1
    )
    assert labels(dataset) == [2, 3, 9, 10, 11, 16]
    dataset = tf.data.Dataset.range(3).interleave(
        lambda i: tf_npz.NpzReaderDataset(files, ("x", "y"), shard=(3, i)), cycle_length=1
    )
    assert labels(dataset) == list(range(18))


def test_a_share_saves_and_restores(folder: Path) -> None:
    save_shards(LENGTHS)
    for share in shares(3, batch_size=2):
        expected = elements(share)
        iterator = iter(share)
        next(iterator)
        saved = tf.train.Checkpoint(iterator=iterator).write("saved")
        restored = iter(share)
        tf.train.Checkpoint(iterator=restored).read(saved)
        assert_same([tf.nest.map_structure(lambda t: t.numpy(), element) for element in restored], expected[1:])


def test_values_are_those_of_numpy(folder: Path) -> None:
    save_shards(LENGTHS)
    for share in shares(3):
        for x, y in share.as_numpy_iterator():
            assert_same(x, features(np.array([y]))[0])


def test_more_shares_than_files_of_a_single_row(folder: Path) -> None:
    Path("a.npz").write_bytes(npz_bytes(x=features(np.arange(1)), y=np.arange(1)))
    assert [labels(share) for share in shares(3)] == [[0], [], []]
