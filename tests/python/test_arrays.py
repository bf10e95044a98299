"""tf_npz.ARRAY and ARRAY_NAME: each array is an element. Compared with NumPy, and with datasets in memory."""

import json
import subprocess
import sys
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
import tf_npz
from pipelines import restore, save, symbolic, take
from testing import (
    HAS_GLOBAL_SHUFFLE,
    assert_gives,
    assert_same,
    elements,
    global_shuffle,
    npy_bytes,
    random_array,
    zip_bytes,
)
from watching import assert_ends_all_threads, open_files, plain

THREADS = (1, 2, 8)
SAVES: dict[str, Callable[..., None]] = {"stored": np.savez, "deflated": np.savez_compressed}


def save_archives(write: Callable[..., None] = np.savez, counts: tuple[int, ...] = (7, 0, 1, 30)) -> list[str]:
    """Archives of features [n, 3] of different lengths, and an .npy behind them."""
    files = []
    for i, count in enumerate(counts):
        files.append(f"{i}.npz")
        write(files[-1], **{f"u{i}-{j}": random_array([(j * 5 + i) % 9, 3], "f4", j) for j in range(count)})
    np.save("last.npy", random_array([4, 3], "f4"))
    return [*files, "last.npy"]


def numpy_arrays(files: list[str]) -> list[np.ndarray]:
    """What a loop over np.load gives."""
    arrays = []
    for file in files:
        loaded = np.load(file)
        arrays += [loaded] if isinstance(loaded, np.ndarray) else [loaded[name] for name in loaded.files]
    return arrays


@pytest.fixture(params=SAVES.values(), ids=SAVES.keys())
def files(request: pytest.FixtureRequest, folder: Path) -> list[str]:
    return save_archives(request.param)


def reader(files: Any, **options: Any) -> tf.data.Dataset:
    return plain(tf_npz.NpzReaderDataset(files, **{"keys": tf_npz.ARRAY, "rows": False, **options}))


def in_memory(arrays: list[np.ndarray], shape: tuple[int | None, ...] = (None, 3)) -> tf.data.Dataset:
    return tf.data.Dataset.from_generator(lambda: iter(arrays), output_signature=tf.TensorSpec(shape, tf.float32))


# --- The forms -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("threads", THREADS)
def test_each_array_is_an_element(files: list[str], threads: int) -> None:
    dataset = reader(files, num_parallel_reads=threads)
    assert dataset.element_spec == tf.TensorSpec([None, 3], tf.float32)
    assert_gives(dataset, numpy_arrays(files))
    assert_gives(dataset.repeat(2), numpy_arrays(files) * 2)


@pytest.mark.parametrize("threads", THREADS)
@pytest.mark.parametrize("drop_remainder", [False, True], ids=["all", "full"])
@pytest.mark.parametrize("size", [1, 4, 100])
def test_padded_batches(files: list[str], threads: int, size: int, *, drop_remainder: bool) -> None:
    options = {"batch_size": size, "drop_remainder": drop_remainder}
    dataset = reader(files, padding=-1, num_parallel_reads=threads, **options)
    expected = in_memory(numpy_arrays(files)).padded_batch(size, padding_values=-1.0, drop_remainder=drop_remainder)
    assert_gives(dataset, elements(expected))


@pytest.mark.parametrize("threads", THREADS)
@pytest.mark.parametrize("options", [{}, {"batch_size": 7}, {"batch_size": 16, "drop_remainder": True}], ids=str)
@pytest.mark.parametrize("write", SAVES.values(), ids=SAVES.keys())
def test_arrays_of_one_shape(folder: Path, write: Callable[..., None], threads: int, options: dict[str, Any]) -> None:
    names = [f"{i}.npz" for i in range(3)]
    for i, name in enumerate(names):
        write(name, *[random_array([50, 3], "f4", 100 * i + j) for j in range(200)])
    dataset = reader(names, num_parallel_reads=threads, **options)
    expected = tf.data.Dataset.from_tensor_slices(np.stack(numpy_arrays(names)))
    if options:
        expected = expected.batch(**options)
    assert_gives(dataset, elements(expected))


