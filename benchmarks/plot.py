"""Plots the results. It needs matplotlib: python -m benchmarks.plot RESULTS.json IMAGE.png."""

import json
import statistics
import sys
from pathlib import Path
from typing import Any

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
from matplotlib.patches import Patch

SETS = ("compressed", "images", "tokens", "small", "varying", "stored")
COLOURS = {
    "ours": "#d1495b",
    "limit": "#30638e",
    "incumbent": "#9aa5b1",
    "converted": "#dde2e7",
    "reference": "#ffffff",
}
MEANING = {"ours": "tf_npz", "limit": "limit", "incumbent": "others", "converted": "others, on converted files"}


def throughput(results: dict[str, Any], path: Path) -> None:
    """One panel for each set, with a bar for each case."""
    groups = [(name, results["groups"][name]) for name in SETS if name in results["groups"]]
    if not groups:
        return
    columns = min(3, len(groups))
    lines = (len(groups) + columns - 1) // columns
    figure, axes = plt.subplots(lines, columns, figsize=(4.6 * columns, 3.2 * lines), squeeze=False)
    for axis in axes.flat[len(groups) :]:
        axis.set_visible(False)
    for axis, (name, group) in zip(axes.flat, groups, strict=False):
        bars = [
            (case, facts["kind"], facts["bytes"] / 1e6 / statistics.median(run["seconds"] for run in facts["runs"]))
            for case, facts in group["cases"].items()
            if facts.get("runs") and facts["bytes"] == group["bytes"]
        ]
        bars.sort(key=lambda bar: bar[2])
        drawn = axis.barh(
            [bar[0] for bar in bars], [bar[2] for bar in bars], color=[COLOURS[bar[1]] for bar in bars], height=0.7
        )
        axis.bar_label(drawn, fmt="%.0f", fontsize=7, padding=2)
        axis.set_title(f"{name}, MB/s", fontsize=10, loc="left")
        axis.tick_params(labelsize=7)
        axis.margins(x=0.15)
        axis.spines[["top", "right"]].set_visible(False)
    figure.tight_layout(rect=(0, 0.05, 1, 1))
    patches = [Patch(color=COLOURS[kind], label=label) for kind, label in MEANING.items()]
    figure.legend(handles=patches, loc="lower center", ncols=len(patches), fontsize=8, frameon=False)
    figure.savefig(path, dpi=80)


def memory(results: dict[str, Any], path: Path) -> None:
    """One panel for each script that ran: resident memory and threads over time."""
    lines = results["lines"]
    figure, axes = plt.subplots((len(lines) + 1) // 2, 2, figsize=(10, 3 * ((len(lines) + 1) // 2)), squeeze=False)
    for axis, line in zip(axes.flat, lines, strict=False):
        axis.plot(line["at"], [value / 1e6 for value in line["rss"]], color=COLOURS["ours"])
        axis.set_title(line["name"], fontsize=10, loc="left")
        axis.set_xlabel(line["unit"], fontsize=8)
        axis.set_ylabel("resident memory, MB", fontsize=8, color=COLOURS["ours"])
        axis.set_ylim(bottom=0, top=1.25 * max(line["rss"]) / 1e6)
        axis.tick_params(labelsize=7)
        threads = axis.twinx()
        threads.plot(line["at"], line["threads"], color=COLOURS["limit"], linewidth=0.8)
        threads.set_ylabel("threads", fontsize=8, color=COLOURS["limit"])
        threads.set_ylim(bottom=0, top=2 * max(line["threads"]))
        threads.tick_params(labelsize=7)
    figure.tight_layout()
    figure.savefig(path, dpi=80)


if __name__ == "__main__":
    read = json.loads(Path(sys.argv[1]).read_text())
    (memory if "lines" in read else throughput)(read, Path(sys.argv[2]))
