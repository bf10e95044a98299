"""File names in every form that callers may pass."""

import io
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
import tf_npz
from testing import npz_bytes
from tf_npz import _files

FORMS: dict[str, tuple[Callable[[], Any], list[str]]] = {
    "str": (lambda: "b.npz", ["b.npz"]),
    "bytes": (lambda: b"b.npz", ["b.npz"]),
    "os.PathLike": (lambda: Path("b.npz"), ["b.npz"]),
    "pattern": (lambda: "*.npz", ["a.npz", "b.npz", "c.npz"]),
    "pattern as a Path": (lambda: Path("[ab].npz"), ["a.npz", "b.npz"]),
    "pattern with one character": (lambda: "d/?.npz", ["d/a.npz", "d/b.npz"]),
    "pattern over folders": (lambda: "**/*.npz", ["a.npz", "b.npz", "c.npz", "d/a.npz", "d/b.npz"]),
    "pattern of everything": (lambda: "**", ["a.npz", "b.npz", "c.npz", "d/a.npz", "d/b.npz"]),
    "list": (lambda: ["b.npz", "a.npz"], ["b.npz", "a.npz"]),
    "tuple": (lambda: ("b.npz", Path("a.npz")), ["b.npz", "a.npz"]),
    "generator": (lambda: (f"{name}.npz" for name in "ca"), ["c.npz", "a.npz"]),
    "list of patterns keeps its order": (lambda: ["d/*", "[ac]*"], ["d/a.npz", "d/b.npz", "a.npz", "c.npz"]),
    "the same file twice": (lambda: ["a.npz", "a.npz"], ["a.npz", "a.npz"]),
    "names of a dict": (lambda: dict.fromkeys(["b.npz", "a.npz"]).keys(), ["b.npz", "a.npz"]),
    "numpy str": (lambda: np.array(["b.npz", "a.npz"]), ["b.npz", "a.npz"]),
    "numpy bytes": (lambda: np.array([b"b.npz"]), ["b.npz"]),
    "scalar tensor": (lambda: tf.constant("b.npz"), ["b.npz"]),
    "scalar tensor with a pattern": (lambda: tf.constant("d/*"), ["d/a.npz", "d/b.npz"]),
    "vector tensor": (lambda: tf.constant(["b.npz", "a.npz"]), ["b.npz", "a.npz"]),
    "list of tensors": (lambda: [tf.constant("b.npz"), "a.npz"], ["b.npz", "a.npz"]),
    "variable": (lambda: tf.Variable(["b.npz"]), ["b.npz"]),
}


@pytest.fixture
def files(folder: Path) -> None:
    Path("d").mkdir()
    for name in ("c", "a", "b", "d/b", "d/a"):
        np.savez(f"{name}.npz", x=np.zeros((2, 3)))


@pytest.mark.usefixtures("files")
@pytest.mark.parametrize(("filenames", "expected"), FORMS.values(), ids=FORMS.keys())
def test_every_form_of_file_names(filenames: Callable[[], Any], expected: list[str]) -> None:
    assert _files.expand(filenames()) == expected
    assert tf_npz.element_spec(filenames()) == {"x": tf.TensorSpec([3], tf.float64)}


@pytest.mark.parametrize("name", ["a[1].npz", "[a].npz", "what?.npz", "*.npz"])
def test_the_name_of_an_existing_file_is_no_pattern(folder: Path, name: str) -> None:
    np.savez(name, x=np.zeros((2, 3)))
    np.savez("a.npz", x=np.zeros((2, 3)))
    np.savez("a1.npz", x=np.zeros((2, 3)))
    assert _files.expand(name) == [name]
    assert _files.expand(tf.constant([name])) == [name]


def test_patterns_over_the_file_systems_of_tensorflow(ram_folder: str) -> None:
    names = [f"{ram_folder}/{name}" for name in ("a.npz", "b.npz", "c.npy")]
    for name in reversed(names):
        with tf.io.gfile.GFile(name, "wb") as file:
            file.write(b"whatever")
    assert _files.expand(f"{ram_folder}/*.npz") == names[:2]
    assert _files.expand([names[2], f"{ram_folder}/*.npz"]) == [names[2], *names[:2]]
    # Its existence is not checked here. The reader raises the error.
    assert _files.expand("ram://none/a.npz") == ["ram://none/a.npz"]
    with pytest.raises(tf.errors.NotFoundError, match="none"):
        _files.expand(f"{ram_folder}/none*")


