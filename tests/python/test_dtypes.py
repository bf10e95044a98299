"""Dtypes other than numbers: strings, datetimes, structures, raw void and ml_dtypes."""

import io
from pathlib import Path
from typing import Any

import ml_dtypes
import numpy as np
import pytest
import tensorflow as tf
import tf_npz
from testing import assert_gives, assert_same, elements, npy_bytes, npz_bytes

Invalid = tf.errors.InvalidArgumentError


def strings(*values: Any) -> np.ndarray:
    """An array of strings in the form in which TensorFlow gives it to NumPy."""
    encoded = [value.encode() if isinstance(value, str) else value for value in values]
    return np.array(encoded, dtype=object)


# --- Strings ---------------------------------------------------------------------------------------------------------

TEXTS = ["", "ab", "größe", "日本", "😀!", "a\0b", "trailing\0\0"]


@pytest.mark.parametrize("dtype", ["<U9", ">U9"])
def test_unicode_strings_are_utf8(folder: Path, dtype: str) -> None:
    array = np.array(TEXTS, dtype)
    np.savez_compressed("a.npz", t=array)
    np.save("a.npy", array)
    expected = strings(*array.tolist())
    assert expected[-1] == b"trailing"
    assert_same(tf_npz.load("a.npz", "t").numpy(), expected)
    assert_same(tf_npz.load("a.npy").numpy(), expected)
    assert elements(tf_npz.NpzReaderDataset("a.npy")) == expected.tolist()
    assert_same(elements(tf_npz.NpzReaderDataset("a.npz", "t", batch_size=4)), [expected[:4], expected[4:]])
    assert tf_npz.element_spec("a.npy") == tf.TensorSpec([], tf.string)


def test_byte_strings_keep_all_but_their_last_nuls(folder: Path) -> None:
    array = np.array([b"", b"ab", b"\0a", b"a\0b\0\0", b"\xff\xfe"])
    np.save("a.npy", array)
    assert_same(tf_npz.load("a.npy").numpy(), strings(*array.tolist()))
    matrix = np.asfortranarray(array[:4].reshape(2, 2))
    assert_same(tf_npz.decode(npy_bytes(matrix)).numpy(), strings(*matrix.ravel().tolist()).reshape(2, 2))


def test_strings_of_files_of_different_sizes_are_batched(folder: Path) -> None:
    words = ["a", "bcd", "ef", "a much longer one than that", "g"]
    for i in range(4):
        np.savez(f"{i}.npz", s=np.array(words[i : i + 2]), x=np.arange(2))
    dataset = tf_npz.NpzReaderDataset("*.npz", ("s", "x"), batch_size=3)
    flat = [word for i in range(4) for word in words[i : i + 2]]
    batches = [s.tolist() for s, _ in dataset.as_numpy_iterator()]
    assert batches == [[w.encode() for w in flat[i : i + 3]] for i in (0, 3, 6)]


def test_strings_are_padded_with_a_string(folder: Path) -> None:
    np.save("0.npy", np.array([["a", "b"]]))
    np.save("1.npy", np.array([["ccc"]]))
    for padding in ("", "pad", b"longer than all", "\0"):
        dataset = tf_npz.NpzReaderDataset("*.npy", batch_size=2, padding=padding)
        plain = tf_npz.NpzReaderDataset("*.npy", element_spec=tf.TensorSpec([None], tf.string)).padded_batch(
            2, padding_values=tf.constant(padding)
        )
        (batch,), (expected,) = elements(dataset), elements(plain)
        assert batch.tolist() == [[value.rstrip(b"\0") for value in row] for row in expected.tolist()]
    with pytest.raises(ValueError, match="can't be represented"):
        tf_npz.NpzReaderDataset("*.npy", batch_size=2, padding=0)


def test_lone_surrogates_are_an_error_at_their_place(folder: Path) -> None:
    array = np.array(["ok", "a\ud800", "fine"])
    np.save("a.npy", array)
    with pytest.raises(tf.errors.DataLossError, match=r"a\.npy: text at index \(1,\) holds U\+D800"):
        tf_npz.load("a.npy")
    iterator = iter(tf_npz.NpzReaderDataset("a.npy"))
    assert next(iterator).numpy() == b"ok"
    with pytest.raises(tf.errors.DataLossError, match=r"index \(1,\)"):
        next(iterator)