def test_padded_shapes_and_dtypes(files: list[str]) -> None:
    dataset = reader(files, batch_size=4, padded_shapes=(9, None), dtypes="float64")
    with np.errstate(invalid="ignore"):  # of NaNs
        arrays = [array.astype("f8") for array in numpy_arrays(files)]
    expected = tf.data.Dataset.from_generator(
        lambda: iter(arrays), output_signature=tf.TensorSpec([None, 3], tf.float64)
    )
    assert_gives(dataset, elements(expected.padded_batch(4, (9, None))))


@pytest.mark.parametrize("threads", THREADS)
@pytest.mark.parametrize("options", [{}, {"batch_size": 6}, {"shard": (2, 1)}], ids=str)
def test_rows_of_each_array_come_one_after_another(files: list[str], threads: int, options: dict[str, Any]) -> None:
    rows = np.concatenate(numpy_arrays(files))
    if "shard" in options:
        rows = rows[(len(rows) + 1) // 2 :]
    expected = tf.data.Dataset.from_tensor_slices(rows)
    if "batch_size" in options:
        expected = expected.batch(options["batch_size"])
    assert_gives(reader(files, rows=True, num_parallel_reads=threads, **options), elements(expected))


@pytest.mark.parametrize("count", [2, 3, 5, 50])
def test_shards_are_disjoint_and_complete(files: list[str], count: int) -> None:
    arrays = numpy_arrays(files)
    for index in range(count):
        share = reader(files, shard=(count, index))
        assert_same(elements(share), arrays[index::count])
        assert share.cardinality() == len(arrays[index::count])


@pytest.mark.parametrize("options", [{}, {"batch_size": 4, "padding": 0}, {"shard": (3, 1)}], ids=str)
def test_len_at_and_skip(files: list[str], options: dict[str, Any]) -> None:
    dataset = reader(files, **options)
    expected = elements(dataset)
    assert len(dataset) == len(expected)
    at = tf.data.experimental.at
    assert_same([at(dataset, i).numpy() for i in range(len(expected))], expected)
    with pytest.raises(tf.errors.OutOfRangeError):
        at(dataset, len(expected))
    assert_same(elements(plain(dataset.skip(3).take(4))), expected[3:7])


def test_a_long_skip_reads_little(folder: Path) -> None:
    np.savez("f.npz", *[np.float32([i]) for i in range(6000)])
    assert_same(elements(plain(reader("f.npz").skip(5990))), [np.float32([i]) for i in range(5990, 6000)])


@pytest.mark.skipif(not HAS_GLOBAL_SHUFFLE, reason="TensorFlow has a global shuffle since 2.17")
def test_the_global_shuffle_gives_each_array_once(files: list[str]) -> None:
    shuffled = elements(global_shuffle(tf_npz.NpzReaderDataset(files, tf_npz.ARRAY, rows=False), seed=1))
    assert sorted(map(npy_bytes, shuffled)) == sorted(map(npy_bytes, numpy_arrays(files)))
    assert [a.tobytes() for a in shuffled] != [a.tobytes() for a in numpy_arrays(files)]


@pytest.mark.parametrize("is_symbolic", [False, True], ids=["explicit", "symbolic"])
@pytest.mark.parametrize("options", [{}, {"batch_size": 4, "padding": 0}, {"shard": (2, 1)}, {"rows": True}], ids=str)
def test_checkpoints_at_each_element(files: list[str], options: dict[str, Any], *, is_symbolic: bool) -> None:
    dataset = symbolic(reader(files, **options), is_symbolic)
    expected = elements(dataset)
    for taken in (0, 1, len(expected) // 2, len(expected)):
        iterator = iter(dataset)
        assert_same(take(iterator, taken), expected[:taken])
        restored = restore(dataset, save(iterator))
        assert_same(take(restored, len(expected) - taken), expected[taken:])


def test_a_checkpoint_over_other_arrays_is_an_error(folder: Path) -> None:
    np.savez("f.npz", a=np.float32([1]), b=np.float32([2]), c=np.float32([3]))
    iterator = iter(reader("f.npz"))
    take(iterator, 1)
    saved = save(iterator)
    np.savez("f.npz", a=np.float32([1]), x=np.float32([2]), c=np.float32([3]))
    with pytest.raises(tf.errors.InvalidArgumentError, match="the checkpoint is of an iterator"):
        restore(reader("f.npz"), saved)


def test_inside_interleave(files: list[str]) -> None:
    spec = tf_npz.element_spec(files, tf_npz.ARRAY, rows=False)
    dataset = tf.data.Dataset.from_tensor_slices(files).interleave(
        lambda f: tf_npz.NpzReaderDataset(f, tf_npz.ARRAY, rows=False, element_spec=spec), cycle_length=1
    )
    assert_same(elements(dataset), numpy_arrays(files))


def test_keys_give_the_structure(folder: Path) -> None:
    np.savez("f.npz", a=np.float32([1, 2]), b=np.float32([3]))
    for keys, element in (
        ({"x": tf_npz.ARRAY}, lambda x: {"x": x}),
        ((tf_npz.ARRAY, tf_npz.ARRAY), lambda x: (x, x)),
        ([tf_npz.ARRAY], lambda x: (x,)),
    ):
        dataset = tf_npz.NpzReaderDataset("f.npz", keys, rows=False)
        assert_same(elements(dataset), [element(np.float32([1, 2])), element(np.float32([3]))])


@pytest.mark.parametrize("options", [{}, {"batch_size": 2}], ids=str)
def test_structured_arrays_and_strings(folder: Path, options: dict[str, Any]) -> None:
    events = [np.array([(i, 0.5)], [("id", "<u4"), ("x", "<f4")]) for i in range(4)]
    np.savez("events.npz", *events)
    got = elements(reader("events.npz", **options))
    fields = [{"id": e["id"], "x": e["x"]} for e in events]
    if options:
        fields = [
            {name: np.stack([f[name] for f in fields[i : i + 2]]) for name in ("id", "x")} for i in range(0, 4, 2)
        ]
    assert_same(got, fields)
    some = tf_npz.NpzReaderDataset(
        "events.npz", tf_npz.ARRAY, rows=False, element_spec={"x": tf.TensorSpec([1], tf.float32)}
    )
    assert_same(elements(some), [{"x": e["x"]} for e in events])
    np.savez("words.npz", np.array(["a", "bcd"]), np.array(["e"]))
    assert_same(elements(reader("words.npz")), [np.array([b"a", b"bcd"], object), np.array([b"e"], object)])


def test_the_dataset_is_serialised_and_read_by_another_process(folder: Path) -> None:
    files = save_archives()

    class Module(tf.Module):
        @tf.function(input_signature=[tf.TensorSpec([None], tf.string)])
        def total(self, names: tf.Tensor) -> tf.Tensor:
            spec = tf.TensorSpec([None, 3], tf.float32)
            dataset = tf_npz.NpzReaderDataset(names, tf_npz.ARRAY, rows=False, element_spec=spec)
            return dataset.reduce(tf.constant(0, tf.int64), lambda n, x: n + tf.size(x, tf.int64))

    tf.saved_model.save(Module(), "exported")
    code = (
        "import json, sys, tensorflow as tf, tf_npz\n"
        "print(int(tf.saved_model.load('exported').total(tf.constant(json.loads(sys.argv[1])))))"
    )
    run = subprocess.run(
        [sys.executable, "-c", code, json.dumps(files)], capture_output=True, text=True, check=True, timeout=120
    )
    assert int(run.stdout) == sum(array.size for array in numpy_arrays(files))


def test_a_saved_dataset_holds_the_arrays(files: list[str]) -> None:
    tf_npz.NpzReaderDataset(files, tf_npz.ARRAY, rows=False).save("saved")
    assert_same(elements(tf.data.Dataset.load("saved")), numpy_arrays(files))


@pytest.mark.usefixtures("no_threads_of_other_tests")
def test_the_file_is_opened_once_and_closed(folder: Path) -> None:
    np.savez("f.npz", *[random_array([3000], "f4", i) for i in range(500)])
    iterator = iter(plain(reader("f.npz", num_parallel_reads=4)))
    take(iterator, 20)
    # A file that waits gives its descriptor back, and each thread may hold the one before for a moment.
    assert open_files(folder) <= 5
    del iterator
    assert_ends_all_threads(folder)


# --- Names -----------------------------------------------------------------------------------------------------------


def names_and_arrays(files: list[str]) -> list[tuple[str, str, np.ndarray]]:
    """The file, the name and the value of each array, as a loop over np.load gives them."""
    found = []
    for file in files:
        loaded = np.load(file)
        one = isinstance(loaded, np.ndarray)
        found += [(file, "", loaded)] if one else [(file, name, loaded[name]) for name in loaded.files]
    return found


@pytest.mark.parametrize("threads", THREADS)
@pytest.mark.parametrize("options", [{}, {"shard": (2, 1)}, {"batch_size": 5, "padding": 0}], ids=str)
def test_the_name_is_a_component(files: list[str], threads: int, options: dict[str, Any]) -> None:
    keys = {"x": tf_npz.ARRAY, "name": tf_npz.ARRAY_NAME, "file": tf_npz.FILENAME, "n": tf_npz.Length(tf_npz.ARRAY)}
    dataset = plain(tf_npz.NpzReaderDataset(files, keys, rows=False, num_parallel_reads=threads, **options))
    expected = [
        {"x": x, "name": name.encode(), "file": file.encode(), "n": np.int64(len(x))}
        for file, name, x in names_and_arrays(files)
    ]
    if "shard" in options:
        expected = expected[1::2]
    got = elements(dataset)
    if "batch_size" in options:
        got = [{key: value[i] for key, value in batch.items()} for batch in got for i in range(len(batch["n"]))]
        got = [element | {"x": element["x"][: element["n"]]} for element in got]
    assert_same(got, expected)


def test_rows_repeat_the_name(files: list[str]) -> None:
    dataset = tf_npz.NpzReaderDataset(files, (tf_npz.ARRAY, tf_npz.ARRAY_NAME, tf_npz.ROW))
    expected = [(row, name.encode(), np.int64(i)) for _, name, x in names_and_arrays(files) for i, row in enumerate(x)]
    assert_same(elements(dataset), expected)


def test_names_alone_need_no_common_dtype(folder: Path) -> None:
    np.savez("f.npz", **{"a": np.float32([1]), "Gr\u00fc\u00dfe": np.array(["x"]), "c": np.int64(3)})
    dataset = tf_npz.NpzReaderDataset("f.npz", tf_npz.ARRAY_NAME, rows=False)
    assert dataset.element_spec == tf.TensorSpec([], tf.string)
    assert elements(dataset) == [b"a", "Gr\u00fc\u00dfe".encode(), b"c"]
    assert_same(elements(dataset.batch(2)), elements(reader("f.npz", keys=tf_npz.ARRAY_NAME, batch_size=2)))
    spec = tf.TensorSpec([None], tf.float32)
    arrays = dataset.take(1).map(lambda name: tf_npz.load("f.npz", name, element_spec=spec))
    assert_same(elements(arrays), [np.float32([1])])


def test_a_checkpoint_of_names(files: list[str]) -> None:
    keys = (tf_npz.ARRAY, tf_npz.ARRAY_NAME)
    dataset = symbolic(plain(tf_npz.NpzReaderDataset(files, keys, rows=False)))
    expected = elements(dataset)
    iterator = iter(dataset)
    take(iterator, 5)
    assert_same(take(restore(dataset, save(iterator)), len(expected) - 5), expected[5:])
    at = tf.data.experimental.at
    assert_same(tuple(t.numpy() for t in at(dataset, 9)), expected[9])


# --- What is an array ------------------------------------------------------------------------------------------------


def test_members_that_are_no_arrays_are_left_out(folder: Path) -> None:
    array = npy_bytes(np.float32([1]))
    members = [
        ("b.npy", npy_bytes(np.float32([2]))),
        ("notes.txt", b"text"),
        ("__MACOSX/._a.npy", b"\x00\x05\x16\x07 resource fork"),
        ("folder/a.npy", npy_bytes(np.float32([3]))),
        ("no suffix", array),
        ("b.npy", npy_bytes(np.float32([4]))),
        ("x.npy.npy", npy_bytes(np.float32([5]))),
        (".npy", npy_bytes(np.float32([6]))),
    ]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # two have one name
        Path("f.npz").write_bytes(zip_bytes(members))
    assert [float(x[0]) for x in elements(reader("f.npz"))] == [3, 4, 5, 6]


def test_an_empty_archive_has_no_elements(folder: Path) -> None:
    np.savez("empty.npz")
    np.savez("one.npz", np.float32([1]))
    assert elements(reader(["empty.npz", "one.npz", "empty.npz"])) == [np.float32([1])]
    spec = tf.TensorSpec([None], tf.float32)
    empty = reader("empty.npz", element_spec=spec)
    assert elements(empty) == []
    assert len(reader(["empty.npz", "one.npz"])) == 1
    assert elements(reader("empty.npz", element_spec=spec, shard=(2, 1), batch_size=2)) == []
    with pytest.raises(tf.errors.InvalidArgumentError, match="there are no arrays in the files: pass element_spec"):
        reader("empty.npz")


def test_an_archive_without_arrays_is_an_error(folder: Path) -> None:
    Path("f.npz").write_bytes(zip_bytes([("a.txt", b"1"), ("b.txt", b"2")]))
    np.savez("one.npz", np.float32([1]))
    with pytest.raises(tf.errors.InvalidArgumentError, match=r"f.npz: holds no arrays"):
        reader("f.npz")
    dataset = reader(["f.npz", "one.npz"], element_spec=tf.TensorSpec([None], tf.float32))
    with pytest.raises(tf.errors.InvalidArgumentError, match=r"f.npz: holds no arrays"):
        elements(dataset)
    assert elements(plain(dataset.ignore_errors())) == [np.float32([1])]


def test_an_array_of_another_dtype_is_an_error_when_its_turn_comes(folder: Path) -> None:
    np.savez("f.npz", a=np.float32([1]), b=np.int32([2]))
    with pytest.raises(
        tf.errors.InvalidArgumentError, match=r'"b"\]: holds an array of int32 .* pass dtypes with "float32"'
    ):
        elements(reader("f.npz"))
    assert_same(elements(plain(reader("f.npz").ignore_errors())), [np.float32([1])])
    assert_same(elements(reader("f.npz", dtypes="float64")), [np.float64([1]), np.float64([2])])


@pytest.mark.parametrize("threads", THREADS)
def test_an_array_that_does_not_fit_is_named(folder: Path, threads: int) -> None:
    np.savez("f.npz", a=np.float32([1]), b=np.float32([[2]]), c=np.float32([3]))
    spec = tf.TensorSpec([None], tf.float32)
    dataset = reader("f.npz", element_spec=spec, num_parallel_reads=threads)
    with pytest.raises(tf.errors.InvalidArgumentError, match=r'f.npz\["b"\]: '):
        elements(dataset)
    assert_same(elements(plain(dataset.ignore_errors())), [np.float32([1]), np.float32([3])])
    np.savez("g.npz", a=np.float32([1]), b=np.float32([2, 2]), c=np.float32([3]))
    batched = reader("g.npz", batch_size=3, num_parallel_reads=threads)
    with pytest.raises(tf.errors.InvalidArgumentError, match=r'g.npz\["b"\]: elements of shape .* pass padding='):
        elements(batched)


@pytest.mark.parametrize("threads", THREADS)
@pytest.mark.parametrize("write", SAVES.values(), ids=SAVES.keys())
def test_a_damaged_array_loses_itself_only(folder: Path, write: Callable[..., None], threads: int) -> None:
    arrays = {f"a{i}": random_array([1000], "f4", i) for i in range(50)}
    write("f.npz", **arrays)
    with zipfile.ZipFile("f.npz") as archive:
        info = archive.getinfo("a20.npy")
    contents = bytearray(Path("f.npz").read_bytes())
    contents[info.header_offset + 1000] ^= 1
    Path("f.npz").write_bytes(contents)
    for options in ({}, {"batch_size": 7, "padding": 0}):
        dataset = reader("f.npz", num_parallel_reads=threads, **options)
        with pytest.raises(tf.errors.DataLossError, match=r'f.npz\["a20"\]: '):
            elements(dataset)
        good = np.concatenate([x.reshape(-1, 1000) for x in elements(plain(dataset.ignore_errors()))])
        assert_same(list(good), [array for name, array in arrays.items() if name != "a20"])


def test_a_damaged_file_is_one_error(folder: Path) -> None:
    np.savez("0.npz", np.float32([0]), np.float32([1]))
    Path("1.npz").write_bytes(b"PK\x03\x04 damaged")
    np.savez("2.npz", np.float32([2]))
    files = ["0.npz", "1.npz", "2.npz"]
    dataset = reader(files)
    assert len(dataset) == 4
    with pytest.raises(tf.errors.DataLossError, match=r"1\.npz: zip archive"):
        elements(dataset)
    assert_same(elements(plain(dataset.ignore_errors())), [np.float32([i]) for i in range(3)])
    missing = reader(["0.npz", "missing.npz", "2.npz"], element_spec=tf.TensorSpec([None], tf.float32))
    with pytest.raises(tf.errors.NotFoundError, match=r"missing\.npz"):
        elements(missing)
    assert_same(elements(plain(missing.ignore_errors())), [np.float32([i]) for i in range(3)])


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ((tf_npz.ARRAY, "x"), "keys holds tf_npz.ARRAY, 'x': .* an element is one array of a file, so .* have 'x'"),
        ({"a": tf_npz.ARRAY, "b": tf_npz.Field("e", "t")}, r"does not have tf_npz.Field\('e', 't'\)"),
        (("x", tf_npz.ARRAY_NAME), "keys holds 'x', tf_npz.ARRAY_NAME: "),
        ((tf_npz.ARRAY, None), "it does not have None"),
    ],
)
def test_named_arrays_beside_it_are_refused(folder: Path, keys: Any, message: str) -> None:
    np.savez("f.npz", x=np.float32([1]))
    for read in (tf_npz.NpzReaderDataset, tf_npz.element_spec):
        with pytest.raises(ValueError, match=message):
            read("f.npz", keys, rows=False)


