"""element_spec(): the spec of one element, from headers, and the narrowest spec that admits several files."""

import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
import tf_npz
from testing import npy_bytes
from tf_npz import _keys, _parts, _spec, _structure

FLOAT = tf.float32
DTYPES = ["?", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "f2", "f4", "f8", "c8", "c16"]


def zeros(*shape: int, dtype: str = "f4") -> np.ndarray:
    return np.zeros(shape, dtype)


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("dtype", DTYPES)
def test_dtypes_are_those_of_tensorflow_for_numpy(folder: Path, dtype: str, order: str) -> None:
    np.save("a.npy", zeros(2, 3, dtype=order + dtype))
    assert tf_npz.element_spec("a.npy") == tf.TensorSpec([3], tf.as_dtype(np.dtype(dtype)))


KEYS: dict[str, tuple[Any, Any]] = {
    "None": (None, {"x": tf.TensorSpec([3], FLOAT), "y": tf.TensorSpec([], tf.int64)}),
    "name": ("y", tf.TensorSpec([], tf.int64)),
    "member's name": ("y.npy", tf.TensorSpec([], tf.int64)),
    "tuple": (("y", "x"), (tf.TensorSpec([], tf.int64), tf.TensorSpec([3], FLOAT))),
    "list": (["x"], (tf.TensorSpec([3], FLOAT),)),
    "the same twice": (("x", "x"), (tf.TensorSpec([3], FLOAT), tf.TensorSpec([3], FLOAT))),
    "dict": ({"label": "y", "image": "x"}, {"label": tf.TensorSpec([], tf.int64), "image": tf.TensorSpec([3], FLOAT)}),
}


@pytest.mark.parametrize(("keys", "expected"), KEYS.values(), ids=KEYS.keys())
def test_keys_give_the_structure(folder: Path, keys: Any, expected: Any) -> None:
    np.savez("a.npz", x=zeros(2, 3), y=zeros(2, dtype="i8"))
    spec = tf_npz.element_spec("a.npz", keys)
    assert spec == expected
    assert type(spec) is type(expected)


def test_rows_false_gives_whole_arrays(folder: Path) -> None:
    np.savez("a.npz", x=zeros(2, 3), y=zeros())
    assert tf_npz.element_spec("a.npz", rows=False) == {
        "x": tf.TensorSpec([2, 3], FLOAT),
        "y": tf.TensorSpec([], FLOAT),
    }


def test_members_that_are_no_arrays_are_left_out(folder: Path) -> None:
    with zipfile.ZipFile("a.npz", "w") as archive:
        archive.writestr("x.npy", npy_bytes(zeros(2, 3)))
        archive.writestr("notes.txt", "how this was measured")
    assert tf_npz.element_spec("a.npz") == {"x": tf.TensorSpec([3], FLOAT)}


SEVERAL: dict[str, tuple[list[tuple[int, ...]], Any]] = {
    "equal": ([(2, 3), (2, 3)], [2, 3]),
    "one dimension differs": ([(2, 3), (4, 3)], [None, 3]),
    "another differs": ([(2, 3), (4, 3), (4, 5)], [None, None]),
    "ranks differ": ([(2, 3), (2, 3, 1)], None),
    "ranks differ and agree again": ([(2,), (2, 3), (2,)], None),
    "zero-size": ([(0, 3), (2, 3)], [None, 3]),
}


@pytest.mark.parametrize(("shapes", "expected"), SEVERAL.values(), ids=SEVERAL.keys())
def test_over_several_files_it_is_the_narrowest_that_admits_all(
    folder: Path, shapes: list[tuple[int, ...]], expected: Any
) -> None:
    for i, shape in enumerate(shapes):
        np.save(f"{i}.npy", zeros(*shape))
        np.savez(f"{i}.npz", x=zeros(*shape), y=zeros(7, dtype="i8"))
    spec = tf.TensorSpec(expected, FLOAT)
    assert tf_npz.element_spec("*.npy", rows=False) == spec
    whole = tf_npz.element_spec("*.npz", rows=False)
    assert whole == {"x": spec, "y": tf.TensorSpec([7], tf.int64)}
    for shape in shapes:
        assert whole["x"].is_compatible_with(tf.TensorSpec(shape, FLOAT))


def test_the_spec_of_rows_does_not_depend_on_their_number(folder: Path) -> None:
    np.save("0.npy", zeros(2, 3))
    np.save("1.npy", zeros(5, 3))
    assert tf_npz.element_spec("*.npy") == tf.TensorSpec([3], FLOAT)


