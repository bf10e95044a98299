"""Typical uses of tf_npz, and wrong ones. `make lint` has mypy and pyright check them; test_typing.py runs them.

Files: train/0.npz and train/1.npz with features x, float32 [n, 4], and labels y, int64 [n]; run.npz with the structured
array events, of t and id, the strings text and the dates day; clips/0.npy and clips/1.npy, float32 [n, 2].
"""

import collections
import io
import pathlib
import types
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf
import tf_npz

FILES = ["train/0.npz", "train/1.npz"]


class Pair(NamedTuple):
    features: Any
    label: Any


def names_of_files() -> None:
    folder = pathlib.Path("train")
    tf_npz.NpzReaderDataset("train/*.npz", keys="x")
    tf_npz.NpzReaderDataset(folder / "0.npz", keys="x")
    tf_npz.NpzReaderDataset([folder / "0.npz", "train/1.npz"], keys="x")
    tf_npz.NpzReaderDataset((b"train/0.npz",), keys="x")
    tf_npz.NpzReaderDataset(np.array(FILES), keys="x")
    tf_npz.NpzReaderDataset(sorted(folder.glob("*.npz")), keys="x")
    tf_npz.NpzReaderDataset(folder.glob("*.npz"), keys="x")
    tf_npz.NpzReaderDataset((f"train/{i}.npz" for i in range(2)), keys="x")
    tf_npz.NpzReaderDataset(dict.fromkeys(FILES).keys(), keys="x")
    tf_npz.NpzReaderDataset(tf.constant(FILES), keys="x")
    tf_npz.element_spec(folder.glob("*.npz"))
    tf_npz.inspect(folder / "0.npz")
    tf_npz.load(folder / "0.npz")
    tf_npz.load(tf.constant("train/0.npz"))


def keys_of_arrays() -> None:
    tf_npz.NpzReaderDataset(FILES, "x")
    tf_npz.NpzReaderDataset(FILES, ["x", "y"])
    tf_npz.NpzReaderDataset(FILES, ("x", "y"))
    tf_npz.NpzReaderDataset(FILES, Pair("x", "y"))
    tf_npz.NpzReaderDataset(FILES, {"image": "x"})
    tf_npz.NpzReaderDataset(FILES, ({"image": "x", "more": ["x", "y"]}, "y"))
    tf_npz.NpzReaderDataset(FILES, collections.OrderedDict(image="x"))
    tf_npz.NpzReaderDataset(FILES, types.MappingProxyType({"image": "x"}))
    tf_npz.NpzReaderDataset(FILES, (name for name in "xy"))
    tf_npz.NpzReaderDataset(FILES, np.array(["x", "y"]))
    tf_npz.NpzReaderDataset("run.npz", tf_npz.Field("events", "t"))
    tf_npz.NpzReaderDataset("run.npz", {"t": tf_npz.Field("events", "t"), "text": "text"})
    tf_npz.NpzReaderDataset("clips/*.npy", (None, tf_npz.FILENAME, tf_npz.Length(None)), rows=False)
    tf_npz.NpzReaderDataset(FILES, {"x": "x", "from": [tf_npz.FILENAME, tf_npz.ROW], "n": tf_npz.Length("x", axis=0)})
    with np.load("train/0.npz") as file:
        tf_npz.NpzReaderDataset(FILES, file.keys())
        tf_npz.NpzReaderDataset(FILES, file.files)
        tf_npz.load("train/0.npz", file.keys())
    nested: dict[str, tuple[str, str]] = {"both": ("x", "y")}
    tf_npz.element_spec(FILES, keys=nested, rows=False)


def numbers() -> None:
    tf_npz.NpzReaderDataset(FILES, "x", batch_size=np.int64(4), num_parallel_reads=2, memory_limit=1 << 20)
    tf_npz.NpzReaderDataset(FILES, "x", batch_size=tf.constant(4), drop_remainder=True)
    tf_npz.NpzReaderDataset(FILES, "x", shard=(2, 0))
    tf_npz.NpzReaderDataset(FILES, "x", shard=(np.int32(2), tf.constant(1, tf.int64)))


def padding_of_batches() -> None:
    def padded(padding: Any, keys: Any = ("text", "day")) -> tf.data.Dataset:
        return tf_npz.NpzReaderDataset("run.npz", keys, rows=False, batch_size=1, padding=padding)

    padded((b"<pad>", np.datetime64("NaT")))
    tf_npz.NpzReaderDataset("run.npz", "text", rows=False, batch_size=1, padding="<pad>")
    tf_npz.NpzReaderDataset("run.npz", "text", rows=False, batch_size=1, padding=b"<pad>")
    tf_npz.NpzReaderDataset("run.npz", "day", rows=False, batch_size=1, padding=np.datetime64("NaT"))
    tf_npz.NpzReaderDataset("run.npz", ["text", "day"], rows=False, batch_size=1, padding=["<pad>", None])
    tf_npz.NpzReaderDataset("run.npz", {"a": ["text"], "b": "day"}, rows=False, batch_size=1, padding={"a": ["<pad>"]})
    tf_npz.NpzReaderDataset("clips/*.npy", rows=False, batch_size=2, padding=-1)
    tf_npz.NpzReaderDataset("clips/*.npy", rows=False, batch_size=2, padding=np.float32(0.5))
    tf_npz.NpzReaderDataset("clips/*.npy", rows=False, batch_size=2, padding=tf.constant(0.5))


