"""The `keys` argument: what names an array or a field, and the structures of these."""

import collections.abc
import dataclasses
import operator
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np
import tensorflow as tf

from ._types import Tensor

_MAX_AXIS = 254  # TensorFlow's tensors have as many dimensions at most


@dataclasses.dataclass(frozen=True, init=False, repr=False)
class Field:
    """A key that names a field of a structured array.

    It stands in `keys` where the name of an array may stand. A field of numbers is one tensor. A field that is a
    structure is a dict of its fields.

    Attributes:
      path: The names that lead to the field: the array's name, then a name for each level of its dtype. For an .npy,
        which has no array's name, names of fields only.

    Example:
      >>> ds = tf_npz.NpzReaderDataset("run.npz", keys=(tf_npz.Field("events", "t"), "label"))
      >>> ds.element_spec
      (TensorSpec(shape=(), dtype=tf.float64, name=None), TensorSpec(shape=(), dtype=tf.int64, name=None))
    """

    path: tuple[str, ...]

    def __init__(self, *path: str) -> None:
        """Names the field at `path`.

        Args:
          *path: The names that lead to the field, at least one.

        Raises:
          TypeError: There is no name, or a name is not a str.
        """
        if not path or not all(isinstance(name, str) for name in path):
            raise TypeError(
                f"tf_npz.Field takes names of type str: that of an array, then those of fields, not {path!r:.100}"
            )
        object.__setattr__(self, "path", tuple(map(_plain, path)))

    def __repr__(self) -> str:
        return f"tf_npz.Field({', '.join(map(repr, self.path))})"


@dataclasses.dataclass(frozen=True, repr=False)
class EachArray:
    """A key that stands for each array of each file: `tf_npz.ARRAY`.

    An element is one array, as if it were the only one of a file. The arrays of a file come in the order of
    `np.load(f).files`, those whose member's name does not end in .npy left out. An .npy is one array. All arrays must
    have one dtype, or be cast to one; their shapes may differ. With `rows=True` an element is a row of one array.

    Example:
      >>> ds = tf_npz.NpzReaderDataset("utterances.npz", tf_npz.ARRAY, rows=False, batch_size=2, padding=0)
      >>> ds.element_spec
      TensorSpec(shape=(None, None, 2), dtype=tf.float32, name=None)
      >>> [batch.shape for batch in ds]
      [TensorShape([2, 5, 2]), TensorShape([1, 4, 2])]
    """

    def __repr__(self) -> str:
        return "tf_npz.ARRAY"


ARRAY = EachArray()


@dataclasses.dataclass(frozen=True, repr=False)
class Origin:
    """A key that stands for where an element comes from: `tf_npz.FILENAME`, `tf_npz.ROW` or `tf_npz.ARRAY_NAME`.

    It stands in `keys` beside the names of arrays.

    Attributes:
      name: "FILENAME": the name of the element's file, as it was given or as its pattern expanded, a tf.string of
        shape (). "ROW": the number of the row in its file, from 0, an int64 of shape (); of a window, that of its first
        row. With `rows=False` an element has no row. "ARRAY_NAME": the name of the array that is the element, as
        `np.load(f).files` has it, a tf.string of shape (); "" for an .npy. It makes each array an element, as
        `tf_npz.ARRAY` does.

    Example:
      >>> ds = tf_npz.NpzReaderDataset("train/*.npz", keys=("y", tf_npz.FILENAME, tf_npz.ROW))
      >>> [(int(y), name.numpy(), int(row)) for y, name, row in ds.skip(5).take(2)]
      [(5, b'train/0.npz', 5), (6, b'train/1.npz', 0)]
    """

    name: str

    def __repr__(self) -> str:
        return f"tf_npz.{self.name}"


FILENAME = Origin("FILENAME")
ROW = Origin("ROW")
ARRAY_NAME = Origin("ARRAY_NAME")


