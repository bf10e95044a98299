"""Loads the ops library for the imported TensorFlow, once. `_registration` decides when."""

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
      ImportError: This build has no ops for the imported TensorFlow.
    """
    # The imported version may differ from the one in the metadata of the installed package.
    installed = _version_check.installed()
    if installed is None or installed.version != tf.__version__:
        installed = _version_check.Installed(tf.__version__, "tensorflow")
    return tf.load_op_library(str(_version_check.library_path(installed)))


def not_converted(function: _Function) -> _Function:
    """Keeps AutoGraph from rewriting `function` when it is called inside `map` or `interleave`."""
    return cast(_Function, tf.autograph.experimental.do_not_convert(function))
