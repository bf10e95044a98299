"""inspect() and `python -m tf_npz` describe files from their headers, without TensorFlow."""

import ast
import gzip
import io
import os
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import tf_npz
from testing import npy_bytes, ordinary_user
from tf_npz import _core

DTYPES = ["?", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "f2", "f4", "f8", "c8", "c16"]
SHAPES: list[tuple[int, ...]] = [(), (0,), (3,), (2, 0, 3), (2, 3, 4)]


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("dtype", DTYPES)
def test_agrees_with_numpy_about_dtype_and_byte_order(folder: Path, dtype: str, order: str) -> None:
    array = np.zeros((2, 3), order + dtype)
    np.save("a.npy", array)
    info = tf_npz.inspect("a.npy").arrays[""]
    assert info.dtype == array.dtype.newbyteorder("=").name
    single_byte = array.dtype.itemsize == 1
    assert info.byte_order == (None if single_byte else {"<": "little", ">": "big"}[order])


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_agrees_with_numpy_about_shapes(folder: Path, save: Callable[..., None], shape: tuple[int, ...]) -> None:
    save("a.npz", x=np.zeros(shape, np.int16), y=np.asfortranarray(np.zeros((2, 3))))
    arrays = tf_npz.inspect("a.npz").arrays
    assert list(arrays) == ["x", "y"]
    assert arrays["x"].shape == shape
    assert not arrays["x"].fortran_order
    assert arrays["y"].fortran_order


@pytest.mark.parametrize("version", [(1, 0), (2, 0), (3, 0)])
def test_shows_the_version_of_the_header(folder: Path, version: tuple[int, int]) -> None:
    with Path("a.npy").open("wb") as file:
        np.lib.format.write_array(file, np.arange(3), version=version)
    assert tf_npz.inspect("a.npy").arrays[""].version == version


def test_shows_compression_and_sizes(folder: Path) -> None:
    array = np.zeros((1000,), np.float32)
    np.savez("stored.npz", x=array)
    np.savez_compressed("deflated.npz", x=array)
    size = len(npy_bytes(array))

    stored = tf_npz.inspect("stored.npz")
    assert (stored.format, stored.file_size) == ("npz", Path("stored.npz").stat().st_size)
    x = stored.arrays["x"]
    assert (x.compression, x.compressed_size, x.size) == ("stored", size, size)

    x = tf_npz.inspect("deflated.npz").arrays["x"]
    assert (x.compression, x.size) == ("deflate", size)
    assert 0 < x.compressed_size < size / 10


def test_repr_is_a_table(folder: Path) -> None:
    np.savez("a.npz", x=np.zeros((2, 3), ">f4", order="F"), label=np.zeros((), np.uint8))
    assert repr(tf_npz.inspect("a.npz")).splitlines()[1:] == [
        "  x      float32  (2, 3)  big-endian  Fortran order  stored  152 bytes",
        "  label  uint8    ()                                 stored  129 bytes",
    ]
    assert repr(tf_npz.inspect("a.npz").arrays["label"]) == "label uint8 () stored 129 bytes"


def test_names_cannot_write_control_sequences(folder: Path) -> None:
    np.savez("a.npz", **{"\x1b[31mred": np.zeros(1)})
    info = tf_npz.inspect("a.npz")
    assert list(info.arrays) == ["\x1b[31mred"]
    assert "\x1b" not in repr(info)


def test_members_that_cannot_be_read_do_not_hide_the_others(folder: Path) -> None:
    with zipfile.ZipFile("a.npz", "w") as archive:
        archive.writestr("x.npy", npy_bytes(np.zeros(3)))
        archive.writestr("notes.txt", "how this was measured")
        archive.writestr("text.npy", "no array")
    np.savez("objects.npz", o=np.array([None], object), x=np.zeros(3))

    info = tf_npz.inspect("a.npz")
    assert list(info.arrays) == ["x"]
    assert info.other_members == ("notes.txt",)
    assert list(info.problems) == ["text"]
    assert "is not an array" in repr(info)

    info = tf_npz.inspect("objects.npz")
    assert list(info.arrays) == ["o", "x"]
    assert info.arrays["o"].dtype == "object"
    assert list(info.problems) == ["o"]
    assert "pickles" in info.problems["o"]
    assert "pickles" in repr(info)


@pytest.mark.parametrize("as_path", [str, Path, os.fsencode])
def test_takes_paths_in_every_form(folder: Path, as_path: Callable[[str], str]) -> None:
    np.save("ä.npy", np.zeros(3))
    info = tf_npz.inspect(as_path("ä.npy"))
    assert info.path == "ä.npy"
    assert info.arrays[""].shape == (3,)


