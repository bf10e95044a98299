"""A file that is no array is called by its name. Its error says what to do, and doing it works."""

import bz2
import gzip
import io
import json
import lzma
import pickle
import re
import struct
import subprocess
import tarfile
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
import scipy.io
import tensorflow as tf
import tf_npz
from testing import assert_gives, assert_same, elements, npy_bytes, npz_bytes, zip_bytes

X = np.arange(6, dtype=np.float32).reshape(3, 2)
NPZ = npz_bytes(x=X)
SPEC = tf.TensorSpec([3, 2], tf.float32)


def written(write: Callable[[io.BytesIO], Any]) -> bytes:
    file = io.BytesIO()
    write(file)
    return file.getvalue()


def hdf5() -> bytes:
    def write(file: io.BytesIO) -> None:
        with h5py.File(file, "w") as archive:
            archive["x"] = X

    return written(write)


def tar(mode: str = "w") -> bytes:
    def write(file: io.BytesIO) -> None:
        with tarfile.open(fileobj=file, mode=mode) as archive:  # type: ignore[call-overload]
            member = tarfile.TarInfo("x.npy")
            member.size = len(npy_bytes(X))
            archive.addfile(member, io.BytesIO(npy_bytes(X)))

    return written(write)


def wav() -> bytes:
    return tf.audio.encode_wav(np.zeros((100, 1), np.float32), 8000).numpy()


IMAGE = np.arange(48, dtype=np.uint8).reshape(4, 4, 3)
LFS = b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a214614ab2935c943f9e0ff69d22e\nsize 12345\n"
HTML = b"<!DOCTYPE html>\n<html><head><title>Sign in</title></head></html>"

# What a file is: its contents, and what the error calls it.
KINDS: dict[str, tuple[Callable[[], bytes], str]] = {
    "Git LFS pointer": (lambda: LFS, "a Git LFS pointer; run git lfs pull"),
    "git-annex pointer": (lambda: b"/annex/objects/MD5E-s9--ab.npz\n", "a git-annex pointer; run git annex get"),
    "web page": (lambda: HTML, "a web page; the server sent a page"),
    "answer of an object store": (lambda: b"<?xml version='1.0'?><Error/>", "an XML document"),
    **{
        f"pickle of protocol {protocol}": (lambda p=protocol: pickle.dumps({"x": X}, p), "a pickle; pickles are never")  # type: ignore[misc]
        for protocol in range(pickle.HIGHEST_PROTOCOL + 1)
    },
    **{
        f"array pickled by protocol {protocol}": (lambda p=protocol: pickle.dumps(X, p), "a pickle; pickles are never")  # type: ignore[misc]
        for protocol in range(pickle.HIGHEST_PROTOCOL + 1)
    },
    "HDF5": (hdf5, "an HDF5 file; open it with h5py"),
    "MATLAB 4": (lambda: written(lambda f: scipy.io.savemat(f, {"x": X}, format="4")), "a MATLAB 4 file"),
    "MATLAB 5": (lambda: written(lambda f: scipy.io.savemat(f, {"x": X})), "a MATLAB 5 file; load it with scipy.io"),
    "PNG": (lambda: tf.io.encode_png(IMAGE).numpy(), "a PNG image; read it with tf.io.read_file"),
    "JPEG": (lambda: tf.io.encode_jpeg(IMAGE).numpy(), "a JPEG image; read it with tf.io.read_file"),
    "WAV": (wav, "a WAV file; read it with"),
    "Parquet": (lambda: b"PAR1\x15\x04", "a Parquet file"),
    "tar archive": (tar, "a tar archive; extract it with tar -xf"),
    "tar archive in gzip": (lambda: tar("w:gz"), "an .npz file, but a tar archive; extract it with tar -xf"),
    "web page in gzip": (lambda: gzip.compress(HTML), "an .npz file, but a web page"),
    "csv": (lambda: b"x,y\n1,2\n3,4\n", 'a table in text: begins with "x,y\\x0a1,2\\x0a3,4'),
    "text": (lambda: b"404: Not Found", 'text: begins with "404: Not Found" at byte 0'),
    "JSON": (lambda: json.dumps({"x": X.tolist()}).encode(), 'JSON text: begins with "{'),
    "bzip2": (lambda: bz2.compress(NPZ), "a file compressed with bzip2; decompress it"),
    "xz": (lambda: lzma.compress(NPZ), "a file compressed with xz; decompress it"),
    "cut off npy": (lambda: npy_bytes(X)[:3], "the first bytes of an .npy file; writing or copying it was"),
    "empty": (lambda: b"", "is empty (expected an .npy or .npz file); writing or copying it was interrupted"),
    "zeros": (lambda: bytes(1000), "a file that begins with zeros"),
    "noise": (lambda: b"\1\2\3\4\5\6\7\x08", 'an .npz file: begins with "\\x01\\x02\\x03\\x04\\x05\\x06" at byte 0'),
}

