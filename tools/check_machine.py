"""Says what this machine lacks to build tf-npz, all of it at once, and how to get it. Runs on any Python 3."""

import importlib.util
import os
import pathlib
import shutil
import subprocess
import sys
import sysconfig


def main():
    if not sys.platform.startswith("linux"):
        sys.exit(f"tf-npz builds on Linux only, and this is {sys.platform}.")
    newest = (3, 13) if "--venv" in sys.argv else sys.version_info[:2]  # that TensorFlow 2.21 has wheels for
    if not (3, 10) <= sys.version_info[:2] <= newest:
        version = ".".join(map(str, sys.version_info[:2]))
        sys.exit(f"tf-npz needs Python 3.10 to 3.13, and this is {version}. Name another one: make PYTHON=python3.11")

    missing = {}  # what: the Debian package that brings it
    if not any(shutil.which(name) for name in [os.environ.get("CXX", "c++"), "c++", "g++", "clang++"]):
        missing["a C++17 compiler"] = "g++"
    if "--headers" in sys.argv and not (pathlib.Path(sysconfig.get_path("include")) / "Python.h").is_file():
        missing["Python's C headers"] = "python3-dev"
    # Debian leaves ensurepip out of python3, and without it venv cannot install pip.
    if "--venv" in sys.argv and not (importlib.util.find_spec("venv") and importlib.util.find_spec("ensurepip")):
        missing["Python's venv module"] = "python3-venv"
    if missing:
        sys.exit(
            f"Not found: {', '.join(missing)}.\n"
            f"Debian, Ubuntu: apt-get install {' '.join(missing.values())}\n"
            "Fedora: dnf install gcc-c++ python3-devel"
        )

    if "--tensorflow" in sys.argv:
        finder = pathlib.Path(__file__).resolve().parent / "find_tensorflow.py"
        sys.exit(subprocess.run([sys.executable, str(finder)], stdout=subprocess.DEVNULL).returncode)


if __name__ == "__main__":
    main()
