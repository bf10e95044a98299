"""TensorFlow's global shuffle reads elements in random order, without a buffer, each once. It has no public name."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
import tf_npz
from testing import assert_same, elements, global_shuffle, save_damaged, save_shards

LENGTHS = (5, 0, 1, 7, 0, 3)
ROWS = sum(LENGTHS)


def reader(**options: Any) -> tf.data.Dataset:
    return tf_npz.NpzReaderDataset("*.npz", ("x", "y"), **options)


def labels(dataset: tf.data.Dataset) -> list[int]:
    return [int(y) for element in elements(dataset) for y in np.ravel(element[1])]


SHUFFLED: dict[str, tuple[Callable[[], tf.data.Dataset], int]] = {
    "rows": (reader, 1),
    "batches": (lambda: reader(batch_size=4), 1),
    "whole files": (lambda: reader(rows=False), 1),
    "little memory": (lambda: reader(memory_limit=1), 1),
    "repeated": (lambda: reader().repeat(3), 3),
    "mapped": (lambda: reader().map(lambda x, y: (x, y)), 1),
    "prefetched": (lambda: reader().prefetch(2), 1),
    "batched by tf.data": (lambda: reader().batch(4, drop_remainder=True), 1),
    "all of it": (lambda: reader().map(lambda x, y: (x, y)).batch(2, drop_remainder=True).repeat(2).prefetch(1), 2),
}


@pytest.mark.parametrize(("make", "times"), SHUFFLED.values(), ids=SHUFFLED.keys())
def test_a_global_shuffle_is_a_permutation(folder: Path, make: Callable[[], tf.data.Dataset], times: int) -> None:
    save_shards(LENGTHS)
    shuffled = global_shuffle(make(), seed=7)
    first, second = labels(shuffled), labels(shuffled)
    assert sorted(first) == sorted(second) == sorted(labels(make()))
    assert set(first) == set(range(ROWS))
    assert first.count(3) == times
    # A new dataset with the same seed has the same order. Another seed gives another order.
    again = global_shuffle(make(), seed=7)
    assert [labels(again), labels(again)] == [first, second]
    others = [labels(global_shuffle(make(), seed=seed)) for seed in range(8)]
    assert any(other != first for other in others)
    fixed = global_shuffle(make(), seed=7, reshuffle_each_iteration=False)
    assert labels(fixed) == labels(fixed)


def test_each_global_shuffle_has_another_order(folder: Path) -> None:
    save_shards([50, 50])
    shuffled = global_shuffle(reader(), seed=7)
    assert len({tuple(labels(shuffled)) for _ in range(3)}) == 3
    repeated = labels(global_shuffle(reader(), seed=7).repeat(2))
    assert sorted(repeated[:100]) == sorted(repeated[100:]) == list(range(100))
    assert repeated[:100] != repeated[100:]


def test_a_global_shuffle_of_shares_stays_within_them(folder: Path) -> None:
    save_shards([50, 50])
    for index in range(2):
        shuffled = labels(global_shuffle(reader(shard=(2, index)), seed=7))
        assert sorted(shuffled) == list(range(50 * index, 50 * index + 50))


@pytest.mark.parametrize("then", [lambda ds: ds, lambda ds: ds.batch(3).prefetch(2)], ids=["alone", "batched"])
@pytest.mark.parametrize("symbolic", [False, True], ids=["explicit", "symbolic"])
def test_a_global_shuffle_saves_and_restores(folder: Path, then: Callable[..., Any], symbolic: bool) -> None:
    save_shards(LENGTHS)
    options = tf.data.Options()
    options.experimental_symbolic_checkpoint = symbolic

    def make() -> tf.data.Dataset:
        return then(global_shuffle(reader(), seed=7, reshuffle_each_iteration=False)).with_options(options)

    expected = elements(make())
    iterator = iter(make())
    for taken in range(len(expected)):
        saved = tf.train.Checkpoint(iterator=iterator).write("saved")
        restored = iter(make())
        tf.train.Checkpoint(iterator=restored).read(saved)
        rest = [tf.nest.map_structure(lambda tensor: tensor.numpy(), element) for element in restored]
        assert_same(rest, expected[taken:])
        next(iterator)


def test_headers_are_read_if_counts_are_not_known(folder: Path) -> None:
    save_shards(LENGTHS)
    unknown = reader(element_spec=reader().element_spec)
    assert sorted(labels(global_shuffle(unknown, seed=1))) == list(range(ROWS))


def test_damage_is_an_error_and_loses_only_the_rows_of_its_file(folder: Path) -> None:
    save_damaged(compressed=True)
    shuffled = global_shuffle(tf_npz.NpzReaderDataset("*.npz", "x"), seed=7)
    with pytest.raises(tf.errors.DataLossError, match=r"1\.npz"):
        elements(shuffled)
    assert int(shuffled.ignore_errors().reduce(0, lambda count, _: count + 1)) == 20_000


def test_a_damaged_header_makes_every_element_an_error(folder: Path) -> None:
    save_shards(LENGTHS)
    Path("broken.npz").write_bytes(b"")
    with pytest.raises(tf.errors.InvalidArgumentError, match="non-empty finite cardinality"):
        global_shuffle(reader())
