"""The dataset and the ops, at any place in a pipeline, give exactly NumPy's values, static shapes and dtypes."""

import itertools
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
import tensorflow as tf
import tf_npz
from testing import assert_gives, assert_same, elements, features, save_shards

AUTOTUNE = tf.data.AUTOTUNE
LENGTHS = (5, 0, 1, 7)
SPEC = (tf.TensorSpec([4], tf.float32), tf.TensorSpec([], tf.int64))
BATCH_SPEC = (tf.TensorSpec([None, 4], tf.float32), tf.TensorSpec([None], tf.int64))


class Shards(NamedTuple):
    files: list[str]
    per_file: list[list[tuple[np.ndarray, np.ndarray]]]  # rows, as NumPy arrays

    @property
    def rows(self) -> list[tuple[np.ndarray, np.ndarray]]:
        return [row for rows in self.per_file for row in rows]

    def dataset(self, **options: Any) -> tf.data.Dataset:
        return tf_npz.NpzReaderDataset(self.files, keys=("x", "y"), **options)

    def in_memory(self) -> tf.data.Dataset:
        """The same values as a dataset of tf.data."""
        y = np.arange(sum(LENGTHS))
        return tf.data.Dataset.from_tensor_slices((features(y), y))


@pytest.fixture
def shards(folder: Path) -> Shards:
    files = save_shards(LENGTHS)
    arrays = [np.load(file) for file in files]
    return Shards(files, [list(zip(a["x"], a["y"], strict=True)) for a in arrays])


def one_file(filename: tf.Tensor, **options: Any) -> tf.data.Dataset:
    return tf_npz.NpzReaderDataset(filename, keys=("x", "y"), element_spec=SPEC, **options)


# --- As a source -----------------------------------------------------------------------------------------------------

KEYS: dict[str, tuple[Any, Callable[[np.ndarray, np.ndarray], Any]]] = {
    "none": (None, lambda x, y: {"x": x, "y": y}),
    "one": ("y", lambda x, y: y),
    "tuple": (("x", "y"), lambda x, y: (x, y)),
    "list": (["y", "x"], lambda x, y: (y, x)),
    "dict": ({"label": "y", "image": "x"}, lambda x, y: {"label": y, "image": x}),
    "the same twice": (("x", "x"), lambda x, y: (x, x)),
    "nested": (({"x": "x"}, "y"), lambda x, y: ({"x": x}, y)),
}


@pytest.mark.parametrize(("keys", "element"), KEYS.values(), ids=KEYS.keys())
def test_keys_give_the_element_its_structure(shards: Shards, keys: Any, element: Callable[..., Any]) -> None:
    dataset = tf_npz.NpzReaderDataset(shards.files, keys=keys)
    assert dataset.element_spec == element(*SPEC)
    assert_gives(dataset, [element(*row) for row in shards.rows])


def test_an_eager_loop_gives_tensors_of_numpys_values(shards: Shards) -> None:
    seen = []
    for x, y in shards.dataset():
        assert (x.dtype, y.dtype) == (tf.float32, tf.int64)
        seen.append((x.numpy(), y.numpy()))
    assert_same(seen, shards.rows)


def test_whole_files_are_elements_without_rows(shards: Shards) -> None:
    dataset = shards.dataset(rows=False)
    assert dataset.element_spec == BATCH_SPEC
    assert_gives(dataset, [(np.load(file)["x"], np.load(file)["y"]) for file in shards.files])


# --- Followed by other transformations -------------------------------------------------------------------------------

