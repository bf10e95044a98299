"""The readers under test, NumPy's and tf-npz's. A reader is a function from a path to the contents of the file.

To test another reader written in Python, write such a function. For a reader in another language,
`python -m tests.conformance --write FOLDER` writes the files.
"""

import contextlib
import dataclasses
import warnings
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from .model import DAMAGED, TOO_LARGE, UNSUPPORTED, Case, Large


@dataclasses.dataclass(frozen=True)
class Refused:
    """Given by a reader instead of an array that it refuses.

    Attributes:
      kind: The kind of refusal, see `model.Refusal`; empty if the reader does not tell.
      message: The text of the error.
    """

    kind: str
    message: str


@dataclasses.dataclass(frozen=True)
class Other:
    """Given by a reader if it read something of another kind than expected. `message` says what is wrong."""

    message: str


# For each name an array (or a tensor), or a refusal. If the whole file is refused, only the refusal.
Reading = Refused | Mapping[str | None, Any]


@dataclasses.dataclass(frozen=True)
class Reader:
    """A reader.

    Attributes:
      name: Its name in the tables.
      read: Reads the file at a path. It is given the case too, so that it reads only the compared part of a large file.
      difference: Compares a value with the expected one. Returns what differs, or None.
    """

    name: str
    read: Callable[[Path, Case], Reading]
    difference: Callable[[Any, np.ndarray], str | None]


# --- Values ----------------------------------------------------------------------------------------------------------


def leaves(array: np.ndarray, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], np.ndarray]]:
    """Yields the fields at any depth that are not structures, each with its path. Without fields: the array itself."""
    if array.dtype.names is None:
        yield path, array
        return
    for name in array.dtype.names:
        yield from leaves(array[name], (*path, name))


def native(array: np.ndarray) -> np.ndarray:
    """Returns `array` in native byte order and C order, with bools as 0 and 1."""
    array = np.array(array, order="C", copy=True)
    if array.dtype.kind == "b":
        return array.view("u1") != 0
    return array if array.dtype.isnative else array.byteswap().view(array.dtype.newbyteorder("="))


def first_difference(actual: np.ndarray, expected: np.ndarray) -> str | None:
    """Compares two arrays without fields: dtype, shape and every bit of the items. Returns what differs, or None."""
    if (actual.dtype, actual.shape) != (expected.dtype, expected.shape):
        return f"{actual.dtype}{list(actual.shape)} instead of {expected.dtype}{list(expected.shape)}"
    if actual.dtype.kind == "O":
        equal = all(a == b for a, b in zip(actual.ravel(), expected.ravel(), strict=True))
    else:
        equal = native(actual).tobytes() == native(expected).tobytes()
    return None if equal else "other values"


# --- NumPy -----------------------------------------------------------------------------------------------------------

# np.load's default limit of 10,000 bytes protects Python's parser. The format has no such limit.
NUMPY_HEADER_LIMIT = 1 << 30


def read_by_numpy(path: Path, case: Case) -> Reading:
    """Reads with np.load and its default arguments, except for the limit of the header size. Ignores warnings."""
    with contextlib.suppress(ImportError):
        import ml_dtypes  # noqa: F401 - with it NumPy knows the name "bfloat16"; TensorFlow always brings it
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            if case.is_large and path.suffix == ".npy":
                return {None: np.load(path, mmap_mode="r")}
            loaded = np.load(path, allow_pickle=False, max_header_size=NUMPY_HEADER_LIMIT)
        except Exception as error:
            return _refused_by_numpy(error)
        if isinstance(loaded, np.ndarray):
            return {None: loaded}
        with loaded:
            wanted = [name for name in dict.fromkeys(loaded.files) if not _is_large(case, name)]
            values = {name: _numpy_member(loaded, name) for name in wanted}
            values |= {name: None for name in loaded.files if name not in wanted}
    # np.load returns bytes for a member that is not an array.
    return {name: value for name, value in values.items() if not isinstance(value, bytes)}


def _is_large(case: Case, name: str) -> bool:
    return isinstance(case.members().get(name), Large)


def _numpy_member(loaded: Any, name: str) -> Any:
    try:
        return loaded[name]
    except Exception as error:
        return _refused_by_numpy(error)


def _refused_by_numpy(error: Exception) -> Refused:
    return Refused("", f"{type(error).__name__}: {error}")


def numpy_difference(actual: np.ndarray, expected: np.ndarray) -> str | None:
    """Compares dtypes too: byte order, names, titles and offsets."""
    if not isinstance(actual, np.ndarray) or actual.dtype != expected.dtype:
        return f"{getattr(actual, 'dtype', type(actual).__name__)} instead of {expected.dtype}"
    if actual.shape != expected.shape:
        return f"shape {actual.shape} instead of {expected.shape}"
    for (path, a), (_, b) in zip(leaves(actual), leaves(expected), strict=True):
        if difference := first_difference(native(a), native(b)):
            return ".".join([*path, difference])
    return None


# --- tf-npz ----------------------------------------------------------------------------------------------------------


