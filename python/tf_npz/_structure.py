"""Keys and specs: the structure of an element, and the name of the array behind each of its components."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, TypeAlias

import tensorflow as tf

Keys: TypeAlias = str | Sequence[str] | Mapping[str, str]
# A tf.TensorSpec, or a tuple or dict of them.
ElementSpec: TypeAlias = Any


class Components(NamedTuple):
    """An element, taken apart in the order of tf.nest.flatten.

    Attributes:
      keys: The name of the array behind each component; empty for an .npy, whose only array has none.
      spec: The element's spec: one tf.TensorSpec for each key, or a single one for an .npy.
    """

    keys: list[str]
    spec: ElementSpec

    @property
    def specs(self) -> list[tf.TensorSpec]:
        """The spec of each component."""
        flat: list[tf.TensorSpec] = tf.nest.flatten(self.spec)
        return flat


def normalized_keys(keys: Keys) -> Any:
    """`keys` as a structure of str whose lists are tuples, as they are in elements of datasets.

    Raises:
      TypeError: A key is no str.
      ValueError: There are no keys.
    """
    structure = _lists_to_tuples(keys)
    flat = tf.nest.flatten(structure)
    if not flat:
        raise ValueError(f"keys is empty: {keys!r}; name at least one array, or leave keys out to read all of them")
    for key in flat:
        if not isinstance(key, str):
            raise TypeError(f"keys must be names of arrays (str), not {type(key).__name__}: {key!r}")
    return structure


def components(keys: Keys | None, spec: ElementSpec) -> Components:
    """Holds keys and a given spec against each other.

    Args:
      keys: As the caller gave them. None: a dict spec's keys are the names; a bare spec is that of an .npy.
      spec: The element spec that the caller gave.

    Raises:
      TypeError: `spec` holds something else than tf.TensorSpec.
      ValueError: `keys` and `spec` differ in structure, or `spec` alone doesn't tell the names.
    """
    spec = _lists_to_tuples(spec)
    for component in tf.nest.flatten(spec):
        if not isinstance(component, tf.TensorSpec):
            raise TypeError(
                f"element_spec must be a tf.TensorSpec, or a tuple or dict of them, not {component!r}; "
                "tf_npz.element_spec(a_file) returns one"
            )
    if keys is None:
        if isinstance(spec, tf.TensorSpec):
            return Components([], spec)
        if not isinstance(spec, Mapping) or not all(isinstance(name, str) for name in spec):
            raise ValueError(f"element_spec {spec!r} doesn't tell the names of the arrays: pass keys as well")
        keys = {name: name for name in spec}
    structure = normalized_keys(keys)
    try:
        tf.nest.assert_same_structure(structure, spec)
    except (TypeError, ValueError):
        raise ValueError(
            f"keys and element_spec must have one structure, but keys is {keys!r} and element_spec is {spec!r}; "
            "tf_npz.element_spec(a_file, keys=...) returns the one that belongs to keys"
        ) from None
    return Components(tf.nest.flatten(structure), spec)


def _lists_to_tuples(structure: Any) -> Any:
    if isinstance(structure, Mapping):
        return {name: _lists_to_tuples(value) for name, value in structure.items()}
    if isinstance(structure, tuple) and hasattr(structure, "_fields"):  # a namedtuple
        return type(structure)(*map(_lists_to_tuples, structure))
    if isinstance(structure, tuple | list):
        return tuple(map(_lists_to_tuples, structure))
    return structure
