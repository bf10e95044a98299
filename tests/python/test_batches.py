"""Batches of the reader equal those that tf.data makes of its rows, for any files, threads and memory limit."""

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
import tensorflow as tf
import tf_npz
from hypothesis import given, settings
from hypothesis import strategies as st
from testing import DTYPES, assert_gives, assert_same, elements, npz_bytes, random_array


class Array(NamedTuple):
    """One array of every file: its dtype, and the shapes of a row that each file chooses from."""

    dtype: str
    shapes: list[tuple[int, ...]]


class Options(NamedTuple):
    batch_size: int
    drop_remainder: bool
    num_parallel_reads: int
    memory_limit: int
    compressed: bool


# Rows of 32 KB make members that are streamed rather than decoded at once.
ROW_SHAPES: list[tuple[int, ...]] = [(), (1,), (3,), (2, 0), (2, 3), (1, 2, 2), (2000,)]

options = st.builds(
    Options,
    batch_size=st.integers(1, 12),
    drop_remainder=st.booleans(),
    num_parallel_reads=st.integers(1, 4),
    memory_limit=st.sampled_from([1, 100, 5_000, 100_000, 1 << 28]),
    compressed=st.booleans(),
)
row_counts = st.lists(st.integers(0, 9), min_size=1, max_size=5)


@st.composite
def arrays(draw: st.DrawFn, shapes_of_a_rank: int) -> Array:
    dtype = draw(st.sampled_from(DTYPES))
    shape = draw(st.sampled_from(ROW_SHAPES))
    more = [tuple(draw(st.integers(0, 4)) for _ in shape) for _ in range(shapes_of_a_rank - 1)]
    return Array(dtype, [shape, *more])


def write(folder: str, counts: list[int], chosen: list[Array], compressed: bool) -> tuple[list[str], list[Any]]:
    """Files of arrays "0", "1", ..., and for each file what np.load reads."""
    files, values = [], []
    for i, count in enumerate(counts):
        contents = {
            str(k): random_array((count, *array.shapes[i % len(array.shapes)]), array.dtype, seed=i)
            for k, array in enumerate(chosen)
        }
        files.append(f"{folder}/{i}.npz")
        Path(files[-1]).write_bytes(npz_bytes(np.savez_compressed if compressed else np.savez, **contents))
        values.append(tuple(contents.values()))
    return files, values


def reader(files: list[str], chosen: list[Array], chosen_options: Options, **more: Any) -> tf.data.Dataset:
    return tf_npz.NpzReaderDataset(
        files,
        keys=tuple(str(k) for k in range(len(chosen))),
        num_parallel_reads=chosen_options.num_parallel_reads,
        memory_limit=chosen_options.memory_limit,
        **more,
    )


@settings(max_examples=60, deadline=None)
@given(row_counts, st.lists(arrays(1), min_size=1, max_size=3), options)
def test_batches_of_rows_are_those_of_batch(counts: list[int], chosen: list[Array], o: Options) -> None:
    with tempfile.TemporaryDirectory() as folder:
        files, values = write(folder, counts, chosen, o.compressed)
        rows = reader(files, chosen, o)
        assert_gives(rows, [row for file in values for row in zip(*file, strict=True)])

        batches = reader(files, chosen, o, batch_size=o.batch_size, drop_remainder=o.drop_remainder)
        expected = rows.batch(o.batch_size, o.drop_remainder)
        assert batches.element_spec == expected.element_spec
        assert_gives(batches, elements(expected))


