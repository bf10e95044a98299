"""The tables of docs/format.md, and the page of all files. `python -m tests.conformance --write-docs` writes both."""

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from .model import Case, Refusal
from .readers import READERS
from .runner import run
from .verdicts import Verdict
from .writers import filled, npy_of

ROOT = Path(__file__).resolve().parents[2]
DOCUMENT = ROOT / "docs" / "format.md"
# Too long for a document: CI keeps it as an artefact.
PAGE = ROOT / "build" / "conformance.md"

SUBJECTS = {
    "dtypes": "Kinds of elements",
    "shapes": "Shapes and orders",
    "headers": "Headers",
    "spellings": "Spellings of types",
    "archives": "Archives",
    "names": "Names of arrays",
    "gzip": "gzip",
    "damaged": "Damaged files, and other ones",
    "large": "Over 4 GiB",
}


def written(text: str, sections: Mapping[str, str]) -> str:
    """`text` with each section between its markers replaced.

    Args:
      text: A Markdown document with lines `<!-- NAME: ... -->` and `<!-- end of NAME -->`.
      sections: What belongs between them, by name.
    """
    for name, section in sections.items():
        begin, end = text.index("-->\n", text.index(f"<!-- {name}: ")) + 4, text.index(f"<!-- end of {name} -->")
        text = f"{text[:begin]}\n{section}\n{text[end:]}"
    return text


def sections(cases: Sequence[Case]) -> dict[str, str]:
    """The generated sections of docs/format.md, by name. It takes a second, because no case is read.

    Args:
      cases: All cases. The numbers of the summary are those that the cases promise; tests hold readers to them.
    """
    return {"dtypes": dtypes_table(), "summary": summary_table(cases, promised_verdicts(cases))}


def page(cases: Sequence[Case]) -> str:
    """A page with a row for each file and each reader's verdict on it. Runs all readers, which takes 20 seconds."""
    verdicts = run(cases, list(READERS), isolate=False)
    return f"""# The conformance suite, file by file

`make docs-tables` writes this page. "same" means that the reader gave the expected arrays.
**Bold** marks a verdict that is not the expected one. For NumPy, the reason is in parentheses.
*Varies* means that the verdict of `np.load` depends on the versions of Python and NumPy.

{suite_tables(cases, verdicts)}
"""


def promised_verdicts(cases: Sequence[Case]) -> dict[str, dict[str, Verdict]]:
    """The verdict on each case that test_conformance.py holds each reader to, by the case's name and the reader's."""
    return {
        case.name: {reader: Verdict("", reader != "numpy" or not case.numpy) for reader in READERS} for case in cases
    }


# --- Which NumPy dtype becomes what ----------------------------------------------------------------------------------

# The text of the first column, a dtype, a remark.
DTYPES: list[tuple[str, Any, str]] = [
    ("`bool`", "?", "any byte but 0 is True"),
    *[(f"`{np.dtype(code).name}`", code, "") for code in ["i1", "<i2", "<i4", "<i8", "u1", "<u2", "<u4", "<u8"]],
    *[(f"`{np.dtype(code).name}`", code, "") for code in ["<f2", "<f4", "<f8", "<c8", "<c16"]],
    ("`S5`", "S5", "byte strings, without the NULs at the end"),
    ("`U5`", "<U5", "text in UTF-8, without the NULs at the end"),
    ("`datetime64[ns]`", "<M8[ns]", "counts of its unit, which `tf_npz.inspect` tells; NaT is the smallest int64"),
    ("`timedelta64[s]`", "<m8[s]", "the same"),
    ("`V3`", "V3", "raw bytes, in one more dimension"),
    ("`V2`, by an `element_spec` of `bfloat16`", "V2", "as np.save writes bfloat16"),
    ("`V1`, by an `element_spec` of `float8_e4m3fn`", "V1", "as np.save writes the 8-bit types of ml_dtypes"),
    (
        "`[('a', '<f4'), ('b', 'S3')]`",
        [("a", "<f4"), ("b", "S3")],
        "a dict of fields; nested structures are nested dicts",
    ),
    ("`[('m', '<f4', (2, 2))]`", [("m", "<f4", (2, 2))], "the dimensions of sub-arrays come last"),
    ("`longdouble`", "<f16", "save with `astype(numpy.float64)`"),
    ("`clongdouble`", "<c32", "save with `astype(numpy.complex128)`"),
    ("`object`, `StringDType`", "O", "pickles, which are never loaded; save with `astype('U')`, or a fixed dtype"),
]


