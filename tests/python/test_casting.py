"""Arrays that are cast while they are read, by an element_spec or by dtypes. NumPy's astype is the oracle."""

import gzip
import itertools
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import ml_dtypes
import numpy as np
import pytest
import tensorflow as tf
import tf_npz
from testing import DTYPES, assert_gives, assert_same, elements, npy_bytes, npz_bytes, random_array
from tf_npz import _ops

Invalid = tf.errors.InvalidArgumentError
PAIRS = [
    (source, target)
    for source, target in itertools.product(DTYPES, DTYPES)
    if source != target and np.can_cast(source, target, "same_kind")
]
NO_PAIRS = [pair for pair in itertools.product(DTYPES, DTYPES) if not np.can_cast(*pair, "same_kind")]


def of_dtype(dtype: str, target: Any, shape: tuple[int, ...] = (40, 3)) -> np.ndarray:
    """Random numbers of `dtype`, with all kinds of floats. Integers fit into `target`."""
    array = random_array(shape, dtype).copy()
    if array.dtype.kind in "fc":
        with np.errstate(invalid="ignore"):
            array[np.isnan(array)] = np.nan  # Of one kind: processors differ in what casts do to the others.
    if array.dtype.kind in "iu" and np.dtype(target).kind in "iu":
        low = max(np.iinfo(dtype).min, np.iinfo(target).min)
        high = min(np.iinfo(dtype).max, np.iinfo(target).max)
        array = np.clip(array, low, high).astype(dtype)
    return array


def cast(array: np.ndarray, target: Any) -> np.ndarray:
    with np.errstate(over="ignore", invalid="ignore"):
        return array.astype(target, casting="unsafe")


@pytest.mark.parametrize(("source", "target"), PAIRS)
def test_each_cast_of_one_kind_gives_what_numpy_gives(source: str, target: str) -> None:
    array = of_dtype(source, target)
    swapped = array.astype(array.dtype.newbyteorder(">"))
    for stored in (array, swapped, np.asfortranarray(array)):
        tensor = tf_npz.decode(npy_bytes(stored), element_spec=tf.TensorSpec(array.shape, np.dtype(target)))
        np.testing.assert_array_equal(tensor.numpy(), cast(array, target))
        assert tensor.dtype == np.dtype(target)


@pytest.mark.parametrize(("source", "target"), NO_PAIRS)
def test_each_other_cast_is_refused_with_what_it_would_lose(source: str, target: str) -> None:
    contents = npy_bytes(np.zeros(3, source))
    for options in ({"element_spec": tf.TensorSpec([3], np.dtype(target))}, {"dtypes": np.dtype(target)}):
        with pytest.raises(Invalid, match=r"<contents>: holds .* would lose .*cast it yourself after reading"):
            tf_npz.decode(contents, **options)


@pytest.mark.parametrize("source", [*DTYPES[:-2], "bfloat16"])
def test_bfloat16_is_a_float(folder: Path, source: str) -> None:
    if source == "bfloat16":
        array = of_dtype("f4", "f4").astype(ml_dtypes.bfloat16)
        header = b"{'descr': 'bfloat16', 'fortran_order': False, 'shape': (40, 3)}"
        contents = b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header + array.tobytes()
        for target in ("f2", "f4", "f8", "c8", "c16"):
            tensor = tf_npz.decode(contents, dtypes=np.dtype(target))
            np.testing.assert_array_equal(tensor.numpy(), cast(array.astype("f4"), target))
        with pytest.raises(Invalid, match="bfloat16 to int32 would lose the fraction"):
            tf_npz.decode(contents, dtypes="int32")
        return
    array = of_dtype(source, "f4")
    tensor = tf_npz.decode(npy_bytes(array), dtypes=tf.bfloat16)
    assert tensor.dtype == tf.bfloat16
    with np.errstate(over="ignore", invalid="ignore"):
        expected = array.astype(np.float64).astype(np.float32).astype(ml_dtypes.bfloat16)
    if array.dtype.itemsize < 8:
        np.testing.assert_array_equal(tensor.numpy().astype("f4"), expected.astype("f4"))
    else:  # NumPy's way rounds twice: it may differ in the last place.
        np.testing.assert_allclose(tensor.numpy().astype("f8"), expected.astype("f8"), rtol=2**-7)


