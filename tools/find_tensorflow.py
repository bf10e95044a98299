"""Prints "VERSION;FOLDER" of the TensorFlow that this interpreter would import, without importing it."""

import importlib.metadata
import importlib.util
import pathlib
import sys


def main() -> None:
    # The distribution has many names (tensorflow, tensorflow-cpu, tf-nightly, ...), the module has one.
    distributions = importlib.metadata.packages_distributions().get("tensorflow", [])
    spec = importlib.util.find_spec("tensorflow")
    if spec is None or spec.origin is None or not distributions:
        sys.exit(
            f"TensorFlow was not found in {sys.prefix}. "
            "Install the version to build for first: pip install tensorflow-cpu==2.21.*\n"
        )
    folder = pathlib.Path(spec.origin).parent
    if not (folder / "include/tensorflow/core/framework/dataset.h").is_file():
        sys.exit(f"{folder} holds no C++ headers. Install TensorFlow by pip: pip install tensorflow-cpu==2.21.*\n")
    print(importlib.metadata.version(distributions[0]), folder, sep=";")


if __name__ == "__main__":
    main()
