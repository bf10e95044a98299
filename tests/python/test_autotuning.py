"""num_parallel_reads=None: tf.data's autotuning knows the number of threads, and may change it."""

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
import tf_npz
from testing import features, save_shards

CPUS = len(os.sched_getaffinity(0))


def reader_nodes(dataset: tf.data.Dataset) -> list[Any]:
    """The readers' nodes in autotuning's model of an iterator. The iterator has begun."""
    iterator = iter(dataset)
    next(iterator)
    model = tf.data.experimental.get_model_proto(iterator)
    return [node for node in model.nodes.values() if "NpzReader" in node.name]


def parallelism(node: Any) -> Any:
    (parameter,) = [parameter for parameter in node.parameters if parameter.name == "parallelism"]
    return parameter


def with_pool(dataset: tf.data.Dataset, size: int) -> tf.data.Dataset:
    options = tf.data.Options()
    options.threading.private_threadpool_size = size
    return dataset.with_options(options)


def test_the_number_of_threads_is_left_to_autotuning(folder: Path) -> None:
    (node,) = reader_nodes(tf_npz.NpzReaderDataset(save_shards([10] * 20), "y"))
    assert parallelism(node).tunable
    assert parallelism(node).min == 1
    assert parallelism(node).max == min(CPUS, 16)
    assert 1 <= parallelism(node).state_value <= min(CPUS, 16)


def test_a_given_number_is_kept(folder: Path) -> None:
    (node,) = reader_nodes(tf_npz.NpzReaderDataset(save_shards([10] * 20), "y", num_parallel_reads=3))
    assert not parallelism(node).tunable
    assert parallelism(node).state_value == 3


@pytest.mark.parametrize("size", [1, 3, 40])
def test_a_private_thread_pool_sets_the_most(folder: Path, size: int) -> None:
    (node,) = reader_nodes(with_pool(tf_npz.NpzReaderDataset(save_shards([10] * 20), "y"), size))
    assert parallelism(node).max == min(size, 16)


def test_a_reader_of_one_file_has_nothing_to_tune(folder: Path) -> None:
    files = save_shards([10] * 4)
    spec = tf_npz.element_spec(files[0], "y")
    dataset = tf.data.Dataset.from_tensor_slices([str(file) for file in files]).interleave(
        lambda name: tf_npz.NpzReaderDataset(name, "y", element_spec=spec), cycle_length=4
    )
    nodes = reader_nodes(dataset)
    assert nodes
    for node in nodes:
        assert parallelism(node).max == 1


def test_the_work_of_the_threads_is_recorded(folder: Path) -> None:
    files = save_shards([2000] * 8, compressed=True)
    dataset = tf_npz.NpzReaderDataset(files, "x", batch_size=500)
    iterator = iter(dataset)
    batches = [next(iterator) for _ in range(20)]
    (node,) = [
        node for node in tf.data.experimental.get_model_proto(iterator).nodes.values() if "NpzReader" in node.name
    ]
    assert node.processing_time > 0
    assert node.num_elements >= 20
    assert (tf.concat(batches, 0).numpy() == features(np.arange(10_000))).all()
