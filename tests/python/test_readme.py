"""The code of README.md and docs/guide.md runs unchanged. Each "before" raises the error that it names."""

import itertools
import pathlib
import re
from collections.abc import Iterator
from typing import Any

import ml_dtypes
import numpy as np
import pytest
import scipy.sparse
import tensorflow as tf
import tf_npz
from tensorflow.python.data.experimental.ops.distribute import _AutoShardDataset

TOP = pathlib.Path(__file__).parents[2]
PAGES = {
    name: re.findall(r"```python\n(.*?)```", (TOP / name).read_text(), re.DOTALL)
    for name in ("README.md", "docs/guide.md")
}
BLOCKS = [block for blocks in PAGES.values() for block in blocks]
ROWS_PER_FILE = 40
EVENT = [("id", "<u4"), ("xyz", "<f4", (3,))]


@pytest.fixture
def names(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """The variables that the pages use, and the files that they read."""
    monkeypatch.chdir(tmp_path)
    random = np.random.default_rng(0)
    for folder in ("train", "events", "images", "matrices"):
        pathlib.Path(folder).mkdir()
    for i in range(4):
        x = random.normal(size=(ROWS_PER_FILE, 8)).astype(np.float32)
        np.savez_compressed(f"train/{i}.npz", x=x, y=x.sum(axis=1))
        np.savez_compressed(f"{i}.npz", data=x)
        np.save(f"{i}.npy", random.normal(size=(4 + i, 9 - i, 3)).astype(np.float32))
        np.save(f"images/{i}.npy", np.full((5, 6, 3), i, np.uint8))
        scipy.sparse.save_npz(f"matrices/{i}.npz", scipy.sparse.random(50 + 20 * i, 12, 0.3, "csr", np.float32))
    scipy.sparse.save_npz("csc.npz", scipy.sparse.eye_array(3, format="csc"))
    np.save("volume.npy", np.zeros((164, 128, 128), np.uint8))
    np.savez("a.npz", x=np.arange(3))
    np.save("events/0.npy", np.zeros(10, EVENT))
    np.savez("events.npz", events=np.zeros(10, EVENT))
    np.save("dates.npy", np.array(["2026-11-28", "NaT"], "datetime64[D]"))
    np.save("names.npy", np.array(["Zoë", "Max"]))
    np.save("bfloat16.npy", np.ones((10, 8), ml_dtypes.bfloat16))
    model = tf.keras.Sequential([tf.keras.Input((8,)), tf.keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    return {
        "np": np,
        "scipy": scipy,
        "model": model,
        "npz_files": [f"{i}.npz" for i in range(4)],
        "npy_files": [f"{i}.npy" for i in range(4)],
        "image_files": [f"images/{i}.npy" for i in range(4)],
        "labels": list(range(4)),
        "preprocess": lambda x, y: (x * 2, y),
        "num_workers": 2,
        "worker": 1,
        "contents": pathlib.Path("a.npz").read_bytes(),
        "tf": tf,
        "tf_npz": tf_npz,
    }


@pytest.fixture
def service() -> Iterator[str]:
    """The address of a dispatcher with one worker. Both run in this process."""
    library = tf.data.experimental.service
    dispatcher = library.DispatchServer()
    address = dispatcher.target.removeprefix("grpc://")
    worker = library.WorkerServer(library.WorkerConfig(address, heartbeat_interval_ms=100))
    yield dispatcher.target
    worker.stop()
    dispatcher.stop()


@pytest.mark.parametrize("page", PAGES)
def test_the_code_runs_as_it_is_printed(
    names: dict[str, Any], service: str, capsys: pytest.CaptureFixture[str], page: str
) -> None:
    for block in PAGES[page]:
        if block.startswith("# before"):
            with pytest.raises(TypeError, match="not SymbolicTensor"):
                exec(block, dict(names))
        else:
            exec(block.replace("/data/", "").replace("grpc://localhost:5050", service), names)
            if "distribute(" in block:
                assert sum(len(y) for _, y in names["ds"]) == 4 * ROWS_PER_FILE
    capsys.readouterr()


def test_every_before_has_an_after() -> None:
    for before, after in itertools.pairwise(BLOCKS):
        assert not before.startswith("# before") or after.startswith("# after")
    assert sum(block.startswith("# before") for block in BLOCKS) == 4


def run(names: dict[str, Any], fragment: str, first: str = "") -> dict[str, Any]:
    """Runs the one block that contains `fragment`, after the one that contains `first`."""
    for text in filter(None, (first, fragment)):
        (block,) = [block for block in BLOCKS if text in block and not block.startswith("# before")]
        exec(block, names)
    return names


PIPELINES = {
    # name: (text that only its block contains, text of a block that must run first, shape of an element, elements)
    "one sample per file": ('"images/*.npy", rows=False, batch_size=256, padding=0', "", (None, 5, 6, 3), 1),
    "arrays": ('load(f, keys="data"', "", (ROWS_PER_FILE, 8), 4),
    "rows": ("ds.batch(32).prefetch", "", (None, 8), 5),
    "runs of rows": ("rebatch(32)", "ds.batch(32).prefetch", (None, 8), 5),
    "share": ("shard=(num_workers", "", (None, 8), 3),
    "images": ("random_flip_left_right", "", (None, None, None, 3), 1),
    "padded": ("batch_size=32, padding=0", "", (None, None, None, 3), 1),
    "small files": ('"images/*.npy", rows=False, batch_size=256)', "", (None, 5, 6, 3), 1),
    "bfloat16": ("bfloat16.npy", "", (None, 8), 1),
}


@pytest.mark.parametrize("name", PIPELINES)
def test_the_pipelines_deliver_everything(names: dict[str, Any], name: str) -> None:
    fragment, first, shape, count = PIPELINES[name]
    ds = run(names, fragment, first)["ds"]
    assert tuple(ds.element_spec.shape) == shape
    assert len(list(ds)) == count


def test_shuffled_rows_are_all_rows(names: dict[str, Any]) -> None:
    ds = run(names, ".shuffle(10_000)")["ds"]
    labels = np.concatenate([y for _, y in ds])
    expected = np.concatenate([np.load(f"train/{i}.npz")["y"] for i in range(4)])
    assert not np.array_equal(labels, expected)
    assert np.array_equal(np.sort(labels), np.sort(expected))


def test_labels_belong_to_their_images(names: dict[str, Any]) -> None:
    ((images, labels),) = run(names, "tf.data.Dataset.zip(")["ds"]
    assert sorted(labels.numpy()) == [0, 1, 2, 3]
    assert np.array_equal(images[:, 0, 0, 0], labels)


def test_a_hint_gives_each_process_its_own_files(names: dict[str, Any]) -> None:
    ds = run(names, "SHARD_HINT")["ds"]
    parts = [[len(batch) for batch in _AutoShardDataset(ds, 2, index)] for index in range(2)]
    assert [sum(part) for part in parts] == [2 * ROWS_PER_FILE] * 2


def test_structures_dates_and_text(names: dict[str, Any]) -> None:
    run(names, "ids, points")
    assert names["ids"] == tf.TensorSpec([None], tf.uint32)
    assert names["points"] == tf.TensorSpec([None, 3], tf.float32)
    ds = run(names, '"events.npz"')["ds"]
    assert ds.element_spec == (tf.TensorSpec([None, 3], tf.float32), tf.TensorSpec([None], tf.uint32))
    assert len(list(ds)) == 1
    run(names, "dates.npy")
    assert np.array_equal(names["dates"], np.load("dates.npy"), equal_nan=True)
    assert names["names"].tolist() == ["Zoë", "Max"]


def test_sparse_matrices_have_all_rows(names: dict[str, Any]) -> None:
    # A batch ends with its file: 50, 70, 90 and 110 rows.
    batches = list(run(names, "def row_batches")["ds"])
    assert [int(batch.shape[0]) for batch in batches] == [32, 18, 32, 32, 6, 32, 32, 26, 32, 32, 32, 14]
    rows = np.concatenate([tf.sparse.to_dense(batch) for batch in batches])
    expected = [scipy.sparse.load_npz(f"matrices/{i}.npz").toarray() for i in range(4)]
    assert np.array_equal(rows, np.concatenate(expected))
    run(names, ".tocsr())")
    assert tf_npz.load("csr.npz", "format") == b"csr"
    square = tf_npz.NpzReaderDataset("csc.npz", rows=False).flat_map(names["row_batches"])
    with pytest.raises(tf.errors.InvalidArgumentError, match="assertion failed"):
        list(square)


def test_a_saved_model_and_a_checkpoint_continue(names: dict[str, Any]) -> None:
    assert run(names, "saved_model.save")["x"].numpy().tolist() == [0, 1, 2]
    run(names, "Checkpoint(iterator=iterator).restore")
    whole = list(names["ds"])
    for got, expected in zip(("first", "second"), whole, strict=False):
        assert np.array_equal(names[got][1], expected[1])


def test_labels_come_from_the_names_of_folders(names: dict[str, Any]) -> None:
    ds = run(names, "StaticHashTable")["ds"]
    assert [label for _, labels in ds for label in labels.numpy().tolist()] == [0, 0, 0, 1, 1, 1]


def test_a_length_makes_a_mask(names: dict[str, Any]) -> None:
    ((_, mask),) = run(names, "sequence_mask")["ds"]
    assert mask.numpy().sum(axis=1).tolist() == [4, 5, 6, 7]
