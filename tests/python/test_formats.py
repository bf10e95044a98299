"""Every format that NumPy writes, read in every way, gives bit for bit what np.load gives."""

import io
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
import tf_npz
from testing import DTYPES, assert_gives, assert_same, elements, native, npy_bytes, random_array

VERSIONS = [(1, 0), (2, 0), (3, 0)]
LENGTH = 5
SHAPES: list[tuple[int, ...]] = [
    (),
    (LENGTH,),
    (0,),
    (LENGTH, 3),
    (LENGTH, 0),
    (0, 3),
    (LENGTH, 1, 2),
    (LENGTH, 2, 0),
    (LENGTH, 2, 3, 4),
    (LENGTH, 1, 1, 1),
]
WITH_ROWS = [shape for shape in SHAPES if shape]


def spellings(dtype: str, shape: tuple[int, ...]) -> Iterator[np.ndarray]:
    """Arrays of one dtype and shape, in either byte order, in C and in Fortran order."""
    for i, byte_order in enumerate("<>"):
        array = random_array(shape, byte_order + dtype, seed=i)
        yield array
        yield np.asfortranarray(array) if shape else array


# --- .npy ------------------------------------------------------------------------------------------------------------


def save_npys(dtype: str, shape: tuple[int, ...]) -> tuple[list[str], list[np.ndarray]]:
    """Files of one dtype and shape in every spelling and version, and their arrays."""
    files, values = [], []
    for version in VERSIONS:
        for array in spellings(dtype, shape):
            files.append(f"{len(files):02}.npy")
            Path(files[-1]).write_bytes(npy_bytes(array, version))
            values.append(native(array))
    return files, values


@pytest.mark.parametrize("dtype", DTYPES)
def test_npy_files_in_rows_and_batches(folder: Path, dtype: str) -> None:
    for shape in WITH_ROWS:
        files, values = save_npys(dtype, shape)
        rows = list(np.concatenate(values))
        assert_gives(tf_npz.NpzReaderDataset(files), rows)
        batches = [np.stack(rows[i : i + 7]) for i in range(0, len(rows), 7)]
        assert_gives(tf_npz.NpzReaderDataset(files, batch_size=7), batches)


@pytest.mark.parametrize("dtype", DTYPES)
def test_npy_files_whole(folder: Path, dtype: str) -> None:
    for shape in SHAPES:
        files, values = save_npys(dtype, shape)
        assert_gives(tf_npz.NpzReaderDataset(files, rows=False), values)
        assert tf_npz.element_spec(files, rows=False) == tf.TensorSpec(shape, values[0].dtype)
        for file, value in zip(files, values, strict=True):
            assert_same(tf_npz.load(file).numpy(), value)
            assert_same(tf_npz.decode(Path(file).read_bytes()).numpy(), value)


# --- .npz ------------------------------------------------------------------------------------------------------------


class Pipe(io.RawIOBase):
    """A file that can only be written forward, like a pipe."""

    def __init__(self) -> None:
        self.contents = io.BytesIO()

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        return self.contents.write(data)


def to_file(save: Callable[..., None]) -> Callable[..., bytes]:
    def contents(**arrays: np.ndarray) -> bytes:
        save("written.npz", **arrays)
        return Path("written.npz").read_bytes()

    return contents


def to_pipe(save: Callable[..., None]) -> Callable[..., bytes]:
    def contents(**arrays: np.ndarray) -> bytes:
        pipe = Pipe()
        save(pipe, **arrays)
        return pipe.contents.getvalue()

    return contents


WRITERS: dict[str, Callable[..., bytes]] = {
    "stored": to_file(np.savez),
    "deflated": to_file(np.savez_compressed),
    "stored, to a pipe": to_pipe(np.savez),
    "deflated, to a pipe": to_pipe(np.savez_compressed),
}


def test_pipes_get_data_descriptors(folder: Path) -> None:
    flags = {name: int.from_bytes(write(x=np.zeros(3))[6:8], "little") for name, write in WRITERS.items()}
    assert [name for name, flag in flags.items() if flag & 8] == ["stored, to a pipe", "deflated, to a pipe"]


def arrays_of(dtype: str, shapes: Iterable[tuple[int, ...]]) -> dict[str, np.ndarray]:
    arrays = [array for shape in shapes for array in spellings(dtype, shape)]
    return {str(i): array for i, array in enumerate(arrays)}


