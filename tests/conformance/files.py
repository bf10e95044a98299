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

# Values of arrays of more elements are left out; the digest stands for them.
MAX_VALUES = 64

ABOUT = (
    "Each entry of `files` names a file, what it shows, and what a reader should make of it. `arrays` holds what is in "
    "it, by name; an .npy holds one array, under the empty name. `refused` stands instead of what should not be read: "
    "'damaged', 'unsupported' (by tf-npz: another reader may well read it) or 'too large' (over a limit of tf-npz). Of "
    "each array there are: `descr`, as in an .npy header; `shape`; `sha256`, of its elements in C order as "
    "little-endian bytes, of a structure of its fields one after another, each for all elements, padding left out, "
    "bools as 0 and 1; `values`, where there are few and JSON has them. `numpy` says where and why np.load differs."
)


def write(folder: str | os.PathLike[str], cases: Iterable[Case]) -> Path:
    """Writes the files of `cases`, and MANIFEST.json beside them. Returns the manifest's path."""
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
