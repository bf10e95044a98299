"""Each message that says what to do: a call that raises it, and what it says, done. Then nothing else is wrong.

Other tests do this for files that are no arrays (test_other_files.py), for installing (test_version_check.py) and for
the ports of the service (test_service.py).
"""

import json
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
import scipy.sparse
import tensorflow as tf
import tf_npz
from testing import elements

SPEC = tf.TensorSpec
X = np.arange(6, dtype=np.float32).reshape(3, 2)
ROW = SPEC([2], tf.float32)
SECONDS = np.zeros(3, "datetime64[s]")


@pytest.fixture(autouse=True)
def files(folder: Path) -> None:
    """The files that the calls below read."""
    arrays: dict[str, dict[str, Any]] = {
        "rows": {"x": X, "y": np.arange(3)},
        "more": {"x": X, "y": np.arange(3), "z": np.zeros(3)},
        "others": {"z": np.zeros(3)},
        "doubles": {"x": X.astype("f8"), "y": np.arange(3), "c": np.zeros(3, "c8")},
        "singles": {"x": X, "y": np.arange(3), "c": np.zeros(3, "c8")},
        "text": {"x": np.array([["a", "b"]]), "y": np.arange(1)},
        "unequal": {"x": X, "y": np.arange(4), "z": np.arange(3)},
        "sample": {"image": np.zeros((5, 4)), "mask": np.zeros((5, 4)), "box": np.zeros(2), "label": 1},
        "label": {"label": np.float32(1)},
        "rate": {"x": X, "rate": np.float32(1)},
        "objects": {"o": np.array([1, None]), "x": X, "y": np.arange(4), "z": np.arange(3), "s": 1},
        "objects_label": {"o": np.array([1, None]), "label": 1},
        "parts": {"p": np.zeros(3, [("a", "f4"), ("b", "f4")]), "x": X},
        "other_parts": {"p": np.zeros(3, [("a", "f4")]), "x": X},
        "wide": {"x": np.zeros((3, 4), np.float32), "y": np.arange(3)},
        "deep": {"x": np.zeros((3, 4, 2), np.float32), "y": np.arange(3)},
        "long": {"x": np.arange(300)},
        "seconds": {"t": SECONDS},
        "days": {"t": SECONDS.astype("datetime64[D]")},
    }
    for name, contents in arrays.items():
        np.savez(f"{name}.npz", **contents)
    np.save("rows.npy", X)
    np.save("doubles.npy", X.astype("f8"))
    np.save("label.npy", np.float32(1))
    np.save("events.npy", np.zeros(3, [("id", "u4"), ("at", "f4", (2,))]))
    np.save("events_objects.npy", np.zeros((), [("a", "f4"), ("g", "f16")]))
    np.save("0.npy", X)
    np.save("1.npy", np.zeros((5, 2), np.float32))
    np.savez_compressed("fortran.npz", x=np.asfortranarray(np.random.default_rng(0).normal(size=(200, 100))))
    for name in ("train", "train/2026", "data[1]", "mixed", "matrices"):
        Path(name).mkdir()
    for kind in ("csr", "csc", "coo", "bsr", "dia"):
        scipy.sparse.save_npz(f"{kind}.npz", scipy.sparse.eye_array(6, 5, format=kind))
    scipy.sparse.save_npz("matrices/a.npz", scipy.sparse.eye_array(6, 5, format="csr"))
    np.savez("train/2026/a.npz", x=X)
    np.savez("data[1]/a.npz", x=X)
    np.savez("mixed/a.npz", x=X)
    np.save("mixed/a.npy", X)


def read(*arguments: Any, **options: Any) -> list[Any]:
    """All elements of a dataset."""
    return elements(tf_npz.NpzReaderDataset(*arguments, **options))


def mapped(function: Callable[[Any], Any], *names: str) -> list[Any]:
    """The elements of `function` in `map`, where names are symbolic."""
    return elements(tf.data.Dataset.from_tensor_slices(list(names)).map(function))


def interleaved(function: Callable[[Any], Any], *names: str) -> list[Any]:
    return elements(tf.data.Dataset.from_tensor_slices(list(names)).interleave(function))


def spec_in(message: str) -> Any:
    """The tf.TensorSpec that a message proposes."""
    found = re.search(r"pass (tf\.TensorSpec\((?:\([^)]*\)|None), [^)]*\))", message)
    assert found, message
    return eval(found[1], {"tf": tf})