def test_raw_void_is_bfloat16_on_request_and_no_number(folder: Path) -> None:
    np.savez("a.npz", v=np.ones(3, ml_dtypes.bfloat16), x=np.ones(3))
    assert tf_npz.load("a.npz", dtypes={"v": tf.bfloat16})["v"].numpy().tolist() == [1, 1, 1]
    both = tf_npz.load("a.npz", dtypes=tf.bfloat16)
    assert (both["v"].dtype, both["v"].shape, both["x"].dtype) == (tf.uint8, [3, 2], tf.bfloat16)
    with pytest.raises(Invalid, match=r'a\.npz\["v"\]: holds V2, but dtypes says float32; .* only numbers'):
        tf_npz.load("a.npz", dtypes={"v": tf.float32})


READ: dict[str, Callable[[str, dict[str, Any]], Any]] = {
    "load": lambda file, options: tf_npz.load(file, "x", **options),
    "rows": lambda file, options: elements(tf_npz.NpzReaderDataset(file, "x", **options)),
    "batches": lambda file, options: elements(tf_npz.NpzReaderDataset(file, "x", batch_size=3, **options)),
    "whole files": lambda file, options: elements(tf_npz.NpzReaderDataset(file, "x", rows=False, **options)),
}


@pytest.mark.parametrize("read", READ.values(), ids=READ.keys())
@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_an_integer_that_does_not_fit_is_an_error_with_its_place(
    folder: Path, save: Callable[..., None], read: Callable[..., Any]
) -> None:
    array = np.zeros((6, 2), np.int64)
    array[4, 1] = 300
    save("a.npz", x=array)
    with pytest.raises(Invalid, match=r'a\.npz\["x"\]: value at index \(4, 1\) is 300, .* int8 \(-128 to 127\)'):
        read("a.npz", {"dtypes": "int8"})
    assert_same(tf_npz.load("a.npz", "x", dtypes="int16").numpy(), array.astype("i2"))


def test_elements_before_an_integer_that_does_not_fit_are_delivered(folder: Path) -> None:
    np.save("0.npy", np.array([1, 2, -200, 3]))
    np.save("1.npy", np.array([4, 5]))
    dataset = tf_npz.NpzReaderDataset("*.npy", dtypes="int8")
    assert elements(dataset.ignore_errors()) == [1, 2, 4, 5]


# --- Ways to say it --------------------------------------------------------------------------------------------------


class Case(NamedTuple):
    keys: Any
    dtypes: Any
    expected: Any  # the dtypes of the element


@pytest.fixture
def mixed(folder: Path) -> dict[str, np.ndarray]:
    """One file of arrays of all kinds."""
    arrays = {
        "x": np.arange(6.0).reshape(3, 2),
        "y": np.arange(3),
        "mask": np.array([True, False, True]),
        "s": np.array(["a", "b", "c"]),
        "t": np.arange(3).view("M8[s]"),
        "e": np.array([(1, 2.5), (3, 4.5), (5, 6.5)], [("id", "<u4"), ("q", "<f8")]),
    }
    np.savez("a.npz", **arrays)
    return arrays


