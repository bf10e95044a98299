"""Random arrays of any dtype, in any spelling of the format, are read as NumPy reads them.

Hypothesis makes them, the same ones in each run (`derandomize`), and shrinks what fails to something small.
"""

import gzip
import io
import random
import struct
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
import tf_npz
from hypothesis import HealthCheck, Phase, assume, given, reject, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from test_conformance import as_tensors, assert_equal, row_of
from testing import untuned

SETTINGS = settings(
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.generate, Phase.shrink],  # Explaining takes minutes.
)
Draw = Callable[[st.SearchStrategy[Any]], Any]

# --- Dtypes and arrays -----------------------------------------------------------------------------------------------

ORDERS = st.sampled_from("<>")
NUMBERS = ["?", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "f2", "f4", "f8", "c8", "c16"]
UNITS = ["", "[Y]", "[D]", "[ns]", "[25s]", "[as]"]
# Characters that headers quote, escape or encode.
NAMES = st.text(st.sampled_from("abcdefO0_. 'é\"\\ß\n#{}[](),:µ大𝄞"), min_size=1, max_size=6)


@st.composite
def simple_dtypes(draw: Draw) -> np.dtype:
    kind = draw(st.sampled_from(["number"] * 4 + ["S", "U", "M8", "m8", "V"]))
    if kind == "number":
        return np.dtype(draw(ORDERS) + draw(st.sampled_from(NUMBERS)))
    if kind in ("M8", "m8"):
        return np.dtype(draw(ORDERS) + kind + draw(st.sampled_from(UNITS)))
    return np.dtype(f"{draw(ORDERS)}{kind}{draw(st.integers(0 if kind != 'V' else 1, 7))}")


@st.composite
def structures(draw: Draw, dtypes: st.SearchStrategy[np.dtype]) -> np.dtype:
    fields: list[Any] = []
    for name in draw(st.lists(NAMES, min_size=1, max_size=4, unique=True)):
        title = draw(st.none() | NAMES)
        shape = draw(st.just(()) | st.lists(st.integers(0, 3), min_size=1, max_size=2).map(tuple))
        fields.append((name if title is None else (title, name), draw(dtypes), shape))
    try:
        return np.dtype(fields, align=draw(st.booleans()))
    except ValueError:  # A title equals a name.
        reject()


DTYPES = st.recursive(simple_dtypes(), structures, max_leaves=6)


@st.composite
def arrays(draw: Draw, dtypes: st.SearchStrategy[np.dtype] = DTYPES, min_dims: int = 0) -> np.ndarray:
    dtype = draw(dtypes)
    shape = draw(hnp.array_shapes(min_dims=min_dims, max_dims=4, min_side=0, max_side=5))
    array = np.zeros(shape, dtype)
    fill(array, np.random.default_rng(draw(st.integers(0, 1000))))
    return array


TEXT = np.array(["", "a", "ß", "大き", "𝄞x𝄞", "a\0b", "\x7f\u07ff\uffff", "abcdefg"])


def fill(array: np.ndarray, rng: np.random.Generator) -> None:
    """Random bytes, for dtypes in which every byte is a value."""
    if array.dtype.names is not None:
        for name in array.dtype.names:
            fill(array[name], rng)
    elif array.dtype.kind == "U":
        array[...] = rng.choice(TEXT, array.shape)
    elif array.dtype.kind == "b":
        array[...] = rng.integers(0, 2, array.shape)
    elif array.dtype.itemsize:
        array[...] = np.frombuffer(rng.bytes(array.size * array.dtype.itemsize), array.dtype).reshape(array.shape)


# --- Spellings of headers --------------------------------------------------------------------------------------------

SPACE = ["", "", "", " ", "  ", "\t", "\n", "\r\n", " # comment }\n", "\f", " \\\n"]
ESCAPED = {"\\": "\\\\", "'": "\\'", '"': '\\"', "\n": "\\n"}


