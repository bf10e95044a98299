"""Writes the table of docs/compatibility.md."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from .pairs import ROOT

if TYPE_CHECKING:
    from .__main__ import Outcome

DOCUMENT = ROOT / "docs/compatibility.md"
BEGIN, END = "<!-- pairs: written by `make matrix` -->\n", "<!-- end of pairs -->"


def write(outcomes: Sequence["Outcome"]) -> None:
    """Replaces the text between the markers by a table of the outcomes."""
    lines = ["| TensorFlow | from | Python | NumPy |", "|---|---|---|---|"]
    lines += [f"| {p.tensorflow} | `{p.distribution}` | {p.python} | {numpy} |" for p, numpy, _ in outcomes]
    text = DOCUMENT.read_text(encoding="utf-8")
    before, rest = text.split(BEGIN)
    after = rest.split(END)[1]
    DOCUMENT.write_text(before + BEGIN + "\n" + "\n".join(lines) + "\n\n" + END + after, encoding="utf-8")
