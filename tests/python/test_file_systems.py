"""Every kind of path that TensorFlow and Python allow, in every function that takes a path."""

import os
import signal
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
import tf_npz
from testing import assert_gives, assert_same, features, npy_bytes, npz_bytes, random_array
from tf_npz import _core, _errors

# The folder of the files, made from the folders of the test.
PLACES: dict[str, Callable[[Path, str], Any]] = {
    "local": lambda local, ram: str(local),
    "relative": lambda local, ram: ".",
    "pathlib": lambda local, ram: local,
    "file://": lambda local, ram: f"file://{local}",
    "ram://": lambda local, ram: ram,
}


@pytest.fixture(params=PLACES)
def place(request: pytest.FixtureRequest, folder: Path, ram_folder: str) -> Any:
    return PLACES[request.param](folder, ram_folder)


def join(place: Any, name: str) -> Any:
    return place / name if isinstance(place, Path) else f"{place}/{name}"


def write(place: Any, name: str, contents: bytes) -> Any:
    path = join(place, name)
    with tf.io.gfile.GFile(path, "wb") as file:
        file.write(contents)
    return path


def shard(i: int) -> dict[str, np.ndarray]:
    y = np.arange(i * 5, i * 5 + 5)
    return {"x": features(y), "y": y}


SPEC = {"x": tf.TensorSpec([4], tf.float32), "y": tf.TensorSpec([], tf.int64)}


def test_datasets(place: Any) -> None:
    files = [write(place, f"{i}.npz", npz_bytes(np.savez_compressed, **shard(i))) for i in range(3)]
    rows = [{"x": x, "y": y} for i in range(3) for x, y in zip(*shard(i).values(), strict=True)]
    for filenames in (files, join(place, "*.npz"), tf.constant(list(map(str, files)))):
        dataset = tf_npz.NpzReaderDataset(filenames)
        assert dataset.element_spec == SPEC
        assert_gives(dataset, rows)
    interleaved = tf.data.Dataset.from_tensor_slices(list(map(str, files))).interleave(
        lambda f: tf_npz.NpzReaderDataset(f, element_spec=SPEC), cycle_length=1
    )
    assert_gives(interleaved, rows)


def test_load_element_spec_and_inspect(place: Any) -> None:
    npz, npy = write(place, "a.npz", npz_bytes(**shard(0))), write(place, "b.npy", npy_bytes(shard(1)["x"]))
    assert_same(tf.nest.map_structure(lambda t: t.numpy(), tf_npz.load(npz)), shard(0))
    assert_same(tf_npz.load(npy).numpy(), shard(1)["x"])
    assert_same(tf_npz.load(tf.constant(str(npy))).numpy(), shard(1)["x"])
    assert tf_npz.element_spec(npz) == SPEC
    assert tf_npz.element_spec(join(place, "*.npy"), rows=False) == tf.TensorSpec([5, 4], tf.float32)
    assert tf_npz.inspect(npz).arrays["x"].shape == (5, 4)
    assert tf_npz.inspect(npy).arrays[""].dtype == "float32"


def test_many_small_files(place: Any) -> None:
    """Small files with equal headers are read in runs of several files."""
    for name in ("a", "b"):
        tf.io.gfile.makedirs(join(place, name))
    arrays = [random_array((3, 4), "f4", seed=i) for i in range(200)]
    files = [write(place, f"{'a' if i < 100 or i % 2 else 'b'}/{i}.npy", npy_bytes(x)) for i, x in enumerate(arrays)]
    dataset = tf_npz.NpzReaderDataset(files, rows=False, batch_size=20)
    assert_gives(dataset, [np.stack(arrays[i : i + 20]) for i in range(0, 200, 20)])

    tf.io.gfile.remove(files[150])
    write(place, "b/150.npy", npy_bytes(arrays[150]) + b"x")  # np.load does not read the last byte
    assert_gives(dataset, [np.stack(arrays[i : i + 20]) for i in range(0, 200, 20)])
    for contents in (npy_bytes(arrays[150])[:-1], None):
        tf.io.gfile.remove(files[150])  # ram:// would append
        if contents is not None:
            write(place, "b/150.npy", contents)
        batches = iter(dataset)
        for i in range(0, 140, 20):
            assert_same(next(batches).numpy(), np.stack(arrays[i : i + 20]))
        with pytest.raises(tf.errors.OpError, match=r"150\.npy"):
            next(batches)
        assert_same(next(batches).numpy(), np.stack(arrays[140:150] + arrays[151:161]))


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_files_larger_than_what_is_read_at_once(place: Any, save: Callable[..., None]) -> None:
    array = random_array((3000, 100), "f4")
    file = write(place, "a.npz", npz_bytes(save, x=array))
    assert_same(tf_npz.load(file, "x").numpy(), array)
    batches = [array[i : i + 700] for i in range(0, 3000, 700)]
    for memory_limit in (1 << 16, 1 << 28):
        assert_gives(tf_npz.NpzReaderDataset(file, "x", batch_size=700, memory_limit=memory_limit), batches)


