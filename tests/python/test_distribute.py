"""With tf.distribute every process reads its own part. Auto-sharding works within the limits that TensorFlow sets."""

import json
import os
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
import tf_npz
from tensorflow.python.data.experimental.ops.distribute import _AutoShardDataset
from testing import save_shards
from watching import bytes_read, plain

WORKER = Path(__file__).with_name("distributed.py")
DEADLINE = 180  # seconds; usually it takes ten
ROWS = 512
Policy = tf.data.experimental.AutoShardPolicy


# --- Two processes ---------------------------------------------------------------------------------------------------


def free_ports(count: int) -> list[int]:
    sockets = [socket.socket() for _ in range(count)]
    for each in sockets:
        each.bind(("127.0.0.1", 0))
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


@pytest.fixture(scope="module")
def workers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[dict[str, Any]]]:
    """Two processes of one strategy, which read four files in two ways. The fixture is what each of them prints."""
    folder = tmp_path_factory.mktemp("shards")
    save_rows(folder, 4)
    addresses = [f"127.0.0.1:{port}" for port in free_ports(2)]
    processes: list[subprocess.Popen[str]] = []
    for index in range(2):
        config = {"cluster": {"worker": addresses}, "task": {"type": "worker", "index": index}}
        environment = os.environ | {"TF_CONFIG": json.dumps(config), "PYTHONPATH": os.pathsep.join(sys.path)}
        # With GPUs, each process would take one, and all its memory.
        environment |= {"CUDA_VISIBLE_DEVICES": "-1", "GRPC_ENABLE_FORK_SUPPORT": "0"}
        processes.append(
            subprocess.Popen(
                [sys.executable, str(WORKER), "shares", "AUTO"],
                cwd=folder,
                env=environment,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
        )
    try:
        told = []
        for process in processes:
            output, errors = process.communicate(timeout=DEADLINE)
            assert process.returncode == 0, errors
            told.append(json.loads(output.splitlines()[-1]))
        yield told
    finally:
        for process in processes:
            process.kill()
            process.communicate()


ROW_BYTES = 4000


def save_rows(folder: Path, files: int) -> None:
    """Writes ROWS rows of ROW_BYTES, stored, to several files."""
    y = np.arange(ROWS)
    x = np.repeat(y[:, None], ROW_BYTES // 4, axis=1).astype(np.float32)
    for i, part in enumerate(np.split(y, files)):
        np.savez(folder / f"{i}.npz", x=x[part], y=part)


def test_two_processes_train_on_a_share_each(workers: list[dict[str, Any]]) -> None:
    told = [worker["shares"] for worker in workers]
    assert [worker["rows"] for worker in told] == [[*range(256)], [*range(256, 512)]]
    for worker in told:
        assert 0.5 <= worker["bytes"] / (ROWS * ROW_BYTES) < 0.7
    # Both have one model, trained with the gradients of both.
    assert told[0]["losses"] == told[1]["losses"]
    assert len(told[0]["losses"]) == ROWS // 8
    assert told[0]["bias"] == told[1]["bias"] != [0.0]


def test_by_policy_two_processes_see_disjoint_rows_and_read_all(workers: list[dict[str, Any]]) -> None:
    told = [worker["AUTO"] for worker in workers]
    rows = [worker["rows"] for worker in told]
    assert sorted([*rows[0], *rows[1]]) == list(range(ROWS))
    assert len(rows[0]) == len(rows[1])
    for worker in told:
        assert 1 <= worker["bytes"] / (ROWS * ROW_BYTES) < 1.4


# --- How auto-sharding changes a pipeline, in this process -----------------------------------------------------------


def auto_sharded(dataset: tf.data.Dataset, policy: Any, index: int, count: int = 2) -> tf.data.Dataset:
    """The elements that `experimental_distribute_dataset` gives to worker `index` of `count`."""
    options = tf.data.Options()
    options.experimental_distribute.auto_shard_policy = policy
    return plain(_AutoShardDataset(dataset.with_options(options), count, index))


def labels(dataset: tf.data.Dataset) -> list[int]:
    return [int(y) for y in dataset.as_numpy_iterator()]


def files_dataset(files: list[str]) -> tf.data.Dataset:
    return tf.data.Dataset.from_tensor_slices(files)


def read(file: tf.Tensor) -> tf.data.Dataset:
    return tf_npz.NpzReaderDataset(file, "y", element_spec=tf.TensorSpec([], tf.int64))


PIPELINES: dict[str, Callable[[list[str]], tf.data.Dataset]] = {
    "all files": lambda files: tf_npz.NpzReaderDataset(files, "y"),
    "interleaved": lambda files: files_dataset(files).interleave(read, cycle_length=1),
    "one after the other": lambda files: files_dataset(files).flat_map(read),
}


@pytest.mark.parametrize("policy", [Policy.AUTO, Policy.DATA], ids=["AUTO", "DATA"])
@pytest.mark.parametrize("make", PIPELINES.values(), ids=PIPELINES.keys())
def test_by_data_each_worker_takes_every_second_element(folder: Path, make: Callable[..., Any], policy: Any) -> None:
    files = save_shards([3, 4, 5])
    parts = [labels(auto_sharded(make(files), policy, index)) for index in range(2)]
    assert parts == [list(range(0, 12, 2)), list(range(1, 12, 2))]


@pytest.mark.parametrize("make", PIPELINES.values(), ids=PIPELINES.keys())
def test_by_file_is_refused_with_the_remedy(folder: Path, make: Callable[..., Any]) -> None:
    """TensorFlow shards by file only datasets whose names it knows: TFRecordDataset and a few others."""
    files = save_shards([3, 4, 5])
    with pytest.raises(tf.errors.NotFoundError, match=r"(Did not find a shardable|Found an unshardable) source"):
        labels(auto_sharded(make(files), Policy.FILE, 0))


def test_off_gives_every_worker_everything(folder: Path) -> None:
    files = save_shards([3, 4, 5])
    assert labels(auto_sharded(PIPELINES["all files"](files), Policy.OFF, 1)) == list(range(12))


def test_a_hint_shards_the_list_of_files(folder: Path) -> None:
    """The pipeline calls `shard` with tf.data's placeholder. The hint makes it the number of the worker."""
    files = save_shards([3, 4, 5])
    hinted = files_dataset(files).shard(tf.data.experimental.SHARD_HINT, tf.data.experimental.SHARD_HINT).flat_map(read)
    parts = [labels(auto_sharded(hinted, Policy.HINT, index)) for index in range(2)]
    assert parts == [[0, 1, 2, *range(7, 12)], [3, 4, 5, 6]]


@pytest.mark.parametrize("policy", [Policy.FILE, Policy.AUTO], ids=["FILE", "AUTO"])
def test_a_list_of_files_that_is_itself_a_flat_map_is_sharded_by_file(folder: Path, policy: Any) -> None:
    files = save_shards([3, 4, 5])
    names = tf.data.Dataset.from_tensors(files).flat_map(tf.data.Dataset.from_tensor_slices)
    parts = [labels(auto_sharded(names.interleave(read, cycle_length=1), policy, index)) for index in range(2)]
    assert parts == [[0, 1, 2, *range(7, 12)], [3, 4, 5, 6]]


def test_what_each_worker_reads(folder: Path) -> None:
    """With policy DATA, everything. With HINT, and with the argument `shard`, only its part."""
    save_rows(folder, 4)
    files = [f"{i}.npz" for i in range(4)]
    spec = tf.TensorSpec([1000], tf.float32)

    def bytes_of(make: Callable[[int], tf.data.Dataset]) -> list[float]:
        """The fraction of all bytes that each of two workers reads."""
        parts = []
        for index in range(2):
            dataset = make(index)
            before = bytes_read()
            rows = sum(1 for _ in plain(dataset))
            parts.append((bytes_read() - before) / (ROWS * ROW_BYTES))
            assert rows == ROWS // 2
        return parts

    def read_x(file: tf.Tensor) -> tf.data.Dataset:
        return tf_npz.NpzReaderDataset(file, "x", element_spec=spec)

    whole = tf_npz.NpzReaderDataset(files, "x")
    hint = tf.data.experimental.SHARD_HINT
    hinted = files_dataset(files).shard(hint, hint).flat_map(read_x)
    for policy in (Policy.AUTO, Policy.DATA):
        assert min(bytes_of(lambda index, policy=policy: auto_sharded(whole, policy, index))) >= 1
    own = [
        bytes_of(lambda index: auto_sharded(hinted, Policy.HINT, index)),
        bytes_of(lambda index: tf_npz.NpzReaderDataset(files, "x", shard=(2, index))),
    ]
    assert np.max(own) < 0.7
