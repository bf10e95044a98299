"""Verdicts: what a reader made of a case, held against what is expected."""

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from .model import Case, Expected, Large, Refusal
from .readers import NUMPY, Reader, Reading, Refused, tensors_difference

SAME = "same"  # reads what is expected
REFUSED = "refused"  # gives an error
OTHER = "other values"  # reads something, but not what is expected
PARTLY = "partly"  # of several arrays some are as expected
READS = "reads it"  # reads what should be refused
CRASHED = "crash"  # ended the process, or ran past the limit of time


@dataclasses.dataclass(frozen=True)
class Verdict:
    """What a reader made of a case.

    Attributes:
      word: One of those above.
      good: Whether it is what the case expects.
      detail: What the reader said, or what differs.
    """

    word: str
    good: bool
    detail: str = ""


def judge(reader: Reader, case: Case, path: Path) -> Verdict:
    """Reads the file of a case, which is at `path`, and holds what is in it against what is expected."""
    return verdict(reader, case, reader.read(path, case))


def verdict(reader: Reader, case: Case, reading: Reading) -> Verdict:
    """Holds what was read against what is expected."""
    if isinstance(reading, Refused):
        return _refusal(reading, case.expected if isinstance(case.expected, Refusal) else _only_refusal(case))
    if isinstance(case.expected, Refusal):
        return _beside_refusal(reading)
    if reading.keys() != case.expected.keys():
        names = [sorted(map(str, each)) for each in (reading, case.expected)]
        return Verdict(OTHER, False, f"arrays {names[0]} instead of {names[1]}")
    if not case.expected:
        return Verdict(SAME, True)
    each = {name: _member(reader, reading[name], expected) for name, expected in case.expected.items()}
    return _together(each)


def _only_refusal(case: Case) -> Refusal | None:
    """Where each array of a case is to be refused, the file may be refused whole."""
    if not case.is_refused:
        return None
    refusal = next(iter(case.members().values()))
    return refusal if isinstance(refusal, Refusal) else None


def _refusal(refused: Refused, expected: Refusal | None) -> Verdict:
    if expected is None:
        return Verdict(REFUSED, False, refused.message)
    if refused.kind and refused.kind != expected.kind:
        return Verdict(f"{REFUSED} ({refused.kind})", False, refused.message)
    return Verdict(REFUSED, True, refused.message)


def _beside_refusal(reading: Mapping[str | None, Any]) -> Verdict:
    """An archive should be refused; it does as well to refuse each array in it."""
    if reading and all(isinstance(value, Refused) for value in reading.values()):
        return Verdict(REFUSED, True, "; ".join(value.message for value in reading.values()))
    return Verdict(READS, False, f"arrays {sorted(map(str, reading))}")


def _member(reader: Reader, value: Any, expected: Expected) -> Verdict:
    if isinstance(value, Refused):
        return _refusal(value, expected if isinstance(expected, Refusal) else None)
    if isinstance(expected, Refusal):
        return Verdict(READS, False)
    difference = _large_difference(reader, value, expected) if isinstance(expected, Large) else None
    if isinstance(expected, np.ndarray):
        difference = reader.difference(value, expected)
    return Verdict(OTHER, False, difference) if difference else Verdict(SAME, True)


def _large_difference(reader: Reader, value: Any, expected: Large) -> str | None:
    """Of a large array its header and its last rows; np.load has no way to either within an archive."""
    if value is None:
        return None
    if reader is NUMPY:
        described, last = value, None if expected.last is None else value[-len(expected.last) :]
    else:
        described, last = value.info, value.value
    if tuple(described.shape) != expected.shape or np.dtype(described.dtype) != expected.dtype:
        return f"{described.dtype}{list(described.shape)} instead of {expected.dtype}{list(expected.shape)}"
    if expected.last is None or last is None:
        return None
    rows = np.asarray(last)[-len(expected.last) :]
    return tensors_difference(rows, expected.last)


def _together(each: Mapping[str | None, Verdict]) -> Verdict:
    """Several arrays' verdicts as one: the first that is not as expected speaks for all."""
    bad = {name: one for name, one in each.items() if not one.good}
    if not bad:
        words = {one.word for one in each.values()}
        return Verdict(words.pop() if len(words) == 1 else "same, and refused", True)
    name, first = next(iter(bad.items()))
    detail = first.detail if name is None else f"{name}: {first.detail}"
    return Verdict(first.word if len(bad) == len(each) else f"{PARTLY}: {first.word}", False, detail)