def test_a_number_pads_components_other_than_strings(folder: Path) -> None:
    for i in range(2):
        np.savez(f"{i}.npz", s=np.full((1, i + 1), "a"), x=np.ones((1, i + 1)), t=np.zeros((1, i + 1), "M8[s]"))
    (batch,) = elements(tf_npz.NpzReaderDataset("*.npz", batch_size=2, padding=0))
    assert batch["s"].tolist() == [[b"a", b""], [b"a", b"a"]]
    assert batch["x"].tolist() == [[1, 0], [1, 1]]
    nat = np.datetime64("NaT")
    (batch,) = elements(tf_npz.NpzReaderDataset("*.npz", batch_size=2, padding={"s": "", "x": 0, "t": nat}))
    assert batch["t"].tolist() == [[0, -(2**63)], [0, 0]]


# --- Datetimes -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["M8", "m8"])
@pytest.mark.parametrize("unit", ["", "[Y]", "[D]", "[25s]", "[ns]"])
def test_datetimes_become_int64_and_inspect_shows_the_unit(folder: Path, kind: str, unit: str) -> None:
    for order in "<>":
        array = np.array([0, 1, -(2**63)], "i8").view(kind + unit).astype(order + kind + unit)
        np.save("a.npy", array)
        assert_same(tf_npz.load("a.npy").numpy(), array.astype(kind + unit).view("i8"))
        assert np.dtype(tf_npz.inspect("a.npy").arrays[""].dtype) == kind + unit


def test_units_are_not_mixed(folder: Path) -> None:
    np.save("0.npy", np.array([1, 2], "M8[s]"))
    np.save("1.npy", np.array([3], "M8[ms]"))
    # A spec does not tell the unit, so what reads with it cannot report that units differ.
    with pytest.raises(Invalid, match=r"datetime64\[s\] in 0\.npy, datetime64\[ms\] in 1\.npy; .* one unit"):
        tf_npz.element_spec("*.npy")
    for options, message in (
        (
            {},
            r"1\.npy: holds rows of datetime64\[ms\] \(\), but the spec of most files is datetime64\[s\] \(\); .* unit",
        ),
        (
            {"element_spec": tf.TensorSpec([], tf.int64)},
            r"1\.npy: holds datetime64\[ms\], but the files before it hold datetime64\[s\]",
        ),
    ):
        iterator = iter(tf_npz.NpzReaderDataset("*.npy", **options))
        assert [int(next(iterator)), int(next(iterator))] == [1, 2]
        with pytest.raises(Invalid, match=message):
            next(iterator)


# --- Structures ------------------------------------------------------------------------------------------------------

PARTICLE = np.dtype(
    [
        ("id", ">u4"),
        ("position", "<f4", (3,)),
        (("Charge in e", "q"), "i1"),
        ("tag", "U4"),
        ("hits", [("layer", "u1"), ("energy", ">f8", (2,))], (2,)),
    ],
    align=True,
)


def particles(count: int) -> np.ndarray:
    array = np.zeros(count, PARTICLE)
    array["id"] = np.arange(count)
    array["position"] = np.arange(3 * count).reshape(count, 3) / 8
    array["q"] = np.arange(count) % 3 - 1
    array["tag"] = [f"é{i}" for i in range(count)]
    array["hits"]["layer"] = np.arange(2 * count).reshape(count, 2)
    array["hits"]["energy"] = np.arange(4 * count).reshape(count, 2, 2) / 3
    return array


def as_tensors(array: np.ndarray) -> Any:
    """The expected result for `array`: a dict of its fields, in native byte order."""
    if array.dtype.names is not None:
        return {name: as_tensors(array[name]) for name in array.dtype.names}
    if array.dtype.kind == "U":
        return np.array([text.encode() for text in array.ravel().tolist()], object).reshape(array.shape)
    return np.ascontiguousarray(array.astype(array.dtype.newbyteorder("="))).reshape(array.shape)


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_structures_are_dicts_of_their_fields(folder: Path, save: Any) -> None:
    array = particles(2000)
    save("a.npz", p=array, y=np.arange(2000))
    np.save("a.npy", array)
    spec = tf_npz.element_spec("a.npz", "p")
    assert spec["position"] == tf.TensorSpec([3], tf.float32)
    assert spec["hits"] == {"layer": tf.TensorSpec([2], tf.uint8), "energy": tf.TensorSpec([2, 2], tf.float64)}
    expected = as_tensors(array)
    for actual in (tf_npz.load("a.npz", "p"), tf_npz.load("a.npy"), tf_npz.load("a.npz")["p"]):
        assert_same(tf.nest.map_structure(lambda tensor: tensor.numpy(), actual), expected)
    for dataset in (tf_npz.NpzReaderDataset("a.npz", "p"), tf_npz.NpzReaderDataset("a.npy")):
        (batch,) = elements(dataset.batch(2000))
        assert_same(batch, expected)
    batches = tf_npz.NpzReaderDataset(["a.npz", "a.npz"], ("p", "y"), batch_size=1500)
    for i, (batch, y) in enumerate(elements(batches)):
        picked = np.arange(i * 1500, min((i + 1) * 1500, 4000)) % 2000
        assert_same(batch, as_tensors(array[picked]))
        assert_same(y, picked)


