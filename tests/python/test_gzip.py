"""An .npy compressed with gzip reads as np.load(gzip.open(...)) reads it, through everything that takes an .npy."""

import gzip
import io
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
import tf_npz
from testing import DTYPES, assert_gives, assert_same, elements, native, npy_bytes, npz_bytes, random_array

X = (np.arange(24, dtype=np.float32) * 1.7).reshape(8, 3)
NPY = npy_bytes(X)
DataLoss = tf.errors.DataLossError
Unimplemented = tf.errors.UnimplementedError


def loaded(contents: bytes) -> np.ndarray:
    """The array that NumPy reads."""
    return native(np.load(gzip.open(io.BytesIO(contents))))


def members(contents: bytes, *ends: int) -> bytes:
    """`contents` in several gzip members. They end at the offsets in `ends`, and at the end of the contents."""
    return b"".join(gzip.compress(contents[i:j]) for i, j in zip((0, *ends), (*ends, len(contents)), strict=True))


def with_fields(contents: bytes, flags: int, fields: bytes) -> bytes:
    """A gzip member with optional fields in its header (RFC 1952 2.3); FHCRC, flag 2, is computed."""
    header = b"\x1f\x8b\x08" + bytes([flags]) + b"\0\0\0\0\0\xff" + fields
    if flags & 2:
        header += (zlib.crc32(header) & 0xFFFF).to_bytes(2, "little")
    deflate = zlib.compressobj(wbits=-15)
    trailer = zlib.crc32(contents).to_bytes(4, "little") + len(contents).to_bytes(4, "little")
    return header + deflate.compress(contents) + deflate.flush() + trailer


def through_file(contents: bytes) -> bytes:
    file = io.BytesIO()
    with gzip.GzipFile("weights.npy", "wb", fileobj=file) as target:
        for i in range(0, len(contents), 1000):
            target.write(contents[i : i + 1000])
            target.flush()
    return file.getvalue()


