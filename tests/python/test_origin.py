"""Keys of what no array holds: the name of the file, the number of the row, the length of an element."""

import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
import tf_npz
from testing import elements
from tf_npz import FILENAME, ROW, Field, Length

LENGTHS = [3, 0, 5, 1]
SAVES = {"stored": np.savez, "compressed": np.savez_compressed}
KEYS = {"x": "x", "file": FILENAME, "row": ROW, "length": Length("x")}


def save(lengths: list[int] = LENGTHS, writer: Any = np.savez) -> list[str]:
    """Files with x, int64 (length, 2). Each row of x is ten times its file's number plus its own number."""
    names = []
    for i, length in enumerate(lengths):
        names.append(f"{'long ' * i}{i}.npz")
        writer(names[-1], x=np.arange(length)[:, None] + np.full([1, 2], 10 * i))
    return names


def rows(names: list[str], lengths: list[int] = LENGTHS) -> list[tuple[int, bytes, int, int]]:
    return [(10 * i + row, names[i].encode(), row, 2) for i, n in enumerate(lengths) for row in range(n)]


def plain(element: dict[str, Any]) -> tuple[int, bytes, int, int]:
    return int(element["x"][0]), bytes(element["file"]), int(element["row"]), int(element["length"])


def of(dataset: tf.data.Dataset) -> list[tuple[int, bytes, int, int]]:
    return [plain(element) for element in dataset.as_numpy_iterator()]


