"""Interrupted reading ends: its threads end, files are closed, and waiting calls return, at any place in a file."""

import threading
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
import tf_npz
from tensorflow.python.eager import cancellation
from testing import save_shards
from watching import assert_ends_all_threads, open_files, plain, reader_threads, wait_until

MIB = 1 << 20
SPEC = tf.TensorSpec([None], tf.float32)
pytestmark = pytest.mark.usefixtures("no_threads_of_other_tests")


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with deflated files of one row each, of 30 MiB and 200 MiB."""
    folder = tmp_path_factory.mktemp("large")
    block = np.zeros((1, MIB // 4), np.float32)
    block[0, ::64] = np.arange(block.size // 64)
    for name, size in (("30.npz", 30), ("200.npz", 200), ("200b.npz", 200)):
        with (
            zipfile.ZipFile(folder / name, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive,
            archive.open("x.npy", "w", force_zip64=True) as member,
        ):
            header = {"descr": "<f4", "fortran_order": False, "shape": (1, size * MIB // 4)}
            np.lib.format.write_array_header_1_0(member, header)
            for _ in range(size):
                member.write(block.tobytes())
    return folder


# In each of them, the consumer or a thread is decoding a member when the reading ends.
READS: dict[str, Callable[[Path], tf.data.Dataset]] = {
    "30 MiB alone": lambda large: read(large, ["30.npz"]),
    "200 MiB alone": lambda large: read(large, ["200.npz"]),
    "200 MiB within little memory": lambda large: read(large, ["200.npz"], memory_limit=MIB),
    "200 MiB ahead": lambda large: read(large, ["30.npz", "200.npz", "200b.npz"], memory_limit=1 << 30),
}


def read(large: Path, names: list[str], **options: Any) -> tf.data.Dataset:
    files = [str(large / name) for name in names]
    return plain(tf_npz.NpzReaderDataset(files, "x", element_spec=SPEC, num_parallel_reads=2, **options))


@pytest.mark.parametrize("make", READS.values(), ids=READS.keys())
def test_an_iterator_is_dropped_while_members_are_inflated(large: Path, make: Callable[[Path], Any]) -> None:
    for taken in (0, 1, 1):
        iterator = iter(make(large).repeat(2))  # the second repetition is read ahead while the first one is taken
        for _ in range(taken):
            next(iterator)
        del iterator
        assert_ends_all_threads(large)


@pytest.mark.parametrize("make", READS.values(), ids=READS.keys())
def test_a_function_is_cancelled_while_it_waits(large: Path, make: Callable[[Path], Any]) -> None:
    @tf.function
    def total() -> tf.Tensor:
        count = tf.constant(0)
        for x in make(large).repeat():
            count += tf.cast(x[0], tf.int32)
        return count

    manager = cancellation.CancellationManager()
    cancelable = manager.get_cancelable_function(total.get_concrete_function())
    raised: list[BaseException] = []

    def call() -> None:
        try:
            cancelable()
        except BaseException as error:
            raised.append(error)

    caller = threading.Thread(target=call)
    caller.start()
    wait_until(lambda: reader_threads() > 0 or open_files(large) > 0, "reading to begin")
    manager.start_cancel()
    caller.join()
    (error,) = raised
    assert isinstance(error, tf.errors.CancelledError)
    assert_ends_all_threads(large)


def test_a_function_that_fails_in_a_loop_releases_everything(folder: Path) -> None:
    files = save_shards([1000] * 20)

    @tf.function
    def fail() -> None:
        for y in plain(tf_npz.NpzReaderDataset(files, "y", num_parallel_reads=3)):
            tf.debugging.assert_less(y, tf.constant(500, tf.int64))

    with pytest.raises(tf.errors.InvalidArgumentError):
        fail()
    assert_ends_all_threads(folder)


@pytest.mark.parametrize("make", READS.values(), ids=READS.keys())
def test_take_one_releases_everything(large: Path, make: Callable[[Path], Any]) -> None:
    assert len(list(make(large).take(1))) == 1
    assert_ends_all_threads(large)
