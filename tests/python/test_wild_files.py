"""Archives and headers that NumPy reads but does not write, and arrays that cannot become tensors."""

import io
import struct
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
import tf_npz
from testing import assert_gives, assert_same, elements, native, npy_bytes, npz_bytes, zip_bytes

X = np.arange(6, dtype=np.float32).reshape(3, 2)
SPEC = tf.TensorSpec([None, 2], tf.float32)
ROW_SPEC = tf.TensorSpec([2], tf.float32)

# --- Headers ---------------------------------------------------------------------------------------------------------


def with_header(header: str, data: bytes, version: int = 1, padding: int = 0) -> bytes:
    encoded = header.encode("utf-8" if version == 3 else "latin1") + b" " * padding
    length = struct.pack("<H" if version == 1 else "<I", len(encoded))
    return b"\x93NUMPY" + bytes([version, 0]) + length + encoded + data


HEADERS: dict[str, bytes] = {
    "keys in another order": with_header("{'shape': (3, 2), 'fortran_order': False, 'descr': '<f4'}\n", X.tobytes()),
    "double quotes": with_header('{"descr": "<f4", "fortran_order": False, "shape": (3, 2)}\n', X.tobytes()),
    "no newline": with_header("{'descr': '<f4', 'fortran_order': False, 'shape': (3, 2)}", X.tobytes()),
    "no space": with_header("{'descr':'<f4','fortran_order':False,'shape':(3,2)}", X.tobytes()),
    "hexadecimal": with_header("{'descr': '<f4', 'fortran_order': False, 'shape': (0x3, 0b10)}", X.tobytes()),
    "a comment": with_header("{'descr': '<f4', 'fortran_order': False, 'shape': (3, 2)} # sic", X.tobytes()),
    "of 256 bytes": with_header("{'descr': '<f4', 'fortran_order': False, 'shape': (3, 2)}", X.tobytes(), 1, 256 - 57),
    "of 9000 bytes": with_header("{'descr': '<f4', 'fortran_order': False, 'shape': (3, 2)}", X.tobytes(), 2, 8900),
    "version 3": with_header("{'descr': '<f4', 'fortran_order': False, 'shape': (3, 2)}", X.tobytes(), 3),
    "by Python 2": with_header("{'descr': '<f4', 'fortran_order': False, 'shape': (3L, 2L)}", X.tobytes()),
    "fortran": with_header("{'descr': '<f4', 'fortran_order': True, 'shape': (3, 2)}", X.T.tobytes()),
    "by name": with_header("{'descr': 'float32', 'fortran_order': False, 'shape': (3, 2)}", X.tobytes()),
    "native by =": with_header("{'descr': '=f4', 'fortran_order': False, 'shape': (3, 2)}", X.tobytes()),
    "native by |": with_header("{'descr': '|f4', 'fortran_order': False, 'shape': (3, 2)}", X.tobytes()),
    "by letter": with_header("{'descr': 'f', 'fortran_order': False, 'shape': (3, 2)}", X.tobytes()),
    "big-endian": with_header("{'descr': '>f4', 'fortran_order': False, 'shape': (3, 2)}", X.astype(">f4").tobytes()),
    "bytes after the data": with_header(
        "{'descr': '<f4', 'fortran_order': False, 'shape': (3, 2)}", X.tobytes() + b"and more"
    ),
}


@pytest.mark.parametrize("contents", HEADERS.values(), ids=HEADERS.keys())
def test_headers_that_numpy_reads(folder: Path, contents: bytes) -> None:
    assert_same(native(numpy_load(contents)), X)
    Path("a.npy").write_bytes(contents)
    Path("a.npz").write_bytes(zip_bytes([("x.npy", contents)], zipfile.ZIP_DEFLATED))
    assert_same(tf_npz.load("a.npy").numpy(), X)
    assert_same(tf_npz.decode(contents).numpy(), X)
    assert_same(tf_npz.load("a.npz", "x").numpy(), X)
    assert_gives(tf_npz.NpzReaderDataset("a.npy"), list(X))
    assert_gives(tf_npz.NpzReaderDataset("a.npz", "x", batch_size=2), [X[:2], X[2:]])


def numpy_load(contents: bytes) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # NumPy warns that numbers of Python 2 take time.
        return np.load(io.BytesIO(contents), max_header_size=100_000)


# --- Archives --------------------------------------------------------------------------------------------------------


def with_comment(comment: bytes) -> bytes:
    file = io.BytesIO(npz_bytes(x=X))
    with zipfile.ZipFile(file, "a") as archive:
        archive.comment = comment
    return file.getvalue()