@pytest.mark.parametrize("threads", [None, 1, 2, 8])
@pytest.mark.parametrize("batch_size", [None, 1, 4, 100])
@pytest.mark.parametrize("writer", SAVES.values(), ids=SAVES.keys())
def test_rows_say_where_they_come_from(folder: Path, writer: Any, batch_size: int | None, threads: int | None) -> None:
    names = save(writer=writer)
    dataset = tf_npz.NpzReaderDataset(names, KEYS, batch_size=batch_size, num_parallel_reads=threads)
    assert len(dataset) == (9 if batch_size is None else -(-9 // batch_size))
    assert of(dataset if batch_size is None else dataset.unbatch()) == rows(names)


def test_the_spec_has_them_as_scalars(folder: Path) -> None:
    names = save()
    expected = {
        "x": tf.TensorSpec([2], tf.int64),
        "file": tf.TensorSpec([], tf.string),
        "row": tf.TensorSpec([], tf.int64),
        "length": tf.TensorSpec([], tf.int64),
    }
    assert tf_npz.element_spec(names, KEYS) == expected
    assert tf_npz.NpzReaderDataset(names, KEYS).element_spec == expected
    batch = tf_npz.NpzReaderDataset(names, ("x", FILENAME), batch_size=2, drop_remainder=True)
    assert batch.element_spec == (tf.TensorSpec([2, 2], tf.int64), tf.TensorSpec([2], tf.string))


FORMS: dict[str, Callable[[tf.data.Dataset], tf.data.Dataset]] = {
    "skip": lambda ds: ds.skip(4),
    "shuffle": lambda ds: ds.shuffle(9, seed=1),
    "repeat": lambda ds: ds.repeat(2),
    "shard": lambda ds: ds.shard(2, 1),
    "map": lambda ds: ds.map(lambda e: {**e, "row": e["row"] + 0}),
}


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS.keys())
def test_transformations_keep_them_beside_their_row(folder: Path, form: Callable[..., Any]) -> None:
    names = save()
    known = {x: row for row in rows(names) for x in [row[0]]}
    found = of(form(tf_npz.NpzReaderDataset(names, KEYS)))
    assert found
    assert found == [known[x] for x, *_ in found]


def test_shares_number_the_rows_of_the_file(folder: Path) -> None:
    names = save()
    shares = [of(tf_npz.NpzReaderDataset(names, KEYS, shard=(4, i))) for i in range(4)]
    assert [row for share in shares for row in share] == rows(names)


def test_any_row_is_read_by_its_number(folder: Path) -> None:
    names = save()
    dataset = tf_npz.NpzReaderDataset(names, KEYS)
    at = [tf.data.experimental.at(dataset, i) for i in range(9)]
    assert [plain({name: value.numpy() for name, value in element.items()}) for element in at] == rows(names)


def test_an_iterator_goes_on_from_a_checkpoint(folder: Path) -> None:
    names = save()
    dataset = tf_npz.NpzReaderDataset(names, KEYS)
    iterator = iter(dataset)
    for _ in range(5):
        next(iterator)
    path = tf.train.Checkpoint(iterator=iterator).write(str(folder / "saved"))
    restored = iter(dataset)
    tf.train.Checkpoint(iterator=restored).read(path)
    rest = [plain({name: value.numpy() for name, value in element.items()}) for element in restored]
    assert rest == rows(names)[5:]


def test_they_stay_beside_their_rows_when_files_are_skipped(folder: Path) -> None:
    names = save()
    Path(names[2]).write_bytes(b"damaged")
    dataset = tf_npz.NpzReaderDataset(names, KEYS, batch_size=2).ignore_errors().unbatch()
    assert of(dataset) == [row for row in rows(names) if row[1] != names[2].encode()]


def test_symbolic_names_give_the_name_of_the_file(folder: Path) -> None:
    names = save()
    spec = tf_npz.element_spec(names, KEYS)
    dataset = tf.data.Dataset.from_tensor_slices(names).flat_map(
        lambda name: tf_npz.NpzReaderDataset(name, KEYS, element_spec=spec)
    )
    assert of(dataset) == rows(names)


def test_they_pass_through_the_graph_of_the_dataset(folder: Path) -> None:
    names = save()
    dataset = tf_npz.NpzReaderDataset(names, KEYS)
    copy = tf.raw_ops.DatasetFromGraph(graph_def=tf.raw_ops.DatasetToGraphV2(input_dataset=dataset._variant_tensor))
    copied = tf.data.experimental.from_variant(copy, dataset.element_spec)
    assert of(copied) == rows(names)


def test_the_service_gives_the_names_of_the_files_that_it_hands_out(folder: Path) -> None:
    names = [str(folder / name) for name in save()]
    library = tf.data.experimental.service
    dispatcher = library.DispatchServer()
    address = dispatcher.target.removeprefix("grpc://")
    workers = [library.WorkerServer(library.WorkerConfig(address, heartbeat_interval_ms=100)) for _ in range(2)]
    distributed = tf_npz.NpzReaderDataset(names, KEYS).apply(
        library.distribute(library.ShardingPolicy.DYNAMIC, dispatcher.target)
    )
    assert sorted(of(distributed)) == rows(names)
    del workers, dispatcher


@pytest.mark.parametrize("batch_size", [None, 1, 3, 100])
def test_whole_arrays_say_their_file_and_length(folder: Path, batch_size: int | None) -> None:
    names = []
    lengths = [3, 2, 5, 1]  # TensorFlow's unbatch ends the process at a batch of one empty array
    for i, length in enumerate(lengths):
        names.append(f"{i}.npy")
        np.save(names[-1], np.full([length, 2], i, np.float32))
    keys = (None, FILENAME, Length(None), Length(None, axis=-1))
    options: dict[str, Any] = {} if batch_size is None else {"batch_size": batch_size, "padding": 0.5}
    dataset = tf_npz.NpzReaderDataset(names, keys, rows=False, **options)
    found = list((dataset if batch_size is None else dataset.unbatch()).as_numpy_iterator())
    assert [(bytes(name), int(n), int(m)) for _, name, n, m in found] == [
        (name.encode(), n, 2) for name, n in zip(names, lengths, strict=True)
    ]
    for i, (array, _, length, _) in enumerate(found):
        assert (array[:length] == i).all()
        assert (array[length:] == 0.5).all()


def test_none_among_keys_is_all_arrays(folder: Path) -> None:
    np.savez("a.npz", x=np.zeros(2), y=np.arange(2))
    arrays, name = next(tf_npz.NpzReaderDataset("a.npz", (None, FILENAME), batch_size=2).as_numpy_iterator())
    assert sorted(arrays) == ["x", "y"]
    assert arrays["y"].tolist() == [0, 1]
    assert name.tolist() == [b"a.npz"] * 2
    np.save("s.npy", np.zeros(2, [("a", "f4"), ("b", "i4")]))
    assert tf_npz.element_spec("s.npy", {"s": None, "row": ROW}) == {
        "s": {"a": tf.TensorSpec([], tf.float32), "b": tf.TensorSpec([], tf.int32)},
        "row": tf.TensorSpec([], tf.int64),
    }


def test_lengths_are_those_of_rows_before_padding(folder: Path) -> None:
    for i in range(3):
        np.savez(f"{i}.npz", tokens=np.ones([2, i + 1, 4], np.int32))
    keys = {"tokens": "tokens", "length": Length("tokens"), "width": Length("tokens", axis=1)}
    batch = next(tf_npz.NpzReaderDataset("*.npz", keys, batch_size=6, padding=-1).as_numpy_iterator())
    assert batch["tokens"].shape == (6, 3, 4)
    assert batch["length"].tolist() == [1, 1, 2, 2, 3, 3]
    assert batch["width"].tolist() == [4] * 6
    fixed = tf_npz.NpzReaderDataset(
        "*.npz", keys, batch_size=6, padded_shapes={"tokens": (5, 4), "length": (), "width": ()}
    )
    assert next(fixed.as_numpy_iterator())["length"].tolist() == [1, 1, 2, 2, 3, 3]


def test_a_length_of_fields_is_that_of_their_array(folder: Path) -> None:
    np.savez("a.npz", e=np.zeros([2, 3], [("a", "f4"), ("b", "i4", (5,))]))
    keys = ("e", Length("e"))
    assert [int(length) for _, length in tf_npz.NpzReaderDataset("a.npz", keys)] == [3, 3]
    keys = (Field("e", "b"), Length(Field("e", "b"), 1))
    assert [int(length) for _, length in tf_npz.NpzReaderDataset("a.npz", keys)] == [5, 5]


def test_load_and_decode_take_them(folder: Path) -> None:
    [name] = save([4])
    array, file, length = tf_npz.load(name, ("x", FILENAME, Length("x")))
    assert (array.shape, file.numpy(), int(length)) == ((4, 2), name.encode(), 4)
    assert tf_npz.load(name, FILENAME).numpy() == name.encode()
    array, length = tf_npz.decode(Path(name).read_bytes(), ("x", Length("x", 1)))
    assert (array.shape, int(length)) == ((4, 2), 2)
    spec = tf_npz.element_spec(name, ("x", FILENAME), rows=False)
    dataset = tf.data.Dataset.from_tensors(name).map(lambda f: tf_npz.load(f, ("x", FILENAME), element_spec=spec))
    assert [file.numpy() for _, file in dataset] == [name.encode()]


@pytest.mark.parametrize(
    ("dtypes", "expected"),
    [
        (tf.float16, (tf.float16, tf.string, tf.int64, tf.int64)),
        ((None, None, "int32", "float32"), (tf.int64, tf.string, tf.int32, tf.float32)),
    ],
    ids=["one for all arrays", "one for each"],
)
def test_dtypes_casts_them_only_by_name(folder: Path, dtypes: Any, expected: Any) -> None:
    names = save()
    keys = ("x", FILENAME, ROW, Length("x"))
    dataset = tf_npz.NpzReaderDataset(names, keys, dtypes=dtypes)
    assert tuple(spec.dtype for spec in dataset.element_spec) == expected
    assert [int(row) for _, _, row, _ in dataset] == [row for _, _, row, _ in rows(names)]
    spec = tf_npz.element_spec(names, keys)
    again = tf_npz.NpzReaderDataset(names, keys, dtypes=dtypes, element_spec=spec)
    assert tuple(spec.dtype for spec in again.element_spec) == expected
    assert len(elements(again)) == 9


def test_names_are_bytes_as_they_were_given(folder: Path) -> None:
    for name in ["ünï.npy", "a b'\".npy", "x" * 200 + ".npy"]:
        np.save(name, np.zeros(1))
        [(_, found)] = tf_npz.NpzReaderDataset(name, (None, FILENAME))
        assert found.numpy() == name.encode()
    [(_, found)] = tf_npz.NpzReaderDataset(str(folder / "x*.npy"), (None, FILENAME))
    assert found.numpy() == str(folder / ("x" * 200 + ".npy")).encode()


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda f: tf_npz.NpzReaderDataset(f, ("x", ROW), rows=False), ValueError, "tf_npz.ROW.*no row number"),
        (lambda f: tf_npz.load(f, ("x", ROW)), ValueError, "tf_npz.ROW.*no row number"),
        (lambda f: tf_npz.decode(Path(f).read_bytes(), ("x", FILENAME)), ValueError, "decode takes bytes"),
        (lambda f: tf_npz.NpzReaderDataset(f, FILENAME), ValueError, "names no array, only tf_npz.FILENAME"),
        (lambda f: tf_npz.NpzReaderDataset(f, (None, "x", ROW)), ValueError, "None for all arrays, and 'x' beside it"),
        (lambda f: tf_npz.NpzReaderDataset(f, ("x", Length("y"))), ValueError, r"Length\('y'\).*keys has 'x': add it"),
        (lambda f: tf_npz.element_spec(f, ("x", Length(ROW))), ValueError, r"Length\(tf_npz.ROW\), but not the array"),
        (
            lambda f: elements(
                tf_npz.NpzReaderDataset(
                    f,
                    ("x", Length("x", axis=3)),
                    element_spec=(tf.TensorSpec(None, tf.int64), tf.TensorSpec([], tf.int64)),
                )
            ),
            tf.errors.InvalidArgumentError,
            r'0\.npz\["x"\]: elements of shape \(2,\) have no axis 3',
        ),
        (
            lambda f: elements(tf_npz.NpzReaderDataset(f, ("x", FILENAME), dtypes=(None, "int32"))),
            tf.errors.InvalidArgumentError,
            r"0\.npz\[FILENAME\]: holds rows of S5 \(\), but element_spec says int32",
        ),
        (
            lambda f: elements(
                tf_npz.NpzReaderDataset(f, ("x", ROW), element_spec=(tf.TensorSpec([2], tf.int64),) * 2)
            ),
            tf.errors.InvalidArgumentError,
            r"0\.npz\[ROW\]: holds rows of int64 \(\), but element_spec says int64 \(2,\)",
        ),
    ],
)
def test_what_an_element_does_not_have_is_refused(folder: Path, call: Any, error: Any, message: str) -> None:
    save([2])
    with pytest.raises(error, match=message):
        call("0.npz")


