"""Runs check.py with built wheels in clean environments: `python -m tests.matrix`, from the root of the repository.

It runs each TensorFlow of cmake/tensorflow.txt with a Python that it supports, and each Python with a TensorFlow.
"""

import argparse
import re
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from . import pythons, tables
from .pairs import Pair, all_pairs, corner

CHECK = Path(__file__).with_name("check.py")


class Outcome(NamedTuple):
    """The result of a pair. `failure` is the end of the output if a check failed, else it is empty."""

    pair: Pair
    numpy: str
    failure: str


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command. Returns 1 if a pair fails or its Python is missing, else 0."""
    parser = argparse.ArgumentParser(prog="python -m tests.matrix", description=__doc__.splitlines()[0])
    parser.add_argument("--wheels", type=Path, default=Path("dist"), help="the folder with the wheels (default: dist)")
    parser.add_argument("--corner", action="store_true", help="the oldest and the newest TensorFlow, with this Python")
    parser.add_argument("--write-docs", action="store_true", help="write the table of docs/compatibility.md anew")
    options = parser.parse_args(arguments)
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    outcomes = []
    for pair in corner(version) if options.corner else all_pairs():
        outcomes.append(run(pair, options.wheels.resolve()))
        _, numpy, failure = outcomes[-1]
        print(f"{pair}: {failure or f'ok, NumPy {numpy}'}", flush=True)
    failed = [outcome for outcome in outcomes if outcome.failure]
    if options.write_docs and not failed:
        tables.write(outcomes)
    print(f"{len(outcomes) - len(failed)} passed, {len(failed)} failed")
    return 1 if failed or not outcomes else 0


def run(pair: Pair, wheels: Path) -> Outcome:
    """Installs `pair` into a temporary environment of its own and runs the check there."""
    interpreter = pythons.find(pair.python)
    if interpreter is None:
        return Outcome(pair, "", f"no Python {pair.python} was found")
    tag = "cp" + pair.python.replace(".", "")
    found = sorted(wheels.glob(f"tf_npz-*-{tag}-{tag}-*.whl"))
    if len(found) != 1:
        return Outcome(pair, "", f"{wheels} holds {len(found)} wheels for {tag}, not one")
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        python = str(folder / "venv/bin/python")
        empty = folder / "empty"
        empty.mkdir()
        requirement = f"{pair.distribution}=={pair.tensorflow}"
        install = [python, "-m", "pip", "install", "--quiet", "--no-cache-dir", "--disable-pip-version-check"]
        for command in (
            [interpreter, "-m", "venv", str(folder / "venv")],
            [*install, f"tf-npz[{pair.distribution}] @ {found[0].as_uri()}", requirement],
            [python, "-I", str(CHECK)],
        ):
            ended = subprocess.run(
                command,
                cwd=empty,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
            )
            if ended.returncode != 0:
                return Outcome(pair, "", f"exit code {ended.returncode}\n{ended.stdout[-3000:]}")
        listed = subprocess.check_output([python, "-m", "pip", "list", "--format=freeze"], text=True)
        installed = {name.replace("_", "-"): v for name, v in re.findall(r"^(\S+)==(\S+)$", listed, re.MULTILINE)}
        brought = sorted(name for name in installed if re.fullmatch(r"tensorflow(-.*)?", name))
        own = [name for name in brought if name not in ("tensorflow-io-gcs-filesystem", "tensorflow-estimator")]
        if own != [pair.distribution]:
            return Outcome(pair, "", f"more than one TensorFlow was installed: {', '.join(own)}")
    return Outcome(pair, installed["numpy"], "")


if __name__ == "__main__":
    sys.exit(main())
