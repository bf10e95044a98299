"""Counts instructions, locks and system calls of reading. Counts do not depend on the load of the machine.

  python -m benchmarks.instructions [--out FOLDER] [--scenario NAME]

Runs bench_instructions, the engine without TensorFlow, under callgrind and strace. It runs over N files and over 2 N
files. The difference is the cost of N files without the cost of starting. Writes instructions.md.
"""

import argparse
import re
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from . import report
from .counting import Costs, count_instructions, count_system_calls

BATCH = 256
CONVENIENT = 4096
"""Rows of a block without batch_size, if rows are small."""


@dataclass(frozen=True)
class Scenario:
    """Some files and a way to read them."""

    name: str
    what: str
    unit: str
    """The unit of the costs in the tables."""
    units: int
    """N: the program reads N and 2 N units."""
    make: Callable[[Path, int], list[Path]]
    """Makes files with that number of units in a folder."""
    options: tuple[str, ...]
    """Options of bench_instructions."""


def _small_files(folder: Path, count: int) -> list[Path]:
    return _npy(folder, [(64, 64)] * count)


def _varying(folder: Path, count: int) -> list[Path]:
    lengths = np.random.default_rng(1).integers(2_000, 14_000, BATCH).tolist()
    return _npy(folder, [(lengths[i % BATCH],) for i in range(count)])


def _npy(folder: Path, shapes: Sequence[tuple[int, ...]]) -> list[Path]:
    rng = np.random.default_rng(0)
    paths = [folder / f"{i:05d}.npy" for i in range(len(shapes))]
    for path, shape in zip(paths, shapes, strict=True):
        np.save(path, rng.standard_normal(shape, dtype=np.float32))
    return paths


def _compressed_files(folder: Path, count: int) -> list[Path]:
    rng = np.random.default_rng(0)
    paths = [folder / f"{i:05d}.npz" for i in range(count)]
    for path in paths:
        np.savez_compressed(path, x=rng.integers(0, 100, (16, 1024)).astype(np.float32))
    return paths


def _members(arrays: int, shape: tuple[int, ...]) -> Callable[[Path, int], list[Path]]:
    def make(folder: Path, count: int) -> list[Path]:
        rng = np.random.default_rng(0)
        paths = [folder / f"{i:05d}.npz" for i in range(count)]
        for path in paths:
            values: dict[str, Any] = {f"x{i}": rng.standard_normal(shape, dtype=np.float32) for i in range(arrays)}
            np.savez(path, **values)
        return paths

    return make


def _one_file(rows: int, width: int) -> Callable[[Path, int], list[Path]]:
    def make(folder: Path, count: int) -> list[Path]:
        path = folder / "one.npz"
        np.savez(path, x=np.random.default_rng(0).standard_normal((rows * count, width), dtype=np.float32))
        return [path]

    return make


SCENARIOS = (
    Scenario("small_files", "npy of 16 KiB, batches of 256 files", "file", 512, _small_files, (f"--batch={BATCH}",)),
    Scenario(
        "varying",
        "npy of 8 to 56 KB, padded in batches of 256 files",
        "file",
        512,
        _varying,
        (f"--batch={BATCH}", "--padding"),
    ),
    Scenario(
        "compressed_files",
        "npz of one deflated array, 16 rows of 4 KiB, batches of 256 rows",
        "file",
        128,
        _compressed_files,
        ("--rows", f"--batch={BATCH}", "x"),
    ),
    Scenario(
        "npz_members",
        "npz of 8 stored arrays of 16 rows of 64 B, all taken, batches of 256 rows",
        "file",
        256,
        _members(8, (16, 16)),
        ("--rows", f"--batch={BATCH}", *(f"x{i}" for i in range(8))),
    ),
    Scenario(
        "one_of_members",
        "npz of 100 stored arrays of 16 rows of 64 B, one taken, batches of 256 rows",
        "file",
        128,
        _members(100, (16, 16)),
        ("--rows", f"--batch={BATCH}", "x50"),
    ),
    Scenario(
        "rows",
        "one stored npz, rows of 64 B, batches of 256 rows",
        "batch",
        512,
        _one_file(BATCH, 16),
        ("--rows", f"--batch={BATCH}", "x"),
    ),
    Scenario(
        "single_rows",
        "one stored npz, rows of 64 B, no batches: blocks of 4,096 rows",
        "block",
        64,
        _one_file(CONVENIENT, 16),
        ("--rows", "x"),
    ),
    Scenario(
        "large_batches",
        "one stored npz, rows of 16 KiB, batches of 64 rows: 1 MiB",
        "batch",
        32,
        _one_file(64, 4096),
        ("--rows", "--batch=64", "x"),
    ),
)

