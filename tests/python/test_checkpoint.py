"""An iterator saved anywhere and restored, even into a new dataset, gives exactly the rest."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
import tf_npz
from testing import assert_same, elements, features, npz_bytes, save_shards

LENGTHS = (4, 0, 1, 7, 3)
SPEC = (tf.TensorSpec([4], tf.float32), tf.TensorSpec([], tf.int64))


def reader(**options: Any) -> tf.data.Dataset:
    """Without the prefetch that tf.data adds, whose checkpoints hold elements of its own."""
    plain = tf.data.Options()
    plain.experimental_optimization.inject_prefetch = False
    return tf_npz.NpzReaderDataset("*.npz", ("x", "y"), **options).with_options(plain)


def one_by_one() -> tf.data.Dataset:
    names = tf.data.Dataset.list_files("*.npz", shuffle=False)
    return names.interleave(lambda f: tf_npz.NpzReaderDataset(f, ("x", "y"), element_spec=SPEC), cycle_length=3)


PIPELINES: dict[str, Callable[[], tf.data.Dataset]] = {
    "rows": reader,
    "rows, one thread": lambda: reader(num_parallel_reads=1),
    "rows, little memory": lambda: reader(memory_limit=1),
    "batches": lambda: reader(batch_size=3),
    "full batches": lambda: reader(batch_size=4, drop_remainder=True),
    "padded batches": lambda: reader(batch_size=4, padding=0),
    "whole files": lambda: reader(rows=False),
    "batches of whole files": lambda: reader(rows=False, batch_size=2, padding=0),
    "with the prefetch that tf.data adds": lambda: tf_npz.NpzReaderDataset("*.npz", ("x", "y"), batch_size=3),
    "repeated": lambda: reader(batch_size=4).repeat(2),
    "prefetched": lambda: reader(batch_size=4).prefetch(2),
    "batched by tf.data": lambda: reader().batch(4),
    "shuffled": lambda: reader().shuffle(4, seed=1, reshuffle_each_iteration=False),
    "interleaved": one_by_one,
    "mapped": lambda: tf.data.Dataset.list_files("*.npz", shuffle=False).map(
        lambda f: tf_npz.load(f, "y", element_spec=tf.TensorSpec([None], tf.int64)), num_parallel_calls=2
    ),
}


def take(iterator: Any, count: int) -> list[Any]:
    return [tf.nest.map_structure(lambda t: t.numpy(), next(iterator)) for _ in range(count)]


def rest_of(iterator: Any) -> list[Any]:
    return [tf.nest.map_structure(lambda t: t.numpy(), element) for element in iterator]


@pytest.mark.parametrize("compressed", [True, False], ids=["deflated", "stored"])
@pytest.mark.parametrize("pipeline", PIPELINES.values(), ids=PIPELINES.keys())
def test_a_restored_iterator_gives_exactly_the_rest(
    folder: Path, pipeline: Callable[[], tf.data.Dataset], compressed: bool
) -> None:
    save_shards(LENGTHS, compressed=compressed)
    expected = elements(pipeline())
    assert len(expected) > 1
    iterator = iter(pipeline())
    for taken in range(len(expected) + 1):
        saved = tf.train.Checkpoint(iterator=iterator).write("saved")
        # Into a new iterator of a new dataset, which stands somewhere else.
        restored = iter(pipeline())
        take(restored, min(2, len(expected)))
        tf.train.Checkpoint(iterator=restored).read(saved).assert_consumed()
        assert_same(rest_of(restored), expected[taken:])
        if taken < len(expected):
            # Saving disturbs nothing.
            assert_same(take(iterator, 1), expected[taken : taken + 1])
    assert_same(rest_of(iterator), [])


@pytest.mark.parametrize("options", [{}, {"batch_size": 1000}], ids=["rows", "batches"])
@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_in_the_middle_of_a_large_member(folder: Path, save: Callable[..., None], options: dict[str, Any]) -> None:
    y = np.arange(12_345)
    save("a.npz", x=features(y), y=y)
    make = lambda: reader(memory_limit=1 << 16, **options)  # noqa: E731
    iterator = iter(make())
    take(iterator, 7)
    saved = tf.train.Checkpoint(iterator=iterator).write("saved")
    assert sum(path.stat().st_size for path in Path().glob("saved*")) < 10_000  # a position, not a buffer
    restored = iter(make())
    tf.train.Checkpoint(iterator=restored).read(saved)
    first = 7 * options.get("batch_size", 1)
    assert np.concatenate([np.reshape(rest, -1) for _, rest in rest_of(restored)]).tolist() == y[first:].tolist()


def test_a_manager_restores_the_latest(folder: Path) -> None:
    save_shards(LENGTHS)
    expected = elements(reader(batch_size=3))
    iterator = iter(reader(batch_size=3))
    step = tf.Variable(0)
    manager = tf.train.CheckpointManager(tf.train.Checkpoint(iterator=iterator, step=step), "saved", max_to_keep=2)
    for _ in range(3):
        take(iterator, 1)
        step.assign_add(1)
        manager.save()
    restored, restored_step = iter(reader(batch_size=3)), tf.Variable(0)
    tf.train.Checkpoint(iterator=restored, step=restored_step).restore(manager.latest_checkpoint)
    assert restored_step.numpy() == 3
    assert_same(rest_of(restored), expected[3:])


@pytest.mark.parametrize("options", [{}, {"batch_size": 3}], ids=["rows", "batches"])
def test_after_a_file_that_failed(folder: Path, options: dict[str, Any]) -> None:
    files = save_shards([4, 4, 4])
    Path(files[1]).write_bytes(b"")
    spec = {"element_spec": SPEC, **options}
    expected = elements(reader(**spec).ignore_errors())
    iterator = iter(reader(**spec).ignore_errors())
    for taken in range(len(expected) + 1):
        saved = tf.train.Checkpoint(iterator=iterator).write("saved")
        restored = iter(reader(**spec).ignore_errors())
        tf.train.Checkpoint(iterator=restored).read(saved)
        assert_same(rest_of(restored), expected[taken:])
        if taken < len(expected):
            take(iterator, 1)


@pytest.mark.parametrize("options", [{}, {"batch_size": 2}], ids=["rows", "batches"])
def test_a_file_that_became_shorter_is_an_error(folder: Path, options: dict[str, Any]) -> None:
    y = np.arange(8)
    Path("a.npz").write_bytes(npz_bytes(x=features(y), y=y))
    iterator = iter(reader(**options))
    take(iterator, 3)
    saved = tf.train.Checkpoint(iterator=iterator).write("saved")
    Path("a.npz").write_bytes(npz_bytes(x=features(y[:1]), y=y[:1]))
    restored = iter(reader(**options))
    tf.train.Checkpoint(iterator=restored).read(saved)
    with pytest.raises(tf.errors.InvalidArgumentError, match=r"a\.npz: has \d+ bytes, but had \d+ when"):
        next(restored)
