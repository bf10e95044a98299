"""Measures memory and threads over a long time: members of 8 GiB, thousands of epochs, many minutes.

  python -m benchmarks.memory [--gigabytes 8] [--epochs 2000] [--minutes 10] [--out FOLDER]

Prints a table, and writes memory.md and memory.png into the folder.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

import numpy as np
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from . import datasets
from .running import OTHER_PYTHON, TOP

READ_THROUGH_LIMIT = 400e6
"""Bytes that reading a member of any size may take. The memory of TensorFlow itself is not counted."""
GROWTH_LIMIT = 0.05
"""The fraction by which the last quarter may exceed the second one. The first quarter is warming up."""
ROW = 1 << 20
ZEROS = bytes(ROW)
STAGES = ("stored", "deflated", "epochs", "minutes")


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.memory", description="Memory and threads, at length.")
    parser.add_argument("--gigabytes", type=float, default=8, help="of the members that are read through, in GiB")
    parser.add_argument("--epochs", type=int, default=2000, help="over a small set")
    parser.add_argument("--minutes", type=float, default=10, help="over a large set")
    parser.add_argument("--scale", choices=datasets.SCALES, default="full", help="of the large set")
    parser.add_argument("--out", type=Path, default=datasets.ROOT, help="a folder for memory.md and memory.png")
    parser.add_argument("--stage", choices=STAGES, help=argparse.SUPPRESS)  # each stage is a process
    arguments = parser.parse_args()
    if arguments.stage:
        print(json.dumps(_run_stage(arguments.stage, arguments)))
        return 0

    arguments.out.mkdir(parents=True, exist_ok=True)
    lines = []
    with Progress(console=Console(stderr=True), transient=True) as progress:
        _make(arguments, progress)
        task = progress.add_task("", total=len(STAGES))
        for stage in STAGES:
            progress.update(task, description=stage)
            done = subprocess.run(
                [sys.executable, "-m", "benchmarks.memory", *sys.argv[1:], "--stage", stage],
                cwd=TOP,
                env=os.environ | {"TF_CPP_MIN_LOG_LEVEL": "2"},
                capture_output=True,
                text=True,
                check=False,
            )
            if done.returncode:
                print(done.stderr, file=sys.stderr)
                return done.returncode
            lines.append(json.loads(done.stdout))
            progress.advance(task)
    results = datasets.ROOT / "memory.json"
    results.write_text(json.dumps({"lines": lines}))
    _print(lines)
    (arguments.out / "memory.md").write_text(page(lines))
    if OTHER_PYTHON.exists():
        arguments_of_plot = [str(results), str(arguments.out / "memory.png")]
        subprocess.run([str(OTHER_PYTHON), "-m", "benchmarks.plot", *arguments_of_plot], cwd=TOP, check=True)
    return 0 if all(line["met"] for line in lines) else 1


def _make(arguments: argparse.Namespace, progress: Progress) -> None:
    rows = max(1, int(arguments.gigabytes * 1024))
    for compression in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        path = _zeros(rows, compression)
        if not path.exists():
            task = progress.add_task(f"making {path.name}", total=rows)
            for done in write_zeros(path, rows, compression):
                progress.update(task, completed=done)
            progress.remove_task(task)
    for scale, name in (("tiny", "compressed"), (arguments.scale, "compressed")):
        task = progress.add_task(f"making {name}")
        for done, total in datasets.generate(scale, name):
            progress.update(task, completed=done, total=total)
        progress.remove_task(task)


def _zeros(rows: int, compression: int) -> Path:
    kind = "stored" if compression == zipfile.ZIP_STORED else "deflated"
    return datasets.ROOT / f"zeros-{kind}-{rows}.npz"


class _Sparse:
    """A file that stores zeros as a hole."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)

    def write(self, data: bytes) -> int:
        if data != ZEROS:
            return self._file.write(data)
        self._file.seek(len(data), os.SEEK_CUR)  # The directory of the archive always follows.
        return len(data)


def write_zeros(path: Path, rows: int, compression: int) -> Iterator[int]:
    """Writes an npz with one array of zeros in rows of 1 MiB. Yields the number of rows written."""
    partial = path.with_suffix(".partial")
    partial.parent.mkdir(parents=True, exist_ok=True)
    with (
        partial.open("wb") as file,
        zipfile.ZipFile(_Sparse(file), "w", compression, compresslevel=1) as archive,
        archive.open("x.npy", "w", force_zip64=True) as member,
    ):
        np.lib.format.write_array_header_1_0(member, {"descr": "|u1", "fortran_order": False, "shape": (rows, ROW)})
        for row in range(rows):
            member.write(ZEROS)
            if row % 64 == 0:
                yield row
    partial.rename(path)


def _status() -> tuple[int, int, int]:
    """Resident memory, its peak, and threads."""
    facts = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    rss, peak = (int(facts[name].split()[0]) * 1024 for name in ("VmRSS", "VmHWM"))
    return rss, peak, int(facts["Threads"])


