"""Fixtures that the Python tests share."""

import gc
import os
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from fake_gcs import Server
    from gcs_process import Run

# Set before TensorFlow is imported: hides its messages, but not its errors.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")


def pytest_configure(config: pytest.Config) -> None:
    """Ignores warnings of older TensorFlows about their own dependencies. The newest one has none."""
    from tf_npz import _version_check

    tensorflow = _version_check.installed()
    if tensorflow is not None and tensorflow.version.split(".")[:2] < ["2", "21"]:
        config.addinivalue_line("filterwarnings", "default::DeprecationWarning")
        config.addinivalue_line("filterwarnings", "default::FutureWarning")


@pytest.fixture(autouse=True)
def no_old_iterators() -> Iterator[None]:
    """Deletes the iterators that a test left in reference cycles, soon after the test.

    TensorFlow tunes an iterator in a thread. Sometimes this thread misses the signal to end, and then sleeps for as
    long as the iterator has lived, up to 60 s. Otherwise Python's collector would wait for many of them later.
    """
    yield
    gc.collect(1)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder, made the current one, so that tests use short file names as users do."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def no_threads_of_other_tests() -> None:
    """Waits until no thread of a reader runs, for tests that count threads.

    Iterators that other tests left in old reference cycles are deleted first, as those of a Keras model.
    """
    from watching import reader_threads, wait_until

    gc.collect()
    wait_until(lambda: reader_threads() == 0, "the end of other tests' threads")


@pytest.fixture
def ram_folder() -> Iterator[str]:
    """A folder of TensorFlow's in-memory file system. It is deleted after the test."""
    import tensorflow as tf

    path = f"ram://{uuid.uuid4().hex}"
    tf.io.gfile.makedirs(path)
    yield path
    tf.io.gfile.rmtree(path)


@pytest.fixture(scope="module")
def gcs_server() -> Iterator["Server"]:
    """The fake server of gs:// for the processes below."""
    from fake_gcs import Server

    server = Server()
    yield server
    server.close()


@pytest.fixture
def server(gcs_server: "Server") -> "Server":
    """The same, without errors set and without recorded requests."""
    gcs_server.mend()
    gcs_server.take_requests()
    return gcs_server


@pytest.fixture(scope="module")
def gcs(gcs_server: "Server") -> Iterator["Run"]:
    """Runs a function with the default settings of gs://."""
    import gcs_process

    with gcs_process.start(gcs_server, {}) as run:
        yield run


@pytest.fixture(scope="module")
def gcs_of_small_blocks(gcs_server: "Server") -> Iterator["Run"]:
    """Runs a function with the settings of gs:// that docs/guide.md recommends."""
    import gcs_process

    with gcs_process.start(gcs_server, {"GCS_READ_CACHE_BLOCK_SIZE_MB": "1"}) as run:
        yield run