WRITERS: dict[str, Callable[[bytes], bytes]] = {
    "gzip.compress": gzip.compress,
    "stored": lambda contents: gzip.compress(contents, 0),
    "fastest": lambda contents: gzip.compress(contents, 1),
    "np.save to gzip.open": through_file,
    "two members": lambda contents: members(contents, len(contents) // 2),
    "members that split the header": lambda contents: members(contents, 0, 1, 6, 9, 9, 70),
    "zeros between and after": lambda c: gzip.compress(c[:99]) + bytes(99) + gzip.compress(c[99:]) + bytes(999),
    "FEXTRA": lambda contents: with_fields(contents, 4, b"\x06\0ab\x02\0cd"),
    "FNAME and FCOMMENT": lambda contents: with_fields(contents, 8 | 16, b"name\0comment\0"),
    "all fields": lambda contents: with_fields(contents, 31, b"\x06\0ab\x02\0cd" + b"name\0" + b"comment\0"),
    "more after the array": lambda contents: gzip.compress(contents + b"and more"),
    "another member after the array": lambda contents: gzip.compress(contents) + gzip.compress(b"and more"),
}


# --- Valid files -----------------------------------------------------------------------------------------------------


def reads_as_numpy_does(contents: bytes, file: str) -> None:
    Path(file).write_bytes(contents)
    value = loaded(contents)
    assert_same(tf_npz.load(file).numpy(), value)
    assert_same(tf_npz.decode(contents).numpy(), value)
    assert tf_npz.element_spec(file, rows=False) == tf.TensorSpec(value.shape, value.dtype)
    assert_gives(tf_npz.NpzReaderDataset(file, rows=False), [value])
    if not value.shape:
        return
    assert tf_npz.element_spec(file) == tf.TensorSpec(value.shape[1:], value.dtype)
    assert_gives(tf_npz.NpzReaderDataset(file), list(value))
    batches = [value[i : i + 3] for i in range(0, len(value), 3)]
    assert_gives(tf_npz.NpzReaderDataset(file, batch_size=3), batches)


@pytest.mark.parametrize("write", WRITERS.values(), ids=WRITERS.keys())
def test_files_of_every_writer(folder: Path, write: Callable[[bytes], bytes]) -> None:
    reads_as_numpy_does(write(NPY), "a.npy.gz")
    assert tf_npz.inspect("a.npy.gz").arrays[""].shape == X.shape


# Gzip transports bytes whatever they mean, so one dtype does by day.
@pytest.mark.parametrize(
    "dtype", [pytest.param(dtype, marks=[] if dtype == "f4" else pytest.mark.nightly) for dtype in DTYPES]
)
def test_every_dtype_and_shape(folder: Path, dtype: str) -> None:
    for shape in [(), (5,), (0,), (5, 0), (0, 3), (5, 2, 3)]:
        for order in "<>":
            for version in [(1, 0), (2, 0), (3, 0)]:
                array = random_array(shape, order + dtype)
                for spelling in (array, np.asfortranarray(array) if shape else array):
                    reads_as_numpy_does(gzip.compress(npy_bytes(spelling, version), 1), "a.gz")


@pytest.mark.parametrize("name", ["a.npy.gz", "a.npy", "a.npz", "a", "a.gz"])
def test_under_any_name(folder: Path, name: str) -> None:
    reads_as_numpy_does(gzip.compress(NPY), name)


@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("write", [gzip.compress, lambda contents: members(contents, 64, 1_000_000)])
def test_large_arrays(folder: Path, order: str, write: Callable[[bytes], bytes]) -> None:
    """Larger than one step of reading."""
    array = np.asarray(random_array((3001, 7, 33), ">i4"), order=order)
    Path("a.npy.gz").write_bytes(write(npy_bytes(array)))
    value = native(array)
    assert_same(tf_npz.load("a.npy.gz").numpy(), value)
    assert_same(tf_npz.load("a.npy.gz", verify_checksums=False).numpy(), value)
    # An array in Fortran order must be decoded as a whole before its first row.
    tiny = 1 << 16 if order == "C" else array.nbytes + (1 << 16)
    for memory_limit in (tiny, 1 << 28):
        dataset = tf_npz.NpzReaderDataset("a.npy.gz", batch_size=400, memory_limit=memory_limit)
        assert_gives(dataset, [value[i : i + 400] for i in range(0, 3001, 400)])
    (rows,) = tf_npz.NpzReaderDataset("a.npy.gz", memory_limit=tiny).batch(4000)
    assert_same(rows.numpy(), value)


def test_among_others(folder: Path) -> None:
    Path("0.npy.gz").write_bytes(gzip.compress(NPY))
    np.save("1.npy", X)
    Path("2.npy.gz").write_bytes(members(npy_bytes(np.asfortranarray(X)), 50))
    assert_gives(tf_npz.NpzReaderDataset("*.npy*"), [*X, *X, *X])
    assert_gives(tf_npz.NpzReaderDataset("*.npy*", batch_size=24), [np.concatenate([X, X, X])])


def test_through_the_file_systems_of_tensorflow(ram_folder: str) -> None:
    array = random_array((3001, 33), "<f4")
    with tf.io.gfile.GFile(f"{ram_folder}/a.npy.gz", "wb") as file:
        file.write(gzip.compress(npy_bytes(array)))
    assert tf_npz.inspect(f"{ram_folder}/a.npy.gz").arrays[""].shape == array.shape
    assert_same(tf_npz.load(f"{ram_folder}/a.npy.gz").numpy(), array)
    assert_gives(tf_npz.NpzReaderDataset(f"{ram_folder}/*.npy.gz", batch_size=3001), [array])


def test_a_restored_iterator_gives_exactly_the_rest(folder: Path) -> None:
    array = random_array((3001, 33), "<i4")
    Path("a.npy.gz").write_bytes(gzip.compress(npy_bytes(array)))
    iterator = iter(tf_npz.NpzReaderDataset("a.npy.gz", batch_size=100))
    for _ in range(13):
        next(iterator)
    saved = tf.train.Checkpoint(iterator).save("saved/at")
    other = iter(tf_npz.NpzReaderDataset("a.npy.gz", batch_size=100))
    tf.train.Checkpoint(other).restore(saved)
    assert_same(np.concatenate([batch.numpy() for batch in other]), array[1300:])


def test_inspect_shows_both_sizes(folder: Path) -> None:
    array = np.zeros((1000, 3), ">f4", order="F")
    Path("a.npy.gz").write_bytes(gzip.compress(npy_bytes(array) + b"and more"))
    size = Path("a.npy.gz").stat().st_size
    info = tf_npz.inspect("a.npy.gz")
    assert (info.format, info.file_size) == ("npy", size)
    facts = info.arrays[""]
    assert (facts.dtype, facts.shape, facts.byte_order) == ("float32", (1000, 3), "big")
    assert facts.fortran_order
    assert (facts.compression, facts.compressed_size, facts.size) == ("gzip", size, 128 + array.nbytes)
    assert f"gzip         {size} of 12,128 bytes".split() == repr(info).splitlines()[1].split()[-5:]


def test_inspect_reads_no_further_than_the_header(folder: Path) -> None:
    noise = random_array((1_000_000,), "u1")
    contents = gzip.compress(npy_bytes(noise))
    Path("a.npy.gz").write_bytes(contents[:-100_000] + bytes(100_000))
    assert tf_npz.inspect("a.npy.gz").arrays[""].size == 1_000_128
    with pytest.raises(DataLoss):
        tf_npz.load("a.npy.gz")


# --- Damaged and unsupported files -----------------------------------------------------------------------------------


def changed(contents: bytes, at: int) -> bytes:
    at %= len(contents)
    return contents[:at] + bytes([contents[at] ^ 1]) + contents[at + 1 :]


GZIPPED = gzip.compress(NPY)
HUGE = NPY.replace(b"(8, 3), }".ljust(60), b"(1125899906842624, 256)}".ljust(60))

BAD: dict[str, tuple[bytes, type[tf.errors.OpError], str]] = {
    "CRC-32": (changed(GZIPPED, -8), DataLoss, "of the compressed data (CRC-32 mismatch)"),
    "size": (changed(GZIPPED, -1), DataLoss, f"at byte {len(GZIPPED)} of the compressed data (size mismatch)"),
    "CRC-32 of the second member": (
        members(NPY, 60) + changed(gzip.compress(b"more"), -8),
        DataLoss,
        "of the compressed data (CRC-32 mismatch)",
    ),
    "cut off": (GZIPPED[:-9], DataLoss, f"at byte {len(GZIPPED) - 9} of the compressed data (it ends too early)"),
    "garbage after": (
        GZIPPED + b"garbage",
        DataLoss,
        f"at byte {len(GZIPPED)} of the compressed data (expected the end or another gzip member)",
    ),
    "less than the header says": (gzip.compress(NPY[:-5]), DataLoss, "more decoded bytes)"),
    "less than a header": (gzip.compress(NPY[:70]), DataLoss, "gzip data ends at byte"),
    "more than can be": (gzip.compress(HUGE), DataLoss, "array claims 1152921504606847104 bytes, more than the file's"),
    "another method": (GZIPPED[:2] + b"\7" + GZIPPED[3:], DataLoss, "(unknown compression method)"),
    "text": (
        gzip.compress(b"hello, world"),
        DataLoss,
        "is compressed with gzip, and holds neither an .npy nor an .npz",
    ),
    "nothing": (gzip.compress(b""), DataLoss, "is compressed with gzip, and holds neither"),
    "an npz": (gzip.compress(npz_bytes(x=X)), Unimplemented, "is an .npz compressed with gzip, which is not supported"),
    "gzip": (gzip.compress(GZIPPED), Unimplemented, "is compressed with gzip twice, which is not supported"),
    "a pickle": (gzip.compress(npy_bytes(np.array([None]))), Unimplemented, "pickles, which are never loaded"),
}
SPEC = tf.TensorSpec([3], tf.float32)
WAYS: dict[str, Callable[[str], Any]] = {
    "rows": lambda file: elements(tf_npz.NpzReaderDataset(file, element_spec=SPEC)),
    "batches": lambda file: elements(tf_npz.NpzReaderDataset(file, element_spec=SPEC, batch_size=2)),
    "whole files": lambda file: elements(tf_npz.NpzReaderDataset(file, rows=False)),
    "load": tf_npz.load,
    "decode": lambda file: tf_npz.decode(Path(file).read_bytes()),
}


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS.keys())
@pytest.mark.parametrize(("contents", "error", "fragment"), BAD.values(), ids=BAD.keys())
def test_says_what_is_wrong(
    folder: Path, contents: bytes, error: type[tf.errors.OpError], fragment: str, way: Callable[[str], Any]
) -> None:
    Path("a.npy.gz").write_bytes(contents)
    with pytest.raises(error) as raised:
        way("a.npy.gz")
    assert fragment in raised.value.message
    assert "<contents>: " in raised.value.message or "a.npy.gz: " in raised.value.message


