"""The suite as files, for authors of readers in other languages: `python -m tests.conformance --write FOLDER`."""

import hashlib
import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from .model import Case, Expected, Large, Refusal
from .readers import leaves, native
from .writers import descr_of

# Values of an array with more items are left out. Its digest remains.
MAX_VALUES = 64

ABOUT = (
    "Each entry of `files` is a file: its name, what it shows, and the expected result of reading it. `arrays` holds "
    "the expected arrays by name; an .npy holds one array, with the empty name. `refused` replaces an array or a file "
    "that a reader should refuse: 'damaged', 'unsupported' (by tf-npz; another reader may read it) or 'too large' "
    "(over a limit of tf-npz). An array has these keys. `descr`: as in an .npy header. `shape`. `sha256`: the hash of "
    "its items in C order as little-endian bytes, with bools as 0 and 1; for a structure the hash of its fields, one "
    "after the other, each with all of its items and without padding. `values`: the items, if there are few and JSON "
    "can hold them. `numpy` says why np.load differs, if it does."
)


def write(folder: str | os.PathLike[str], cases: Iterable[Case]) -> Path:
    """Writes the files of `cases` and MANIFEST.json to a folder. Returns the path of the manifest."""
    entries = []
    for case in cases:
        case.write(folder)
        entries.append(_entry(case))
    manifest = Path(folder, "MANIFEST.json")
    manifest.write_text(
        json.dumps({"about": ABOUT, "files": entries}, indent=1, ensure_ascii=False) + "\n", encoding="utf-8"
    )
    return manifest


def _entry(case: Case) -> dict[str, Any]:
    entry: dict[str, Any] = {"name": case.name, "shows": case.shows, "section": case.section}
    if case.numpy:
        entry["numpy"] = case.numpy
    if isinstance(case.expected, Refusal):
        return entry | {"refused": case.expected.kind}
    return entry | {"arrays": {name or "": _expectation(value) for name, value in case.expected.items()}}


def _expectation(expected: Expected) -> dict[str, Any]:
    if isinstance(expected, Refusal):
        return {"refused": expected.kind}
    described = {"descr": descr_of(expected.dtype), "shape": list(expected.shape)}
    if isinstance(expected, Large):
        return described if expected.last is None else described | {"last_rows": _expectation(expected.last)}
    digest = hashlib.sha256()
    for _, leaf in leaves(expected):
        digest.update(_little_endian(leaf))
    described["sha256"] = digest.hexdigest()
    if expected.dtype.kind in "biu" and expected.size <= MAX_VALUES:
        described["values"] = native(expected).tolist()
    return described


def _little_endian(array: np.ndarray) -> bytes:
    if array.dtype.kind == "b":
        return native(array).tobytes()
    return array.astype(array.dtype.newbyteorder("<")).tobytes() if array.dtype.itemsize else b""