OTHER = npy_bytes(np.ones(4))
ARCHIVES: dict[str, tuple[Callable[[], bytes], str]] = {
    "of one name the last member wins": (lambda: zip_bytes([("x.npy", OTHER), ("x.npy", npy_bytes(X))]), "x"),
    "one suffix is stripped": (lambda: zip_bytes([("x.npy.npy", npy_bytes(X)), ("y.npy", OTHER)]), "x.npy"),
    "members without a suffix": (lambda: zip_bytes([("x", npy_bytes(X)), ("y", OTHER)]), "x"),
    "nested names": (lambda: zip_bytes([("d/e/x.npy", npy_bytes(X)), ("d/y.npy", OTHER)]), "d/e/x"),
    "an empty name": (lambda: zip_bytes([(".npy", npy_bytes(X)), ("y.npy", OTHER)]), ""),
    "names beyond ASCII": (lambda: zip_bytes([("größe.npy", npy_bytes(X)), ("y.npy", OTHER)]), "größe"),
    "members that are no arrays": (lambda: zip_bytes([("readme.txt", b"hello"), ("x.npy", npy_bytes(X))]), "x"),
    "a folder": (lambda: zip_bytes([("d/", b""), ("d/x.npy", npy_bytes(X))]), "d/x"),
    "a comment": (lambda: with_comment(b"made by hand"), "x"),
    "a comment with the signatures of members": (lambda: with_comment(b"PK\x03\x04 and PK\x01\x02" + b"\0" * 60), "x"),
    "many members": (lambda: npz_bytes(**{f"y{i}": np.ones(i) for i in range(900)}, x=X), "x"),
}


@pytest.mark.parametrize(("contents", "key"), ARCHIVES.values(), ids=ARCHIVES.keys())
@pytest.mark.filterwarnings("ignore:Duplicate name:UserWarning")  # zipfile warns, but writes it
def test_archives_that_numpy_reads(folder: Path, contents: Callable[[], bytes], key: str) -> None:
    Path("a.npz").write_bytes(contents())
    with np.load("a.npz") as loaded:
        if key:  # np.load cannot be asked for an empty name
            assert_same(loaded[key], X)
    assert_same(tf_npz.load("a.npz", key).numpy(), X)
    assert_same(tf_npz.decode(Path("a.npz").read_bytes(), key).numpy(), X)
    assert_gives(tf_npz.NpzReaderDataset("a.npz", key), list(X))


def test_a_comment_is_not_taken_for_the_directorys_end(folder: Path) -> None:
    Path("a.npz").write_bytes(
        with_comment(b"PK\x05\x06" + b"\0" * 30)
    )  # Python's zipfile takes it for one, and refuses the file.
    assert_same(tf_npz.load("a.npz", "x").numpy(), X)


def test_arrays_may_be_called_by_the_names_of_their_members(folder: Path) -> None:
    np.savez("a.npz", x=X)
    with np.load("a.npz") as loaded:
        assert_same(loaded["x.npy"], X)
    assert_same(tf_npz.load("a.npz", "x.npy").numpy(), X)
    assert_gives(tf_npz.NpzReaderDataset("a.npz", "x.npy"), list(X))


# --- Refused files and reasons ---------------------------------------------------------------------------------------

KINDS: dict[str, tuple[np.ndarray, str]] = {
    "objects": (np.array([1, "a", None], object), "object arrays hold pickles, which are never loaded"),
    "structured with objects": (np.zeros(3, [("a", "f4"), ("b", "O")]), "never loaded"),
    "longdouble": (np.zeros(3, np.longdouble), "TensorFlow has no float128; save with astype(numpy.float64)"),
    "clongdouble": (np.zeros(3, np.clongdouble), "TensorFlow has no complex256; save with astype(numpy.complex128)"),
}

# Calls that read a file without a spec, and with a spec that does not depend on its contents.
WAYS: dict[str, Callable[[str, Any, tf.TensorSpec], Any]] = {
    "dataset": lambda file, key, spec: elements(tf_npz.NpzReaderDataset(file, key)),
    "dataset with a spec": lambda file, key, spec: elements(tf_npz.NpzReaderDataset(file, key, element_spec=ROW_SPEC)),
    "load": lambda file, key, spec: tf_npz.load(file, key),
    "load with a spec": lambda file, key, spec: tf_npz.load(file, key, element_spec=spec),
    "decode": lambda file, key, spec: tf_npz.decode(Path(file).read_bytes(), key),
    "decode with a spec": lambda file, key, spec: tf_npz.decode(Path(file).read_bytes(), key, element_spec=spec),
}


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS.keys())
@pytest.mark.parametrize(("array", "reason"), KINDS.values(), ids=KINDS.keys())
def test_kinds_of_arrays_that_become_no_tensors(folder: Path, array: np.ndarray, reason: str, way: Any) -> None:
    np.save("a.npy", array, allow_pickle=True)
    np.savez("a.npz", x=array, allow_pickle=True)
    for file, key, name in [("a.npy", None, "a.npy"), ("a.npz", "x", 'a.npz["x"]')]:
        with pytest.raises(tf.errors.UnimplementedError) as raised:
            way(file, key, SPEC)
        assert reason in raised.value.message
        assert name in raised.value.message.replace("<contents>", file).replace("contents", file)


def encrypted() -> bytes:
    """An archive whose headers say that its member is encrypted. zipfile cannot write one."""
    contents = bytearray(npz_bytes(x=X))
    for signature, offset in [(b"PK\x03\x04", 6), (b"PK\x01\x02", 8)]:
        contents[contents.index(signature) + offset] |= 1
    return bytes(contents)


