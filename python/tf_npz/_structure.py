"""The structure of an element, and the names of each of its components."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple, TypeAlias

import tensorflow as tf

from . import _defaults, _keys, _parts

# A tf.TensorSpec, or a tuple or dict of them.
ElementSpec: TypeAlias = Any


class Components(NamedTuple):
    """The components of an element, in the order of tf.nest.flatten.

    Attributes:
      keys: For each component, the names that would index the result of np.load: the array's name, then names of
        fields. Empty for the only array of an .npy. The array's name may be a symbolic tensor.
      spec: The element's spec, with one tf.TensorSpec for each component.
      counts: The number of elements of each file. Empty if it is unknown.
      casts: For each component, whether arrays of other dtypes are cast to its dtype. Empty: none is.
      usual_dtypes: For each component, the name of the dtype that most files hold. Empty: the caller gave the spec.
      slices: For each component, the `_slices.Index` that is taken of it, or None. Empty: none is cut.
      may_be_sample: Whether each file has an array without dimensions, although elements are rows. Then a file may be
        one sample.
      leaves: For each component, the key of the caller that it belongs to. None: all arrays.
    """

    keys: list[tuple[str | tf.Tensor, ...]]
    spec: ElementSpec
    counts: tuple[int, ...] = ()
    casts: Sequence[bool] = ()
    usual_dtypes: Sequence[str] = ()
    slices: Sequence[Any] = ()
    may_be_sample: bool = False
    leaves: Sequence[_keys.Key | None] = ()

    @property
    def specs(self) -> list[tf.TensorSpec]:
        """The spec of each component."""
        flat: list[tf.TensorSpec] = tf.nest.flatten(self.spec)
        return flat

    def op_arguments(self) -> dict[str, Any]:
        """The inputs and attributes of the ops that hold the keys, and what is cast."""
        paths = [
            path for key, leaf in zip(self.keys, self.leaves, strict=True) for path in (key, *_keys.others_of(leaf))
        ]
        names = [name for path in paths for name in path]
        fallbacks = [piece for pieces in map(_defaults.pieces, self.leaves, self.specs) for piece in pieces]
        has_choices = any(isinstance(leaf, _keys.FirstOf) for leaf in self.leaves)
        lengths = [leaf for leaf in self.leaves if isinstance(leaf, _keys.Length)]
        are_arrays = all(map(_keys.is_array, self.leaves))
        return {
            "keys": tf.stack(names) if any(map(tf.is_tensor, names)) else tf.constant(names, tf.string),
            "key_depths": [len(path) for path in paths],
            "key_counts": [1 + len(_keys.others_of(leaf)) for leaf in self.leaves] if has_choices else [],
            "fallbacks": fallbacks if has_choices else [],
            "casts": list(self.casts),
            "sources": [] if are_arrays else list(map(_keys.source_of, self.leaves)),
            # `components` has checked that all components of the key have this axis in common.
            "length_components": [self.leaves.index(length.key) for length in lengths],
            "length_axes": [length.axis for length in lengths],
        }


def components(keys: Any, spec: ElementSpec) -> Components:
    """Checks that keys and a spec fit each other, and returns the components. None is cast.

    Args:
      keys: The keys, as `_keys.normalized` returns them. None: the keys of a dict spec are the names; a bare spec is
        that of an .npy.
      spec: The element spec that the caller gave. A structured array has a dict of its fields, or of some of them.

    Raises:
      TypeError: `spec` holds something other than tf.TensorSpec.
      ValueError: `keys` and `spec` differ in structure, or `keys` is None and `spec` does not tell the names; or a
        `Length` asks for an axis that its key does not have, or whose length its components do not share.
    """
    spec = _lists_to_tuples(spec)
    for component in tf.nest.flatten(spec):
        if not isinstance(component, tf.TensorSpec):
            raise TypeError(
                f"element_spec must be a tf.TensorSpec, or a tuple or dict of them, not {component!r}; "
                "tf_npz.element_spec(files) returns one"
            )
        check_dimensions("element_spec", component.shape)
    try:
        found = _component_keys(keys, spec)
    except _StructuresDifferError:
        if keys is None:
            raise ValueError(f"element_spec {spec!r} doesn't tell the names of the arrays: pass keys as well") from None
        raise ValueError(
            f"keys and element_spec must have one structure, but keys is {keys!r} and element_spec is {spec!r}; "
            "tf_npz.element_spec(files, keys), with rows=False for whole arrays, returns the one that belongs to keys"
        ) from None
    result = Components([path for _, path in found], spec, leaves=[leaf for leaf, _ in found])
    for leaf in result.leaves:
        if isinstance(leaf, _keys.Length):
            _check_length(leaf, result)
    return result


def spread(
    name: str,
    values: Any,
    structure: Any,
    is_component: Callable[[Any], bool] = lambda node: isinstance(node, tf.TensorSpec),
    *,
    are_nested: bool = False,
) -> list[tuple[Any, bool]]:
    """The value of each component, in the order of tf.nest.flatten, and whether it was given for this one alone.

    Args:
      name: The name of the argument, for messages.
      values: One value for all components, or a structure of values. A value in the place of a structure is for all
        components in it. A dict may leave out components: their value is None.
      structure: What has the structure of an element: its spec, or its keys.
      is_component: Whether a node of `structure` is a component.
      are_nested: Whether the value of one component may be a structure itself.

    Raises:
      ValueError: `values` has another structure. The message says which name or how many values are wrong.
    """

    def refuse(problem: str) -> ValueError:
        return ValueError(
            f"{name} must be one value for all components, or have the structure of an element, but {problem}; "
            f"{name} is {values!r}, the element is {structure!r}"
        )

    def walk(node: Any, value: Any, where: str) -> list[tuple[Any, bool]]:
        if is_component(node):
            if isinstance(value, Mapping | tuple | list) and not are_nested:
                raise refuse(f"{where} is a {type(value).__name__}, where the element has one component")
            return [(value, True)]
        if isinstance(node, Mapping) and isinstance(value, Mapping):
            unknown = [key for key in value if key not in node]
            if unknown:
                raise refuse(
                    f"{where} has {', '.join(map(repr, unknown))}, and the element only {', '.join(map(repr, node))}"
                )
            # tf.nest.flatten goes by sorted keys.
            return [item for key in sorted(node) for item in walk(node[key], value.get(key), f"{where}[{key!r}]")]
        if isinstance(node, tuple) and isinstance(value, tuple | list):
            if len(node) != len(value):
                raise refuse(f"{where} has {_number(len(value), 'value')} for {_number(len(node), 'component')}")
            pairs = enumerate(zip(node, value, strict=True))
            return [item for i, (inner, own) in pairs for item in walk(inner, own, f"{where}[{i}]")]
        if isinstance(value, Mapping | tuple | list):
            raise refuse(f"{where} is a {type(value).__name__}, where the element has a {type(node).__name__}")
        inside = list(node.values()) if isinstance(node, Mapping) else list(node)
        return [(value, False) for inner in inside for _ in walk(inner, None, where)]

    return walk(structure, values, name)


def check_dimensions(name: str, shape: tf.TensorShape) -> None:
    """Raises ValueError if a dimension of `shape` is no int64. TensorFlow would end the process."""
    if shape.rank is not None and any(length is not None and length > _parts.MAX for length in shape.as_list()):
        raise ValueError(f"the dimensions of {name} must be less than 2**63, not {shape}")


def _check_length(length: _keys.Length, components: Components) -> None:
    """Refuses a length that its key does not have, or that differs between the components of its key."""
    of_key = [i for i, leaf in enumerate(components.leaves) if leaf == length.key]
    names = sorted({str(components.keys[i][0]) for i in of_key if components.keys[i]})
    if length.key is None and len(names) > 1:
        raise ValueError(
            f"{length!r} measures one array, but keys holds several ({', '.join(names)}); name one of them in keys and "
            "in Length"
        )
    shapes = [components.specs[i].shape for i in of_key]
    if any(shape.rank is None for shape in shapes):
        return
    for shape in shapes:
        if not -shape.rank <= length.axis < shape.rank:
            raise ValueError(
                f"{length!r} asks for an axis that {length.key!r} does not have: its elements have the shape {shape}; "
                f"axis must be from {-shape.rank} to {shape.rank - 1}"
                if shape.rank
                else f"{length!r} asks for a length, but the elements of {length.key!r} are scalars; leave it out"
            )
    # Fields may have axes of their own after those of the array.
    places = {length.axis % shape.rank for shape in shapes}
    if len(places) > 1 or len({shape[length.axis] for shape in shapes}) > 1:
        raise ValueError(
            f"{length!r} asks for an axis in which the fields of {length.key!r} differ; pass an axis that all of them "
            "have, or the key of one field"
        )


def conflict(paths: Iterable[tuple[str, ...]], values: Iterable[Any]) -> tuple[str, ...] | None:
    """A path whose value differs from that of the same path, or of one that leads to it. None: there is none."""
    known: dict[tuple[str, ...], Any] = {}
    # The outer path before those within it.
    for path, value in sorted(zip(paths, values, strict=True), key=lambda item: item[0]):
        outer = [known[path[:depth]] for depth in range(len(path) + 1) if path[:depth] in known]
        if any(other != value for other in outer):
            return path
        known[path] = value
    return None


def _number(count: int, noun: str) -> str:
    return f"{count} {noun}" + ("" if count == 1 else "s")


class _StructuresDifferError(Exception):
    pass


def _component_keys(keys: Any, spec: ElementSpec) -> list[tuple[_keys.Key | None, tuple[str | tf.Tensor, ...]]]:
    """`Components.leaves` and `Components.keys` for `spec`. Above the arrays, `spec` has the structure of `keys`."""
    if _keys.is_key(keys):
        is_one = not _keys.is_array(keys) or isinstance(keys, _keys.FirstOf)
        if is_one and not isinstance(spec, tf.TensorSpec):
            raise _StructuresDifferError
        return [(keys, path) for path in _field_keys(_keys.path_of(keys), spec)]
    if isinstance(keys, Mapping) and isinstance(spec, Mapping) and keys.keys() == spec.keys():
        return [key for name in sorted(keys) for key in _component_keys(keys[name], spec[name])]
    if isinstance(keys, tuple) and type(keys) is type(spec) and len(keys) == len(spec):
        return [key for inner, item in zip(keys, spec, strict=True) for key in _component_keys(inner, item)]
    raise _StructuresDifferError


def _field_keys(prefix: tuple[str | tf.Tensor, ...], spec: ElementSpec) -> list[tuple[str | tf.Tensor, ...]]:
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
