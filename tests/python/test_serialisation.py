"""Pipelines that outlive their process: saved data sets, and SavedModels with ops of this package."""

import contextlib
import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
import tf_npz
from processes import DEADLINE, started
from testing import assert_gives, elements, features, save_shards

SPEC = (tf.TensorSpec([4], tf.float32), tf.TensorSpec([], tf.int64))
Y_SPEC = tf.TensorSpec([None], tf.int64)
Process = subprocess.Popen[str]

# --- Dataset.save and load -------------------------------------------------------------------------------------------

SAVED: dict[str, dict[str, Any]] = {
    "rows": {},
    "batches": {"batch_size": 4},
    "padded batches": {"batch_size": 4, "padding": 0},
    "whole files": {"rows": False},
    "a slice of rows": {"rows": slice(1, None)},
    "windows": {"window": (3, 1)},
}


@pytest.mark.parametrize("options", SAVED.values(), ids=SAVED.keys())
def test_a_saved_data_set_holds_the_elements(folder: Path, options: dict[str, Any]) -> None:
    dataset = tf_npz.NpzReaderDataset(save_shards([5, 0, 7]), ("x", "y"), **options)
    expected = elements(dataset)
    dataset.save("saved")
    for file in folder.glob("*.npz"):
        file.unlink()
    loaded = tf.data.Dataset.load("saved")
    assert loaded.element_spec == dataset.element_spec
    assert_gives(loaded, expected)


def test_the_ops_work_in_the_shard_function_of_save(folder: Path) -> None:
    files = save_shards([5, 7])
    np.save("shards.npy", np.arange(12) % 2)

    def shard(x: tf.Tensor, y: tf.Tensor) -> tf.Tensor:
        return tf_npz.load("shards.npy", element_spec=Y_SPEC)[y]

    tf_npz.NpzReaderDataset(files, ("x", "y")).save("saved", shard_func=shard)
    assert len(list(Path("saved").rglob("*.snapshot"))) == 2
    ys = [int(y) for _, y in elements(tf.data.Dataset.load("saved"))]
    assert sorted(ys) == list(range(12))


def test_the_dataset_works_in_the_reader_function_of_load(folder: Path) -> None:
    files = save_shards([5, 7])
    tf_npz.NpzReaderDataset(files, "y").save("saved")

    def read(datasets: tf.data.Dataset) -> tf.data.Dataset:
        x = tf_npz.NpzReaderDataset(files, "x", element_spec=SPEC[0])
        joined = tf.data.Dataset.zip(datasets.flat_map(lambda shard: shard), x)
        return joined.map(lambda y, x: y + tf.cast(x[0] * 10, tf.int64))

    y = np.arange(12)
    expected = y + (features(y)[:, 0] * 10).astype(np.int64)
    assert_gives(tf.data.Dataset.load("saved", reader_func=read), list(expected))


def test_a_snapshot_holds_the_elements(folder: Path) -> None:
    dataset = tf_npz.NpzReaderDataset(save_shards([5, 7]), ("x", "y"))
    expected = elements(dataset)
    for _ in range(2):
        assert_gives(dataset.snapshot("snapshot"), expected)
    assert list(Path("snapshot").rglob("*.snapshot"))


# --- SavedModels -----------------------------------------------------------------------------------------------------


class Model(tf.Module):
    """Functions that read files. Another process can call them without the Python code of this test."""

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string)])
    def rows(self, files: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        xs = tf.TensorArray(tf.float32, 0, dynamic_size=True, element_shape=[4])
        ys = tf.TensorArray(tf.int64, 0, dynamic_size=True, element_shape=[])
        for x, y in tf_npz.NpzReaderDataset(files, ("x", "y"), element_spec=SPEC):
            ys = ys.write(ys.size(), y)
            xs = xs.write(xs.size(), x)
        return xs.stack(), ys.stack()

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string)])
    def interleaved(self, files: tf.Tensor) -> tf.Tensor:
        dataset = tf.data.Dataset.from_tensor_slices(files).interleave(
            lambda f: tf_npz.NpzReaderDataset(f, "y", element_spec=SPEC[1], batch_size=2), cycle_length=2
        )
        total = tf.constant(0, tf.int64)
        for batch in dataset:
            total += tf.reduce_sum(batch)
        return total

    @tf.function(input_signature=[])
    def fixed(self) -> tf.Tensor:
        # The file names are constants of the graph.
        dataset = tf_npz.NpzReaderDataset(["0.npz", "1.npz"], "y", batch_size=100, padding=-1)
        return dataset.get_single_element()

    @tf.function(input_signature=[tf.TensorSpec([], tf.string)])
    def load(self, file: tf.Tensor) -> tf.Tensor:
        return tf_npz.load(file, "y", element_spec=Y_SPEC)

    @tf.function(input_signature=[tf.TensorSpec([], tf.string)])
    def decode(self, contents: tf.Tensor) -> tf.Tensor:
        return tf_npz.decode(contents, "y", element_spec=Y_SPEC)


CALL = """
import json

model = tf.saved_model.load("model")
x, y = model.rows(["0.npz", "1.npz"])
print(json.dumps({
    "x": x.numpy().tolist(),
    "y": y.numpy().tolist(),
    "interleaved": int(model.interleaved(["0.npz", "1.npz"])),
    "fixed": model.fixed().numpy().tolist(),
    "load": model.load("1.npz").numpy().tolist(),
    "decode": model.decode(open("1.npz", "rb").read()).numpy().tolist(),
}))
"""

# The second process tries TensorFlow alone before it imports the package.
IMPORTS = {
    "the package first": "import tf_npz; import tensorflow as tf",
    "TensorFlow first": """
import sys
import tensorflow as tf
try:
    tf.saved_model.load("model")
except Exception as error:
    print(error, file=sys.stderr)
import tf_npz
""",
}


@pytest.fixture(scope="module")
def processes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Process]]:
    """Processes that load a model and call it. They run in parallel, because the import of TensorFlow takes long."""
    folder = tmp_path_factory.mktemp("models")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        save_shards([5, 7])
        tf.saved_model.save(Model(), "model")
    with contextlib.ExitStack() as stack:
        yield {
            name: stack.enter_context(started("-c", f"{imports}\n{CALL}", cwd=folder))
            for name, imports in IMPORTS.items()
        }


@pytest.mark.parametrize("name", IMPORTS)
def test_a_model_works_if_the_package_was_only_imported(processes: dict[str, Process], name: str) -> None:
    """Without the package, TensorFlow names the op that it misses."""
    output, errors = processes[name].communicate(timeout=DEADLINE)
    assert processes[name].returncode == 0, errors
    assert ("Op type not registered 'Npz" in errors) == (name == "TensorFlow first")
    y = np.arange(12)
    assert json.loads(output) == {
        "x": features(y).tolist(),
        "y": y.tolist(),
        "interleaved": y.sum(),
        "fixed": y.tolist(),
        "load": y[5:].tolist(),
        "decode": y[5:].tolist(),
    }
