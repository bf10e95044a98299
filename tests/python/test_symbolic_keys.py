"""A key may be a tensor: its value may be known only when the op runs."""

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
import tf_npz
from testing import assert_same, elements, npz_bytes, random_array
from watching import bytes_read, wait_until

SPEC = tf.TensorSpec([None], tf.float32)
ARRAYS = {name: random_array([n], "f4", n) for n, name in enumerate(["a", "b", "Grüße", "folder/c"])}


@pytest.fixture
def archive(folder: Path) -> str:
    np.savez("f.npz", **ARRAYS)
    return "f.npz"


def test_map_over_keys_reads_what_numpy_reads(archive: str) -> None:
    names = list(np.load(archive).files)
    ds = tf.data.Dataset.from_tensor_slices(names)
    ds = ds.map(lambda key: (key, tf_npz.load(archive, key, element_spec=SPEC)), num_parallel_calls=2)
    assert ds.element_spec == (tf.TensorSpec([], tf.string), SPEC)
    assert_same(elements(ds), [(name.encode(), ARRAYS[name]) for name in names])


def test_the_file_and_the_key_may_both_be_symbolic(archive: str) -> None:
    pairs = ([archive, archive], ["a", "b"])
    ds = tf.data.Dataset.from_tensor_slices(pairs).map(lambda f, key: tf_npz.load(f, key, element_spec=SPEC))
    assert_same(elements(ds), [ARRAYS["a"], ARRAYS["b"]])


def test_keys_may_be_a_structure_of_tensors_and_names(archive: str) -> None:
    spec = {"first": SPEC, "second": SPEC}

    @tf.function
    def load(key: tf.Tensor) -> Any:
        return tf_npz.load(archive, {"first": key, "second": "b"}, element_spec=spec)

    assert_same(
        tf.nest.map_structure(lambda t: t.numpy(), load(tf.constant("a"))),
        {"first": ARRAYS["a"], "second": ARRAYS["b"]},
    )


def test_fields_of_a_structured_array_are_found_under_a_symbolic_key(folder: Path) -> None:
    events = np.array([(1, 2.5), (3, 4.5)], [("id", "<u4"), ("x", "<f4")])
    np.savez("f.npz", events=events)
    spec = {"id": tf.TensorSpec([None], tf.uint32), "x": SPEC}
    ds = tf.data.Dataset.from_tensors("events").map(lambda key: tf_npz.load("f.npz", key, element_spec=spec))
    assert_same(elements(ds), [{"id": events["id"], "x": events["x"]}])


def test_dtypes_cast_the_array_of_a_symbolic_key(archive: str) -> None:
    spec = tf.TensorSpec([None], tf.float64)
    ds = tf.data.Dataset.from_tensors("b").map(lambda key: tf_npz.load(archive, key, element_spec=spec))
    assert_same(elements(ds), [ARRAYS["b"].astype("f8")])
    ds = tf.data.Dataset.from_tensors("b").map(
        lambda key: tf_npz.load(archive, key, element_spec=SPEC, dtypes=tf.float64)
    )
    assert_same(elements(ds), [ARRAYS["b"].astype("f8")])


@pytest.mark.parametrize(
    "make", [tf.constant, tf.Variable, lambda key: np.array([key])[0]], ids=["constant", "variable", "numpy.str_"]
)
def test_a_key_of_known_value_is_a_name(archive: str, make: Callable[[str], Any]) -> None:
    assert_same(tf_npz.load(archive, make("Grüße")).numpy(), ARRAYS["Grüße"])
    assert tf_npz.element_spec(archive, make("a"), rows=False) == tf_npz.element_spec(archive, "a", rows=False)
    ds = tf_npz.NpzReaderDataset(archive, make("b"), rows=False)
    assert_same(elements(ds), [ARRAYS["b"]])


def test_decode_and_datasets_take_symbolic_keys(archive: str) -> None:
    contents = npz_bytes(**ARRAYS)
    keys = tf.data.Dataset.from_tensor_slices(["b", "a"])
    ds = keys.map(lambda key: tf_npz.decode(contents, key, element_spec=SPEC))
    assert_same(elements(ds), [ARRAYS["b"], ARRAYS["a"]])
    ds = keys.interleave(
        lambda key: tf_npz.NpzReaderDataset(archive, key, rows=False, element_spec=SPEC), cycle_length=1
    )
    assert_same(elements(ds), [ARRAYS["b"], ARRAYS["a"]])


