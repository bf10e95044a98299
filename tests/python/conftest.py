"""What the Python tests share."""

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

# Before TensorFlow is imported: no greetings; its errors still show.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")


def pytest_configure(config: pytest.Config) -> None:
    """Lets older TensorFlows warn of what they are made of, where the newest has nothing to say."""
    from tf_npz import _version_check

    tensorflow = _version_check.installed()
    if tensorflow is not None and tensorflow.version.split(".")[:2] < ["2", "21"]:
        config.addinivalue_line("filterwarnings", "default::DeprecationWarning")
        config.addinivalue_line("filterwarnings", "default::FutureWarning")


@pytest.fixture(autouse=True)
def no_old_iterators() -> Iterator[None]:
    """Drops what a test left in cycles, iterators among it, while it is young.

    The thread by which TensorFlow tunes an iterator misses that it shall end now and then, and sleeps on: for as long
    as the iterator has lived, and up to 60 s. Python's collector would run into many such waits in a later test.
    """
    yield
    gc.collect(1)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder, which is the current one: tests name files as short as users do."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def no_threads_of_other_tests() -> None:
    """No thread of the reader's, for tests that count them."""
    from watching import reader_threads, wait_until

    wait_until(lambda: reader_threads() == 0, "the end of other tests' threads")


@pytest.fixture
def ram_folder() -> Iterator[str]:
    """A folder of TensorFlow's own in-memory file system, gone after the test."""
    import tensorflow as tf

    path = f"ram://{uuid.uuid4().hex}"
    tf.io.gfile.makedirs(path)
    yield path
    tf.io.gfile.rmtree(path)


@pytest.fixture(scope="module")
def gcs_server() -> Iterator["Server"]:
    """What gs:// is for the processes below."""
    from fake_gcs import Server

    server = Server()
    yield server
    server.close()


@pytest.fixture
def server(gcs_server: "Server") -> "Server":
    """The same, as if nothing had been asked of it yet."""
    gcs_server.mend()
    gcs_server.take_requests()
    return gcs_server


@pytest.fixture(scope="module")
def gcs(gcs_server: "Server") -> Iterator["Run"]:
    """Runs a function with gs:// as it is by default."""
    import gcs_process

    with gcs_process.start(gcs_server, {}) as run:
        yield run


@pytest.fixture(scope="module")
def gcs_of_small_blocks(gcs_server: "Server") -> Iterator["Run"]:
    """Runs a function with gs:// set as docs/guide.md recommends."""
    import gcs_process

    with gcs_process.start(gcs_server, {"GCS_READ_CACHE_BLOCK_SIZE_MB": "1"}) as run:
        yield run