def test_more_than_a_thousand_files_are_sampled_evenly() -> None:
    few = [str(i) for i in range(1000)]
    assert _spec._sample(few) == few
    for count in (1001, 2500, 123_456):
        sample = [int(path) for path in _spec._sample([str(i) for i in range(count)])]
        assert len(sample) == len(set(sample)) == 1000
        assert (sample[0], sample[-1]) == (0, count - 1)
        steps = np.diff(sample)
        assert steps.min() > 0
        assert steps.max() - steps.min() <= 1


def test_reads_through_the_file_systems_of_tensorflow(ram_folder: str) -> None:
    for i in range(40):
        with tf.io.gfile.GFile(f"{ram_folder}/{i}.npy", "wb") as file:
            file.write(npy_bytes(zeros(i, 3)))
    assert tf_npz.element_spec(f"{ram_folder}/*.npy", rows=False) == tf.TensorSpec([None, 3], FLOAT)
    with pytest.raises(tf.errors.NotFoundError, match=r"none\.npy: not found"):
        tf_npz.element_spec([f"{ram_folder}/0.npy", f"{ram_folder}/none.npy"])


def save_npz(**arrays: np.ndarray) -> Callable[[str], None]:
    return lambda path: np.savez(path, **arrays)


def save_npy(array: np.ndarray) -> Callable[[str], None]:
    def save(path: str) -> None:
        Path(path).write_bytes(npy_bytes(array))

    return save


def save_bytes(contents: bytes) -> Callable[[str], None]:
    return lambda path: Path(path).write_bytes(contents) and None


# Files (named 0.npz, 1.npz, ...), options, error, fragments of its message.
ERRORS: dict[str, tuple[list[Any], dict[str, Any], type[Exception], list[str]]] = {
    "unknown key": (
        [save_npz(x=zeros(2), y=zeros(2))],
        {"keys": "z"},
        tf.errors.InvalidArgumentError,
        ['0.npz: has no array "z" (it has "x", "y")'],
    ),
    "key of an .npy": (
        [save_npy(zeros(2))],
        {"keys": "x"},
        tf.errors.InvalidArgumentError,
        ['has no array "x"', "leave keys out"],
    ),
    "scalar in rows": (
        [save_npz(x=zeros())],
        {},
        tf.errors.InvalidArgumentError,
        ['0.npz["x"]: has no dimensions', "rows=False"],
    ),
    "scalar .npy in rows": ([save_npy(zeros())], {}, tf.errors.InvalidArgumentError, ["0.npz: has no", "rows=False"]),
    "no arrays": ([save_npz()], {}, tf.errors.InvalidArgumentError, ["0.npz: holds no arrays"]),
    "dtypes differ": (
        [save_npz(x=zeros(2)), save_npz(x=zeros(2, dtype="f8"))],
        {},
        tf.errors.InvalidArgumentError,
        ['"x"', "float32 in 0.npz", "float64 in 1.npz"],
    ),
    "arrays differ": (
        [save_npz(x=zeros(2)), save_npz(x=zeros(2), y=zeros(2))],
        {},
        tf.errors.InvalidArgumentError,
        ['0.npz has "x"', '1.npz has "x", "y"', "pass keys"],
    ),
    "npz and npy": (
        [save_npz(x=zeros(2)), save_npy(zeros(2))],
        {},
        tf.errors.InvalidArgumentError,
        ['0.npz has "x"', "1.npz has one without a name"],
    ),
    "one file is missing": ([save_npz(x=zeros(2)), None], {}, tf.errors.NotFoundError, ["1.npz: can't open"]),
    "one file is empty": ([save_npz(x=zeros(2)), save_bytes(b"")], {}, tf.errors.DataLossError, ["1.npz: is empty"]),
    "one file is text": ([save_bytes(b"x,y\n")], {}, tf.errors.DataLossError, ["neither an .npy nor an .npz"]),
    "objects": (
        [save_npz(x=zeros(2), o=np.array([None], object))],
        {},
        tf.errors.UnimplementedError,
        ['0.npz["o"]', "pickles"],
    ),
    "keys of another type": (
        [save_npz(x=zeros(2))],
        {"keys": 3},
        TypeError,
        ["must be names of arrays (str)", "not int: 3"],
    ),
    "no keys": ([save_npz(x=zeros(2))], {"keys": ()}, ValueError, ["keys is empty", "leave keys out"]),
}


