"""Which pairs of Python and TensorFlow are run, from the one list of TensorFlows that are served."""

import sys
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools"))

import tensorflow_versions  # noqa: E402


class Pair(NamedTuple):
    """A Python and the TensorFlow beside it, by the name of the distribution that brings it."""

    python: str
    tensorflow: str
    distribution: str = "tensorflow-cpu"

    def __str__(self) -> str:
        return f"Python {self.python}, {self.distribution} {self.tensorflow}"


def all_pairs() -> list[Pair]:
    """Every TensorFlow with the newest Python for it, and every Python with the oldest and the newest for it."""
    tensorflows = tensorflow_versions.served()
    pairs = {Pair(tensorflow.pythons[-1], tensorflow.version) for tensorflow in tensorflows}
    for python in {python for tensorflow in tensorflows for python in tensorflow.pythons}:
        versions = [tensorflow.version for tensorflow in tensorflows if python in tensorflow.pythons]
        pairs |= {Pair(python, versions[0]), Pair(python, versions[-1])}
    # Whoever has TensorFlow by its other name.
    newest = tensorflows[-1]
    pairs.add(Pair(newest.pythons[0], newest.version, "tensorflow"))
    return sorted(pairs, key=lambda pair: ([int(part) for part in pair.tensorflow.split(".")], len(pair.python), pair))


def corner(python: str) -> list[Pair]:
    """The oldest and the newest TensorFlow that supports `python`."""
    return [Pair(python, tensorflow.version) for tensorflow in tensorflow_versions.corner(python)]