def test_reads_through_the_file_systems_of_tensorflow(ram_folder: str) -> None:
    import tensorflow as tf

    file = io.BytesIO()
    # Too large to be read as a whole, so its directory is found from the end.
    np.savez(file, x=np.zeros(100_000), y=np.zeros((2, 3), np.int32))
    with tf.io.gfile.GFile(f"{ram_folder}/a.npz", "wb") as target:
        target.write(file.getvalue())
    info = tf_npz.inspect(f"{ram_folder}/a.npz")
    assert info.file_size == len(file.getvalue())
    assert {name: array.shape for name, array in info.arrays.items()} == {"x": (100_000,), "y": (2, 3)}
    with pytest.raises(FileNotFoundError, match=r"none\.npz"):
        tf_npz.inspect(f"{ram_folder}/none.npz")
    with pytest.raises(ValueError, match="is a directory"):
        tf_npz.inspect(ram_folder)


BAD = {
    "missing": (None, FileNotFoundError, "bad.npz: can't open"),
    "empty": (b"", ValueError, "bad.npz: is empty"),
    "text": (b"x,y\n1,2\n", ValueError, "is neither an .npy nor an .npz file"),
    "cut archive": (b"PK\x03\x04 and no more", ValueError, "cut off or damaged"),
    "cut array": (npy_bytes(np.zeros(3))[:40], ValueError, "bad.npz"),
    "npz in gzip": (gzip.compress(b"PK\x03\x04"), NotImplementedError, "decompress it first"),
}


@pytest.mark.parametrize(("contents", "error", "fragment"), BAD.values(), ids=BAD.keys())
def test_raises_errors_of_python_that_say_what_is_wrong(
    folder: Path, contents: bytes | None, error: type[Exception], fragment: str
) -> None:
    if contents is not None:
        Path("bad.npz").write_bytes(contents)
    with pytest.raises(error) as raised:
        tf_npz.inspect("bad.npz")
    assert fragment in str(raised.value)


def test_a_directory_is_an_error_of_its_own(folder: Path) -> None:
    Path("d").mkdir()
    with pytest.raises(IsADirectoryError, match="d: is a directory"):
        tf_npz.inspect("d")


def test_an_unreadable_file_is_a_permission_error(folder: Path) -> None:
    Path("a.npy").write_bytes(npy_bytes(np.zeros(3)))
    Path("a.npy").chmod(0o444)
    tf_npz.inspect("a.npy")
    with ordinary_user(folder):
        tf_npz.inspect("a.npy")
    Path("a.npy").chmod(0)
    with ordinary_user(folder), pytest.raises(PermissionError, match=r"a\.npy"):
        tf_npz.inspect("a.npy")


def test_the_stub_lists_every_name_of_the_native_module() -> None:
    stub = ast.parse(Path(tf_npz.__file__).with_name("_core.pyi").read_text())
    names = {node.name: node for node in stub.body if isinstance(node, ast.ClassDef | ast.FunctionDef)}
    assert set(names) == {name for name in vars(_core) if not name.startswith("_")}
    for name, node in names.items():
        if isinstance(node, ast.ClassDef) and name != "StatusError":
            attributes = {name for name in vars(getattr(_core, name)) if not name.startswith("_")}
            assert attributes == {item.name for item in node.body if isinstance(item, ast.FunctionDef)}


def run_module(*arguments: str) -> subprocess.CompletedProcess[str]:
    root = str(Path(tf_npz.__file__).parent.parent)
    environment = {**os.environ, "PYTHONPATH": root}
    command = [sys.executable, "-X", "importtime", "-m", "tf_npz", *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


def test_command_line_prints_a_table_for_each_file(folder: Path) -> None:
    np.savez("a.npz", x=np.zeros(3))
    np.save("b.npy", np.zeros(3))
    result = run_module("a.npz", "none.npz", "b.npy")
    assert result.stdout == f"{tf_npz.inspect('a.npz')!r}\n{tf_npz.inspect('b.npy')!r}\n"
    assert "none.npz: can't open" in result.stderr
    assert result.returncode == 1
    assert run_module("a.npz").returncode == 0


def test_command_line_helps_without_tensorflow(folder: Path) -> None:
    result = run_module("--help")
    assert result.returncode == 0
    assert "FILE" in result.stdout
    assert "| tensorflow" not in result.stderr  # a line of -X importtime
