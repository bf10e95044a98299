"""The command line: makes the data, measures, prints and writes the tables."""

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from . import cases, datasets, report
from .running import OTHER_PYTHON, TOP, Runner, measure


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a tenth of the data, fewer others, in about a minute")
    parser.add_argument("--scale", choices=datasets.SCALES, help="of the data; default: full, or quick with --quick")
    parser.add_argument("--rounds", type=int, help="how often each is measured; default: 5, or 3 with --quick")
    parser.add_argument("--group", action="append", default=[], help="measure this alone; may be given several times")
    parser.add_argument("--out", type=Path, help="a folder for performance.md and its plot")
    arguments = parser.parse_args()
    scale = arguments.scale or ("quick" if arguments.quick else "full")
    rounds = arguments.rounds or (3 if arguments.quick else 5)
    groups = cases.selected(quick=arguments.quick, names=tuple(arguments.group))
    if len(groups) < len(set(arguments.group)):
        parser.error(f"there are these groups: {', '.join(group.name for group in cases.ALL)}")
    out = arguments.out or datasets.ROOT / scale
    out.mkdir(parents=True, exist_ok=True)

    results = _run(groups, scale, rounds)
    raw = datasets.ROOT / scale / "results.json"
    raw.write_text(json.dumps(results))
    terminal = Console()
    if not terminal.is_terminal:
        terminal.width = 200
    report.print_tables(results, terminal)
    if results["load"] > 0.5:
        print(f"Other processes were running (load average {results['load']:.1f}): ratios of wall times mean little.")
    report.write_page(results, out / "performance.md")
    _plot(raw, out / "performance.png")
    print(f"Written: {out}/performance.md, {out}/performance.png, {raw}")
    failed = [name for group in results["groups"].values() for name, case in group["cases"].items() if "error" in case]
    return 1 if failed else 0


def _run(groups: list[cases.Group], scale: str, rounds: int) -> dict[str, Any]:
    columns = (BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TextColumn("{task.description}"))
    results: dict[str, Any] = {
        "scale": scale,
        "rounds": rounds,
        "machine": report.machine(),
        "versions": report.versions(),
        "load": os.getloadavg()[0],
        "groups": {},
    }
    with Progress(*columns, console=Console(stderr=True)) as progress:
        for name in dict.fromkeys(group.set for group in groups):
            task = progress.add_task(f"making {name}", visible=datasets.load(scale, name) is None)
            for done, total in datasets.generate(scale, name):
                progress.update(task, completed=done, total=total)
            progress.remove_task(task)
        task = progress.add_task("", total=sum(len(group.cases) for group in groups) * (1 + rounds))
        runner = Runner(scale)
        try:
            for group in groups:
                data = datasets.load(scale, group.set)
                assert data is not None

                def step(what: str) -> None:
                    progress.update(task, advance=1, description=what)

                results["groups"][group.name] = measure(runner, group, data, rounds, step)
        finally:
            runner.close()
    return results


def _plot(results: Path, image: Path) -> None:
    """Plots the results, with the Python of the environment that has matplotlib."""
    python = str(OTHER_PYTHON) if OTHER_PYTHON.exists() else sys.executable
    done = subprocess.run(
        [python, "-m", "benchmarks.plot", str(results), str(image)],
        cwd=TOP,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        print(f"No plot: {done.stderr.strip().splitlines()[-1]}")


if __name__ == "__main__":
    sys.exit(main())