THEN: dict[str, Callable[[tf.data.Dataset], tf.data.Dataset]] = {
    "batch": lambda ds: ds.batch(4),
    "batch with drop_remainder": lambda ds: ds.batch(4, drop_remainder=True),
    "batch in parallel": lambda ds: ds.batch(4, num_parallel_calls=AUTOTUNE),
    "padded_batch": lambda ds: ds.padded_batch(4),
    "padded_batch to a shape": lambda ds: ds.padded_batch(
        4, ([6], []), padding_values=(-1.0, tf.constant(0, tf.int64))
    ),
    "shuffle": lambda ds: ds.shuffle(100, seed=7),
    "repeat": lambda ds: ds.repeat(3),
    "repeat without end": lambda ds: ds.repeat().take(40),
    "cache": lambda ds: ds.cache().repeat(2),
    "take": lambda ds: ds.take(3),
    "take nothing": lambda ds: ds.take(0),
    "take more than there is": lambda ds: ds.take(100),
    "skip": lambda ds: ds.skip(6),
    "zip with other data": lambda ds: tf.data.Dataset.zip(ds, tf.data.Dataset.range(10)),
    "zip with itself": lambda ds: tf.data.Dataset.zip(ds, ds.skip(1)),
    "prefetch": lambda ds: ds.prefetch(AUTOTUNE),
    "map": lambda ds: ds.map(lambda x, y: {"sum": tf.reduce_sum(x), "y": -y}),
    "filter": lambda ds: ds.filter(lambda x, y: y % 3 == 0),
    "concatenate": lambda ds: ds.concatenate(ds),
    "enumerate": lambda ds: ds.enumerate(),
    "window": lambda ds: ds.window(3).flat_map(lambda x, y: tf.data.Dataset.zip(x.batch(3), y.batch(3))),
    "shard": lambda ds: ds.shard(3, 1),
    "all of it": lambda ds: ds.cache().shuffle(9, seed=3).repeat(2).batch(3, drop_remainder=True).prefetch(2),
}


@pytest.mark.parametrize("then", THEN.values(), ids=THEN.keys())
def test_equals_the_same_values_in_memory(shards: Shards, then: Callable[..., tf.data.Dataset]) -> None:
    ours, theirs = then(shards.dataset()), then(shards.in_memory())
    assert ours.element_spec == theirs.element_spec
    assert_gives(ours, elements(theirs))


def test_cache_in_a_file(shards: Shards) -> None:
    dataset = shards.dataset().cache("cached")
    assert_gives(dataset, shards.rows)
    for file in shards.files:
        Path(file).unlink()
    assert_gives(dataset, shards.rows)


# --- Inside other transformations ------------------------------------------------------------------------------------


def of_file(index: tf.Tensor) -> tf.data.Dataset:
    """The rows of one file, from memory."""
    ends = tf.constant(np.cumsum(LENGTHS))
    y = tf.range(ends[index] - tf.constant(LENGTHS, tf.int64)[index], ends[index])
    return tf.data.Dataset.from_tensor_slices((tf.gather(features(np.arange(sum(LENGTHS))), y), y))


INTERLEAVES: dict[str, dict[str, Any]] = {
    "one after the other": {"cycle_length": 1},
    "two at once": {"cycle_length": 2},
    "in blocks": {"cycle_length": 4, "block_length": 2},
    "parallel": {"cycle_length": 3, "num_parallel_calls": 2},
    "parallel, tuned": {"cycle_length": 4, "num_parallel_calls": AUTOTUNE},
    "parallel, deterministic": {"cycle_length": 2, "num_parallel_calls": AUTOTUNE, "deterministic": True},
}


@pytest.mark.parametrize("options", INTERLEAVES.values(), ids=INTERLEAVES.keys())
def test_inside_interleave_rows_come_in_its_order(shards: Shards, options: dict[str, Any]) -> None:
    names = tf.data.Dataset.from_tensor_slices(shards.files)
    dataset = names.interleave(one_file, **options)
    assert dataset.element_spec == SPEC
    in_memory = tf.data.Dataset.range(len(LENGTHS)).interleave(of_file, **options)
    assert_gives(dataset, elements(in_memory))


@pytest.mark.parametrize("cycle_length", [AUTOTUNE, 2])
def test_inside_interleave_without_order_every_row_comes_once(shards: Shards, cycle_length: int) -> None:
    dataset = tf.data.Dataset.from_tensor_slices(shards.files).interleave(
        one_file, cycle_length=cycle_length, num_parallel_calls=AUTOTUNE, deterministic=False
    )
    assert dataset.element_spec == SPEC
    assert_same(sorted(elements(dataset), key=lambda row: int(row[1])), shards.rows)


