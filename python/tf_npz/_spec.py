"""Element specs from headers: of one file, and the tightest one that admits several."""

import concurrent.futures
import dataclasses
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import tensorflow as tf

from . import _core, _errors, _files, _headers, _ops
from ._structure import Components, ElementSpec, Keys, normalized_keys

if TYPE_CHECKING:
    from ._core import ComponentFacts, FileFacts, MemberFacts

# Of more files than this a sample is read: ~0.1 ms a file where they are cached, more over a network.
_MAX_FILES = 1000
# What the names of dtypes begin with whose unit the tensor's dtype does not tell.
_TIMES = ("datetime64", "timedelta64")
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

    def read(path: str) -> _FileSpec | _core.StatusError:
        try:
            return _file_spec(path, _headers.read(path, names), keys, rows)
        except _core.StatusError as error:
            return error

    merged = None
    damage = None
    counts: list[int] = []
    for result in _in_parallel(read, _sample(paths)):
        if isinstance(result, _FileSpec):
            counts += [] if result.count is None else [result.count]
            merged = result if merged is None else _merge(merged, result)
        elif skip_damaged and result.args[0] == "DataLoss":
            damage = damage or result
        else:
            raise _errors.to_tensorflow(result)
    if merged is None:
        assert damage is not None
        raise _errors.to_tensorflow(damage)
    components = merged.components()
    return components._replace(counts=tuple(counts)) if len(counts) == len(paths) else components


def of_contents(contents: bytes, keys: Keys | None) -> Components:
    """The components of an element that is the whole arrays in the bytes of a file; raises as `element_spec` does."""
    try:
        return _file_spec("<contents>", _headers.read_contents(contents, _names(keys)), keys, rows=False).components()
    except _core.StatusError as error:
        raise _errors.to_tensorflow(error) from None


def _names(keys: Keys | None) -> list[str] | None:
    return None if keys is None else tf.nest.flatten(normalized_keys(keys))


@dataclasses.dataclass(frozen=True)
class _Component:
    """One component of an element, as the header of an array tells it.

    Attributes:
      keys: The names that lead to it.
      dtype: NumPy's, without byte order.
      type: The tensor's dtype.
      shape: The tensor's shape; None where the number of dimensions differs.
      path: The file that the dtype is from.
      rows: Steps along axis 0, where these are the elements.
    """

    keys: tuple[str, ...]
    dtype: str
    type: tf.DType
    shape: tuple[int | None, ...] | None
    path: str
    rows: int | None

    def spec(self) -> tf.TensorSpec:
        return tf.TensorSpec(self.shape, self.type)


class _FileSpec(NamedTuple):
    """What one file says, or several together.

    Attributes:
      path: The file, or the first of them.
      element: The structure of an element, with a _Component for each of its own.
    """

    path: str
    element: Any

    @property
    def leaves(self) -> list[_Component]:
        flat: list[_Component] = tf.nest.flatten(self.element)
        return flat

    @property
    def count(self) -> int | None:
        """Of the file's elements, where they are rows and its arrays agree in their number."""
        counts = {component.rows for component in self.leaves}
        return counts.pop() if len(counts) == 1 else None

    def components(self) -> Components:
        spec = tf.nest.map_structure(lambda component: component.spec(), self.element)
        return Components([component.keys for component in self.leaves], spec)


def _file_spec(path: str, facts: "FileFacts", keys: Keys | None, rows: bool) -> _FileSpec:
    """Raises StatusError where the file does not hold what is asked for."""
    if facts["format"] == "npy":
        member = facts["members"][0]
        if keys is None:
            fields = _by_field(member)
            _refuse_unreadable(member, [name for name in fields if not _headers.problem(fields[name])])
            return _FileSpec(path, _array_element(path, member, (), rows))
        return _FileSpec(path, _map_keys(lambda key: _field_element(path, member, key, keys, rows), keys))
    members = {member["name"]: member for member in facts["members"]}
    if keys is not None:
        return _FileSpec(
            path, _map_keys(lambda key: _array_element(path, _member(path, members, key), (key,), rows), keys)
        )
    arrays = {name: member for name, member in members.items() if member["is_array"]}
    if not arrays:
        raise _invalid(f"{path}: holds no arrays, so there is nothing to make an element of")
    readable = [name for name, member in arrays.items() if not _headers.problem(member)]
    for member in arrays.values():
        _refuse_unreadable(member, readable)
    with_rows = [name for name in arrays if arrays[name]["shape"]]
    if rows and with_rows and len(with_rows) < len(arrays):
        scalar = next(name for name in arrays if name not in with_rows)
        raise _invalid(
            f"{path}[{_quoted(scalar)}]: has no dimensions, so it can't be read in rows: pass rows=False, or keys: "
            f"{_listed(with_rows)}"
        )
    return _FileSpec(path, {name: _array_element(path, member, (name,), rows) for name, member in arrays.items()})


def _map_keys(function: Callable[[str], Any], keys: Keys) -> Any:
    return tf.nest.map_structure(function, normalized_keys(keys))


def _refuse_unreadable(member: "MemberFacts", readable: list[str]) -> None:
    """Raises for an array or a field that nobody named, saying how to do without it."""
    problem = _headers.problem(member)
    if not problem:
        return
    code, message = problem
    if code == "Unimplemented" and readable:
        message += f"; to read the others, pass keys: {_listed(readable)}"
    raise _core.StatusError(code, message)


