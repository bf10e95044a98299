"""Turns the `padding` argument into one value for each component, in the component's dtype."""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import tensorflow as tf

from ._structure import Components


def padding_values(padding: Any, components: Components) -> list[tf.Tensor]:
    """A scalar tensor for each component.

    Args:
      padding: A value for all components, or values in the structure of an element. If one number is given for all
        components, components of strings are padded with the empty string.
      components: The components of an element, before batching.

    Raises:
      ValueError: `padding` does not have the structure of an element; the dtype of a component cannot represent its
        value; or the number of dimensions of a component is unknown.
      TypeError: A value is not a number (for strings: not a str or bytes).
    """
    for spec in components.specs:
        if spec.shape.rank is None:
            raise ValueError(
                f"padding needs arrays of one number of dimensions, but the element_spec is {components.spec!r}"
            )
    if isinstance(padding, Mapping | tuple | list):
        structure = tuple(padding) if isinstance(padding, list) else padding
        try:
            tf.nest.assert_same_structure(components.spec, structure)
        except (TypeError, ValueError):
            raise ValueError(
                "padding must be one value for all components, or have the structure of an element, "
                f"but padding is {padding!r} and the element_spec is {components.spec!r}"
            ) from None
        values = tf.nest.flatten(structure)
    else:
        empty = [spec.dtype == tf.string and not isinstance(padding, str | bytes) for spec in components.specs]
        # If all components are strings, a number is a mistake.
        values = ["" if is_empty and not all(empty) else padding for is_empty in empty]
    return [_cast(value, spec.dtype) for value, spec in zip(values, components.specs, strict=True)]


def _cast(value: Any, dtype: tf.DType) -> tf.Tensor:
    if tf.is_tensor(value):
        static = tf.get_static_value(value)
        if static is None:
            if value.dtype != dtype or value.shape.rank not in (0, None):
                raise ValueError(f"padding {value!r} is not a scalar of the component's dtype, {dtype.name}")
            return value
        value = static
    if dtype == tf.string and isinstance(value, str | bytes):
        return tf.constant(value, tf.string)
    if dtype == tf.int64 and isinstance(value, np.datetime64 | np.timedelta64) and np.isnat(value):
        return tf.constant(np.iinfo(np.int64).min, tf.int64)
    array = np.asarray(value)
    number = array.item() if array.ndim == 0 else None
    if not isinstance(number, int | float | complex):
        raise TypeError(f"padding must be a number (for strings, str or bytes), or a structure of these, not {value!r}")
    converted = None if dtype == tf.string else _converted(number, dtype)
    if converted is None:
        raise ValueError(
            f"padding {value!r} can't be represented in the dtype of a component, {dtype.name}; "
            "pass one value for each component, in the structure of an element"
        )
    return tf.constant(converted, dtype)


def _converted(number: complex, dtype: tf.DType) -> Any:
    """`number` as a NumPy scalar of `dtype`. None if the dtype cannot represent it."""
    if isinstance(number, complex) and not dtype.is_complex:
        if number.imag != 0:
            return None
        number = number.real
    try:
        with np.errstate(all="ignore"):
            converted = np.asarray(number).astype(dtype.as_numpy_dtype)
    except (OverflowError, TypeError):  # An int that is too large for every dtype of NumPy.
        return None
    return converted if _represents(converted.item(), number) else None


def _represents(cast: complex, value: complex) -> bool:
    """Whether `cast` equals `value`: exactly for integers, otherwise to the precision of the dtype."""
    if cast == value:
        return True
    if isinstance(cast, int) or isinstance(value, int):  # bool is an int too
        return False
    if isinstance(cast, complex) or isinstance(value, complex):
        cast, value = complex(cast), complex(value)
        return _represents(cast.real, value.real) and _represents(cast.imag, value.imag)
    return math.isnan(value) if math.isnan(cast) else math.isfinite(cast) and math.isfinite(value)
