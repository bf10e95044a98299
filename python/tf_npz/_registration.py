"""Registers the ops with TensorFlow as soon as both it and this package are imported, whichever comes first.

A graph that was saved, or that comes from the client of a tf.data service, names ops which its process may not have
used yet. TensorFlow is never imported here: where it comes later, an import hook waits for it.
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
    """Registers the ops now or, where TensorFlow is not imported yet, right after it is."""
    if sys.modules.get(_TENSORFLOW) is not None:
        _load_library()
    elif not any(isinstance(finder, _Finder) for finder in sys.meta_path):
        sys.meta_path.insert(0, _Finder())


def _load_library() -> None:
    # No concern of whoever imports TensorFlow, or a package that merely inspects files: where the ops can't be loaded,
    # the first use of one says why.
    with contextlib.suppress(Exception):
        importlib.import_module("._ops", __package__).library()


class _Finder:
    """Finds TensorFlow as the finders behind it do, and has a step added to its execution.

    It stays: to be asked for a module does not mean that it will be imported, nor an attempt that it succeeds, and to
    take a finder out of the list while another thread goes through it would have that one miss the next finder.
    """

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if name != _TENSORFLOW:
            return None
        spec = self._find_behind(name, path, target)
        loader = spec and spec.loader
        execute = getattr(loader, "exec_module", None)
        if execute is not None:
            # In place of a loader of our own, which would hide all else that TensorFlow's can do: sources, resources.
            @functools.wraps(execute)
            def execute_and_register(module: ModuleType) -> None:
                execute(module)
                if module.__name__ == _TENSORFLOW:  # Some loaders serve many modules.
                    _load_library()

            with contextlib.suppress(AttributeError):  # A loader that takes no attributes: the first use will do.
                loader.exec_module = execute_and_register  # type: ignore[method-assign, union-attr]
        return spec

    def _find_behind(self, name: str, path: Sequence[str] | None, target: ModuleType | None) -> ModuleSpec | None:
        # Those before it had their turn; and one of them may be another such hook, which is just asking.
        finders = list(sys.meta_path)
        behind = finders.index(self) + 1 if self in finders else 0
        for finder in finders[behind:]:
            find_spec = getattr(finder, "find_spec", None)
            spec: ModuleSpec | None = find_spec(name, path, target) if find_spec else None
            if spec is not None:
                return spec
        return None