def as_tensors(array: np.ndarray) -> Any:
    """Returns the arrays that tf-npz should read: a dict for each structure, and TensorFlow's types for its leaves.

    Strings become bytes (text becomes UTF-8), times become int64, raw bytes become uint8 with one more dimension.
    """
    dtype = array.dtype
    if dtype.names is not None:
        return {name: as_tensors(array[name]) for name in dtype.names}
    if dtype.kind == "S":
        return _objects(array, bytes)
    if dtype.kind == "U":
        return _objects(array, lambda text: str(text).encode())
    array = native(array)
    if dtype.kind in "Mm":
        return array.view(np.int64)
    if dtype.type is np.void:
        return np.frombuffer(array.tobytes(), "u1").reshape(*array.shape, dtype.itemsize)
    return array


def _objects(array: np.ndarray, convert: Callable[[Any], bytes]) -> np.ndarray:
    result = np.empty(array.shape, object)
    for index in np.ndindex(array.shape):
        result[index] = convert(array[index])
    return result


def tensors_difference(actual: Any, expected: Any, path: str = "") -> str | None:
    """Compares nested dicts of tensors (or arrays) with the result of `as_tensors`. Returns what differs, or None."""
    if isinstance(expected, dict) or isinstance(actual, dict):
        if not isinstance(actual, dict) or not isinstance(expected, dict) or actual.keys() != expected.keys():
            return f"{path or 'it'} is {_outline(actual)} instead of {_outline(expected)}"
        found = (tensors_difference(actual[key], expected[key], f"{path}.{key}".lstrip(".")) for key in expected)
        return next((difference for difference in found if difference), None)
    value = actual.numpy() if hasattr(actual, "numpy") else actual
    if isinstance(value, bytes):
        value = np.array(value, object)
    difference = first_difference(np.asarray(value), expected)
    return f"{path}: {difference}".lstrip(": ") if difference else None


def _outline(value: Any) -> str:
    return f"a dict of {sorted(value)}" if isinstance(value, dict) else "a tensor"


@dataclasses.dataclass(frozen=True)
class Tensors:
    """The result of tf-npz: tensors in nested dicts, and the facts of tf_npz.inspect about the array."""

    value: Any
    info: Any


def read_by_tf_npz(path: Path, case: Case) -> Reading:
    """Reads the names with tf_npz.inspect and each array with tf_npz.load. Reads large arrays in batches of rows."""
    import tf_npz

    try:
        facts = tf_npz.inspect(path)
    except Exception as error:
        return _refused_by_tf_npz(error)
    if facts.format == "npy":
        (info,) = facts.arrays.values()
        return {None: _tf_npz_array(path, None, info, case.members().get(None))}
    infos = {**dict.fromkeys(facts.problems), **facts.arrays}
    if not facts.problems and infos and not case.is_large:
        with contextlib.suppress(Exception):  # Then each array is read alone, to find the refused one.
            tensors = tf_npz.load(path, tuple(infos))
            return {name: Tensors(tensor, infos[name]) for name, tensor in zip(infos, tensors, strict=True)}
    return {name: _tf_npz_array(path, name, info, case.members().get(name)) for name, info in infos.items()}


def _tf_npz_array(path: Path, key: str | None, info: Any, expected: Any) -> Any:
    import tf_npz

    try:
        if isinstance(expected, Large):
            return Tensors(_last_rows(path, key) if expected.last is not None else None, info)
        descr = getattr(info, "descr", None)
        if isinstance(descr, list) and not descr:
            return Tensors({}, info)  # A structure without fields has nothing to load.
        return Tensors(tf_npz.load(path, key), info)
    except Exception as error:
        return _refused_by_tf_npz(error)


def _last_rows(path: Path, key: str | None) -> Any:
    import tensorflow as tf
    import tf_npz

    batches = tf_npz.NpzReaderDataset(path, key, batch_size=64)
    return batches.reduce(
        tf.zeros([0, *batches.element_spec.shape[1:]], batches.element_spec.dtype), lambda _, last: last
    )


# Errors of the ops and of tf_npz.inspect, by the names of their classes, so that nothing must be imported.
KINDS = {
    "DataLossError": DAMAGED,
    "ValueError": DAMAGED,
    "UnimplementedError": UNSUPPORTED,
    "NotImplementedError": UNSUPPORTED,
    "ResourceExhaustedError": TOO_LARGE,
    "MemoryError": TOO_LARGE,
}


def _refused_by_tf_npz(error: Exception) -> Refused:
    return Refused(KINDS.get(type(error).__name__, ""), f"{type(error).__name__}: {getattr(error, 'message', error)}")


def tf_npz_difference(actual: Tensors, expected: np.ndarray) -> str | None:
    """Compares the values and the facts of tf_npz.inspect."""
    return tensors_difference(actual.value, as_tensors(expected)) or info_difference(actual.info, expected)


def info_difference(info: Any, expected: np.ndarray) -> str | None:
    """Compares dtype and shape of tf_npz.inspect with NumPy's. Returns what differs, or None."""
    if info.shape != expected.shape:
        return f"inspect: shape {info.shape} instead of {expected.shape}"
    dtype = np.lib.format.descr_to_dtype(info.descr)
    return None if dtype == expected.dtype else f"inspect: {dtype} instead of {expected.dtype}"


NUMPY = Reader("NumPy", read_by_numpy, numpy_difference)
TF_NPZ = Reader("tf-npz", read_by_tf_npz, tf_npz_difference)
READERS = {"numpy": NUMPY, "tf_npz": TF_NPZ}
