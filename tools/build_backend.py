"""setuptools' build backend, and what depends on cmake/tensorflow.txt and on the machine: pyproject.toml can't say it.

A machine that tf-npz can't be built on is refused here, before anything is installed for the build.
"""

import sys

import check_machine
from setuptools import build_meta
from setuptools.build_meta import *  # noqa: F403 - the hooks that stay as they are


def get_requires_for_build_wheel(config_settings=None):
    """What pip installs for the build beside what pyproject.toml lists: the TensorFlow to build for."""
    return [*tensorflow(), *build_meta.get_requires_for_build_wheel(config_settings)]


def get_requires_for_build_editable(config_settings=None):
    """The same for `pip install -e`."""
    return [*tensorflow(), *build_meta.get_requires_for_build_editable(config_settings)]


def tensorflow():
    refusal = check_machine.refusal()
    if refusal:
        sys.exit(refusal)
    import tensorflow_versions  # not before: it wants a Python that is not refused

    if tensorflow_versions.chosen() != "installed":
        return []  # CMake fetches them.
    newest = tensorflow_versions.newest()
    if f"3.{sys.version_info[1]}" not in newest.pythons:
        sys.exit(check_machine.wrong_python(newest.pythons[-1]))
    return [
        f"tensorflow-cpu=={newest.minor}.* ; platform_machine == 'x86_64'",
        f"tensorflow=={newest.minor}.* ; platform_machine != 'x86_64'",
    ]
