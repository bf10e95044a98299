"""The README's code runs, as it stands there, in one go; its "before" raises what it says."""

import pathlib
import re
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
import tf_npz

README = pathlib.Path(__file__).parents[2] / "README.md"
BLOCKS = re.findall(r"```python\n(.*?)```", README.read_text(), re.DOTALL)
ROWS_PER_FILE = 40


@pytest.fixture
def names(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """The names that the README takes for granted, with files behind them."""
    monkeypatch.chdir(tmp_path)
    random = np.random.default_rng(0)
    pathlib.Path("train").mkdir()
    for i in range(4):
        x = random.normal(size=(ROWS_PER_FILE, 8)).astype(np.float32)
        np.savez_compressed(f"train/{i}.npz", x=x, y=x.sum(axis=1))
        np.savez_compressed(f"{i}.npz", data=x)
        np.save(f"{i}.npy", random.normal(size=(4 + i, 9 - i, 3)).astype(np.float32))
    np.savez("a.npz", x=np.arange(3))
    pathlib.Path("events").mkdir()
    np.save("events/0.npy", np.zeros(10, [("id", "<u4"), ("xyz", "<f4", (3,))]))
    model = tf.keras.Sequential([tf.keras.Input((8,)), tf.keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    return {
        "np": np,
        "model": model,
        "npz_files": [f"{i}.npz" for i in range(4)],
        "npy_files": [f"{i}.npy" for i in range(4)],
        "preprocess": lambda x, y: (x * 2, y),
        "num_workers": 2,
        "worker": 1,
        "contents": pathlib.Path("a.npz").read_bytes(),
        "tf": tf,
        "tf_npz": tf_npz,
    }


@pytest.fixture
def service() -> Iterator[str]:
    """The address of a dispatcher that has a worker, both in this process."""
    library = tf.data.experimental.service
    dispatcher = library.DispatchServer()
    address = dispatcher.target.removeprefix("grpc://")
    worker = library.WorkerServer(library.WorkerConfig(address, heartbeat_interval_ms=100))
    yield dispatcher.target
    worker.stop()
    dispatcher.stop()


def test_the_code_runs_as_it_stands(names: dict[str, Any], service: str, capsys: pytest.CaptureFixture[str]) -> None:
    datasets = []
    for block in BLOCKS:
        if block.startswith("# before"):
            with pytest.raises(TypeError, match="not SymbolicTensor"):
                exec(block, dict(names))
        else:
            exec(block.replace("/data/", "").replace("grpc://localhost:5050", service), names)
            datasets.append(names["ds"])
            if "distribute(" in block:
                assert sum(len(y) for _, y in names["ds"]) == 4 * ROWS_PER_FILE
    assert len(datasets) == len(BLOCKS) - 4
    assert names["ids"] == tf.TensorSpec([None], tf.uint32)
    assert names["points"] == tf.TensorSpec([None, 3], tf.float32)
    capsys.readouterr()


PIPELINES = {
    # name: (what its "after" holds that no other does, shape of its elements, how many)
    "arrays": ('load(f, keys="data"', (ROWS_PER_FILE, 8), 4),
    "rows": ("cycle_length", (None, 8), 5),
    "share": ("shard=(num_workers", (None, 8), 3),
    "images": ("random_flip_left_right", (None, None, None, 3), 1),
}


@pytest.mark.parametrize("name", PIPELINES)
def test_the_four_pipelines_deliver_everything(names: dict[str, Any], name: str) -> None:
    fragment, shape, count = PIPELINES[name]
    (block,) = [block for block in BLOCKS if block.startswith("# after") and fragment in block]
    exec(block, names)
    assert tuple(names["ds"].element_spec.shape) == shape
    assert len(list(names["ds"])) == count
