"""Keys of arrays that some files lack, or that have another name there."""

import pickle
from pathlib import Path
from typing import Any

import ml_dtypes
import numpy as np
import pytest
import tensorflow as tf
import tf_npz
from testing import elements
from tf_npz import FILENAME, Field, FirstOf, Length, _ops

LABEL = FirstOf("label", "labels", default=-1)
KEYS = ("x", LABEL)


def save(writer: Any = np.savez) -> list[str]:
    """Three files of two rows: with label, with labels, with neither."""
    writer("0.npz", x=np.arange(2), label=np.array([10, 11], np.int32))
    writer("1.npz", x=np.arange(2, 4), labels=np.array([12, 13], np.int32))
    writer("2.npz", x=np.arange(4, 6))
    return ["0.npz", "1.npz", "2.npz"]


EXPECTED = [(0, 10), (1, 11), (2, 12), (3, 13), (4, -1), (5, -1)]


def of(dataset: tf.data.Dataset) -> list[tuple[int, int]]:
    return [(int(x), int(label)) for x, label in dataset.as_numpy_iterator()]


@pytest.mark.parametrize("threads", [None, 1, 2, 8])
@pytest.mark.parametrize("batch_size", [None, 1, 4])
@pytest.mark.parametrize("writer", [np.savez, np.savez_compressed])
def test_each_file_gives_the_array_that_it_has(
    folder: Path, writer: Any, batch_size: int | None, threads: int | None
) -> None:
    names = save(writer)
    dataset = tf_npz.NpzReaderDataset(names, KEYS, batch_size=batch_size, num_parallel_reads=threads)
    assert dataset.element_spec[1] == tf.TensorSpec([] if batch_size is None else [None], tf.int32)
    assert len(dataset) == (6 if batch_size is None else -(-6 // batch_size))
    assert of(dataset if batch_size is None else dataset.unbatch()) == EXPECTED


@pytest.mark.parametrize("order", [[0, 1, 2], [2, 1, 0], [2, 0, 1]])
def test_the_spec_is_that_of_the_files_that_have_it(folder: Path, order: list[int]) -> None:
    names = [save()[i] for i in order]
    assert tf_npz.element_spec(names, KEYS) == (tf.TensorSpec([], tf.int64), tf.TensorSpec([], tf.int32))


def test_other_forms_give_the_same(folder: Path) -> None:
    names = save()
    dataset = tf_npz.NpzReaderDataset(names, KEYS)
    assert of(dataset.skip(3)) == EXPECTED[3:]
    shares = [of(tf_npz.NpzReaderDataset(names, KEYS, shard=(4, i))) for i in range(4)]
    assert [row for share in shares for row in share] == EXPECTED
    at = [tf.data.experimental.at(dataset, i) for i in range(6)]
    assert [(int(x), int(label)) for x, label in at] == EXPECTED
    iterator = iter(dataset)
    for _ in range(3):
        next(iterator)
    path = tf.train.Checkpoint(iterator=iterator).write(str(folder / "saved"))
    restored = iter(dataset)
    tf.train.Checkpoint(iterator=restored).read(path)
    assert [(int(x), int(label)) for x, label in restored] == EXPECTED[3:]
    copy = tf.raw_ops.DatasetFromGraph(graph_def=tf.raw_ops.DatasetToGraphV2(input_dataset=dataset._variant_tensor))
    assert of(tf.data.experimental.from_variant(copy, dataset.element_spec)) == EXPECTED
    spec = tf_npz.element_spec(names, KEYS)
    symbolic = tf.data.Dataset.from_tensor_slices(names).flat_map(
        lambda name: tf_npz.NpzReaderDataset(name, KEYS, element_spec=spec)
    )
    assert of(symbolic) == EXPECTED


def test_load_and_decode_take_it(folder: Path) -> None:
    names = save()
    assert [tf_npz.load(name, LABEL).numpy().tolist() for name in names] == [[10, 11], [12, 13], -1]
    assert [tf_npz.decode(Path(name).read_bytes(), KEYS)[1].numpy().tolist() for name in names[:2]] == [
        [10, 11],
        [12, 13],
    ]
    spec = (tf.TensorSpec([None], tf.int64), tf.TensorSpec([2], tf.int32))
    loaded = [tf_npz.load(name, KEYS, element_spec=spec)[1].numpy().tolist() for name in names]
    assert loaded == [[10, 11], [12, 13], [-1, -1]]


# The default, the spec of the arrays, and what a file without them has. None: as the default is.
DEFAULTS: dict[str, tuple[Any, tf.TensorSpec, Any]] = {
    "int as float": (-1, tf.TensorSpec([], tf.float32), -1.0),
    "int as uint8": (255, tf.TensorSpec([], tf.uint8), 255),
    "float": (0.5, tf.TensorSpec([], tf.float16), 0.5),
    "NaN": (float("nan"), tf.TensorSpec([], tf.float64), float("nan")),
    "bool": (True, tf.TensorSpec([], tf.bool), True),
    "complex": (1j, tf.TensorSpec([], tf.complex64), 1j),
    "bfloat16": (1.5, tf.TensorSpec([], tf.bfloat16), 1.5),
    "str": ("unknown Ü", tf.TensorSpec([], tf.string), "unknown Ü".encode()),
    "bytes": (b"\xff", tf.TensorSpec([], tf.string), b"\xff"),
    "empty str": ("", tf.TensorSpec([], tf.string), b""),
    "one value for all items": (7, tf.TensorSpec([2, 3], tf.int32), np.full([2, 3], 7).tolist()),
    "array": (np.arange(6).reshape(2, 3), tf.TensorSpec([2, 3], tf.int64), [[0, 1, 2], [3, 4, 5]]),
    "array in Fortran order": (np.arange(6).reshape(3, 2).T, tf.TensorSpec([2, 3], tf.int64), [[0, 2, 4], [1, 3, 5]]),
    "array of any length": (np.ones([2, 3], ">f4"), tf.TensorSpec([None, 3], tf.float32), [[1.0] * 3] * 2),
    "array of another size": (np.float64(0.25), tf.TensorSpec([], tf.float32), 0.25),
    "array of strings": (["a", "bc"], tf.TensorSpec([2], tf.string), [b"a", b"bc"]),
    "date": (np.datetime64("1970-01-03", "D"), tf.TensorSpec([], tf.int64), 2),
    "tensor": (tf.constant([1, 2]), tf.TensorSpec([2], tf.int32), [1, 2]),
    "bfloat16 array": (np.ones(2, ml_dtypes.bfloat16), tf.TensorSpec([2], tf.bfloat16), [1.0, 1.0]),
}


@pytest.mark.parametrize("name", DEFAULTS)
def test_the_default_is_the_element_of_each_row(folder: Path, name: str) -> None:
    default, spec, expected = DEFAULTS[name]
    np.savez("a.npz", x=np.arange(3))
    key = FirstOf("y", default=default)
    dataset = tf_npz.NpzReaderDataset("a.npz", ("x", key), element_spec=(tf.TensorSpec([], tf.int64), spec))
    for _, value in dataset.as_numpy_iterator():
        np.testing.assert_array_equal(value, np.asarray(expected, getattr(value, "dtype", None)))
    batches = tf_npz.NpzReaderDataset(
        "a.npz", ("x", key), element_spec=(tf.TensorSpec([], tf.int64), spec), batch_size=2
    )
    assert [len(values) for _, values in batches.as_numpy_iterator()] == [2, 1]
    loaded = tf_npz.load("a.npz", key, element_spec=spec).numpy()
    np.testing.assert_array_equal(loaded, np.asarray(expected, getattr(loaded, "dtype", None)))


def test_defaults_of_eager_calls_are_kept_apart(folder: Path) -> None:
    np.savez("a.npz", x=np.arange(3))
    for values in ([0, 1, 2], np.eye(300)):
        for value in values:
            key = FirstOf("y", default=value)
            np.testing.assert_array_equal(tf_npz.load("a.npz", key), value)
            [(_, first), *_] = tf_npz.NpzReaderDataset("a.npz", ("x", key)).as_numpy_iterator()
            np.testing.assert_array_equal(first, value)


def test_if_no_file_has_an_array_the_spec_is_that_of_the_default(folder: Path) -> None:
    np.savez("a.npz", x=np.arange(3))
    for default, spec in [
        (0.5, tf.TensorSpec([], tf.float64)),
        ("?", tf.TensorSpec([], tf.string)),
        (np.zeros([4], "u1"), tf.TensorSpec([4], tf.uint8)),
        (np.datetime64("NaT", "s"), tf.TensorSpec([], tf.int64)),
    ]:
        assert tf_npz.element_spec("a.npz", ("x", FirstOf("y", "z", default=default)))[1] == spec
    cast = tf_npz.NpzReaderDataset("a.npz", ("x", FirstOf("y", default=1)), dtypes=(None, tf.float32))
    assert [float(y) for _, y in cast] == [1.0] * 3
    assert cast.element_spec[1].dtype == tf.float32


def test_arrays_are_cast_like_any_other(folder: Path) -> None:
    names = save()
    np.savez("1.npz", x=np.arange(2, 4), labels=np.array([12, 13], np.int64))
    dataset = tf_npz.NpzReaderDataset(names, KEYS, dtypes=(None, tf.float32))
    assert dataset.element_spec[1].dtype == tf.float32
    assert of(dataset) == EXPECTED


def test_lengths_and_fields_go_with_it(folder: Path) -> None:
    np.savez("0.npz", x=np.zeros(2), e=np.array([(1.5, 2), (2.5, 3)], [("t", "f8"), ("n", "i4")]))
    np.savez("1.npz", x=np.zeros(1), time=np.array([7.5]))
    key = FirstOf(Field("e", "t"), "time", default=0)
    dataset = tf_npz.NpzReaderDataset(["0.npz", "1.npz"], {"t": key, "file": FILENAME})
    assert [(e["t"], e["file"]) for e in dataset.as_numpy_iterator()] == [
        (1.5, b"0.npz"),
        (2.5, b"0.npz"),
        (7.5, b"1.npz"),
    ]
    np.savez("2.npz", x=np.zeros(1), v=np.zeros([1, 5]))
    key = FirstOf("v", default=np.zeros(3))
    keys = ("x", key, Length(key))
    dataset = tf_npz.NpzReaderDataset(
        ["1.npz", "2.npz"],
        keys,
        batch_size=2,
        padding=1,
        element_spec=(tf.TensorSpec([], tf.float64), tf.TensorSpec([None], tf.float64), tf.TensorSpec([], tf.int64)),
    )
    [(_, v, length)] = dataset.as_numpy_iterator()
    assert v.tolist() == [[0, 0, 0, 1, 1], [0] * 5]
    assert length.tolist() == [3, 5]


ELEMENT = tf.TensorSpec([], tf.int32)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: FirstOf(), TypeError, "must have names of arrays"),
        (lambda: FirstOf(FILENAME), TypeError, "must have names of arrays"),
        (lambda: FirstOf("a", default=object()), TypeError, "must be a value, or an array"),
        (lambda: FirstOf("a", default=np.zeros(1, [("t", "f4")])), TypeError, "must be a value, or an array"),
        (lambda: FirstOf("a", default={"a": 1}), TypeError, "must be a value, or an array"),
        (
            lambda: tf_npz.element_spec("2.npz", FirstOf("label", "labels")),
            tf.errors.InvalidArgumentError,
            r'2\.npz: has none of the arrays "label", "labels" \(it has "x"\); pass a default',
        ),
        (
            lambda: tf_npz.element_spec("0.npz", ("x", LABEL, FirstOf("label", "other"))),
            ValueError,
            "begin with one name",
        ),
        (
            lambda: tf_npz.element_spec("e.npz", FirstOf("e", "f")),
            ValueError,
            r"FirstOf\('e', 'f'\) leads to a structured array, with the fields 't'",
        ),
        (
            lambda: elements(tf_npz.NpzReaderDataset("2.npz", FirstOf("label", default=0), element_spec=ELEMENT)),
            tf.errors.InvalidArgumentError,
            r"2\.npz: no array of it is read, so the number of rows is unknown",
        ),
        (
            lambda: tf_npz.load("n.npy", FirstOf("label", default=0), element_spec=ELEMENT),
            tf.errors.InvalidArgumentError,
            r"n\.npy: is an \.npy file",
        ),
        (lambda: tf_npz.element_spec("n.npy", FirstOf("a", "b")), tf.errors.InvalidArgumentError, r"is an \.npy file"),
    ],
)
def test_what_cannot_be_is_refused(folder: Path, call: Any, error: Any, message: str) -> None:
    save()
    np.savez("e.npz", e=np.zeros(1, [("t", "f4")]))
    np.save("n.npy", np.zeros(1))
    with pytest.raises(error, match=message):
        call()