class _Samples:
    """Samples memory and threads from time to time."""

    def __init__(self, name: str, unit: str) -> None:
        Path("/proc/self/clear_refs").write_text("5")  # proc(5): resets the peak to the present value
        before, _, _ = _status()
        self.line: dict[str, Any] = {"name": name, "unit": unit, "before": before, "at": [], "rss": [], "threads": []}

    def take(self, at: float) -> None:
        rss, _, threads = _status()
        self.line["at"].append(round(at, 2))
        self.line["rss"].append(rss)
        self.line["threads"].append(threads)


def _run_stage(stage: str, arguments: argparse.Namespace) -> dict[str, Any]:
    if stage in ("stored", "deflated"):
        return _read_through(stage, arguments)
    if stage == "epochs":
        return _epochs(arguments.epochs)
    return _minutes(arguments.minutes, arguments.scale)


def _read_through(stage: str, arguments: argparse.Namespace) -> dict[str, Any]:
    rows = max(1, int(arguments.gigabytes * 1024))
    path = _zeros(rows, zipfile.ZIP_STORED if stage == "stored" else zipfile.ZIP_DEFLATED)
    batches = _batches([str(path)], 8)
    samples = _Samples(f"a {stage} member of {arguments.gigabytes:g} GiB", "GiB read")
    count = 0
    for batch in batches:
        count += len(batch)
        if count % 64 == 0:
            samples.take(count / 1024)
    if count != rows:
        raise RuntimeError(f"{count} of {rows} rows arrived")
    _, peak, _ = _status()
    extra = peak - samples.line["before"]
    return samples.line | {"what": "extra RSS, MB", "value": extra / 1e6, "met": extra <= READ_THROUGH_LIMIT}


def _epochs(epochs: int) -> dict[str, Any]:
    data = _load("tiny")
    batches = _batches(data.files, 16)
    samples = _Samples("epochs over a small set", "epochs")
    for epoch in range(epochs):
        for _ in batches:
            pass
        if epoch % max(1, epochs // 200) == 0:
            samples.take(epoch)
    return _judge_growth(samples.line)


def _minutes(minutes: float, scale: str) -> dict[str, Any]:
    data = _load(scale)
    batches = _batches(data.files, data.batch_size)
    samples = _Samples("minutes over a large set", "minutes")
    start = time.monotonic()
    taken = -1
    while (now := (time.monotonic() - start) / 60) < minutes:
        for _ in batches:
            now = (time.monotonic() - start) / 60
            if int(now / minutes * 200) > taken:
                taken = int(now / minutes * 200)
                samples.take(now)
    return _judge_growth(samples.line)


def _batches(files: list[str], batch_size: int) -> Any:
    import tf_npz

    return tf_npz.NpzReaderDataset(files, keys="x", batch_size=batch_size)


def _load(scale: str) -> datasets.Data:
    data = datasets.load(scale, "compressed")
    assert data is not None
    return data


def _judge_growth(line: dict[str, Any]) -> dict[str, Any]:
    """Judges the growth of memory between quarters. At the end there may not be more threads than before."""
    quarter = max(1, len(line["rss"]) // 4)
    before = statistics.median(line["rss"][quarter : 2 * quarter] or line["rss"])
    growth = statistics.median(line["rss"][-quarter:]) / before - 1
    more_threads = max(line["threads"][-quarter:]) > max(line["threads"][:-quarter] or line["threads"])
    met = growth <= GROWTH_LIMIT and not more_threads
    return line | {"what": "growth of RSS, %", "value": 100 * growth, "met": met}


HEADINGS = ("", "", "value", "RSS before, MB", "RSS, MB", "threads", "")


def _cells(line: dict[str, Any]) -> list[str]:
    spans = [f"{min(values):.0f} to {max(values):.0f}" for values in ([r / 1e6 for r in line["rss"]], line["threads"])]
    value, before = f"{line['value']:.1f}", f"{line['before'] / 1e6:.0f}"
    return [line["name"], line["what"], value, before, *spans, "met" if line["met"] else "NOT MET"]


def page(lines: list[dict[str, Any]]) -> str:
    """Returns the results in Markdown."""
    rows = [HEADINGS, ["---"] * len(HEADINGS), *map(_cells, lines)]
    table = "\n".join(f"| {' | '.join(row)} |" for row in rows)
    return f"""# Memory and threads, at length

`make bench-memory` writes this page. All settings are the defaults. The targets are:

- Members of any size take at most {READ_THROUGH_LIMIT / 1e6:.0f} MB more than TensorFlow itself.
- Over many epochs, and over minutes without a pause, memory in the last quarter is at most {100 * GROWTH_LIMIT:.0f} %
  above memory in the second quarter.
- The number of threads does not grow.

{table}

![Resident memory and threads](memory.png)
"""


def _print(lines: list[dict[str, Any]]) -> None:
    table = Table(*HEADINGS)
    for line in lines:
        table.add_row(*_cells(line))
    terminal = Console()
    if not terminal.is_terminal:
        terminal.width = 160
    terminal.print(table)


if __name__ == "__main__":
    sys.exit(main())
