"""Ops that read the whole arrays of one file: eagerly, or inside a function for `map`."""

import os
from typing import Any

import tensorflow as tf

from . import _files, _keys, _ops, _parts, _slices, _spec
from ._dtypes import Dtypes
from ._keys import Keys
from ._slices import Slices
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
    slices: Slices | None = None,
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
        dimension in which the files differ. Required if `filename` or a key is symbolic. None: it is read from the
        header. Arrays of other dtypes are cast to its dtypes, as `NpzReaderDataset` casts.
      verify_checksums: True: verifies the CRC-32 of the members of an .npz, and of gzip.
      dtypes: What arrays are cast to, as for `NpzReaderDataset`.
      slices: What is taken of the arrays: an index as NumPy takes it, such as `np.s_[10:20, ..., 3]`, of slices with
        steps of 1 or more, ints and an Ellipsis; or a structure like that of `keys`, with an index or None for each
        array. A tuple of slices is always one index. Bounds and ints may be scalar integer tensors, symbolic too; the
        length of a slice with symbolic bounds is unknown, unless `element_spec` has it. The axes are those of the
        array, without those of a field. From stored data the part is read, and gaps in it that are no longer than the
        runs of bytes between them, or than 1 KiB where these runs have fewer than 64 bytes. Compressed data is
        decoded up to the end of the part, in Fortran order to its end. CRC-32 is verified only if all is read.

    Returns:
      Tensors of the arrays' dtypes and shapes, in C order, in the structure of `keys`.

    Raises:
      tf.errors.InvalidArgumentError: A key is unknown, the file does not fit `element_spec`, an array does not have
        what `slices` takes, an array or a value of it can't be cast, or a pattern matches several files.
      tf.errors.NotFoundError: The file does not exist, or a pattern matches no file.
      tf.errors.PermissionDeniedError: The file may not be read.
      tf.errors.DataLossError: The file is damaged, or is neither an .npy nor an .npz file.
      tf.errors.UnimplementedError: The kind of an array is not supported, such as objects.
      tf.errors.ResourceExhaustedError: The file exceeds a limit, such as 1 MiB for a header.
      tf.errors.UnavailableError: Reading failed for another reason, such as a server that does not answer.
      ValueError: `filename` or a key is symbolic without an `element_spec`, or `keys` and `element_spec` differ in
        structure.
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
      >>> tf_npz.load("clips/1.npy", slices=np.s_[1:4:2, 0]).shape
      TensorShape([2])

      >>> ds = tf.data.Dataset.from_tensor_slices(["y", "y"]).map(
      ...     lambda key: tf_npz.load("a.npz", key, element_spec=tf.TensorSpec([None], tf.int64)))
      >>> [y.numpy().tolist() for y in ds]
      [[7, 8, 9], [7, 8, 9]]
    """
    keys = _keys.normalized(keys, of_one_file=True)
    cut = _slices.parsed(slices)
    path = _files.one_path(filename)
    if element_spec is not None:
        components = _spec.of_caller(keys, element_spec, dtypes, cut)
    elif tf.is_tensor(path) and not _keys.are_symbolic(keys):
        arguments = f"{_keys.argument(keys)}, rows=False{_slices.argument(slices)}"
        raise _symbolic("filename", f"=tf_npz.element_spec(files{arguments})")
    else:
        components = _spec.of_files([path], keys, rows=_parts.row_selection(rows=False), dtypes=dtypes, slices=cut)
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
    slices: Slices | None = None,
) -> Any:
    """Decodes the whole arrays in the bytes of an .npy or .npz file.

    The bytes may be a TFRecord feature, a member of a tar archive, or a blob of an object store.

    Args:
      contents: The bytes, or a scalar string tensor that holds them.
      keys: The arrays to decode, and the structure of the result, as for `load`.
      element_spec: The spec of the result, as for `load`. Required if `contents` or a key is symbolic.
      verify_checksums: True: verifies the CRC-32 of the members of an .npz, and of gzip.
      dtypes: What arrays are cast to, as for `NpzReaderDataset`.
      slices: What is taken of the arrays, as for `load`.

    Returns:
      Tensors of the arrays' dtypes and shapes, in C order, in the structure of `keys`.

    Raises:
      tf.errors.InvalidArgumentError: A key is unknown, the contents do not fit `element_spec`, an array does not have
        what `slices` takes, or an array or a value of it can't be cast.
      tf.errors.DataLossError: The contents are damaged, or are neither an .npy nor an .npz file.
      tf.errors.UnimplementedError: The kind of an array is not supported, such as objects.
      tf.errors.ResourceExhaustedError: The contents exceed a limit, such as 1 MiB for a header.
      TypeError: `contents` is neither bytes nor a scalar string tensor, or `keys` holds something that is no key.
      ValueError: `contents` or a key is symbolic without an `element_spec`, or `keys` and `element_spec` differ in
        structure.

    Example:
      >>> with open("a.npz", "rb") as file:
      ...     tf_npz.decode(file.read(), keys="y")
      <tf.Tensor: shape=(3,), dtype=int64, numpy=array([7, 8, 9])>
    """
    keys = _keys.normalized(keys, has_file=False, of_one_file=True)
    cut = _slices.parsed(slices)
    if isinstance(contents, bytes | bytearray | memoryview):
        value, tensor = bytes(contents), tf.constant(bytes(contents), tf.string)
    elif isinstance(contents, tf.Tensor) and contents.dtype == tf.string and contents.shape.is_compatible_with([]):
        value, tensor = tf.get_static_value(contents), contents
    else:
        hint = "; tf_npz.load takes the name of a file" if isinstance(contents, str | os.PathLike) else ""
        raise TypeError(f"contents must be bytes or a scalar string tensor, not {type(contents).__name__}{hint}")
    if element_spec is not None:
        components = _spec.of_caller(keys, element_spec, dtypes, cut)
    elif value is None:
        raise _symbolic("contents", f" with {_example(keys)}")
    else:
        components = _spec.of_contents(bytes(value), keys, dtypes, cut)
    outputs = _ops.library().npz_decode(contents=tensor, **_common_arguments(components, verify_checksums))
    return tf.nest.pack_sequence_as(components.spec, outputs)


def _common_arguments(components: Components, verify_checksums: bool) -> dict[str, Any]:
    numbers, axes = _slices.numbers(components)
    return {
        **components.op_arguments(),
        "verify_checksums": verify_checksums,
        "slices": _slices.to_tensor(numbers),
        "slice_axes": axes,
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
