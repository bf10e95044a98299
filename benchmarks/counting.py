"""Counts what bench_instructions does: instructions and calls by callgrind, system calls by strace."""

import os
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from .running import TOP

PROGRAM = TOP / "build" / "benchmarks" / "benchmarks" / "bench_instructions"
ENTRY = "ReadWithEngine"
"""The function that is counted."""


@dataclass
class Counts:
    """The counts of callgrind, by function. Names of functions have no parameters."""

    total: int = 0
    own: Counter[str] = field(default_factory=Counter)
    inclusive: Counter[str] = field(default_factory=Counter)
    calls: Counter[str] = field(default_factory=Counter)

    def minus(self, other: "Counts", units: int) -> "Costs":
        def each(more: Counter[str], fewer: Counter[str]) -> dict[str, float]:
            return {name: (more[name] - fewer[name]) / units for name in more}

        return Costs(
            (self.total - other.total) / units,
            each(self.own, other.own),
            each(self.inclusive, other.inclusive),
            each(self.calls, other.calls),
        )


@dataclass(frozen=True)
class Costs:
    """The same counts for one unit."""

    total: float
    own: dict[str, float]
    inclusive: dict[str, float]
    calls: dict[str, float]


_COST = re.compile(r"[-+*\d]\S*(?: (\d+))?")
_NAMED = re.compile(r"(c?fn)=\((\d+)\)(?: (.*))?")


def plain_name(name: str) -> str:
    """Returns a function's name without its parameters, version and depth of recursion."""
    return re.split(r"[(@'\[]", name.replace("(anonymous namespace)::", ""), maxsplit=1)[0]


def parse(profile: str) -> Counts:
    """Parses the output of callgrind: https://valgrind.org/docs/manual/cl-format.html."""
    counts = Counts()
    names: dict[str, str] = {}
    function = callee = ""
    is_call = False
    for line in profile.splitlines():
        if named := _NAMED.fullmatch(line):
            kind, number, name = named.groups()
            if name is not None:
                names[number] = plain_name(name)
            if kind == "fn":
                function = names[number]
            else:
                callee = names[number]
        elif line.startswith("calls="):
            counts.calls[callee] += int(line[len("calls=") :].split()[0])
            is_call = True  # The next line is the cost of the callee, including its own calls.
        elif line.startswith("totals:"):
            counts.total = int(line.split()[1])
        elif function and (costs := _COST.fullmatch(line)):
            cost = int(costs[1] or 0)
            if not is_call:
                counts.own[function] += cost
            if not is_call or callee != function:
                counts.inclusive[function] += cost
            is_call = False
    return counts


def parse_strace(summary: str) -> Counter[str]:
    """Parses the output of strace -c: system calls by name. Leaves out `read`, which reads the list of files."""
    lines = (line.split() for line in summary.splitlines())
    calls = {line[-1]: int(line[3]) for line in lines if len(line) >= 5 and line[3].isdigit()}
    return Counter({name: count for name, count in calls.items() if name not in ("total", "read")})


def count_instructions(files: Sequence[Path], options: Sequence[str], folder: Path) -> Counts:
    """Counts the whole life of an engine, on one thread."""
    out = folder / "callgrind.out"
    # callgrind counts `rep movsb` as an instruction for each byte, so libc is told not to use it.
    tunables = {"GLIBC_TUNABLES": "glibc.cpu.hwcaps=-ERMS"}
    tool = ["valgrind", "--tool=callgrind", f"--callgrind-out-file={out}", f"--toggle-collect={ENTRY}"]
    _run([*tool, str(PROGRAM), *options], files, tunables)
    return parse(out.read_text())


def count_system_calls(files: Sequence[Path], options: Sequence[str], folder: Path) -> Counter[str]:
    """Counts the whole program, with all of its threads."""
    out = folder / "strace.out"
    _run(["strace", "-f", "-c", "-o", str(out), str(PROGRAM), *options], files, {})
    return parse_strace(out.read_text())


def _run(command: Sequence[str], files: Sequence[Path], environment: dict[str, str]) -> None:
    done = subprocess.run(
        command,
        input="\n".join(map(str, files)),
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        sys.exit(f"{' '.join(command)}\n{done.stderr}")