# The functions of each column. Their costs include all functions that they call. No part calls another part.
PARTS = {
    "open, directory": ("tf_npz::Archive::Open",),
    "headers, checks": ("tf_npz::OpenSelection",),
    "elements": (
        "tf_npz::ArrayReader::Load",
        "tf_npz::ArrayReader::Read",
        "tf_npz::ArrayReader::ReadAll",
        "tf_npz::CopyElements",
    ),
}
REST = "bookkeeping"
KINDS = {
    "header's text": ("tf_npz::ParseNpyHeader",),
    "CRC-32": ("tf_npz::ExtendCrc32",),
    "inflate": ("tf_npz::InflateWhole", "tf_npz::InflateStream::ReadSome"),
    "malloc, free": ("malloc", "calloc", "realloc", "memalign", "aligned_alloc", "free"),
}
COPIES = re.compile(r"_*(memcpy|memmove|memset)")
"""Only their own instructions count, for all callers together."""
LOCKS = {
    "locks": ("pthread_mutex_lock",),
    "wake-ups": ("pthread_cond_signal", "pthread_cond_broadcast"),
    "malloc": ("malloc", "calloc", "realloc", "memalign", "aligned_alloc"),
}
SYSTEM_CALLS = {
    "open": ("open", "openat"),
    "fstat": ("fstat", "newfstatat"),
    "pread": ("pread64", "preadv"),
    "close": ("close",),
    "memory": ("mmap", "munmap", "madvise", "mremap", "brk"),
}
OTHER_CALLS = "other"


def _sum(costs: dict[str, float], names: Sequence[str]) -> float:
    return sum(costs.get(name, 0) for name in names)


def instruction_rows(measured: Sequence[tuple[Scenario, Costs]]) -> tuple[list[list[str]], list[list[str]]]:
    """Returns the rows of the table of parts, and those of the table of kinds."""
    parts, kinds = [], []
    for scenario, costs in measured:
        of_parts = [_sum(costs.inclusive, names) for names in PARTS.values()]
        parts.append(
            [
                scenario.what,
                scenario.unit,
                *(f"{cost:,.0f}" for cost in (costs.total, *of_parts, costs.total - sum(of_parts))),
            ]
        )
        of_kinds = [
            sum(cost for name, cost in costs.own.items() if COPIES.match(name)),
            *(_sum(costs.inclusive, names) for names in KINDS.values()),
        ]
        kinds.append([scenario.what, scenario.unit, *(f"{cost:,.0f}" for cost in of_kinds)])
    return parts, kinds


def lock_row(
    scenario: Scenario, costs: Costs, calls: tuple[Counter[str], Counter[str], Counter[str]] | None
) -> list[str]:
    """`calls` are the system calls of N units, of 2 N units, and of 2 N units with two threads."""
    row = [scenario.what, scenario.unit, *(_per_unit(_sum(costs.calls, names)) for names in LOCKS.values())]
    if calls is None:
        return row
    once, twice, threaded = calls
    each = {name: (twice[name] - once[name]) / scenario.units for name in twice}
    known = [_sum(each, names) for names in SYSTEM_CALLS.values()]
    futexes = threaded["futex"] / (2 * scenario.units)
    return [*row, *map(_per_unit, known), _per_unit(sum(each.values()) - sum(known)), _per_unit(futexes)]


def _per_unit(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".") if round(value, 2) else "0"