def padded_shapes_of_batches() -> None:
    tf_npz.NpzReaderDataset("clips/*.npy", rows=False, batch_size=2, padded_shapes=(8, None))
    tf_npz.NpzReaderDataset("clips/*.npy", rows=False, batch_size=2, padded_shapes=[8, -1])
    tf_npz.NpzReaderDataset("clips/*.npy", rows=False, batch_size=2, padded_shapes=tf.TensorShape([8, None]))
    tf_npz.NpzReaderDataset("clips/*.npy", rows=False, batch_size=2, padded_shapes=np.array([8, 2]))
    tf_npz.NpzReaderDataset(FILES, ("x", "y"), rows=False, batch_size=2, padding=0, padded_shapes=((8, None), [8]))
    tf_npz.NpzReaderDataset(FILES, {"a": "x"}, rows=False, batch_size=2, padding=0, padded_shapes={"a": (None, 4)})


def dtypes_of_arrays() -> None:
    for dtype in ("float16", tf.float16):
        tf_npz.load("clips/0.npy", dtypes=dtype)
    tf_npz.load("clips/0.npy", dtypes=np.float16)
    tf_npz.load("clips/0.npy", dtypes=np.dtype("f2"))
    tf_npz.load("clips/0.npy", dtypes=float)
    tf_npz.NpzReaderDataset(FILES, ("x", "y"), dtypes=(tf.bfloat16, None))
    tf_npz.NpzReaderDataset(FILES, {"a": ["x"], "b": "y"}, dtypes={"a": ["float16"]})
    tf_npz.element_spec(FILES, ["x", "y"], dtypes=["float16", "int32"])


def specs() -> None:
    spec = tf_npz.element_spec(FILES, keys=("x", "y"))
    dataset = tf_npz.NpzReaderDataset(FILES, ("x", "y"), element_spec=spec)
    tf.data.Dataset.from_tensor_slices(FILES).interleave(
        lambda name: tf_npz.NpzReaderDataset(name, ("x", "y"), element_spec=dataset.element_spec)
    )
    tf_npz.load("train/0.npz", "x", element_spec=tf.TensorSpec([None, 4], tf.float32), verify_checksums=False)


def bytes_of_files() -> None:
    contents = pathlib.Path("train/0.npz").read_bytes()
    for form in (contents, bytearray(contents), memoryview(contents), tf.constant(contents)):
        tf_npz.decode(form, keys=("x", "y"))
    buffer = io.BytesIO(contents)
    tf_npz.decode(buffer.getbuffer(), keys=iter(["x"]))


def facts_of_files() -> None:
    info: tf_npz.FileInfo = tf_npz.inspect("train/0.npz")
    array: tf_npz.ArrayInfo = info.arrays["x"]
    shape: tuple[int, ...] = array.shape
    size: int = array.size + info.file_size + len(shape)
    field: tuple[str, ...] = tf_npz.Field("events", "t").path
    print(size, field, array.byte_order or "none")


USES: list[Callable[[], None]] = [
    names_of_files,
    keys_of_arrays,
    numbers,
    padding_of_batches,
    padded_shapes_of_batches,
    dtypes_of_arrays,
    specs,
    bytes_of_files,
    facts_of_files,
]


def wrong_uses() -> Iterator[Callable[[], object]]:
    """Each is an error of type checkers, and raises TypeError or ValueError."""
    yield lambda: tf_npz.NpzReaderDataset(3)  # type: ignore[arg-type]
    yield lambda: tf_npz.NpzReaderDataset([1, 2])  # type: ignore[list-item]
    yield lambda: tf_npz.NpzReaderDataset(None)  # type: ignore[arg-type]
    yield lambda: tf_npz.NpzReaderDataset(FILES, 3)  # type: ignore[arg-type]
    yield lambda: tf_npz.NpzReaderDataset(FILES, b"x")  # type: ignore[arg-type]
    yield lambda: tf_npz.NpzReaderDataset(FILES, ["x", 1])  # type: ignore[list-item]
    yield lambda: tf_npz.NpzReaderDataset(FILES, ("x", 1.5))  # type: ignore[arg-type]
    yield lambda: tf_npz.NpzReaderDataset(FILES, tf_npz.Field("events", 1))  # type: ignore[arg-type]
    yield lambda: tf_npz.NpzReaderDataset(FILES, "x", batch_size=2.5)  # type: ignore[arg-type]
    yield lambda: tf_npz.NpzReaderDataset(FILES, "x", batch_size="4")  # type: ignore[arg-type]
    yield lambda: tf_npz.NpzReaderDataset(FILES, "x", num_parallel_reads=1.5)  # type: ignore[arg-type]
    yield lambda: tf_npz.NpzReaderDataset(FILES, "x", shard=2)  # type: ignore[arg-type]
    yield lambda: tf_npz.NpzReaderDataset(FILES, "x", shard=(2, 0, 1))  # type: ignore[arg-type]
    yield lambda: tf_npz.NpzReaderDataset(FILES, "x", batch_size=2, padding=object())  # type: ignore[arg-type]
    yield lambda: tf_npz.NpzReaderDataset(FILES, "x", batch_size=2, padded_shapes=1.5)  # type: ignore[arg-type]
    yield lambda: tf_npz.NpzReaderDataset(FILES, "x", dtypes=1.5)  # type: ignore[arg-type]
    yield lambda: tf_npz.NpzReaderDataset(FILES, keys="x", compression="gzip")  # type: ignore[call-arg]
    yield lambda: tf_npz.load(FILES)  # type: ignore[arg-type]
    yield lambda: tf_npz.load("train/0.npz", 3)  # type: ignore[arg-type]
    yield lambda: tf_npz.decode("train/0.npz")  # type: ignore[arg-type]
    yield lambda: tf_npz.element_spec(3)  # type: ignore[arg-type]
    yield lambda: tf_npz.inspect(3)  # type: ignore[arg-type]