def keys_in(message: str) -> tuple[str, ...]:
    """The keys that a message proposes."""
    found = re.search(r'keys(?: of one length| that all files have)?: ("[^"]*"(?:, "[^"]*")*)', message)
    assert found, message
    return tuple(json.loads(f"[{found[1]}]"))


def patterns_in(message: str) -> list[str]:
    """The patterns that a message proposes, at its end."""
    found = re.findall(r"""["']([^"' ]*[*][^"' ]*)["']""", message)
    assert found, message
    return found


class Row(NamedTuple):
    call: Callable[[], Any]
    hint: str  # a part of the message, as a regular expression
    follow: Callable[[str], Any]  # does what the message says


# --- Which arrays ----------------------------------------------------------------------------------------------------

KEYS: dict[str, Row] = {
    "unknown array": Row(
        lambda: read("rows.npz", "z"), r'\(it has "x", "y"\)', lambda _: [read("rows.npz", key) for key in "xy"]
    ),
    "unknown field": Row(
        lambda: read("events.npy", "z"), r'\(it has "id", "at"\)', lambda _: read("events.npy", ("id", "at"))
    ),
    "a key to an npy": Row(lambda: read("rows.npy", "x"), "leave keys out", lambda _: read("rows.npy")),
    "an npy among npz files": Row(
        lambda: read(["rows.npz", "rows.npy"], "x"),
        r"leave keys out, and read \.npz files as another dataset",
        lambda _: [read("rows.npy"), read("rows.npz", "x")],
    ),
    "no keys": Row(
        lambda: read("rows.npz", ()),
        "name at least one array, or leave keys out",
        lambda _: [read("rows.npz", "x"), read("rows.npz")],
    ),
    "an npz as an npy": Row(
        lambda: read("rows.npz", element_spec=ROW),
        r'pass keys to say which of its arrays to read \(it has "x", "y"\)',
        lambda _: read("rows.npz", "x", element_spec=ROW),
    ),
    "more arrays in one file": Row(
        lambda: read(["rows.npz", "more.npz"]),
        'pass keys that all files have: "x", "y", or leave out the files that differ',
        lambda message: [read(["rows.npz", "more.npz"], keys_in(message)), read("rows.npz"), read("more.npz")],
    ),
    "more files": Row(
        lambda: read(["more.npz", "rows.npz", "others.npz"]),
        "; leave out the files that differ",
        lambda _: [read(file) for file in ("more.npz", "rows.npz", "others.npz")],
    ),
    "a common key of all files": Row(
        lambda: read(["more.npz", "others.npz", "unequal.npz"]),
        'pass keys that all files have: "z", or',
        lambda message: read(["more.npz", "others.npz", "unequal.npz"], keys_in(message), dtypes="float64"),
    ),
    "common keys of one length": Row(
        lambda: read(["rows.npz", "unequal.npz"]),
        'pass keys that all files have: "y", or',
        lambda message: read(["rows.npz", "unequal.npz"], keys_in(message)),
    ),
    "whole files may differ in length": Row(
        lambda: read(["rows.npz", "unequal.npz"], rows=False),
        'pass keys that all files have: "x", "y", or',
        lambda message: read(["rows.npz", "unequal.npz"], keys_in(message), rows=False),
    ),
    "an npy and an npz": Row(
        lambda: read(["rows.npz", "rows.npy"]),
        "; leave out the files that differ",
        lambda _: [read("rows.npz"), read("rows.npy")],
    ),
    "other fields": Row(
        lambda: read(["parts.npz", "other_parts.npz"]),
        'pass keys that all files have: "x", or',
        lambda message: read(["parts.npz", "other_parts.npz"], keys_in(message)),
    ),
    "objects beside arrays": Row(
        lambda: read("objects.npz"),
        'to read the others, pass keys: "x", "z"',
        lambda message: read("objects.npz", keys_in(message)),
    ),
    "objects beside whole arrays": Row(
        lambda: tf_npz.load("objects.npz"),
        'to read the others, pass keys: "s", "x", "y", "z"',
        lambda message: tf_npz.load("objects.npz", keys_in(message)),
    ),
    "objects beside a scalar": Row(
        lambda: read("objects_label.npz"),
        'to read the others, pass rows=False and keys: "label"',
        lambda message: read("objects_label.npz", keys_in(message), rows=False),
    ),
    "a field that no tensor can hold": Row(
        lambda: read("events_objects.npy"),
        'to read the others, pass rows=False and keys: "a"',
        lambda message: read("events_objects.npy", keys_in(message), rows=False),
    ),
}