def test_inside_interleave_of_batches(shards: Shards) -> None:
    names = tf.data.Dataset.from_tensor_slices(shards.files)
    dataset = names.interleave(lambda f: one_file(f, batch_size=2), cycle_length=1)
    assert dataset.element_spec == BATCH_SPEC
    batches = [rows[i : i + 2] for rows in shards.per_file for i in range(0, len(rows), 2)]
    assert_gives(dataset, [tuple(map(np.stack, zip(*batch, strict=True))) for batch in batches])


def test_inside_flat_map_files_follow_each_other(shards: Shards) -> None:
    dataset = tf.data.Dataset.from_tensor_slices(shards.files).flat_map(one_file)
    assert dataset.element_spec == SPEC
    assert_gives(dataset, shards.rows)


def test_inside_flat_map_with_several_files_at_once(shards: Shards) -> None:
    dataset = tf.data.Dataset.from_tensor_slices(shards.files).batch(3).flat_map(one_file)
    assert dataset.element_spec == SPEC
    assert_gives(dataset, shards.rows)


def test_the_batch_size_may_be_symbolic(shards: Shards) -> None:
    dataset = tf.data.Dataset.from_tensors(3).flat_map(lambda size: shards.dataset(batch_size=size))
    assert dataset.element_spec == BATCH_SPEC
    assert_gives(dataset, elements(shards.in_memory().batch(3)))


@pytest.mark.parametrize("num_parallel_calls", [None, 2, AUTOTUNE])
@pytest.mark.parametrize("deterministic", [True, False])
def test_load_inside_map(shards: Shards, num_parallel_calls: int | None, deterministic: bool) -> None:
    spec = tf_npz.element_spec(shards.files, rows=False)
    dataset = tf.data.Dataset.from_tensor_slices(shards.files).map(
        lambda f: tf_npz.load(f, element_spec=spec),
        num_parallel_calls=num_parallel_calls,
        deterministic=deterministic if num_parallel_calls else None,
    )
    assert dataset.element_spec == {"x": BATCH_SPEC[0], "y": BATCH_SPEC[1]}
    expected = [dict(np.load(file)) for file in shards.files]
    if deterministic:
        assert_gives(dataset, expected)
    else:
        assert_same(sorted(elements(dataset), key=lambda e: len(e["y"])), sorted(expected, key=lambda e: len(e["y"])))


def test_decode_inside_map(shards: Shards) -> None:
    contents = tf.data.Dataset.from_tensor_slices(shards.files).map(tf.io.read_file)
    dataset = contents.map(lambda c: tf_npz.decode(c, ("x", "y"), element_spec=BATCH_SPEC), num_parallel_calls=AUTOTUNE)
    assert dataset.element_spec == BATCH_SPEC
    assert_gives(dataset, [(np.load(file)["x"], np.load(file)["y"]) for file in shards.files])


# --- Inside tf.function ----------------------------------------------------------------------------------------------


def test_a_dataset_from_outside_runs_in_a_function(shards: Shards) -> None:
    @tf.function
    def total(dataset: tf.data.Dataset) -> tf.Tensor:
        result = tf.constant(0, tf.int64)
        for x, y in dataset:
            assert x.shape == [4]  # static
            result += y
        return result

    dataset = shards.dataset()
    assert total(dataset).numpy() == total(dataset).numpy() == sum(int(y) for _, y in shards.rows)


def test_a_dataset_is_made_in_a_function(shards: Shards) -> None:
    @tf.function
    def gather() -> tf.Tensor:
        ys = tf.TensorArray(tf.int64, 0, dynamic_size=True)
        for _, y in shards.dataset():
            ys = ys.write(ys.size(), y)
        return ys.stack()

    assert_same(gather().numpy(), np.arange(sum(LENGTHS)))