WAYS: dict[str, Callable[[str], Any]] = {
    "load": tf_npz.load,
    "load with a spec": lambda file: tf_npz.load(file, element_spec=SPEC),
    "decode": lambda file: tf_npz.decode(Path(file).read_bytes()),
    "decode with a spec": lambda file: tf_npz.decode(Path(file).read_bytes(), element_spec=SPEC),
    "dataset": lambda file: elements(tf_npz.NpzReaderDataset(file, rows=False)),
    "dataset with a spec": lambda file: elements(tf_npz.NpzReaderDataset(file, rows=False, element_spec=SPEC)),
    "element_spec": tf_npz.element_spec,
    "inspect": tf_npz.inspect,
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("kind", KINDS)
def test_the_error_says_what_the_file_is(folder: Path, kind: str, way: str) -> None:
    make, fragment = KINDS[kind]
    Path("a.npz").write_bytes(make())
    with pytest.raises(ValueError if way == "inspect" else tf.errors.DataLossError) as raised:
        WAYS[way]("a.npz")
    assert fragment in str(raised.value)


def error_of(file: str, *arguments: Any) -> str:
    with pytest.raises(tf.errors.OpError) as raised:
        tf_npz.load(file, *arguments)
    message: str = raised.value.message
    return message


def save_and_check(arrays: dict[str, np.ndarray]) -> None:
    np.savez("new.npz", **arrays)
    for name, array in arrays.items():
        assert_same(tf_npz.load("new.npz", name).numpy(), array)
    assert "x" in arrays


def untar(file: str) -> None:
    subprocess.run(["tar", "-xf", file], check=True)
    assert_same(tf_npz.load("x.npy").numpy(), X)


def read_hdf5(file: str) -> None:
    with h5py.File(file) as archive:
        save_and_check({name: archive[name][()] for name in archive})


def read_image(file: str) -> None:
    assert tf.io.decode_image(tf.io.read_file(file)).shape == (4, 4, 3)


def read_table(file: str, **options: Any) -> None:
    np.save("new.npy", np.genfromtxt(file, **options))
    assert tf_npz.load("new.npy").shape == (3, 2)


# What the advice says, as code: the words that the advice must have, and what they mean.
ADVICE: dict[str, tuple[str, Callable[[str], Any]]] = {
    **{
        f"pickle of protocol {protocol}": (
            "np.load(FILE, allow_pickle=True), and save its arrays with np.savez",
            lambda file: save_and_check(np.load(file, allow_pickle=True)),
        )
        for protocol in range(pickle.HIGHEST_PROTOCOL + 1)
    },
    "HDF5": ("open it with h5py, and save its arrays with np.savez", read_hdf5),
    **{
        f"MATLAB {version}": (
            "load it with scipy.io.loadmat, and save its arrays with np.savez",
            lambda file: save_and_check({k: v for k, v in scipy.io.loadmat(file).items() if k[0] != "_"}),
        )
        for version in (4, 5)
    },
    "PNG": ("tf.io.read_file and tf.io.decode_image", read_image),
    "JPEG": ("tf.io.read_file and tf.io.decode_image", read_image),
    "WAV": ("tf.io.read_file and tf.audio.decode_wav", lambda file: tf.audio.decode_wav(tf.io.read_file(file))),
    "tar archive": ("extract it with tar -xf", untar),
    "tar archive in gzip": ("extract it with tar -xf", untar),
    "csv": ('np.genfromtxt(FILE, delimiter=","), and save it with np.save', lambda f: read_table(f, delimiter=",")),
    "JSON": (
        "load it with json.load, and save its arrays with np.savez",
        lambda file: save_and_check({k: np.array(v) for k, v in json.loads(Path(file).read_text()).items()}),
    ),
}


@pytest.mark.parametrize("kind", ADVICE)
def test_the_advice_about_a_kind_works(folder: Path, kind: str) -> None:
    words, follow = ADVICE[kind]
    Path("a.npz").write_bytes(KINDS[kind][0]())
    assert words in error_of("a.npz")
    follow("a.npz")


@pytest.mark.parametrize("program", ["bzip2", "xz", "zstd", "lz4", "gzip"])
def test_the_advice_to_decompress_works(folder: Path, program: str) -> None:
    try:
        compressed = subprocess.run([program, "-c"], input=NPZ, stdout=subprocess.PIPE, check=True).stdout
    except FileNotFoundError:
        pytest.skip(f"this machine has no {program}")
    Path("OLD").write_bytes(compressed)
    command = re.search(r"decompress it(?: first)?: (\w+ < OLD > NEW)", error_of("OLD"))
    assert command
    subprocess.run(command[1], shell=True, check=True)
    assert_same(tf_npz.load("NEW", "x").numpy(), X)


# --- Zip archives without arrays --------------------------------------------------------------------------------------

ARCHIVES: dict[str, tuple[list[str], str]] = {
    "PyTorch": (["archive/data.pkl", "archive/data/0"], "a PyTorch file: load it with torch.load"),
    "Word": (["[Content_Types].xml", "word/document.xml"], "an Office document, such as .docx or .xlsx: export"),
    "Keras": (["metadata.json", "model.weights.h5"], "a Keras model: load it with tf.keras.models.load_model"),
    "npz files": (["train/0.npz", "train/1.npz"], "a zip archive of .npz files: extract it with unzip"),
}


@pytest.mark.parametrize(("names", "what"), ARCHIVES.values(), ids=ARCHIVES.keys())
def test_an_archive_of_another_program_is_named(folder: Path, names: list[str], what: str) -> None:
    Path("a.npz").write_bytes(zip_bytes([(name, b"contents") for name in names]))
    assert f"no component; it is {what}" in error_of("a.npz")
    assert f"); it is {what}" in error_of("a.npz", "x")
    with pytest.raises(tf.errors.InvalidArgumentError, match=re.escape(what)):
        tf_npz.NpzReaderDataset("a.npz", "x")
    info = tf_npz.inspect("a.npz")
    assert info.note.startswith(what)
    assert f"it is {what}" in repr(info)


def test_an_archive_with_arrays_is_of_no_other_program(folder: Path) -> None:
    Path("a.npz").write_bytes(zip_bytes([("m/data.pkl", b"x"), ("x.npy", npy_bytes(X))]))
    assert tf_npz.inspect("a.npz").note == ""
    assert "it is" not in error_of("a.npz", "z").partition("(it has")[0]
    assert "PyTorch" not in error_of("a.npz", "z")
    assert_same(tf_npz.load("a.npz")["x"].numpy(), X)


# --- Members that can't be read ---------------------------------------------------------------------------------------

FORK = b"\x00\x05\x16\x07\x00\x02\x00\x00Mac OS X        " + bytes(80)


def test_resource_forks_of_macos_are_no_arrays(folder: Path) -> None:
    forks = [("__MACOSX/._x.npy", FORK), ("__MACOSX/d/._y.npy", FORK), ("._x.npy", FORK)]
    Path("a.npz").write_bytes(zip_bytes([("x.npy", npy_bytes(X)), *forks]))
    assert list(tf_npz.load("a.npz")) == ["x"]
    assert list(tf_npz.decode(Path("a.npz").read_bytes())) == ["x"]
    assert_gives(tf_npz.NpzReaderDataset("a.npz"), [{"x": row} for row in X])
    info = tf_npz.inspect("a.npz")
    assert (list(info.arrays), list(info.problems)) == (["x"], [])
    assert set(info.other_members) == {"__MACOSX/._x", "__MACOSX/d/._y", "._x"}
    Path("._a.npz").write_bytes(FORK)
    assert "but a resource fork, which macOS puts beside a file" in error_of("._a.npz")


DAMAGED: dict[str, bytes] = {
    "text": b"hello, world",
    "a pickle": pickle.dumps([1]),
    "a cut array": npy_bytes(X)[:-1],
    "a cut header": npy_bytes(X)[:50],
    "a header of another version": npy_bytes(X).replace(b"Y\x01", b"Y\x09"),
    "nothing": b"",
}


@pytest.mark.parametrize("contents", DAMAGED.values(), ids=DAMAGED.keys())
def test_a_damaged_member_does_not_hide_the_others(folder: Path, contents: bytes) -> None:
    Path("a.npz").write_bytes(zip_bytes([("x.npy", npy_bytes(X)), ("bad.npy", contents), ("y.npy", npy_bytes(X))]))
    calls: list[Callable[..., Any]] = [
        tf_npz.load,
        tf_npz.NpzReaderDataset,
        tf_npz.element_spec,
        lambda file, keys=None: tf_npz.decode(Path(file).read_bytes(), keys),
    ]
    for call in calls:
        with pytest.raises(tf.errors.DataLossError) as raised:
            call("a.npz")
        advice = re.search(r'\["bad"\].*; to read the others, pass keys: (.*)$', raised.value.message)
        assert advice
        call("a.npz", tuple(json.loads(f"[{advice[1]}]")))
    assert list(tf_npz.inspect("a.npz").arrays) == ["x", "y"]
    assert list(tf_npz.inspect("a.npz").problems) == ["bad"]


# --- Members that can be rewritten ------------------------------------------------------------------------------------


def encrypted(npy: bytes, password: bytes) -> bytes:
    """An archive with the encryption of APPNOTE.TXT 6.1, which zipfile reads and does not write."""

    def step(crc: int, byte: int) -> int:
        return zlib.crc32(bytes([byte]), crc ^ 0xFFFFFFFF) ^ 0xFFFFFFFF

    keys = [0x12345678, 0x23456789, 0x34567890]

    def update(byte: int) -> None:
        keys[0] = step(keys[0], byte)
        keys[1] = ((keys[1] + (keys[0] & 0xFF)) * 134775813 + 1) & 0xFFFFFFFF
        keys[2] = step(keys[2], keys[1] >> 24)

    for byte in password:
        update(byte)
    crc = zlib.crc32(npy)
    data = bytearray()
    for byte in bytes(11) + bytes([crc >> 24]) + npy:
        mask = (keys[2] & 0xFFFF) | 2
        data.append(byte ^ ((mask * (mask ^ 1)) >> 8 & 0xFF))
        update(byte)
    contents = bytearray(zip_bytes([("x.npy", bytes(data))]))
    for signature, flags in [(b"PK\x03\x04", 6), (b"PK\x01\x02", 8)]:
        at = contents.index(signature)
        contents[at + flags] |= 1
        struct.pack_into("<III", contents, at + flags + 8, crc, len(data), len(npy))
    return bytes(contents)


MEMBERS: dict[str, Callable[[], bytes]] = {
    "bzip2": lambda: zip_bytes([("x.npy", npy_bytes(X)), ("y.npy", npy_bytes(X))], zipfile.ZIP_BZIP2),
    "lzma": lambda: zip_bytes([("x.npy", npy_bytes(X)), ("y.npy", npy_bytes(X))], zipfile.ZIP_LZMA),
    "encrypted": lambda: encrypted(npy_bytes(X), b"PASSWORD"),
}


@pytest.mark.parametrize("make", MEMBERS.values(), ids=MEMBERS.keys())
def test_the_code_that_rewrites_a_file_runs_as_the_error_prints_it(folder: Path, make: Callable[[], bytes]) -> None:
    Path("OLD.npz").write_bytes(make())
    for keys in ((), ("x",)):
        code = re.search(
            r" in Python: (.*?)(?:; and read (.*?))?(?:; to read the others.*)?$", error_of("OLD.npz", *keys)
        )
        assert code
    exec(code[1], {})
    if code[2]:
        assert_gives(tf_npz.NpzReaderDataset(code[2]), list(X))
    else:
        assert_same(tf_npz.load("NEW.npz", "x").numpy(), X)
    assert "x" in tf_npz.inspect("OLD.npz").problems
    assert " in Python: " in tf_npz.inspect("OLD.npz").problems["x"]


@pytest.mark.parametrize(("method", "name"), [(9, "deflate64"), (93, "zstd"), (95, "xz"), (98, "ppmd")])
def test_methods_that_numpy_does_not_read_are_named(folder: Path, method: int, name: str) -> None:
    contents = bytearray(zip_bytes([("x.npy", npy_bytes(X))]))
    struct.pack_into("<H", contents, contents.index(b"PK\x01\x02") + 10, method)
    Path("a.npz").write_bytes(contents)
    message = error_of("a.npz", "x")
    assert f"compressed with {name} (supported: stored and deflate); NumPy does not read it either" in message
    assert "7z x OLD.npz" in message