def recipe_of(section: str) -> dict[str, Any]:
    """What the first code of a section of the guide defines."""
    guide = (Path(__file__).parents[2] / "docs/guide.md").read_text()
    code = re.search(rf"^## {section}\n.*?```python\n(.*?)```", guide, re.DOTALL | re.MULTILINE)
    assert code
    names: dict[str, Any] = {"tf": tf, "tf_npz": tf_npz}
    exec(code[1], names)
    return names


# --- Rows, or whole files --------------------------------------------------------------------------------------------

ROWS: dict[str, Row] = {
    "lengths differ": Row(
        lambda: read("unequal.npz"),
        'pass rows=False, to tf_npz.element_spec as well; or pass keys of one length: "x", "z"',
        lambda message: [read("unequal.npz", keys_in(message)), read("unequal.npz", rows=False)],
    ),
    "lengths differ from a spec": Row(
        lambda: read("unequal.npz", ("x", "y"), element_spec=(ROW, SPEC([], tf.int64))),
        "pass rows=False, to tf_npz.element_spec as well",
        lambda _: read(
            "unequal.npz",
            ("x", "y"),
            rows=False,
            element_spec=tf_npz.element_spec("unequal.npz", ("x", "y"), rows=False),
        ),
    ),
    "the longest of equally many": Row(
        lambda: read("unequal.npz", ("x", "y")),
        'keys of one length: "y"$',
        lambda message: read("unequal.npz", keys_in(message)),
    ),
    "a sample": Row(
        lambda: read("sample.npz"),
        'has no dimensions, and the other arrays differ in length; .* keys of one length: "image", "mask"',
        lambda message: [read("sample.npz", keys_in(message)), read("sample.npz", rows=False)],
    ),
    "a sparse matrix": Row(
        lambda: read("matrices/*.npz"),
        r'it is a scipy.sparse matrix: pass rows=False, .* \(docs/guide.md, "Sparse matrices"\)$',
        lambda _: elements(recipe_of("Sparse matrices")["ds"]),
    ),
    "some arrays of a sparse matrix": Row(
        lambda: read("matrices/*.npz", ("data", "indptr")),
        "it is a scipy.sparse matrix: pass rows=False",
        lambda _: read("matrices/*.npz", ("data", "indptr"), rows=False),
    ),
    **{
        f"a sparse matrix in {kind} format": Row(
            lambda kind=kind: read(f"{kind}.npz"),  # type: ignore[misc]
            "it is a scipy.sparse matrix: pass rows=False",
            lambda _, kind=kind: read(f"{kind}.npz", rows=False),  # type: ignore[misc]
        )
        for kind in ("csr", "csc", "coo", "bsr", "dia")
    },
    "only a scalar": Row(lambda: read("label.npz"), "pass rows=False$", lambda _: read("label.npz", rows=False)),
    "only a scalar, by key": Row(
        lambda: read("rate.npz", "rate"), "pass rows=False$", lambda _: read("rate.npz", "rate", rows=False)
    ),
    "only a scalar, with a spec": Row(
        lambda: read("rate.npz", "rate", element_spec=SPEC([], tf.float32)),
        "pass rows=False$",
        lambda _: read("rate.npz", "rate", element_spec=SPEC([], tf.float32), rows=False),
    ),
    "an npy of a scalar": Row(lambda: read("label.npy"), "pass rows=False$", lambda _: read("label.npy", rows=False)),
}

# --- The spec of an element ------------------------------------------------------------------------------------------


def with_spec(*arguments: Any, **options: Any) -> Callable[[str], Any]:
    """Reads with the spec that the message proposes."""
    return lambda message: read(*arguments, element_spec=spec_in(message), **options)


def changed_later(change: Callable[[], Any]) -> list[Any]:
    """Reads files whose specs were read before the second one was changed."""
    dataset = tf_npz.NpzReaderDataset(["0.npy", "1.npy"])
    change()
    return elements(dataset)


