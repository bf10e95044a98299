"""What tests of hints share: the files that their calls read, and functions that do what a message says."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
import scipy.sparse
import tensorflow as tf
import tf_npz
from testing import elements

X = np.arange(6, dtype=np.float32).reshape(3, 2)
ROW = tf.TensorSpec([2], tf.float32)
SECONDS = np.zeros(3, "datetime64[s]")
BOTH = ["rows.npz", "wide.npz"]  # of different shapes
RAGGED = ["0.npy", "1.npy"]  # of different lengths


def save_files() -> None:
    """The files that the calls read."""
    arrays: dict[str, dict[str, Any]] = {
        "rows": {"x": X, "y": np.arange(3)},
        "more": {"x": X, "y": np.arange(3), "z": np.zeros(3)},
        "others": {"z": np.zeros(3)},
        "doubles": {"x": X.astype("f8"), "y": np.arange(3), "c": np.zeros(3, "c8")},
        "singles": {"x": X, "y": np.arange(3), "c": np.zeros(3, "c8")},
        "text": {"x": np.array([["a", "b"]]), "y": np.arange(1)},
        "unequal": {"x": X, "y": np.arange(4), "z": np.arange(3)},
        "sample": {"image": np.zeros((5, 4)), "mask": np.zeros((5, 4)), "box": np.zeros(2), "label": 1},
        "label": {"label": np.float32(1)},
        "rate": {"x": X, "rate": np.float32(1)},
        "objects": {"o": np.array([1, None]), "x": X, "y": np.arange(4), "z": np.arange(3), "s": 1},
        "objects_label": {"o": np.array([1, None]), "label": 1},
        "parts": {"p": np.zeros(3, [("a", "f4"), ("b", "f4")]), "x": X},
        "other_parts": {"p": np.zeros(3, [("a", "f4")]), "x": X},
        "wide": {"x": np.zeros((3, 4), np.float32), "y": np.arange(3)},
        "deep": {"x": np.zeros((3, 4, 2), np.float32), "y": np.arange(3)},
        "long": {"x": np.arange(300)},
        "seconds": {"t": SECONDS},
        "days": {"t": SECONDS.astype("datetime64[D]")},
    }
    for name, contents in arrays.items():
        np.savez(f"{name}.npz", **contents)
    np.save("rows.npy", X)
    np.save("doubles.npy", X.astype("f8"))
    np.save("half.npy", X.astype("f2"))
    np.save("complex.npy", X.astype("c8"))
    np.save("label.npy", np.float32(1))
    np.save("events.npy", np.zeros(3, [("id", "u4"), ("at", "f4", (2,))]))
    np.save("events_objects.npy", np.zeros((), [("a", "f4"), ("g", "f16")]))
    np.save("mixed.npy", np.array([(1, None)], [("a", "f4"), ("o", "O")]))
    Path("empty.npy").touch()
    Path("cut.npz").write_bytes(Path("rows.npz").read_bytes()[:-30])
    np.save("0.npy", X)
    np.save("1.npy", np.zeros((5, 2), np.float32))
    np.savez_compressed("fortran.npz", x=np.asfortranarray(np.random.default_rng(0).normal(size=(200, 100))))
    for name in ("train", "train/2026", "data[1]", "mixed", "matrices"):
        Path(name).mkdir()
    for kind in ("csr", "csc", "coo", "bsr", "dia"):
        scipy.sparse.save_npz(f"{kind}.npz", scipy.sparse.eye_array(6, 5, format=kind))
    scipy.sparse.save_npz("matrices/a.npz", scipy.sparse.eye_array(6, 5, format="csr"))
    np.savez("train/2026/a.npz", x=X)
    np.savez("data[1]/a.npz", x=X)
    np.savez("mixed/a.npz", x=X)
    np.save("mixed/a.npy", X)


def read(*arguments: Any, **options: Any) -> list[Any]:
    """All elements of a dataset."""
    return elements(tf_npz.NpzReaderDataset(*arguments, **options))


def mapped(function: Callable[[Any], Any], *names: str) -> list[Any]:
    """The elements of `function` in `map`, where names are symbolic."""
    return elements(tf.data.Dataset.from_tensor_slices(list(names)).map(function))


def interleaved(function: Callable[[Any], Any], *names: str) -> list[Any]:
    return elements(tf.data.Dataset.from_tensor_slices(list(names)).interleave(function))


def spec_in(message: str) -> Any:
    """The tf.TensorSpec that a message proposes."""
    found = re.search(r"pass (tf\.TensorSpec\((?:\([^)]*\)|None), [^)]*\))", message)
    assert found, message
    return eval(found[1], {"tf": tf})


def keys_in(message: str) -> tuple[str, ...]:
    """The keys that a message proposes."""
    found = re.search(r'keys(?: of one length| that all files have)?: ("[^"]*"(?:, "[^"]*")*)', message)
    assert found, message
    return tuple(json.loads(f"[{found[1]}]"))


def patterns_in(message: str) -> list[str]:
    """The patterns that a message proposes, at its end."""
    found = re.findall(r"""["']([^"' ]*[*][^"' ]*)["']""", message)
    assert found, message
    return found


class Row(NamedTuple):
    call: Callable[[], Any]
    hint: str  # a part of the message, as a regular expression
    follow: Callable[[str], Any]  # does what the message says


def check(row: Row) -> None:
    """Makes the call, which must raise what the row says, and follows the message, which must raise nothing."""
    with pytest.raises((tf.errors.OpError, ValueError, TypeError)) as raised:
        row.call()
    message = raised.value.message if isinstance(raised.value, tf.errors.OpError) else str(raised.value)
    # TensorFlow adds the node and the iterator to the errors of ops.
    message = message.split(" [Op:", 1)[0].split("\n\t [[", 1)[0]
    message = message.removeprefix("{{function_node __wrapped__IteratorGetNext}} ")
    assert re.search(row.hint, message, re.MULTILINE), message
    row.follow(message)
