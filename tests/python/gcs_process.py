"""A process in which a fake server is gs:// for TensorFlow, and functions that tests of gs:// run there.

TensorFlow reads its settings when it is loaded: each set of them takes a process.
"""

import contextlib
import multiprocessing
import os
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
import tf_npz
from fake_gcs import Server
from testing import features

DEADLINE = 120.0  # seconds; usually it takes one or two, and the import of TensorFlow

# Instead of 10 retries over three minutes. The size of an object is asked for once, not again after 5 seconds.
SETTINGS = {
    "GCS_RETRY_CONFIG_MAX_RETRIES": "1",
    "GCS_RETRY_CONFIG_INIT_DELAY_TIME_US": "1",
    "GCS_RETRY_CONFIG_MAX_DELAY_TIME_US": "1",
    "GCS_STAT_CACHE_MAX_AGE": "86400",
}
ATTEMPTS = 2  # attempts with that one retry

Run = Callable[..., Any]


@contextlib.contextmanager
def start(server: Server, settings: dict[str, str]) -> Iterator[Run]:
    """A function that calls another one in a process in which `server` is gs://."""
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith(("GCS_", "GOOGLE_")) or "proxy" in name.lower()]:
            patch.delenv(name)
        for name, value in {**server.environment, **SETTINGS, **settings}.items():
            patch.setenv(name, value)
        with multiprocessing.get_context("spawn").Pool(1) as pool:

            def run(function: Callable[..., Any], *args: Any, **options: Any) -> Any:
                return pool.apply_async(function, args, options).get(DEADLINE)

            # The environment stays set: if the process dies, a new one starts with it.
            yield run
        pool.join()


def read(filenames: Any, keys: Any = None, count: int = -1, ignore_errors: bool = False, **options: Any) -> list[Any]:
    """The first `count` elements of a dataset. -1: all."""
    dataset = tf_npz.NpzReaderDataset(filenames, keys, **options)
    if ignore_errors:
        dataset = dataset.ignore_errors()
    return list(dataset.take(count).as_numpy_iterator())


def load(filename: str, keys: Any = None, **options: Any) -> Any:
    """The result of tf_npz.load, as NumPy arrays."""
    return tf.nest.map_structure(lambda tensor: tensor.numpy(), tf_npz.load(filename, keys, **options))


def shard(i: int) -> dict[str, np.ndarray]:
    """The arrays of test file number i. Below are the specs of its rows, and of the whole arrays."""
    y = np.arange(i * 5, i * 5 + 5)
    return {"x": features(y), "y": y}


SPEC = {"x": tf.TensorSpec([4], tf.float32), "y": tf.TensorSpec([], tf.int64)}
WHOLE = {"x": tf.TensorSpec([5, 4], tf.float32), "y": tf.TensorSpec([5], tf.int64)}
