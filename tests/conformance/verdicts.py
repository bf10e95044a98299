"""Verdicts: the result of a reader for a case, compared with the expected result."""

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from .model import Case, Expected, Large, Refusal
from .readers import NUMPY, Reader, Reading, Refused, tensors_difference

SAME = "same"  # reads the expected arrays
REFUSED = "refused"  # gives an error
OTHER = "other values"  # reads something else
PARTLY = "partly"  # reads some of several arrays as expected
READS = "reads it"  # reads an array that should be refused
CRASHED = "crash"  # ended the process, or exceeded the time limit


@dataclasses.dataclass(frozen=True)
class Verdict:
    """The result of a reader for a case.

    Attributes:
      word: One of the words above.
      good: True if it is the expected result.
      detail: The message of the reader, or what differs.
    """

    word: str
    good: bool
    detail: str = ""


def judge(reader: Reader, case: Case, path: Path) -> Verdict:
    """Reads the file of a case at `path` and compares the result with the expected one."""
    return verdict(reader, case, reader.read(path, case))


def verdict(reader: Reader, case: Case, reading: Reading) -> Verdict:
    """Compares the result of a reader with the expected one."""
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
    """If each array of a case should be refused, a refusal of the whole file is as good. Returns the refusal."""
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
    """The archive should be refused. Refusing each of its arrays is as good."""
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
    """Compares the header and the last rows of a large array. np.load can read neither inside of an archive."""
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
    """Combines the verdicts of several arrays into one: the first unexpected one counts."""
    bad = {name: one for name, one in each.items() if not one.good}
    if not bad:
        words = {one.word for one in each.values()}
        return Verdict(words.pop() if len(words) == 1 else "same, and refused", True)
    name, first = next(iter(bad.items()))
    detail = first.detail if name is None else f"{name}: {first.detail}"
    return Verdict(first.word if len(bad) == len(each) else f"{PARTLY}: {first.word}", False, detail)
