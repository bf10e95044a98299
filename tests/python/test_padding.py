"""padding of some components, and padded_shapes. tf.data's padded_batch is the oracle."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
import tf_npz
from testing import assert_gives, assert_same, elements

LENGTHS = (2, 4, 3)
KEYS = ("tokens", "vectors", "label")


@pytest.fixture(autouse=True)
def sentences(folder: Path) -> None:
    """Whole files of two arrays of different lengths, and one of equal length."""
    for i, n in enumerate(LENGTHS):
        np.savez(f"{i}.npz", tokens=np.arange(n) + 1, vectors=np.ones((n, 2), "f4"), label=np.array([i, i], "i4"))


def read(**options: Any) -> tf.data.Dataset:
    return tf_npz.NpzReaderDataset("*.npz", KEYS, rows=False, batch_size=3, **options)


def padded_batch(shapes: Any, values: Any, **options: Any) -> list[Any]:
    whole = tf_npz.NpzReaderDataset("*.npz", KEYS, rows=False)
    return elements(whole.padded_batch(3, padded_shapes=shapes, padding_values=values, **options))


VALUES = (tf.constant(-1, tf.int64), tf.constant(0.5), tf.constant(0))

SHAPES: dict[str, tuple[Any, Any, list[list[int | None]]]] = {
    # name: (padded_shapes, of padded_batch, of the element spec without the batch)
    "all fixed": (([6], [5, 2], [2]), ([6], [5, 2], [2]), [[6], [5, 2], [2]]),
    "some fixed": (((6,), None, None), ([6], [None, 2], [2]), [[6], [None, 2], [2]]),
    "a length of None": (([None], (4, None), (4,)), ([None], [4, 2], [4]), [[None], [4, 2], [4]]),
    "a length of -1": (([-1], [7, -1], [-1]), ([-1], [7, -1], [-1]), [[None], [7, 2], [2]]),
    "a TensorShape": ((tf.TensorShape([6]), tf.TensorShape(None), None), ([6], [-1, 2], [2]), [[6], [None, 2], [2]]),
    "an array": ([np.array([6]), np.array([5, 2]), None], ([6], [5, 2], [2]), [[6], [5, 2], [2]]),
    "wider than every file": (([6], [5, 3], [3]), ([6], [5, 3], [3]), [[6], [5, 3], [3]]),
}


@pytest.mark.parametrize(("shapes", "of_tensorflow", "static"), SHAPES.values(), ids=SHAPES.keys())
def test_padded_shapes_are_those_of_padded_batch(shapes: Any, of_tensorflow: Any, static: Any) -> None:
    dataset = read(padding=(-1, 0.5, 0), padded_shapes=shapes)
    assert [spec.shape.as_list()[1:] for spec in dataset.element_spec] == static
    assert_gives(dataset, padded_batch(of_tensorflow, VALUES))


def test_padded_shapes_without_padding_pad_with_zeros() -> None:
    assert_gives(read(padded_shapes=([6], None, None)), padded_batch(([6], [-1, 2], [2]), None))
    for i in range(2):
        np.savez(f"s{i}.npz", s=np.full((1, i + 1), "a"), b=np.ones((1, i + 1), bool), c=np.ones((1, i + 1), "c8"))
    (batch,) = elements(tf_npz.NpzReaderDataset("s*.npz", batch_size=2, padded_shapes={"s": [3], "b": [3]}))
    assert batch["s"].tolist() == [[b"a", b"", b""], [b"a", b"a", b""]]
    assert batch["b"].tolist() == [[True, False, False], [True, True, False]]
    assert batch["c"].tolist() == [[1, 0], [1, 1]]


def test_one_shape_is_for_a_single_component() -> None:
    for shape in ([6], (6,), tf.TensorShape([6]), tf.constant([6])):
        dataset = tf_npz.NpzReaderDataset("*.npz", "tokens", rows=False, batch_size=3, padding=-1, padded_shapes=shape)
        assert dataset.element_spec == tf.TensorSpec([None, 6], tf.int64)
        assert elements(dataset)[0].tolist() == [[1, 2] + [-1] * 4, [1, 2, 3, 4, -1, -1], [1, 2, 3, -1, -1, -1]]


def test_a_full_batch_of_fixed_lengths_has_a_static_shape() -> None:
    dataset = read(padded_shapes=([6], [5, 2], [2]), drop_remainder=True)
    assert all(spec.shape.is_fully_defined() for spec in dataset.element_spec)

    @tf.function(jit_compile=True)
    def total(tokens: tf.Tensor) -> tf.Tensor:
        return tf.reduce_sum(tokens)

    assert [int(total(tokens)) for tokens, _, _ in dataset] == [sum(n * (n + 1) // 2 for n in LENGTHS)]


def test_a_file_that_is_longer_is_named_and_the_others_are_read() -> None:
    dataset = tf_npz.NpzReaderDataset("*.npz", KEYS, rows=False, batch_size=2, padded_shapes=([3], None, None))
    with pytest.raises(tf.errors.InvalidArgumentError) as raised:
        elements(dataset)
    assert (
        '1.npz["tokens"]: elements of shape (4,) are longer than padded_shapes allows along axis 0 '
        "(expected at most 3, got 4); raise it" in raised.value.message
    )
    (batch,) = elements(dataset.ignore_errors())
    assert_same(batch[0], np.array([[1, 2, 0], [1, 2, 3]]))
    assert batch[1].shape == (2, 3, 2)


@pytest.mark.parametrize(
    "padding", [{"tokens": -1, "vectors": 0.5}, {"tokens": -1, "vectors": 0.5, "label": None}], ids=["left out", "None"]
)
def test_a_component_without_a_value_is_not_padded(padding: dict[str, Any]) -> None:
    names = dict(zip(KEYS, KEYS, strict=True))
    dataset = tf_npz.NpzReaderDataset("*.npz", names, rows=False, batch_size=3, padding=padding)
    (expected,) = padded_batch(None, VALUES)
    assert_gives(dataset, [dict(zip(KEYS, expected, strict=True))])
    assert_gives(read(padding=[-1, 0.5, None]), [expected])


def test_the_shapes_of_a_component_without_a_value_must_agree() -> None:
    dataset = read(padding=(-1, None, None))
    with pytest.raises(
        tf.errors.InvalidArgumentError,
        match=r'1\.npz\["vectors"\]: elements of shape \(4, 2\) can\'t be batched with .* pass padding=',
    ):
        elements(dataset)
    # A hint that holds.
    assert len(elements(read(padding=(-1, 0, None)))) == 1


def test_a_component_without_a_value_may_have_any_number_of_dimensions(folder: Path) -> None:
    for i in range(2):
        np.savez(f"r{i}.npz", x=np.zeros((1, i + 1)), y=np.zeros((1,) + (2,) * (i + 1)))
    dataset = tf_npz.NpzReaderDataset("r*.npz", ("x", "y"), batch_size=1, padding=(0, None))
    assert [y.shape for _, y in elements(dataset)] == [(1, 2), (1, 2, 2)]
    with pytest.raises(ValueError, match="one number of dimensions"):
        tf_npz.NpzReaderDataset("r*.npz", ("x", "y"), batch_size=1, padding=0)


def test_one_value_may_be_for_all_fields_of_a_structure(folder: Path) -> None:
    for i in range(2):
        np.save(f"e{i}.npy", np.ones((1, i + 1), [("id", "i4"), ("tag", "S1")]))
    dataset = tf_npz.NpzReaderDataset("e*.npy", {"a": "id", "b": "tag"}, batch_size=2, padding=7)
    (batch,) = elements(dataset)
    assert batch["a"].tolist() == [[1, 7], [1, 1]]
    assert batch["b"].tolist() == [[b"1", b""], [b"1", b"1"]]


REFUSED: dict[str, tuple[dict[str, Any], type[Exception], str]] = {
    "too few values": ({"padding": (0,)}, ValueError, "padding has 1 value for 3 components"),
    "too many values": ({"padding": [0, 0, 0, 0]}, ValueError, "padding has 4 values for 3 components"),
    "a dict": ({"padding": {"tokens": 0}}, ValueError, "padding is a dict, where the element has a tuple"),
    "too deep": ({"padding": (0, (0, 0), 0)}, ValueError, "padding[1] is a tuple, where the element has one component"),
    "one shape for three": ({"padded_shapes": [6]}, ValueError, "padded_shapes has 1 value for 3 components"),
    "one TensorShape": ({"padded_shapes": tf.TensorShape([6])}, ValueError, "one shape for each component"),
    "another rank": ({"padded_shapes": ([6, 6], None, None)}, ValueError, "padded_shapes['tokens'] has 2 dimensions"),
    "shorter than the spec": ({"padded_shapes": (None, None, [1])}, ValueError, "shape (2,), which is longer"),
    "no shape": ({"padded_shapes": ("6", None, None)}, ValueError, "padded_shapes must be shapes, such as (100, None)"),
    "a fixed length without a value": (
        {"padded_shapes": (None, [5, 2], None), "padding": (0, None, None)},
        ValueError,
        "padding has no value for this component",
    ),
}


@pytest.mark.parametrize(("options", "error", "fragment"), REFUSED.values(), ids=REFUSED.keys())
def test_what_does_not_fit_the_element_is_refused(
    options: dict[str, Any], error: type[Exception], fragment: str
) -> None:
    with pytest.raises(error) as raised:
        read(**options)
    assert fragment in str(raised.value)


def test_unknown_names_and_missing_batches_are_refused() -> None:
    with pytest.raises(ValueError, match="padding has 'token', and the element only 'tokens', 'vectors', 'label'"):
        tf_npz.NpzReaderDataset("*.npz", rows=False, batch_size=2, padding={"token": 0})
    with pytest.raises(ValueError, match=r"padded_shapes=\[3\] needs a batch_size"):
        tf_npz.NpzReaderDataset("*.npz", "tokens", padded_shapes=[3])


def test_padded_shapes_and_casts_survive_checkpoints_rewriting_and_random_access() -> None:
    options = {"padded_shapes": ([6], [5, 2], [2]), "padding": (-1, 0, None), "dtypes": ("int32", None, "int64")}
    dataset = tf_npz.NpzReaderDataset("*.npz", KEYS, rows=False, batch_size=2, **options)
    expected = elements(dataset)
    assert [tokens.dtype for tokens, _, _ in expected] == [np.int32] * 2
    assert_same(elements(dataset.map(lambda *x: x).repeat(2)), expected * 2)
    assert_same([t.numpy() for t in tf.data.experimental.at(dataset, 1)], list(expected[1]))
    iterator = iter(dataset)
    next(iterator)
    path = tf.train.Checkpoint(iterator=iterator).save("ckpt")
    restored = iter(dataset)
    tf.train.Checkpoint(iterator=restored).restore(path)
    assert_same([tuple(t.numpy() for t in batch) for batch in restored], expected[1:])


def test_casts_come_before_padding() -> None:
    dataset = read(padding=(0.5, 0, 0), dtypes=("float32", None, None))
    tokens, _, _ = elements(dataset)[0]
    assert_same(tokens, np.array([[1, 2, 0.5, 0.5], [1, 2, 3, 4], [1, 2, 3, 0.5]], "f4"))