SPECS: dict[str, Row] = {
    "too narrow": Row(
        lambda: read(["rows.npz", "wide.npz"], "x", element_spec=ROW),
        r"pass tf.TensorSpec\(\(None,\), tf.float32\) for it in element_spec",
        with_spec(["rows.npz", "wide.npz"], "x"),
    ),
    "too narrow for whole files": Row(
        lambda: read(["0.npy", "1.npy"], rows=False, element_spec=SPEC([3, 2], tf.float32)),
        r"pass tf.TensorSpec\(\(None, 2\), tf.float32\) for it in element_spec",
        with_spec(["0.npy", "1.npy"], rows=False),
    ),
    "too narrow in a tuple": Row(
        lambda: read(["rows.npz", "wide.npz"], ("x", "y"), element_spec=(ROW, SPEC([], tf.int64))),
        r'wide.npz\["x"\]: .* pass tf.TensorSpec\(\(None,\), tf.float32\) for it in element_spec',
        lambda message: read(["rows.npz", "wide.npz"], ("x", "y"), element_spec=(spec_in(message), SPEC([], tf.int64))),
    ),
    "too narrow in batches": Row(
        lambda: read(["rows.npz", "wide.npz"], "x", element_spec=ROW, batch_size=4),
        "for it in element_spec, and padding in a dataset of batches",
        with_spec(["rows.npz", "wide.npz"], "x", batch_size=4, padding=0),
    ),
    "other ranks": Row(
        lambda: read(["rows.npz", "deep.npz"], "x", element_spec=ROW),
        r"pass tf.TensorSpec\(None, tf.float32\) for it in element_spec; elements of different ranks can't be batched",
        with_spec(["rows.npz", "deep.npz"], "x"),
    ),
    "of a batch": Row(
        lambda: read("rows.npz", "x", element_spec=SPEC([32, 2], tf.float32), batch_size=32),
        r"one row, without the dimension of a batch: pass tf.TensorSpec\(\(2,\), tf.float32\) for it$",
        with_spec("rows.npz", "x", batch_size=32),
    ),
    "of a batch of numbers": Row(
        lambda: read("rows.npz", "y", element_spec=SPEC([32], tf.int64), batch_size=32),
        r"one row, without the dimension of a batch: pass tf.TensorSpec\(\(\), tf.int64\) for it$",
        with_spec("rows.npz", "y", batch_size=32),
    ),
    "of a batch or of the whole array": Row(
        lambda: read("rows.npz", "x", element_spec=SPEC([None, 2], tf.float32)),
        "for it, or rows=False to read whole arrays",
        lambda message: [
            read("rows.npz", "x", element_spec=spec_in(message)),
            read("rows.npz", "x", element_spec=SPEC([None, 2], tf.float32), rows=False),
        ],
    ),
    "of a batch of files": Row(
        lambda: read("rows.npy", element_spec=SPEC([None, 3, 2], tf.float32), rows=False, batch_size=2),
        r"one file, without the dimension of a batch: pass tf.TensorSpec\(\(3, 2\), tf.float32\) for it$",
        with_spec("rows.npy", rows=False, batch_size=2),
    ),
    "of rows, for load": Row(
        lambda: tf_npz.load("rows.npz", "x", element_spec=ROW),
        r"the whole array, not one row: pass tf.TensorSpec\(\(None, 2\), tf.float32\) for it$",
        lambda message: tf_npz.load("rows.npz", "x", element_spec=spec_in(message)),
    ),
    "of a bfloat16": Row(
        lambda: read("rows.npz", "x", element_spec=SPEC([3], tf.bfloat16)),
        r"pass tf.TensorSpec\(\(None,\), tf.bfloat16\)",
        with_spec("rows.npz", "x"),
    ),
    "rows of a scalar": Row(
        lambda: read("rate.npz", ("x", "rate"), element_spec=(ROW, SPEC([3], tf.float32))),
        r'\["rate"\]: has no dimensions, so it has no rows of its own: pass tf.TensorSpec\(\(\), tf.float32\) for it',
        lambda message: read("rate.npz", ("x", "rate"), element_spec=(ROW, spec_in(message))),
    ),
    "rows of a scalar alone": Row(
        lambda: read("rate.npz", "rate", element_spec=SPEC([3], tf.float32)),
        "for it in element_spec, and rows=False if no other array has rows",
        with_spec("rate.npz", "rate", rows=False),
    ),
    "of a structure": Row(
        lambda: read("events.npy", element_spec=ROW),
        "a dict of its fields: make the spec with tf_npz.element_spec",
        lambda _: read("events.npy", element_spec=tf_npz.element_spec("events.npy")),
    ),
    "a dtype that loses numbers": Row(
        lambda: read("rows.npz", "x", element_spec=SPEC([2], tf.int32)),
        "would lose the fraction; read it as float32, and cast it yourself after reading",
        lambda _: elements(
            tf_npz.NpzReaderDataset("rows.npz", "x", element_spec=ROW).map(lambda x: tf.cast(x, tf.int32))
        ),
    ),
    "a dtype for dates": Row(
        lambda: read("seconds.npz", "t", element_spec=SPEC([], tf.float32)),
        "dates are read as int64, the counts of their unit, and cast after reading",
        lambda _: elements(
            tf_npz.NpzReaderDataset("seconds.npz", "t", element_spec=SPEC([], tf.int64)).map(
                lambda t: tf.cast(t, tf.float32)
            )
        ),
    ),
    "a file of another dtype that the spec does not know": Row(
        lambda: changed_later(lambda: np.save("1.npy", X.astype("f8"))),
        r"pass tf.TensorSpec\(\(2,\), tf.float64\) for it in element_spec",
        with_spec(["0.npy", "1.npy"]),
    ),
    "a file of another dtype and shape": Row(
        lambda: changed_later(lambda: np.save("1.npy", np.zeros((3, 5), "f8"))),
        r"pass tf.TensorSpec\(\(None,\), tf.float64\) for it in element_spec",
        with_spec(["0.npy", "1.npy"]),
    ),
    "a file of text among numbers": Row(
        lambda: changed_later(lambda: np.save("1.npy", np.array([["a", "b"]]))),
        "read it as a dataset of its own",
        lambda _: [read("0.npy"), read("1.npy")],
    ),
    "a spec without names": Row(
        lambda: read("rows.npz", element_spec=(ROW, SPEC([], tf.int64))),
        "doesn't tell the names of the arrays: pass keys as well",
        lambda _: read("rows.npz", ("x", "y"), element_spec=(ROW, SPEC([], tf.int64))),
    ),
    "another structure than keys": Row(
        lambda: tf_npz.load("rows.npz", ("x", "y"), element_spec={"x": ROW}),
        r"tf_npz.element_spec\(files, keys\), with rows=False for whole arrays",
        lambda _: tf_npz.load(
            "rows.npz", ("x", "y"), element_spec=tf_npz.element_spec(["rows.npz"], ("x", "y"), rows=False)
        ),
    ),
    "no TensorSpec": Row(
        lambda: read("rows.npy", element_spec=tf.float32),
        r"tf_npz.element_spec\(files\) returns one",
        lambda _: read("rows.npy", element_spec=tf_npz.element_spec(["rows.npy"])),
    ),
}

