"""The build backend: that of setuptools, plus what pyproject.toml cannot express.

It adds the TensorFlow of cmake/tensorflow.txt to the requirements of the build. If tf-npz cannot be built on this
machine, it stops before anything is installed.
"""

import sys

import check_machine
from setuptools import build_meta
from setuptools.build_meta import *  # noqa: F403 - the hooks that stay as they are


def get_requires_for_build_wheel(config_settings=None):
    """The requirements of the build that pyproject.toml does not list: the TensorFlow to build for."""
    return [*tensorflow(), *build_meta.get_requires_for_build_wheel(config_settings)]


def get_requires_for_build_editable(config_settings=None):
    """The same for `pip install -e`."""
    return [*tensorflow(), *build_meta.get_requires_for_build_editable(config_settings)]


def tensorflow():
    refusal = check_machine.refusal()
    if refusal:
        sys.exit(refusal)
    import tensorflow_versions  # here, because it does not run on a Python that is refused

    if tensorflow_versions.chosen() != "installed":
        return []  # CMake fetches them.
    newest = tensorflow_versions.newest()
    if f"3.{sys.version_info[1]}" not in newest.pythons:
        sys.exit(check_machine.wrong_python(newest.pythons[-1]))
    return [
        f"tensorflow-cpu=={newest.minor}.* ; platform_machine == 'x86_64'",
        f"tensorflow=={newest.minor}.* ; platform_machine != 'x86_64'",
    ]
