"""Options of tf.data, logs, and several users of one dataset: the elements stay the same."""

import concurrent.futures
import gc
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
import tf_npz
from processes import run_python
from testing import assert_same, elements, features, save_shards
from watching import assert_ends_all_threads

LENGTHS = (50, 1, 0, 70, 7)
COUNT = sum(LENGTHS)
Y_SPEC = tf.TensorSpec([], tf.int64)


def of_files(**options: Any) -> tf.data.Dataset:
    return tf_npz.NpzReaderDataset("*.npz", ("x", "y"), **options)


def interleaved() -> tf.data.Dataset:
    spec = (tf.TensorSpec([4], tf.float32), Y_SPEC)
    names = tf.data.Dataset.list_files("*.npz", shuffle=False)
    return names.interleave(
        lambda f: tf_npz.NpzReaderDataset(f, ("x", "y"), element_spec=spec), cycle_length=2, num_parallel_calls=2
    )


def mapped() -> tf.data.Dataset:
    spec = tf.TensorSpec([None], tf.int64)
    names = tf.data.Dataset.list_files("*.npz", shuffle=False)
    return names.map(lambda f: tf_npz.load(f, "y", element_spec=spec), num_parallel_calls=2)


PIPELINES: dict[str, Callable[[], tf.data.Dataset]] = {
    "rows": of_files,
    "batches": lambda: of_files(batch_size=8),
    "transformed": lambda: of_files(batch_size=8).map(lambda x, y: (x * 2, y), num_parallel_calls=2).prefetch(2),
    "interleaved": interleaved,
    "load in map": mapped,
}

# --- tf.data.Options -------------------------------------------------------------------------------------------------

# Each is a path of attributes of tf.data.Options, and a value.
OPTIONS: list[tuple[str, Any]] = [
    ("deterministic", True),
    ("deterministic", False),
    ("experimental_slack", True),
    ("experimental_warm_start", True),
    ("experimental_warm_start", False),
    ("experimental_symbolic_checkpoint", True),
    ("threading.private_threadpool_size", 1),
    ("threading.private_threadpool_size", 5),
    ("threading.max_intra_op_parallelism", 1),
    ("autotune.enabled", True),
    ("autotune.enabled", False),
    ("autotune.cpu_budget", 1),
    ("autotune.ram_budget", 1 << 20),
    ("autotune.autotune_algorithm", tf.data.experimental.AutotuneAlgorithm.HILL_CLIMB),
    ("autotune.autotune_algorithm", tf.data.experimental.AutotuneAlgorithm.GRADIENT_DESCENT),
    ("autotune.autotune_algorithm", tf.data.experimental.AutotuneAlgorithm.STAGE_BASED),
    ("experimental_optimization.apply_default_optimizations", True),
    ("experimental_optimization.apply_default_optimizations", False),
    ("experimental_optimization.filter_fusion", True),
    ("experimental_optimization.filter_parallelization", True),
    ("experimental_optimization.inject_prefetch", False),
    ("experimental_optimization.map_and_batch_fusion", True),
    ("experimental_optimization.map_and_filter_fusion", True),
    ("experimental_optimization.map_fusion", True),
    ("experimental_optimization.map_parallelization", True),
    ("experimental_optimization.noop_elimination", True),
    ("experimental_optimization.parallel_batch", True),
    ("experimental_optimization.seq_interleave_prefetch", True),
    ("experimental_optimization.shuffle_and_repeat_fusion", True),
    ("experimental_distribute.auto_shard_policy", tf.data.experimental.AutoShardPolicy.DATA),
]


def with_option(dataset: tf.data.Dataset, name: str, value: Any) -> tf.data.Dataset:
    options = tf.data.Options()
    *path, last = name.split(".")
    target = options
    for part in path:
        target = getattr(target, part)
    assert hasattr(target, last)
    setattr(target, last, value)
    return dataset.with_options(options)


def first_label(element: Any) -> int:
    return int(np.ravel(tf.nest.flatten(element)[-1])[0]) if np.size(tf.nest.flatten(element)[-1]) else -1