def dtypes_table() -> str:
    """What arrays of shape (3,) become, as `tf_npz.element_spec` says, and tf_npz.load confirms."""
    rows = [("NumPy, of shape `(3,)`", "TensorFlow", "")]
    with tempfile.TemporaryDirectory() as folder:
        for name, dtype, remark in DTYPES:
            path = Path(folder, "a.npy")
            array = np.empty(3, dtype) if dtype == "O" else _zeros(dtype)
            path.write_bytes(npy_of(array))
            rows.append((name, _becomes(path, name), remark))
    return _table(rows)


def _zeros(dtype: Any) -> np.ndarray:
    return filled(dtype, (3,)) if np.dtype(dtype).kind in "biufcV" and isinstance(dtype, str) else np.zeros(3, dtype)


def _becomes(path: Path, name: str) -> str:
    import tensorflow as tf
    import tf_npz

    asked = name.rpartition("element_spec` of `")[2].strip("`") if "element_spec" in name else ""
    try:
        spec = tf.TensorSpec([3], asked) if asked else tf_npz.element_spec(path, rows=False)
        tf_npz.load(path, element_spec=spec)
    except (tf.errors.OpError, ValueError, TypeError):
        return "refused"
    return _spec_text(spec)


def _spec_text(spec: Any) -> str:
    if isinstance(spec, dict):
        return "{" + ", ".join(f"{key!r}: {_spec_text(value)}" for key, value in spec.items()) + "}"
    return f"`{spec.dtype.name}` `{tuple(spec.shape)}`"


# --- Every file, and each reader of it -------------------------------------------------------------------------------


def suite_tables(cases: Sequence[Case], verdicts: Mapping[str, Mapping[str, Verdict]]) -> str:
    """A table for each subject: file, what it shows, what is expected, and each reader's verdict."""
    readers = list(next(iter(verdicts.values())))
    parts = [summary_table(cases, verdicts)]
    for subject, title in SUBJECTS.items():
        rows = [("file", "what it shows", "expected", *(READERS[reader].name for reader in readers))]
        for case in cases:
            if case.subject == subject:
                words = [_cell(case, reader, verdicts[case.name][reader]) for reader in readers]
                rows.append((f"`{case.name}`", _shown(case), expectation(case), *words))
        parts.append(f"### {title}\n\n{_table(rows)}")
    return "\n\n".join(parts)


def summary_table(cases: Sequence[Case], verdicts: Mapping[str, Mapping[str, Verdict]]) -> str:
    """How many files of each subject each reader takes as expected; where that varies, from how many to how many."""
    readers = list(next(iter(verdicts.values())))
    rows = [("subject", "files", *(f"{READERS[reader].name}: as expected" for reader in readers))]
    for subject in [*dict.fromkeys(case.subject for case in cases), "all"]:
        chosen = [case for case in cases if subject in (case.subject, "all")]
        counts = [_count(chosen, reader, verdicts) for reader in readers]
        rows.append((SUBJECTS.get(subject, subject), str(len(chosen)), *counts))
    return _table(rows)


def _count(cases: Sequence[Case], reader: str, verdicts: Mapping[str, Mapping[str, Verdict]]) -> str:
    varying = sum(_varies(case, reader) for case in cases)
    good = sum(verdicts[case.name][reader].good for case in cases if not _varies(case, reader))
    return f"{good} to {good + varying}" if varying else str(good)


def expectation(case: Case) -> str:
    """In a word: read, or refused as what."""
    kinds = {value.kind if isinstance(value, Refusal) else "" for value in case.members().values()}
    refused = ", ".join(sorted(kinds - {""}))
    if not refused:
        return "read"
    return f"refused: {refused}" if "" not in kinds else f"read, but for one: {refused}"


def _varies(case: Case, reader: str) -> bool:
    """Whether a verdict is left out, so that the tables are the same with any Python and NumPy."""
    return reader == "numpy" and case.varies


def _cell(case: Case, reader: str, verdict: Verdict) -> str:
    if _varies(case, reader):
        return "*varies*"
    return verdict.word if verdict.good else f"**{verdict.word}**"


def _shown(case: Case) -> str:
    remark = f" ({case.numpy})" if case.numpy else ""
    return f"{case.shows}{remark}"


def _table(rows: Sequence[Sequence[str]]) -> str:
    lines = ["| " + " | ".join(map(_escaped, row)) + " |" for row in rows]
    return "\n".join([lines[0], "|" + "---|" * len(rows[0]), *lines[1:]])


def _escaped(text: str) -> str:
    printable = "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)
    return printable.replace("|", "\\|").replace("<", "&lt;") if "`" not in printable else printable.replace("|", "\\|")