@pytest.mark.parametrize(
    ("default", "spec", "message"),
    [
        (0.5, tf.TensorSpec([], tf.int32), "can't be cast to int32"),
        (-1, tf.TensorSpec([], tf.uint8), "can't be cast to uint8"),
        (300, tf.TensorSpec([], tf.int8), "can't be cast to int8"),
        (np.int64(300), tf.TensorSpec([], tf.int8), "can't be cast to int8"),
        (np.float32(1), tf.TensorSpec([], tf.int64), "can't be cast to int64"),
        ("a", tf.TensorSpec([], tf.int64), "can't be cast to int64"),
        (1, tf.TensorSpec([], tf.string), "can't be cast to string"),
        (0, tf.TensorSpec([None], tf.int32), r"one value as default.*\(None,\).*pass an array"),
        (0, tf.TensorSpec(None, tf.int32), r"one value as default.*unknown.*pass an array"),
        (np.zeros(2, "i4"), tf.TensorSpec([3], tf.int32), r"shape \(2,\), but an element has the shape \(3,\)"),
        (np.zeros(2, "i4"), tf.TensorSpec([], tf.int32), r"shape \(2,\), but an element has the shape \(\)"),
    ],
)
def test_a_default_that_does_not_fit_is_refused_at_once(folder: Path, default: Any, spec: Any, message: str) -> None:
    np.savez("a.npz", x=np.arange(3))
    with pytest.raises(ValueError, match=message):
        tf_npz.NpzReaderDataset(
            "a.npz", ("x", FirstOf("y", default=default)), element_spec=(tf.TensorSpec([], tf.int64), spec)
        )


