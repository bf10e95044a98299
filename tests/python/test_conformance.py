"""The conformance suite (tests/conformance): every file, read in every way; and the tables of docs/format.md."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
import tf_npz
from testing import untuned

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.conformance import files, tables
from tests.conformance.cases import all_cases
from tests.conformance.model import DAMAGED, TOO_LARGE, UNSUPPORTED, Case, Refusal
from tests.conformance.readers import NUMPY, TF_NPZ, Refused, as_tensors, tensors_difference
from tests.conformance.verdicts import judge, verdict

CASES = all_cases()
SMALL = {name: case for name, case in CASES.items() if not case.is_large}

ERRORS: dict[str, tuple[type[Exception], ...]] = {
    DAMAGED: (tf.errors.DataLossError,),
    UNSUPPORTED: (tf.errors.UnimplementedError,),
    TOO_LARGE: (tf.errors.ResourceExhaustedError, tf.errors.DataLossError),
}


# --- The suite itself ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_numpy_reads_what_is_expected_or_it_is_said_why_not(tmp_path: Path, case: Case) -> None:
    judged = judge(NUMPY, case, case.write(tmp_path))
    assert case.varies or judged.good == (not case.numpy), f"{judged.word}: {judged.detail}"


GZIP = {name: case for name, case in CASES.items() if case.subject == "gzip"}
# RFC 1952 2.3.1.2 requires that both are noticed.
GZIP_OF_PYTHON_READS = {"gzip/header_crc_wrong.npy.gz", "gzip/flags_reserved.npy.gz"}
# The gzip holds an archive, or gzip again. Neither becomes a tensor.
GZIP_OF_OTHERS = {"gzip/npz_within.npy.gz", "gzip/unsupported_dtype.npy.gz"}


@pytest.mark.parametrize("case", GZIP.values(), ids=GZIP.keys())
def test_gzip_holds_what_python_finds_in_it(tmp_path: Path, case: Case) -> None:
    import gzip

    try:
        contents = gzip.decompress(case.bytes())
    except (OSError, EOFError, ValueError, __import__("zlib").error):
        assert case.is_refused
        return
    path = tmp_path / "a.npy"
    path.write_bytes(contents)
    judged = judge(NUMPY, case, path)
    assert judged.good == (case.name not in GZIP_OF_PYTHON_READS | GZIP_OF_OTHERS), judged.detail


def test_files_are_the_same_whenever_they_are_made() -> None:
    again = all_cases()
    assert all(case.bytes() == again[name].bytes() for name, case in SMALL.items())


def test_files_are_written_with_a_manifest(tmp_path: Path) -> None:
    import json

    chosen = [case for name, case in SMALL.items() if name.startswith(("gzip/", "names/"))]
    manifest = json.loads(files.write(tmp_path, chosen).read_text(encoding="utf-8"))
    assert [entry["name"] for entry in manifest["files"]] == [case.name for case in chosen]
    assert all(Path(tmp_path, case.name).read_bytes() == case.bytes() for case in chosen)


# --- tf-npz ----------------------------------------------------------------------------------------------------------


# Reading 4 GiB takes seconds. Other large files end before their data does.
IN_FULL = ("large/npy.npy", "large/stored.npz")
BY_DAY = [
    pytest.param(case, id=name, marks=pytest.mark.nightly if name in IN_FULL else []) for name, case in CASES.items()
]


@pytest.mark.parametrize("case", BY_DAY)
def test_load_and_inspect(tmp_path: Path, case: Case) -> None:
    judged = judge(TF_NPZ, case, case.write(tmp_path))
    assert judged.good, f"{judged.word}: {judged.detail}"


def arrays(case: Case) -> dict[str | None, np.ndarray]:
    """The expected arrays of a case, without structures that have no fields."""
    return {
        name: array
        for name, array in case.members().items()
        if isinstance(array, np.ndarray) and tf.nest.flatten(as_tensors(array))
    }


def refusals(case: Case) -> dict[str | None, Refusal]:
    return {name: value for name, value in case.members().items() if isinstance(value, Refusal)}


READABLE = {name: case for name, case in SMALL.items() if arrays(case)}
WITH_REFUSALS = {name: case for name, case in SMALL.items() if refusals(case)}


@pytest.mark.parametrize("case", READABLE.values(), ids=READABLE.keys())
def test_decode_and_datasets_give_what_load_gives(tmp_path: Path, case: Case) -> None:
    path = case.write(tmp_path)
    expected = arrays(case)
    if None in expected:
        keys, whole = None, as_tensors(expected[None])
    else:
        # Only a few if there are many: each is an output of an op.
        keys = tuple(expected)[:20]
        whole = tuple(as_tensors(expected[key]) for key in keys)
    assert_equal(tf_npz.decode(case.bytes(), keys), whole)
    if "float8_e5m2" in case.name:  # TensorFlow can't run a dataset of those, not even from_tensors.
        return
    assert_equal(only(untuned(tf_npz.NpzReaderDataset(path, keys, rows=False))), whole)
    lengths = {len(array) if array.ndim else None for array in expected.values()}
    if len(lengths) > 1 or None in lengths or not all(map(has_rows, expected.values())):
        return
    (length,) = lengths
    rows = list(untuned(tf_npz.NpzReaderDataset(path, keys)).take(50))
    assert len(rows) == min(length, 50)
    for i in {0, 1, 2, len(rows) - 1}.intersection(range(len(rows))):
        assert_equal(rows[i], row_of(whole, i))
    batches = list(untuned(tf_npz.NpzReaderDataset(path, keys, batch_size=7)).take(3))
    assert len(batches) == min(-(-length // 7), 3)
    for i, batch in enumerate(batches):
        assert_equal(batch, row_of(whole, slice(7 * i, 7 * i + 7)))


def has_rows(array: np.ndarray) -> bool:
    return array.ndim >= 1


def row_of(whole: Any, index: Any) -> Any:
    def of(array: np.ndarray) -> np.ndarray:
        row = array[index]
        return np.array(row, object) if isinstance(row, bytes) else row

    return tf.nest.map_structure(of, whole)


def only(elements: Any) -> Any:
    (element,) = elements
    return element


def assert_equal(actual: Any, expected: Any) -> None:
    if not isinstance(expected, tuple):
        actual, expected = (actual,), (expected,)
    assert len(actual) == len(expected)
    for a, e in zip(actual, expected, strict=True):
        expected = e if isinstance(e, dict) else np.asarray(e)
        assert (difference := tensors_difference(a, expected)) is None, difference


@pytest.mark.parametrize("case", WITH_REFUSALS.values(), ids=WITH_REFUSALS.keys())
def test_every_way_of_reading_refuses_with_an_error_of_the_right_class(tmp_path: Path, case: Case) -> None:
    path = case.write(tmp_path)
    for name, refusal in refusals(case).items():
        for read in ways(path, case, name):
            with pytest.raises(ERRORS[refusal.kind]):
                read()


def ways(path: Path, case: Case, key: str | None) -> Iterator[Any]:
    yield lambda: tf_npz.load(path, key)
    yield lambda: tf_npz.decode(case.bytes(), key)
    yield lambda: list(untuned(tf_npz.NpzReaderDataset(path, key, rows=False)))
    if None in case.members() or len(refusals(case)) == len(case.members()):
        yield lambda: list(untuned(tf_npz.NpzReaderDataset(path, key, batch_size=2)))


# --- docs/format.md --------------------------------------------------------------------------------------------------


def test_the_tables_of_the_document_are_up_to_date() -> None:
    """The tests above check np.load and tf-npz against the same expectations."""
    text = tables.DOCUMENT.read_text(encoding="utf-8")
    stale = tables.written(text, tables.sections(list(CASES.values()))) != text
    assert not stale, "docs/format.md is stale: run make docs-tables"


def test_the_document_is_short_beside_its_tables() -> None:
    handwritten = tables.DOCUMENT.read_text(encoding="utf-8")
    for name in ("dtypes", "summary"):
        handwritten = tables.written(handwritten, {name: ""})
    assert len(handwritten.splitlines()) <= 120


def test_the_page_has_a_row_for_every_file() -> None:
    chosen = [case for name, case in SMALL.items() if name.startswith("names/")]
    page = tables.page(chosen)
    assert all(f"| `{case.name}` |" in page for case in chosen)


def test_verdicts_notice_what_is_wrong() -> None:
    case = CASES["shapes/c_2x3.npy"]
    array = case.members()[None]
    assert isinstance(array, np.ndarray)
    words = [
        verdict(NUMPY, case, reading).word
        for reading in (
            {None: array},
            {None: array.T.copy()},
            {None: array.astype(">f4")},
            {None: -array},
            {"x": array},
            {},
            Refused("", "no"),
        )
    ]
    assert words == ["same", *["other values"] * 5, "refused"]
