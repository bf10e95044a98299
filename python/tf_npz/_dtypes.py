"""Turns the `dtypes` argument into what is cast to which dtype."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np
import tensorflow as tf

from . import _keys, _structure, _types
from ._structure import Components

# A dtype as tf.as_dtype takes it, or a structure of dtypes and None. None: as it is.
Dtypes: TypeAlias = (
    str | type[Any] | np.dtype[Any] | _types.DType | Mapping[Any, "Dtypes | None"] | Sequence["Dtypes | None"]
)
# What `_core` is asked to cast: the names that lead to an array, or to several; the name of a dtype; and whether only
# numbers are cast, and other components left as they are.
Cast: TypeAlias = tuple[tuple[str, ...], str, bool]


def requests(dtypes: Dtypes | None, keys: Any) -> list[Cast]:
    """What `_core` casts when it reads specs.

    Args:
      dtypes: The argument of the caller.
      keys: The keys, as `_keys.normalized` returns them.

    Raises:
      TypeError: A value is not a dtype.
      ValueError: `dtypes` and `keys` differ in structure, or two keys that share a field have different dtypes.
    """
    if dtypes is None:
        return []
    is_for_all = not isinstance(dtypes, Mapping | tuple | list)
    if keys is not None and is_for_all and not _keys.is_key(keys):
        found = _within((), dtypes, only_numbers=True)
    elif keys is None:
        found = _within((), dtypes, only_numbers=False)
    else:
        # The structure of the keys. Below it a structured array may have a dict of its fields.
        values = _structure.spread("dtypes", dtypes, keys, is_component=_keys.is_key, are_nested=True)
        # Only arrays have headers.
        of_arrays = [
            (_keys.path_of(key), value, is_own)
            for key, (value, is_own) in zip(tf.nest.flatten(keys), values, strict=True)
            if _keys.is_array(key)
        ]
        found = []
        for path, value, is_own in of_arrays:
            found.extend(_within(path, value, only_numbers=not is_own))
        _refuse_two_dtypes([path for path, _, _ in of_arrays], [value for _, value, _ in of_arrays], dtypes)
    return [(path, _dtype(value).name, only_numbers) for path, value, only_numbers in found if value is not None]


def applied(dtypes: Dtypes | None, components: Components) -> Components:
    """`components` with the dtypes of the caller in their spec. Raises as `requests` does.

    If one dtype is given for several components, it is for the numbers in arrays. Others stay as they are.
    """
    if dtypes is None:
        return components
    flat = [
        tf.TensorSpec(spec.shape, _dtype(value))
        if value is not None and (is_own or (_keys.is_array(leaf) and _is_number(spec.dtype)))
        else spec
        for spec, leaf, (value, is_own) in _with_values(dtypes, components)
    ]
    return components._replace(spec=tf.nest.pack_sequence_as(components.spec, flat))


def with_casts(dtypes: Dtypes | None, components: Components, in_headers: Collection[tuple[str, ...]]) -> Components:
    """`components`, read with `requests`, with the casts that the op has to do. `in_headers` are paths of arrays."""
    if dtypes is None:
        return components
    flat = [
        # What was in no header has not been cast yet.
        tf.TensorSpec(spec.shape, _dtype(value))
        if value is not None and is_own and not (_keys.is_array(leaf) and path in in_headers)
        else spec
        for path, (spec, leaf, (value, is_own)) in zip(components.keys, _with_values(dtypes, components), strict=True)
    ]
    components = components._replace(spec=tf.nest.pack_sequence_as(components.spec, flat))
    casts = [
        value is not None and _dtype(value) == spec.dtype for spec, _, (value, _) in _with_values(dtypes, components)
    ]
    return components._replace(casts=casts)


def _with_values(dtypes: Dtypes, components: Components) -> Any:
    """For each component its spec, its key, its value of `dtypes`, and whether it was given for this one alone."""
    return zip(components.specs, components.leaves, _structure.spread("dtypes", dtypes, components.spec), strict=True)


def _within(path: tuple[str, ...], value: Any, *, only_numbers: bool) -> list[tuple[tuple[str, ...], Any, bool]]:
    """The dtype of an array, or, in a dict, those of its fields."""
    if isinstance(value, Mapping):
        return [item for name, inner in value.items() for item in _within((*path, name), inner, only_numbers=False)]
    if isinstance(value, tuple | list):
        raise ValueError(f"dtypes must have the structure of keys, or be a dict of names, not {value!r}")
    return [(path, value, only_numbers)]


def _refuse_two_dtypes(paths: Sequence[tuple[str, ...]], values: Sequence[Any], dtypes: Dtypes) -> None:
    """Refuses dtypes that differ between two keys of which one is, or is within, the other."""
    path = _structure.conflict(paths, map(repr, values))
    if path is not None:
        what = f"the array {path[0]!r}" if len(path) == 1 else f"the field {_keys.Field(*path)!r}"
        raise ValueError(
            f"dtypes {dtypes!r} has two dtypes for {what}; pass element_spec instead, "
            "with a tf.TensorSpec of the dtype for each"
        )


def _dtype(value: Any) -> tf.DType:
    try:
        return tf.as_dtype(value)
    except TypeError:
        raise TypeError(f"dtypes must be a dtype such as tf.float32, or a structure of these, not {value!r}") from None


def _is_number(dtype: tf.DType) -> bool:
    return bool(dtype.is_floating or dtype.is_integer or dtype.is_complex)
