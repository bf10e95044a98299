"""Registers the ops with TensorFlow as soon as both TensorFlow and this package are imported, whichever comes first.

A saved graph names the ops, and so does one from a client of a tf.data service. The process that loads such a graph may
not have called any function of this package. `import tf_npz` has to be enough for it.

This module never imports TensorFlow. If TensorFlow is imported later, an import hook notices.
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
    # An error here would break the import of TensorFlow, perhaps in a process that needs none of the ops. The first use
    # of an op raises it again.
    with contextlib.suppress(Exception):
        importlib.import_module("._ops", __package__).library()


class _Finder:
    """Finds TensorFlow by the finders that come after this one, and adds a step to the execution of its module.

    It is never removed from sys.meta_path. A call of `find_spec` may be a mere question, and an import may fail, so
    neither says that TensorFlow has been imported. And if a finder is removed while another thread goes through the
    list, that thread skips the next finder.
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
            # The loader stays TensorFlow's own, with its other methods, for sources and resources. Only this method is
            # replaced.
            @functools.wraps(execute)
            def execute_and_register(module: ModuleType) -> None:
                execute(module)
                if module.__name__ == _TENSORFLOW:  # A loader may serve several modules.
                    _load_library()

            # A loader may refuse attributes. Then the first use of an op registers them.
            with contextlib.suppress(AttributeError):
                loader.exec_module = execute_and_register  # type: ignore[method-assign, union-attr]
        return spec

    def _find_after(self, name: str, path: Sequence[str] | None, target: ModuleType | None) -> ModuleSpec | None:
        # The finders before this one have been asked. One of them may be a hook like this one, and the caller of this
        # method: to ask it again would never end.
        finders = list(sys.meta_path)
        first = finders.index(self) + 1 if self in finders else 0
        for finder in finders[first:]:
            find_spec = getattr(finder, "find_spec", None)
            spec: ModuleSpec | None = find_spec(name, path, target) if find_spec else None
            if spec is not None:
                return spec
        return None
