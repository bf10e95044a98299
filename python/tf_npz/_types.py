"""What TensorFlow's classes are to a type checker.

TensorFlow is not typed. In an alias, `tf.Tensor` would be Any, and the alias would accept every value. These protocols
name an attribute that its classes have and that neither Python's nor NumPy's have.
"""

from typing import Any, Protocol, SupportsIndex, TypeAlias


class Tensor(Protocol):
    """A tf.Tensor, eager or symbolic."""

    @property
    def dtype(self) -> Any: ...
    def get_shape(self) -> Any: ...


class TensorShape(Protocol):
    """A tf.TensorShape."""

    def as_list(self) -> Any: ...


class DType(Protocol):
    """A tf.DType."""

    @property
    def as_numpy_dtype(self) -> Any: ...


# An integer of Python or NumPy, or a scalar tensor.
Integer: TypeAlias = SupportsIndex | Tensor