def test_load_and_decode_refuse_it(folder: Path) -> None:
    np.savez("f.npz", x=np.float32([1]))
    with pytest.raises(ValueError, match=r"keys holds tf_npz.ARRAY, but all arrays of one file are read at once here"):
        tf_npz.load("f.npz", tf_npz.ARRAY)
    with pytest.raises(ValueError, match=r"leave keys out for a dict"):
        tf_npz.decode(Path("f.npz").read_bytes(), (tf_npz.ARRAY,))


def test_many_arrays_give_a_sampled_spec(folder: Path) -> None:
    np.savez("f.npz", *[np.zeros(3, "f4")] * 2500, np.zeros(4, "f4"))
    assert tf_npz.element_spec("f.npz", tf_npz.ARRAY, rows=False) == tf.TensorSpec([None], tf.float32)
    np.savez("g.npz", *[np.zeros(3, "f4")] * 1, np.zeros(4, "f4"), *[np.zeros(3, "f4")] * 2500)
    assert tf_npz.element_spec("g.npz", tf_npz.ARRAY, rows=False) == tf.TensorSpec([3], tf.float32)
    with pytest.raises(tf.errors.InvalidArgumentError, match=r'g.npz\["arr_1"\]: .*element_spec'):
        elements(reader("g.npz"))


def test_archives_on_another_file_system(ram_folder: str, folder: Path) -> None:
    files = save_archives()
    copies = [f"{ram_folder}/{file}" for file in files]
    for file, copy in zip(files, copies, strict=True):
        tf.io.gfile.copy(file, copy)
    for threads in THREADS:
        assert_same(elements(reader(copies, num_parallel_reads=threads)), numpy_arrays(files))