UNMEASURABLE: dict[str, tuple[Any, str]] = {
    "an axis beyond the last": (("x", Length("x", 2)), r"Length\('x', axis=2\).*'x' does not have.*\(2, 4\)"),
    "a negative axis before the first": (("x", Length("x", -3)), r"Length\('x', axis=-3\).*from -2 to 1"),
    "a scalar": (("s", Length("s")), r"Length\('s'\).*are scalars"),
    "all of several arrays": ((None, Length(None)), r"Length\(None\) measures one array.*several \(e, p, s, x\)"),
    "an axis of one field": (("e", Length("e", 1)), r"Length\('e', axis=1\).*'e' does not have.*\(2,\)"),
    "the last axes of fields": (("e", Length("e", -1)), r"Length\('e', axis=-1\).*fields of 'e' differ"),
    "a part": (("p", Length("p", 1)), r"fields of 'p' differ"),
}


@pytest.mark.parametrize(("keys", "message"), UNMEASURABLE.values(), ids=UNMEASURABLE.keys())
def test_a_length_that_no_file_has_is_refused_at_once(folder: Path, keys: Any, message: str) -> None:
    e = np.zeros(2, [("t", "f4"), ("v", "f4", (3,))])
    p = np.zeros(2, [("t", "f4", (2,)), ("v", "f4", (3,))])
    np.savez("a.npz", e=e, p=p, x=np.zeros((2, 4)), s=np.float32(1))
    spec = tf_npz.element_spec("a.npz", keys[0], rows=False)
    for call in (
        lambda: tf_npz.NpzReaderDataset("a.npz", keys, rows=False),
        lambda: tf_npz.load("a.npz", keys, element_spec=(spec, tf.TensorSpec([], tf.int64))),
        lambda: tf_npz.element_spec("a.npz", keys, rows=False),
    ):
        with pytest.raises(ValueError, match=message):
            call()


def test_a_length_is_made_of_a_key_and_an_integer() -> None:
    for axis in (2**63, -(2**70), 255):
        with pytest.raises(ValueError, match="no array has as many dimensions"):
            Length("x", axis)
    with pytest.raises(TypeError, match="must be an integer, not True"):
        Length("x", True)
    assert Length("x", np.int64(1)) == Length("x", 1)
    with pytest.raises(TypeError, match=r"the axis of tf_npz\.Length must be an integer, not 'q'"):
        Length("x", "q")  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="measures one of the keys"):
        Length(("x", "y"))  # type: ignore[arg-type]


def test_keys_print_as_they_are_written_and_are_values() -> None:
    for key in (FILENAME, ROW, Length("x"), Length(Field("e", "b"), axis=1)):
        assert eval(repr(key)) == key
        assert pickle.loads(pickle.dumps(key)) == key
        assert hash(pickle.loads(pickle.dumps(key))) == hash(key)
