"""Element specs from headers: of one file, and the tightest one that admits several."""

import concurrent.futures
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import tensorflow as tf

from . import _core, _errors, _files, _headers, _ops
from ._structure import Components, ElementSpec, Keys, normalized_keys

if TYPE_CHECKING:
    from ._core import FileFacts, MemberFacts

# Of more files than this a sample is read: ~0.1 ms a file where they are cached, more over a network.
_MAX_FILES = 1000
# Reads of headers in flight at once. They wait for storage rather than for a processor.
_THREADS = 16


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
      A tf.TensorSpec, or a tuple or dict of them, as `keys` has it. Over several files it is the tightest that admits
      all: dimensions in which they differ are None, and the shape is unknown where the number of dimensions differs.

    Raises:
      tf.errors.InvalidArgumentError: A key is unknown; files differ in a dtype; with `keys=None`, files hold different
        arrays; with `rows=True`, an array has no dimensions; or there are no files.
      tf.errors.NotFoundError: A file is missing, or a pattern matches none.
      tf.errors.DataLossError: A file is damaged, or is neither an .npy nor an .npz file.
      tf.errors.UnimplementedError: An array is of a kind that is not supported, such as one of objects.
      tf.errors.PermissionDeniedError: A file may not be read.
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

    def read(path: str) -> _FileSpec | _core.StatusError:
        try:
            return _file_spec(path, _headers.read(path), keys, rows)
        except _core.StatusError as error:
            return error

    merged = None
    damage = None
    for result in _in_parallel(read, _sample(paths)):
        if isinstance(result, _FileSpec):
            merged = result if merged is None else _merge(merged, result)
        elif skip_damaged and result.args[0] == "DataLoss":
            damage = damage or result
        else:
            raise _errors.to_tensorflow(result)
    if merged is None:
        assert damage is not None
        raise _errors.to_tensorflow(damage)
    return merged.components()


def of_contents(contents: bytes, keys: Keys | None) -> Components:
    """The components of an element that is the whole arrays in the bytes of a file; raises as `element_spec` does."""
    try:
        return _file_spec("<contents>", _headers.read_contents(contents), keys, rows=False).components()
    except _core.StatusError as error:
        raise _errors.to_tensorflow(error) from None


class _Component(NamedTuple):
    """The spec of one component, and the file that its dtype is from."""

    dtype: str
    shape: tuple[int | None, ...] | None
    path: str

    def spec(self) -> tf.TensorSpec:
        return tf.TensorSpec(self.shape, tf.dtypes.as_dtype(self.dtype))


class _FileSpec(NamedTuple):
    """What one file says, or several together.

    Attributes:
      path: The file, or the first of them.
      keys: The structure of an element, with the names of arrays as leaves; None for an .npy.
      components: One for each name, in the order of tf.nest.flatten; one for an .npy.
    """

    path: str
    keys: Any
    leaves: list[_Component]

    def components(self) -> Components:
        specs = [leaf.spec() for leaf in self.leaves]
        if self.keys is None:
            return Components([], specs[0])
        return Components(tf.nest.flatten(self.keys), tf.nest.pack_sequence_as(self.keys, specs))


def _file_spec(path: str, facts: "FileFacts", keys: Keys | None, rows: bool) -> _FileSpec:
    """Raises StatusError where the file does not hold what is asked for."""
    if facts["format"] == "npy":
        if keys is not None:
            raise _invalid(f"{path}: is an .npy, whose only array has no name, but keys is {keys!r}; leave keys out")
        return _FileSpec(path, None, [_component(path, facts["members"][0], rows)])
    members = {member["name"]: member for member in facts["members"]}
    if keys is None:
        structure = {name: name for name, member in members.items() if member["is_array"]}
        if not structure:
            raise _invalid(f"{path}: holds no arrays, so there is nothing to make an element of")
    else:
        structure = normalized_keys(keys)
    if keys is None:
        for name in structure:
            _refuse_unreadable(members[name], [other for other in structure if not members[other]["error"]])
    return _FileSpec(
        path, structure, [_component(path, _member(path, members, key), rows) for key in tf.nest.flatten(structure)]
    )


