"""Parts of whole arrays, and of rows: `slices` against NumPy's basic indexing."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
import tf_npz
from testing import assert_same, elements, npz_bytes, random_array
from watching import bytes_read

S = np.s_
# Of arrays with three axes.
INDICES: dict[str, Any] = {
    "a range of rows": S[2:5],
    "all": S[:],
    "an ellipsis": S[...],
    "nothing": (),
    "a row": 3,
    "the last row": -1,
    "a crop": S[1:6, 2:4, 1:3],
    "the end of each axis": S[-3:, -2:, -1:],
    "steps": S[::2, ::3, ::2],
    "steps from inside": S[1::3, :, 1::2],
    "the last axis": S[..., 1],
    "the last axes": S[..., 1:3, :2],
    "ends": S[0, ..., -1],
    "an item": S[4, 2, 1],
    "beyond the ends": S[-100:100, 3:100],
    "no rows": S[5:2],
    "no columns": S[:, 2:2],
}
WRITERS: dict[str, Callable[..., None]] = {"stored": np.savez, "compressed": np.savez_compressed}
SHAPES: dict[str, tuple[int, int, int]] = {"small": (7, 5, 4), "large": (40, 50, 60)}


def make(shape: tuple[int, ...], *, fortran: bool = False, dtype: Any = "i4") -> np.ndarray:
    array = random_array(shape, dtype)
    return np.asfortranarray(array) if fortran else array


@pytest.mark.parametrize("fortran", [False, True], ids=["C", "Fortran"])
@pytest.mark.parametrize("writer", WRITERS.values(), ids=WRITERS.keys())
@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES.keys())
def test_load_takes_what_numpy_takes(folder: Path, shape: Any, writer: Any, fortran: bool) -> None:
    x = make(shape, fortran=fortran, dtype=">i4")
    writer("a.npz", x=x)
    contents = Path("a.npz").read_bytes()
    for index in INDICES.values():
        expected = x[index].astype("i4")
        assert_same(tf_npz.load("a.npz", "x", slices=index), expected)
        assert_same(tf_npz.decode(contents, "x", slices=index), expected)
        assert tf_npz.element_spec("a.npz", "x", rows=False, slices=index) == tf.TensorSpec(expected.shape, tf.int32)
        assert_same(tf_npz.load("a.npz", "x", slices=index, dtypes="float64"), expected.astype("f8"))


ITEMS: dict[str, Callable[[], np.ndarray]] = {
    "text": lambda: np.array([[f"ü{i} {k}" for k in range(6)] for i in range(5)]),
    "dates": lambda: np.arange(30).reshape(5, 6).astype("M8[D]"),
    "bools": lambda: np.arange(30).reshape(5, 6) % 3 == 0,
    "halves": lambda: np.arange(30, dtype=">f2").reshape(5, 6),
    "raw bytes": lambda: np.arange(90, dtype="u1").view("V3").reshape(5, 6),
    "structures": lambda: np.array([[(i, (i, k)) for k in range(6)] for i in range(5)], [("a", "i2"), ("b", ">f8", 2)]),
}


def assert_equal(actual: tf.Tensor, expected: tf.Tensor) -> None:
    assert (actual.dtype, actual.shape) == (expected.dtype, expected.shape)
    found, wanted = (np.asarray(value).tolist() for value in (actual, expected))
    assert found == wanted


@pytest.mark.parametrize("make_items", ITEMS.values(), ids=ITEMS.keys())
@pytest.mark.parametrize("writer", WRITERS.values(), ids=WRITERS.keys())
def test_all_kinds_of_items_are_cut(folder: Path, make_items: Callable[[], np.ndarray], writer: Any) -> None:
    x = make_items()
    for array in (x, np.asfortranarray(x)):
        writer("whole.npz", x=array)
        for index in (S[1:4, ::2], S[::2], S[..., -1], S[2, 3]):
            writer("cut.npz", x=array[index])
            expected = tf_npz.load("cut.npz", "x")
            found = tf_npz.load("whole.npz", "x", slices=index)
            tf.nest.map_structure(assert_equal, found, expected)


def test_each_array_has_its_own_index(folder: Path) -> None:
    x, y = make((7, 5)), make((6, 3, 2))
    np.savez("a.npz", x=x, y=y)
    by_name = tf_npz.load("a.npz", slices={"x": S[1:3, 2]})
    assert_same(by_name["x"], x[1:3, 2])
    assert_same(by_name["y"], y)
    for slices in ((S[1:3], S[..., 1]), [S[1:3], S[..., 1]]):
        pair = tf_npz.load("a.npz", ("x", "y"), slices=slices)
        assert_same(pair[0], x[1:3])
        assert_same(pair[1], y[..., 1])
    both = tf_npz.load("a.npz", ("x", "y"), slices=S[1:3, :2])
    assert_same(both[0], x[1:3, :2])
    assert_same(both[1], y[1:3, :2])
    spec = (tf.TensorSpec([2, 5], tf.int32), tf.TensorSpec([1, 5], tf.int32))
    twice = tf_npz.load("a.npz", ("x", "x"), slices=[S[:2], S[6:]], element_spec=spec)
    assert_same(twice[0], x[:2])
    assert_same(twice[1], x[6:])
    with pytest.raises(ValueError, match="has two indices for 'x'; pass element_spec as well"):
        tf_npz.load("a.npz", ("x", "x"), slices=[S[:2], S[6:]])
    same = tf_npz.load("a.npz", ("x", "x"), slices=[S[:2], S[0:2]])
    assert_same(same[0], x[:2])
    assert_same(same[1], x[:2])


def test_an_array_and_a_field_of_it_are_cut_alike(folder: Path) -> None:
    x = np.array([(i, 10 * i) for i in range(8)], [("a", "i4"), ("b", "i8")])
    np.savez("a.npz", x=x)
    keys = ("x", tf_npz.Field("x", "a"))
    for slices in ([S[:2], None], [None, S[:2]], [S[:2], S[:3]], [{"b": S[:2]}, S[:2]]):
        with pytest.raises(ValueError, match=r"has two indices for tf_npz\.Field\('x', 'a'\); pass element_spec"):
            tf_npz.element_spec("a.npz", keys, rows=False, slices=slices)
        with pytest.raises(ValueError, match=r"has two indices for tf_npz\.Field\('x', 'a'\)"):
            tf_npz.load("a.npz", keys[::-1], slices=slices[::-1])
    whole, field = tf_npz.load("a.npz", keys, slices=S[2:4])
    assert_same(whole["a"], x["a"][2:4])
    assert_same(field, x["a"][2:4])
    spec = ({"a": tf.TensorSpec([2], tf.int32)}, tf.TensorSpec([8], tf.int32))
    whole, field = tf_npz.load("a.npz", keys, slices=[S[:2], None], element_spec=spec)
    assert_same(whole["a"], x["a"][:2])
    assert_same(field, x["a"])


def test_keys_that_are_no_arrays_are_not_cut(folder: Path) -> None:
    x = make((7, 5))
    np.savez("a.npz", x=x)
    found, length = tf_npz.load("a.npz", ("x", tf_npz.Length("x")), slices=S[2:4])
    assert_same(found, x[2:4])
    assert int(length) == 2
    for row, number, length in tf_npz.NpzReaderDataset("a.npz", ("x", tf_npz.ROW, tf_npz.Length("x")), slices=S[1:4]):
        assert_same(row, x[int(number), 1:4])
        assert int(length) == 3
    with pytest.raises(ValueError, match="leave it out"):
        tf_npz.load("a.npz", ("x", tf_npz.Length("x")), slices=[None, S[2:4]])


def test_fields_of_one_array_may_be_cut_apart(folder: Path) -> None:
    x = np.array([(i, 10 * i) for i in range(8)], [("a", "i4"), ("b", "i8")])
    np.savez("a.npz", x=x)
    found = tf_npz.load("a.npz", "x", slices={"a": S[:3], "b": S[5:]})
    assert_same(found["a"], x["a"][:3])
    assert_same(found["b"], x["b"][5:])


WRONG: dict[str, tuple[Any, str]] = {
    "too many axes": (S[:, :, :, 0], r'a\.npz\["x"\]: has the shape \(7, 5, 4\), but slices has 4 axes, but there are'),
    "an index beyond the end": (S[7], r'a\.npz\["x"\]: .*index 7 for axis 0, which has a length of 7'),
    "an index before the beginning": (S[..., -5], r'a\.npz\["x"\]: .*index -5 for axis 2, which has a length of 4'),
}


@pytest.mark.parametrize(("index", "message"), WRONG.values(), ids=WRONG.keys())
def test_what_an_array_does_not_have_is_an_error_that_names_it(folder: Path, index: Any, message: str) -> None:
    np.savez("a.npz", x=make((7, 5, 4)))
    with pytest.raises(tf.errors.InvalidArgumentError, match=message):
        tf_npz.load("a.npz", "x", slices=index)
    spec = tf.TensorSpec(None, tf.int32)
    with pytest.raises(tf.errors.InvalidArgumentError, match=message):
        tf_npz.load("a.npz", "x", slices=index, element_spec=spec)
    with pytest.raises(tf.errors.InvalidArgumentError, match=message):
        elements(tf_npz.NpzReaderDataset("a.npz", "x", rows=False, slices=index, element_spec=spec))


REFUSED: dict[str, tuple[Any, str]] = {
    "a backward step": (S[::-1], "a step of slices must be at least 1, not -1"),
    "a new axis": (S[None, 1:], "slices"),
    "a float": (S[1.5:], "a start of slices must be an integer, not 1.5"),
    "text": ("1:2", "an index of slices must be an integer"),
    "two ellipses": (S[..., 1, ...], "one Ellipsis at most"),
    "another structure": ({"z": S[1:]}, "slices has 'z'"),
}


@pytest.mark.parametrize(("index", "message"), REFUSED.values(), ids=REFUSED.keys())
def test_impossible_slices_are_refused(folder: Path, index: Any, message: str) -> None:
    np.savez("a.npz", x=make((7, 5, 4)))
    with pytest.raises(ValueError, match=message):
        tf_npz.load("a.npz", slices=index)


def test_an_array_without_dimensions_has_no_axes(folder: Path) -> None:
    np.savez("a.npz", s=np.float32(2), x=make((4, 3)))
    assert float(tf_npz.load("a.npz", "s", slices=...)) == 2
    with pytest.raises(tf.errors.InvalidArgumentError, match=r'\["s"\]: has the shape \(\), but slices has 1 axes'):
        tf_npz.load("a.npz", "s", slices=0)
    with pytest.raises(tf.errors.InvalidArgumentError, match=r'\["s"\]: has the shape'):
        tf_npz.NpzReaderDataset("a.npz", ("x", "s"), slices=S[1:])


# --- In a dataset ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("fortran", [False, True], ids=["C", "Fortran"])
@pytest.mark.parametrize("writer", WRITERS.values(), ids=WRITERS.keys())
@pytest.mark.parametrize("shape", [(9, 5, 4), (50, 40, 60)])
def test_whole_arrays_of_a_dataset_are_cut(folder: Path, shape: Any, writer: Any, fortran: bool) -> None:
    arrays = [make((shape[0] + i, *shape[1:]), fortran=fortran) for i in range(5)]
    for i, array in enumerate(arrays):
        writer(f"{i}.npz", x=array)
    for index in (S[1:6, 2:4, 1:3], S[:4], S[..., -1], S[::2, 0], S[-3:]):
        expected = [array[index] for array in arrays]
        options: dict[str, Any] = {"keys": "x", "rows": False, "slices": index}
        dataset = tf_npz.NpzReaderDataset("*.npz", **options)
        for found, one in zip(dataset, expected, strict=True):
            assert_same(found, one)
        assert len(dataset) == 5
        assert_same(tf.data.experimental.at(dataset, 3), expected[3])
        padded = tf_npz.NpzReaderDataset("*.npz", batch_size=3, padding=7, num_parallel_reads=2, **options)
        assert sum(int(batch.shape[0]) for batch in padded) == 5
        assert_same(next(iter(padded))[0][tuple(map(slice, expected[0].shape))], expected[0])
        halves = [tf_npz.NpzReaderDataset("*.npz", shard=(2, i), **options) for i in range(2)]
        for found, one in zip(elements(halves[0]), expected[::2], strict=True):
            assert_same(found, one)
        low = tf_npz.NpzReaderDataset("*.npz", memory_limit=1, **options)
        for found, one in zip(low, expected, strict=True):
            assert_same(found, one)


def test_crops_of_files_of_different_shapes_have_one_shape(folder: Path) -> None:
    for i in range(20):
        np.save(f"{i}.npy", make((8 + i, 9, 7)))
    dataset = tf_npz.NpzReaderDataset("*.npy", rows=False, slices=S[:8, 1:4, 2], batch_size=4)
    assert dataset.element_spec == tf.TensorSpec([None, 8, 3], tf.int32)
    files = sorted(tf.io.gfile.glob("*.npy"))
    batches = [np.stack([np.load(file)[:8, 1:4, 2] for file in files[i : i + 4]]) for i in range(0, 20, 4)]
    for found, expected in zip(dataset, batches, strict=True):
        assert_same(found, expected)


@pytest.mark.parametrize("fortran", [False, True], ids=["C", "Fortran"])
@pytest.mark.parametrize("writer", WRITERS.values(), ids=WRITERS.keys())
def test_rows_and_windows_are_cut(folder: Path, writer: Any, fortran: bool) -> None:
    arrays = [make((n, 6, 5), fortran=fortran, dtype="f8") for n in (9, 0, 14)]
    for i, array in enumerate(arrays):
        writer(f"{i}.npz", x=array, s=np.int32(i))
    for index in (S[2:4], S[..., 1], S[::2, -1], S[0]):
        options: dict[str, Any] = {"keys": ("x", "s"), "slices": (index, None)}
        expected = [row[index] for array in arrays for row in array]
        dataset = tf_npz.NpzReaderDataset("*.npz", **options)
        assert dataset.element_spec[0] == tf.TensorSpec(expected[0].shape, tf.float64)
        for (found, _), one in zip(dataset, expected, strict=True):
            assert_same(found, one)
        batched = tf_npz.NpzReaderDataset("*.npz", batch_size=4, num_parallel_reads=3, **options)
        assert_same(np.concatenate([batch[0] for batch in batched]), np.stack(expected))
        half = tf_npz.NpzReaderDataset("*.npz", rows=slice(1, None, 2), **options)
        sliced = [row[index] for array in arrays for row in array[1::2]]
        for (found, _), one in zip(half, sliced, strict=True):
            assert_same(found, one)
        windows = tf_npz.NpzReaderDataset("*.npz", window=(3, 1), batch_size=32, **options)
        cut = [np.stack([row[index] for row in a[i : i + 3]]) for a in arrays for i in range(len(a) - 2)]
        assert_same(np.concatenate([batch[0] for batch in windows]), np.stack(cut))


def test_slices_of_a_dataset_must_be_known(folder: Path) -> None:
    np.save("a.npy", make((9, 5)))
    spec = tf.TensorSpec([None], tf.int32)

    @tf.function
    def read(bound: tf.Tensor) -> tf.Tensor:
        dataset = tf_npz.NpzReaderDataset("a.npy", slices=S[:bound], element_spec=spec)
        return dataset.reduce(0, lambda count, _: count + 1)

    with pytest.raises(ValueError, match="slices of a dataset must hold ints"):
        read(tf.constant(3))


def test_a_saved_data_set_holds_the_parts(folder: Path) -> None:
    x = make((9, 5))
    np.save("a.npy", x)
    tf_npz.NpzReaderDataset("a.npy", slices=S[1:3], window=(2, 3)).save("saved")
    Path("a.npy").unlink()
    for found, i in zip(tf.data.Dataset.load("saved"), (0, 3, 6), strict=True):
        assert_same(found, x[i : i + 2, 1:3])


# --- Symbolic bounds -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("bound", [2**63, 2**64 - 1])
def test_a_symbolic_bound_beyond_int64_lies_behind_the_array(folder: Path, bound: int) -> None:
    np.save("a.npy", np.arange(4))

    @tf.function
    def from_bound(start: tf.Tensor) -> tf.Tensor:
        return tf_npz.load("a.npy", element_spec=tf.TensorSpec([None], tf.int64), slices=S[start:])

    @tf.function
    def at_bound(index: tf.Tensor) -> tf.Tensor:
        return tf_npz.load("a.npy", element_spec=tf.TensorSpec([], tf.int64), slices=S[index])

    assert from_bound(tf.constant(bound, tf.uint64)).numpy().tolist() == []
    assert from_bound(tf.constant(3, tf.uint64)).numpy().tolist() == [3]
    with pytest.raises(tf.errors.InvalidArgumentError, match=r"a\.npy"):
        at_bound(tf.constant(bound, tf.uint64))


def test_bounds_may_be_symbolic(folder: Path) -> None:
    x = make((30, 20, 10))
    np.save("a.npy", x)
    rng = np.random.default_rng(0)
    corners = [[int(rng.integers(0, n - 6)) for n in x.shape] for _ in range(20)]
    spec = tf_npz.element_spec("a.npy", rows=False, slices=S[:6, :6, 0])
    assert spec == tf.TensorSpec([6, 6], tf.int32)

    def crop(corner: tf.Tensor) -> tf.Tensor:
        a, b, c = tf.unstack(tf.cast(corner, tf.int32), num=3)
        return tf_npz.load("a.npy", slices=S[a : a + 6, b : b + 6, c], element_spec=spec)

    dataset = tf.data.Dataset.from_tensor_slices(corners).map(crop, num_parallel_calls=2)
    assert dataset.element_spec == spec
    for found, (a, b, c) in zip(dataset, corners, strict=True):
        assert_same(found, x[a : a + 6, b : b + 6, c])

    @tf.function(input_signature=[tf.TensorSpec([], tf.int64)] * 2)
    def without_spec(first: tf.Tensor, last: tf.Tensor) -> tf.Tensor:
        part = tf_npz.load("a.npy", slices=S[first, 3:5, :last:2])
        assert part.shape.as_list() == [2, None]
        return part

    assert_same(without_spec(-2, 7), x[-2, 3:5, :7:2])
    assert_same(without_spec(0, 0), x[0, 3:5, :0:2])
    with pytest.raises(tf.errors.InvalidArgumentError, match="index 30 for axis 0"):
        without_spec(30, 7)


def test_eager_tensors_are_numbers(folder: Path) -> None:
    x = make((30, 20))
    np.savez_compressed("a.npz", x=x)
    found = tf_npz.load("a.npz", "x", slices=S[tf.constant(3) : tf.constant(9), np.int64(2)])
    assert_same(found, x[3:9, 2])
    contents = tf.constant(npz_bytes(x=x))
    assert_same(tf_npz.decode(contents, "x", slices=S[tf.constant(-3) :]), x[-3:])


# --- Bytes that are read ---------------------------------------------------------------------------------------------


def read_by(action: Callable[[], Any]) -> int:
    before = bytes_read()
    action()
    return bytes_read() - before


@pytest.mark.parametrize("fortran", [False, True], ids=["C", "Fortran"])
@pytest.mark.parametrize("writer", [np.save, np.savez], ids=["npy", "npz"])
def test_a_crop_of_a_stored_volume_reads_little_more_than_the_crop(folder: Path, writer: Any, fortran: bool) -> None:
    x = make((128, 128, 128), fortran=fortran, dtype="f4")
    writer("a", x)
    file = "a.npy" if writer is np.save else "a.npz"
    keys = None if writer is np.save else "arr_0"
    index = S[10:42, 50:82, 90:122]
    tf_npz.load(file, keys, slices=S[:1, :1, :1])
    read = read_by(lambda: assert_same(tf_npz.load(file, keys, slices=index), x[index]))
    # The directory of an archive is in the last 64 KiB.
    assert read < 1.1 * x[index].nbytes + 150_000


# An index of an array of 4 bytes an item and of shape (200, 64, 256), and the bytes that may be read for each run.
NARROW: dict[str, tuple[Any, int]] = {
    "an index of the last axis": (S[100:164, ..., 10], 1024),
    "three of the last axis": (S[100:164, ..., 10:13], 1024),
    "runs of 64 bytes": (S[100:164, ..., 10:26], 64),
    "runs of 512 bytes": (S[100:164, :32, :128], 1024),
}


@pytest.mark.parametrize(("index", "most"), NARROW.values(), ids=NARROW.keys())
def test_a_narrow_crop_reads_no_gap_that_is_longer_than_promised(folder: Path, index: Any, most: int) -> None:
    x = make((200, 64, 256), dtype="f4")
    np.save("a.npy", x)
    tf_npz.load("a.npy", slices=S[:1, :1, :1])
    runs = x[index].nbytes // x[:1, :1, index[-1]].nbytes
    read = read_by(lambda: assert_same(tf_npz.load("a.npy", slices=index), x[index]))
    assert x[index].nbytes <= read < runs * most + 10_000


def test_a_compressed_part_is_not_decoded_further_than_it_reaches(folder: Path) -> None:
    x = random_array((1000, 10_000), "u1")
    np.savez_compressed("a.npz", x=x)
    tf_npz.load("a.npz", "x", slices=S[:1])
    assert read_by(lambda: tf_npz.load("a.npz", "x", slices=S[5:100, 3:7])) < 0.2 * x.nbytes


# --- Graphs of earlier versions --------------------------------------------------------------------------------------


def test_a_graph_without_slices_still_runs(folder: Path) -> None:
    np.save("a.npy", np.arange(5))

    @tf.function(input_signature=[tf.TensorSpec([], tf.string)])
    def read(name: tf.Tensor) -> tf.Tensor:
        return tf_npz.load(name, element_spec=tf.TensorSpec([None], tf.int64))

    definition = read.get_concrete_function().graph.as_graph_def()
    node = next(node for node in definition.node if node.op == "NpzLoad")
    assert len(node.input) == 3
    # As it was before there were slices.
    for attribute in ("Nslices", "slice_axes"):
        del node.attr[attribute]
    with tf.Graph().as_default() as graph:
        tf.import_graph_def(definition, name="")
        name, outputs = graph.get_tensor_by_name("name:0"), graph.get_tensor_by_name(f"{node.name}:0")
        with tf.compat.v1.Session(graph=graph) as session:
            assert session.run(outputs, {name: "a.npy"}).tolist() == [0, 1, 2, 3, 4]