METHODS: dict[str, tuple[Callable[[], bytes], str]] = {
    "bzip2": (lambda: zip_bytes([("x.npy", npy_bytes(X))], zipfile.ZIP_BZIP2), "bzip2"),
    "lzma": (lambda: zip_bytes([("x.npy", npy_bytes(X))], zipfile.ZIP_LZMA), "LZMA"),
    "encrypted": (encrypted, "encrypted"),
}


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS.keys())
@pytest.mark.parametrize(("contents", "name"), METHODS.values(), ids=METHODS.keys())
def test_methods_that_are_not_supported_are_named(
    folder: Path, contents: Callable[[], bytes], name: str, way: Any
) -> None:
    Path("a.npz").write_bytes(contents())
    with pytest.raises(tf.errors.UnimplementedError) as raised:
        way("a.npz", "x", SPEC)
    assert name.lower() in raised.value.message.lower()


def test_a_refused_array_leaves_the_others_readable(folder: Path) -> None:
    np.savez("a.npz", x=X, long=np.zeros(3, np.longdouble), objects=np.array([None] * 3), allow_pickle=True)
    assert_same(tf_npz.load("a.npz", "x").numpy(), X)
    assert_gives(tf_npz.NpzReaderDataset("a.npz", "x"), list(X))


# --- CRC-32 ----------------------------------------------------------------------------------------------------------


def flipped(contents: bytes) -> bytes:
    """`contents` with one wrong bit in the last bytes of its first member."""
    damaged = bytearray(contents)
    damaged[damaged.index(b"PK\x01\x02") - 6] ^= 1
    return bytes(damaged)


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS.keys())
@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_a_flipped_bit_is_data_loss(folder: Path, save: Callable[..., None], way: Any) -> None:
    Path("a.npz").write_bytes(flipped(npz_bytes(save, x=X)))
    with pytest.raises(tf.errors.DataLossError) as raised:
        way("a.npz", "x", SPEC)
    if save is np.savez:
        assert "CRC-32" in raised.value.message


def test_a_flipped_bit_passes_if_checksums_are_not_verified(folder: Path) -> None:
    contents = flipped(npz_bytes(x=X))
    Path("a.npz").write_bytes(contents)
    expected = np.frombuffer(flipped(X.tobytes() + b"PK\x01\x02")[:-4], np.float32).reshape(X.shape)
    assert (expected != X).sum() == 1
    assert_same(tf_npz.load("a.npz", "x", verify_checksums=False).numpy(), expected)
    assert_same(tf_npz.decode(contents, "x", verify_checksums=False).numpy(), expected)
    assert_gives(tf_npz.NpzReaderDataset("a.npz", "x", verify_checksums=False), list(expected))
    assert_gives(tf_npz.NpzReaderDataset("a.npz", "x", rows=False, verify_checksums=False), [expected])


def test_a_name_that_is_not_the_utf8_it_claims_to_be_leaves_the_others_readable(folder: Path) -> None:
    np.savez("a.npz", good=np.arange(3), ZZZ=np.arange(4))
    contents = Path("a.npz").read_bytes().replace(b"ZZZ", b"\xff\xfe\xc0")
    # General purpose bit 11 in the directory's headers: the names are UTF-8.
    header = contents.rindex(b"PK\x01\x02")
    flagged = contents[: header + 8] + b"\x00\x08" + contents[header + 10 :]
    Path("a.npz").write_bytes(flagged)
    np.testing.assert_array_equal(tf_npz.load("a.npz", "good"), np.arange(3))
    assert set(tf_npz.inspect("a.npz").arrays) == {"good", r"\xff\xfe\xc0"}


def test_a_large_array_after_an_unusual_header_is_loaded_too(folder: Path) -> None:
    array = np.arange(10_000_000, dtype=np.float32)
    header = b"{'descr': '<f4', 'fortran_order': False, 'shape': (10000000,)}\n"
    npy = b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header + array.tobytes()
    with zipfile.ZipFile("a.npz", "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        archive.writestr("x.npy", npy)
    np.testing.assert_array_equal(tf_npz.load("a.npz", "x"), array)


def test_an_array_of_objects_does_not_hide_how_to_read_the_others(folder: Path) -> None:
    np.savez("a.npz", label=np.array(["cat", None]), x=np.zeros(1))
    with pytest.raises(tf.errors.UnimplementedError, match=r'to read the others, pass keys: "x"'):
        tf_npz.load("a.npz")


def test_a_spec_of_rows_for_whole_arrays_is_an_error_that_says_so(folder: Path) -> None:
    np.savez("a.npz", x=np.zeros((20, 8), np.float32))
    for spec, advice in [
        (
            tf_npz.element_spec("a.npz", "x"),
            r"the whole array, not one row: pass tf.TensorSpec\(\(None, 8\), tf.float32\)",
        ),
        (tf.TensorSpec((20, 8), tf.int32), "would lose the fraction; read it as float32"),
    ]:
        with pytest.raises(tf.errors.InvalidArgumentError, match=advice):
            tf_npz.load("a.npz", "x", element_spec=spec)