def test_a_matrix_of_structures_in_fortran_order() -> None:
    array = particles(12).reshape(4, 3)
    contents = npz_bytes(np.savez_compressed, p=np.asfortranarray(array))
    actual = tf_npz.decode(contents, "p")
    assert_same(tf.nest.map_structure(lambda tensor: tensor.numpy(), actual), as_tensors(array))


def test_keys_of_a_structured_npy_are_its_fields_as_with_np_load(folder: Path) -> None:
    array = particles(5)
    np.save("a.npy", array)
    assert_same(tf_npz.load("a.npy", "id").numpy(), np.load("a.npy")["id"].astype("u4"))
    rows = elements(tf_npz.NpzReaderDataset("a.npy", ("position", "q")))
    assert_same(rows, list(zip(array["position"], array["q"], strict=True)))
    energy = elements(tf_npz.NpzReaderDataset("a.npy", {"h": "hits"}, batch_size=5))[0]["h"]["energy"]
    assert_same(energy, as_tensors(array["hits"]["energy"]))
    with pytest.raises(Invalid, match=r'a\.npy: has no field "z" \(it has "id", "position", "q", "tag", "hits"\)'):
        tf_npz.load("a.npy", "z")
    with pytest.raises(Invalid, match=r'a\.npy: has no field "z" \(it has "id", "position", "q", "tag", "hits"\)'):
        elements(tf_npz.NpzReaderDataset("a.npy", "z", element_spec=tf.TensorSpec([], tf.int8)))


def test_a_spec_may_choose_some_of_the_fields(folder: Path) -> None:
    array = particles(5)
    np.savez("a.npz", p=array)
    spec = {"hits": {"layer": tf.TensorSpec([2], tf.uint8)}, "id": tf.TensorSpec([], tf.uint32)}
    rows = elements(tf_npz.NpzReaderDataset("a.npz", "p", element_spec=spec))
    assert [int(row["id"]) for row in rows] == [0, 1, 2, 3, 4]
    assert_same([row["hits"]["layer"] for row in rows], list(array["hits"]["layer"]))
    assert_same(elements(tf_npz.NpzReaderDataset("a.npz", element_spec={"p": spec})), [{"p": row} for row in rows])


def test_a_structure_that_the_spec_does_not_know(folder: Path) -> None:
    np.savez("a.npz", p=particles(2))
    with pytest.raises(Invalid, match=r'a\.npz\["p"\]: holds rows of .* a structured dtype is a dict of its fields'):
        elements(tf_npz.NpzReaderDataset("a.npz", "p", element_spec=tf.TensorSpec([], tf.float32)))
    with pytest.raises(ValueError, match="must have one structure"):
        tf_npz.NpzReaderDataset("a.npz", ("p",), element_spec={"p": tf.TensorSpec([], tf.float32)})


def test_fields_that_cannot_be_read_leave_the_others_readable(folder: Path) -> None:
    np.savez("a.npz", p=np.ones(3, [("x", "f4"), ("long", np.longdouble)]))
    with pytest.raises(tf.errors.UnimplementedError, match=r'a\.npz\["p"\]\["long"\].* no float128'):
        tf_npz.load("a.npz", "p")
    spec = {"x": tf.TensorSpec([3], tf.float32)}
    assert_same(tf_npz.load("a.npz", "p", element_spec=spec)["x"].numpy(), np.ones(3, np.float32))
    np.save("a.npy", np.load("a.npz")["p"])
    with pytest.raises(tf.errors.UnimplementedError, match=r'a\.npy\["long"\].*to read the others, pass keys: "x"'):
        tf_npz.load("a.npy")
    with pytest.raises(tf.errors.UnimplementedError, match=r'a\.npy\["long"\].* no float128'):
        tf_npz.load("a.npy", "long")
    assert_same(tf_npz.load("a.npy", "x").numpy(), np.ones(3, np.float32))


def test_the_error_names_the_field_of_objects(folder: Path) -> None:
    np.save("a.npy", np.zeros(3, [("a", "i4"), ("o", object)]))
    with pytest.raises(tf.errors.UnimplementedError, match=r'a\.npy\["o"\]: .* pickles, which are never loaded'):
        tf_npz.load("a.npy")