F, D, L, INT, U, B, S = tf.float32, tf.float64, tf.int64, tf.int32, tf.uint32, tf.bool, tf.string
CASES: dict[str, Case] = {
    "one for all numbers": Case(None, tf.float32, {"x": F, "y": F, "mask": B, "s": S, "t": L, "e": {"id": F, "q": F}}),
    "by name": Case(None, {"x": F}, {"x": F, "y": L, "mask": B, "s": S, "t": L, "e": {"id": U, "q": D}}),
    "one key": Case("x", "float32", F),
    "one key, as NumPy's type": Case("x", np.float32, F),
    "one key, as NumPy's dtype": Case("y", np.dtype("i4"), INT),
    "a bool by name": Case("mask", F, F),
    "a tuple": Case(("x", "y"), (F, None), (F, L)),
    "a list for a tuple": Case(("x", "y"), [F, "int32"], (F, INT)),
    "one for a tuple": Case(("x", "y", "s"), F, (F, F, S)),
    "new names": Case({"image": "x", "label": "y"}, {"label": INT}, {"image": D, "label": INT}),
    "nested": Case({"in": ("x", "mask"), "out": "y"}, {"in": F}, {"in": (F, B), "out": L}),
    "a field": Case("e", {"q": F}, {"id": U, "q": F}),
    "all fields": Case(("e", "y"), (F, None), ({"id": F, "q": F}, L)),
    "strings are strings": Case(("s", "y"), (S, INT), (S, INT)),
    "dates are int64": Case(("t", "y"), (L, INT), (L, INT)),
    "one array twice": Case(("y", "y"), (INT, INT), (INT, INT)),
    "nothing": Case("x", None, D),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_dtypes_are_one_for_all_numbers_or_have_the_structure_of_keys(mixed: dict[str, np.ndarray], case: Case) -> None:
    def dtypes_of(spec: Any) -> Any:
        return tf.nest.map_structure(lambda item: item.dtype, spec)

    spec = tf_npz.element_spec("a.npz", case.keys, rows=False, dtypes=case.dtypes)
    assert dtypes_of(spec) == case.expected
    contents = Path("a.npz").read_bytes()
    loaded = tf_npz.load("a.npz", case.keys, dtypes=case.dtypes)
    assert dtypes_of(loaded) == case.expected
    as_numpy = tf.nest.map_structure(lambda tensor: tensor.numpy(), loaded)
    plain = tf.nest.map_structure(lambda tensor: tensor.numpy(), tf_npz.load("a.npz", case.keys))
    for value, expected in zip(tf.nest.flatten(as_numpy), tf.nest.flatten(plain), strict=True):
        assert_same(value, expected if value.dtype == object else expected.astype(value.dtype))
    for other in (
        tf_npz.decode(contents, case.keys, dtypes=case.dtypes),
        tf_npz.load("a.npz", case.keys, element_spec=spec),
    ):
        assert_same(tf.nest.map_structure(lambda tensor: tensor.numpy(), other), as_numpy)
    rows = tf_npz.NpzReaderDataset("a.npz", case.keys, batch_size=3, dtypes=case.dtypes)
    assert dtypes_of(rows.element_spec) == case.expected
    assert_gives(rows, [as_numpy])


def test_dtypes_change_the_dtypes_of_a_spec(mixed: dict[str, np.ndarray]) -> None:
    spec = tf_npz.element_spec("a.npz", ("x", "y", "s"), rows=False)
    x, y, s = tf_npz.load("a.npz", ("x", "y", "s"), element_spec=spec, dtypes=F)
    assert (x.dtype, y.dtype, s.dtype) == (F, F, S)
    rows = tf_npz.NpzReaderDataset("a.npz", "x", element_spec=tf.TensorSpec([2], D), dtypes=F)
    assert_gives(rows, list(mixed["x"].astype("f4")))


def test_fields_of_an_npy_are_named_alone(mixed: dict[str, np.ndarray]) -> None:
    np.save("e.npy", mixed["e"])
    for keys in (None, {"id": "id", "q": "q"}):
        loaded = tf_npz.load("e.npy", keys, dtypes={"q": F})
        assert {name: tensor.dtype for name, tensor in loaded.items()} == {"id": U, "q": F}
    assert tf_npz.load("e.npy", dtypes=F)["id"].dtype == F


REFUSED: dict[str, tuple[Any, Any, type[Exception], str]] = {
    "an unknown name": (None, {"z": F}, Invalid, ""),
    "another name": ({"a": "x"}, {"x": F}, ValueError, "dtypes has 'x', and the element only 'a'"),
    "too few": (("x", "y"), (F,), ValueError, "dtypes has 1 value for 2 components"),
    "a tuple for a dict": ({"a": "x"}, (F,), ValueError, "dtypes is a tuple, where the element has a dict"),
    "no dtype": ("x", "float33", TypeError, "dtypes must be a dtype such as tf.float32"),
    "a dtype of no array": ("x", tf.qint8, Invalid, "dtypes says qint8, but no array can be read as this dtype"),
    "text as a number": ("s", F, Invalid, "only numbers and bools are cast"),
    "dates as floats": ("t", F, Invalid, "dates are read as int64"),
    "two for one array": (("x", "x"), (F, None), ValueError, "two dtypes for the array 'x'; pass element_spec"),
}


@pytest.mark.usefixtures("mixed")
@pytest.mark.parametrize(("keys", "dtypes", "error", "fragment"), REFUSED.values(), ids=REFUSED.keys())
def test_dtypes_that_do_not_fit_are_refused(keys: Any, dtypes: Any, error: type[Exception], fragment: str) -> None:
    if not fragment:
        with pytest.raises(ValueError, match="dtypes has 'z', and the element only"):
            tf_npz.load("a.npz", keys, dtypes=dtypes)
        return
    for read in (tf_npz.load, tf_npz.NpzReaderDataset, tf_npz.element_spec):
        with pytest.raises(error) as raised:
            read("a.npz", keys, dtypes=dtypes)
        assert fragment in str(raised.value)


@pytest.mark.usefixtures("mixed")
def test_an_array_may_be_read_twice_with_two_dtypes_by_a_spec() -> None:
    spec = (tf.TensorSpec([3, 2], D), tf.TensorSpec([3, 2], F))
    first, second = tf_npz.load("a.npz", ("x", "x"), element_spec=spec)
    assert (first.dtype, second.dtype) == (D, F)
    assert first.numpy().tolist() == second.numpy().tolist()


# --- Files that differ -----------------------------------------------------------------------------------------------


def test_files_of_different_dtypes_are_read_as_one(folder: Path) -> None:
    dtypes = ["f4", "f8", "i2", "f2", "?"]
    for i, dtype in enumerate(dtypes):
        np.savez(f"{i}.npz", x=np.full((3, 2), i % 2).astype(dtype), y=np.arange(3))
    expected = np.repeat(np.arange(5) % 2, 3).astype("f4")
    with pytest.raises(Invalid, match=r'differ in the dtype of "x": .* pass dtypes with "float64" for "x"'):
        tf_npz.NpzReaderDataset("*.npz", "x")
    for options in (
        {"dtypes": "float32"},
        {"element_spec": tf.TensorSpec([2], tf.float32)},
        {"element_spec": tf_npz.element_spec("*.npz", "x", dtypes="float32")},
    ):
        for batch in (4, 15):
            dataset = tf_npz.NpzReaderDataset("*.npz", "x", batch_size=batch, **options)
            values = np.concatenate(elements(dataset))
            assert_same(values, np.repeat(expected[:, None], 2, axis=1))
    assert len(tf_npz.NpzReaderDataset("*.npz", "x", dtypes="float32")) == 15
    pair = elements(tf_npz.NpzReaderDataset("*.npz", ("x", "y"), dtypes=("float32", None)))
    assert len(pair) == 15


HINTS = [("i1", "u1"), ("f4", "f8"), ("u8", "i8"), ("?", "i4"), ("f4", "c8"), ("i8", "f4"), ("u2", "i2")]


@pytest.mark.parametrize("dtypes", HINTS)
def test_the_dtype_that_the_error_names_reads_both_files(folder: Path, dtypes: tuple[str, str]) -> None:
    arrays = [np.array([np.iinfo(d).max if np.dtype(d).kind in "iu" else 1]).astype(d) for d in dtypes]
    for i, array in enumerate(arrays):
        np.save(f"{i}.npy", array)
    with pytest.raises(Invalid) as raised:
        tf_npz.element_spec("*.npy")
    name = re.search(r'pass dtypes="(\w+)" to cast', raised.value.message)[1]  # type: ignore[index]
    assert elements(tf_npz.NpzReaderDataset("*.npy", dtypes=name)) == [a.astype(name)[0] for a in arrays]


def test_an_inferred_spec_does_not_cast(folder: Path) -> None:
    np.savez("a.npz", x=np.ones(3, "f4"), y=np.ones(3, "i4"))
    dataset = tf_npz.NpzReaderDataset("a.npz", ("x", "y"), dtypes=(None, "int64"))
    assert len(elements(dataset)) == 3
    np.savez("a.npz", x=np.ones(3, "f8"), y=np.ones(3, "i4"))
    with pytest.raises(Invalid, match=r'a\.npz\["x"\]: holds rows of float64 \(\), but element_spec says float32'):
        elements(dataset)


def test_files_of_each_format_are_cast(folder: Path) -> None:
    array = np.arange(60_000, dtype=">i4").reshape(20_000, 3)
    np.save("a.npy", array)
    np.save("f.npy", np.asfortranarray(array))
    Path("g.npy.gz").write_bytes(gzip.compress(npy_bytes(array), 1))
    for name in ("a.npy", "f.npy", "g.npy.gz"):
        dataset = tf_npz.NpzReaderDataset(name, batch_size=7_000, dtypes="float64")
        assert_same(np.concatenate(elements(dataset)), array.astype("f8"))
        assert_same(tf_npz.load(name, dtypes="float64").numpy(), array.astype("f8"))


def test_a_scalar_and_an_empty_array_are_cast(folder: Path) -> None:
    for array in (np.float64(1.5), np.zeros((0, 3)), np.zeros((3, 0))):
        contents = npy_bytes(np.asarray(array))
        assert_same(tf_npz.decode(contents, dtypes="float32").numpy(), np.asarray(array, "f4"))


# --- Ways to read ----------------------------------------------------------------------------------------------------


def test_interleave_map_random_access_and_checkpoints_cast(folder: Path) -> None:
    for i, dtype in enumerate(("i2", "i4")):
        np.save(f"{i}.npy", np.arange(5, dtype=dtype) + 10 * i)
    expected = [np.float32(v) for v in (*range(5), *range(10, 15))]
    files = tf.data.Dataset.from_tensor_slices(["0.npy", "1.npy"])
    spec = tf_npz.element_spec("*.npy", dtypes="float32")
    rows = files.interleave(lambda f: tf_npz.NpzReaderDataset(f, element_spec=spec), cycle_length=1)
    assert_same(elements(rows), expected)
    whole = tf_npz.element_spec("*.npy", rows=False, dtypes="float32")
    mapped = files.map(lambda f: tf_npz.load(f, element_spec=whole))
    assert_same(elements(mapped), [np.array(expected[:5]), np.array(expected[5:])])
    dataset = tf_npz.NpzReaderDataset("*.npy", dtypes="float32")
    assert [float(tf.data.experimental.at(dataset, i)) for i in (7, 0, 9)] == [12, 0, 14]
    assert_same(elements(dataset.skip(4)), expected[4:])
    iterator = iter(dataset)
    next(iterator)
    path = tf.train.Checkpoint(iterator=iterator).save("ckpt")
    restored = iter(dataset)
    tf.train.Checkpoint(iterator=restored).restore(path)
    assert_same([value.numpy() for value in restored], expected[1:])
    shares = [elements(tf_npz.NpzReaderDataset("*.npy", dtypes="float32", shard=(3, i))) for i in range(3)]
    assert_same([*itertools.chain(*shares)], expected)


def test_a_serialised_dataset_casts(folder: Path) -> None:
    np.save("a.npy", np.arange(3))
    dataset = tf_npz.NpzReaderDataset("a.npy", dtypes="float32", batch_size=3)
    # Its graph goes to the rewriter of tf.data, as for each dataset with options.
    copied = dataset.map(lambda x: x).shuffle(1).repeat(2)
    assert_same(elements(copied), [np.arange(3, dtype="f4")] * 2)


def test_threads_that_flush_subnormal_numbers_keep_those_of_files(folder: Path) -> None:
    tiny = np.array([2.0**-149, -(2.0**-140), 2.0**-24])
    np.save("a.npy", tiny)
    np.save("b.npy", tiny.astype("f4"))
    files = tf.data.Dataset.from_tensor_slices(["a.npy"] * 4)
    for name, dtype in (("a.npy", "f4"), ("b.npy", "f8"), ("a.npy", "f2")):
        spec = tf.TensorSpec([3], np.dtype(dtype))
        mapped = files.map(lambda f, name=name, spec=spec: tf_npz.load(name, element_spec=spec), num_parallel_calls=4)
        assert_same(elements(mapped), [tiny.astype(dtype)] * 4)


def test_a_graph_without_the_attribute_does_not_cast(folder: Path) -> None:
    np.savez("a.npz", x=np.ones(3, "f4"))
    for dtype in (tf.float32, tf.float64):
        arguments = {"keys": ["x"], "key_depths": [1], "output_types": [dtype], "output_shapes": [[3]]}
        (tensor,) = _ops.library().npz_load(
            filename="a.npz", verify_checksums=True, slices=[], **arguments, casts=[True]
        )
        assert tensor.dtype == dtype
    with pytest.raises(
        Invalid, match=r"holds an array of float32 .* pass tf.TensorSpec\(\(3,\), tf.float64\) for it in element_spec"
    ):
        _ops.library().npz_load(filename="a.npz", verify_checksums=True, slices=[], **arguments)


def test_members_of_an_npz_are_cast_each(folder: Path) -> None:
    contents = npz_bytes(np.savez_compressed, a=np.arange(3, dtype="u1"), b=np.arange(3, dtype="f8"))
    arrays = tf_npz.decode(contents, dtypes={"a": "int32", "b": "float16"})
    assert_same(arrays["a"].numpy(), np.arange(3, dtype="i4"))
    assert_same(arrays["b"].numpy(), np.arange(3, dtype="f2"))
