"""Each message about options that says what to do: a call that raises it, and what it says, done. As test_hints.py."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
import tf_npz
from hints import RAGGED, ROW, Row, check, read, save_files, spec_in
from testing import elements

SPEC = tf.TensorSpec


@pytest.fixture(autouse=True)
def files(folder: Path) -> None:
    save_files()


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
    "a file of another shape than most": Row(
        lambda: changed_later(lambda: np.save("1.npy", np.zeros((3, 5), "f4"))),
        r"most files is float32 \(2,\); pass tf.TensorSpec\(\(None,\), tf.float32\) for it in element_spec",
        with_spec(RAGGED),
    ),
    "a file of another rank than most": Row(
        lambda: changed_later(lambda: np.save("1.npy", np.zeros((3, 2, 2), "f4"))),
        r"pass tf.TensorSpec\(None, tf.float32\) for it in element_spec; elements of different ranks can't be batched",
        with_spec(RAGGED),
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

# --- Dtypes ----------------------------------------------------------------------------------------------------------

FLOATS = ["singles.npz", "doubles.npz"]
TIMES = ["seconds.npz", "days.npz"]


def two(first: str, second: str, key: str, bring: Callable[[Any], Any]) -> list[Any]:
    """Two datasets, of which the second is brought to the dtype or unit of the first, concatenated."""
    one, other = (tf_npz.NpzReaderDataset(file, key) for file in (first, second))
    return elements(one.concatenate(other.map(bring)))


DTYPES: dict[str, Row] = {
    "files differ": Row(
        lambda: read(FLOATS),
        r'doubles.npz\["x"\]: .* pass dtypes with "float64" for it$',
        lambda _: read(FLOATS, dtypes={"x": "float64"}),
    ),
    "files differ, in a tuple": Row(
        lambda: read(FLOATS, ("x", "c")),
        r'doubles.npz\["x"\]: .* pass dtypes with "float64" for it$',
        lambda _: read(FLOATS, ("x", "c"), dtypes=("float64", None)),
    ),
    "npy files differ": Row(
        lambda: read(["rows.npy", "doubles.npy"]),
        'pass dtypes with "float64" for it$',
        lambda _: read(["rows.npy", "doubles.npy"], dtypes="float64"),
    ),
    "three files differ": Row(
        lambda: read(["half.npy", "rows.npy", "doubles.npy"]),
        'pass dtypes with "float32" for it$',
        lambda _: read(["half.npy", "rows.npy", "doubles.npy"], dtypes="float32"),
    ),
    "files differ in shape too": Row(
        lambda: changed_later(lambda: np.save("1.npy", np.zeros((3, 5), "f8"))),
        'pass dtypes with "float64" for it$',
        lambda _: read(RAGGED, dtypes="float64"),
    ),
    "files differ in rank too": Row(
        lambda: changed_later(lambda: np.save("1.npy", np.zeros((3, 2, 2), "f8"))),
        "read it as a dataset of its own$",
        lambda _: [read("0.npy"), read("1.npy")],
    ),
    "files of numbers and structures": Row(
        lambda: read(["rows.npz", "structure.npz"], "x"),
        "read it as a dataset of its own$",
        lambda _: [read("rows.npz", "x"), read("structure.npz", "x")],
    ),
    "files of numbers and text": Row(
        lambda: read(["rows.npz", "text.npz"], "x"),
        "read it as a dataset of its own, bring both to one dtype, and concatenate",
        lambda _: two(
            "rows.npz", "text.npz", "x", lambda x: tf.strings.to_number(tf.strings.regex_replace(x, "[ab]", "0"))
        ),
    ),
    "files of other units": Row(
        lambda: read(TIMES),
        "read it as a dataset of its own, bring both to one unit, and concatenate",
        lambda _: two(*TIMES, "t", lambda t: t * 86_400),
    ),
    "a spec of other units": Row(
        lambda: tf_npz.element_spec(TIMES),
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

HINTS = (SPECS, DTYPES, BATCHES, LIMITS)


@pytest.mark.parametrize(
    "row", [row for rows in HINTS for row in rows.values()], ids=[name for rows in HINTS for name in rows]
)
def test_the_hint_works(row: Row) -> None:
    check(row)