# --- Names that are not known yet ------------------------------------------------------------------------------------


def spec_made(message: str, **names: Any) -> Any:
    """The spec that the call in a message makes."""
    found = re.search(r"element_spec=(tf_npz\.element_spec\(.*\)), made outside", message)
    assert found, message
    return eval(found[1], {"tf_npz": tf_npz, **names})


BOTH = ["rows.npz", "wide.npz"]
SYMBOLIC: dict[str, Row] = {
    "rows in interleave": Row(
        lambda: interleaved(lambda f: tf_npz.NpzReaderDataset(f, ("x", "y")), *BOTH),
        r"pass element_spec=tf_npz.element_spec\(files, keys=\('x', 'y'\)\), made outside of the function",
        lambda message: interleaved(
            lambda f: tf_npz.NpzReaderDataset(f, ("x", "y"), element_spec=spec_made(message, files=BOTH)), *BOTH
        ),
    ),
    "whole files in interleave": Row(
        lambda: interleaved(lambda f: tf_npz.NpzReaderDataset(f, rows=False), *BOTH),
        r"pass element_spec=tf_npz.element_spec\(files, rows=False\), made outside of the function",
        lambda message: interleaved(
            lambda f: tf_npz.NpzReaderDataset(f, rows=False, element_spec=spec_made(message, files=BOTH)), *BOTH
        ),
    ),
    "load in map": Row(
        lambda: mapped(lambda f: tf_npz.load(f, "x"), *BOTH),
        r"pass element_spec=tf_npz.element_spec\(files, keys='x', rows=False\), made outside of the function",
        lambda message: mapped(lambda f: tf_npz.load(f, "x", element_spec=spec_made(message, files=BOTH)), *BOTH),
    ),
    "decode in map": Row(
        lambda: mapped(lambda f: tf_npz.decode(tf.io.read_file(f)), "rows.npy"),
        r"for each array, such as \{'x': tf.TensorSpec\(\[None, 3\], tf.float32\)\}, or tf.TensorSpec\(.*\) for an .npy",
        lambda _: [
            mapped(lambda f: tf_npz.decode(tf.io.read_file(f), element_spec=SPEC([None, 2])), "rows.npy"),
            mapped(lambda f: tf_npz.decode(tf.io.read_file(f), element_spec={"x": SPEC([None, 2])}), "rows.npz"),
        ],
    ),
    "decode in map, by key": Row(
        lambda: mapped(lambda f: tf_npz.decode(tf.io.read_file(f), ("x",)), "rows.npz"),
        r"the spec of each of keys=\('x',\), such as tf.TensorSpec\(",
        lambda _: mapped(
            lambda f: tf_npz.decode(tf.io.read_file(f), ("x",), element_spec=(SPEC([None, 2]),)), *BOTH[:1]
        ),
    ),
    "element_spec in map": Row(
        lambda: mapped(lambda f: tf_npz.element_spec(f), "rows.npy"),
        "pass the name of a file as a str",
        lambda _: tf_npz.element_spec("rows.npy"),
    ),
}

