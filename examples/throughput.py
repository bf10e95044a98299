"""Reads the same npz shards in two ways: with tf_npz, and with np.load in a numpy_function."""

import glob
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import tensorflow as tf
import tf_npz


def native(pattern: str, batch_size: int) -> tf.data.Dataset:
    """Batches of (x, y), read with tf_npz."""
    return tf_npz.NpzReaderDataset(pattern, keys=("x", "y"), batch_size=batch_size).prefetch(tf.data.AUTOTUNE)


def with_numpy_function(pattern: str, batch_size: int, x_shape: tuple[int, ...]) -> tf.data.Dataset:
    """The same batches, read with np.load.

    `rebatch` is the fastest way to make batches here. `unbatch().batch()`, and `flat_map` with `from_tensor_slices`,
    handle single rows.
    """

    def read(filename: bytes) -> tuple[np.ndarray, np.ndarray]:
        try:
            with np.load(filename.decode()) as arrays:
                return arrays["x"], arrays["y"]
        except SystemError:  # In some releases of Python 3.11 and 3.12, np.load fails in threads: python/cpython#106905
            return read(filename)

    def load(filename: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        x, y = tf.numpy_function(read, [filename], (tf.uint8, tf.int64))
        x.set_shape((None, *x_shape))
        y.set_shape((None,))
        return x, y

    return (
        tf.data.Dataset.from_tensor_slices(sorted(glob.glob(pattern)))  # noqa: PTH207  # TensorFlow takes no Path
        .map(load, num_parallel_calls=tf.data.AUTOTUNE)
        .rebatch(batch_size)
        .prefetch(tf.data.AUTOTUNE)
    )


@dataclass(frozen=True)
class Speed:
    """The speed of one pass over a dataset."""

    rows_per_second: float
    first_batch: float
    """Seconds from building the dataset to its first batch."""


def compare(
    pattern: str,
    *,
    batch_size: int,
    x_shape: tuple[int, ...],
    rows: int,
    passes: int,
    progress: Callable[[int, int], None],
) -> tuple[Speed, Speed]:
    """Measures both in alternation, after a first pass that compares their batches.

    Args:
      pattern: The shards, as a glob pattern.
      batch_size: Number of rows in a batch.
      x_shape: The shape of one row of "x".
      rows: Number of rows in all shards.
      passes: Number of measured passes of each.
      progress: Called with the number of passes done, and of all passes.

    Returns:
      The medians of tf_npz, and of numpy_function.

    Raises:
      AssertionError: The two did not read the same batches in the same order, or not all rows.
    """

    def build_native() -> tf.data.Dataset:
        return native(pattern, batch_size)

    def build_numpy() -> tf.data.Dataset:
        return with_numpy_function(pattern, batch_size, x_shape)

    for (x, y), (numpy_x, numpy_y) in tf.data.Dataset.zip(build_native(), build_numpy()):
        if not (np.array_equal(x, numpy_x) and np.array_equal(y, numpy_y)):
            raise AssertionError("tf_npz and np.load give different batches")
    progress(1, 1 + passes)

    native_speeds, numpy_speeds = [], []
    for i in range(passes):
        native_speeds.append(_measure(build_native, rows))
        numpy_speeds.append(_measure(build_numpy, rows))
        progress(2 + i, 1 + passes)
    return _median(native_speeds), _median(numpy_speeds)


def _measure(build: Callable[[], tf.data.Dataset], rows: int) -> Speed:
    start = time.perf_counter()
    batches = iter(build())
    x, _ = next(batches)
    first_batch = time.perf_counter() - start
    arrived = len(x) + sum(len(x) for x, _ in batches)
    # Stop the clock before the iterator is deleted. tf.data's autotuning can delay the deletion by a second.
    seconds = time.perf_counter() - start
    if arrived != rows:
        raise AssertionError(f"{arrived} rows were read, but there are {rows}")
    return Speed(rows / seconds, first_batch)


def _median(speeds: list[Speed]) -> Speed:
    return Speed(
        statistics.median(speed.rows_per_second for speed in speeds),
        statistics.median(speed.first_batch for speed in speeds),
    )