@pytest.mark.parametrize("pipeline", PIPELINES.values(), ids=PIPELINES.keys())
def test_options_of_tf_data_change_no_element(folder: Path, pipeline: Callable[[], tf.data.Dataset]) -> None:
    save_shards(LENGTHS)
    expected = elements(pipeline())
    for name, value in OPTIONS:
        actual = elements(with_option(pipeline(), name, value))
        # Then parallel stages may change the order.
        key = first_label if (name, value) == ("deterministic", False) else lambda _: 0
        try:
            assert_same(sorted(actual, key=key), sorted(expected, key=key))
        except AssertionError as error:
            raise AssertionError(f"with {name} = {value}") from error


@pytest.mark.parametrize("options", [{}, {"batch_size": 8}], ids=["rows", "batches"])
def test_the_reader_keeps_its_order_even_if_order_is_not_required(folder: Path, options: dict[str, Any]) -> None:
    save_shards(LENGTHS)
    expected = elements(of_files(**options))
    assert_same(elements(with_option(of_files(num_parallel_reads=4, **options), "deterministic", False)), expected)


# --- Errors in logs --------------------------------------------------------------------------------------------------

LOG = """
import os, sys
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "0"
os.dup2(1, 2)  # TensorFlow's log is on stderr
import tensorflow as tf, tf_npz

dataset = tf_npz.NpzReaderDataset(["0.npz", "damaged.npz", "1.npz"], "y", element_spec=tf.TensorSpec([], tf.int64))
print([int(y) for y in dataset.ignore_errors(log_warning=True)], flush=True)
"""


def test_ignored_errors_are_logged_with_the_name_of_the_file(folder: Path) -> None:
    files = save_shards([2, 3])
    Path("damaged.npz").write_bytes(Path(files[0]).read_bytes()[:-30])
    output = run_python(LOG, cwd=folder).splitlines()
    assert "[0, 1, 2, 3, 4]" in output
    (line,) = [line for line in output if "damaged.npz" in line]
    assert "ignore_errors" in line


# --- Several users of one dataset ------------------------------------------------------------------------------------


@pytest.mark.parametrize("pipeline", PIPELINES.values(), ids=PIPELINES.keys())
def test_python_threads_iterate_over_one_dataset_at_once(folder: Path, pipeline: Callable[[], Any]) -> None:
    save_shards(LENGTHS)
    dataset = pipeline()
    expected = elements(dataset)
    count = 4
    together = threading.Barrier(count)

    def work() -> list[Any]:
        together.wait()
        return elements(dataset)

    with concurrent.futures.ThreadPoolExecutor(count) as pool:
        for future in [pool.submit(work) for _ in range(count)]:
            assert_same(future.result(), expected)


def test_python_threads_share_one_iterator(folder: Path) -> None:
    save_shards(LENGTHS)
    iterator = of_files().as_numpy_iterator()
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        parts = list(pool.map(lambda _: [(int(y), x.tolist()) for x, y in iterator], range(4)))
    rows = sorted(row for part in parts for row in part)
    assert [y for y, _ in rows] == list(range(COUNT))
    np.testing.assert_array_equal([x for _, x in rows], features(np.arange(COUNT)))


@pytest.mark.parametrize("pipeline", PIPELINES.values(), ids=PIPELINES.keys())
def test_an_iterator_outlives_its_dataset(folder: Path, pipeline: Callable[[], Any]) -> None:
    save_shards(LENGTHS)
    dataset = pipeline()
    expected = elements(dataset)
    iterator = dataset.as_numpy_iterator()
    seen = [next(iterator)]
    del dataset
    gc.collect()
    assert_same(seen + list(iterator), expected)
    del iterator
    assert_ends_all_threads(folder)


def test_elements_outlive_their_iterator_and_its_dataset(folder: Path) -> None:
    save_shards(LENGTHS)
    iterator = iter(of_files(batch_size=8))
    kept = [next(iterator) for _ in range(8)]
    del iterator
    gc.collect()
    assert_ends_all_threads(folder)
    y = np.arange(64)
    np.testing.assert_array_equal(tf.concat([y for _, y in kept], 0), y)
    np.testing.assert_array_equal(tf.concat([x for x, _ in kept], 0), features(y))