@pytest.mark.parametrize(
    ("attributes", "message"),
    [
        ({"key_counts": [3]}, "key_counts do not add up"),
        ({"key_counts": [1]}, "key_counts do not add up"),
        ({"key_counts": [0]}, "key_counts do not add up"),
        ({"key_counts": [-1]}, "key_counts do not add up"),
        ({"key_counts": [1 << 62]}, "key_counts do not add up"),
        ({"fallbacks": ["00"]}, "fallbacks need an empty string"),
        ({"fallbacks": ["", ""]}, "fallbacks need an empty string"),
        ({"fallbacks": ["", "00"]}, "fallbacks need an empty string"),
        ({"fallbacks": ["0", ""]}, "pairs of hexadecimal digits"),
        ({"fallbacks": ["0G", ""]}, "pairs of hexadecimal digits"),
        ({"fallbacks": ["00", ""]}, r'a\.npz\["y"\] \(default\)'),
        ({"sources": ["array", "array"]}, "differ in length"),
        ({"sources": ["filename"]}, "a component that is no array has no keys"),
        ({"key_depths": [1, 0], "keys": ["y"]}, "each names an array"),
    ],
)
def test_a_graph_with_other_attributes_is_refused(folder: Path, attributes: dict[str, Any], message: str) -> None:
    np.savez("a.npz", x=np.arange(3))
    arguments = {"keys": ["y", "z"], "key_depths": [1, 1], "key_counts": [2], **attributes}
    with pytest.raises((tf.errors.InvalidArgumentError, tf.errors.DataLossError), match=message):
        _ops.library().npz_load(
            filename="a.npz",
            slices=[],
            verify_checksums=True,
            output_types=[tf.int64],
            output_shapes=[[3]],
            **arguments,
        )


def test_keys_are_values_that_print_as_they_are_written() -> None:
    for key in (LABEL, FirstOf("a"), FirstOf(Field("e", "t"), "a", default="x")):
        assert eval(repr(key)) == key
        assert pickle.loads(pickle.dumps(key)) == key
        assert hash(pickle.loads(pickle.dumps(key))) == hash(key)
    assert FirstOf("a", default=0) != FirstOf("a", default=np.int64(0))
    assert FirstOf("a", default=np.zeros(2)) == FirstOf("a", default=np.zeros(2))