@pytest.mark.parametrize("write", WRITERS.values(), ids=WRITERS.keys())
@pytest.mark.parametrize("dtype", DTYPES)
def test_npz_files(folder: Path, dtype: str, write: Callable[..., bytes]) -> None:
    arrays = arrays_of(dtype, SHAPES)
    values = {key: native(array) for key, array in arrays.items()}
    contents = write(**arrays)
    Path("a.npz").write_bytes(contents)
    assert_same(as_numpy(tf_npz.load("a.npz")), values)
    assert_same(as_numpy(tf_npz.decode(contents)), values)
    assert_gives(tf_npz.NpzReaderDataset("a.npz", rows=False), [values])

    arrays = arrays_of(dtype, [shape for shape in WITH_ROWS if shape[0] == LENGTH])
    Path("b.npz").write_bytes(write(**arrays))
    rows = [{key: native(array)[i] for key, array in arrays.items()} for i in range(LENGTH)]
    assert_gives(tf_npz.NpzReaderDataset("b.npz"), rows)
    batches = [{key: native(array)[i : i + 3] for key, array in arrays.items()} for i in (0, 3)]
    assert_gives(tf_npz.NpzReaderDataset("b.npz", batch_size=3), batches)


@pytest.mark.parametrize("write", WRITERS.values(), ids=WRITERS.keys())
@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("dtype", ["<f4", ">i8", "|u1", ">c16"])
def test_large_arrays(folder: Path, dtype: str, order: str, write: Callable[..., bytes]) -> None:
    """Larger than one step of reading: blocks of many sizes, streams, and rows gathered from columns."""
    array = np.asarray(random_array((1501, 7, 33), dtype), order=order)
    Path("a.npz").write_bytes(write(x=array, y=np.arange(1501)))
    value = native(array)
    assert_same(tf_npz.load("a.npz", "x").numpy(), value)
    assert_gives(tf_npz.NpzReaderDataset("a.npz", "x", rows=False), [value])
    batches = [(value[i : i + 400], np.arange(i, min(i + 400, 1501))) for i in range(0, 1501, 400)]
    # A deflated array in Fortran order must be decoded as a whole before its first row.
    tiny = 1 << 16 if order == "C" else array.nbytes + (1 << 16)
    for memory_limit in (tiny, 1 << 28):
        dataset = tf_npz.NpzReaderDataset("a.npz", ("x", "y"), batch_size=400, memory_limit=memory_limit)
        assert_gives(dataset, batches)
    (rows,) = tf_npz.NpzReaderDataset("a.npz", "x", memory_limit=tiny).batch(2000)
    assert_same(rows.numpy(), value)


def as_numpy(tensors: dict[str, tf.Tensor]) -> dict[str, np.ndarray]:
    return {key: tensor.numpy() for key, tensor in tensors.items()}


# --- Files of other programs -----------------------------------------------------------------------------------------

CORPUS = Path(__file__).resolve().parents[3] / "shared" / "corpus"
CORPUS_FILES = sorted(str(path.relative_to(CORPUS)) for path in CORPUS.rglob("*.np[yz]"))


@pytest.mark.skipif(not CORPUS_FILES, reason=f"there is no corpus of files by other writers at {CORPUS}")
@pytest.mark.parametrize("name", CORPUS_FILES or ["none"])
def test_files_of_the_corpus(name: str) -> None:
    path = CORPUS / name
    try:
        loaded = np.load(path)
        keys = [None] if isinstance(loaded, np.ndarray) else loaded.files
    except Exception:
        with pytest.raises(tf.errors.OpError):
            tf_npz.load(path)
        return
    for key in keys:
        try:
            expected = as_tensors(loaded if key is None else loaded[key])
        except Exception:  # NumPy refuses it, or TensorFlow has no such dtype
            with pytest.raises(tf.errors.OpError):
                tf_npz.load(path, key)
            continue
        assert_same(to_numpy(tf_npz.load(path, key)), expected)
        assert_same(to_numpy(tf_npz.decode(path.read_bytes(), key)), expected)
        assert_gives(tf_npz.NpzReaderDataset(path, key, rows=False), [expected])
        if isinstance(expected, np.ndarray) and expected.ndim > 0 and len(expected) > 0:
            (rows,) = elements(tf_npz.NpzReaderDataset(path, key).batch(len(expected)))
            assert_same(rows, expected)


def to_numpy(tensors: Any) -> Any:
    return tf.nest.map_structure(lambda tensor: tensor.numpy(), tensors)


def as_tensors(array: Any) -> Any:
    """What the array becomes, as docs/format.md says. TypeError if TensorFlow has no such dtype."""
    if not isinstance(array, np.ndarray):
        raise TypeError("a member that is not an .npy")
    if array.dtype.names is not None:
        return {field: as_tensors(array[field]) for field in array.dtype.names}
    if array.dtype.kind == "b":  # 0 or 1, for any byte in the file
        return np.not_equal(np.ascontiguousarray(array).view(np.uint8), 0).reshape(array.shape)
    if array.dtype.kind in "mM":
        return native(array).view(np.int64)
    if array.dtype.kind == "U":
        return np.char.encode(array, "utf-8").astype(object)
    if array.dtype.kind == "S":
        return array.astype(object)
    if array.dtype.kind == "V":  # raw bytes, in one more dimension
        return np.frombuffer(array.tobytes(), np.uint8).reshape(*array.shape, array.dtype.itemsize)
    tf.as_dtype(array.dtype.newbyteorder("="))
    return native(array)
