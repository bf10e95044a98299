"""The structure of an element, and the names of each of its components."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, TypeAlias

import tensorflow as tf

Keys: TypeAlias = str | Sequence[str] | Mapping[str, str]
# A tf.TensorSpec, or a tuple or dict of them.
ElementSpec: TypeAlias = Any


class Components(NamedTuple):
    """The components of an element, in the order of tf.nest.flatten.

    Attributes:
      keys: For each component, the names that would index the result of np.load: the array's name, then names of
        fields. Empty for the only array of an .npy.
      spec: The element's spec, with one tf.TensorSpec for each component.
      counts: The number of elements of each file. Empty if it is unknown.
    """

    keys: list[tuple[str, ...]]
    spec: ElementSpec
    counts: tuple[int, ...] = ()

    @property
    def specs(self) -> list[tf.TensorSpec]:
        """The spec of each component."""
        flat: list[tf.TensorSpec] = tf.nest.flatten(self.spec)
        return flat

    def op_arguments(self) -> dict[str, Any]:
        """The inputs and attributes of the ops that hold the keys."""
        return {
            "keys": tf.constant([name for key in self.keys for name in key], tf.string),
            "key_depths": [len(key) for key in self.keys],
        }


def normalized_keys(keys: Keys) -> Any:
    """`keys` with tuples instead of lists, because elements of datasets hold tuples.

    Raises:
      TypeError: A key is not a str.
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
    """Checks that keys and a spec fit each other, and returns the components.

    Args:
      keys: The keys that the caller gave. None: the keys of a dict spec are the names; a bare spec is that of an .npy.
      spec: The element spec that the caller gave. A structured array has a dict of its fields, or of some of them.

    Raises:
      TypeError: `spec` holds something other than tf.TensorSpec.
      ValueError: `keys` and `spec` differ in structure, or `keys` is None and `spec` does not tell the names.
    """
    spec = _lists_to_tuples(spec)
    for component in tf.nest.flatten(spec):
        if not isinstance(component, tf.TensorSpec):
            raise TypeError(
                f"element_spec must be a tf.TensorSpec, or a tuple or dict of them, not {component!r}; "
                "tf_npz.element_spec(a_file) returns one"
            )
    try:
        if keys is None:
            return Components(_field_keys((), spec), spec)
        return Components(_component_keys(normalized_keys(keys), spec), spec)
    except _StructuresDifferError:
        if keys is None:
            raise ValueError(f"element_spec {spec!r} doesn't tell the names of the arrays: pass keys as well") from None
        raise ValueError(
            f"keys and element_spec must have one structure, but keys is {keys!r} and element_spec is {spec!r}; "
            "tf_npz.element_spec(a_file, keys=...) returns the one that belongs to keys"
        ) from None


class _StructuresDifferError(Exception):
    pass


def _component_keys(keys: Any, spec: ElementSpec) -> list[tuple[str, ...]]:
    """`Components.keys` for `spec`. Above the arrays, `spec` has the structure of `keys`."""
    if isinstance(keys, str):
        return _field_keys((keys,), spec)
    if isinstance(keys, Mapping) and isinstance(spec, Mapping) and keys.keys() == spec.keys():
        return [key for name in sorted(keys) for key in _component_keys(keys[name], spec[name])]
    if isinstance(keys, tuple) and type(keys) is type(spec) and len(keys) == len(spec):
        return [key for inner, item in zip(keys, spec, strict=True) for key in _component_keys(inner, item)]
    raise _StructuresDifferError


def _field_keys(prefix: tuple[str, ...], spec: ElementSpec) -> list[tuple[str, ...]]:
    """`Components.keys` for a nested dict of fields, or for a single component. Each begins with `prefix`."""
    if isinstance(spec, tf.TensorSpec):
        return [prefix]
    if not isinstance(spec, Mapping) or not spec or not all(isinstance(name, str) for name in spec):
        raise _StructuresDifferError
    return [key for name in sorted(spec) for key in _field_keys((*prefix, name), spec[name])]


def _lists_to_tuples(structure: Any) -> Any:
    if isinstance(structure, Mapping):
        return {name: _lists_to_tuples(value) for name, value in structure.items()}
    if isinstance(structure, tuple) and hasattr(structure, "_fields"):  # a namedtuple
        return type(structure)(*map(_lists_to_tuples, structure))
    if isinstance(structure, tuple | list):
        return tuple(map(_lists_to_tuples, structure))
    return structure
