"""Lets a test watch its own process: the reader's threads, open files and bytes read; and wait for their end."""

import time
from collections.abc import Callable
from pathlib import Path

import tensorflow as tf
from testing import untuned

THREAD_NAME = "tf_npz_reader"
DEADLINE = 20.0  # seconds; usually it takes milliseconds


def reader_threads() -> int:
    names = []
    for task in Path("/proc/self/task").iterdir():
        try:
            names.append((task / "comm").read_text().strip())
        except (FileNotFoundError, ProcessLookupError):  # The thread has ended.
            continue
    # The kernel keeps the first 15 characters.
    return sum(THREAD_NAME in name for name in names)


def open_files(folder: Path) -> int:
    count = 0
    for descriptor in Path("/proc/self/fd").iterdir():
        try:
            count += descriptor.readlink().is_relative_to(folder)
        except FileNotFoundError:
            continue
    return count


def bytes_read() -> int:
    """The number of bytes that all threads of this process have read, from files or the page cache."""
    return int(Path("/proc/self/io").read_text().split()[1])


def wait_until(condition: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + DEADLINE
    while not condition():
        assert time.monotonic() < deadline, f"not within {DEADLINE} s: {what}"
        time.sleep(0.001)  # leaves the processor to the threads that are waited for


def plain(dataset: tf.data.Dataset) -> tf.data.Dataset:
    """`dataset` without what tf.data adds: a prefetch, and a tuning thread that is sometimes slow to end."""
    options = tf.data.Options()
    options.experimental_optimization.inject_prefetch = False
    return untuned(dataset.with_options(options))


def assert_ends_all_threads(folder: Path) -> None:
    wait_until(lambda: reader_threads() == 0, "the end of all threads")
    wait_until(lambda: open_files(folder) == 0, "the end of all descriptors")
