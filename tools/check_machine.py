"""Lists everything that this machine lacks to build tf-npz, and how to install it. Runs on any Python 3."""

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
    """Returns why tf-npz can never be built on this machine, or None if it can."""
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
    """Returns the newest Python with wheels of a TensorFlow in cmake/tensorflow.txt, such as "3.13"."""
    last = (TOOLS.parent / "cmake" / "tensorflow.txt").read_text().splitlines()[-1]
    return last.split()[1].split("-")[1]


def main():
    reason = refusal()
    newest = newest_python()
    if "--venv" in sys.argv and sys.version_info[:2] > tuple(map(int, newest.split("."))):
        reason = wrong_python(newest)
    if reason:
        sys.exit(reason)

    missing = {}  # {what is missing: the Debian package that has it}
    if not any(shutil.which(name) for name in [os.environ.get("CXX", "c++"), "c++", "g++", "clang++"]):
        missing["a C++17 compiler"] = "g++"
    if "--headers" in sys.argv and not (pathlib.Path(sysconfig.get_path("include")) / "Python.h").is_file():
        missing["Python's C headers"] = "python3-dev"
    # Debian's python3 has no ensurepip, and venv cannot install pip without it.
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