# --- Dtypes ----------------------------------------------------------------------------------------------------------

FLOATS = ["singles.npz", "doubles.npz"]
TIMES = ["seconds.npz", "days.npz"]


def two(first: str, second: str, key: str, bring: Callable[[Any], Any]) -> list[Any]:
    """Two datasets, of which the second is brought to the dtype or unit of the first, concatenated."""
    one, other = (tf_npz.NpzReaderDataset(file, key) for file in (first, second))
    return elements(one.concatenate(other.map(bring)))


DTYPES: dict[str, Row] = {
    "files differ": Row(
        lambda: read(FLOATS), r'pass dtypes with "float64" for "x"$', lambda _: read(FLOATS, dtypes={"x": "float64"})
    ),
    "files differ, in a tuple": Row(
        lambda: read(FLOATS, ("x", "c")),
        r'pass dtypes with "float64" for "x"$',
        lambda _: read(FLOATS, ("x", "c"), dtypes=("float64", None)),
    ),
    "npy files differ": Row(
        lambda: read(["rows.npy", "doubles.npy"]),
        'pass dtypes="float64" to cast them$',
        lambda _: read(["rows.npy", "doubles.npy"], dtypes="float64"),
    ),
    "files of numbers and text": Row(
        lambda: read(["rows.npz", "text.npz"], "x"),
        "read them as two datasets, bring them to one dtype, and concatenate",
        lambda _: two(
            "rows.npz", "text.npz", "x", lambda x: tf.strings.to_number(tf.strings.regex_replace(x, "[ab]", "0"))
        ),
    ),
    "files of other units": Row(
        lambda: read(TIMES),
        "read them as two datasets, bring them to one unit, and concatenate",
        lambda _: two(*TIMES, "t", lambda t: t * 86_400),
    ),
    "files of other units, with a spec": Row(
        lambda: read(TIMES, "t", element_spec=SPEC([], tf.int64)),
        "read them as two datasets, and bring them to one unit",
        lambda _: two(*TIMES, "t", lambda t: t * 86_400),
    ),
    "a dtype that loses numbers": Row(
        lambda: read("rows.npz", "x", dtypes="int32"),
        "read it as float32, and cast it yourself after reading",
        lambda _: elements(tf_npz.NpzReaderDataset("rows.npz", "x").map(lambda x: tf.cast(x, tf.int32))),
    ),
    "a number that does not fit": Row(
        lambda: read("long.npz", "x", dtypes="int8"),
        "read the array as int64, and cast it yourself after reading",
        lambda _: elements(tf_npz.NpzReaderDataset("long.npz", "x", dtypes="int64").map(lambda x: tf.cast(x, tf.int8))),
    ),
    "two dtypes of one array": Row(
        lambda: read("rows.npz", ("x", "x"), dtypes=("float32", "float64")),
        "pass element_spec instead, with a tf.TensorSpec of the dtype for each",
        lambda _: read("rows.npz", ("x", "x"), element_spec=(ROW, SPEC([2], tf.float64))),
    ),
}

# --- Batches and padding ---------------------------------------------------------------------------------------------

RAGGED = ["0.npy", "1.npy"]
WIDE = {"x": SPEC([None], tf.float32), "y": SPEC([], tf.int64)}

