"""The reader's threads: their number, how far they read ahead, and that they end with their iterator."""

import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
import tf_npz
from testing import assert_gives, features, npy_bytes, save_shards
from watching import assert_ends_all_threads, bytes_read, plain, reader_threads, wait_until

MIB = 1 << 20
pytestmark = pytest.mark.usefixtures("no_threads_of_other_tests")


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a deflated member of 300 MB in a file of a few hundred KB, and a stored member of 40 MB."""
    folder = tmp_path_factory.mktemp("large")
    array = np.zeros((300_000, 250), np.float32)
    array[:, 0] = np.arange(len(array))
    with (
        zipfile.ZipFile(folder / "deflated.npz", "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive,
        archive.open("x.npy", "w", force_zip64=True) as member,
    ):
        np.lib.format.write_array(member, array)
    np.savez(folder / "stored.npz", x=array[:40_000])
    return folder


# --- The number of threads -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("options", [{}, {"batch_size": 4}, {"rows": False}], ids=["rows", "batches", "whole files"])
@pytest.mark.parametrize("threads", [1, 3, 8])
def test_many_files_are_read_by_the_requested_number_of_threads(
    folder: Path, threads: int, options: dict[str, Any]
) -> None:
    files = save_shards([100] * 12)
    assert reader_threads() == 0
    iterator = iter(tf_npz.NpzReaderDataset(files, "y", num_parallel_reads=threads, **options))
    next(iterator)
    wait_until(lambda: reader_threads() == threads, f"{threads} threads")
    for _ in iterator:
        assert reader_threads() == threads
    del iterator
    assert_ends_all_threads(folder)


def test_one_file_is_read_by_at_most_one_thread(large: Path, folder: Path) -> None:
    iterator = iter(plain(tf_npz.NpzReaderDataset(large / "stored.npz", "x", batch_size=100, num_parallel_reads=8)))
    next(iterator)
    assert reader_threads() == 0  # There is no thread yet: the caller may need only the first batch.
    next(iterator)
    wait_until(lambda: reader_threads() == 1, "a thread")
    for _ in range(10):
        next(iterator)
        assert reader_threads() == 1
    del iterator
    assert_ends_all_threads(large)


def test_a_small_file_needs_no_thread(folder: Path) -> None:
    (file,) = save_shards([10])
    iterator = iter(tf_npz.NpzReaderDataset(file, "y", num_parallel_reads=8))
    assert len([int(y) for y in iterator if reader_threads() == 0]) == 10


def test_a_dataset_without_an_iterator_has_no_threads(folder: Path) -> None:
    dataset = tf_npz.NpzReaderDataset(save_shards([10] * 5), "y")
    assert dataset.element_spec.dtype == tf.int64
    assert reader_threads() == 0


@pytest.mark.parametrize("options", [{}, {"batch_size": 7}], ids=["rows", "batches"])
@pytest.mark.parametrize("threads", range(1, 9))
def test_order_does_not_depend_on_threads(folder: Path, threads: int, options: dict[str, Any]) -> None:
    files = save_shards([50, 1, 0, 200, 3, 1, 90, 40], compressed=bool(threads % 2))
    dataset = tf_npz.NpzReaderDataset(files, ("x", "y"), num_parallel_reads=threads, **options)
    y = np.arange(385)
    rows = list(zip(features(y), y, strict=True))
    batches = [(features(y[i : i + 7]), y[i : i + 7]) for i in range(0, 385, 7)]
    for _ in range(3):
        assert_gives(dataset, batches if options else rows)


# --- How far ahead ---------------------------------------------------------------------------------------------------


def save_random(count: int, size: int) -> list[str]:
    """Files of one element of `size` bytes each."""
    files = [f"{i:02}.npy" for i in range(count)]
    for i, file in enumerate(files):
        Path(file).write_bytes(npy_bytes(np.full((1, size), i, np.uint8)))
    return files


def test_files_are_read_before_they_are_asked_for(folder: Path) -> None:
    files = save_random(10, 8 * MIB)
    before = bytes_read()
    # Four threads plan ten blocks ahead, however seldom the consumer waits.
    iterator = iter(plain(tf_npz.NpzReaderDataset(files, num_parallel_reads=4)))
    next(iterator)
    wait_until(lambda: bytes_read() - before >= 80 * MIB, "the rest of the files being read")
    for path in files:
        Path(path).unlink()
    assert [int(element[0]) for element in iterator] == list(range(1, 10))


@pytest.mark.parametrize("options", [{}, {"batch_size": 1}, {"rows": False}], ids=["rows", "batches", "whole files"])
def test_no_more_is_read_ahead_than_the_limit_allows(folder: Path, options: dict[str, Any]) -> None:
    files = save_random(16, 8 * MIB)
    before = bytes_read()
    iterator = iter(plain(tf_npz.NpzReaderDataset(files, num_parallel_reads=4, memory_limit=24 * MIB, **options)))
    taken = 0
    for element in iterator:
        taken += 1
        assert int(tf.reshape(element, [-1])[0]) == taken - 1
        # The bytes of taken elements, of waiting elements, and of the headers of later files.
        assert bytes_read() - before <= (taken * 8 + 24 + 2) * MIB
    assert taken == 16


# Runs in another process, to measure its peak memory.
PEAK = """
import resource, sys
import tensorflow as tf, tf_npz

def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024  # KiB on Linux

def read(file, **options):
    total = 0
    dataset = tf_npz.NpzReaderDataset(file, "x", **options)
    for batch in dataset if "batch_size" in options else dataset.batch(1000):
        total += int(batch.shape[0])
        last = batch
    return total, float(last[-1, 0])

