"""The ways that users of TensorFlow have today, each at its best: small functions that give the batches of a set.

Some read converted files. They convert the set at their first call, which is not measured.
"""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import tensorflow as tf

from . import numpy_batches
from .converted import converted
from .datasets import Data

AUTOTUNE = tf.data.AUTOTUNE
NPY_HEADER = 128
"""Bytes before the data of every array here. They were found by hand, as users of these ways must do."""


def memory(data: Data) -> tf.data.Dataset:
    """The rows of all files from memory, one by one, batched: the cost of rows in tf.data itself."""
    return _warm(
        tf.data.Dataset.from_tensor_slices(np.concatenate(list(numpy_batches.arrays(data, data.files)))).batch(
            data.batch_size
        )
    )


def interleaved_memory(data: Data) -> tf.data.Dataset:
    """The same in an interleave with one dataset for each file."""
    files = tf.constant(np.stack(list(numpy_batches.arrays(data, data.files))))
    rows = tf.data.Dataset.range(data.count).interleave(
        lambda index: tf.data.Dataset.from_tensor_slices(files[index]),
        cycle_length=AUTOTUNE,
        num_parallel_calls=AUTOTUNE,
    )
    return _warm(rows.batch(data.batch_size))


def _warm(dataset: tf.data.Dataset) -> tf.data.Dataset:
    """Runs an iterator once, because the first one copies the arrays. That is not a cost of rows."""
    next(iter(dataset))
    return dataset


def nothing(data: Data) -> tf.data.Dataset:
    """A single batch of numbers: the cost of an iterator."""
    return tf.data.Dataset.range(4).batch(4)


def numpy_loop(data: Data) -> Iterator[np.ndarray]:
    """np.load in a Python loop, no TensorFlow."""
    return numpy_batches.batches(data, data.files)


def numpy_function(data: Data) -> tf.data.Dataset:
    """np.load in a parallel map, then the batches."""
    loaded = tf.data.Dataset.from_tensor_slices(data.files).map(lambda name: _load(data, name), AUTOTUNE)
    batches = loaded.rebatch(data.batch_size) if data.keys else _batch(data, loaded)
    return batches.prefetch(AUTOTUNE)


def interleave(data: Data) -> tf.data.Dataset:
    """np.load in a parallel interleave of rows."""
    return (
        tf.data.Dataset.from_tensor_slices(data.files)
        .interleave(
            lambda name: tf.data.Dataset.from_tensor_slices(_load(data, name)),
            cycle_length=AUTOTUNE,
            num_parallel_calls=AUTOTUNE,
        )
        .batch(data.batch_size)
        .prefetch(AUTOTUNE)
    )


def from_generator(data: Data) -> tf.data.Dataset:
    """The NumPy loop as a dataset."""
    spec = tf.TensorSpec((None, *data.shape), data.dtype)
    return tf.data.Dataset.from_generator(lambda: numpy_loop(data), output_signature=spec).prefetch(AUTOTUNE)


def read_file(data: Data) -> tf.data.Dataset:
    """read_file and decode_raw of files whose headers have the length of the first one."""

    def decode(name: tf.Tensor) -> tf.Tensor:
        return _decode(data, tf.strings.substr(tf.io.read_file(name), NPY_HEADER, -1))

    rows = tf.data.Dataset.from_tensor_slices(data.files).map(decode, AUTOTUNE)
    return _batch(data, rows).prefetch(AUTOTUNE)


def fixed_length(data: Data, batch_size: int | None = None) -> tf.data.Dataset:
    """FixedLengthRecordDataset over stored files whose headers and footers have the lengths of the first one."""
    row_bytes = data.bytes // data.rows
    rows = data.rows_per_file if data.keys else 1
    header = _data_offset(data.files[0]) if data.keys else NPY_HEADER
    footer = Path(data.files[0]).stat().st_size - header - rows * row_bytes
    # Large records are fastest: a batch, or a whole file if it is smaller.
    batch = batch_size or data.batch_size
    together = min(batch, rows)
    if rows % together or batch % together:
        together = 1
    records = tf.data.FixedLengthRecordDataset(
        data.files, row_bytes * together, header, footer, num_parallel_reads=AUTOTUNE
    ).map(lambda record: tf.reshape(tf.io.decode_raw(record, data.dtype), (together, *data.shape)), AUTOTUNE)
    return (records if batch == together else records.rebatch(batch)).prefetch(AUTOTUNE)


def tfrecord(data: Data) -> tf.data.Dataset:
    """TFRecord files of one row each, as raw bytes."""
    files = [str(path) for path in converted(data, "tfrecord", _write_tfrecord).glob("*")]
    records = tf.data.TFRecordDataset(sorted(files), num_parallel_reads=AUTOTUNE)
    if None in data.shape:
        return _batch(data, records.map(lambda record: _decode(data, record), AUTOTUNE)).prefetch(AUTOTUNE)
    # Batches decode at once: one call for 256 rows.
    return records.batch(data.batch_size).map(lambda batch: _decode(data, batch), AUTOTUNE).prefetch(AUTOTUNE)


def saved(data: Data) -> tf.data.Dataset:
    """tf.data's save and load, of batches."""
    folder = converted(data, "saved", lambda data, folder: numpy_function(data).save(str(folder)))
    return tf.data.Dataset.load(str(folder)).prefetch(AUTOTUNE)


def _load(data: Data, name: tf.Tensor) -> tf.Tensor:
    def read(path: bytes) -> np.ndarray:
        if not data.keys:
            return np.load(path.decode())
        try:
            with np.load(path.decode()) as arrays:
                return arrays[data.key]
        except SystemError:  # np.load in threads, in some releases of Python 3.11 and 3.12: python/cpython#106905
            return read(path)

    array = tf.numpy_function(read, [name], data.dtype)
    array.set_shape((None, *data.shape) if data.keys else data.shape)
    return array


def _decode(data: Data, raw: tf.Tensor) -> tf.Tensor:
    values = tf.io.decode_raw(raw, data.dtype)
    return tf.reshape(values, (*([-1] if raw.shape.rank else []), *(size or -1 for size in data.shape)))


def _batch(data: Data, rows: tf.data.Dataset) -> tf.data.Dataset:
    if None in data.shape:
        return rows.padded_batch(data.batch_size)
    return rows.batch(data.batch_size, num_parallel_calls=AUTOTUNE)


def _data_offset(path: str) -> int:
    """Returns the offset of the data in a stored npz with a single array."""
    beginning = Path(path).read_bytes()[:65536]
    npy = beginning.index(b"\x93NUMPY")
    return npy + 10 + int.from_bytes(beginning[npy + 8 : npy + 10], "little")


def _write_tfrecord(data: Data, folder: Path) -> None:
    """Saves the set in several files, for several readers."""
    names = [str(folder / f"{index}.tfrecord") for index in range(8)]
    writers = [tf.io.TFRecordWriter(name) for name in names]
    count = 0
    for array in numpy_batches.arrays(data, data.files):
        for row in array:
            writers[count * len(names) // data.rows].write(row.tobytes())
            count += 1
    for writer in writers:
        writer.close()
