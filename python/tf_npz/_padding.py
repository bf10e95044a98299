"""Turns `padding` and `padded_shapes` into a value and a shape for each component."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import tensorflow as tf

from . import _keys, _numbers, _structure, _types
from ._structure import Components, ElementSpec

# A number, a str, bytes, np.datetime64("NaT"), a scalar tensor; or a structure of these and of None.
Padding: TypeAlias = (
    complex | str | bytes | np.generic | _types.Tensor | Mapping[Any, "Padding | None"] | Sequence["Padding | None"]
)
# The dimensions of a shape, such as (100, None).
_Shape: TypeAlias = Sequence[int | None] | np.ndarray[Any, Any] | _types.TensorShape | _types.Tensor
# A shape, or a structure of shapes and None.
PaddedShapes: TypeAlias = _Shape | Mapping[Any, "PaddedShapes | None"] | Sequence["PaddedShapes | None"]


class Padded(NamedTuple):
    """What pads the elements of a batch.

    Attributes:
      values: For each component a scalar tensor. None: the component is not padded.
      spec: The spec of an element after padding.
    """

    values: list[tf.Tensor | None]
    spec: ElementSpec

    def op_arguments(self, components: Components) -> dict[str, Any]:
        """The inputs and attributes of the op."""
        padded = [i for i, value in enumerate(self.values) if value is not None]
        is_all = len(padded) == len(self.values)
        is_fixed = any(
            before.shape.rank != after.shape.rank or before.shape.as_list() != after.shape.as_list()
            for before, after in zip(components.specs, tf.nest.flatten(self.spec), strict=True)
            if before.shape.rank is not None
        )
        return {
            "padding": [self.values[i] for i in padded],
            "padding_components": [] if is_all else padded,
            "element_shapes": [spec.shape for spec in components.specs] if is_fixed else [],
        }


def padded(padding: Padding | None, padded_shapes: PaddedShapes | None, components: Components) -> Padded:
    """What pads each component, and the spec of an element after padding.

    Args:
      padding: The argument of the caller. None: if there are `padded_shapes`, 0, False or "", as for padded_batch.
        If there are none, nothing is padded.
      padded_shapes: The argument of the caller.
      components: The components of an element, before batching.

    Raises:
      ValueError: An argument does not have the structure of an element; the dtype of a component cannot represent its
        value; a padded shape does not fit its component; or the number of dimensions of a component is unknown.
      TypeError: A value is not a number (for strings: not a str or bytes).
    """
    specs = components.specs
    if padding is None and padded_shapes is None:
        return Padded([None] * len(specs), components.spec)
    values = [_zero(spec.dtype) for spec in specs] if padding is None else padding_values(padding, components)
    if padded_shapes is None:
        return Padded(values, components.spec)
    shapes = _structure.spread("padded_shapes", padded_shapes, components.spec, are_nested=True)
    if any(shape is not None and not is_own for shape, is_own in shapes):
        raise ValueError(
            "padded_shapes must be one shape for each component, in the structure of an element, "
            f"but padded_shapes is {padded_shapes!r} and the element_spec is {components.spec!r}"
        )
    flat = [
        spec if shape is None else _padded_spec(spec, shape, is_padded=value is not None, name=_name(key))
        for spec, (shape, _), value, key in zip(specs, shapes, values, components.keys, strict=True)
    ]
    return Padded(values, tf.nest.pack_sequence_as(components.spec, flat))


def padding_values(padding: Padding, components: Components) -> list[tf.Tensor | None]:
    """A scalar tensor for each component, or None if it is not padded.

    If one number is given for several components, those of strings are padded with the empty string. Raises as `padded`
    does.
    """
    values = _structure.spread("padding", padding, components.spec)
    # If all components are strings, a number is a mistake.
    has_others = any(spec.dtype != tf.string for spec in components.specs)
    tensors: list[tf.Tensor | None] = []
    for spec, leaf, (value, is_own) in zip(components.specs, components.leaves, values, strict=True):
        # What is no array is a scalar. A value for all components is not for it.
        if value is None or not (is_own or _keys.is_array(leaf)):
            tensors.append(None)
            continue
        if spec.shape.rank is None:
            raise ValueError(
                f"padding needs arrays of one number of dimensions, but the element_spec is {components.spec!r}"
            )
        is_empty = has_others and not is_own and spec.dtype == tf.string and not isinstance(value, str | bytes)
        tensors.append(_cast("" if is_empty else value, spec.dtype, is_own=is_own))
    return tensors


def _zero(dtype: tf.DType) -> tf.Tensor:
    return tf.constant("" if dtype == tf.string else 0, dtype) if dtype != tf.bool else tf.constant(False)


def _name(key: tuple[str, ...]) -> str:
    return "".join(f"[{name!r}]" for name in key)


def _padded_spec(spec: tf.TensorSpec, shape: Any, *, is_padded: bool, name: str) -> tf.TensorSpec:
    """`spec` with the fixed lengths of `shape`. A length that is None stays what `spec` says."""
    lengths = _lengths(shape)
    own = spec.shape
    if lengths is None:
        return spec
    if own.rank is None or len(lengths) != own.rank:
        raise ValueError(
            f"padded_shapes{name} has {len(lengths)} dimensions, but the component has the shape {own}: {shape!r}"
        )
    fixed = [length if wanted is None else wanted for wanted, length in zip(lengths, own.as_list(), strict=True)]
    for wanted, length in zip(fixed, own.as_list(), strict=True):
        if length is not None and wanted < length:
            raise ValueError(
                f"padded_shapes{name} is {shape!r}, but the component has the shape {own}, which is longer"
            )
    if not is_padded and fixed != own.as_list():
        raise ValueError(
            f"padded_shapes{name} is {shape!r}, but padding has no value for this component, of shape {own}: "
            "add one there, or pass None for the component in padded_shapes"
        )
    return tf.TensorSpec(fixed, spec.dtype)


def _lengths(shape: Any) -> list[int | None] | None:
    """The dimensions of a shape as the caller may write it. -1 is None. None: of any number of dimensions."""
    static = tf.get_static_value(shape) if tf.is_tensor(shape) else shape
    try:
        if static is None:
            raise TypeError
        if isinstance(static, list | tuple | np.ndarray):
            static = [None if length is None or length == -1 else length for length in static]
        parsed = tf.TensorShape(static)
    except (TypeError, ValueError):
        raise ValueError(
            f"padded_shapes must be shapes, such as (100, None), or a structure of shapes, not {shape!r}"
        ) from None
    _structure.check_dimensions("padded_shapes", parsed)
    return None if parsed.rank is None else parsed.as_list()


def _cast(value: Any, dtype: tf.DType, *, is_own: bool) -> tf.Tensor:
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
    converted = None if dtype == tf.string else _numbers.converted(number, dtype)
    if converted is None:
        remedy = (
            "pass one that can, or None to leave the component as it is"
            if is_own
            else "pass one value for each component, in the structure of an element"
        )
        raise ValueError(f"padding {value!r} can't be represented in the dtype of a component, {dtype.name}; {remedy}")
    return tf.constant(converted, dtype)