@dataclasses.dataclass(frozen=True, repr=False)
class Length:
    """A key that stands for the length of another key's elements, before they are padded: an int64 of shape ().

    Attributes:
      key: The key whose elements are measured. It must be in `keys` too.
        None, for all arrays, is measured only if there is one array. A key that is a structured array has the axes
        that all its fields have.
      axis: The axis of the element, from 0. A negative number counts from the last axis. With `rows=True` axis 0 is
        that of a row, not that of the array.

    Raises:
      TypeError: `key` is no key, or `axis` is no integer.
      ValueError: No array has as many dimensions as `axis` says.

    Example:
      >>> keys = {"clip": None, "length": tf_npz.Length(None)}  # None: the only array of an .npy
      >>> ds = tf_npz.NpzReaderDataset("clips/*.npy", keys, rows=False, batch_size=2, padding=0)
      >>> [(batch["clip"].shape, batch["length"].numpy().tolist()) for batch in ds]
      [(TensorShape([2, 5, 2]), [3, 5])]
    """

    key: "Key | None"
    axis: int = 0

    def __post_init__(self) -> None:
        if not is_key(self.key):
            raise TypeError(
                f"tf_npz.Length measures one of the keys, a str or tf_npz.Field, not {_described(self.key)}"
            )
        try:
            if isinstance(self.axis, bool):
                raise TypeError
            object.__setattr__(self, "axis", operator.index(self.axis))
        except TypeError:
            raise TypeError(f"the axis of tf_npz.Length must be an integer, not {self.axis!r}") from None
        if abs(self.axis) > _MAX_AXIS:
            raise ValueError(f"the axis of tf_npz.Length is {self.axis}, but no array has as many dimensions")

    def __repr__(self) -> str:
        return f"tf_npz.Length({self.key!r}" + (f", axis={self.axis}" if self.axis else "") + ")"


class FirstOf:
    """A key of an array that some files lack, or that has another name in some files.

    The first of its keys whose array the file has is read. It gives one tensor, so a structured array needs a `Field`.
    It reads .npz files only: the array of an .npy has no name.

    Attributes:
      keys: Names of arrays, or `Field`s, in the order in which they are tried.
      default: What a file without any of the arrays has, as a NumPy array. None: such a file is an error.

    Example:
      >>> keys = (tf_npz.FirstOf("label", "y"), tf_npz.FirstOf("weight", default=1.0))
      >>> ds = tf_npz.NpzReaderDataset(["a.npz", "run.npz"], keys)
      >>> [(int(label), float(weight)) for label, weight in ds.skip(2).take(2)]
      [(9, 1.0), (0, 1.0)]
    """

    def __init__(self, *keys: str | Field, default: Any = None) -> None:
        """States the arrays and the default.

        Args:
          *keys: Names of arrays, or `Field`s, at least one.
          default: An element of files that have none of the arrays: a number, a str, bytes, or an array of the shape
            of an element. One value fills the shape of the element, if its spec has no None. A Python number takes
            the dtype of the arrays, if that can represent it. An array is cast as NumPy's casting="same_kind" does.

        Raises:
          TypeError: A key is neither a str nor a `Field`, or the default is no array of numbers, strings or dates.
        """
        if not keys or not all(isinstance(key, str | Field) for key in keys):
            raise TypeError(
                f"tf_npz.FirstOf({', '.join(map(repr, keys))}) must have names of arrays (str) or tf_npz.Field, "
                'such as tf_npz.FirstOf("label", "labels", default=-1)'
            )
        self.keys = tuple(_plain(key) if isinstance(key, str) else key for key in keys)
        self.default = None if default is None else _default(default)
        # The dtype of a Python number gives way to that of the arrays.
        self.is_weak = isinstance(default, bool | int | float | complex) and not isinstance(default, np.generic)

    def __repr__(self) -> str:
        names = [repr(key) for key in self.keys]
        value = self.default
        if value is not None:
            is_plain = value.ndim == 0 and (self.is_weak or value.dtype.kind in "US")
            names.append(f"default={value.item()!r}" if is_plain else f"default={value!r}")
        return f"tf_npz.FirstOf({', '.join(names)})"

    def _identity(self) -> tuple[Any, ...]:
        value = self.default
        data = None if value is None else (value.dtype.str, value.shape, value.tobytes())
        return (self.keys, self.is_weak, data)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, FirstOf) and self._identity() == other._identity()

    def __hash__(self) -> int:
        return hash(self._identity())


@dataclasses.dataclass(frozen=True, eq=False)
class SymbolicName:
    """The name of an array that is not known yet: what `normalized` makes of a tensor. No two are equal."""

    tensor: tf.Tensor


