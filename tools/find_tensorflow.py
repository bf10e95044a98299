"""Prints "VERSION;FOLDER" of the TensorFlow that this interpreter would import. Does not import it."""

import importlib.metadata
import importlib.util
import pathlib
import sys
from typing import NamedTuple

import tensorflow_versions


class NotUsable(Exception):
    """There is no TensorFlow to build for. The message says what to type."""


class Found(NamedTuple):
    """A TensorFlow as pip installed it."""

    version: str
    folder: pathlib.Path

    @property
    def minor(self) -> str:
        return ".".join(self.version.split(".")[:2])


def find() -> Found:
    """Returns the TensorFlow to build for.

    Raises:
      NotUsable: There is none, or it cannot be used.
    """
    # The distribution has many names (tensorflow, tensorflow-cpu, tf-nightly, ...), the module has one.
    distributions = importlib.metadata.packages_distributions().get("tensorflow", [])
    spec = importlib.util.find_spec("tensorflow")
    install = f"pip install tensorflow-cpu=={tensorflow_versions.newest().minor}.*"
    if spec is None or spec.origin is None or not distributions:
        raise NotUsable(
            f"TensorFlow was not found in {sys.prefix}. Install the version to build for first: {install}\n"
            "Or build for all that a release serves, which are fetched then: set TF_NPZ_TENSORFLOW=all."
        )
    found = Found(importlib.metadata.version(distributions[0]), pathlib.Path(spec.origin).parent)
    if not (found.folder / "include/tensorflow/core/framework/dataset.h").is_file():
        raise NotUsable(f"{found.folder} holds no C++ headers. Install TensorFlow by pip: {install}")
    oldest = tensorflow_versions.served()[0].minor
    if tensorflow_versions.key(found.minor) < tensorflow_versions.key(oldest):
        raise NotUsable(f"TensorFlow {found.version} is too old: tf-npz builds for {oldest} and newer. {install}")
    return found


def main() -> None:
    try:
        found = find()
    except NotUsable as reason:
        sys.exit(f"{reason}\n")
    print(found.version, found.folder, sep=";")


if __name__ == "__main__":
    main()
