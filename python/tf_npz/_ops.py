"""The native ops: the library for the TensorFlow at hand, loaded once; `_registration` says when."""

import functools
from collections.abc import Callable
from typing import Any, TypeVar, cast

import tensorflow as tf

from . import _version_check

_Function = TypeVar("_Function", bound=Callable[..., Any])


@functools.cache
def library() -> Any:
    """The generated functions npz_reader_dataset, npz_load and npz_decode.

    Raises:
      ImportError: This build has no ops for the TensorFlow that is imported.
    """
    # The version that is running, which may be another one than the metadata told at import.
    installed = _version_check.installed()
    if installed is None or installed.version != tf.__version__:
        installed = _version_check.Installed(tf.__version__, "tensorflow")
    return tf.load_op_library(str(_version_check.library_path(installed)))


def not_converted(function: _Function) -> _Function:
    """Keeps AutoGraph out: what `map` and `interleave` call it rewrites, and this package is no graph code."""
    return cast(_Function, tf.autograph.experimental.do_not_convert(function))