def test_checksums_are_not_verified_if_switched_off() -> None:
    contents = changed(GZIPPED, -8)
    assert_same(tf_npz.decode(contents, verify_checksums=False).numpy(), X)


def test_has_no_keys(folder: Path) -> None:
    Path("a.npy.gz").write_bytes(GZIPPED)
    with pytest.raises(tf.errors.InvalidArgumentError, match="leave keys out"):
        tf_npz.load("a.npy.gz", "x")


def test_fortran_order_beyond_the_limit_says_what_to_raise(folder: Path) -> None:
    Path("a.npy.gz").write_bytes(gzip.compress(npy_bytes(np.asfortranarray(random_array((5000, 10), "f8")))))
    with pytest.raises(tf.errors.ResourceExhaustedError, match="rows of compressed arrays in Fortran order"):
        elements(tf_npz.NpzReaderDataset("a.npy.gz", memory_limit=100_000))


SMALL: dict[str, bytes] = {
    "one member": GZIPPED,
    "two members": members(NPY, 100),
    "all fields": WRITERS["all fields"](NPY),
}


@pytest.mark.parametrize("name", SMALL)
def test_refuses_contents_cut_off_anywhere(name: str) -> None:
    contents = SMALL[name]
    for length in range(len(contents)):
        with pytest.raises(DataLoss):
            tf_npz.decode(contents[:length], element_spec=tf.TensorSpec([8, 3], tf.float32))