@pytest.mark.parametrize(("files", "options", "error", "fragments"), ERRORS.values(), ids=ERRORS.keys())
def test_says_what_is_wrong_and_what_to_do(
    folder: Path, files: list[Any], options: dict[str, Any], error: type[Exception], fragments: list[str]
) -> None:
    for i, save in enumerate(files):
        if save is not None:
            save(f"{i}.npz")
    with pytest.raises(error) as raised:
        tf_npz.element_spec([f"{i}.npz" for i in range(len(files))], **options)
    for fragment in fragments:
        assert fragment in str(raised.value)


def test_keys_may_leave_out_arrays_that_cannot_be_read(folder: Path) -> None:
    np.savez("a.npz", x=zeros(2, 3), o=np.array([None], object))
    assert tf_npz.element_spec("a.npz", keys="x") == tf.TensorSpec([3], FLOAT)


def test_the_reader_reports_damage_later_if_one_file_can_be_read(folder: Path) -> None:
    Path("0.npz").write_bytes(b"")
    Path("1.npz").write_bytes(b"x,y\n")
    damaged = ["0.npz", "1.npz"]
    np.savez("2.npz", x=zeros(2, 3))
    components = _spec.of_files([*damaged, "2.npz"], None, rows=_parts.row_selection(rows=True), skip_damaged=True)
    assert components == _structure.Components([("x",)], {"x": tf.TensorSpec([3], FLOAT)}, leaves=[None])
    with pytest.raises(tf.errors.DataLossError, match=r"0\.npz: is empty"):
        _spec.of_files(damaged, None, rows=_parts.row_selection(rows=True), skip_damaged=True)
    with pytest.raises(tf.errors.NotFoundError, match=r"none\.npz"):
        _spec.of_files(["2.npz", "none.npz"], None, rows=_parts.row_selection(rows=True), skip_damaged=True)


# Keys, a given spec, and the resulting names in the order of tf.nest.flatten.
X, Y = tf.TensorSpec([3], FLOAT), tf.TensorSpec([], tf.int64)
GIVEN: dict[str, tuple[Any, Any, list[tuple[str, ...]]]] = {
    "spec of an .npy": (None, X, [()]),
    "names from the spec": (None, {"y": Y, "x": X}, [("x",), ("y",)]),
    "name": ("x", X, [("x",)]),
    "tuple": (("y", "x"), (Y, X), [("y",), ("x",)]),
    "lists are tuples": (["y", "x"], [Y, X], [("y",), ("x",)]),
    "new names": ({"label": "a", "image": "b"}, {"image": X, "label": Y}, [("b",), ("a",)]),
    "fields": ("p", {"id": Y, "at": {"x": X}}, [("p", "at", "x"), ("p", "id")]),
    "fields from the spec": (None, {"p": {"id": Y}}, [("p", "id")]),
    "fields in a tuple": (("y", "p"), (Y, {"id": Y}), [("y",), ("p", "id")]),
}


@pytest.mark.parametrize(("keys", "spec", "expected"), GIVEN.values(), ids=GIVEN.keys())
def test_a_given_spec_belongs_to_its_keys(keys: Any, spec: Any, expected: list[tuple[str, ...]]) -> None:
    components = _structure.components(_keys.normalized(keys), spec)
    assert components.keys == expected
    assert components.spec == (tuple(spec) if isinstance(spec, list) else spec)


MISFITS: dict[str, tuple[Any, Any, type[Exception], list[str]]] = {
    "tuple, bare spec": (("x", "y"), X, ValueError, ["('x', 'y')", "TensorSpec(shape=(3,)"]),
    "name, tuple": ("x", (X,), ValueError, ["'x'", "(TensorSpec"]),
    "lengths": (("x", "y"), (X, Y, Y), ValueError, ["one structure"]),
    "new names": ({"a": "x"}, {"b": X}, ValueError, ["{'a': 'x'}", "{'b': TensorSpec"]),
    "tuple without keys": (None, (X, Y), ValueError, ["pass keys as well"]),
    "fields in a tuple": ("p", {"id": (X, Y)}, ValueError, ["one structure"]),
    "no fields": ("p", {}, ValueError, ["one structure"]),
    "no spec": ("x", 3, TypeError, ["must be a tf.TensorSpec", "not 3"]),
    "ragged": ("x", tf.RaggedTensorSpec([None, None]), TypeError, ["must be a tf.TensorSpec", "RaggedTensorSpec"]),
}


@pytest.mark.parametrize(("keys", "spec", "error", "fragments"), MISFITS.values(), ids=MISFITS.keys())
def test_keys_and_spec_of_two_structures_are_refused(
    keys: Any, spec: Any, error: type[Exception], fragments: list[str]
) -> None:
    with pytest.raises(error) as raised:
        _structure.components(_keys.normalized(keys), spec)
    for fragment in fragments:
        assert fragment in str(raised.value)
