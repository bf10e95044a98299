"""Options that contradict each other or are out of range are refused where they are passed."""

from typing import Any

import numpy as np
import pytest
import tensorflow as tf
import tf_npz
from tf_npz import _padding, _structure

REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "batch_size 0": ({"batch_size": 0}, "batch_size must be at least 1, not 0"),
    "batch_size negative": ({"batch_size": -1}, "batch_size must be at least 1, not -1"),
    "batch_size float": ({"batch_size": 2.0}, "batch_size must be an integer, not 2.0"),
    "batch_size bool": ({"batch_size": True}, "batch_size must be an integer, not True"),
    "batch_size tensor of floats": ({"batch_size": tf.constant(2.0)}, "batch_size must be an integer"),
    "batch_size tensor 0": ({"batch_size": tf.constant(0)}, "batch_size must be at least 1, not 0"),
    "element_spec": (
        {"element_spec": tf.TensorSpec([2**63, 3], tf.float32)},
        "the dimensions of element_spec must be less than 2**63",
    ),
    "padded_shapes": (
        {"batch_size": 2, "padded_shapes": (2**63,)},
        "the dimensions of padded_shapes must be less than 2**63",
    ),
    "drop_remainder alone": ({"drop_remainder": True}, "drop_remainder=True needs a batch_size"),
    "padding alone": ({"padding": 0}, "padding=0 needs a batch_size"),
    "num_parallel_reads 0": ({"num_parallel_reads": 0}, "num_parallel_reads must be at least 1, not 0"),
    "num_parallel_reads -2": ({"num_parallel_reads": -2}, "num_parallel_reads must be at least 1, not -2"),
    "num_parallel_reads float": ({"num_parallel_reads": 1.5}, "num_parallel_reads must be an integer, not 1.5"),
    "memory_limit 0": ({"memory_limit": 0}, "memory_limit must be at least 1, not 0"),
    "memory_limit -1": ({"memory_limit": -1}, "memory_limit must be at least 1, not -1"),
}


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize(("options", "fragment"), REFUSED.values(), ids=REFUSED.keys())
def test_the_dataset_refuses(options: dict[str, Any], fragment: str) -> None:
    np.save("a.npy", np.zeros((2, 3)))
    with pytest.raises(ValueError, match=r"must be|needs a") as raised:
        tf_npz.NpzReaderDataset("a.npy", **options)
    assert fragment in str(raised.value)


def pad(padding: Any, **dtypes: tf.DType) -> list[tf.Tensor]:
    spec = {name: tf.TensorSpec([None], dtype) for name, dtype in dtypes.items()}
    return _padding.padding_values(padding, _structure.components(None, spec))


REPRESENTED: dict[str, tuple[Any, tf.DType]] = {
    "int as int": (-1, tf.int8),
    "int as float": (-1, tf.float16),
    "int as complex": (2, tf.complex64),
    "whole float as int": (3.0, tf.uint8),
    "float to the precision of the dtype": (0.1, tf.float16),
    "nan": (float("nan"), tf.float32),
    "infinity": (float("-inf"), tf.float32),
    "complex": (0.1 + 0.2j, tf.complex64),
    "bool": (True, tf.bool),
    "int as bool": (0, tf.bool),
    "largest": (2**64 - 1, tf.uint64),
    "numpy": (np.int8(-1), tf.float64),
    "numpy of no dimension": (np.array(7), tf.int32),
    "tensor": (tf.constant(7), tf.float32),
}


@pytest.mark.parametrize(("value", "dtype"), REPRESENTED.values(), ids=REPRESENTED.keys())
def test_padding_takes_the_dtype_of_its_component(value: Any, dtype: tf.DType) -> None:
    (tensor,) = pad(value, x=dtype)
    assert (tensor.dtype, tensor.shape) == (dtype, [])
    np.testing.assert_array_equal(tensor.numpy(), np.asarray(value).astype(dtype.as_numpy_dtype))


NOT_REPRESENTED: dict[str, tuple[Any, tf.DType]] = {
    "negative": (-1, tf.uint8),
    "too large": (256, tf.uint8),
    "beyond every int": (2**70, tf.int64),
    "fraction": (0.5, tf.int32),
    "nan": (float("nan"), tf.int32),
    "infinity": (float("inf"), tf.int64),
    "overflow": (1e30, tf.float16),
    "int that is rounded": (2**24 + 1, tf.float32),
    "imaginary": (1j, tf.float32),
    "number as bool": (2, tf.bool),
}


@pytest.mark.parametrize(("value", "dtype"), NOT_REPRESENTED.values(), ids=NOT_REPRESENTED.keys())
def test_padding_that_its_component_cannot_hold_is_refused(value: Any, dtype: tf.DType) -> None:
    with pytest.raises(ValueError, match=f"can't be represented in the dtype of a component, {dtype.name}"):
        pad(value, x=dtype)


def test_padding_is_for_all_components_or_one_for_each() -> None:
    values = pad(0, x=tf.float32, y=tf.int64)
    assert [(value.dtype, value.numpy()) for value in values] == [(tf.float32, 0), (tf.int64, 0)]
    values = pad({"y": -1, "x": 0.5}, x=tf.float32, y=tf.int64)
    assert [(value.dtype, value.numpy()) for value in values] == [(tf.float32, 0.5), (tf.int64, -1)]


def test_padding_of_another_structure_is_refused() -> None:
    for padding in ((0, 0), {"x": 0, "z": 0}, {"x": 0, "y": (0, 0)}):
        with pytest.raises(ValueError, match="have the structure of an element") as raised:
            pad(padding, x=tf.float32, y=tf.int64)
        assert repr(padding) in str(raised.value)


def test_padding_must_be_numbers() -> None:
    for padding in ("0", b"", np.zeros(3), object()):
        with pytest.raises(TypeError, match="padding must be a number"):
            pad(padding, x=tf.float32)


def test_padding_needs_a_number_of_dimensions() -> None:
    components = _structure.components(None, {"x": tf.TensorSpec(None, tf.float32)})
    with pytest.raises(ValueError, match="one number of dimensions"):
        _padding.padding_values(0, components)
