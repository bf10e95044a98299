"""Says what this machine lacks to build tf-npz, all of it at once, and how to get it. Runs on any Python 3."""

import importlib.util
import os
import pathlib
import shutil
import subprocess
import sys
import sysconfig

TOOLS = pathlib.Path(__file__).resolve().parent
OLDEST_PYTHON = (3, 10)


def refusal():
    """Why nothing can make this machine one that tf-npz builds on; None where that is not so."""
    if not sys.platform.startswith("linux"):
        hint = " On Windows, use the Linux of WSL." if sys.platform == "win32" else ""
        return f"tf-npz builds on Linux only, and this is {sys.platform}.{hint}"
    if sys.version_info[:2] < OLDEST_PYTHON:
        return wrong_python(newest_python())
    return None


def wrong_python(newest):
    oldest, this = (".".join(map(str, version[:2])) for version in (OLDEST_PYTHON, sys.version_info))
    return (
        f"tf-npz needs Python {oldest} to {newest}, and this is {this}. "
        f"Use another one: python{newest} -m pip install ..., or make PYTHON=python{newest}"
    )


def newest_python():
    """The newest Python that any TensorFlow of cmake/tensorflow.txt has wheels for, as text."""
    last = (TOOLS.parent / "cmake" / "tensorflow.txt").read_text().splitlines()[-1]
    return last.split()[1].split("-")[1]


def main():
    reason = refusal()
    newest = newest_python()
    if "--venv" in sys.argv and sys.version_info[:2] > tuple(map(int, newest.split("."))):
        reason = wrong_python(newest)
    if reason:
        sys.exit(reason)

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
        finder = TOOLS / "find_tensorflow.py"
        sys.exit(subprocess.run([sys.executable, str(finder)], stdout=subprocess.DEVNULL).returncode)


if __name__ == "__main__":
    main()
