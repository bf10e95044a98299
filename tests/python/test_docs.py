"""The documents have short pages, working links, and an index of all decisions."""

import pathlib
import re

import pytest

TOP = pathlib.Path(__file__).parents[2]
GENERATED = ("docs/performance.md", "docs/instructions.md", "docs/memory.md")
PAGES = [
    path.relative_to(TOP).as_posix()
    for path in (*TOP.glob("*.md"), *TOP.glob("docs/**/*.md"))
    if path.relative_to(TOP).as_posix() not in GENERATED
]
MOST_LINES = {"README.md": 100, "docs/design.md": 120}
MOST_LINES_OF_A_DECISION = 20
MOST_COLUMNS = 120


def lines(page: str) -> list[str]:
    return (TOP / page).read_text(encoding="utf-8").splitlines()


@pytest.mark.parametrize("page", MOST_LINES)
def test_a_page_is_short(page: str) -> None:
    assert len(lines(page)) <= MOST_LINES[page]


@pytest.mark.parametrize("page", PAGES)
def test_lines_fit_a_screen(page: str) -> None:
    # A row of a table cannot be broken into lines. docs/design.md has no longer row.
    rows = () if page == "docs/design.md" else ("|",)
    assert [line for line in lines(page) if len(line) > MOST_COLUMNS and not line.startswith(rows)] == []


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_to_files_and_headings(page: str) -> None:
    for target in re.findall(r"\]\(([^)#\s]*(?:#[^)\s]*)?)\)", "\n".join(lines(page))):
        if "://" in target:
            continue
        name, _, heading = target.partition("#")
        path = (TOP / page).parent / name if name else TOP / page
        assert path.exists(), target
        if heading:
            assert heading in headings(path), target


def headings(path: pathlib.Path) -> set[str]:
    """The anchors that code hosts make from the headings of a page."""
    found = re.findall(r"^#+ (.*)$", path.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in found}


def test_the_index_lists_every_decision_with_its_title() -> None:
    index = (TOP / "docs/decisions/README.md").read_text(encoding="utf-8")
    records = sorted((TOP / "docs/decisions").glob("[0-9]*.md"))
    assert len({record.name[:3] for record in records}) == len(records)
    for record in records:
        text = record.read_text(encoding="utf-8")
        title = text.splitlines()[0].removeprefix("# ")
        assert title.startswith(f"{record.name[:3]}. ")
        assert f"- [{title}]({record.name})" in index
        assert len(text.splitlines()) <= MOST_LINES_OF_A_DECISION
        assert re.findall(r"^\*\*(Problem|Choice|Measured|Rejected)\b", text, re.MULTILINE) == [
            "Problem",
            "Choice",
            "Measured",
            "Rejected",
        ]
