"""Whole arrays of one file, as ops: eager, or in the graph of a function that `map` takes."""

import os
from typing import Any

import tensorflow as tf

from . import _files, _ops, _spec, _structure
from ._structure import Components, ElementSpec, Keys


@_ops.not_converted
def load(
    filename: _files.Path | tf.Tensor,
    keys: Keys | None = None,
    *,
    element_spec: ElementSpec | None = None,
    verify_checksums: bool = True,
) -> Any:
    """Reads whole arrays of one .npy or .npz file, as the tensors that `NpzReaderDataset` makes of them.

    As with `tf.io.read_file`, a graph whose file name is a constant may be optimized into the values of its first call:
    inside of a `tf.function`, pass names of files that change as arguments.

    Args:
      filename: A path, or a scalar string tensor. It is not expanded as a pattern.
      keys: The arrays to read, and the structure of the result. None: a dict of all arrays (a tensor, for an .npy).
        "x": a tensor. ("x", "y"): a tuple of tensors. {"image": "x"}: a dict under new names. An array of a structured
        dtype is a dict of its fields; of a structured .npy, keys are fields.
      element_spec: The spec of the result, as `tf_npz.element_spec(a_file, keys, rows=False)` returns it; over several
        files it has None for dimensions in which they differ. Needed where `filename` is symbolic; otherwise it is read
        from the file's header.
      verify_checksums: Whether the CRC-32 of the members of an .npz, and of gzip, is verified.

    Returns:
      Tensors of the arrays' dtypes and shapes, in C order, in the structure of `keys`.

    Raises:
      tf.errors.InvalidArgumentError: A key is unknown, or the file does not fit `element_spec`.
      tf.errors.NotFoundError: There is no such file.
      tf.errors.PermissionDeniedError: It may not be read.
      tf.errors.DataLossError: It is damaged, or neither an .npy nor an .npz file.
      tf.errors.UnimplementedError: An array is of a kind that is not supported, such as one of objects.
      tf.errors.ResourceExhaustedError: It is over a limit, such as a header of more than 1 MiB.
      tf.errors.UnavailableError: It can't be read for another reason, such as a server that does not answer.
      ValueError: `filename` is symbolic without an `element_spec`, or `keys` and `element_spec` differ in structure.
      TypeError: `filename` is neither a path nor a scalar string tensor.

    Example:
      >>> tf_npz.load("a.npz")["y"]
      <tf.Tensor: shape=(3,), dtype=int64, numpy=array([7, 8, 9])>
      >>> files = ["clips/0.npy", "clips/1.npy"]
      >>> spec = tf_npz.element_spec(files, rows=False)
      >>> ds = tf.data.Dataset.from_tensor_slices(files).map(
      ...     lambda f: tf_npz.load(f, element_spec=spec), num_parallel_calls=tf.data.AUTOTUNE)
      >>> [clip.shape for clip in ds]
      [TensorShape([3, 2]), TensorShape([5, 2])]
    """
    path = _files.one_path(filename)
    if element_spec is not None:
        components = _structure.components(keys, element_spec)
    elif tf.is_tensor(path):
        raise _symbolic("filename", f"tf_npz.element_spec(a_file{_keys_argument(keys)}, rows=False)")
    else:
        components = _spec.of_files([path], keys, rows=False)
    outputs = _ops.library().npz_load(
        filename=_files.to_tensor(path),
        **_common_arguments(components, verify_checksums),
    )
    return tf.nest.pack_sequence_as(components.spec, outputs)


@_ops.not_converted
def decode(
    contents: bytes | tf.Tensor,
    keys: Keys | None = None,
    *,
    element_spec: ElementSpec | None = None,
    verify_checksums: bool = True,
) -> Any:
    """Decodes whole arrays from the bytes of an .npy or .npz file: a TFRecord feature, a member of a tar, a blob.

    Args:
      contents: The bytes, or a scalar string tensor that holds them.
      keys: The arrays to decode, and the structure of the result, as for `load`.
      element_spec: The spec of the result, as for `load`. Needed where `contents` is symbolic.
      verify_checksums: Whether the CRC-32 of the members of an .npz, and of gzip, is verified.

    Returns:
      Tensors of the arrays' dtypes and shapes, in C order, in the structure of `keys`.

    Raises:
      tf.errors.InvalidArgumentError: A key is unknown, or the contents do not fit `element_spec`.
      tf.errors.DataLossError: The contents are damaged, or neither an .npy nor an .npz file.
      tf.errors.UnimplementedError: An array is of a kind that is not supported, such as one of objects.
      tf.errors.ResourceExhaustedError: It is over a limit, such as a header of more than 1 MiB.
      TypeError: `contents` is neither bytes nor a scalar string tensor.
      ValueError: `contents` is symbolic without an `element_spec`, or `keys` and `element_spec` differ in structure.

    Example:
      >>> with open("a.npz", "rb") as file:
      ...     tf_npz.decode(file.read(), keys="y")
      <tf.Tensor: shape=(3,), dtype=int64, numpy=array([7, 8, 9])>
    """
    if isinstance(contents, bytes | bytearray | memoryview):
        value, tensor = bytes(contents), tf.constant(bytes(contents), tf.string)
    elif isinstance(contents, tf.Tensor) and contents.dtype == tf.string and contents.shape.is_compatible_with([]):
        value, tensor = tf.get_static_value(contents), contents
    else:
        hint = "; tf_npz.load takes the name of a file" if isinstance(contents, str | os.PathLike) else ""
        raise TypeError(f"contents must be bytes or a scalar string tensor, not {type(contents).__name__}{hint}")
    if element_spec is not None:
        components = _structure.components(keys, element_spec)
    elif value is None:
        raise _symbolic("contents", "the spec of the arrays, such as {'x': tf.TensorSpec([None, 3], tf.float32)}")
    else:
        components = _spec.of_contents(bytes(value), keys)
    outputs = _ops.library().npz_decode(contents=tensor, **_common_arguments(components, verify_checksums))
    return tf.nest.pack_sequence_as(components.spec, outputs)


def _common_arguments(components: Components, verify_checksums: bool) -> dict[str, Any]:
    return {
        **components.op_arguments(),
        "verify_checksums": verify_checksums,
        "output_types": [spec.dtype for spec in components.specs],
        "output_shapes": [spec.shape for spec in components.specs],
    }


def _keys_argument(keys: Keys | None) -> str:
    return "" if keys is None else f", keys={keys!r}"


def _symbolic(name: str, remedy: str) -> ValueError:
    return ValueError(
        f"{name} is symbolic, so the dtypes and shapes of its arrays can't be read yet: pass element_spec={remedy}, "
        "made outside of the function"
    )
