"""Makes of the default of a FirstOf what the ops take: the bytes of an .npy with one element."""

import io
from typing import Any

import numpy as np
import tensorflow as tf

from . import _numbers
from ._keys import FirstOf


def spec_of(key: FirstOf) -> tf.TensorSpec:
    """The spec of an element if no file has the arrays."""
    array = _array(key)
    kind = array.dtype.kind
    dtype = tf.string if kind in "US" else tf.int64 if kind in "mM" else tf.as_dtype(array.dtype)
    return tf.TensorSpec(array.shape, dtype)


# Eager TensorFlow tells the calls of an op apart by their attributes. Of a string of 80 characters or more it sees the
# ends only.
_PIECE = 64


def pieces(key: Any, spec: tf.TensorSpec) -> list[str]:
    """The default of `key` as the bytes of an .npy, of the dtype and the shape of `spec`; then an empty string.

    The bytes are hexadecimal digits in pieces. No pieces: there is no default.

    Raises:
      ValueError: The default can't be cast to the dtype, or does not have the shape.
    """
    if not isinstance(key, FirstOf) or key.default is None:
        return [""]
    file = io.BytesIO()
    np.lib.format.write_array(file, _shaped(key, _cast(key, spec.dtype), spec.shape), allow_pickle=False)
    digits = file.getvalue().hex()
    return [*(digits[i : i + _PIECE] for i in range(0, len(digits), _PIECE)), ""]


def _array(key: FirstOf) -> np.ndarray:
    if key.default is None:
        raise ValueError(f"{key!r} has no default")
    return key.default


def _shaped(key: FirstOf, array: np.ndarray, shape: tf.TensorShape) -> np.ndarray:
    if array.ndim == 0 and shape.is_fully_defined():
        return np.array(np.broadcast_to(array, shape.as_list()))
    if array.ndim == 0 and shape.rank != 0:
        raise ValueError(
            f"{key!r} has one value as default, but an element has the shape {shape}, so it is unknown how many values "
            "it needs; pass an array"
        )
    if not shape.is_compatible_with(array.shape):
        raise ValueError(f"the default of {key!r} has the shape {array.shape}, but an element has the shape {shape}")
    return array


def _cast(key: FirstOf, dtype: tf.DType) -> np.ndarray:
    """The default as an array that can be read as `dtype`."""
    array = _array(key)
    converted: Any
    if array.dtype.kind in "US" or dtype == tf.string:
        converted = array if array.dtype.kind in "US" and dtype == tf.string else None
    elif array.dtype.kind in "mM":
        converted = array if dtype == tf.int64 else None
    elif key.is_weak:
        converted = _numbers.converted(array.item(), dtype)
    else:
        converted = _same_kind(array, dtype.as_numpy_dtype)
    if converted is None:
        raise ValueError(
            f"the default of {key!r} is {array.dtype.name}, and can't be cast to {dtype.name}, the dtype of an "
            "element; pass a default of this dtype"
        )
    return np.asarray(converted)


def _same_kind(array: np.ndarray, dtype: Any) -> np.ndarray | None:
    """`array` as `dtype`. None if that is another kind, or if an integer does not fit."""
    if array.dtype == dtype:
        return array
    if not np.can_cast(array.dtype, dtype, "same_kind"):
        return None
    with np.errstate(all="ignore"):
        converted = array.astype(dtype)
    is_exact = converted.dtype.kind not in "iu" or bool((converted == array).all())
    return converted if is_exact else None
