"""Numbers of Python as numbers of a dtype."""

import math
from typing import Any

import numpy as np
import tensorflow as tf


def converted(number: complex, dtype: tf.DType) -> Any:
    """`number` as a NumPy scalar of `dtype`. None if the dtype cannot represent it."""
    if isinstance(number, complex) and not dtype.is_complex:
        if number.imag != 0:
            return None
        number = number.real
    try:
        with np.errstate(all="ignore"):
            cast = np.asarray(number).astype(dtype.as_numpy_dtype)
    except (OverflowError, TypeError):  # An int that is too large for every dtype of NumPy.
        return None
    return cast if _represents(cast.item(), number) else None


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