def _refuse_unreadable(member: "MemberFacts", readable: list[str]) -> None:
    """Raises for an array that nobody named, saying how to do without it."""
    if not member["error"]:
        return
    code, message = member["error"]
    if code == "Unimplemented" and readable:
        message += f"; to read the others, pass keys: {_listed(readable)}"
    raise _core.StatusError(code, message)


def _member(path: str, members: Mapping[str, "MemberFacts"], key: str) -> "MemberFacts":
    # As in np.load, an array may be called by its member's name: "x.npy".
    for name in (key, key.removesuffix(".npy")):
        if name in members:
            return members[name]
    raise _invalid(f"{path}: has no array {_quoted(key)} (it has {_listed(members)})")


def _component(path: str, member: "MemberFacts", rows: bool) -> _Component:
    if member["error"]:
        raise _core.StatusError(*member["error"])
    shape = member["shape"]
    if not rows:
        return _Component(member["dtype"], shape, path)
    if not shape:
        name = f"[{_quoted(member['name'])}]" if member["name"] else ""
        remedy = "pass rows=False, or choose other arrays with keys" if name else "pass rows=False"
        raise _invalid(f"{path}{name}: has no dimensions, so it can't be read in rows: {remedy}")
    return _Component(member["dtype"], shape[1:], path)


def _merge(merged: _FileSpec, other: _FileSpec) -> _FileSpec:
    if merged.keys != other.keys:
        raise _errors.invalid_argument(
            f"files hold different arrays: {merged.path} has {_described(merged.keys)}, {other.path} has "
            f"{_described(other.keys)}; pass keys to name those that an element is made of, and files that have them"
        )
    names = [None] if merged.keys is None else tf.nest.flatten(merged.keys)
    leaves = [_merge_component(*leaves) for leaves in zip(names, merged.leaves, other.leaves, strict=True)]
    return merged._replace(leaves=leaves)


def _merge_component(name: str | None, a: _Component, b: _Component) -> _Component:
    if a.dtype != b.dtype:
        array = "" if name is None else f" of {_quoted(name)}"
        raise _errors.invalid_argument(
            f"files differ in the dtype{array}: {a.dtype} in {a.path}, {b.dtype} in {b.path}; "
            "read them as two datasets, cast one to the dtype of the other, and concatenate"
        )
    if a.shape is None or b.shape is None or len(a.shape) != len(b.shape):
        return a._replace(shape=None)
    return a._replace(shape=tuple(m if m == n else None for m, n in zip(a.shape, b.shape, strict=True)))


def _sample(paths: Sequence[str]) -> Sequence[str]:
    if len(paths) <= _MAX_FILES:
        return paths
    return [paths[i * (len(paths) - 1) // (_MAX_FILES - 1)] for i in range(_MAX_FILES)]


def _in_parallel(read: Callable[[str], Any], paths: Sequence[str]) -> list[Any]:
    if len(paths) == 1:
        return [read(paths[0])]
    with concurrent.futures.ThreadPoolExecutor(min(_THREADS, len(paths))) as pool:
        return list(pool.map(read, paths))


def _invalid(message: str) -> _core.StatusError:
    return _core.StatusError("InvalidArgument", message)


def _described(keys: Any) -> str:
    return "one without a name, as an .npy does" if keys is None else _listed(tf.nest.flatten(keys))


def _listed(names: Any, limit: int = 20) -> str:
    names = list(names)
    listed = ", ".join(map(_quoted, names[:limit])) or "none"
    return listed if len(names) <= limit else f"{listed}, … ({len(names)} in all)"


def _quoted(name: str) -> str:
    """As the native side quotes names: within double quotes, cut, nothing unprintable."""
    printable = name if name.isprintable() else repr(name)[1:-1]
    return f'"{printable if len(printable) <= 100 else printable[:100] + "…"}"'
