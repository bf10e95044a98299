"""Functions that tests of the ops share: they write files, and compare values with NumPy's."""

import contextlib
import io
import os
import zipfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

TENSORFLOW = tuple(map(int, tf.__version__.split(".")[:2]))
HAS_GLOBAL_SHUFFLE = TENSORFLOW >= (2, 17)

# Every dtype that becomes a tensor.
DTYPES = ["?", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "f2", "f4", "f8", "c8", "c16"]


def npy_bytes(array: np.ndarray, version: tuple[int, int] | None = None) -> bytes:
    file = io.BytesIO()
    np.lib.format.write_array(file, array, version)
    return file.getvalue()


def npz_bytes(save: Callable[..., None] = np.savez, **arrays: np.ndarray) -> bytes:
    file = io.BytesIO()
    save(file, **arrays)
    return file.getvalue()


def zip_bytes(members: Iterable[tuple[str, bytes]], method: int = zipfile.ZIP_STORED) -> bytes:
    """An archive of members with any names. A name may occur twice."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method) as archive:
        for name, contents in members:
            archive.writestr(name, contents)
    return file.getvalue()


def random_array(shape: Sequence[int], dtype: Any, seed: int = 0) -> np.ndarray:
    """Random bytes as an array. Floats include NaNs, infinities and subnormal numbers."""
    dtype = np.dtype(dtype)
    rng = np.random.default_rng([seed, *shape, dtype.itemsize])
    count = int(np.prod(shape, dtype=np.int64))
    if dtype.kind == "b":
        return rng.integers(0, 2, shape).astype(bool)
    return np.frombuffer(rng.bytes(count * dtype.itemsize), dtype).reshape(shape)


def native(array: np.ndarray) -> np.ndarray:
    """`array` in native byte order and C order, bit for bit."""
    if array.dtype.isnative:
        return np.ascontiguousarray(array).reshape(array.shape)
    return array.byteswap().view(array.dtype.newbyteorder("=")).copy(order="C")


def save_shards(lengths: Sequence[int], pattern: str = "{}.npz", *, compressed: bool = True) -> list[str]:
    """Files of features x, float32 [n, 4], and labels y, int64 [n]. The labels count up through all files."""
    files = []
    first = 0
    for i, length in enumerate(lengths):
        y = np.arange(first, first + length)
        files.append(pattern.format(i))
        Path(files[-1]).parent.mkdir(parents=True, exist_ok=True)
        (np.savez_compressed if compressed else np.savez)(files[-1], x=features(y), y=y)
        first += length
    return files


def save_damaged(*, compressed: bool) -> None:
    """Three files of 10,000 rows. The second one is damaged, but its headers are not."""
    for i in range(3):
        (np.savez_compressed if compressed else np.savez)(f"{i}.npz", x=random_array([10_000], "i8", i))
    contents = bytearray(Path("1.npz").read_bytes())
    contents[70_000] ^= 1
    Path("1.npz").write_bytes(contents)


def features(y: np.ndarray) -> np.ndarray:
    """The x that belongs to y in the files of `save_shards`."""
    return (y[:, None] * 0.1 + np.arange(4)).astype(np.float32)


def global_shuffle(dataset: tf.data.Dataset, **options: Any) -> tf.data.Dataset:
    """TensorFlow's global shuffle of `dataset`. Without a global shuffle, the test is skipped."""
    if not HAS_GLOBAL_SHUFFLE:
        pytest.skip(f"TensorFlow {tf.__version__} has no global shuffle: it came with 2.17")
    from tensorflow.python.data.experimental.ops.global_shuffle_op import _global_shuffle

    return _global_shuffle(dataset, **options)


@contextlib.contextmanager
def ordinary_user(folder: Path) -> Iterator[None]:
    """Within the block permissions count in `folder`: root, who may read every file, is the user nobody."""
    if os.geteuid() != 0:
        yield
        return
    folder.chmod(0o755)
    os.seteuid(65534)  # of every thread
    try:
        yield
    finally:
        os.seteuid(0)


def untuned(dataset: tf.data.Dataset) -> tf.data.Dataset:
    """The same without autotuning. Its thread is sometimes slow to end: by as long as the iterator has lived."""
    options = tf.data.Options()
    options.autotune.enabled = False
    return dataset.with_options(options)


def elements(dataset: tf.data.Dataset) -> list[Any]:
    """All elements, as NumPy arrays."""
    return list(untuned(dataset).as_numpy_iterator())


def assert_same(actual: Any, expected: Any) -> None:
    """Compares two elements, or lists of them: structure, dtypes, shapes, and every bit."""
    if isinstance(expected, dict):
        assert isinstance(actual, dict)
        assert actual.keys() == expected.keys()
        for key, value in expected.items():
            assert_same(actual[key], value)
    elif isinstance(expected, tuple | list):
        assert isinstance(actual, type(expected))
        assert len(actual) == len(expected)
        for a, e in zip(actual, expected, strict=True):
            assert_same(a, e)
    else:
        expected = np.asarray(expected)
        actual = np.asarray(actual, object) if expected.dtype == object else np.asarray(actual)
        assert (actual.dtype, actual.shape) == (expected.dtype, expected.shape)
        if expected.dtype == object:  # strings
            assert actual.tolist() == expected.tolist()
        elif actual.tobytes() != expected.tobytes():
            np.testing.assert_array_equal(actual, expected)  # The message shows where they differ.
            raise AssertionError(f"equal to NumPy, but not bit for bit: {actual!r} and {expected!r}")


def assert_gives(dataset: tf.data.Dataset, expected: Sequence[Any]) -> None:
    """Compares all elements with `expected`, and each with the static spec."""
    spec = dataset.element_spec
    actual = elements(dataset)
    for element in actual:
        for value, component in zip(tf.nest.flatten(element), tf.nest.flatten(spec), strict=True):
            assert component.shape.rank is not None
            assert component.shape.is_compatible_with(np.shape(value))
            assert component.dtype == np.asarray(value).dtype
    assert_same(actual, list(expected))