@settings(max_examples=60, deadline=None)
@given(row_counts, st.lists(arrays(3), min_size=1, max_size=2), options, st.booleans())
def test_padded_batches_are_those_of_padded_batch(
    counts: list[int], chosen: list[Array], o: Options, rows: bool
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        files, _ = write(folder, counts, chosen, o.compressed)
        unbatched = reader(files, chosen, o, rows=rows)
        batches = reader(
            files, chosen, o, rows=rows, batch_size=o.batch_size, drop_remainder=o.drop_remainder, padding=1
        )
        padding = tuple(tf.cast(1, spec.dtype) for spec in unbatched.element_spec)
        expected = unbatched.padded_batch(o.batch_size, padding_values=padding, drop_remainder=o.drop_remainder)
        assert batches.element_spec == expected.element_spec
        assert_gives(batches, elements(expected))


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 6), st.lists(arrays(1), min_size=1, max_size=2), st.integers(0, 5), options)
def test_batches_of_whole_files_are_those_of_batch(files: int, chosen: list[Array], count: int, o: Options) -> None:
    with tempfile.TemporaryDirectory() as folder:
        names, values = write(folder, [count] * files, chosen, o.compressed)
        whole = reader(names, chosen, o, rows=False)
        assert_gives(whole, values)

        batches = reader(names, chosen, o, rows=False, batch_size=o.batch_size, drop_remainder=o.drop_remainder)
        expected = whole.batch(o.batch_size, o.drop_remainder)
        assert batches.element_spec == expected.element_spec
        assert_gives(batches, elements(expected))


# --- Specs -----------------------------------------------------------------------------------------------------------

SPECS: dict[str, tuple[dict[str, Any], list[int | None]]] = {
    "batches": ({"batch_size": 4}, [None, 2]),
    "full batches": ({"batch_size": 4, "drop_remainder": True}, [4, 2]),
    "padded, though all of one shape": ({"batch_size": 4, "padding": 0}, [None, 2]),
    "whole files": ({"batch_size": 4, "rows": False}, [None, 3, 2]),
    "full batches of whole files": ({"batch_size": 4, "rows": False, "drop_remainder": True}, [4, 3, 2]),
    "size in a tensor": ({"batch_size": tf.constant(4), "drop_remainder": True}, [4, 2]),
}


@pytest.mark.parametrize(("arguments", "shape"), SPECS.values(), ids=SPECS.keys())
def test_batches_have_static_shapes(folder: Path, arguments: dict[str, Any], shape: list[int | None]) -> None:
    np.save("a.npy", np.zeros((3, 2), np.float32))
    dataset = tf_npz.NpzReaderDataset("a.npy", **arguments)
    assert dataset.element_spec == tf.TensorSpec(shape, tf.float32)
    # A graph knows the same shapes.
    (variant,) = [node for node in graph_of(dataset).node if node.op == "NpzReaderDataset"]
    (attribute,) = variant.attr["output_shapes"].list.shape
    assert tf.TensorShape(attribute) == shape


def graph_of(dataset: tf.data.Dataset) -> tf.compat.v1.GraphDef:
    graph = tf.compat.v1.GraphDef()
    graph.ParseFromString(dataset._as_serialized_graph().numpy())
    return graph


# --- Padding ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def sentences(folder: Path) -> list[tuple[np.ndarray, np.ndarray]]:
    """Whole files of two arrays of different lengths."""
    arrays = [(np.arange(n, dtype=np.int32) + 1, np.ones((n, 2), np.float32)) for n in (2, 4, 3)]
    for i, (tokens, vectors) in enumerate(arrays):
        np.savez(f"{i}.npz", tokens=tokens, vectors=vectors)
    return arrays


PADDINGS: dict[str, tuple[Any, int, float]] = {
    "one value for all": (0, 0, 0.0),
    "a float that is whole": (5.0, 5, 5.0),
    "one for each component": ((-1, 0.5), -1, 0.5),
    "values of numpy": ((np.int64(-1), np.float32("nan")), -1, np.nan),
    "tensors": ((tf.constant(9), tf.constant(-0.0)), 9, -0.0),
    "infinity": ((7, float("-inf")), 7, -np.inf),
}


@pytest.mark.parametrize(("padding", "token", "number"), PADDINGS.values(), ids=PADDINGS.keys())
@pytest.mark.usefixtures("sentences")
def test_padding_is_a_value_for_all_or_one_for_each(padding: Any, token: int, number: float) -> None:
    dataset = tf_npz.NpzReaderDataset("*.npz", ("tokens", "vectors"), rows=False, batch_size=2, padding=padding)
    assert dataset.element_spec == (tf.TensorSpec([None, None], tf.int32), tf.TensorSpec([None, None, 2], tf.float32))
    first, second = elements(dataset)
    assert_same(first[0], np.array([[1, 2, token, token], [1, 2, 3, 4]], np.int32))
    expected = np.ones((2, 4, 2), np.float32)
    expected[0, 2:] = number
    assert_same(first[1], expected)
    assert_same(second, (np.array([[1, 2, 3]], np.int32), np.ones((1, 3, 2), np.float32)))