def test_file_names_that_are_not_utf8(folder: Path) -> None:
    name = os.fsdecode(b"\xff.npz")
    try:
        np.savez(name, x=np.zeros((2, 3)))
    except OSError as error:
        pytest.skip(f"this file system takes only names in UTF-8: {error}")
    assert tf_npz.element_spec(name, "x") == tf.TensorSpec([3], tf.float64)
    assert _files.expand("*.npz") == [name]
    assert _files.to_tensor([name]).numpy().tolist() == [b"\xff.npz"]


@pytest.mark.parametrize("filenames", [[], (), "tensor"])
def test_no_files_are_an_error(filenames: Any) -> None:
    if filenames == "tensor":
        filenames = tf.constant([], tf.string)
    with pytest.raises(tf.errors.InvalidArgumentError, match="filenames is empty"):
        tf_npz.element_spec(filenames)


@pytest.mark.parametrize("filenames", ["*.npz", ["a.npy", "none/*"]])
def test_a_pattern_that_matches_nothing_is_named(folder: Path, filenames: Any) -> None:
    pattern = filenames if isinstance(filenames, str) else filenames[1]
    with pytest.raises(tf.errors.NotFoundError) as raised:
        tf_npz.element_spec(filenames)
    assert f"no file matches the pattern {pattern!r}" in raised.value.message


WRONG: dict[str, tuple[Callable[[], Any], type[Exception], str]] = {
    "number": (lambda: 3, TypeError, "must be a path, a pattern, a list of these or a string tensor, not int: 3"),
    "open file": (lambda: io.BytesIO(b"x"), TypeError, "must be a path, a pattern, a list of these"),
    "open NpzFile": (
        lambda: np.load(io.BytesIO(npz_bytes())),
        TypeError,
        "filenames is an open NpzFile of np.load, which gives names",
    ),
    "set": (lambda: {"a.npz"}, TypeError, "must be a path, a pattern, a list of these"),
    "None": (lambda: None, TypeError, "NoneType"),
    "list of numbers": (lambda: ["a.npz", 3], TypeError, "must hold paths or patterns, not int: 3"),
    "nested lists": (lambda: [["a.npz"]], TypeError, "not list"),
    "tensor of numbers": (lambda: tf.constant([1]), TypeError, "dtype string"),
    "matrix": (lambda: tf.constant([["a.npz"]]), ValueError, "not of shape (1, 1); flatten it first"),
    "dataset": (lambda: tf.data.Dataset.from_tensors("a.npz"), TypeError, "filenames.interleave("),
}


@pytest.mark.parametrize(("filenames", "error", "fragment"), WRONG.values(), ids=WRONG.keys())
def test_other_things_are_refused(filenames: Callable[[], Any], error: type[Exception], fragment: str) -> None:
    with pytest.raises(error) as raised:
        _files.expand(filenames())
    assert fragment in str(raised.value)


def test_symbolic_tensors_are_passed_on_and_never_expanded() -> None:
    seen = []

    @tf.function(input_signature=[tf.TensorSpec(None, tf.string)])
    def trace(filenames: tf.Tensor) -> tf.Tensor:
        seen.append(_files.expand(filenames) is filenames)
        seen.append(_files.to_tensor(filenames) is filenames)
        return filenames

    trace(tf.constant("*.npz"))
    assert seen == [True, True]


def test_symbolic_file_names_need_an_element_spec() -> None:
    files = tf.data.Dataset.from_tensors("a.npz")
    with pytest.raises(ValueError, match=r"element_spec=tf_npz\.element_spec\(files, keys='x', rows=False\)"):
        files.interleave(lambda f: tf_npz.NpzReaderDataset(f, keys="x", rows=False))
    with pytest.raises(ValueError, match=r"element_spec=tf_npz\.element_spec\(files, rows=False\)"):
        files.map(tf_npz.load)
    with pytest.raises(ValueError, match="contents is symbolic"):
        files.map(tf_npz.decode)
    with pytest.raises(ValueError, match="filenames is symbolic"):
        files.map(tf_npz.element_spec)


def test_load_takes_one_path() -> None:
    for filename in (["a.npz"], tf.constant(["a.npz"]), None):
        with pytest.raises(TypeError, match="filename must be a path or a scalar string tensor"):
            tf_npz.load(filename)
