"""Element specs from headers: of one file, and the tightest one that admits several."""

import os
from collections.abc import Sequence
from typing import Any

import tensorflow as tf

from . import _core, _errors, _files, _ops, _remote, _structure
from ._structure import Components, ElementSpec, Keys

# Of more files than this a sample is read. A file takes about 0.02 ms where it is cached, more over a network.
_MAX_FILES = 1000


@_ops.not_converted
def element_spec(filenames: _files.Filenames, keys: Keys | None = None, *, rows: bool = True) -> ElementSpec:
    """Reads the spec of one element from the headers of files.

    It is what `NpzReaderDataset`, `load` and `decode` take as `element_spec` where file names are symbolic.

    Args:
      filenames: A path, a pattern, a sequence of either, or a string tensor. Of up to 1000 files all headers are read,
        of more those of 1000: the first, the last, and others spread evenly between them.
      keys: The arrays of an element, as for `NpzReaderDataset`.
      rows: Whether an element is one step along axis 0 of the arrays, or the whole arrays.

    Returns:
      A tf.TensorSpec, or a tuple or dict of them, as `keys` has it; for an array of a structured dtype a dict of its
      fields, nested as the dtype is. Over several files it is the tightest that admits all: dimensions in which they
      differ are None, and the shape is unknown where the number of dimensions differs.

    Raises:
      tf.errors.InvalidArgumentError: A key is unknown; files differ in a dtype or in the unit of datetimes; with
        `keys=None`, files hold different arrays; with `rows=True`, an array has no dimensions; or there are no files.
      tf.errors.NotFoundError: A file is missing, or a pattern matches none.
      tf.errors.DataLossError: A file is damaged, or is neither an .npy nor an .npz file.
      tf.errors.UnimplementedError: An array is of a kind that is not supported, such as one of objects.
      tf.errors.ResourceExhaustedError: A file is over a limit, such as a header of more than 1 MiB.
      tf.errors.PermissionDeniedError: A file may not be read.
      tf.errors.UnavailableError: A file can't be read for another reason, such as a server that does not answer.
      ValueError: `filenames` is symbolic: there are no headers to read yet.

    Example:
      >>> tf_npz.element_spec("train/*.npz", keys=("x", "y"))
      (TensorSpec(shape=(4,), dtype=tf.float32, name=None), TensorSpec(shape=(), dtype=tf.int64, name=None))
      >>> tf_npz.element_spec("clips/*.npy", rows=False)  # of 3 and of 5 steps
      TensorSpec(shape=(None, 2), dtype=tf.float32, name=None)
    """
    paths = _files.expand(filenames)
    if tf.is_tensor(paths):
        raise ValueError("filenames is symbolic, so there is no header to read yet: pass the name of a file as a str")
    return of_files(paths, keys, rows=rows).spec


def of_files(paths: Sequence[str], keys: Keys | None, *, rows: bool, skip_damaged: bool = False) -> Components:
    """The components of an element that admits all of `paths`; raises as `element_spec` does.

    Args:
      paths: Files, at least one.
      keys: The arrays of an element.
      rows: Whether an element is one step along axis 0, or the whole arrays.
      skip_damaged: Whether damaged files are left out, as long as one is not damaged.
    """
    names = _names(keys)
    sample = _sample(paths)
    try:
        specs = _core.infer_from_files(
            [os.fsencode(path) for path in sample], names, rows, skip_damaged, _remote.RemoteFile
        )
        components = _components(specs, keys)
    except _core.StatusError as error:
        raise _errors.to_tensorflow(error) from None
    return components._replace(counts=specs.counts) if len(sample) == len(paths) else components


def of_contents(contents: bytes, keys: Keys | None) -> Components:
    """The components of an element that is the whole arrays in the bytes of a file; raises as `element_spec` does."""
    try:
        return _components(_core.infer_from_contents(contents, _names(keys)), keys)
    except _core.StatusError as error:
        raise _errors.to_tensorflow(error) from None


def _names(keys: Keys | None) -> list[str] | None:
    return None if keys is None else tf.nest.flatten(_structure.normalized_keys(keys))


def _sample(paths: Sequence[str]) -> Sequence[str]:
    if len(paths) <= _MAX_FILES:
        return paths
    return [paths[i * (len(paths) - 1) // (_MAX_FILES - 1)] for i in range(_MAX_FILES)]


def _components(specs: _core.InferredSpecs, keys: Keys | None) -> Components:
    spec = _by_name(specs)
    if keys is not None:
        spec = tf.nest.map_structure(spec.__getitem__, _structure.normalized_keys(keys))
    return _structure.components(keys, spec)


def _by_name(specs: _core.InferredSpecs) -> Any:
    """Each array's spec, by its name, or by a field's; an array of structures is a dict of its fields.

    Of the array without a name just its spec.
    """
    arrays: dict[str, Any] = {}
    for component in specs.components:
        spec = tf.TensorSpec(component.shape, _dtype(component.type, specs.label))
        if not component.keys:
            return spec
        fields = arrays
        for name in component.keys[:-1]:
            fields = fields.setdefault(name, {})
        fields[component.keys[-1]] = spec
    return arrays


def _dtype(name: str, path: str) -> tf.DType:
    try:
        return tf.dtypes.as_dtype(name)
    except TypeError:
        raise _core.StatusError("Unimplemented", f"{path}: TensorFlow {tf.__version__} has no dtype {name}") from None
