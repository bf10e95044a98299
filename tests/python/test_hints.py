"""Each message about files that says what to do: a call that raises it, and what it says, done. Then nothing is wrong.

test_hints_of_options.py has the messages about options. Other tests do the same for files that are no arrays
(test_other_files.py), for installing (test_version_check.py) and for the ports of the service (test_service.py).
"""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
import tf_npz
from hints import RAGGED, ROW, Row, X, check, keys_in, patterns_in, read, save_files
from testing import elements

SCALAR = tf.TensorSpec([], tf.float32)


@pytest.fixture(autouse=True)
def files(folder: Path) -> None:
    save_files()


# --- Which arrays ----------------------------------------------------------------------------------------------------


def read_keys(keys: Any) -> list[Any]:
    return read("rows.npz", keys)


def with_open_file(argument_of: Callable[[Any], Any], call: Callable[[Any], Any] = read_keys) -> Any:
    with np.load("rows.npz") as file:
        return call(argument_of(file))


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
    "an open file of np.load": Row(
        lambda: with_open_file(lambda file: file),
        r"pass its names, keys=tuple\(file\), or leave keys out",
        lambda _: [with_open_file(tuple), read("rows.npz")],
    ),
    "a set of keys": Row(
        lambda: read("rows.npz", {"x", "y"}),
        r"pass sorted\(keys\) or a tuple",
        lambda _: [read("rows.npz", sorted({"x", "y"})), read("rows.npz", ("x", "y"))],
    ),
    "items of a mapping": Row(
        lambda: read("rows.npz", {"image": "x"}.items()),
        "pass the mapping itself",
        lambda _: read("rows.npz", {"image": "x"}),
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
        'to read the others, pass keys: "x", "y", "z", "s"',
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


# --- Rows, or whole files --------------------------------------------------------------------------------------------


def recipe_of(section: str) -> dict[str, Any]:
    """What the first code of a section of the guide defines."""
    guide = (Path(__file__).parents[2] / "docs/guide.md").read_text()
    code = re.search(rf"^## {section}\n.*?```python\n(.*?)```", guide, re.DOTALL | re.MULTILINE)
    assert code
    names: dict[str, Any] = {"tf": tf, "tf_npz": tf_npz}
    exec(code[1], names)
    return names


ROWS: dict[str, Row] = {
    "lengths differ": Row(
        lambda: read("unequal.npz"),
        'pass rows=False, to tf_npz.element_spec as well; or pass keys of one length: "x", "z"',
        lambda message: [read("unequal.npz", keys_in(message)), read("unequal.npz", rows=False)],
    ),
    "lengths differ from a spec": Row(
        lambda: read("unequal.npz", ("x", "y"), element_spec=(ROW, tf.TensorSpec([], tf.int64))),
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
        lambda: read("rate.npz", "rate", element_spec=SCALAR),
        "pass rows=False$",
        lambda _: read("rate.npz", "rate", element_spec=SCALAR, rows=False),
    ),
    "an npy of a scalar": Row(lambda: read("label.npy"), "pass rows=False$", lambda _: read("label.npy", rows=False)),
}

# --- Names of files --------------------------------------------------------------------------------------------------


def ram_folder() -> str:
    tf.io.gfile.makedirs("ram://hints/train")
    tf.io.gfile.copy("rows.npz", "ram://hints/train/a.npz", overwrite=True)
    return "ram://hints"


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
    "a remote folder": Row(
        lambda: read(ram_folder()),
        "name the files in it with a pattern",
        lambda message: read(patterns_in(message)[-1]),
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
    "an open file of np.load": Row(
        lambda: with_open_file(lambda file: file, read), "pass the path of its file", lambda _: read("rows.npz")
    ),
    "a matrix of names": Row(
        lambda: read(tf.constant([RAGGED])),
        "flatten it first",
        lambda _: read(tf.reshape(tf.constant([RAGGED]), [-1])),
    ),
    "a name for decode": Row(
        lambda: tf_npz.decode("rows.npy"),
        "tf_npz.load takes the name of a file",
        lambda _: tf_npz.load("rows.npy"),
    ),
}

# --- Arrays that can't be read ---------------------------------------------------------------------------------------


def saved(array: np.ndarray) -> Any:
    np.save("new.npy", array)
    return tf_npz.load("new.npy")


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
        lambda: tf_npz.load("mixed.npy", "a"),
        "pickles are never loaded; save it without those fields",
        lambda _: saved(np.load("mixed.npy", allow_pickle=True)[["a"]].astype([("a", "f4")])),
    ),
    "an empty file": Row(
        lambda: tf_npz.load("empty.npy"),
        "write or copy it anew",
        lambda _: saved(X),
    ),
    "a file that is cut off": Row(
        lambda: tf_npz.load("cut.npz"),
        "write or copy it anew",
        lambda _: [Path("cut.npz").write_bytes(Path("rows.npz").read_bytes()), read("cut.npz")],
    ),
}

HINTS = (KEYS, ROWS, NAMES, ARRAYS)


@pytest.mark.parametrize(
    "row", [row for rows in HINTS for row in rows.values()], ids=[name for rows in HINTS for name in rows]
)
def test_the_hint_works(row: Row) -> None:
    check(row)
