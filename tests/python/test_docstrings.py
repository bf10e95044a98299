"""The examples in docstrings run, and print the results that they show."""

import doctest
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
import tf_npz

# The docstrings of all public names, and of their methods.
EXAMPLES = [
    test
    for name in tf_npz.__all__
    for test in doctest.DocTestFinder().find(
        getattr(tf_npz, name), f"tf_npz.{name}", module=False, globs={"np": np, "tf": tf, "tf_npz": tf_npz}
    )
    if test.examples
]


@pytest.fixture
def files(folder: Path) -> None:
    """Writes the files that the examples read."""
    rng = np.random.default_rng(0)
    np.savez("a.npz", x=np.zeros((3, 4), np.float32), y=np.array([7, 8, 9]))
    np.savez("run.npz", events=np.zeros(3, [("t", "f8"), ("id", "u4")]), label=np.arange(3))
    np.savez("utterances.npz", **{name: np.ones((n, 2), np.float32) for name, n in {"a": 3, "b": 5, "c": 4}.items()})
    Path("train").mkdir()
    for i in range(2):
        x = rng.standard_normal((6, 4), np.float32)
        np.savez_compressed(f"train/{i}.npz", x=x, y=np.arange(6 * i, 6 * (i + 1)))
    Path("clips").mkdir()
    for i, length in enumerate((3, 5)):
        np.save(f"clips/{i}.npy", rng.standard_normal((length, 2), np.float32))


@pytest.mark.usefixtures("files")
@pytest.mark.parametrize("example", EXAMPLES, ids=[example.name for example in EXAMPLES])
def test_the_example_runs(example: doctest.DocTest) -> None:
    output: list[str] = []
    result = doctest.DocTestRunner(verbose=False).run(example, out=output.append, clear_globs=False)
    assert result.failed == 0, "".join(output)


def test_every_public_function_has_an_example() -> None:
    named = {example.name.split(".")[1] for example in EXAMPLES}
    assert named == set(tf_npz.__all__) - {"ArrayInfo", "FileInfo"}
