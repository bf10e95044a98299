"""Pipelines of every mode of NpzReaderDataset, for tests that all modes must pass."""

from collections.abc import Callable
from typing import Any

import tensorflow as tf
import tf_npz
from testing import HAS_GLOBAL_SHUFFLE, global_shuffle, save_shards
from watching import plain

SPEC = (tf.TensorSpec([4], tf.float32), tf.TensorSpec([], tf.int64))


def save_files(*, compressed: bool = True) -> None:
    """The files that PIPELINES read, in the current folder."""
    save_shards((4, 0, 1, 7, 3), compressed=compressed)
    save_shards([1] * 64, "many/{:02}.npz", compressed=compressed)


def reader(pattern: str = "*.npz", **options: Any) -> tf.data.Dataset:
    """A dataset without the prefetch that tf.data adds. Checkpoints of a prefetch hold elements."""
    return plain(tf_npz.NpzReaderDataset(pattern, ("x", "y"), **options))


def symbolic(dataset: tf.data.Dataset, is_symbolic: bool = True) -> tf.data.Dataset:
    """`dataset` with symbolic checkpoints: they hold positions, and never elements."""
    options = tf.data.Options()
    options.experimental_symbolic_checkpoint = is_symbolic
    return dataset.with_options(options)


def one_by_one(**options: Any) -> tf.data.Dataset:
    names = tf.data.Dataset.list_files("*.npz", shuffle=False)
    return names.interleave(lambda f: tf_npz.NpzReaderDataset(f, ("x", "y"), element_spec=SPEC), **options)


PIPELINES: dict[str, Callable[[], tf.data.Dataset]] = {
    "rows": reader,
    "rows, one thread": lambda: reader(num_parallel_reads=1),
    "rows, little memory": lambda: reader(memory_limit=1, num_parallel_reads=4),
    "batches": lambda: reader(batch_size=3),
    "full batches": lambda: reader(batch_size=4, drop_remainder=True),
    "padded batches": lambda: reader(batch_size=4, padding=0),
    "whole files": lambda: reader(rows=False),
    "batches of whole files": lambda: reader(rows=False, batch_size=2, padding=0),
    "a share of rows": lambda: reader(shard=(2, 1)),
    "batches of a share of rows": lambda: reader(shard=(2, 0), batch_size=3),
    "a share of files": lambda: reader("many/*.npz", shard=(2, 1), batch_size=5),
    "a share of whole files": lambda: reader(rows=False, shard=(2, 0)),
    "with the prefetch that tf.data adds": lambda: tf_npz.NpzReaderDataset("*.npz", ("x", "y"), batch_size=3),
    "repeated": lambda: reader(batch_size=4).repeat(2),
    "prefetched": lambda: reader(batch_size=4).prefetch(2),
    "batched by tf.data": lambda: reader().batch(4),
    "shuffled": lambda: reader().shuffle(4, seed=1, reshuffle_each_iteration=False),
    "interleaved": lambda: one_by_one(cycle_length=3),
    "interleaved in parallel": lambda: one_by_one(cycle_length=3, num_parallel_calls=2, deterministic=True),
    "some": lambda: reader().skip(3).take(7),
    "mapped": lambda: tf.data.Dataset.list_files("*.npz", shuffle=False).map(
        lambda f: tf_npz.load(f, "y", element_spec=tf.TensorSpec([None], tf.int64)), num_parallel_calls=2
    ),
}

if HAS_GLOBAL_SHUFFLE:  # Without it, test_global_shuffle.py is skipped.
    PIPELINES |= {
        "globally shuffled": lambda: plain(global_shuffle(tf_npz.NpzReaderDataset("*.npz", ("x", "y")), seed=1)),
        "globally shuffled batches": lambda: plain(
            global_shuffle(tf_npz.NpzReaderDataset("*.npz", ("x", "y"), batch_size=2, drop_remainder=True), seed=1)
        ),
    }

# TensorFlow 2.21 cannot always restore symbolic checkpoints of these modes, not even with its own datasets. If one of
# the interleaved datasets has ended, the restored iterator may fail, or wait for ever.
NOT_SYMBOLIC = ["interleaved", "interleaved in parallel"]


def take(iterator: Any, count: int) -> list[Any]:
    return [tf.nest.map_structure(lambda t: t.numpy(), next(iterator)) for _ in range(count)]


def rest_of(iterator: Any) -> list[Any]:
    return [tf.nest.map_structure(lambda t: t.numpy(), element) for element in iterator]


def save(iterator: Any, path: str = "saved") -> str:
    return tf.train.Checkpoint(iterator=iterator).write(path)


def restore(dataset: tf.data.Dataset, saved: str) -> Any:
    """A new iterator of `dataset`, restored."""
    iterator = iter(dataset)
    tf.train.Checkpoint(iterator=iterator).read(saved).assert_consumed()
    return iterator
