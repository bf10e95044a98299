"""Turns the `filenames` argument into a list of paths, or into a symbolic tensor."""

import glob
import os
import re
from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from typing import Any, TypeAlias

import tensorflow as tf

from . import _core, _errors

Path: TypeAlias = str | os.PathLike[str]
Filenames: TypeAlias = Path | Sequence[Path] | tf.Tensor

_MAGIC = re.compile(r"[*?[]")


def expand(filenames: Filenames) -> list[str] | tf.Tensor:
    """The paths of the files that `filenames` names, in the order of reading.

    Args:
      filenames: A path, a pattern, a sequence of both, or a string tensor (scalar or vector). Patterns expand in sorted
        order.

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
    paths = [path for name in static for path in _expand_one(name)]
    if not paths:
        raise _errors.invalid_argument("filenames is empty: pass at least one file or pattern")
    return paths


def one_path(filename: Path | tf.Tensor) -> str | tf.Tensor:
    """The path of a single file, which is not a pattern. For a tensor without a known value: the tensor itself.

    Raises:
      TypeError: `filename` is neither a path nor a scalar string tensor.
    """
    if isinstance(filename, str | bytes | os.PathLike):
        return os.fsdecode(filename)
    if not tf.is_tensor(filename) or not filename.shape.is_compatible_with([]):
        raise TypeError(f"filename must be a path or a scalar string tensor, not {_described(filename)}")
    static = _static(filename)
    return static if tf.is_tensor(static) else static[0]


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
            "lambda f: tf_npz.NpzReaderDataset(f, element_spec=spec), num_parallel_calls=tf.data.AUTOTUNE)"
        )
    if tf.is_tensor(filenames):
        return _static_tensor(filenames)
    # An open file would give its lines, and a set an arbitrary order.
    if not isinstance(filenames, Iterable) or hasattr(filenames, "read") or isinstance(filenames, AbstractSet):
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


def _expand_one(name: str) -> list[str]:
    if not _MAGIC.search(name):
        return [name]
    # A file's own name may contain such characters. Then the name means that file.
    if _core.has_scheme(os.fsencode(name)):
        try:
            paths = [name] if tf.io.gfile.exists(name) else sorted(tf.io.gfile.glob(name))
        except tf.errors.OpError as error:
            raise _errors.to_tensorflow(_errors.from_tensorflow(error, name)) from error
    elif os.path.exists(name):  # noqa: PTH110 - a path is a str here, because glob returns str
        paths = [name]
    else:
        paths = sorted(glob.glob(name, recursive=True))  # noqa: PTH207
        if "**" in name:  # "**" also matches the folders themselves.
            paths = [path for path in paths if not os.path.isdir(path)]  # noqa: PTH112
    if not paths:
        raise _errors.to_tensorflow(_core.StatusError("NotFound", f"no file matches the pattern {name!r}"))
    return paths


def _described(value: object) -> str:
    return f"{type(value).__name__}: {value!r:.100}"