folder = sys.argv[1]
read(folder + "/small.npz", batch_size=10)
before = peak()
for file in ("deflated.npz", "stored.npz"):
    for options in ({"batch_size": 1000}, {"batch_size": 1000, "num_parallel_reads": 4}, {}):
        result = read(folder + "/" + file, memory_limit=16 << 20, **options)
        print(*result, peak() - before)
"""


def test_a_member_larger_than_the_limit_is_streamed(large: Path) -> None:
    np.savez(large / "small.npz", x=np.zeros((100, 250), np.float32))
    result = subprocess.run([sys.executable, "-c", PEAK, str(large)], capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    lines = [line.split() for line in result.stdout.splitlines()]
    assert [line[:2] for line in lines] == [["300000", "299999.0"]] * 3 + [["40000", "39999.0"]] * 3
    # 16 MiB of the reader, batches of 1 MB in tf.data, and what malloc and TensorFlow keep: less than 300 MB.
    assert max(int(line[2]) for line in lines) < 64


# --- When it ends ----------------------------------------------------------------------------------------------------

DROPPED: dict[str, Callable[[Path], tf.data.Dataset]] = {
    "rows": lambda large: tf_npz.NpzReaderDataset("*.npz", "y"),
    "batches": lambda large: tf_npz.NpzReaderDataset("*.npz", "y", batch_size=3),
    "whole files": lambda large: tf_npz.NpzReaderDataset("*.npz", "y", rows=False),
    "in the middle of a large deflated member": lambda large: tf_npz.NpzReaderDataset(
        large / "deflated.npz", "x", batch_size=10, memory_limit=MIB
    ),
    "while a large member is decoded": lambda large: tf_npz.NpzReaderDataset(
        [large / "stored.npz", large / "deflated.npz"], "x", batch_size=10
    ),
    "with little memory": lambda large: tf_npz.NpzReaderDataset("*.npz", "y", memory_limit=1),
    "interleaved": lambda large: tf.data.Dataset.list_files("*.npz").interleave(
        lambda f: tf_npz.NpzReaderDataset(f, "y", element_spec=tf.TensorSpec([], tf.int64)), num_parallel_calls=2
    ),
    "prefetched": lambda large: tf_npz.NpzReaderDataset("*.npz", "y").prefetch(10),
}


@pytest.mark.parametrize("make", DROPPED.values(), ids=DROPPED.keys())
def test_a_dropped_iterator_ends_its_threads(folder: Path, large: Path, make: Callable[..., Any]) -> None:
    save_shards([1000] * 30)
    iterator = iter(plain(make(large)))
    next(iterator)
    next(iterator)  # From now on a single file is read ahead too.
    if make is not DROPPED["interleaved"]:  # its files are too small for reading ahead
        wait_until(lambda: reader_threads() > 0, "threads to end")
    del iterator
    assert_ends_all_threads(folder)
    assert_ends_all_threads(large)


@pytest.mark.parametrize("make", DROPPED.values(), ids=DROPPED.keys())
def test_an_iterator_without_a_call_of_next_ends_too(folder: Path, large: Path, make: Callable[..., Any]) -> None:
    save_shards([10] * 5)
    iterator = iter(plain(make(large)))
    del iterator
    assert_ends_all_threads(folder)
    assert_ends_all_threads(large)


@pytest.mark.parametrize("make", DROPPED.values(), ids=DROPPED.keys())
def test_take_one_ends_the_threads(folder: Path, large: Path, make: Callable[..., Any]) -> None:
    save_shards([1000] * 30)
    for _ in plain(make(large).take(1)):
        pass
    assert_ends_all_threads(folder)
    assert_ends_all_threads(large)


def test_threads_end_also_with_the_stages_that_tf_data_adds(folder: Path) -> None:
    iterator = iter(tf_npz.NpzReaderDataset(save_shards([1000] * 30), "y"))
    next(iterator)
    del iterator
    assert_ends_all_threads(folder)


def test_the_end_of_data_and_an_error_end_the_threads_with_the_iterator(folder: Path) -> None:
    files = save_shards([10] * 5)
    iterator = iter(plain(tf_npz.NpzReaderDataset(files, "y")))
    assert len(list(iterator)) == 50
    del iterator
    assert_ends_all_threads(folder)
    Path(files[3]).write_bytes(b"")
    iterator = iter(plain(tf_npz.NpzReaderDataset(files, "y", element_spec=tf.TensorSpec([], tf.int64))))
    with pytest.raises(tf.errors.DataLossError):
        list(iterator)
    del iterator
    assert_ends_all_threads(folder)


def test_hundreds_of_iterators_release_everything(folder: Path) -> None:
    dataset = plain(tf_npz.NpzReaderDataset(save_shards([100] * 10), "y", batch_size=7, num_parallel_reads=4))
    descriptors = len(list(Path("/proc/self/fd").iterdir()))
    for i in range(200):
        iterator = iter(dataset)
        for _ in range(i % 4):
            next(iterator)
        del iterator
    assert_ends_all_threads(folder)
    wait_until(lambda: len(list(Path("/proc/self/fd").iterdir())) <= descriptors, "the end of all descriptors")


def test_many_iterators_at_once(folder: Path) -> None:
    dataset = plain(tf_npz.NpzReaderDataset(save_shards([20] * 6), "y", num_parallel_reads=2))
    iterators = [dataset.as_numpy_iterator() for _ in range(30)]
    for expected in range(120):
        assert {int(next(iterator)) for iterator in iterators} == {expected}
    iterators.clear()
    assert_ends_all_threads(folder)
