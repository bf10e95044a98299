"""The targets: ratios of measurements of the same round, with bounds."""

import statistics
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from . import cases

Run = Mapping[str, Any]
Round = Mapping[str, Run]
"""The runs of one round of a group, by case."""

TF_NPZ = "tf_npz"


@dataclass(frozen=True)
class Target:
    """A promise about a group."""

    what: str
    group: str
    needs: tuple[str, ...]
    """The names of the cases that it compares."""
    value: Callable[[Round], float]
    """Computes the value of one round."""
    bound: float
    at_least: bool
    measure: str
    """A description of the value."""

    def is_met(self, value: float) -> bool:
        return value >= self.bound if self.at_least else value <= self.bound


@dataclass(frozen=True)
class Outcome:
    """A target after a run."""

    target: Target
    value: float | None
    """The median over all rounds; None if a case is missing."""
    missing: str = ""


def judge(results: Mapping[str, Any]) -> list[Outcome]:
    """Compares the measurements with all targets whose group was run."""
    outcomes = []
    for target in TARGETS:
        group = results["groups"].get(target.group)
        if group is None:
            continue
        missing = [name for name in target.needs if "runs" not in group["cases"].get(name, {})]
        if missing:
            outcomes.append(Outcome(target, None, ", ".join(missing)))
            continue
        measured = {name: case for name, case in group["cases"].items() if "runs" in case}
        # Every case carries its kind, so that a target can look for the best case of a kind.
        rounds = [
            {name: {**case["runs"][i], "kind": case["kind"], "bytes": case["bytes"]} for name, case in measured.items()}
            for i in range(results["rounds"])
        ]
        outcomes.append(Outcome(target, statistics.median(map(target.value, rounds))))
    return outcomes


def _cpu(what: str, group: str, case: str, against: str, bound: float) -> Target:
    return Target(
        what=what,
        group=group,
        needs=(case, against),
        value=lambda runs: runs[case]["cpu_seconds"] / runs[against]["cpu_seconds"],
        bound=bound,
        at_least=False,
        measure=f"CPU ÷ {against}",
    )


def _speed(what: str, group: str, case: str, against: str, bound: float) -> Target:
    return Target(
        what=what,
        group=group,
        needs=(case, against),
        value=lambda runs: runs[against]["seconds"] / runs[case]["seconds"],
        bound=bound,
        at_least=True,
        measure=f"rows/s ÷ {against}",
    )


def _first(what: str, group: str, case: str) -> Target:
    return Target(
        what=what,
        group=group,
        needs=(case,),
        value=lambda runs: 1e3 * runs[case]["first_batch_seconds"],
        bound=30,
        at_least=False,
        measure="ms from iter() to the first batch",
    )


def _memory(what: str, group: str, case: str, limit: int) -> Target:
    """Memory of a case: at most memory_limit and four batches."""
    return Target(
        what=what,
        group=group,
        needs=(case,),
        value=lambda runs: runs[case]["peak_rss"] / (limit + 4 * runs[case]["bytes"] / runs[case]["batches"]),
        bound=1,
        at_least=False,
        measure="extra RSS ÷ (memory_limit + 4 batches)",
    )


def _best(group: str, bound: float) -> Target:
    def value(runs: Round) -> float:
        best = min(run["seconds"] for run in runs.values() if run["kind"] == "incumbent")
        return best / runs[TF_NPZ]["seconds"]

    return Target(
        f"against the best incumbent on the original files: {group}",
        group,
        (TF_NPZ,),
        value=value,
        bound=bound,
        at_least=True,
        measure="rows/s ÷ the best incumbent",
    )


def _rows(group: str, memory: str, inflate: str | None) -> Target:
    """CPU of single rows: at most 1.2 times that of rows in memory, plus that of the inflate if there is one.

    There are two such targets: for rows in memory, and for rows in memory in an interleave. An interleave takes many
    times as long for a row.
    """
    case = cases.ROWS.name

    def value(runs: Round) -> float:
        allowed = 1.2 * runs[memory]["cpu_seconds"] + (runs[inflate]["cpu_seconds"] if inflate else 0)
        return runs[case]["cpu_seconds"] / allowed

    return Target(
        f"single rows in interleave, then batch: {group.removeprefix('rows, ')}",
        group,
        (case, memory, *([inflate] if inflate else [])),
        value=value,
        bound=1,
        at_least=False,
        measure=f"CPU ÷ (1.2 x {memory}{f' + {inflate}' if inflate else ''})",
    )


_WHOLE_1, _WHOLE_N = cases.WHOLE_1.name, cases.WHOLE_N.name
_ONE, _TWO = cases.ONE.name, cases.TWO.name
_STORED = [group.name for group in cases.ALL if group.name.startswith("stored, batches")]
_EIGHT = "tf_npz, 1 GiB"
_SECOND = "the same, second epoch of repeat()"

TARGETS = (
    _cpu("compressed, many files, one thread", "compressed", _ONE, _WHOLE_1, 1.15),
    _speed("two threads against one, many files", "compressed", _TWO, _ONE, 1.8),
    _speed("two threads against one, few files of several members", "members", _TWO, _ONE, 1.8),
    *(_speed(f"{group}, CRC on", group, TF_NPZ, cases.PREAD.name, 0.75) for group in _STORED),
    *(_speed(group, group, TF_NPZ, cases.FIXED_LENGTH.name, 3) for group in _STORED),
    _speed("small npy, rows=False, batch_size=256", "small", TF_NPZ, cases.SMALL.name, 0.7),
    _speed(_SECOND, "small", cases.SECOND_EPOCH.name, cases.SMALL.name, 0.7),
    _speed("small npy, rows=False, batch_size=256", "small", TF_NPZ, cases.DALI.name, 2),
    _first("one deflated member, all defaults", "images", TF_NPZ),
    _memory("one deflated member, all defaults", "images", TF_NPZ, 256 << 20),
    _speed("one deflated member, all defaults", "images", TF_NPZ, cases.STREAM.name, 0.85),
    _first("eight such files, memory_limit 1 GiB", "eight", _EIGHT),
    _speed("eight such files, memory_limit 1 GiB", "eight", _EIGHT, _WHOLE_N, 0.9),
    _speed(_SECOND, "eight", f"{_EIGHT}, second epoch", _WHOLE_N, 0.9),
    _speed("varying length, padding=0, batch 256", "varying", TF_NPZ, cases.READ_FILE.name, 2.5),
    *(
        _rows(group, memory.name, inflate)
        for memory in (cases.MEMORY, cases.INTERLEAVED_MEMORY)
        for group, inflate in (("rows, stored", None), ("rows, compressed", _WHOLE_1))
    ),
    *(_best(group, 2) for group in ("small", "stored", "varying")),
    *(_best(group, 1.5) for group in ("compressed", "images", "tokens")),
    *(
        _cpu(f"CPU of the inflate floor: {group}", group, TF_NPZ, against, 1.15)
        for group, against in (("compressed", _WHOLE_1), ("images", cases.STREAM.name), ("tokens", _WHOLE_1))
    ),
    _cpu(_SECOND, "tokens", cases.SECOND_EPOCH.name, _WHOLE_1, 1.15),
    _speed("stored, cold page cache", "cold", TF_NPZ, cases.CAT.name, 0.9),
)
