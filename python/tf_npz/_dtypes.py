"""Turns the `dtypes` argument into what is cast to which dtype."""

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import tensorflow as tf

from . import _structure
from ._structure import Components, ElementSpec, Keys

# What tf.as_dtype takes, or a structure of it. None: as it is.
Dtypes: TypeAlias = Any
# What `_core` is asked to cast: the names that lead to an array, or to several; the name of a dtype; and whether only
# numbers are cast, and other components left as they are.
Cast: TypeAlias = tuple[tuple[str, ...], str, bool]


def requests(dtypes: Dtypes | None, keys: Keys | None) -> list[Cast]:
    """What `_core` casts when it reads specs.

    Args:
      dtypes: The argument of the caller.
      keys: The keys of the caller.

    Raises:
      TypeError: A value is not a dtype.
      ValueError: `dtypes` and `keys` differ in structure, or `keys` name one array twice, with different dtypes.
    """
    if dtypes is None:
        return []
    is_for_all = not isinstance(dtypes, Mapping | tuple | list)
    if keys is not None and is_for_all and not isinstance(keys, str):
        found = _within((), dtypes, only_numbers=True)
    elif keys is None:
        found = _within((), dtypes, only_numbers=False)
    else:
        normalized = _structure.normalized_keys(keys)
        # The structure of the keys. Below it a structured array may have a dict of its fields.
        values = _structure.spread(
            "dtypes", dtypes, normalized, is_component=lambda node: isinstance(node, str), are_nested=True
        )
        names = tf.nest.flatten(normalized)
        found = []
        for name, (value, is_own) in zip(names, values, strict=True):
            found.extend(_within((name,), value, only_numbers=not is_own))
        if len(set(names)) < len(names):
            _refuse_two_dtypes(names, [value for value, _ in values], dtypes)
    return [(path, _dtype(value).name, only_numbers) for path, value, only_numbers in found if value is not None]


def applied(dtypes: Dtypes | None, spec: ElementSpec) -> ElementSpec:
    """`spec` with the dtypes of the caller. Raises as `requests` does.

    If one dtype is given for several components, those that are no numbers stay as they are.
    """
    if dtypes is None:
        return spec
    flat = [
        item if value is None or not (is_own or _is_number(item.dtype)) else tf.TensorSpec(item.shape, _dtype(value))
        for item, (value, is_own) in zip(tf.nest.flatten(spec), _structure.spread("dtypes", dtypes, spec), strict=True)
    ]
    return tf.nest.pack_sequence_as(spec, flat)


def with_casts(dtypes: Dtypes | None, components: Components) -> Components:
    """`components`, read from headers with `requests`, with the casts that the op has to do."""
    if dtypes is None:
        return components
    values = _structure.spread("dtypes", dtypes, components.spec)
    casts = [
        value is not None and _dtype(value) == spec.dtype
        for (value, _), spec in zip(values, components.specs, strict=True)
    ]
    return components._replace(casts=casts)


def _within(path: tuple[str, ...], value: Any, *, only_numbers: bool) -> list[tuple[tuple[str, ...], Any, bool]]:
    """The dtype of an array, or, in a dict, those of its fields."""
    if isinstance(value, Mapping):
        return [item for name, inner in value.items() for item in _within((*path, name), inner, only_numbers=False)]
    if isinstance(value, tuple | list):
        raise ValueError(f"dtypes must have the structure of keys, or be a dict of names, not {value!r}")
    return [(path, value, only_numbers)]


def _refuse_two_dtypes(names: Sequence[str], values: Sequence[Any], dtypes: Dtypes) -> None:
    first: dict[str, Any] = {}
    for name, value in zip(names, values, strict=True):
        if repr(first.setdefault(name, value)) != repr(value):
            raise ValueError(
                f"dtypes {dtypes!r} has two dtypes for the array {name!r}; pass element_spec instead, "
                "with a tf.TensorSpec of the dtype for each"
            )


def _dtype(value: Any) -> tf.DType:
    try:
        return tf.as_dtype(value)
    except TypeError:
        raise TypeError(f"dtypes must be a dtype such as tf.float32, or a structure of these, not {value!r}") from None


def _is_number(dtype: tf.DType) -> bool:
    return bool(dtype.is_floating or dtype.is_integer or dtype.is_complex)