PAGE = """# Instructions, locks and system calls

`make bench-instructions` writes this page. The engine alone, without TensorFlow, reads under callgrind{strace}, on the
calling thread. Each figure is the cost of one more file, or of one more block (a batch is a block): a run over N of
them is subtracted from a run over 2 N. All arrays are f32.

Instructions of the kernel are not counted. Copies are counted without `rep movsb`. Valgrind shows a processor with
AVX2 and without AVX-512. {versions}.

## Instructions by part

Each part includes the functions that it calls. The parts add up to the total.
Bookkeeping is the rest: planning, blocks, their memory, closing files.

{parts}
## Instructions by kind

These are a selection of the instructions above, so they do not add up. Copies are the own instructions of memcpy,
memmove and memset. The other kinds include the functions that they call.

{kinds}
## Locks and system calls

Locks are calls of `pthread_mutex_lock`. Wake-ups are calls of `pthread_cond_signal` and `_broadcast`.{calls}

{locks}"""
CALLS = """
System calls follow. The last column is a run with two threads under strace, which slows them. A single file uses one
of the two. The column counts how often threads slept or woke each other, and varies from run to run."""


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    alignment = ["---", "---"] + ["--:"] * (len(head) - 2)
    return "\n".join("| " + " | ".join(row) + " |" for row in (head, alignment, *rows)) + "\n"


def _measure(scenarios: Sequence[Scenario]) -> str:
    """Returns the page instructions.md."""
    has_strace = shutil.which("strace") is not None
    measured, locks = [], []
    for scenario in scenarios:
        print(f"{scenario.name} ...", file=sys.stderr)
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            sets = []
            for times in (1, 2):
                of_files = folder / str(times)
                of_files.mkdir()
                sets.append(scenario.make(of_files, times * scenario.units))
            counts = [count_instructions(files, scenario.options, folder) for files in sets]
            costs = counts[1].minus(counts[0], scenario.units)
            calls = None
            if has_strace:
                once, twice = (count_system_calls(files, scenario.options, folder) for files in sets)
                calls = once, twice, count_system_calls(sets[1], [*scenario.options, "--threads=2"], folder)
        measured.append((scenario, costs))
        locks.append(lock_row(scenario, costs, calls))
    # A function with a new name would silently count as 0.
    seen = {name for _, costs in measured for name in costs.inclusive}
    if len(scenarios) == len(SCENARIOS):
        for names in (*PARTS.values(), *KINDS.values()):
            if not seen.intersection(names):
                sys.exit(f"None of {', '.join(names)} was called: have they other names, or are they inlined?")
        if not any(COPIES.match(name) for name in seen):
            sys.exit("memcpy was not seen: callgrind needs libc's symbols (Debian, Ubuntu: apt-get install libc6-dbg).")
    parts, kinds = instruction_rows(measured)
    call_heads = (*SYSTEM_CALLS, OTHER_CALLS, "futex, 2 threads") if has_strace else ()
    return PAGE.format(
        strace=" and strace" if has_strace else " (strace is not installed: no system calls)",
        versions=f"{report.machine()}, {_version('valgrind')}",
        parts=_table(["", "of a", "all", *PARTS, REST], parts),
        kinds=_table(["", "of a", "copies", *KINDS], kinds),
        calls=CALLS if has_strace else "",
        locks=_table(["", "of a", *LOCKS, *call_heads], locks),
    )


def _version(program: str) -> str:
    return subprocess.run([program, "--version"], capture_output=True, text=True, check=True).stdout.strip()


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.instructions", description="Counts instructions.")
    parser.add_argument("--out", type=Path, help="a folder for instructions.md")
    parser.add_argument("--scenario", action="append", default=[], choices=[scenario.name for scenario in SCENARIOS])
    arguments = parser.parse_args()
    if shutil.which("valgrind") is None:
        sys.exit(
            "valgrind was not found. It counts the instructions, and needs libc's symbols to count copies.\n"
            "Debian, Ubuntu: apt-get install valgrind libc6-dbg strace\n"
            "Fedora: dnf install valgrind strace; debuginfo-install glibc"
        )
    chosen = [scenario for scenario in SCENARIOS if not arguments.scenario or scenario.name in arguments.scenario]
    page = _measure(chosen)
    print(page)
    if arguments.out:
        arguments.out.mkdir(parents=True, exist_ok=True)
        (arguments.out / "instructions.md").write_text(page)
        print(f"Written: {arguments.out}/instructions.md")
    return 0


if __name__ == "__main__":
    sys.exit(main())