# One key. `is_key` and `path_of` say what it may be at run time. A tensor holds the name of an array.
Key: TypeAlias = str | Field | EachArray | Origin | Length | FirstOf | Tensor
# A key, or a structure of keys: a mapping, or anything that gives keys in an order. A structure may hold structures.
# None within a structure stands for what `keys=None` gives.
Keys: TypeAlias = Key | Mapping[Any, "Keys | None"] | Iterable["Keys | None"]


def is_key(node: object) -> bool:
    """Whether `node` is one key: a leaf of the structure of keys."""
    return node is None or isinstance(node, str | Field | EachArray | Origin | Length | FirstOf | SymbolicName)


def are_symbolic(keys: Any) -> bool:
    """Whether one of the normalized `keys` is a tensor without a known value."""
    return any(isinstance(key, SymbolicName) for key in tf.nest.flatten(keys))


def is_each_array(keys: Any) -> bool:
    """Whether an element is one array of a file, as the normalized `keys` say."""
    return any(isinstance(key, EachArray) or key is ARRAY_NAME for key in tf.nest.flatten(keys))


def is_array(key: Key | None) -> bool:
    """Whether `key` is read from the arrays of a file."""
    return not isinstance(key, Origin | Length)


def source_of(key: Key | None) -> str:
    """What the attribute `sources` of the ops calls it."""
    if isinstance(key, Origin):
        return key.name.lower()
    return "length" if isinstance(key, Length) else "array"


def dtype_of(key: Origin | Length) -> tf.DType:
    """The dtype of a key that is no array. Its shape is ()."""
    return tf.string if key in (FILENAME, ARRAY_NAME) else tf.int64


def path_of(key: Any) -> tuple[str | tf.Tensor, ...]:
    """The names that would index the result of np.load: the array's name, then names of fields.

    Empty for `ARRAY`, for what is no array, and for None. For FirstOf, those of its first key.
    """
    if isinstance(key, SymbolicName):
        return (key.tensor,)
    if isinstance(key, FirstOf):
        return path_of(key.keys[0])
    if isinstance(key, Field):
        return key.path
    return (key,) if isinstance(key, str) else ()


def others_of(key: Any) -> list[tuple[str | tf.Tensor, ...]]:
    """The paths that are tried after `path_of(key)`."""
    return [path_of(other) for other in key.keys[1:]] if isinstance(key, FirstOf) else []


def normalized(keys: Keys | None, *, rows: bool = False, has_file: bool = True, of_one_file: bool = False) -> Any:
    """`keys` as a structure of an element: keys in dicts, tuples and named tuples. None stays None.

    All functions that take keys call it first, and once, because an iterator can be read only once.

    Args:
      keys: The argument of the caller.
      rows: Whether an element is a row.
      has_file: Whether the arrays come from a file, and not from bytes.
      of_one_file: Whether all arrays of one file are read at once.

    Raises:
      TypeError: `keys` holds something that is not a key, or that has no order.
      ValueError: There are no keys, or a key asks for something that an element does not have.
    """
    if keys is None:
        return None
    structure = _structure(keys)
    flat = tf.nest.flatten(structure)
    if not flat:
        hint = "; it can be read only once, so pass a tuple to use it again" if isinstance(keys, Iterator) else ""
        raise ValueError(
            f"keys is empty: {keys!r}; name at least one array, or leave keys out to read all of them{hint}"
        )
    if is_each_array(structure):
        _check_each_array(flat, of_one_file=of_one_file)
    _check_origins(flat, rows, has_file)
    return structure


def argument(keys: Any) -> str:
    """`keys` as a message writes them behind other arguments."""
    return "" if keys is None else f", keys={keys!r}"