def flips(contents: bytes) -> Iterator[bytes]:
    for i in range(len(contents)):
        for pattern in (0x01, 0x02, 0x20, 0x80, 0xFF):
            yield contents[:i] + bytes([contents[i] ^ pattern]) + contents[i + 1 :]


@pytest.mark.parametrize("name", SMALL)
def test_a_flipped_byte_is_refused_if_python_refuses_it(name: str) -> None:
    read = stricter = 0
    for contents in flips(SMALL[name]):
        refusal = ""
        try:
            assert_same(tf_npz.decode(contents).numpy(), X)
        except (DataLoss, Unimplemented) as error:  # A changed header may hold any dtype.
            refusal = error.message
        if any(strictness in refusal for strictness in STRICTER_THAN_PYTHON):
            stricter += 1
        else:
            assert python_accepts(contents) == (not refusal), refusal
            read += not refusal
    assert read > 0
    assert stricter > 0


# RFC 1952 2.3.1.2: reserved flags must be refused. The CRC of a header is verified if checksums are verified.
STRICTER_THAN_PYTHON = ["unknown header flags set", "header crc mismatch"]


def python_accepts(contents: bytes) -> bool:
    try:
        return gzip.decompress(contents) == NPY
    except (OSError, EOFError, zlib.error):
        return False


def test_bombs_are_read_or_refused() -> None:
    """100 KB that become 100 MB, after a small array and after a header that claims 2**60 bytes."""
    zeros = 10 * gzip.compress(bytes(10_000_000), 9)
    assert_same(tf_npz.decode(GZIPPED + zeros).numpy(), X)
    with pytest.raises(DataLoss, match="array claims"):
        tf_npz.decode(gzip.compress(HUGE) + zeros)
