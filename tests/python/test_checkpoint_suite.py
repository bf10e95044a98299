"""TensorFlow's own suite for the checkpoints of datasets, over every mode, in eager mode and in graphs.

It saves and restores iterators that are unused, used up, and stopped ten times in between, and initializes restored
ones anew.
"""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from absl.testing import parameterized
from pipelines import NOT_SYMBOLIC, PIPELINES, save_files, symbolic
from tensorflow.python.data.kernel_tests import checkpoint_test_base
from tensorflow.python.framework import combinations
from testing import elements

# The warning of graph mode about with_options.
pytestmark = pytest.mark.filterwarnings("ignore:To make it possible to preserve tf.data options:UserWarning")

# test_checkpoint.py tests all modes, and stops at every element.
MODES = [
    "rows",
    "batches",
    "full batches",
    "padded batches",
    "whole files",
    "batches of whole files",
    "a share of rows",
    "a share of files",
    "repeated",
    "prefetched",
    "shuffled",
    "globally shuffled",
    "interleaved",
    "interleaved in parallel",
]
MODES = [mode for mode in MODES if mode in PIPELINES]


def cases() -> list[dict[str, Any]]:
    """Each mode in eager mode and in graphs, one of them with symbolic checkpoints, one with deflated files."""
    chosen = []
    for i, name in enumerate(MODES):
        for j, execution in enumerate(("eager", "graph")):
            chosen += combinations.combine(
                tf_api_version=2,
                mode=execution,
                name=name,
                is_symbolic=(i + j) % 2 == 0 and name not in NOT_SYMBOLIC,
                compressed=(i // 2 + j) % 2 == 0,
            )
    every = combinations.times(chosen, checkpoint_test_base.default_test_combinations())
    # Only graphs can initialize an iterator again.
    return [case for case in every if case["mode"] == "graph" or "reset" not in str(case["verify_fn"])]


@pytest.fixture(scope="module")
def counts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, int]]:
    """The number of elements of each mode, in a folder with stored files and in one with deflated files."""
    with pytest.MonkeyPatch.context() as patch:
        root = tmp_path_factory.mktemp("files")
        for compressed in (True, False):
            (root / str(compressed)).mkdir()
            patch.chdir(root / str(compressed))
            save_files(compressed=compressed)
        patch.chdir(root / "True")
        found = {mode: len(elements(PIPELINES[mode]())) for mode in MODES}
        patch.chdir(root)
        yield found


class CheckpointTest(checkpoint_test_base.CheckpointTestBase, parameterized.TestCase):
    test_session = None  # not a test, despite its name

    @pytest.fixture(autouse=True)
    def _prepare(self, counts: dict[str, int], monkeypatch: pytest.MonkeyPatch) -> None:
        self.counts = counts
        self.monkeypatch = monkeypatch

    @combinations.generate(cases())
    def test_a_checkpoint(self, verify_fn: Callable[..., None], name: str, is_symbolic: bool, compressed: bool) -> None:
        self.monkeypatch.chdir(str(compressed))
        verify_fn(self, lambda: symbolic(PIPELINES[name](), is_symbolic), self.counts[name])
