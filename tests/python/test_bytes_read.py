"""Bytes that are not needed are not read. The kernel counts the bytes that this process reads."""

import io
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
import tf_npz
from testing import global_shuffle, npy_bytes
from watching import bytes_read, plain

KIB = 1 << 10
MIB = 1 << 20
GB = 10**9
# Bytes that are read to find the arrays of a file: the last 64 KiB of an archive, because it may have a comment, and
# a window of 128 KiB for the header of a deflated member.
HEADERS = 68 * KIB
DEFLATED_HEADERS = 196 * KIB


def read_by(action: Callable[[], Any]) -> int:
    """The number of bytes that `action` reads."""
    before = bytes_read()
    action()
    return bytes_read() - before


def drain(dataset: tf.data.Dataset) -> int:
    return sum(1 for _ in plain(dataset))


@pytest.fixture(autouse=True)
def warm(folder: Path) -> None:
    """Runs everything once. What Python and TensorFlow load on first use must not count for the reader."""
    np.save("warm.npy", np.arange(2))
    dataset = tf_npz.NpzReaderDataset("warm.npy")
    drain(dataset.take(1))
    drain(dataset.skip(1))
    tf.data.experimental.at(dataset, 0)
    drain(global_shuffle(dataset, seed=1))
    Path("warm.npy").unlink()


# --- A small part of a large file ------------------------------------------------------------------------------------


def header() -> bytes:
    file = io.BytesIO()
    facts = {"descr": "|u1", "fortran_order": False, "shape": (10_000_000, 1000)}
    np.lib.format.write_array_header_1_0(file, facts)
    return file.getvalue()


def sparse_npy(path: str) -> None:
    """10 GB of zeros, as a hole: it takes no space on the disk."""
    with Path(path).open("wb") as file:
        file.write(header())
        file.truncate(len(header()) + 10 * GB)


def sparse_npz(path: str) -> None:
    """The same, stored in an archive, after another array."""
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("y.npy", npy_bytes(np.arange(10_000_000)))
        with archive.open("x.npy", "w", force_zip64=True) as member:
            member.write(header())
        info = archive.infolist()[-1]
        info.file_size = info.compress_size = len(header()) + 10 * GB
        # zipfile writes the directory here. The bytes before it stay a hole.
        archive.start_dir += 10 * GB


SPARSE = {"npy": (sparse_npy, None), "npz": (sparse_npz, "x")}
LITTLE: dict[str, Callable[[str, str | None], tf.data.Dataset]] = {
    "the first rows": lambda file, key: tf_npz.NpzReaderDataset(file, key).take(10),
    "the first batch": lambda file, key: tf_npz.NpzReaderDataset(file, key, batch_size=10).take(1),
    "rows far from the beginning": lambda file, key: tf_npz.NpzReaderDataset(file, key).skip(9_000_000).take(10),
    "a batch far from the beginning": lambda file, key: (
        tf_npz.NpzReaderDataset(file, key, batch_size=10).skip(900_000).take(1)
    ),
    "after the end": lambda file, key: tf_npz.NpzReaderDataset(file, key).skip(20_000_000),
    "rows of a share": lambda file, key: tf_npz.NpzReaderDataset(file, key, shard=(3, 1)).take(10),
    "a small share": lambda file, key: tf_npz.NpzReaderDataset(file, key, shard=(100_000, 70_000)),
    "a slice of rows": lambda file, key: tf_npz.NpzReaderDataset(file, key, rows=slice(5_000_000, 5_000_100)),
    "a sparse slice": lambda file, key: tf_npz.NpzReaderDataset(file, key, rows=slice(-1_000_000, None, 5_000)),
    "distant windows": lambda file, key: tf_npz.NpzReaderDataset(file, key, window=(8, 500_000), batch_size=4),
    "rows of a global shuffle": lambda file, key: global_shuffle(tf_npz.NpzReaderDataset(file, key)).take(10),
}


@pytest.mark.parametrize("take", LITTLE.values(), ids=LITTLE.keys())
@pytest.mark.parametrize("kind", SPARSE)
def test_a_small_part_of_ten_gigabytes_reads_less_than_a_megabyte(
    folder: Path, kind: str, take: Callable[..., tf.data.Dataset]
) -> None:
    make, key = SPARSE[kind]
    make(f"a.{kind}")
    read = read_by(lambda: drain(take(f"a.{kind}", key)))
    assert read < MIB


@pytest.mark.parametrize("kind", SPARSE)
def test_any_element_reads_only_its_own_bytes(folder: Path, kind: str) -> None:
    make, key = SPARSE[kind]
    make(f"a.{kind}")
    dataset = tf_npz.NpzReaderDataset(f"a.{kind}", key)
    read_by(lambda: tf.data.experimental.at(dataset, 9_999_999))
    indices = range(0, 10_000_000, 100_000)
    # Rows of 1000 bytes, and the bytes that are read for counting.
    assert read_by(lambda: [tf.data.experimental.at(dataset, index) for index in indices]) < 100 * 1000 + 10 * KIB