def test_a_function_takes_file_names(shards: Shards) -> None:
    @tf.function(input_signature=[tf.TensorSpec([None], tf.string)])
    def gather(files: tf.Tensor) -> tf.Tensor:
        dataset = tf_npz.NpzReaderDataset(files, keys="y", element_spec=SPEC[1], batch_size=100)
        return dataset.get_single_element()

    assert_same(gather(tf.constant(shards.files)).numpy(), np.arange(sum(LENGTHS)))
    assert_same(gather(tf.constant(shards.files[3:])).numpy(), np.arange(6, 13))


def test_load_and_decode_in_a_function(shards: Shards) -> None:
    @tf.function(input_signature=[tf.TensorSpec([], tf.string)])
    def read(file: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        loaded = tf_npz.load(file, ("x", "y"), element_spec=BATCH_SPEC)
        decoded = tf_npz.decode(tf.io.read_file(file), "x", element_spec=BATCH_SPEC[0])
        assert loaded[0].shape.as_list() == decoded.shape.as_list() == [None, 4]
        return *loaded, decoded

    arrays = np.load(shards.files[0])
    assert_same([t.numpy() for t in read(tf.constant(shards.files[0]))], [arrays["x"], arrays["y"], arrays["x"]])


# --- Repeated and concurrent iteration -------------------------------------------------------------------------------


@pytest.mark.parametrize("options", [{}, {"batch_size": 3}, {"rows": False}], ids=["rows", "batches", "whole files"])
def test_every_epoch_is_the_same(shards: Shards, options: dict[str, Any]) -> None:
    dataset = shards.dataset(**options)
    first = elements(dataset)
    assert len(first) > 1
    for _ in range(3):
        assert_gives(dataset, first)


@pytest.mark.parametrize("options", [{}, {"batch_size": 3}], ids=["rows", "batches"])
def test_two_iterators_of_one_dataset_are_independent(shards: Shards, options: dict[str, Any]) -> None:
    dataset = shards.dataset(**options)
    expected = elements(dataset)
    first, second = dataset.as_numpy_iterator(), dataset.as_numpy_iterator()
    seen_first, seen_second = [next(first), next(first)], []
    for a, b in itertools.zip_longest(first, second):
        seen_first += [] if a is None else [a]
        seen_second.append(b)
    assert_same(seen_first, expected)
    assert_same(seen_second, expected)


FILE_COUNT = 3000


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("many")
    for i in range(FILE_COUNT):
        np.save(folder / f"{i:04}.npy", np.full(2, i))
        np.savez(folder / f"{i:04}.npz", x=np.full(2, i))
    return folder


@pytest.mark.parametrize("suffix", ["npy", "npz"])
def test_thousands_of_files(many: Path, suffix: str) -> None:
    pattern = many / f"*.{suffix}"
    keys = None if suffix == "npy" else "x"
    rows = np.repeat(np.arange(FILE_COUNT), 2)
    assert_same(elements(tf_npz.NpzReaderDataset(pattern, keys)), list(rows))
    assert_gives(tf_npz.NpzReaderDataset(pattern, keys, batch_size=len(rows)), [rows])
    assert_gives(tf_npz.NpzReaderDataset(pattern, keys, rows=False, batch_size=FILE_COUNT), [rows.reshape(-1, 2)])


@pytest.mark.parametrize("suffix", ["npy", "npz"])
def test_thousands_of_files_one_by_one(many: Path, suffix: str) -> None:
    files = sorted(map(str, many.glob(f"*.{suffix}")))
    keys = None if suffix == "npy" else "x"
    spec = tf_npz.element_spec(files, keys)
    dataset = tf.data.Dataset.from_tensor_slices(files).interleave(
        lambda f: tf_npz.NpzReaderDataset(f, keys, element_spec=spec),
        cycle_length=8,
        block_length=2,
        num_parallel_calls=AUTOTUNE,
    )
    assert_gives(dataset.batch(2 * FILE_COUNT), [np.repeat(np.arange(FILE_COUNT), 2)])
