"""Reads element specs from the headers of one or more files."""

import functools
import operator
import os
from collections.abc import Sequence
from typing import Any

import tensorflow as tf

from . import _core, _defaults, _dtypes, _errors, _files, _keys, _ops, _parts, _remote, _slices, _structure
from ._dtypes import Dtypes
from ._keys import Keys
from ._parts import Rows, RowSelection, Windows
from ._slices import Slices
from ._structure import Components, ElementSpec

# If there are more files than this, the headers of a sample of this size are read. A cached file takes about 0.02 ms, a
# remote one more.
_MAX_FILES = 1000


@_ops.not_converted
def element_spec(
    filenames: _files.Filenames,
    keys: Keys | None = None,
    *,
    rows: Rows = True,
    dtypes: Dtypes | None = None,
    window: Windows | None = None,
    slices: Slices | None = None,
) -> ElementSpec:
    """Reads the spec of one element from the headers of files: that of most files.

    Each file that can be read has one vote, for its arrays, their dtypes, the units of dates and the numbers of
    dimensions. The spec with most votes wins; if several have equally many, the one that comes first. A dimension in
    which its files differ is None. Other files are no error here: the error comes when they are read.
    `NpzReaderDataset` follows the same rule.

    Pass it to `NpzReaderDataset`, `load` or `decode` as `element_spec` if file names are symbolic.

    Args:
      filenames: The files, as for `NpzReaderDataset`. The headers of all files are read, 1000 at
        most. If there are more files, 1000 of them are read: the first, the last, and others evenly spread between.
        With `tf_npz.ARRAY`, so are 1000 arrays, an equal number of each file.
      keys: The arrays of an element, and its structure, as for `NpzReaderDataset`.
      rows: True, or a slice: an element is one step along axis 0 of the arrays. False: an element is one file's whole
        arrays.
      dtypes: What arrays are cast to, as for `NpzReaderDataset`. The spec has these dtypes, and what reads with the
        spec casts to them.
      window: Windows over rows, as for `NpzReaderDataset`: an element is a window.
      slices: What is taken of the axes of arrays, as for `NpzReaderDataset`, or, with `rows=False`, for `load`.

    Returns:
      A tf.TensorSpec, or a tuple or dict of them, in the structure of `keys`. A structured array has a dict of its
      fields, nested like its dtype.

    Raises:
      tf.errors.OpError: No file can be read. It is the error of the first file, one of those below.
      tf.errors.InvalidArgumentError: A file lacks a key; with `rows=True`, its arrays differ in length or none has
        dimensions; an array can't be cast as `dtypes` says; or `filenames` is empty. Also, even if files can be read:
        they differ in the unit of dates, which a spec does not tell.
      tf.errors.NotFoundError: A file does not exist, or a pattern matches no file.
      tf.errors.PermissionDeniedError: A file may not be read.
      tf.errors.DataLossError: A file is damaged, or is neither an .npy nor an .npz file.
      tf.errors.UnimplementedError: The kind of an array is not supported, such as objects.
      tf.errors.ResourceExhaustedError: A file exceeds a limit, such as 1 MiB for a header.
      tf.errors.UnavailableError: Reading failed for another reason, such as a server that does not answer.
      TypeError: An argument is of another type; or `keys` holds a set, which has no order.
      ValueError: `filenames` is symbolic, so there are no headers to read yet; or `dtypes` has another structure than
        `keys`.

    Example:
      >>> tf_npz.element_spec("train/*.npz", keys=("x", "y"))
      (TensorSpec(shape=(4,), dtype=tf.float32, name=None), TensorSpec(shape=(), dtype=tf.int64, name=None))
      >>> tf_npz.element_spec("clips/*.npy", rows=False)  # of 3 and of 5 steps
      TensorSpec(shape=(None, 2), dtype=tf.float32, name=None)
      >>> tf_npz.element_spec("train/*.npz", keys=("x", "y"), dtypes=(None, "int32"))
      (TensorSpec(shape=(4,), dtype=tf.float32, name=None), TensorSpec(shape=(), dtype=tf.int32, name=None))
    """
    paths = _files.expand(filenames)
    if tf.is_tensor(paths):
        raise ValueError("filenames is symbolic, so there is no header to read yet: pass the name of a file as a str")
    selection = _parts.row_selection(rows, window)
    normalized = _keys.normalized(keys, rows=selection.rows)
    return of_files(
        paths, normalized, rows=selection, dtypes=dtypes, slices=_slices.parsed(slices), compare_units=True
    ).spec


