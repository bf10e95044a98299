"""Slices of rows, and windows over rows, against NumPy and tf.data in memory."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
import tf_npz
from testing import HAS_GLOBAL_SHUFFLE, elements, global_shuffle, npz_bytes, random_array
from watching import bytes_read, plain

LENGTHS = [7, 0, 23, 1, 12]
STRUCT = np.dtype([("a", "<i2"), ("b", ">f8", (2,))])
ARRAYS: dict[str, Callable[[int, int], np.ndarray]] = {
    "numbers": lambda n, i: np.arange(n * 3, dtype="f4").reshape(n, 3) + 1000 * i,
    "scalars": lambda n, i: np.arange(n, dtype=">i8") + 1000 * i,
    "Fortran": lambda n, i: np.asfortranarray(np.arange(n * 6, dtype=">i4").reshape(n, 2, 3) + 1000 * i),
    "text": lambda n, i: np.array([f"ü{i} {k}" for k in range(n)], "U8"),
    "dates": lambda n, i: np.arange(n).astype("M8[D]") + 10 * i,
    "structures": lambda n, i: np.array([(k, (i, k)) for k in range(n)], STRUCT),
    "no items": lambda n, i: np.zeros((n, 0), "f4"),
}
WRITERS: dict[str, Callable[..., None]] = {"stored": np.savez, "compressed": np.savez_compressed}
SLICES = [
    slice(2, None),
    slice(None, -2),
    slice(-5, -1),
    slice(1, 9, 3),
    slice(None, None, 2),
    slice(3, 3),
    slice(100, 200),
    slice(-100, 100, 4),
    slice(0, None),
]
# (size, shift, stride), and what tf_npz takes for it.
WINDOWS: list[tuple[tuple[int, int, int], Any]] = [
    ((4, 4, 1), 4),
    ((4, 1, 1), (4, 1)),
    ((3, 2, 2), (3, 2, 2)),
    ((5, 3, 1), tf_npz.Window(5, shift=3)),
    ((2, 7, 1), (2, 7)),
    ((2, 9, 4), tf_npz.Window(2, shift=9, stride=4)),
    ((1, 2, 1), (1, 2)),
    ((3, 3, 3), (3, 3, 3)),
    ((2, 3, 2), [2, 3, 2]),
    ((23, 1, 1), (23, 1)),
]


def save(make: Callable[[int, int], np.ndarray], writer: Callable[..., None], lengths: list[int] = LENGTHS) -> None:
    for i, length in enumerate(lengths):
        writer(f"{i}.npz", x=make(length, i))


def arrays(make: Callable[[int, int], np.ndarray], lengths: list[int] = LENGTHS) -> list[np.ndarray]:
    return [make(length, i) for i, length in enumerate(lengths)]


def windows_of(array: np.ndarray, size: int, shift: int, stride: int) -> list[np.ndarray]:
    reach = (size - 1) * stride + 1
    return [array[first : first + reach : stride] for first in range(0, len(array) - reach + 1, shift)]


def as_tensor(value: np.ndarray) -> Any:
    """What `value` is as a tensor, as nested lists."""
    if value.dtype.names:
        return {name: as_tensor(value[name]) for name in value.dtype.names}
    if value.dtype.kind == "U":
        return np.char.encode(value, "utf-8").tolist()
    return value.astype("i8").tolist() if value.dtype.kind == "M" else value.tolist()


def as_lists(element: Any) -> Any:
    if isinstance(element, dict):
        return {name: as_lists(value) for name, value in element.items()}
    return element if isinstance(element, bytes) else element.tolist()


def read(dataset: tf.data.Dataset) -> list[Any]:
    return [as_lists(element) for element in dataset.as_numpy_iterator()]


def unbatched(dataset: tf.data.Dataset) -> list[Any]:
    """`Dataset.unbatch` ends the process if elements have no items."""
    return [row for batch in dataset.as_numpy_iterator() for row in rows_of(as_lists(batch))]


def rows_of(batch: Any) -> list[Any]:
    if not isinstance(batch, dict):
        return list(batch)
    columns = [rows_of(column) for column in batch.values()]
    return [dict(zip(batch, row, strict=True)) for row in zip(*columns, strict=True)]


def in_every_form(expected: list[Any], **options: Any) -> None:
    """Rows, batches, shares, skips, numbers of threads, random access and the length agree with `expected`."""
    dataset = tf_npz.NpzReaderDataset("*.npz", "x", **options)
    assert len(dataset) == len(expected)
    spec = dataset.element_spec
    assert spec == tf_npz.element_spec("*.npz", "x", rows=options.get("rows", True), window=options.get("window"))
    assert read(tf_npz.NpzReaderDataset("*.npz", "x", num_parallel_reads=8, **options)) == expected
    no_threads = tf_npz.NpzReaderDataset("*.npz", "x", batch_size=4, **options)
    assert unbatched(plain(no_threads)) == expected
    assert len(no_threads) == -(-len(expected) // 4)
    assert read(tf_npz.NpzReaderDataset("*.npz", "x", memory_limit=1, **options)) == expected
    shares = [tf_npz.NpzReaderDataset("*.npz", "x", shard=(3, i), **options) for i in range(3)]
    assert [element for share in shares for element in read(share)] == expected
    for count in (1, len(expected) // 2, len(expected)):
        assert read(dataset.skip(count)) == expected[count:]
    for number in range(0, len(expected), 7):
        assert (
            as_lists(tf.nest.map_structure(lambda t: t.numpy(), tf.data.experimental.at(dataset, number)))
            == (expected[number])
        )
    symbolic = tf.data.Dataset.from_tensor_slices(sorted(str(path) for path in Path().glob("*.npz"))).flat_map(
        lambda f: tf_npz.NpzReaderDataset(f, "x", element_spec=spec, **options)
    )
    assert read(symbolic) == expected


@pytest.mark.parametrize("writer", WRITERS.values(), ids=WRITERS.keys())
@pytest.mark.parametrize("make", ARRAYS.values(), ids=ARRAYS.keys())
def test_a_slice_takes_rows_of_each_file_as_python_does(folder: Path, make: Any, writer: Any) -> None:
    save(make, writer)
    for number, rows in enumerate(SLICES):
        expected = [as_tensor(row) for array in arrays(make) for row in array[rows]]
        if number < 4:
            in_every_form(expected, rows=rows)
        assert read(tf_npz.NpzReaderDataset("*.npz", "x", rows=rows)) == expected


@pytest.mark.parametrize("writer", WRITERS.values(), ids=WRITERS.keys())
@pytest.mark.parametrize("make", ARRAYS.values(), ids=ARRAYS.keys())
def test_windows_are_those_of_each_file(folder: Path, make: Any, writer: Any) -> None:
    save(make, writer)
    for number, (numbers, window) in enumerate(WINDOWS):
        expected = [as_tensor(part) for array in arrays(make) for part in windows_of(array, *numbers)]
        if number < 4:
            in_every_form(expected, window=window)
        assert read(tf_npz.NpzReaderDataset("*.npz", "x", window=window)) == expected


@pytest.mark.parametrize("writer", WRITERS.values(), ids=WRITERS.keys())
def test_windows_go_over_the_rows_of_a_slice(folder: Path, writer: Any) -> None:
    make = ARRAYS["numbers"]
    save(make, writer)
    for rows in (slice(2, -1), slice(None, None, 2), slice(1, None, 3)):
        for numbers, window in WINDOWS[:5]:
            expected = [as_tensor(part) for array in arrays(make) for part in windows_of(array[rows], *numbers)]
            if expected:
                in_every_form(expected, rows=rows, window=window)


@pytest.mark.parametrize(("numbers", "window"), WINDOWS[:8])
def test_windows_equal_those_of_tf_data(folder: Path, numbers: tuple[int, int, int], window: Any) -> None:
    save(ARRAYS["numbers"], np.savez)
    size, shift, stride = numbers
    expected = []
    for array in arrays(ARRAYS["numbers"]):
        source = tf.data.Dataset.from_tensor_slices(array)
        windows = source.window(size, shift=shift, stride=stride, drop_remainder=True)
        expected += read(windows.flat_map(lambda part: part.batch(size, drop_remainder=True)))
    assert read(tf_npz.NpzReaderDataset("*.npz", "x", window=window)) == expected


@pytest.mark.parametrize("writer", WRITERS.values(), ids=WRITERS.keys())
@pytest.mark.parametrize("window", [(300, 1), (300, 100), (300, 100, 7), (3, 1000), (2000, 1999)])
def test_windows_of_long_files_are_right_in_batches(folder: Path, window: tuple[int, ...], writer: Any) -> None:
    lengths = [20_000, 7_001]
    save(lambda n, i: random_array([n, 5], "i2", i), writer, lengths)
    size, shift, stride = tf_npz.Window(*window)
    assert shift is not None
    expected = np.concatenate(
        [windows_of(random_array([n, 5], "i2", i), size, shift, stride) for i, n in enumerate(lengths)]
    )
    for threads in (1, 2):
        dataset = tf_npz.NpzReaderDataset("*.npz", "x", batch_size=32, window=window, num_parallel_reads=threads)
        found = np.concatenate(list(dataset.as_numpy_iterator()))
        assert found.tobytes() == expected.tobytes()
        assert found.shape == expected.shape


def test_casts_and_padding_apply_to_windows(folder: Path) -> None:
    lengths = [5, 6]
    for i, length in enumerate(lengths):
        np.savez(f"{i}.npz", x=np.arange(length * (i + 1), dtype="i2").reshape(length, i + 1))
    dataset = tf_npz.NpzReaderDataset("*.npz", "x", window=(2, 1), dtypes="float32", batch_size=16, padding=-1)
    windows = [
        np.pad(part, ((0, 0), (0, 1 - i)), constant_values=-1)
        for i, length in enumerate(lengths)
        for part in windows_of(np.arange(length * (i + 1)).reshape(length, i + 1), 2, 1, 1)
    ]
    assert read(dataset) == [np.array(windows, "f4").tolist()]
    assert dataset.element_spec == tf.TensorSpec([None, 2, None], tf.float32)


def test_an_array_without_dimensions_is_a_scalar_for_each_window(folder: Path) -> None:
    np.savez("a.npz", x=np.arange(7), rate=np.float32(250))
    dataset = tf_npz.NpzReaderDataset("a.npz", ("x", "rate"), window=(3, 2))
    assert [(x.tolist(), float(rate)) for x, rate in dataset.as_numpy_iterator()] == [
        ([0, 1, 2], 250),
        ([2, 3, 4], 250),
        ([4, 5, 6], 250),
    ]


def test_a_row_number_is_that_of_the_first_row_of_an_element(folder: Path) -> None:
    for i, length in enumerate((7, 12)):
        np.savez(f"{i}.npz", x=np.arange(length))
    forms: list[dict[str, Any]] = [
        {"rows": slice(1, None, 3)},
        {"rows": slice(-2, None)},
        {"window": (3, 2)},
        {"window": (2, 2, 2)},
        {"rows": slice(1, -1, 2), "window": (2, 1)},
        {"window": (8, 3)},
        {"rows": slice(5, 2)},
    ]
    for options in forms:
        keys = ("x", tf_npz.ROW, tf_npz.FILENAME)
        for batch in tf_npz.NpzReaderDataset("*.npz", keys, batch_size=4, **options).as_numpy_iterator():
            first = batch[0] if batch[0].ndim == 1 else batch[0][:, 0]
            assert batch[1].tolist() == first.tolist()
        assert len(tf_npz.NpzReaderDataset("*.npz", keys, **options)) == (
            len(tf_npz.NpzReaderDataset("*.npz", "x", **options))
        )


def test_arrays_must_agree_in_length_before_they_are_cut(folder: Path) -> None:
    np.savez("a.npz", x=np.arange(7), y=np.arange(8))
    with pytest.raises(tf.errors.InvalidArgumentError, match=r'"x" has 7 rows, "y" has 8'):
        elements(tf_npz.NpzReaderDataset("a.npz", ("x", "y"), rows=slice(0, 3)))


@pytest.mark.parametrize("writer", WRITERS.values(), ids=WRITERS.keys())
@pytest.mark.parametrize("options", [{"rows": slice(1, None, 2)}, {"window": (3, 1)}, {"window": 4, "batch_size": 2}])
def test_an_iterator_goes_on_from_a_checkpoint(folder: Path, options: dict[str, Any], writer: Any) -> None:
    save(ARRAYS["numbers"], writer)
    dataset = tf_npz.NpzReaderDataset("*.npz", "x", **options)
    expected = read(dataset)
    for count in range(len(expected)):
        iterator = iter(dataset)
        for _ in range(count):
            next(iterator)
        path = tf.train.Checkpoint(iterator=iterator).write(str(folder / "saved"))
        restored = iter(dataset)
        tf.train.Checkpoint(iterator=restored).read(path)
        assert [element.numpy().tolist() for element in restored] == expected[count:]


@pytest.mark.skipif(not HAS_GLOBAL_SHUFFLE, reason="this TensorFlow has no global shuffle")
@pytest.mark.parametrize("options", [{"rows": slice(1, None, 2)}, {"window": (3, 1)}])
def test_the_global_shuffle_gives_each_element_once(folder: Path, options: dict[str, Any]) -> None:
    save(ARRAYS["scalars"], np.savez)
    dataset = tf_npz.NpzReaderDataset("*.npz", "x", **options)
    shuffled = read(global_shuffle(dataset, seed=1))
    assert sorted(shuffled) == sorted(read(dataset))


def test_no_window_is_an_error_of_the_constructor(folder: Path) -> None:
    save(ARRAYS["numbers"], np.savez)
    with pytest.raises(ValueError, match=r"window=\(9, 1, 3\) needs 25 rows in a file, but no file has as many"):
        tf_npz.NpzReaderDataset("*.npz", "x", window=(9, 1, 3))
    with pytest.raises(ValueError, match=r"needs 5 rows in a file, but rows leaves fewer in each file.*smaller window"):
        tf_npz.NpzReaderDataset("*.npz", "x", rows=slice(0, 3), window=5)
    assert read(tf_npz.NpzReaderDataset("*.npz", "x", rows=slice(1000, None))) == []
    spec = tf_npz.element_spec("*.npz", "x", window=30)
    assert spec == tf.TensorSpec([30, 3], tf.float32)
    assert read(tf_npz.NpzReaderDataset("*.npz", "x", window=30, element_spec=spec)) == []


def test_a_window_of_another_shape_is_named(folder: Path) -> None:
    np.save("a.npy", np.zeros((9, 3)))
    spec = tf.TensorSpec([5, 3], tf.float64)
    message = r"a\.npy: holds windows of float64 \(4, 3\), but element_spec says float64 \(5, 3\)"
    with pytest.raises(tf.errors.InvalidArgumentError, match=message):
        elements(tf_npz.NpzReaderDataset("a.npy", window=4, element_spec=spec))
    message = r"a\.npy: holds a part of an array of float64 \(2, 3\), but element_spec says"
    with pytest.raises(tf.errors.InvalidArgumentError, match=message):
        tf_npz.load("a.npy", slices=slice(0, 2), element_spec=spec)


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "a backward step": ({"rows": slice(None, None, -1)}, "the step of rows must be at least 1, not -1"),
    "a float": ({"rows": slice(0.5, None)}, "the start of rows must be an integer, not 0.5"),
    "no rows in a window": ({"window": 0}, "the size of window must be at least 1, not 0"),
    "no shift": ({"window": (2, 0)}, "the shift of window must be at least 1, not 0"),
    "no stride": ({"window": (2, 1, 0)}, "the stride of window must be at least 1"),
    "too many numbers": ({"window": (1, 2, 3, 4)}, r"window must be a size, or \(size, shift, stride\)"),
    "text": ({"window": "4"}, "the size of window must be an integer"),
    "windows over whole arrays": ({"window": 4, "rows": False}, "window=4 needs rows"),
}


@pytest.mark.parametrize(("options", "message"), REFUSED.values(), ids=REFUSED.keys())
def test_impossible_parts_are_refused(folder: Path, options: dict[str, Any], message: str) -> None:
    np.savez("a.npz", x=np.arange(7))
    with pytest.raises(ValueError, match=message):
        tf_npz.NpzReaderDataset("a.npz", "x", **options)
    with pytest.raises(ValueError, match=message):
        tf_npz.element_spec("a.npz", "x", **options)


@pytest.mark.parametrize("number", [1 << 62, (1 << 63) - 1, 1 << 70])
def test_numbers_beyond_any_array_are_no_windows(folder: Path, number: int) -> None:
    np.savez("a.npz", x=np.zeros((7, 0, 3)))
    assert len(tf_npz.NpzReaderDataset("a.npz", "x", rows=slice(-number, number, number))) == 1
    assert len(tf_npz.NpzReaderDataset("a.npz", "x", window=(2, number))) == 1
    for window in ((number, 1), (2, 1, number)):
        with pytest.raises(ValueError, match="pass a smaller window"):
            tf_npz.NpzReaderDataset("a.npz", "x", window=window)


def test_a_window_that_no_memory_holds_is_the_callers_mistake(folder: Path) -> None:
    np.save("a.npy", np.zeros(7))
    spec = tf.TensorSpec([None], tf.float64)
    with pytest.raises(ValueError, match="is longer than any array; pass a smaller window"):
        tf_npz.NpzReaderDataset("a.npy", window=(1 << 62, 1, 4), element_spec=spec)
    with pytest.raises(tf.errors.InvalidArgumentError, match="rows is larger than any memory; pass a smaller window"):
        elements(tf_npz.NpzReaderDataset("a.npy", window=1 << 61, element_spec=spec))


@pytest.mark.parametrize("rows", [None, 5, 1, "x", [0, 2], (0, 2), range(3), 0.5])
def test_rows_is_a_bool_or_a_slice(folder: Path, rows: Any) -> None:
    np.savez("a.npz", x=np.arange(7))
    for read_rows in (tf_npz.NpzReaderDataset, tf_npz.element_spec):
        with pytest.raises(TypeError, match=r"rows must be True, False or a slice such as slice\(10, 20\), not"):
            read_rows("a.npz", "x", rows=rows)
    assert len(tf_npz.NpzReaderDataset("a.npz", "x", rows=np.bool_(False))) == 1


@pytest.mark.parametrize("options", [{"window": (2, 100)}, {"window": (2, 4), "rows": slice(0, None, 100)}])
def test_little_is_read_between_windows_that_lie_apart(folder: Path, options: dict[str, Any]) -> None:
    x = random_array([100_000, 8], "f4")
    np.save("a.npy", x)
    dataset = tf_npz.NpzReaderDataset("a.npy", batch_size=16, **options)
    before = bytes_read()
    found = np.concatenate(list(dataset.as_numpy_iterator()))
    read_bytes = bytes_read() - before
    expected = np.stack(windows_of(x[options.get("rows", slice(None))], *options["window"], 1))
    assert found.tobytes() == expected.tobytes()
    assert read_bytes < 2 * expected.nbytes + 70_000


@pytest.mark.parametrize("writer", WRITERS.values(), ids=WRITERS.keys())
def test_damage_within_windows_is_found(folder: Path, writer: Any) -> None:
    x = random_array([40_000], "i8")
    contents = bytearray(npz_bytes(writer, x=x))
    contents[len(contents) // 2] ^= 1
    Path("a.npz").write_bytes(contents)
    dataset = tf_npz.NpzReaderDataset("a.npz", "x", window=(8, 3), batch_size=64)
    with pytest.raises(tf.errors.DataLossError, match=r'a\.npz\["x"\]'):
        elements(dataset)
