"""Ops that read the whole arrays of one file: eagerly, or inside a function for `map`."""

import os
from typing import Any

import tensorflow as tf

from . import _files, _keys, _ops, _spec
from ._dtypes import Dtypes
from ._keys import Keys
from ._structure import Components, ElementSpec
from ._types import Tensor


@_ops.not_converted
def load(
    filename: _files.Path | Tensor,
    keys: Keys | None = None,
    *,
    element_spec: ElementSpec | None = None,
    verify_checksums: bool = True,
    dtypes: Dtypes | None = None,
) -> Any:
    """Reads the whole arrays of one .npy or .npz file.

    Dtypes become tensors as in `NpzReaderDataset`. Like `tf.io.read_file`, a graph with a constant file name may be
    optimized into the values of its first call. So pass the names of files that change as arguments of a `tf.function`.

    Args:
      filename: A path, or a scalar string tensor. `~` means your home folder. A pattern must match exactly one file. A
        symbolic tensor holds a path, never a pattern.
      keys: The arrays to read, and the structure of the result. None: a dict of all arrays (for an .npy, a tensor).
        "x": a tensor. ("x", "y"): a tuple of tensors. {"image": "x"}: a dict with new names. A structured array becomes
        a dict of its fields. All forms of `keys` are those of `NpzReaderDataset`, and give the same structure.
      element_spec: The spec of the result, as `tf_npz.element_spec(files, keys, rows=False)` returns it: None for each
        dimension in which the files differ. Required if `filename` is symbolic. None: it is read from the header.
        Arrays of other dtypes are cast to its dtypes, as `NpzReaderDataset` casts.
      verify_checksums: True: verifies the CRC-32 of the members of an .npz, and of gzip.
      dtypes: What arrays are cast to, as for `NpzReaderDataset`.

    Returns:
      Tensors of the arrays' dtypes and shapes, in C order, in the structure of `keys`.

    Raises:
      tf.errors.InvalidArgumentError: A key is unknown, the file does not fit `element_spec`, an array or a value of it
        can't be cast, or a pattern matches several files.
      tf.errors.NotFoundError: The file does not exist, or a pattern matches no file.
      tf.errors.PermissionDeniedError: The file may not be read.
      tf.errors.DataLossError: The file is damaged, or is neither an .npy nor an .npz file.
      tf.errors.UnimplementedError: The kind of an array is not supported, such as objects.
      tf.errors.ResourceExhaustedError: The file exceeds a limit, such as 1 MiB for a header.
      tf.errors.UnavailableError: Reading failed for another reason, such as a server that does not answer.
      ValueError: `filename` is symbolic without an `element_spec`, or `keys` and `element_spec` differ in structure.
      TypeError: `filename` is neither a path nor a scalar string tensor, or `keys` holds something that is no key.

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
    keys = _keys.normalized(keys)
    path = _files.one_path(filename)
    if element_spec is not None:
        components = _spec.of_caller(keys, element_spec, dtypes)
    elif tf.is_tensor(path):
        raise _symbolic("filename", f"=tf_npz.element_spec(files{_keys.argument(keys)}, rows=False)")
    else:
        components = _spec.of_files([path], keys, rows=False, dtypes=dtypes)
    outputs = _ops.library().npz_load(
        filename=_files.to_tensor(path),
        **_common_arguments(components, verify_checksums),
    )
    return tf.nest.pack_sequence_as(components.spec, outputs)


@_ops.not_converted
def decode(
    contents: bytes | bytearray | memoryview | Tensor,
    keys: Keys | None = None,
    *,
    element_spec: ElementSpec | None = None,
    verify_checksums: bool = True,
    dtypes: Dtypes | None = None,
) -> Any:
    """Decodes the whole arrays in the bytes of an .npy or .npz file.

    The bytes may be a TFRecord feature, a member of a tar archive, or a blob of an object store.

    Args:
      contents: The bytes, or a scalar string tensor that holds them.
      keys: The arrays to decode, and the structure of the result, as for `load`.
      element_spec: The spec of the result, as for `load`. Required if `contents` is symbolic.
      verify_checksums: True: verifies the CRC-32 of the members of an .npz, and of gzip.
      dtypes: What arrays are cast to, as for `NpzReaderDataset`.

    Returns:
      Tensors of the arrays' dtypes and shapes, in C order, in the structure of `keys`.

    Raises:
      tf.errors.InvalidArgumentError: A key is unknown, the contents do not fit `element_spec`, or an array or a value
        of it can't be cast.
      tf.errors.DataLossError: The contents are damaged, or are neither an .npy nor an .npz file.
      tf.errors.UnimplementedError: The kind of an array is not supported, such as objects.
      tf.errors.ResourceExhaustedError: The contents exceed a limit, such as 1 MiB for a header.
      TypeError: `contents` is neither bytes nor a scalar string tensor, or `keys` holds something that is no key.
      ValueError: `contents` is symbolic without an `element_spec`, or `keys` and `element_spec` differ in structure.

    Example:
      >>> with open("a.npz", "rb") as file:
      ...     tf_npz.decode(file.read(), keys="y")
      <tf.Tensor: shape=(3,), dtype=int64, numpy=array([7, 8, 9])>
    """
    keys = _keys.normalized(keys, has_file=False)
    if isinstance(contents, bytes | bytearray | memoryview):
        value, tensor = bytes(contents), tf.constant(bytes(contents), tf.string)
    elif isinstance(contents, tf.Tensor) and contents.dtype == tf.string and contents.shape.is_compatible_with([]):
        value, tensor = tf.get_static_value(contents), contents
    else:
        hint = "; tf_npz.load takes the name of a file" if isinstance(contents, str | os.PathLike) else ""
        raise TypeError(f"contents must be bytes or a scalar string tensor, not {type(contents).__name__}{hint}")
    if element_spec is not None:
        components = _spec.of_caller(keys, element_spec, dtypes)
    elif value is None:
        raise _symbolic("contents", f" with {_example(keys)}")
    else:
        components = _spec.of_contents(bytes(value), keys, dtypes)
    outputs = _ops.library().npz_decode(contents=tensor, **_common_arguments(components, verify_checksums))
    return tf.nest.pack_sequence_as(components.spec, outputs)


def _common_arguments(components: Components, verify_checksums: bool) -> dict[str, Any]:
    return {
        **components.op_arguments(),
        "verify_checksums": verify_checksums,
        "output_types": [spec.dtype for spec in components.specs],
        "output_shapes": [spec.shape for spec in components.specs],
    }


def _example(keys: Keys | None) -> str:
    spec = "tf.TensorSpec([None, 3], tf.float32)"
    if keys is None:
        return f"the spec of each array, such as {{'x': {spec}}}, or {spec} for an .npy"
    return f"the spec of each of keys={keys!r}, such as {spec}"


def _symbolic(name: str, remedy: str) -> ValueError:
    return ValueError(
        f"{name} is symbolic, so the dtypes and shapes of its arrays can't be read yet: pass element_spec{remedy}, "
        "made outside of the function"
    )
