"""Prints the TensorFlows of cmake/tensorflow.txt, the oldest first. Other scripts and setup.py import this module.

Without arguments: a line "MINOR VERSION PYTHON..." for each. --minors: "2.16;2.17;...", a list for CMake.
--minors aarch64: those for that machine. --corner: the oldest and the newest for this Python. --newest: the requirement
by which pip installs the newest.
"""

import os
import pathlib
import re
import sys
from typing import NamedTuple

LIST = pathlib.Path(__file__).resolve().parent.parent / "cmake" / "tensorflow.txt"


class TensorFlow(NamedTuple):
    """A line of the list."""

    version: str
    pythons: tuple[str, ...]  # "3.10", "3.11", ...
    sha256: str
    # The machine of the wheel with that hash, and the name of the wheel's distribution.
    machine: str = "x86_64"
    distribution: str = "tensorflow-cpu"

    @property
    def minor(self) -> str:
        return ".".join(self.version.split(".")[:2])


def parse(text: str, machine: str = "x86_64") -> list[TensorFlow]:
    """Returns the TensorFlows of a list that have a pinned wheel for `machine`, "x86_64" or "aarch64".

    Raises:
      ValueError: A line is malformed, or the order is not ascending.
    """
    found = []
    for line in text.splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        match = re.fullmatch(r"(\d+\.\d+\.\d+) +3\.(\d+)-3\.(\d+) +([0-9a-f]{64})(?: +([0-9a-f]{64}))?", line.strip())
        if match is None:
            raise ValueError(f"not 'VERSION 3.A-3.B SHA256 [SHA256]': {line}")
        pythons = tuple(f"3.{minor}" for minor in range(int(match[2]), int(match[3]) + 1))
        found.append((TensorFlow(match[1], pythons, match[4]), match[5]))
    keys = [key(tensorflow.minor) for tensorflow, _ in found]
    if not keys or keys != sorted(set(keys)):
        raise ValueError("TensorFlows are listed once each, oldest first")
    if machine == "x86_64":
        return [tensorflow for tensorflow, _ in found]
    # tensorflow-cpu exists only for x86_64.
    return [
        tensorflow._replace(sha256=sha256, machine=machine, distribution="tensorflow")
        for tensorflow, sha256 in found
        if machine == "aarch64" and sha256
    ]


def served(machine: str = "x86_64") -> list[TensorFlow]:
    return parse(LIST.read_text(), machine)


def newest() -> TensorFlow:
    return served()[-1]


def chosen() -> str:
    """Returns the value of CMake's TF_NPZ_TENSORFLOW: "installed", "all", or a list such as "2.16;2.21"."""
    by_cmake = re.findall(r"-DTF_NPZ_TENSORFLOW(?::\w+)?=(\S+)", os.environ.get("CMAKE_ARGS", ""))
    return by_cmake[-1] if by_cmake else os.environ.get("TF_NPZ_TENSORFLOW") or "installed"


def specifier(minors: list[str]) -> str:
    """Returns a version specifier that only `minors` satisfy, such as ">=2.16,<2.22"."""
    first, *_, last = [*minors, minors[-1]]
    major, minor = key(last)
    between = [t.minor for t in served() if key(first) < key(t.minor) < key(last) and t.minor not in minors]
    return ",".join([f">={first}", f"<{major}.{minor + 1}", *(f"!={minor}.*" for minor in between)])


def corner(python: str) -> list[TensorFlow]:
    """Returns the oldest and the newest TensorFlow for `python`, such as "3.12"."""
    found = [tensorflow for tensorflow in served() if python in tensorflow.pythons]
    return [found[0], *found[1:][-1:]]


def key(minor: str) -> tuple[int, int]:
    """Returns the key to sort minor versions by: "2.9" comes before "2.16"."""
    major, minor = minor.split(".")
    return int(major), int(minor)


def main() -> None:
    if sys.argv[1:2] == ["--minors"]:
        print(";".join(tensorflow.minor for tensorflow in served(*sys.argv[2:])))
        return
    if sys.argv[1:] == ["--newest"]:
        print(f"{newest().distribution}=={newest().version}")
        return
    if sys.argv[1:] == ["--corner"]:
        print(";".join(tensorflow.minor for tensorflow in corner(f"3.{sys.version_info[1]}")))
        return
    for tensorflow in served():
        print(tensorflow.minor, tensorflow.version, *tensorflow.pythons)


if __name__ == "__main__":
    main()