def _member(path: str, members: Mapping[str, "MemberFacts"], key: str) -> "MemberFacts":
    # As in np.load, an array may be called by its member's name: "x.npy".
    for name in (key, key.removesuffix(".npy")):
        if name in members:
            return members[name]
    raise _invalid(f"{path}: has no array {_quoted(key)} (it has {_listed(members)})")


def _by_field(member: "MemberFacts") -> dict[str, "MemberFacts"]:
    """For each field of an array's structures the array as if it had no other; none for an array without fields."""
    fields: dict[str, MemberFacts] = {}
    if not member["error"]:
        for facts in member["components"]:
            if facts["path"]:
                fields.setdefault(facts["path"][0], {**member, "components": []})["components"].append(facts)
    return fields


def _field_element(path: str, member: "MemberFacts", key: str, keys: Keys, rows: bool) -> Any:
    """A component for a field of an .npy, or a dict of them; what other fields are does not matter."""
    if member["error"]:
        raise _core.StatusError(*member["error"])
    fields = _by_field(member)
    if not fields and member["components"]:
        raise _invalid(f"{path}: is an .npy, whose only array has no name, but keys is {keys!r}; leave keys out")
    if key not in fields:
        raise _invalid(f"{path}: has no field {_quoted(key)} (it has {_listed(fields)})")
    return _array_element(path, fields[key], (), rows)[key]


def _array_element(path: str, member: "MemberFacts", keys: tuple[str, ...], rows: bool) -> Any:
    """A component for an array, or, where its dtype is structured, a dict of them, nested as the dtype is."""
    problem = _headers.problem(member)
    if problem:
        raise _core.StatusError(*problem)
    if rows and not member["shape"]:
        name = f"[{_quoted(member['name'])}]" if member["name"] else ""
        remedy = "pass rows=False, or choose other arrays with keys" if name else "pass rows=False"
        raise _invalid(f"{path}{name}: has no dimensions, so it can't be read in rows: {remedy}")
    element: dict[str, Any] = {}
    for facts in member["components"]:
        shape = facts["shape"][1:] if rows else facts["shape"]
        count = member["shape"][0] if rows else None
        component = _Component(keys + facts["path"], facts["dtype"], _dtype(path, facts), shape, path, count)
        if not facts["path"]:
            return component
        fields = element
        for name in facts["path"][:-1]:
            fields = fields.setdefault(name, {})
        fields[facts["path"][-1]] = component
    if not element:
        raise _invalid(f"{path}: its structured dtype has no fields, so there is nothing to make an element of")
    return element


def _dtype(path: str, facts: "ComponentFacts") -> tf.DType:
    try:
        return tf.dtypes.as_dtype(facts["element_type"])
    except TypeError:
        raise _core.StatusError(
            "Unimplemented", f"{path}: TensorFlow {tf.__version__} has no dtype {facts['element_type']}"
        ) from None


def _merge(merged: _FileSpec, other: _FileSpec) -> _FileSpec:
    names, other_names = ([component.keys for component in spec.leaves] for spec in (merged, other))
    if names != other_names:
        raise _errors.invalid_argument(
            f"files hold different arrays: {merged.path} has {_described(names)}, {other.path} has "
            f"{_described(other_names)}; pass keys to name those that an element is made of, and files that have them"
        )
    leaves = list(map(_merge_component, merged.leaves, other.leaves))
    return merged._replace(element=tf.nest.pack_sequence_as(merged.element, leaves))


def _merge_component(a: _Component, b: _Component) -> _Component:
    # Datetimes of different units are all int64, and mean something else.
    is_time = any(component.dtype.startswith(_TIMES) for component in (a, b))
    if a.type != b.type or (is_time and a.dtype != b.dtype):
        array = f" of {_path_text(a.keys)}" if a.keys else ""
        remedy = "cast one to the dtype of the other" if a.type != b.type else "bring them to one unit"
        raise _errors.invalid_argument(
            f"files differ in the dtype{array}: {a.dtype} in {a.path}, {b.dtype} in {b.path}; "
            f"read them as two datasets, {remedy}, and concatenate"
        )
    if a.shape is None or b.shape is None or len(a.shape) != len(b.shape):
        return dataclasses.replace(a, shape=None)
    shape = tuple(m if m == n else None for m, n in zip(a.shape, b.shape, strict=True))
    return dataclasses.replace(a, shape=shape)


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


def _described(paths: Sequence[tuple[str, ...]]) -> str:
    return _joined(list(map(_path_text, paths))) if paths != [()] else "one without a name, as an .npy does"


def _path_text(path: tuple[str, ...]) -> str:
    """An array's name, and in brackets those of fields: "x"["a"]."""
    return _quoted(path[0]) + "".join(f"[{_quoted(field)}]" for field in path[1:])


def _listed(names: Iterable[str]) -> str:
    return _joined(list(map(_quoted, names)))


def _joined(texts: list[str], limit: int = 20) -> str:
    listed = ", ".join(texts[:limit]) or "none"
    return listed if len(texts) <= limit else f"{listed}, … ({len(texts)} in all)"


def _quoted(name: str) -> str:
    """As the native side quotes names: within double quotes, cut, nothing unprintable."""
    printable = name if name.isprintable() else repr(name)[1:-1]
    return f'"{printable if len(printable) <= 100 else printable[:100] + "…"}"'
