"""Turns the `filenames` argument into a list of paths, or into a symbolic tensor."""

import os
from collections.abc import Iterable, KeysView
from collections.abc import Set as AbstractSet
from typing import Any, TypeAlias

import numpy as np
import tensorflow as tf

from . import _core, _errors, _paths
from ._types import Tensor

Path: TypeAlias = _paths.Path
# Sets have this type too, but are refused: they have no order.
Filenames: TypeAlias = Path | Iterable[Path | Tensor] | Tensor


def expand(filenames: Filenames) -> list[str] | tf.Tensor:
    """The paths of the files that `filenames` names, in the order of reading.

    Args:
      filenames: A path, a pattern, an iterable of both, or a string tensor (scalar or vector). `_paths` has the rules.

    Returns:
      The paths. For a tensor whose value is not known yet: the tensor itself. It may be of any length.

    Raises:
      TypeError: `filenames` is of another type.
      tf.errors.InvalidArgumentError: `filenames` is empty.
      tf.errors.NotFoundError: A pattern matches no file.
    """
    static = _static(filenames)
    if tf.is_tensor(static):
        return static
    if not static:
        raise _errors.invalid_argument("filenames is empty: pass at least one file or pattern")
    try:
        return _paths.expand(static)
    except _core.StatusError as error:
        raise _errors.to_tensorflow(error) from error.__cause__


def one_path(filename: Any) -> str | tf.Tensor:
    """The path of a single file, or of the only file that a pattern matches.

    Returns:
      The path. For a tensor without a known value: the tensor itself.

    Raises:
      TypeError: `filename` is neither a path nor a scalar string tensor.
      tf.errors.InvalidArgumentError: A pattern matches several files.
      tf.errors.NotFoundError: A pattern matches no file.
    """
    if isinstance(filename, str | bytes | os.PathLike):
        name = os.fsdecode(filename)
    elif not tf.is_tensor(filename) or not filename.shape.is_compatible_with([]):
        raise TypeError(f"filename must be a path or a scalar string tensor, not {_described(filename)}")
    else:
        static = _static(filename)
        if tf.is_tensor(static):
            return static
        name = static[0]
    try:
        return _paths.one(name)
    except _core.StatusError as error:
        raise _errors.to_tensorflow(error) from error.__cause__


def to_tensor(paths: str | list[str] | tf.Tensor) -> tf.Tensor:
    """The ops' input: a scalar for one path, a vector for a list, the same tensor for a tensor."""
    if tf.is_tensor(paths):
        return paths
    # As bytes, because a file name may not be UTF-8.
    return tf.constant(os.fsencode(paths) if isinstance(paths, str) else [*map(os.fsencode, paths)], tf.string)


def _static(filenames: Any) -> Any:
    """`filenames` as a list of str. For a tensor without a known value: the tensor itself."""
    if isinstance(filenames, str | bytes | os.PathLike):
        return [os.fsdecode(filenames)]
    if isinstance(filenames, tf.Variable):
        filenames = tf.convert_to_tensor(filenames)
    if isinstance(filenames, tf.data.Dataset):
        raise TypeError(
            "filenames is a tf.data.Dataset; pass each of its elements instead: filenames.interleave("
            "lambda f: tf_npz.NpzReaderDataset(f, element_spec=spec), num_parallel_calls=tf.data.AUTOTUNE), "
            "where spec is tf_npz.element_spec(files)"
        )
    if tf.is_tensor(filenames):
        return _static_tensor(filenames)
    if isinstance(filenames, np.lib.npyio.NpzFile):
        raise TypeError(
            "filenames is an open NpzFile of np.load, which gives names of arrays; pass the path of its file"
        )
    # An open file would give its lines, and a set an arbitrary order. The names of a dict are a set only by their type.
    is_unordered = isinstance(filenames, AbstractSet) and not isinstance(filenames, KeysView)
    if not isinstance(filenames, Iterable) or hasattr(filenames, "read") or is_unordered:
        raise TypeError(
            f"filenames must be a path, a pattern, a list of these or a string tensor, not {_described(filenames)}"
        )
    names = list(filenames)
    others = [name for name in names if not isinstance(name, str | bytes | os.PathLike)]
    if any(map(tf.is_tensor, others)):
        return _static_tensor(tf.stack([name if tf.is_tensor(name) else os.fsencode(name) for name in names]))
    if others:
        raise TypeError(f"filenames must hold paths or patterns, not {_described(others[0])}")
    return [os.fsdecode(name) for name in names]


def _static_tensor(filenames: Any) -> Any:
    if not isinstance(filenames, tf.Tensor) or filenames.dtype != tf.string:
        raise TypeError(f"filenames must be a tensor of dtype string, not {_described(filenames)}")
    if filenames.shape.rank is not None and filenames.shape.rank > 1:
        raise ValueError(f"filenames must be a scalar or a vector, not of shape {filenames.shape}; flatten it first")
    value = tf.get_static_value(filenames)
    if value is None:
        return filenames
    return [os.fsdecode(name) for name in ([value] if isinstance(value, bytes) else value.reshape(-1).tolist())]


def _described(value: object) -> str:
    return f"{type(value).__name__}: {value!r:.100}"