class Speller:
    """Writes values as Python literals. A seed chooses one of the many spellings."""

    def __init__(self, seed: int, version: int) -> None:
        self.choice = random.Random(seed).choice
        self.suffixes = ["", "L"] if version < 3 else [""]

    def spaced(self, value: Any) -> str:
        return self.choice(SPACE) + self.spelled(value) + self.choice(SPACE)

    def spelled(self, value: Any) -> str:
        if isinstance(value, bool):
            return str(value)
        if isinstance(value, str):
            return self.string(value)
        if isinstance(value, int):
            return self.number(value)
        if isinstance(value, dict):
            keys = sorted(value, key=lambda _: self.choice(range(100)))
            items = [f"{self.spaced(key)}:{self.spaced(value[key])}" for key in keys]
            return "{" + ",".join(items) + self.choice(["", ",", ", "]) + "}"
        items = [self.spaced(item) for item in value]
        comma = self.choice(["", ","]) if items else ""
        if isinstance(value, list):
            return "[" + ",".join(items) + comma + "]"
        return "(" + ",".join(items) + ("," if len(items) == 1 else comma) + ")"

    def string(self, text: str) -> str:
        if len(text) > 1 and self.choice(range(10)) == 0:
            cut = self.choice(range(1, len(text)))
            return self.string(text[:cut]) + " " + self.string(text[cut:])
        quotes = self.choice(["'", '"', "'''", '"""'])
        if self.choice([True, False]) and not set(text) & {*ESCAPED, *quotes}:
            return self.choice(["", "", "u", "r", "R", "U"]) + quotes + text + quotes
        return quotes + "".join(map(self.letter, text)) + quotes

    def letter(self, letter: str) -> str:
        point = ord(letter)
        ways = [f"\\U{point:08x}"]
        if point < 0x10000:
            ways.append(f"\\u{point:04X}")
        if point < 0x100:
            ways += [f"\\x{point:02x}", f"\\{point:03o}"]
        return self.choice([*ways, *[ESCAPED.get(letter, letter)] * 30])

    def number(self, number: int) -> str:
        ways = [str(number), str(number), hex(number), f"{number:#X}", oct(number), bin(number), f"0b0_{number:b}"]
        return self.choice(["", "", "", "+"]) + self.choice(ways) + self.choice(self.suffixes)


def descr_of(dtype: np.dtype) -> Any:
    return dtype.descr if dtype.names is not None else dtype.str


@st.composite
def npy_files(draw: Draw, array: np.ndarray) -> bytes:
    """An .npy of `array`: any version, order and spelling."""
    order = draw(st.sampled_from("CF"))
    version = draw(st.sampled_from([1, 2, 3]))
    seed = draw(st.integers(0, 1 << 32))
    facts = {"descr": descr_of(array.dtype), "fortran_order": order == "F", "shape": array.shape}
    header = Speller(seed, version).spelled(facts) if seed else repr(facts)
    header = draw(st.sampled_from(["", " ", "\n"])) + header + draw(st.sampled_from(["", "\n", " " * 60 + "\n", "#"]))
    if version < 3:
        # Characters beyond Latin-1 are escaped.
        header = "".join(c if ord(c) < 0x100 else f"\\U{ord(c):08x}" for c in header)
    return npy_bytes(header, version, array.tobytes(order) + draw(st.sampled_from([b"", b"after"])))


def npy_bytes(header: str, version: int, data: bytes) -> bytes:
    encoded = header.encode("utf-8" if version == 3 else "latin-1")
    return (
        b"\x93NUMPY" + bytes([version, 0]) + struct.pack("<H" if version == 1 else "<I", len(encoded)) + encoded + data
    )


def in_archive(method: int) -> Callable[[bytes], bytes]:
    def write(npy: bytes) -> bytes:
        file = io.BytesIO()
        with zipfile.ZipFile(file, "w", method) as archive:
            archive.writestr("x.npy", npy)
        return file.getvalue()

    return write


CONTAINERS: dict[str, Callable[[bytes], bytes]] = {
    "npy": lambda npy: npy,
    "gzip": lambda npy: gzip.compress(npy, 1, mtime=0),
    "stored": in_archive(zipfile.ZIP_STORED),
    "deflated": in_archive(zipfile.ZIP_DEFLATED),
}


# By day a header meets every parser in an .npy, and a codec in a deflated member.
CHOSEN = [pytest.param(name, marks=pytest.mark.nightly if name in ("gzip", "stored") else []) for name in CONTAINERS]


def key_of(container: str) -> str | None:
    return "x" if container in ("stored", "deflated") else None