def of_files(
    paths: Sequence[str],
    keys: Any,
    *,
    rows: RowSelection,
    dtypes: Dtypes | None = None,
    slices: Any = None,
    compare_units: bool = False,
) -> Components:
    """The components of an element, with the spec of most files. Raises what `element_spec` raises.

    Args:
      paths: The files, at least one.
      keys: The arrays of an element, as `_keys.normalized` returns them.
      rows: Whether an element is a row, a window of rows, or one file's whole arrays.
      dtypes: What arrays are cast to.
      slices: What is taken of their axes, as `_slices.parsed` returns it.
      compare_units: True: raises an error if files differ in the unit of dates. False: the op has to compare them.
    """
    paths_of_keys = _paths_of(keys)
    casts = _dtypes.requests(dtypes, keys)
    sample = _sample(paths)
    try:
        specs = _core.infer_from_files(
            [os.fsencode(path) for path in sample],
            paths_of_keys,
            rows.rows,
            _remote.RemoteFile,
            casts,
            rows.row_slice,
            rows.window,
            _slices.requests(slices, keys),
            _keys.is_each_array(keys),
            _alternatives(keys),
        )
        if compare_units and specs.units is not None:
            raise specs.units
        components = _dtypes.with_casts(dtypes, _components(specs, keys), _paths_in(specs))
    except _core.StatusError as error:
        raise _errors.to_tensorflow(error) from None
    dtype_of = {component.keys: component.dtype for component in specs.components if not component.is_missing}
    components = _slices.with_slices(slices, components)
    return components._replace(
        counts=specs.counts if len(sample) == len(paths) else (),
        usual_dtypes=[
            dtype_of.get(key, "") if _keys.is_array(leaf) else ""
            for key, leaf in zip(components.keys, components.leaves, strict=True)
        ],
        may_be_sample=specs.may_be_sample,
    )


def of_contents(contents: bytes, keys: Any, dtypes: Dtypes | None = None, slices: Any = None) -> Components:
    """The components of an element that is the whole arrays in `contents`. Raises what `element_spec` raises."""
    casts = _dtypes.requests(dtypes, keys)
    try:
        cut = _slices.requests(slices, keys)
        specs = _core.infer_from_contents(contents, _paths_of(keys), casts, cut, _alternatives(keys))
        components = _dtypes.with_casts(dtypes, _components(specs, keys), _paths_in(specs))
    except _core.StatusError as error:
        raise _errors.to_tensorflow(error) from None
    return _slices.with_slices(slices, components)


def of_caller(keys: Any, spec: ElementSpec, dtypes: Dtypes | None, slices: Any = None) -> Components:
    """The components of an element whose spec the caller gave. Arrays of other dtypes are cast to it.

    Raises:
      TypeError: `spec` holds something other than tf.TensorSpec, or `dtypes` something other than dtypes.
      ValueError: `keys`, `spec`, `dtypes` and `slices` differ in structure.
    """
    components = _structure.components(keys, spec)
    components = _dtypes.applied(dtypes, components)
    return _slices.with_slices(slices, components._replace(casts=[True] * len(components.keys)))


def _paths_of(keys: Any) -> list[tuple[str, ...]] | None:
    """The paths of the arrays that are read. None: all arrays."""
    if _keys.are_symbolic(keys):
        raise ValueError(
            f"keys holds {keys!r}, whose value is not known yet, so no header can be read: pass the spec of its array "
            "as element_spec, such as tf.TensorSpec([None, 80], tf.float32), or a str as the key"
        )
    flat = tf.nest.flatten(keys)
    if None in flat or _keys.ARRAY in flat:
        return None
    return [_keys.path_of(key) for key in flat if _keys.is_array(key)]


def _sample(paths: Sequence[str]) -> Sequence[str]:
    if len(paths) <= _MAX_FILES:
        return paths
    return [paths[i * (len(paths) - 1) // (_MAX_FILES - 1)] for i in range(_MAX_FILES)]


def _components(specs: _core.InferredSpecs, keys: Any) -> Components:
    by_name = _by_name(specs)

    def of_key(key: Any) -> ElementSpec:
        if not _keys.is_array(key):
            return tf.TensorSpec([], _keys.dtype_of(key))
        if isinstance(key, _keys.FirstOf):
            return _of_first(key, by_name)
        return functools.reduce(operator.getitem, _keys.path_of(key), by_name)

    return _structure.components(keys, tf.nest.map_structure(of_key, keys))


def _of_first(key: _keys.FirstOf, by_name: Any) -> tf.TensorSpec:
    """The spec of the arrays that `key` names. If no file has one, that of its default."""
    spec = by_name
    for name in _keys.path_of(key):
        if name not in spec:
            return _defaults.spec_of(key)
        spec = spec[name]
    if isinstance(spec, tf.TensorSpec):
        return spec
    raise ValueError(
        f"{key!r} leads to a structured array, with the fields {', '.join(map(repr, spec))}; name one of them with "
        "tf_npz.Field"
    )


def _paths_in(specs: _core.InferredSpecs) -> set[tuple[str, ...]]:
    """The paths of the components that a file has."""
    return {component.keys for component in specs.components if not component.is_missing}


def _alternatives(keys: Any) -> list[tuple[list[tuple[str, ...]], bool]]:
    """For each array that is read: the paths that are tried after its own, and whether a file may have none."""
    return [
        (_keys.others_of(key), isinstance(key, _keys.FirstOf) and key.default is not None)
        for key in tf.nest.flatten(keys)
        if _keys.is_array(key)
    ]


def _by_name(specs: _core.InferredSpecs) -> Any:
    """A dict of the specs of the arrays, or of the fields of an .npy. A structured array is a dict of its fields.

    For an .npy without fields, the spec alone.
    """
    arrays: dict[str, Any] = {}
    for component in specs.components:
        if component.is_missing:
            continue
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