# --- Shares ----------------------------------------------------------------------------------------------------------


def random_bytes(size: int) -> np.ndarray:
    """Rows of 1000 random bytes, which cannot be compressed."""
    return np.frombuffer(np.random.default_rng(0).bytes(size), np.uint8).reshape(-1, 1000)


@pytest.mark.parametrize("save", ["npy", "npz"])
@pytest.mark.parametrize("files", [1, 3, 8])
@pytest.mark.parametrize("options", [{"batch_size": 100}, {"batch_size": 100, "num_parallel_reads": 4}])
def test_a_share_of_stored_data_reads_its_own_part(
    folder: Path, files: int, save: str, options: dict[str, Any]
) -> None:
    array = random_bytes(24_000_000)
    for i, part in enumerate(np.split(array, files)):
        if save == "npy":
            np.save(f"{i}.npy", part)
        else:
            np.savez(f"{i}.npz", x=part, unused=part)
    key = None if save == "npy" else "x"
    for index in range(4):
        share = tf_npz.NpzReaderDataset(f"*.{save}", key, shard=(4, index), **options)
        read = read_by(lambda share=share: drain(share))
        # Python has read the headers of all files before. So the files of other shares are not opened.
        assert 6_000_000 <= read < 6_000_000 + files * HEADERS


def test_a_share_of_whole_files_reads_only_those(folder: Path) -> None:
    for i, part in enumerate(np.split(random_bytes(24_000_000), 8)):
        np.savez(f"{i}.npz", x=part)
    for index in range(3):
        share = tf_npz.NpzReaderDataset("*.npz", "x", rows=False, shard=(3, index))
        read = read_by(lambda share=share: drain(share))
        own = len(range(index, 8, 3)) * 3_000_000
        assert own <= read < own + 8 * HEADERS


@pytest.mark.parametrize("options", [{}, {"memory_limit": 8 * MIB}], ids=["as it is", "little memory"])
def test_a_share_of_a_large_deflated_member_reads_what_its_rows_need(folder: Path, options: dict[str, Any]) -> None:
    np.savez_compressed("a.npz", x=random_bytes(40_000_000))
    for index in range(4):
        share = tf_npz.NpzReaderDataset("a.npz", "x", batch_size=100, shard=(4, index), **options)
        read = read_by(lambda share=share: drain(share))
        assert read < (index + 1) * 10_000_000 + 2 * MIB


@pytest.mark.parametrize("compressed", [False, True], ids=["stored", "deflated"])
def test_arrays_that_are_not_selected_are_not_read(folder: Path, compressed: bool) -> None:
    array = random_bytes(4_000_000)
    (np.savez_compressed if compressed else np.savez)("a.npz", a=array, b=array[:1000], c=array)
    headers = DEFLATED_HEADERS if compressed else HEADERS
    for options in ({}, {"batch_size": 100}, {"rows": False}):
        dataset = tf_npz.NpzReaderDataset("a.npz", "b", **options)
        read = read_by(lambda dataset=dataset: drain(dataset))
        assert 1_000_000 <= read < 1_000_000 + headers
    # Python reads the headers first, in small steps.
    assert read_by(lambda: tf_npz.load("a.npz", "b")) < 1_000_000 + 3 * headers
    assert read_by(lambda: tf_npz.element_spec("a.npz", "b")) < 2 * headers


# --- Random access and skipping --------------------------------------------------------------------------------------


@pytest.mark.parametrize("compressed", [False, True], ids=["stored", "deflated"])
def test_a_global_shuffle_reads_everything_once(folder: Path, compressed: bool) -> None:
    """Stored: each row once. Deflated: each member once, because all of them fit in memory."""
    for i, part in enumerate(np.split(random_bytes(8_000_000), 8)):
        (np.savez_compressed if compressed else np.savez)(f"{i}.npz", x=part)
    dataset = tf_npz.NpzReaderDataset("*.npz", "x")
    counts = []
    read = read_by(lambda: counts.append(drain(global_shuffle(dataset, seed=1))))
    assert counts == [8000]
    assert 8_000_000 <= read < 8_000_000 + 8 * (DEFLATED_HEADERS if compressed else HEADERS)


def test_skipping_reads_no_skipped_row(folder: Path) -> None:
    for i, part in enumerate(np.split(random_bytes(24_000_000), 4)):
        np.save(f"{i}.npy", part)
    for options, size in (({}, 1), ({"batch_size": 10}, 10)):
        dataset = tf_npz.NpzReaderDataset("*.npy", num_parallel_reads=1, **options).skip(21_000 // size)
        counts: list[int] = []
        read = read_by(lambda dataset=dataset, counts=counts: counts.append(drain(dataset)))
        assert counts == [3000 // size]
        # Its own rows, and the rows that were read ahead before the skip.
        assert 3_000_000 <= read < 3_000_000 + 2 * MIB
