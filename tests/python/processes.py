"""Starts other interpreters for tests, with the package of this checkout, and always ends them."""

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import tf_npz

DEADLINE = 120  # seconds; usually it takes a few, but the machine may be busy


@contextlib.contextmanager
def started(
    *arguments: str, cwd: Path | None = None, path: Path = Path(tf_npz.__file__).parent.parent
) -> Iterator["subprocess.Popen[str]"]:
    """Starts an interpreter with `arguments` and modules from `path`. The end of the block kills it if it runs."""
    process = subprocess.Popen(
        [sys.executable, *arguments],
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": str(path)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()


def output_of(process: "subprocess.Popen[str]") -> str:
    """Waits for the process, checks that it succeeded, and returns its output."""
    output, errors = process.communicate(timeout=DEADLINE)
    assert process.returncode == 0, errors
    return output


def run_python(code: str, *arguments: str, cwd: Path | None = None) -> str:
    """Runs `code`, and returns its output."""
    with started("-c", code, *arguments, cwd=cwd) as process:
        return output_of(process)