def numpy_load(npy: bytes) -> np.ndarray | None:
    """The array of np.load; None if it refuses. It also raises exceptions of Python's tokenizer and NumPy's dtype()."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return np.load(io.BytesIO(npy), max_header_size=1 << 30)
        except Exception:
            return None


# --- The properties --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("container", CHOSEN)
@settings(SETTINGS, max_examples=400)
@given(st.data())
def test_any_array_in_any_spelling_is_what_numpy_reads(container: str, data: st.DataObject) -> None:
    array = data.draw(arrays())
    npy = data.draw(npy_files(array))
    loaded = numpy_load(npy)
    assert loaded is not None, "NumPy does not read what this test writes"
    assert_equal(tf_npz.decode(CONTAINERS[container](npy), key_of(container)), as_tensors(loaded))


@pytest.mark.parametrize("container", CHOSEN)
@settings(SETTINGS, max_examples=40)
@given(st.data())
def test_any_file_in_rows_and_batches_is_what_numpy_reads(tmp_path: Path, container: str, data: st.DataObject) -> None:
    npy = data.draw(npy_files(data.draw(arrays(min_dims=1))))
    path = tmp_path / "file"
    path.write_bytes(CONTAINERS[container](npy))
    array = numpy_load(npy)
    assert array is not None
    whole = as_tensors(array)
    rows = list(untuned(tf_npz.NpzReaderDataset(path, key_of(container))))
    assert len(rows) == len(array)
    for i, row in enumerate(rows):
        assert_equal(row, row_of(whole, i))
    size = data.draw(st.integers(1, 6))
    batches = list(untuned(tf_npz.NpzReaderDataset(path, key_of(container), batch_size=size)))
    assert len(batches) == -(-len(array) // size)
    for i, batch in enumerate(batches):
        assert_equal(batch, row_of(whole, slice(i * size, (i + 1) * size)))


# Tokens of headers, and tokens that headers must not have.
PIECES = [
    "'",
    '"',
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    ",",
    ":",
    " ",
    "\n",
    "#",
    "\\",
    "0",
    "1",
    "L",
    "_",
    "-",
    "+",
    "x",
    "<",
    ">",
    "|",
]
PIECES += [
    "=",
    ".",
    "e",
    "True",
    "False",
    "None",
    "descr",
    "shape",
    "'shape': (1,), ",
    "f4",
    "i2",
    "M8[s]",
    "(2,)",
    "\0",
    "\t",
    "é",
]
# Arrays of zeros. As strings they are empty, for any dtype that the mutation makes.
ZEROS = bytes(4096)
MUTATED = [
    {"descr": "<f4", "fortran_order": False, "shape": (3, 2)},
    {"descr": ">i8", "fortran_order": True, "shape": (12,)},
    {"descr": "|b1", "fortran_order": False, "shape": ()},
    {"descr": "<M8[ns]", "fortran_order": False, "shape": (2, 1, 2)},
    {"descr": [("a", "<f4"), ("b", "|S3", (2,))], "fortran_order": False, "shape": (3,)},
    {"descr": [(("t", "a"), [("b", "<u2")]), ("", "|V2")], "fortran_order": True, "shape": (2, 3)},
    {"descr": "f4,(2,)i2", "fortran_order": False, "shape": (3,)},
]


@st.composite
def mutated_headers(draw: Draw) -> str:
    header = draw(st.sampled_from(MUTATED).map(repr))
    for _ in range(draw(st.integers(1, 3))):
        at = draw(st.integers(0, len(header) - 1))
        removed = draw(st.integers(0, 3))
        header = header[:at] + draw(st.sampled_from(["", *PIECES])) + header[at + removed :]
        assume(header)
    return header


@settings(SETTINGS, max_examples=3000)
@given(mutated_headers(), st.sampled_from([1, 2, 3]))
def test_a_mutated_header_is_read_as_numpy_reads_it(header: str, version: int) -> None:
    npy = npy_bytes(header, version, ZEROS)
    expected = numpy_load(npy)
    assume(expected is None or expected.size < 10_000)
    try:
        value = tf_npz.decode(npy)
    except tf.errors.UnimplementedError:  # NumPy may load dtypes that cannot become tensors.
        return
    except tf.errors.InvalidArgumentError:
        assert expected is not None
        assert not tf.nest.flatten(as_tensors(expected)), "only what has no fields at all can't be asked for"
        return
    except tf.errors.DataLossError as error:
        if expected is not None:
            raise AssertionError(f"NumPy reads {header!r}") from error
        return
    assert expected is not None, f"NumPy does not read {header!r}"
    assert_equal(value, as_tensors(expected))
