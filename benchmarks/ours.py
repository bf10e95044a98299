"""tf_npz in the configurations that are measured."""

from typing import Any

import tensorflow as tf
import tf_npz

from .datasets import Data


def batches(
    data: Data,
    *,
    batch_size: int | None = None,
    threads: int | None = None,
    memory_limit: int | None = None,
    verify_checksums: bool = True,
    prefetch: bool = False,
    epochs: int = 1,
) -> tf.data.Dataset:
    """Finished batches of rows, or of whole files if a file is an element. They are padded if shapes vary."""
    dataset = tf_npz.NpzReaderDataset(
        data.files,
        keys=_keys(data),
        rows=bool(data.keys),
        batch_size=batch_size or data.batch_size,
        padding=_zero(data) if None in data.shape else None,
        num_parallel_reads=threads,
        memory_limit=memory_limit,
        verify_checksums=verify_checksums,
    )
    if epochs > 1:
        dataset = dataset.repeat(epochs)
    if prefetch:
        dataset = dataset.prefetch(tf.data.AUTOTUNE)
    return dataset if threads is None else with_threads(dataset, threads)


def interleaved_rows(data: Data) -> tf.data.Dataset:
    """Single rows of one reader for each file, batched by tf.data."""
    spec = tf_npz.element_spec(data.files[0], keys=data.key)
    return (
        tf.data.Dataset.from_tensor_slices(data.files)
        .interleave(
            lambda name: tf_npz.NpzReaderDataset(name, keys=data.key, element_spec=spec),
            cycle_length=tf.data.AUTOTUNE,
            num_parallel_calls=tf.data.AUTOTUNE,
        )
        .batch(data.batch_size)
    )


def rows(data: Data) -> tf.data.Dataset:
    """Single rows of all files, batched by tf.data."""
    return tf_npz.NpzReaderDataset(data.files, keys=data.key).batch(data.batch_size)


def with_threads(dataset: tf.data.Dataset, threads: int) -> tf.data.Dataset:
    """Sets the number of threads of tf.data itself."""
    options = tf.data.Options()
    options.threading.private_threadpool_size = threads
    return dataset.with_options(options)


def _keys(data: Data) -> Any:
    if len(data.keys) > 1:
        return data.keys
    return data.keys[0] if data.keys else None


def _zero(data: Data) -> complex:
    return 0.0 if data.dtype.startswith("float") else 0