BATCHES: dict[str, Row] = {
    "shapes differ": Row(
        lambda: read(RAGGED, rows=False, batch_size=2),
        "pass padding= to pad them to one shape",
        lambda _: read(RAGGED, rows=False, batch_size=2, padding=0),
    ),
    "ranks differ": Row(
        lambda: read(["rows.npz", "deep.npz"], "x", element_spec=SPEC(None, tf.float32), batch_size=4),
        "the ranks differ; leave batch_size out, or read them as two datasets",
        lambda _: [
            read(["rows.npz", "deep.npz"], "x", element_spec=SPEC(None, tf.float32)),
            read("rows.npz", "x", batch_size=4),
            read("deep.npz", "x", batch_size=4),
        ],
    ),
    "drop_remainder": Row(
        lambda: read("rows.npy", drop_remainder=True),
        "needs a batch_size",
        lambda _: read("rows.npy", drop_remainder=True, batch_size=2),
    ),
    "padding": Row(
        lambda: read("rows.npy", padding=0), "needs a batch_size", lambda _: read("rows.npy", padding=0, batch_size=2)
    ),
    "padded_shapes": Row(
        lambda: read("rows.npy", padded_shapes=(4,)),
        "needs a batch_size",
        lambda _: read("rows.npy", padded_shapes=(4,), batch_size=2),
    ),
    "longer than padded_shapes": Row(
        lambda: read(RAGGED, rows=False, batch_size=2, padded_shapes=(4, 2)),
        "raise it, or leave the file out",
        lambda _: [
            read(RAGGED, rows=False, batch_size=2, padded_shapes=(5, 2)),
            read(RAGGED[:1], rows=False, batch_size=2, padded_shapes=(4, 2)),
        ],
    ),
    "padded_shapes without a value": Row(
        lambda: read("rows.npz", ("x", "y"), batch_size=2, padding=(None, 0), padded_shapes=((4,), ())),
        "add one there, or pass None for the component in padded_shapes",
        lambda _: [
            read("rows.npz", ("x", "y"), batch_size=2, padding=(0, 0), padded_shapes=((4,), ())),
            read("rows.npz", ("x", "y"), batch_size=2, padding=(None, 0), padded_shapes=(None, ())),
        ],
    ),
    "one value for other dtypes": Row(
        lambda: read("rows.npz", ("x", "y"), batch_size=2, padding=0.5),
        "pass one value for each component, in the structure of an element",
        lambda _: read("rows.npz", ("x", "y"), batch_size=2, padding=(0.5, 0)),
    ),
    "a value of its own": Row(
        lambda: read("rows.npz", ("x", "y"), batch_size=2, padding=(0, 0.5)),
        "pass one that can, or None to leave the component as it is",
        lambda _: [
            read("rows.npz", ("x", "y"), batch_size=2, padding=(0, 5)),
            read("rows.npz", ("x", "y"), batch_size=2, padding=(0, None)),
        ],
    ),
}


def memory_in(message: str) -> int:
    """The bytes that a message says are needed."""
    found = re.search(r"(?:here|takes) (\d+)", message)
    assert found, message
    return int(found[1])


def save_in_c_order() -> str:
    np.savez_compressed("c.npz", x=np.ascontiguousarray(np.load("fortran.npz")["x"]))
    return "c.npz"


def padded(limit: int) -> list[Any]:
    """A batch that is nearly all padding."""
    for i, length in enumerate([1] * 200 + [100_000]):
        np.save(f"ragged{i:03}.npy", np.zeros(length, np.uint8))
    return read("ragged*.npy", rows=False, batch_size=201, padding=0, memory_limit=limit)


LIMITS: dict[str, Row] = {
    "Fortran order": Row(
        lambda: read("fortran.npz", "x", memory_limit=1000),
        "memory_limit is 1000; raise it, or save the arrays in C order",
        lambda message: [
            read("fortran.npz", "x", memory_limit=memory_in(message)),
            read(save_in_c_order(), "x", memory_limit=1000),
        ],
    ),
    "padding": Row(lambda: padded(2 << 20), "most of them padding.*; raise it", lambda m: padded(memory_in(m))),
    "threads": Row(
        lambda: read("rows.npy", num_parallel_reads=0),
        "leave it out for the default",
        lambda _: read("rows.npy"),
    ),
    "memory": Row(
        lambda: read("rows.npy", memory_limit=0),
        "at least 1, .*; leave it out",
        lambda _: read("rows.npy", memory_limit=1),
    ),
}

# --- Names of files --------------------------------------------------------------------------------------------------

