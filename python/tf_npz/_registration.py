"""Registers the ops with TensorFlow once TensorFlow and this package are both imported, in either order.

A SavedModel, or a graph from the client of a tf.data service, names ops that this process may not have used yet.
This module never imports TensorFlow. If TensorFlow is not imported yet, an import hook waits for it.
docs/decisions/027-import-hook.md has the reasons.
"""

import contextlib
import functools
import importlib
import sys
from collections.abc import Sequence
from importlib.machinery import ModuleSpec
from types import ModuleType

_TENSORFLOW = "tensorflow"


def register_with_tensorflow() -> None:
    """Registers the ops now, or right after TensorFlow is imported."""
    if sys.modules.get(_TENSORFLOW) is not None:
        _load_library()
    elif not any(isinstance(finder, _Finder) for finder in sys.meta_path):
        sys.meta_path.insert(0, _Finder())


def _load_library() -> None:
    # An import of TensorFlow, or of a package that only inspects files, must not fail here. If the ops cannot be
    # loaded, the first use of one raises the error.
    with contextlib.suppress(Exception):
        importlib.import_module("._ops", __package__).library()


class _Finder:
    """Asks the finders after it for TensorFlow, and adds a step to the execution of its module.

    It is never removed from sys.meta_path: find_spec may be a mere query, the import may fail, and a removal while
    another thread iterates over the list would skip a finder there.
    """

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if name != _TENSORFLOW:
            return None
        spec = self._find_after(name, path, target)
        loader = spec and spec.loader
        execute = getattr(loader, "exec_module", None)
        if execute is not None:
            # A loader of our own would hide the other methods of TensorFlow's loader: sources, resources.
            @functools.wraps(execute)
            def execute_and_register(module: ModuleType) -> None:
                execute(module)
                if module.__name__ == _TENSORFLOW:  # A loader may serve several modules.
                    _load_library()

            with contextlib.suppress(AttributeError):  # Attributes may be read-only. Then the first use registers.
                loader.exec_module = execute_and_register  # type: ignore[method-assign, union-attr]
        return spec

    def _find_after(self, name: str, path: Sequence[str] | None, target: ModuleType | None) -> ModuleSpec | None:
        # The finders before this one were asked already. One of them may be a similar hook that is asking now.
        finders = list(sys.meta_path)
        next_index = finders.index(self) + 1 if self in finders else 0
        for finder in finders[next_index:]:
            find_spec = getattr(finder, "find_spec", None)
            spec: ModuleSpec | None = find_spec(name, path, target) if find_spec else None
            if spec is not None:
                return spec
        return None
