"""skip(n) with a large n reads only headers. The next elements are the same as after reading."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
import tf_npz
from pipelines import rest_of, restore, save, take
from testing import assert_same, elements, npy_bytes, npz_bytes
from watching import plain

LENGTHS = (90_000, 0, 150_000, 1, 100_000)
TOTAL = sum(LENGTHS)
ROWS = (4096, 89_999, 90_000, 90_001, 239_999, 240_000, 240_001, 240_002, TOTAL - 1, TOTAL, TOTAL + 1, 10 * TOTAL)

MODES: dict[str, dict[str, Any]] = {
    "rows": {},
    "batches": {"batch_size": 7},
    "large batches": {"batch_size": 5000},
    "full batches": {"batch_size": 7, "drop_remainder": True},
    "padded batches": {"batch_size": 7, "padding": 0},
    "a share": {"shard": (2, 1)},
    "full batches of a share": {"shard": (2, 0), "batch_size": 9, "drop_remainder": True},
    "one thread, little memory": {"num_parallel_reads": 1, "memory_limit": 1 << 16},
}
parametrize_modes = pytest.mark.parametrize("options", MODES.values(), ids=MODES.keys())


@pytest.fixture(params=[np.savez_compressed, np.savez], ids=["deflated", "stored"])
def files(request: pytest.FixtureRequest, folder: Path) -> list[str]:
    """Files of rows. The values count up through all files."""
    names = []
    for i, length in enumerate(LENGTHS):
        names.append(f"{i}.npz")
        request.param(names[-1], y=np.arange(length) + sum(LENGTHS[:i]))
    return names


def reader(files: list[str], *, rows: bool = True, **options: Any) -> tf.data.Dataset:
    spec = tf.TensorSpec([] if rows else [None], tf.int64)
    keys = "y" if files[0].endswith(".npz") else None
    return plain(tf_npz.NpzReaderDataset(files, keys, rows=rows, element_spec=spec, **options))


def expected(options: dict[str, Any], first: int, step: int = 1, most: int = 5) -> list[np.ndarray]:
    """At most `most` elements of `files`: `first`, `first + step`, ..."""
    count, index = options.get("shard", (1, 0))
    begin, end = (TOTAL * i // count + (TOTAL * i % count > 0) for i in (index, index + 1))
    size = options.get("batch_size")
    if size is None:
        return list(np.arange(begin + first, end)[::step][:most])
    all_batches = range(begin, end - size + 1 if options.get("drop_remainder") else end, size)
    return [np.arange(i, min(i + size, end)) for i in all_batches[first::step][:most]]


def outcomes(dataset: tf.data.Dataset) -> list[Any]:
    """All elements, and the messages of errors in their places."""
    seen: list[Any] = []
    iterator = iter(dataset)
    while True:
        try:
            seen.append(next(iterator).numpy().tolist())
        except StopIteration:
            return seen
        except tf.errors.OpError as error:
            seen.append(error.message.rpartition("}}")[2].partition(" [Op")[0])


def by_reading(dataset: tf.data.Dataset, count: int) -> tf.data.Dataset:
    """`dataset.skip(count)`, made so that the reader does not know of it: it delivers all elements."""
    return dataset.map(tf.identity).skip(count)


@parametrize_modes
def test_skipping_far_gives_the_elements_that_reading_gives(files: list[str], options: dict[str, Any]) -> None:
    for rows in ROWS:
        count = rows // options.get("batch_size", 1)
        assert_same(elements(reader(files, **options).skip(count).take(5)), expected(options, count))


@parametrize_modes
def test_skipping_after_reading_some_elements(files: list[str], options: dict[str, Any]) -> None:
    """`shard` skips, takes an element, and skips again."""
    for rows, first in ((70_000, 13), (70_001, 0), (149_999, 70_000), (240_000, 5)):
        step, first = rows // options.get("batch_size", 1), first // options.get("batch_size", 1)
        assert_same(elements(reader(files, **options).shard(step, first)), expected(options, first, step))


@parametrize_modes
def test_a_checkpoint_after_a_skip(files: list[str], options: dict[str, Any]) -> None:
    count = 90_001 // options.get("batch_size", 1)
    iterator = iter(reader(files, **options).skip(count))
    for taken in range(3):  # before the skip, and after it
        restored = restore(reader(files, **options).skip(count), save(iterator))
        assert_same(take(restored, 3), expected(options, count + taken, most=3))
        take(iterator, 1)
    past = iter(reader(files, **options).skip(TOTAL))
    assert rest_of(past) == []
    assert rest_of(restore(reader(files, **options).skip(TOTAL), save(past))) == []


def test_far_skipped_elements_are_not_read(folder: Path) -> None:
    """So a wrong checksum there is not found. A file that is missing, or not an archive, is found."""
    y = np.arange(50_000)
    damaged = bytearray(npz_bytes(y=y))
    damaged[damaged.index(b"PK\x01\x02") - 1] ^= 1
    for i in range(4):
        Path(f"{i}.npz").write_bytes(damaged if i < 2 else npz_bytes(y=y + i * len(y)))
    files = [f"{i}.npz" for i in range(4)]
    for options in ({}, {"batch_size": 100}):
        size = options.get("batch_size", 1)
        skipped = reader(files, **options).skip(120_000 // size).take(1)
        assert int(np.reshape(elements(skipped)[0], -1)[0]) == 120_000


@pytest.mark.parametrize("kind", ["gone", "empty", "of another dtype"])
@pytest.mark.parametrize(
    "options",
    [{}, {"batch_size": 7}, {"batch_size": 7, "drop_remainder": True}, {"batch_size": 7, "padding": 0}],
    ids=["rows", "batches", "full batches", "padded batches"],
)
def test_a_bad_file_in_between_is_reported_as_by_reading(folder: Path, options: dict[str, Any], kind: str) -> None:
    """After an error, tf.data skips the same number of elements again."""
    files = []
    for i in range(7):
        files.append(f"{i}.npz")
        np.savez(files[-1], y=np.arange(5000) + 5000 * i)
    for file in (files[1], files[4]):
        if kind == "gone":
            Path(file).unlink()
        elif kind == "empty":
            Path(file).write_bytes(b"")
        else:
            np.savez(file, y=np.zeros(5000))
    for rows in (4200, 4999, 5000, 5001, 9000, 12_000):
        size = options.get("batch_size", 1)
        count = rows // size
        dataset = reader(files, **options)
        seen = outcomes(dataset.skip(count).take(3))
        assert seen == outcomes(by_reading(dataset, count).take(3))
        assert (files[1] in str(seen[0])) == ((count + 1) * size > 5000)


@pytest.mark.parametrize("options", [{}, {"batch_size": 10, "padding": -1}], ids=["whole files", "batches of them"])
def test_skipping_whole_files(folder: Path, options: dict[str, Any]) -> None:
    files = [f"{i:04}.npy" for i in range(4400)]
    for i, file in enumerate(files):
        Path(file).write_bytes(npy_bytes(np.full(1 + i % 3, i)))
    dataset = reader(files, rows=False, **options)
    for count in (4096, 4300, 4395, 4400, 5000):
        count //= options.get("batch_size", 1)
        assert outcomes(dataset.skip(count).take(2)) == outcomes(by_reading(dataset, count).take(2))
    Path(files[20]).unlink()
    Path(files[4200]).write_bytes(b"")
    count = 4150 // options.get("batch_size", 1)
    seen = outcomes(dataset.skip(count).take(2))
    assert seen == outcomes(by_reading(dataset, count).take(2))
    assert files[20] in seen[0]


@pytest.mark.parametrize("compressed", [True, False], ids=["deflated", "stored"])
def test_skipping_through_a_damaged_file_counts_only_its_good_rows(folder: Path, compressed: bool) -> None:
    """Rows that a damaged file has lost are not elements. Its error has come before."""
    y = np.arange(20_000)
    contents = bytearray(npz_bytes(np.savez_compressed if compressed else np.savez, y=y))
    contents[contents.index(b"PK\x01\x02") - 5] ^= 1
    Path("0.npz").write_bytes(contents)
    for i in (1, 2, 3):
        np.savez(f"{i}.npz", y=y + len(y) * i)
    dataset = reader([f"{i}.npz" for i in range(4)])
    # shard takes one element after each skip.
    seen = outcomes(dataset.shard(4500, 0))
    assert seen == outcomes(dataset.map(tf.identity).shard(4500, 0))
    assert "0.npz" in "".join(map(str, seen))
