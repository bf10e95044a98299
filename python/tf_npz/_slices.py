"""Turns `slices` into what is taken of the axes of each component."""

import operator
from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import tensorflow as tf

from . import _keys, _parts, _structure
from ._structure import Components

# An index as of a NumPy array, of slices, ints and an Ellipsis: np.s_[10:20, ..., 3]. Or a structure of these.
Slices: TypeAlias = Any
# start, stop and step of one axis. A bound is an int, or a scalar int64 tensor.
_Axis: TypeAlias = tuple[Any, Any, int]

# Instead of a step.
_INDEX, _ELLIPSIS, _UNKNOWN_SLICE, _UNKNOWN_INDEX = 0, -1, -2, -3


class Index:
    """What is taken of one array.

    Attributes:
      axes: start, stop and step of each axis, from the first on. A step of 0: the index `start`; -1: an ellipsis.
    """

    def __init__(self, given: Any) -> None:
        """Checks `given`, an index of the caller.

        Raises:
          ValueError: A bound is no integer, a step is less than 1, or there are two ellipses.
        """
        self._given = given
        self.axes = [_axis(item) for item in (given if isinstance(given, tuple) else (given,))]
        if sum(step == _ELLIPSIS for _, _, step in self.axes) > 1:
            raise ValueError(f"slices must have one Ellipsis at most, not {given!r}")

    def __repr__(self) -> str:
        return repr(self._given)

    def numbers(self) -> list[Any]:
        """Three for each axis. Bounds may be tensors."""
        return [number for axis in self.axes for number in axis]

    def known_numbers(self) -> list[int]:
        """The same for reading a spec: axes whose bounds are tensors are unknown."""
        known: list[int] = []
        for axis in self.axes:
            unknown = _UNKNOWN_INDEX if axis[2] == _INDEX else _UNKNOWN_SLICE
            known.extend([0, 0, unknown] if any(map(tf.is_tensor, axis)) else axis)
        return known


def parsed(slices: Slices | None) -> Any:
    """`slices` with an `Index` in the place of each index. Raises what `Index` raises."""
    if slices is None:
        return None
    if isinstance(slices, Mapping):
        return {name: parsed(value) for name, value in slices.items()}
    # NumPy takes a tuple as one index, so a tuple of slices is one here too.
    if isinstance(slices, list) or (isinstance(slices, tuple) and not all(map(_is_of_axis, slices))):
        return tuple(map(parsed, slices))
    return Index(slices)


def requests(slices: Any, keys: Any) -> list[tuple[tuple[str, ...], list[int]]]:
    """What `_core` takes of arrays when it reads specs.

    Args:
      slices: As `parsed` returns them.
      keys: The keys, as `_keys.normalized` returns them.

    Raises:
      ValueError: `slices` and `keys` differ in structure, or two keys that share a field have different slices.
    """
    if slices is None:
        return []
    if keys is None or isinstance(slices, Index):
        return _within((), slices)
    values = _structure.spread("slices", slices, keys, is_component=_keys.is_key, are_nested=True)
    of_arrays = [
        (_keys.path_of(key), value)
        for key, (value, _) in zip(tf.nest.flatten(keys), values, strict=True)
        if _keys.is_array(key)
    ]
    # One header gives one spec, so what is within an array that is a key is cut as the array is.
    path = _structure.conflict([path for path, _ in of_arrays], [_within((), value) for _, value in of_arrays])
    if path is not None:
        what = repr(path[0]) if len(path) == 1 else repr(_keys.Field(*path))
        raise ValueError(
            f"slices {slices!r} has two indices for {what}; pass element_spec as well, with the spec of each part"
        )
    return [request for path, value in of_arrays for request in _within(path, value)]


def with_slices(slices: Any, components: Components) -> Components:
    """`components` with what is taken of each. Raises ValueError if `slices` has another structure."""
    if slices is None:
        return components
    values = _structure.spread("slices", slices, components.spec)
    cut = [
        value if is_own or _keys.is_array(leaf) else None
        for (value, is_own), leaf in zip(values, components.leaves, strict=True)
    ]
    for index, leaf in zip(cut, components.leaves, strict=True):
        if index is not None and not _keys.is_array(leaf):
            raise ValueError(f"slices has {index!r} for {leaf!r}, which is one number or string; leave it out")
    return components._replace(slices=cut)


def numbers(components: Components) -> tuple[list[Any], list[int]]:
    """Three numbers for each axis of each component, and how many axes each component has. Empty: nothing is cut."""
    if all(index is None for index in components.slices):
        return [], []
    flat = [number for index in components.slices if index is not None for number in index.numbers()]
    return flat, [0 if index is None else len(index.axes) for index in components.slices]


def static_numbers(components: Components) -> tuple[list[int], list[int]]:
    """The same for a dataset. Raises ValueError if a bound is a symbolic tensor."""
    flat, axes = numbers(components)
    if any(map(tf.is_tensor, flat)):
        raise ValueError(
            f"slices of a dataset must hold ints, not symbolic tensors: {components.slices!r}; tf_npz.load takes them"
        )
    return flat, axes


def argument(slices: Any) -> str:
    """`slices` as a message writes them behind other arguments."""
    return "" if slices is None else f", slices={slices!r}"


def _within(path: tuple[str, ...], value: Any) -> list[tuple[tuple[str, ...], list[int]]]:
    """The index of an array, or, in a dict, those of its fields."""
    if value is None:
        return []
    if isinstance(value, Mapping):
        return [item for name, inner in value.items() for item in _within((*path, name), inner)]
    if isinstance(value, tuple):
        raise ValueError(f"slices must have the structure of keys, or be a dict of names, not {value!r}")
    return [(path, value.known_numbers())]


def _is_of_axis(item: Any) -> bool:
    """Whether `item` may stand for an axis in an index."""
    return isinstance(item, slice) or item is Ellipsis or _is_integer(item)


def _is_integer(value: Any) -> bool:
    if tf.is_tensor(value):
        return bool(value.dtype.is_integer and value.shape.is_compatible_with([]))
    try:
        operator.index(value)
    except TypeError:
        return False
    return not isinstance(value, bool)


def _axis(item: Any) -> _Axis:
    if item is Ellipsis:
        return 0, 0, _ELLIPSIS
    if not isinstance(item, slice):
        return _bound("an index of slices", item), 0, _INDEX
    start = 0 if item.start is None else _bound("a start of slices", item.start)
    stop = _parts.MAX if item.stop is None else _bound("a stop of slices", item.stop)
    return start, stop, 1 if item.step is None else _parts.integer("a step of slices", item.step, least=1)


def _bound(name: str, value: Any) -> Any:
    """An int, or an int64 tensor whose value is not known yet."""
    static = tf.get_static_value(value) if tf.is_tensor(value) else value
    if static is None and _is_integer(value):
        # A uint64 beyond int64 would become negative.
        return tf.cast(tf.minimum(value, _parts.MAX) if value.dtype == tf.uint64 else value, tf.int64)
    return _parts.integer(name, static)


def to_tensor(flat: Sequence[Any]) -> list[tf.Tensor]:
    """The input of `load` and `decode` for `numbers`."""
    if not flat:
        return []
    is_static = not any(map(tf.is_tensor, flat))
    return [tf.constant(flat, tf.int64) if is_static else tf.stack([tf.cast(number, tf.int64) for number in flat])]