def test_structures_in_interleave_map_and_checkpoints(folder: Path) -> None:
    array = particles(6)
    np.save("0.npy", array[:4])
    np.save("1.npy", array[4:])
    spec = tf_npz.element_spec("*.npy")
    files = tf.data.Dataset.from_tensor_slices(["0.npy", "1.npy"])
    rows = files.interleave(lambda f: tf_npz.NpzReaderDataset(f, element_spec=spec), cycle_length=1)
    assert_same(elements(rows), [as_tensors(row) for row in array])
    whole = tf_npz.element_spec(["0.npy", "1.npy"], rows=False)
    arrays = files.map(lambda f: tf_npz.load(f, element_spec=whole)["tag"])
    assert [tags.tolist() for tags in elements(arrays)] == [
        as_tensors(array[:4]["tag"]).tolist(),
        as_tensors(array[4:]["tag"]).tolist(),
    ]
    iterator = iter(rows)
    next(iterator)
    path = tf.train.Checkpoint(iterator=iterator).save("ckpt")
    restored = iter(rows)
    tf.train.Checkpoint(iterator=restored).restore(path)
    assert [int(row["id"]) for row in restored] == [1, 2, 3, 4, 5]


# --- Raw void and ml_dtypes ------------------------------------------------------------------------------------------


def test_raw_void_is_bytes_with_a_last_dimension(folder: Path) -> None:
    array = np.arange(12, dtype=np.uint8).view("V3").reshape(2, 2)
    np.save("a.npy", array)
    assert_same(tf_npz.load("a.npy").numpy(), array.view(np.uint8).reshape(2, 2, 3))
    assert_gives(tf_npz.NpzReaderDataset("a.npy"), list(array.view(np.uint8).reshape(2, 2, 3)))


@pytest.mark.parametrize(
    "name", ["bfloat16", "float8_e5m2", "float8_e4m3fn", "float8_e4m3fnuz", "float8_e4m3b11fnuz", "float8_e5m2fnuz"]
)
def test_the_types_of_ml_dtypes(folder: Path, name: str) -> None:
    if not ((hasattr(ml_dtypes, name) and hasattr(tf.dtypes.experimental, name)) or name == "bfloat16"):
        pytest.skip(f"this TensorFlow has no {name}")
    dtype = np.dtype(getattr(ml_dtypes, name))
    array = np.array([0, 1, -2.5, np.nan], np.float32).astype(dtype)
    np.save("a.npy", array)
    spec = tf.TensorSpec([4], tf.dtypes.as_dtype(name))
    tensor = tf_npz.load("a.npy", element_spec=spec)
    assert tensor.dtype == spec.dtype
    assert tensor.numpy().tobytes() == array.tobytes()
    if name != "float8_e5m2":  # TensorFlow can't run a dataset of those, not even from_tensors.
        rows = elements(tf_npz.NpzReaderDataset("a.npy", element_spec=tf.TensorSpec([], spec.dtype), batch_size=3))
        assert [row.dtype for row in rows] == [dtype, dtype]
        assert b"".join(row.tobytes() for row in rows) == array.tobytes()
    if name == "bfloat16":  # TensorFlow can't have a float8 constant in the graph of a dataset.
        spec = tf.TensorSpec([None], tf.bfloat16)
        padded = tf_npz.NpzReaderDataset("a.npy", rows=False, element_spec=spec, batch_size=1, padding=1)
        assert elements(padded)[0].tobytes() == array.tobytes()
    # If the file has the name of the dtype, as other writers do, no spec is needed.
    header = f"{{'descr': '{name}', 'fortran_order': False, 'shape': (4,)}}".encode()
    spelled = b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header + array.tobytes()
    tensor = tf_npz.decode(spelled)
    assert tensor.dtype == spec.dtype
    assert tensor.numpy().tobytes() == array.tobytes()


def test_void_of_another_size_is_no_bfloat16() -> None:
    contents = npy_bytes(np.zeros(2, "V4"))
    with pytest.raises(Invalid, match="holds an array of V4 \\(2,\\), but element_spec says bfloat16"):
        tf_npz.decode(contents, element_spec=tf.TensorSpec([2], tf.bfloat16))


# --- Dtypes that only NumPy reads ------------------------------------------------------------------------------------


@pytest.mark.skipif(not hasattr(np.dtypes, "StringDType"), reason="NumPy has it since 2.0")
def test_stringdtype_says_what_to_do(folder: Path) -> None:
    file = io.BytesIO()
    with pytest.warns(UserWarning, match="pickle"):
        np.save(file, np.array(["a", "b"], np.dtypes.StringDType()))
    with pytest.raises(tf.errors.UnimplementedError, match="astype"):
        tf_npz.decode(file.getvalue())
