"""The pairs of Python and TensorFlow that are tested, from the list of served TensorFlows."""

import sys
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools"))

import tensorflow_versions  # noqa: E402


class Pair(NamedTuple):
    """A Python, a TensorFlow, and the name of the TensorFlow's distribution."""

    python: str
    tensorflow: str
    distribution: str = "tensorflow-cpu"

    def __str__(self) -> str:
        return f"Python {self.python}, {self.distribution} {self.tensorflow}"


def all_pairs() -> list[Pair]:
    """Returns each TensorFlow with its newest Python, and each Python with its oldest and its newest TensorFlow."""
    tensorflows = tensorflow_versions.served()
    pairs = {Pair(tensorflow.pythons[-1], tensorflow.version) for tensorflow in tensorflows}
    for python in {python for tensorflow in tensorflows for python in tensorflow.pythons}:
        versions = [tensorflow.version for tensorflow in tensorflows if python in tensorflow.pythons]
        pairs |= {Pair(python, versions[0]), Pair(python, versions[-1])}
    # Once with the other name of TensorFlow's distribution.
    newest = tensorflows[-1]
    pairs.add(Pair(newest.pythons[0], newest.version, "tensorflow"))
    return sorted(pairs, key=lambda pair: ([int(part) for part in pair.tensorflow.split(".")], len(pair.python), pair))


def corner(python: str) -> list[Pair]:
    """Returns `python` with the oldest and with the newest TensorFlow that supports it."""
    return [Pair(python, tensorflow.version) for tensorflow in tensorflow_versions.corner(python)]
