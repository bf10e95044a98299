"""Other interpreters for tests: with the package as it is here, and never left behind."""

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import tf_npz

DEADLINE = 120  # seconds for what takes a few, on a machine that has other things to do


@contextlib.contextmanager
def started(
    *arguments: str, cwd: Path | None = None, path: Path = Path(tf_npz.__file__).parent.parent
) -> Iterator["subprocess.Popen[str]"]:
    """An interpreter with `arguments` and modules from `path`; killed where the block ends before it does."""
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
    """What it prints, once it has ended well."""
    output, errors = process.communicate(timeout=DEADLINE)
    assert process.returncode == 0, errors
    return output


def run_python(code: str, *arguments: str, cwd: Path | None = None) -> str:
    """What `code` prints."""
    with started("-c", code, *arguments, cwd=cwd) as process:
        return output_of(process)