NAMES: dict[str, Row] = {
    "no names": Row(lambda: read([]), "pass at least one file or pattern", lambda _: read(["rows.npy"])),
    "several files for load": Row(
        lambda: tf_npz.load("?.npy"),
        "name one of them, or read all of them with tf_npz.NpzReaderDataset",
        lambda _: [tf_npz.load("0.npy"), read("?.npy")],
    ),
    "files are in folders below": Row(
        lambda: read("train/*.npz"), "files in the folders below", lambda m: read(patterns_in(m)[-1])
    ),
    "a folder's name has a bracket": Row(
        lambda: read("data[1]/*.npz"), r"which a pattern writes as", lambda m: read(patterns_in(m)[-1])
    ),
    "a folder": Row(lambda: read("data[1]"), "name the files in it with a pattern", lambda m: read(patterns_in(m)[-1])),
    "a folder of folders": Row(
        lambda: read("train"), "name the files in it with a pattern", lambda m: read(patterns_in(m)[-1])
    ),
    "a folder of both": Row(
        lambda: read("mixed"), r"pattern: .* or ", lambda m: [read(name) for name in patterns_in(m)]
    ),
    "a folder for load": Row(
        lambda: tf_npz.load("data[1]"), "name the files in it with a pattern", lambda m: tf_npz.load(patterns_in(m)[-1])
    ),
    "a dataset": Row(
        lambda: read(tf.data.Dataset.from_tensor_slices(RAGGED)),
        "pass each of its elements instead",
        lambda message: elements(
            eval(
                re.search(r"filenames\.interleave\(.*\)(?=, where spec)", message)[0],  # type: ignore[index]
                {
                    "tf": tf,
                    "tf_npz": tf_npz,
                    "filenames": tf.data.Dataset.from_tensor_slices(RAGGED),
                    "spec": tf_npz.element_spec(RAGGED),
                },
            )
        ),
    ),
    "a matrix of names": Row(
        lambda: read(tf.constant([RAGGED])),
        "flatten it first",
        lambda _: read(tf.reshape(tf.constant([RAGGED]), [-1])),
    ),
    "a name for decode": Row(
        lambda: tf_npz.decode("rows.npy"),  # type: ignore[arg-type]
        "tf_npz.load takes the name of a file",
        lambda _: tf_npz.load("rows.npy"),
    ),
}

# --- Arrays that can't be read ---------------------------------------------------------------------------------------


def saved(array: np.ndarray) -> Any:
    np.save("new.npy", array)
    return tf_npz.load("new.npy")


MIXED = np.array([(1, None)], [("a", "f4"), ("o", "O")])

ARRAYS: dict[str, Row] = {
    "objects": Row(
        lambda: saved(np.array(["a", None])),
        r"np.load it with allow_pickle=True and save it as numbers or text \(astype\)",
        lambda _: saved(np.load("new.npy", allow_pickle=True).astype("U")),
    ),
    "longdouble": Row(
        lambda: saved(X.astype(np.longdouble)),
        r"save with astype\(numpy.float64\)",
        lambda _: saved(X.astype(np.longdouble).astype(np.float64)),
    ),
    "clongdouble": Row(
        lambda: saved(X.astype(np.clongdouble)),
        r"save with astype\(numpy.complex128\)",
        lambda _: saved(X.astype(np.clongdouble).astype(np.complex128)),
    ),
    "objects beside a field": Row(
        lambda: saved(MIXED) and tf_npz.load("new.npy", "a"),
        "hold pickles, which are never loaded",
        lambda _: saved(MIXED[["a"]].astype([("a", "f4")])),
    ),
}

HINTS: dict[str, dict[str, Row]] = {
    "keys": KEYS,
    "rows": ROWS,
    "spec": SPECS,
    "symbolic": SYMBOLIC,
    "dtypes": DTYPES,
    "batches": BATCHES,
    "limits": LIMITS,
    "names": NAMES,
    "arrays": ARRAYS,
}
ALL: Sequence[tuple[str, Row]] = [
    (f"{part}: {name}", row) for part, rows in HINTS.items() for name, row in rows.items()
]


@pytest.mark.parametrize("row", [row for _, row in ALL], ids=[name for name, _ in ALL])
def test_the_hint_works(row: Row) -> None:
    with pytest.raises((tf.errors.OpError, ValueError, TypeError)) as raised:
        row.call()
    message = raised.value.message if isinstance(raised.value, tf.errors.OpError) else str(raised.value)
    # TensorFlow adds the node and the iterator to the errors of ops.
    message = message.split(" [Op:", 1)[0].split("\n\t [[", 1)[0]
    message = message.removeprefix("{{function_node __wrapped__IteratorGetNext}} ")
    assert re.search(row.hint, message, re.MULTILINE), message
    row.follow(message)
