"""The examples run unchanged."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

DIGITS = Path(__file__).parents[2] / "examples" / "digits.py"


def run_digits(*arguments: str, temporary: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(DIGITS), *arguments],
        # AutoGraph writes functions there and removes them, but not the files that Python compiles from them.
        env=os.environ | {"TMPDIR": str(temporary), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        timeout=300,
    )


def test_the_demo_trains_measures_and_keeps_its_shards_in_a_folder_that_was_empty(tmp_path: Path) -> None:
    shards = tmp_path / "shards"
    demo = run_digits("--quick", "--keep", str(shards), temporary=tmp_path)
    assert demo.returncode == 0, demo.stderr
    assert "Test accuracy: " in demo.stdout
    assert "rows/s" in demo.stdout
    assert "time to first batch" in demo.stdout
    assert not demo.stderr  # no messages, no warnings
    assert len(list(shards.glob("digits/train-*.npz"))) == 8
    assert list(tmp_path.iterdir()) == [shards]

    again = run_digits("--quick", "--keep", str(shards), temporary=tmp_path)
    assert again.returncode == 2
    assert "is not empty" in again.stderr


@pytest.mark.nightly
def test_the_demo_removes_its_files(tmp_path: Path) -> None:
    demo = run_digits("--quick", temporary=tmp_path)
    assert demo.returncode == 0, demo.stderr
    assert not list(tmp_path.iterdir())
