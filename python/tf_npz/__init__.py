"""NumPy's .npz and .npy files as native, parallel tf.data datasets.

Start with `NpzReaderDataset`. `load` and `decode` read whole arrays. `element_spec` and `inspect` read headers.
"""

import importlib
from typing import TYPE_CHECKING, Any

from . import _registration, _version_check

if TYPE_CHECKING:
    from ._dataset import NpzReaderDataset
    from ._inspect import ArrayInfo, FileInfo, inspect
    from ._keys import ARRAY, ARRAY_NAME, FILENAME, ROW, Field, FirstOf, Length
    from ._load import decode, load
    from ._parts import Window
    from ._spec import element_spec

__all__ = [
    "ARRAY",
    "ARRAY_NAME",
    "FILENAME",
    "ROW",
    "ArrayInfo",
    "Field",
    "FileInfo",
    "FirstOf",
    "Length",
    "NpzReaderDataset",
    "Window",
    "decode",
    "element_spec",
    "inspect",
    "load",
]
__version__ = _version_check.package_version()

_version_check.check_installed()
_registration.register_with_tensorflow()

# The module of each name. It is imported when the name is first used, because importing TensorFlow takes seconds.
_MODULES = {
    "ARRAY": "_keys",
    "ARRAY_NAME": "_keys",
    "FILENAME": "_keys",
    "ROW": "_keys",
    "ArrayInfo": "_inspect",
    "Field": "_keys",
    "FileInfo": "_inspect",
    "FirstOf": "_keys",
    "Length": "_keys",
    "NpzReaderDataset": "_dataset",
    "Window": "_parts",
    "decode": "_load",
    "element_spec": "_spec",
    "inspect": "_inspect",
    "load": "_load",
}


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    if _MODULES[name] != "_inspect":
        _version_check.require_tensorflow(f"tf_npz.{name}")
    value = getattr(importlib.import_module(f".{_MODULES[name]}", __name__), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
