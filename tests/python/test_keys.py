"""The forms of `keys`, the same for datasets, load, decode and element_spec."""

import collections
import enum
import io
import pickle
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
import tensorflow as tf
import tf_npz
from testing import npz_bytes
from tf_npz import Field

EVENTS = np.dtype([("t", ">f8"), ("hits", [("xyz", "<f4", (3,)), ("id", "u1")]), ("name", "S3")])
ROWS = 7


class Pair(NamedTuple):
    features: Any
    label: Any


class Name(str, enum.Enum):
    X = "x"


def events(rows: int = ROWS, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    array = np.zeros(rows, EVENTS)
    array["t"] = rng.normal(size=rows)
    array["hits"]["xyz"] = rng.normal(size=(rows, 3))
    array["hits"]["id"] = rng.integers(0, 99, rows)
    array["name"] = [b"abc", b"a", b""] * rows if rows == 0 else np.resize([b"abc", b"a", b""], rows)
    return array


def arrays(rows: int = ROWS, seed: int = 0) -> dict[str, np.ndarray]:
    return {
        "x": np.arange(rows * 2.0).reshape(rows, 2) + seed,
        "y": np.arange(rows) + seed,
        "events": events(rows, seed),
    }


def save(path: str = "a.npz", rows: int = ROWS, seed: int = 0, *, compressed: bool = False) -> dict[str, np.ndarray]:
    data = arrays(rows, seed)
    (np.savez_compressed if compressed else np.savez)(path, **data)
    return data


def as_dict(value: np.ndarray) -> Any:
    """What tf_npz makes of an array: a structure is a dict of its fields."""
    if value.dtype.names is None:
        return value.astype(value.dtype.newbyteorder("="))
    return {name: as_dict(value[name]) for name in value.dtype.names}


def at(data: Any, *path: str) -> Any:
    for name in path:
        data = data[name]
    return as_dict(data)


def assert_same(actual: Any, expected: Any) -> None:
    tf.nest.assert_same_structure(actual, expected)
    for a, b in zip(tf.nest.flatten(actual), tf.nest.flatten(expected), strict=True):
        # Tensors of strings become arrays of objects.
        a, b = np.asarray(a), np.asarray(b)
        np.testing.assert_array_equal(a, b.astype(object) if b.dtype.kind == "S" else b)


# How keys are written, and the structure that they give.
FORMS: dict[str, tuple[Callable[[], Any], Any]] = {
    "str": (lambda: "x", "x"),
    "np.str_": (lambda: np.str_("x"), "x"),
    "a str of an enum": (lambda: Name.X, "x"),
    "tuple": (lambda: ("x", "y"), ("x", "y")),
    "list": (lambda: ["x"], ("x",)),
    "named tuple": (lambda: Pair("x", "y"), Pair("x", "y")),
    "dict": (lambda: {"b": "x", "a": "y"}, {"b": "x", "a": "y"}),
    "dict with names of np.str_": (lambda: {np.str_("b"): np.str_("x")}, {"b": "x"}),
    "OrderedDict": (lambda: collections.OrderedDict(b="x", a="y"), {"b": "x", "a": "y"}),
    "MappingProxyType": (lambda: types.MappingProxyType({"b": "x"}), {"b": "x"}),
    "names of a dict": (lambda: {"y": 0, "x": 1}.keys(), ("y", "x")),
    "values of a dict": (lambda: {0: "y", 1: "x"}.values(), ("y", "x")),
    "names of np.load": (lambda: np.load("xy.npz").keys(), ("x", "y")),
    "files of np.load": (lambda: np.load("xy.npz").files, ("x", "y")),
    "generator": (lambda: (name for name in ("y", "x")), ("y", "x")),
    "iterator": (lambda: iter(["y", "x"]), ("y", "x")),
    "map": (lambda: map(str.lower, "YX"), ("y", "x")),
    "array": (lambda: np.array(["y", "x"]), ("y", "x")),
    "array of objects": (lambda: np.array(["y", "x"], object), ("y", "x")),
    "deque": (lambda: collections.deque(["y", "x"]), ("y", "x")),
    "the same twice": (lambda: ("x", "x"), ("x", "x")),
    "nested": (lambda: ({"in": ["x", "y"]}, "y"), ({"in": ("x", "y")}, "y")),
    "dict of iterators": (lambda: {"in": iter("xy")}, {"in": ("x", "y")}),
    "tuple in a tuple": (lambda: (("x", "y"), "y"), (("x", "y"), "y")),
}


@pytest.mark.parametrize("form", FORMS)
def test_every_form_gives_one_structure_everywhere(folder: Path, form: str) -> None:
    keys, structure = FORMS[form]
    data = save()
    np.savez("xy.npz", x=data["x"], y=data["y"])
    contents = Path("a.npz").read_bytes()
    expected = tf.nest.map_structure(lambda name: data[name], structure)
    spec = tf_npz.element_spec("a.npz", keys(), rows=False)
    tf.nest.assert_same_structure(spec, expected)
    for own in (None, spec):
        assert_same(tf_npz.load("a.npz", keys(), element_spec=own), expected)
        assert_same(tf_npz.decode(contents, keys(), element_spec=own), expected)
        whole = tf_npz.NpzReaderDataset("a.npz", keys(), rows=False, element_spec=own)
        assert whole.element_spec == spec
        assert_same(next(iter(whole)), expected)
    assert_same(next(iter(tf_npz.NpzReaderDataset("a.npz", keys(), batch_size=ROWS))), expected)
    first = tf.nest.map_structure(lambda array: array[0], expected)
    assert_same(next(iter(tf_npz.NpzReaderDataset("a.npz", keys()))), first)
    mapped = tf.data.Dataset.from_tensors("a.npz").map(lambda f: tf_npz.load(f, keys(), element_spec=spec))
    assert mapped.element_spec == spec
    assert_same(next(iter(mapped)), expected)


REFUSED: dict[str, tuple[Callable[[], Any], type[Exception], str]] = {
    "set": (
        lambda: {"x", "y"},
        TypeError,
        r"keys holds a set, which has no order; pass sorted\(keys\) or a tuple: set: ",
    ),
    "frozenset": (lambda: frozenset("x"), TypeError, "which has no order"),
    "set inside": (lambda: ("x", {"y"}), TypeError, "which has no order"),
    "items of a dict": (lambda: {"a": "x"}.items(), TypeError, "the items of a mapping; pass the mapping itself"),
    "NpzFile": (lambda: np.load("a.npz"), TypeError, r"an open NpzFile of np.load; pass its names, keys=tuple\(file\)"),
    "dict of arrays": (lambda: dict(np.load("a.npz")), TypeError, "keys must be names of arrays.*not float64: "),
    "bytes": (lambda: b"x", TypeError, "not bytes: b'x'"),
    "number": (lambda: 3, TypeError, "not int: 3"),
    "numbers": (lambda: range(3), TypeError, "not int: 0"),
    "None inside": (lambda: ("x", None), ValueError, "None for all arrays, and 'x' beside it"),
    "tensor": (lambda: tf.constant(["x", "y"]), TypeError, "not EagerTensor"),
    "dataset": (lambda: tf.data.Dataset.range(3), TypeError, "not _RangeDataset"),
    "dtype": (lambda: np.float32, TypeError, "not type: "),
    "nothing": (lambda: (), ValueError, r"keys is empty: \(\)"),
    "nothing inside": (lambda: {"a": [(), {}]}, ValueError, "keys is empty"),
    "iterator that was read": (
        lambda: iter(()),
        ValueError,
        "keys is empty.*; it can be read only once, so pass a tuple",
    ),
}


@pytest.mark.parametrize("form", REFUSED)
def test_other_forms_are_refused_everywhere(folder: Path, form: str) -> None:
    keys, error, message = REFUSED[form]
    save()
    contents = Path("a.npz").read_bytes()
    calls: list[Callable[[], Any]] = [
        lambda: tf_npz.NpzReaderDataset("a.npz", keys()),
        lambda: tf_npz.load("a.npz", keys()),
        lambda: tf_npz.decode(contents, keys()),
        lambda: tf_npz.element_spec("a.npz", keys()),
        lambda: tf_npz.load("a.npz", keys(), element_spec=tf.TensorSpec([])),
    ]
    for call in calls:
        with pytest.raises(error, match=message):
            call()


def test_a_field_is_a_value() -> None:
    field = Field("events", "t")
    assert field.path == ("events", "t")
    assert repr(field) == "tf_npz.Field('events', 't')"
    assert eval(repr(field), {"tf_npz": tf_npz}) == field
    assert field == Field(np.str_("events"), "t") != Field("events")
    assert len({field, Field("events", "t")}) == 1
    assert type(Field(np.str_("a")).path[0]) is str
    for path in ((), ("a", 1), (b"a",), (("a", "t"),)):
        with pytest.raises(TypeError, match="takes names of type str"):
            Field(*path)
    assert pickle.loads(pickle.dumps(field)) == field
    with pytest.raises(AttributeError):
        field.path = ("x",)


FIELDS: dict[str, tuple[Any, Any]] = {
    "one": (Field("events", "t"), ("events", "t")),
    "text": (Field("events", "name"), ("events", "name")),
    "a structure": (Field("events", "hits"), ("events", "hits")),
    "inside": (Field("events", "hits", "xyz"), ("events", "hits", "xyz")),
    "an array": (Field("x"), ("x",)),
    "a whole structured array": (Field("events"), ("events",)),
    "under the member's name": (Field("events.npy", "t"), ("events", "t")),
}


@pytest.mark.parametrize("name", FIELDS)
@pytest.mark.parametrize("compressed", [False, True])
def test_fields_of_arrays(folder: Path, name: str, compressed: bool) -> None:
    key, path = FIELDS[name]
    data = [save(f"{i}.npz", rows, seed=i, compressed=compressed) for i, rows in enumerate((5, 0, 9))]
    for i in (0, 2):
        assert_same(tf_npz.load(f"{i}.npz", key), at(data[i], *path))
        assert_same(tf_npz.decode(Path(f"{i}.npz").read_bytes(), (key, "y")), (at(data[i], *path), data[i]["y"]))
    rows = {key: np.concatenate([array[key] for array in data]) for key in data[0]}
    expected = (at(rows, *path), rows["y"])
    for threads in (None, 2, 8):
        ds = tf_npz.NpzReaderDataset("*.npz", (key, "y"), batch_size=4, num_parallel_reads=threads)
        batches = list(ds)
        assert [len(y) for _, y in batches] == [4, 4, 4, 2]
        assert_same(tf.nest.map_structure(lambda *parts: np.concatenate(parts), *batches), expected)
    rowwise = tf_npz.NpzReaderDataset("*.npz", {"f": key})
    for i, row in enumerate(rowwise):
        assert_same(row, {"f": tf.nest.map_structure(lambda array, i=i: array[i], expected[0])})
    assert_same(tf.data.experimental.at(rowwise, 6), list(rowwise)[6])
    assert_same(list(rowwise.skip(11)), list(rowwise)[11:])
    shares = [tf_npz.NpzReaderDataset("*.npz", key, shard=(3, i)) for i in range(3)]
    assert sum(len(list(share)) for share in shares) == 14


def test_fields_of_an_npy(folder: Path) -> None:
    data = events()
    np.save("e.npy", data)
    cases = {
        "t": ("t", at(data, "t")),
        "as the name": (Field("t"), at(data, "t")),
        "inside": (Field("hits", "id"), at(data, "hits", "id")),
        "a structure": (Field("hits"), at(data, "hits")),
        "several": ((Field("hits", "xyz"), "t"), (at(data, "hits", "xyz"), at(data, "t"))),
    }
    for name, (keys, expected) in cases.items():
        assert_same(tf_npz.load("e.npy", keys), expected)
        assert_same(next(iter(tf_npz.NpzReaderDataset("e.npy", keys, batch_size=ROWS))), expected), name


def test_a_field_beside_its_array_and_itself(folder: Path) -> None:
    data = save()
    whole = as_dict(data["events"])
    keys = (
        "events",
        Field("events", "t"),
        Field("events", "hits", "id"),
        Field("events", "hits"),
        Field("events", "t"),
    )
    expected = (whole, whole["t"], whole["hits"]["id"], whole["hits"], whole["t"])
    assert_same(tf_npz.load("a.npz", keys), expected)
    assert_same(next(iter(tf_npz.NpzReaderDataset("a.npz", keys, batch_size=ROWS))), expected)


def test_names_with_slashes_are_names(folder: Path) -> None:
    np.savez("a.npz", **{"events/t": np.arange(3), "events": events(3)})
    slash, field = tf_npz.load("a.npz", ("events/t", Field("events", "t")))
    assert slash.dtype == tf.int64
    assert field.dtype == tf.float64


def test_a_spec_may_hold_some_fields_of_a_field(folder: Path) -> None:
    data = save()
    spec = {"id": tf.TensorSpec([], tf.uint8)}
    ds = tf_npz.NpzReaderDataset("a.npz", Field("events", "hits"), element_spec=spec, batch_size=ROWS)
    assert_same(next(iter(ds)), {"id": data["events"]["hits"]["id"]})


def test_padding_and_dtypes_reach_fields(folder: Path) -> None:
    dtype = np.dtype([("v", "<f8"), ("n", "<i4")])
    for i, length in enumerate((2, 3)):
        np.savez(f"{i}.npz", e=np.ones(length, dtype))
    keys = {"v": Field("e", "v"), "n": Field("e", "n")}
    ds = tf_npz.NpzReaderDataset(
        "*.npz", keys, rows=False, batch_size=2, padding={"v": -1, "n": 0}, dtypes={"v": "float32"}
    )
    batch = next(iter(ds))
    assert batch["v"].dtype == tf.float32
    assert batch["n"].dtype == tf.int32
    assert batch["v"].numpy().tolist() == [[1, 1, -1], [1, 1, 1]]
    assert tf_npz.load("0.npz", Field("e"), dtypes="float32")["n"].dtype == tf.float32
    assert tf_npz.load("0.npz", Field("e"), dtypes={"n": "int64"})["n"].dtype == tf.int64


@pytest.mark.parametrize(
    ("keys", "dtypes", "what"),
    [
        (("e", "e"), ("float32", "float16"), "the array 'e'"),
        ((Field("e", "v"), Field("e", "v")), ("float32", "float16"), "the field tf_npz.Field('e', 'v')"),
        ((Field("e", "v"), "e"), ("float32", None), "the field tf_npz.Field('e', 'v')"),
        (("e", Field("e", "v")), ({"v": "float32"}, "float16"), "the field tf_npz.Field('e', 'v')"),
    ],
)
def test_a_field_has_one_dtype(folder: Path, keys: Any, dtypes: Any, what: str) -> None:
    np.savez("a.npz", e=np.ones(2, [("v", "<f8"), ("n", "<i4")]))
    with pytest.raises(ValueError, match="has two dtypes for ") as info:
        tf_npz.load("a.npz", keys, dtypes=dtypes)
    assert f"has two dtypes for {what}; pass element_spec" in str(info.value)


UNKNOWN: dict[str, tuple[Any, str]] = {
    "field": (Field("events", "z"), 'a.npz["events"]: has no field "z" (it has "t", "hits", "name")'),
    "inner field": (Field("events", "hits", "z"), 'a.npz["events"]: has no field "z" in "hits" (it has "xyz", "id")'),
    "of a number": (Field("x", "t"), 'a.npz["x"]: has no field "t": dtype "float64" has no fields'),
    "array": (Field("z", "t"), 'a.npz: has no array "z" (it has "x", "y", "events")'),
    "empty": (Field("events", ""), 'a.npz["events"]: has no field ""'),
    "a path in one name": (Field("events/t"), 'a.npz: has no array "events/t"'),
}


@pytest.mark.parametrize("name", UNKNOWN)
def test_an_unknown_field_is_an_error_that_names_those_there_are(folder: Path, name: str) -> None:
    key, message = UNKNOWN[name]
    save()
    spec = tf.TensorSpec([None], tf.float64)
    for call in (
        lambda: tf_npz.element_spec("a.npz", key),
        lambda: tf_npz.load("a.npz", key),
        lambda: tf_npz.NpzReaderDataset("a.npz", key),
        lambda: tf_npz.load("a.npz", key, element_spec=spec),
    ):
        with pytest.raises(tf.errors.InvalidArgumentError) as info:
            call()
        assert message in info.value.message.replace("\\'", "'")


def test_files_that_lack_a_field_are_named(folder: Path) -> None:
    save("0.npz")
    np.savez("1.npz", events=np.zeros(3, [("u", "f8")]))
    with pytest.raises(tf.errors.InvalidArgumentError, match=r'1.npz\["events"\]: has no field "t" \(it has "u"\)'):
        tf_npz.element_spec("*.npz", Field("events", "t"))
    spec = tf_npz.element_spec("0.npz", Field("events", "t"))
    iterator = iter(tf_npz.NpzReaderDataset(["1.npz", "0.npz"], Field("events", "t"), element_spec=spec))
    with pytest.raises(tf.errors.InvalidArgumentError, match='has no field "t"'):
        next(iterator)
    assert len(list(iterator)) == ROWS


def test_messages_write_keys_as_code(folder: Path) -> None:
    save()
    keys = ("x", Field("events", "t"))
    with pytest.raises(
        ValueError, match=r"element_spec\(files, keys=\('x', tf_npz.Field\('events', 't'\)\), rows=False"
    ):
        tf.data.Dataset.from_tensors("a.npz").map(lambda f: tf_npz.load(f, iter(keys)))


def test_a_checkpoint_of_fields(folder: Path) -> None:
    save(compressed=True)
    ds = tf_npz.NpzReaderDataset("a.npz", {"t": Field("events", "t"), "y": "y"}, batch_size=2)
    iterator = iter(ds)
    next(iterator)
    path = tf.train.Checkpoint(iterator=iterator).save("saved/run")
    rest = list(iterator)
    other = iter(ds)
    tf.train.Checkpoint(iterator=other).restore(path)
    assert_same(list(other), [tf.nest.map_structure(lambda tensor: tensor.numpy(), item) for item in rest])


def test_an_archive_in_memory_has_keys_too() -> None:
    contents = npz_bytes(x=np.arange(3))
    with np.load(io.BytesIO(contents)) as file:
        assert_same(tf_npz.decode(contents, file.keys()), (np.arange(3),))
