"""What the Python tests share."""

import os
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

# Before TensorFlow is imported: no greetings; its errors still show.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder, which is the current one: tests name files as short as users do."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def ram_folder() -> Iterator[str]:
    """A folder of TensorFlow's own in-memory file system, gone after the test."""
    import tensorflow as tf

    path = f"ram://{uuid.uuid4().hex}"
    tf.io.gfile.makedirs(path)
    yield path
    tf.io.gfile.rmtree(path)