@pytest.mark.parametrize(
    ("key", "message"),
    [
        ("z", r'f.npz: has no array "z" \(it has "a", "b"'),
        ("", r'f.npz: has no array ""'),
        (b"\xff\x00", r'f.npz: has no array "\\+xff'),
        ("a" * 100_000, r'f.npz: has no array "a+'),
    ],
    ids=["unknown", "empty", "not UTF-8", "long"],
)
@pytest.mark.parametrize("is_symbolic", [False, True], ids=["known", "symbolic"])
def test_a_key_that_the_file_lacks_is_an_error_with_the_keys_that_it_has(
    archive: str, key: Any, message: str, *, is_symbolic: bool
) -> None:
    def load(key: tf.Tensor) -> tf.Tensor:
        return tf_npz.load(archive, key, element_spec=SPEC)

    call = tf.function(load) if is_symbolic else load
    with pytest.raises(tf.errors.InvalidArgumentError, match=message):
        call(tf.constant(key))


def test_a_symbolic_key_needs_a_spec(archive: str) -> None:
    contents = npz_bytes(**ARRAYS)
    readers: dict[str, Callable[[tf.Tensor], Any]] = {
        "load": lambda key: tf_npz.load(archive, key),
        "load in a structure": lambda key: tf_npz.load(archive, ("a", key)),
        "decode": lambda key: tf_npz.decode(contents, key),
        "element_spec": lambda key: tf_npz.element_spec(archive, key).shape,
        "a dataset": lambda key: tf_npz.NpzReaderDataset(archive, key),
    }
    for read in readers.values():
        with pytest.raises(ValueError, match=r"value is not known yet.* element_spec, such as tf.TensorSpec"):
            tf.function(read).get_concrete_function(tf.TensorSpec([], tf.string))


@pytest.mark.parametrize("key", [1, ["a"], [["a"]]], ids=["number", "vector", "matrix"])
def test_a_key_is_a_scalar_string(archive: str, key: Any) -> None:
    with pytest.raises(TypeError, match="a key that is a tensor must be a scalar string, not"):
        tf_npz.load(archive, tf.constant(key))


def wait_until_kept(path: str) -> None:
    """The directory of a file that has just changed is not kept: another change might get the same time."""
    wait_until(lambda: time.time() - Path(path).stat().st_ctime > 0.15, "a file that has not just changed")


def test_a_file_that_changes_is_read_anew(folder: Path) -> None:
    """Its directory is kept between calls, but only as long as the file stays the same."""
    load = tf.function(lambda key: tf_npz.load("f.npz", key, element_spec=SPEC))
    names = [str(i) for i in range(1000)]
    for value in range(3):
        # The same size each time. The last array of a file is the first one of the next.
        rotated = names[value:] + names[:value]
        np.savez("f.npz", **{name: np.full(3, value + int(name), "f4") for name in rotated})
        for _ in range(2):
            for name in names[:3]:
                np.testing.assert_array_equal(load(tf.constant(name)), np.full(3, value + int(name), "f4"))
            os.utime("f.npz", (1, 1))
            wait_until_kept("f.npz")


def test_a_directory_is_read_once(folder: Path) -> None:
    np.savez("f.npz", **{f"utterance-{i}": np.float32([i]) for i in range(16_000)})
    wait_until_kept("f.npz")
    names = tf.data.Dataset.from_tensor_slices([f"utterance-{i}" for i in range(7950, 8050)])
    ds = names.map(lambda name: tf_npz.load("f.npz", name, element_spec=SPEC))
    # The directory has a megabyte.
    before = bytes_read()
    elements(ds.take(1))
    assert bytes_read() - before > 1_000_000
    before = bytes_read()
    assert_same(elements(ds), [np.float32([i]) for i in range(7950, 8050)])
    assert bytes_read() - before < 500_000