def _check_origins(flat: Sequence[Key | None], rows: bool, has_file: bool) -> None:
    """Refuses keys that an element does not have. `flat` are all of them."""
    arrays = [key for key in flat if is_array(key)]
    if rows and not arrays:
        raise ValueError(
            f"keys names no array, only {', '.join(map(repr, flat))}, so the number of rows is unknown; "
            "add the name of an array, or None for all arrays"
        )
    if not rows and ROW in flat:
        raise ValueError(
            "keys holds tf_npz.ROW, but an element is a file's whole arrays here, so it has no row number; "
            "leave it out, or read rows with NpzReaderDataset and rows=True"
        )
    if not has_file and FILENAME in flat:
        raise ValueError("keys holds tf_npz.FILENAME, but decode takes bytes, which have no file name; leave it out")
    if None in flat and len(arrays) > 1:
        named = ", ".join(repr(key) for key in arrays if key is not None) or "None again"
        raise ValueError(f"keys holds None for all arrays, and {named} beside it; leave one of them out")
    firsts = {path_of(key): key for key in flat if isinstance(key, FirstOf)}
    for key in flat:
        if isinstance(key, FirstOf) and firsts[path_of(key)] != key:
            raise ValueError(
                f"keys holds {key!r} and {firsts[path_of(key)]!r}, which begin with one name; let them begin with "
                "different names, or make them equal"
            )
        if isinstance(key, Length) and key.key not in arrays:
            raise ValueError(
                f"keys holds {key!r}, but not the array {key.key!r} that it measures; keys has "
                f"{', '.join(map(repr, arrays)) or 'no array'}: add it"
            )


def _default(default: Any) -> np.ndarray:
    array = np.array(default)
    if array.dtype.kind in "OT" or array.dtype.type is np.void:
        raise TypeError(
            f"the default of tf_npz.FirstOf must be a value, or an array of numbers, strings or dates, "
            f"not {_described(default)}"
        )
    return array


def _structure(keys: Any) -> Any:
    if isinstance(keys, str):
        return _plain(keys)
    if is_key(keys):
        return keys
    if tf.is_tensor(keys):
        return _of_tensor(keys)
    if isinstance(keys, np.lib.npyio.NpzFile):
        raise TypeError("keys holds an open NpzFile of np.load; pass its names, keys=tuple(file), or leave keys out")
    if isinstance(keys, Mapping):
        return {_plain(name) if isinstance(name, str) else name: _structure(inner) for name, inner in keys.items()}
    if isinstance(keys, tuple) and hasattr(keys, "_fields"):  # a namedtuple
        return type(keys)(*map(_structure, keys))
    if isinstance(keys, collections.abc.ItemsView):
        raise TypeError(f"keys holds the items of a mapping; pass the mapping itself: {_described(keys)}")
    # The names of a mapping have an order, though Python's type for them is a set.
    if isinstance(keys, collections.abc.Set) and not isinstance(keys, collections.abc.KeysView):
        raise TypeError(f"keys holds a set, which has no order; pass sorted(keys) or a tuple: {_described(keys)}")
    is_opaque = isinstance(keys, bytes | bytearray | memoryview | tf.data.Dataset)
    if is_opaque or not isinstance(keys, Iterable):
        raise TypeError(
            f"keys must be names of arrays (str), tf_npz.Field, or structures of these, not {_described(keys)}"
        )
    return tuple(map(_structure, keys))


def _check_each_array(flat: list[Any], *, of_one_file: bool) -> None:
    if of_one_file:
        raise ValueError(
            f"keys holds {', '.join(map(repr, flat))}, but all arrays of one file are read at once here; leave keys "
            "out for a dict of them, or read one after another with NpzReaderDataset"
        )
    others = [key for key in flat if is_array(key) and not isinstance(key, EachArray)]
    if others:
        raise ValueError(
            f"keys holds {', '.join(map(repr, flat))}: with tf_npz.ARRAY or tf_npz.ARRAY_NAME an element is one array "
            f"of a file, so it does not have {', '.join(map(repr, others))}; leave one or the other out"
        )


def _of_tensor(key: Any) -> str | SymbolicName:
    if key.dtype != tf.string or not key.shape.is_compatible_with([]):
        raise TypeError(f"a key that is a tensor must be a scalar string, not {_described(key)}")
    tensor = tf.convert_to_tensor(key)  # of a tf.Variable
    value = tf.get_static_value(tensor)
    # Bytes that are not UTF-8 are escaped in the names of arrays too.
    return SymbolicName(tensor) if value is None else bytes(value).decode("utf-8", "backslashreplace")


def _plain(name: str) -> str:
    """`name` as a str itself, because np.str_ and other subclasses of str print and serialise otherwise."""
    return str.__str__(name)


def _described(value: object) -> str:
    return f"{type(value).__name__}: {value!r:.100}"