@pytest.mark.usefixtures("sentences")
def test_padding_by_the_names_of_a_dict() -> None:
    dataset = tf_npz.NpzReaderDataset(
        "*.npz", {"t": "tokens"}, rows=False, batch_size=3, drop_remainder=True, padding={"t": -1}
    )
    expected = np.array([[1, 2, -1, -1], [1, 2, 3, 4], [1, 2, 3, -1]], np.int32)
    assert dataset.element_spec == {"t": tf.TensorSpec([3, None], tf.int32)}
    assert_gives(dataset, [{"t": expected}])


REFUSED_PADDINGS: dict[str, tuple[Any, type[Exception], str]] = {
    "not of the dtype": (0.5, ValueError, "can't be represented in the dtype of a component, int32"),
    "too few": ((0,), ValueError, "have the structure of an element"),
    "text": ("0", TypeError, "must be a number"),
    "a vector": ((0, [0, 0]), ValueError, "have the structure of an element"),
}


@pytest.mark.parametrize(("padding", "error", "fragment"), REFUSED_PADDINGS.values(), ids=REFUSED_PADDINGS.keys())
@pytest.mark.usefixtures("sentences")
def test_padding_that_does_not_fit_is_refused(padding: Any, error: type[Exception], fragment: str) -> None:
    with pytest.raises(error) as raised:
        tf_npz.NpzReaderDataset("*.npz", ("tokens", "vectors"), rows=False, batch_size=2, padding=padding)
    assert fragment in str(raised.value)


def save_rows(*shapes: tuple[int, ...]) -> None:
    for i, shape in enumerate(shapes):
        np.save(f"{i}.npy", np.zeros(shape, np.float32))


UNLIKE: dict[str, tuple[Callable[[], None], dict[str, Any], list[str]]] = {
    "rows of files": (
        lambda: save_rows((4, 2), (4, 3)),
        {},
        ["1.npy: elements of shape (3,) can't be batched with elements of shape (2,)", "pass padding="],
    ),
    "whole files": (
        lambda: save_rows((4, 2), (5, 2)),
        {"rows": False},
        ["1.npy: elements of shape (5, 2) can't be batched with elements of shape (4, 2)", "pass padding="],
    ),
    "ranks": (lambda: save_rows((4, 2), (4, 2, 2)), {}, ["1.npy", "(2, 2)", "(2,)"]),
    "ranks, padded": (
        lambda: save_rows((4, 2), (4, 2, 2)),
        {"padding": 0, "element_spec": tf.TensorSpec([None], tf.float32)},
        ["1.npy", "float32 (2, 2)", "element_spec says float32 (None,)"],
    ),
}


@pytest.mark.parametrize(("save", "arguments", "fragments"), UNLIKE.values(), ids=UNLIKE.keys())
def test_different_shapes_in_one_batch_are_an_error_that_says_what_to_do(
    folder: Path, save: Callable[[], None], arguments: dict[str, Any], fragments: list[str]
) -> None:
    save()
    dataset = tf_npz.NpzReaderDataset("*.npy", batch_size=3, **arguments)
    with pytest.raises(tf.errors.InvalidArgumentError) as raised:
        elements(dataset)
    for fragment in fragments:
        assert fragment in raised.value.message


def test_different_shapes_in_different_batches_are_no_error(folder: Path) -> None:
    save_rows((4, 2), (2, 3))
    dataset = tf_npz.NpzReaderDataset("*.npy", batch_size=2)
    assert dataset.element_spec == tf.TensorSpec([None, None], tf.float32)
    assert_gives(dataset, [np.zeros(shape, np.float32) for shape in [(2, 2), (2, 2), (2, 3)]])
