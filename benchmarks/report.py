"""Prints the tables of a run, and writes them to docs/performance.md."""

import importlib.metadata
import json
import os
import platform
import statistics
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table

from .datasets import RECIPES
from .running import OTHER_PYTHON
from .targets import Outcome, judge

Row = tuple[str, ...]
TARGET_HEAD = ("", "what", "ratio", "target", "")
CASE_HEAD = ("", "MB/s", "rows/s", "CPU s/GB", "first batch, ms", "extra RSS, MB")
KINDS = {"limit": " (limit)", "converted": " (converted files)", "reference": " (reference)"}

INTRODUCTION = """# Performance

`make bench` writes this page. It measures tf_npz, bare C++ loops over the same files (limits), and other readers of
the same data (or of the same data in another format: converted files).

- Each figure is the median of {rounds} rounds. Ratios are medians of the rounds' ratios.
- Each round runs the cases of a table in turns, each in a process of its own.
- Files are in the page cache, unless a table says otherwise.
- All cases deliver the same elements: their sums agree.
- MB and GB are bytes of decoded elements, in powers of ten.
- The time to the first batch counts from `iter()`.
- Extra RSS is the peak above the process's memory before, without worker processes.

[Notes](performance-notes.md) explain the targets that are not met.
[instructions.md](instructions.md) counts instructions, locks and system calls for each file and block.
[memory.md](memory.md) shows memory and threads over members of 8 GiB, 2,000 epochs and 10 minutes.

{scale}Machine: {machine}; {load:.1f} processes ran on it beforehand. {versions}.

![Throughput by set](performance.png)
"""
NOT_FULL = "**A quick run on a part of the data: it shows that all works, not how fast.** "


def target_rows(outcomes: list[Outcome]) -> list[Row]:
    rows: list[Row] = []
    for outcome in outcomes:
        target = outcome.target
        bound = f"{'≥' if target.at_least else '≤'} {target.bound:g}"
        if outcome.value is None:
            rows.append((target.what, target.measure, "", bound, f"not measured: {outcome.missing}"))
        else:
            value = f"{outcome.value:.2f}" if outcome.value < 10 else f"{outcome.value:.1f}"
            rows.append(
                (target.what, target.measure, value, bound, "met" if target.is_met(outcome.value) else "NOT MET")
            )
    return rows


def case_rows(group: Mapping[str, Any]) -> list[Row]:
    rows: list[Row] = []
    for name, case in group["cases"].items():
        label = name + KINDS.get(case["kind"], "")
        if "runs" not in case:
            why = f"not installed: {case['missing']}" if "missing" in case else "failed"
            rows.append((label, why, "", "", "", ""))
            continue

        def median(key: str, case: Mapping[str, Any] = case) -> float | None:
            values = [run[key] for run in case["runs"] if key in run]
            return statistics.median(values) if values else None

        seconds, cpu, size = median("seconds") or 0, median("cpu_seconds") or 0, case["bytes"]
        reads_set = size == group["bytes"]
        rows.append(
            (
                label,
                _text(size / seconds / 1e6 if size else None, ".0f"),
                _text(group["rows"] / seconds if reads_set else None, ",.0f"),
                _text(max(cpu, 0) / size * 1e9 if size else None, ".2f"),
                _text(_scaled(median("first_batch_seconds"), 1e3), ".1f"),
                _text(_scaled(median("peak_rss"), 1e-6), ".0f"),
            )
        )
    return rows


def print_tables(results: Mapping[str, Any], console: Console) -> None:
    for name, group in results["groups"].items():
        _print(console, f"{name}: {describe(group)}", CASE_HEAD, case_rows(group))
        for case, facts in group["cases"].items():
            if "error" in facts:
                console.print(f"{case}: {facts['error'].strip().splitlines()[-1]}", markup=False)
    outcomes = judge(results)
    if outcomes:
        _print(console, "Targets", TARGET_HEAD, target_rows(outcomes))


def write_page(results: Mapping[str, Any], path: Path) -> None:
    scale = "" if results["scale"] == "full" else NOT_FULL
    versions = ", ".join(f"{name} {version}" for name, version in results["versions"].items())
    page = [
        INTRODUCTION.format(
            rounds=results["rounds"], scale=scale, machine=results["machine"], load=results["load"], versions=versions
        ),
        "## Targets\n",
        _markdown(TARGET_HEAD, target_rows(judge(results))),
        "## What was measured\n",
    ]
    for name, group in results["groups"].items():
        page += [f"### {name}\n\n{describe(group)}.\n", _markdown(CASE_HEAD, case_rows(group))]
    path.write_text("\n".join(page))


def describe(group: Mapping[str, Any]) -> str:
    size = f"{group['bytes'] / 1e6:.0f} MB, {group['rows']:,} rows"
    return f"{RECIPES[group['set']].what} ({size} measured){', not in the page cache' if group['cold'] else ''}"


def machine() -> str:
    """Returns the processor, the number of processors, the memory and the system."""
    model = platform.machine()
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            model = line.partition(":")[2].strip()
            break
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return f"{len(os.sched_getaffinity(0))} x {model}, {memory:.0f} GiB, Linux {platform.release().split('-')[0]}"


def versions() -> dict[str, str]:
    """Returns the versions of the measured packages, from both environments."""
    found = {"Python": platform.python_version()}
    for package in ("tensorflow-cpu", "tensorflow", "numpy", "tf-npz"):
        try:
            found[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            continue
    if OTHER_PYTHON.exists():
        listed = subprocess.run(
            [str(OTHER_PYTHON), "-m", "pip", "list", "--format=json", "--disable-pip-version-check"],
            capture_output=True,
            text=True,
            check=True,
        )
        for package in json.loads(listed.stdout):
            if package["name"].startswith(("torch", "nvidia-dali", "tensorstore")):
                found[package["name"]] = package["version"]
    return found


def _scaled(value: float | None, factor: float) -> float | None:
    return None if value is None else value * factor


def _text(value: float | None, form: str) -> str:
    return "" if value is None else format(value, form)


def _print(console: Console, title: str, head: Sequence[str], rows: Sequence[Row]) -> None:
    table = Table(title=title, title_justify="left", title_style="bold", box=box.SIMPLE_HEAD)
    for i, name in enumerate(head):
        table.add_column(name, justify="right" if i and head is CASE_HEAD else "left", no_wrap=not console.is_terminal)
    for row in rows:
        table.add_row(*row)
    console.print(table)


def _markdown(head: Sequence[str], rows: Sequence[Row]) -> str:
    alignment = ["---" if i == 0 or head is TARGET_HEAD else "--:" for i in range(len(head))]
    return "\n".join("| " + " | ".join(row) + " |" for row in (head, alignment, *rows)) + "\n"