def test_missing_files_and_folders(place: Any) -> None:
    missing = join(place, "none.npz")
    nested = join(place, "folder.npz")
    tf.io.gfile.makedirs(nested)
    reads: list[Callable[[Any], Any]] = [
        tf_npz.NpzReaderDataset,
        lambda f: list(tf_npz.NpzReaderDataset(f, element_spec=SPEC)),
        tf_npz.load,
        lambda f: tf_npz.load(f, element_spec=SPEC),
        tf_npz.element_spec,
    ]
    for read in reads:
        with pytest.raises(tf.errors.NotFoundError, match=r"none\.npz: .*(?i:no such file|not found)"):
            read(missing)
        with pytest.raises(tf.errors.InvalidArgumentError, match=r"folder\.npz: (is a directory|Not a file)"):
            read(nested)
    with pytest.raises(tf.errors.NotFoundError, match="no file matches the pattern"):
        tf_npz.NpzReaderDataset(join(place, "none*"))


def test_file_names_beyond_ascii(place: Any) -> None:
    file = write(place, "größe 1 & 2.npz", npz_bytes(**shard(0)))
    assert_same(tf_npz.load(file, "y").numpy(), shard(0)["y"])
    assert_gives(tf_npz.NpzReaderDataset(join(place, "gr*.npz"), "y"), list(shard(0)["y"]))


def test_archives_of_many_members_are_inspected_in_large_steps(
    ram_folder: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    contents = npz_bytes(**{f"x{i}": np.zeros(1000, np.float32) for i in range(2000)})
    file = write(ram_folder, "a.npz", contents)
    sizes = []

    class CountingFile(tf.io.gfile.GFile):
        def read(self, n: int = -1) -> Any:
            data = super().read(n)
            sizes.append(len(data))
            return data

    monkeypatch.setattr(tf.io.gfile, "GFile", CountingFile)
    assert len(tf_npz.inspect(file).arrays) == 2000
    assert len(sizes) <= 20
    assert sum(sizes) <= len(contents) + (4 << 20)


class FileOfExceptions:
    """A remote file. After a number of reads, the next one raises `exception`."""

    def __init__(self, good_reads: int, exception: BaseException) -> None:
        self.contents = npz_bytes(**{f"x{i}": np.zeros(100_000) for i in range(10)})
        self.size = len(self.contents)
        self.reads = 0
        self.good_reads = good_reads
        self.exception = exception

    def read(self, offset: int, size: int) -> bytes:
        self.reads += 1
        if self.reads > self.good_reads:
            raise self.exception
        return self.contents[offset : offset + size]


NATIVE: dict[str, Callable[[FileOfExceptions], Any]] = {
    "inspect": lambda file: _core.inspect(b"gs://a.npz", lambda _: file),
    "infer": lambda file: _core.infer_from_files([b"gs://a.npz"], None, True, lambda _: file),
}


@pytest.mark.parametrize("read", NATIVE.values(), ids=NATIVE.keys())
@pytest.mark.parametrize("exception", [KeyboardInterrupt(), _core.StatusError("Unavailable", "no way")])
@pytest.mark.parametrize("good_reads", [0, 2])
def test_an_exception_of_the_file_ends_its_inspection(
    good_reads: int, exception: BaseException, read: Callable[[FileOfExceptions], Any]
) -> None:
    file = FileOfExceptions(good_reads, exception)
    with pytest.raises(type(exception)) as raised:
        read(file)
    assert file.reads == good_reads + 1
    if isinstance(exception, _core.StatusError):
        code, message = raised.value.args
        assert code == "Unavailable"
        assert message.startswith("gs://a.npz")
        assert message.endswith(": no way")


def test_an_exception_when_one_of_many_files_is_opened_ends_the_inference() -> None:
    opened = []

    def open_remote(path: bytes) -> Any:
        opened.append(path)
        if len(opened) == 3:
            raise KeyboardInterrupt
        raise _core.StatusError("DataLoss", "is damaged")

    with pytest.raises(KeyboardInterrupt):
        _core.infer_from_files([b"gs://%d.npz" % i for i in range(1000)], None, True, open_remote)
    assert len(opened) < 1000


@pytest.fixture
def ctrl_c() -> Iterator[None]:
    """Python's own reaction to SIGINT. A shell that starts the tests in the background has them ignore it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("ctrl_c")
def test_ctrl_c_ends_the_inference_of_many_files(folder: Path) -> None:
    Path("a.npy").write_bytes(npy_bytes(np.zeros(3)))
    paths = [b"a.npy"] * 2_000_000  # for half a minute
    timer = threading.Timer(0.1, os.kill, [os.getpid(), signal.SIGINT])
    timer.start()
    with pytest.raises(KeyboardInterrupt):
        _core.infer_from_files(paths, None, True, lambda _: None)
    timer.join()


CODES = {
    "NotFound": "NotFound",
    "PermissionDenied": "PermissionDenied",
    "Unauthenticated": "PermissionDenied",
    "InvalidArgument": "InvalidArgument",
    "Unimplemented": "Unimplemented",
    "ResourceExhausted": "ResourceExhausted",
    "DataLoss": "DataLoss",
    "OutOfRange": "DataLoss",
    "Aborted": "Unavailable",
    "DeadlineExceeded": "Unavailable",
    "FailedPrecondition": "Unavailable",
    "Internal": "Unavailable",
    "Unavailable": "Unavailable",
    "Unknown": "Unavailable",
}


@pytest.mark.parametrize("code", CODES)
def test_errors_of_file_systems_are_of_a_fitting_class(code: str) -> None:
    error = getattr(tf.errors, f"{code}Error")(None, None, "no\n\t when reading gs://b/o")
    assert _errors.from_tensorflow(error, "gs://b/o").args == (CODES[code], "gs://b/o: no")
    error = getattr(tf.errors, f"{code}Error")(None, None, "")
    assert _errors.from_tensorflow(error, "gs://b/o").args[1].startswith("gs://b/o: ")
