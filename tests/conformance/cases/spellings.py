"""The spellings of descr: all names of types that np.dtype accepts, and some that it refuses."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from ..model import DAMAGED, UNSUPPORTED, Case, Refusal
from ..writers import filled, npy, npy_header

DTYPES = 'NumPy, "Data type objects: specifying and constructing data types"'

BYTES = filled("u1", (24,)).tobytes()

# The spelling in the header, and the type.
SPELLINGS: dict[str, str] = {
    **dict.fromkeys(["f4", "=f4", "|f4", "f", "<f", "=f", "float32", "single"], "<f4"),
    **dict.fromkeys(["f8", "d", "float64", "double", "float", "=d"], "<f8"),
    **dict.fromkeys(["e", "half", "float16"], "<f2"),
    **dict.fromkeys(["F", "complex64", "csingle"], "<c8"),
    **dict.fromkeys(["D", "complex128", "cdouble", "complex"], "<c16"),
    **dict.fromkeys(["i1", "<i1", ">i1", "=i1", "b", "byte", "int8"], "|i1"),
    **dict.fromkeys(["u1", "<u1", ">u1", "B", "ubyte", "uint8"], "|u1"),
    **dict.fromkeys(["h", "short", "int16"], "<i2"),
    **dict.fromkeys(["H", "ushort", "uint16"], "<u2"),
    **dict.fromkeys(["i", "intc", "int32", "=i4"], "<i4"),
    **dict.fromkeys(["I", "uintc", "uint32"], "<u4"),
    **dict.fromkeys(["l", "q", "p", "n", "int", "long", "longlong", "intp", "int_", "int64"], "<i8"),
    **dict.fromkeys(["L", "Q", "P", "N", "uint", "ulong", "ulonglong", "uintp", "uint64"], "<u8"),
    **dict.fromkeys(["b1", "?", "<b1", ">?", "bool", "bool_"], "|b1"),
    **dict.fromkeys([">f4", ">f"], ">f4"),
    **dict.fromkeys([">i8", ">l", ">q"], ">i8"),
    **dict.fromkeys(["S5", "<S5", ">S5", "=S5", "a5"], "|S5"),
    **dict.fromkeys(["c", "S1"], "|S1"),
    **dict.fromkeys(["U2", "=U2", "|U2"], "<U2"),
    **dict.fromkeys(["V3", "<V3", ">V3"], "|V3"),
    **dict.fromkeys(["M8[s]", "=M8[s]", "datetime64[s]"], "<M8[s]"),
    **dict.fromkeys(["m8[25s]", "timedelta64[25s]"], "<m8[25s]"),
    "M8": "<M8",
    "datetime64": "<M8",
    "timedelta64": "<m8",
    "M8[3D/24]": "<M8[3h]",
    "m8[1s]": "<m8[s]",
    "M8[generic]": "<M8",
    ">M8[ns]": ">M8[ns]",
}

STRUCTURE_SPELLINGS: dict[str, list[Any]] = {
    "i4,f4": [("f0", "<i4"), ("f1", "<f4")],
    "<i4, >f4": [("f0", "<i4"), ("f1", ">f4")],
    "f4,": [("f0", "<f4")],
    "f4,(2,)f4": [("f0", "<f4"), ("f1", "<f4", (2,))],
    "(2,3)u1,i4": [("f0", "u1", (2, 3)), ("f1", "<i4")],
    "2f4,i4": [("f0", "<f4", (2,)), ("f1", "<i4")],
    "S3,U2,?": [("f0", "S3"), ("f1", "<U2"), ("f2", "?")],
}

UNKNOWN = [
    "f3",
    "i16",
    "u",
    "x4",
    "f4f4",
    " f4",
    "f4 ",
    "<<f4",
    "4",
    "float33",
    "Float32",
    "M8[ns",
    "M8[xs]",
    "M8[-1s]",
    "M8 [ns]",
    "S-1",
    "S2147483648",
    "U536870912",
    "f4;i4",
    "np.float32",
    "tuple",
    "<",
    "i4,,f4",
    "(2,f4",
]


def cases() -> Iterator[Case]:
    for text, code in SPELLINGS.items():
        array = filled(code, (4,))
        if array.dtype.kind == "U":
            array = np.array(["ab", "ß", "", "𝄞"], code)
        yield case(
            slug(text),
            f"descr {text!r} is {code}",
            npy(npy_header(text, (4,)), array.tobytes()),
            array,
        )
    for text, fields in STRUCTURE_SPELLINGS.items():
        array = np.zeros(4, fields)
        for field in array.dtype.names or ():
            array[field] = np.ones((), array[field].dtype)
        shows = f"descr {text!r} is a structure of fields f0, f1, ..."
        yield case(slug(text), shows, npy(npy_header(text, (4,)), array.tobytes()), array)
    field = np.frombuffer(BYTES, [("x", "<f4"), ("y", "<i4")])
    for name, descr in [
        ("lists_for_tuples", [["x", "<f4"], ["y", "<i4"]]),
        ("names_for_codes", [("x", "float32"), ("y", "i")]),
        ("no_subarray", [("x", "<f4", ()), ("y", "<i4", ())]),
    ]:
        contents = npy(npy_header(descr, (3,)), BYTES)
        yield case(f"fields_{name}", f"descr {descr!r}", contents, field)
    sub = np.frombuffer(BYTES, [("x", "<f4", (2,))])
    for name, descr in [
        ("subarray_by_number", [("x", "<f4", 2)]),
        ("subarray_by_list", [("x", "<f4", [2])]),
        ("subarray_by_pair", [("x", ("<f4", (2,)))]),
        ("subarray_by_text", [("x", "(2,)f4")]),
        ("subarray_by_count", [("x", "2f4")]),
    ]:
        contents = npy(npy_header(descr, (3,)), BYTES)
        yield case(f"fields_{name}", f"descr {descr!r}", contents, sub)
    for text in UNKNOWN:
        contents = npy(npy_header(text, (3,)), BYTES)
        yield case(f"unknown_{slug(text)}", f"descr {text!r} is no type", contents, Refusal(DAMAGED))
    for text in ["g", "longdouble", "float128", "G", "clongdouble", "complex256"]:
        contents = npy(npy_header(text, (1,)), bytes(32))
        shows = f"descr {text!r}: a type that no tensor holds"
        numpy = "NumPy has it, on this machine"
        yield case(f"unsupported_{slug(text)}", shows, contents, Refusal(UNSUPPORTED), numpy)
    for text in ["O", "object", "object_", "i4,O"]:
        contents = npy(npy_header(text, (1,)), BYTES)
        shows = f"descr {text!r}: a pickle, which is never loaded"
        yield case(f"unsupported_{slug(text)}", shows, contents, Refusal(UNSUPPORTED))


def case(name: str, shows: str, contents: bytes, expected: Any, numpy: str = "") -> Case:
    return Case(f"spellings/{name}.npy", shows, DTYPES, contents, {None: expected}, numpy)


SIGNS = {
    "<": "lt_",
    ">": "gt_",
    "=": "eq_",
    "|": "bar_",
    "?": "question",
    "[": "_",
    "]": "",
    ",": "_and_",
    "(": "of_",
    ")": "_",
    " ": "space",
    "/": "_by_",
    ";": "_semicolon_",
    "-": "minus",
}


def slug(text: str) -> str:
    """Returns a file name for a spelling. It is valid on all file systems, also on those that ignore case."""
    words = "".join(SIGNS.get(c, c) for c in text)
    return "".join(f"{c.lower()}-upper" if c.isupper() else c for c in words)
