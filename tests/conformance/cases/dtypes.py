"""Every kind of item: numbers, strings, times, raw bytes, structures, and kinds that no tensor can hold."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from ..model import DAMAGED, TOO_LARGE, UNSUPPORTED, Case, Refusal
from ..writers import filled, npy, npy_header, npy_of

DESCR = 'format 1.0, "descr"'
NUMBERS = ["i2", "i4", "i8", "u2", "u4", "u8", "f2", "f4", "f8", "c8", "c16"]
ORDERS = {"<": "little-endian", ">": "big-endian"}


def cases() -> Iterator[Case]:
    yield from numbers()
    yield from strings()
    yield from times()
    yield from raw_bytes()
    yield from structures()
    yield from ml_dtypes()
    yield from unsupported()


def of_array(name: str, shows: str, array: np.ndarray, **options: Any) -> Case:
    return Case(f"dtypes/{name}.npy", shows, DESCR, npy_of(array, **options), {None: array})


def refused(name: str, shows: str, contents: bytes, kind: str, numpy: str = "") -> Case:
    return Case(f"dtypes/{name}.npy", shows, DESCR, contents, {None: Refusal(kind)}, numpy)


# --- Numbers ---------------------------------------------------------------------------------------------------------


def numbers() -> Iterator[Case]:
    for code in ["i1", "u1"]:
        array = filled(code, (16,))
        yield of_array(f"{array.dtype.name}", f"{array.dtype.name}", array)
    for code in NUMBERS:
        for order, word in ORDERS.items():
            array = filled(order + code, (5, 3))
            yield of_array(f"{array.dtype.name}_{word}", f"{array.dtype.name}, {word}", array)
    yield of_array("bool", "bool: bytes 0 and 1", np.array([True, False, False, True]))
    # NumPy reads any other byte as True.
    header = npy_header("|b1", (5,))
    odd = npy(header, b"\x00\x01\x02\x80\xff")
    values = np.array([False, True, True, True, True])
    yield Case("dtypes/bool_other_bytes.npy", "bool: any byte but 0 is True", DESCR, odd, {None: values})
    for code in ["f2", "f4", "f8"]:
        for order, word in ORDERS.items():
            dtype = np.dtype(order + code)
            yield of_array(f"{dtype.name}_special_{word}", SPECIAL.format(dtype.name, word), special_floats(dtype))


SPECIAL = "{}, {}: zeros of both signs, infinities, subnormals, quiet and signalling NaNs with payloads"


def special_floats(dtype: np.dtype) -> np.ndarray:
    mantissa = {2: 10, 4: 23, 8: 52}[dtype.itemsize]
    sign = 1 << 8 * dtype.itemsize - 1
    infinity = (sign >> mantissa) - 1 << mantissa
    quiet = 1 << mantissa - 1
    bits = [0, sign, infinity, sign | infinity, 1, quiet - 1, infinity | quiet, infinity | 1, sign | infinity | 5]
    return np.array(bits, f"{dtype.byteorder}u{dtype.itemsize}").view(dtype)


# --- Strings ---------------------------------------------------------------------------------------------------------

TEXT = 'NumPy, "Data type objects", S and U'


def strings() -> Iterator[Case]:
    yield of_array("bytes_5", "byte strings S5 of all lengths", np.array([b"", b"a", b"abcd", b"abcde"], "S5"))
    yield of_array("bytes_1", "byte strings S1", np.array([b"a", b"", b"z"], "S1"))
    yield of_array(
        "bytes_embedded_nul", "S5 with NULs inside; those at the end are padding", raw(b"a\0b\0\0\0a\0\0\0", "S5")
    )
    yield of_array("bytes_all_nul", "S3 of NULs alone are empty strings", raw(bytes(9), "S3"))
    yield of_array(
        "bytes_high", "S4 of bytes beyond ASCII, which are no UTF-8", raw(b"\xff\xfe\x80\x00\xc3\x28\xe2\x82", "S4")
    )
    yield of_array("bytes_all", "S1 of every byte", raw(bytes(range(256)), "S1").reshape(16, 16))
    yield of_array("bytes_0d", "a 0-d S3, as scipy.sparse writes its format", np.array(b"csr"))
    yield of_array("bytes_long", "S1000", np.array([b"x" * 1000, b"y" * 999], "S1000"))
    yield of_array("bytes_fortran", "S2 in Fortran order", filled("S2", (3, 4)), order="F")
    yield of_array("bytes_0", "S0: strings of no bytes", np.zeros(3, "S0"))
    shows = "S0, of 2**40 items: strings that take no bytes in the file, and 24 TB in memory"
    huge = npy(npy_header("|S0", (1 << 40,)), b"")
    yield refused("bytes_0_huge", shows, huge, TOO_LARGE, "np.load needs no memory for items of no bytes")
    yield of_array("bytes_no_items", "S5, of no items", np.zeros((0, 2), "S5"))
    for order, word in ORDERS.items():
        dtype = f"{order}U5"
        yield of_array(f"text_5_{word}", f"U5, {word}, of all lengths", np.array(["", "a", "abcd", "abcde"], dtype))
        yield of_array(f"text_1_{word}", f"U1, {word}", np.array(["a", "", "ß"], f"{order}U1"))
        planes = np.array(["\x7f\x80", "\u07ff\u0800", "\uffff\U00010000", "\U0010ffff", "\ud7ff\ue000"], dtype)
        yield of_array(
            f"text_planes_{word}", f"U5, {word}: first and last code points of 1 to 4 bytes of UTF-8", planes
        )
        inside = code_points([97, 0, 98, 0, 0, 0, 97, 0, 0, 0], dtype)
        yield of_array(
            f"text_embedded_nul_{word}", f"U5, {word}, with NULs inside; those at the end are padding", inside
        )
        for name, point, numpy in [
            ("surrogate", 0xD800, "np.load does not look at code points"),
            ("last_surrogate", 0xDFFF, "np.load does not look at code points"),
            ("beyond_unicode", 0x110000, "np.load does not look at code points; to use the string fails"),
            ("negative", 0xFFFFFFFF, "np.load does not look at code points; to use the string fails"),
        ]:
            contents = npy_of(code_points([97, point, 98, 98], f"{order}U2"))
            shows = f"U2, {word}, with U+{point:04X}, which no UTF-8 can hold"
            yield refused(f"text_{name}_{word}", shows, contents, DAMAGED, numpy)
    yield of_array("text_0d", "a 0-d U4", np.array("text"))
    yield of_array("text_0", "U0: strings of no code points", np.zeros(2, "U0"))
    yield of_array("text_fortran", "U2 in Fortran order", np.array([["ab", "ß"], ["", "𝄞"], ["x", "yz"]]), order="F")
    pair = np.array(["\U0001d11e", "e\u0301"], "<U2")
    yield of_array("text_not_normalised", "U2 of an astral and of a combining code point, kept as they are", pair)


def raw(data: bytes, dtype: str) -> np.ndarray:
    return np.frombuffer(data, dtype)


def code_points(points: list[int], dtype: str) -> np.ndarray:
    return np.array(points, f"{dtype[0]}u4").view(dtype)


# --- Times -----------------------------------------------------------------------------------------------------------

UNITS = ["Y", "M", "W", "D", "h", "m", "s", "ms", "us", "ns", "ps", "fs", "as", "25s", "10ms", "7D"]
NOT_A_TIME = -(1 << 63)


def times() -> Iterator[Case]:
    for kind, word in [("M8", "datetime64"), ("m8", "timedelta64")]:
        for unit in UNITS:
            yield time(f"{word}_{unit}", f"{word}[{unit}]", f"<{kind}[{unit}]")
        yield time(f"{word}_generic", f"{word} without a unit", f"<{kind}")
        yield time(f"{word}_ns_big-endian", f"{word}[ns], big-endian", f">{kind}[ns]")
        yield time(f"{word}_generic_big-endian", f"{word} without a unit, big-endian", f">{kind}")
        fortran = np.arange(6).astype("<i8").view(f"<{kind}[s]").reshape(2, 3)
        yield of_array(f"{word}_fortran", f"{word}[s] in Fortran order", fortran, order="F")


def time(name: str, shows: str, dtype: str) -> Case:
    ticks = np.array([0, 1, -1, 1_234_567_890, (1 << 63) - 1, NOT_A_TIME], dtype[0] + "i8")
    return of_array(name, f"{shows}: also NaT, and the largest", ticks.view(dtype))


# --- Raw bytes -------------------------------------------------------------------------------------------------------


def raw_bytes() -> Iterator[Case]:
    for size in [1, 2, 3, 16]:
        yield of_array(f"void_{size}", f"V{size}: items of {size} raw bytes", filled(f"V{size}", (4,)))
    yield of_array("void_0d", "a 0-d V3", filled("V3"))
    yield of_array("void_0", "V0: items of no bytes", np.zeros(3, "V0"))
    yield of_array(
        "void_fortran", "V3 in Fortran order: items are reordered, their bytes are not", filled("V3", (2, 3)), order="F"
    )


# --- Structures ------------------------------------------------------------------------------------------------------

STRUCTURES: dict[str, tuple[str, Any]] = {
    "flat": ("two numbers, packed", [("x", "<f4"), ("y", "<i8")]),
    "one_field": ("a single field", [("x", "<f8")]),
    "many_types": (
        "a field of every kind",
        [(f"f{i}", code) for i, code in enumerate(["?", "i1", "<u2", "<f2", "<c8", "S3"])],
    ),
    "big_endian": ("big-endian fields", [("x", ">f4"), ("y", ">i8"), ("z", ">c16")]),
    "mixed_endian": ("fields of both byte orders", [("x", ">f4"), ("y", "<f4"), ("z", ">u2")]),
    "nested": ("a structure within a structure", [("a", "<i4"), ("b", [("c", "<f4"), ("d", "u1")])]),
    "nested_deep": ("four levels", [("a", [("b", [("c", [("d", "<i2")]), ("e", "u1")])])]),
    "subarray": ("a sub-array of shape (2, 3)", [("m", "<f4", (2, 3)), ("n", "<i4")]),
    "subarray_1": ("a sub-array of shape (1,)", [("m", "<f4", (1,))]),
    "subarray_big_endian": ("a big-endian sub-array", [("m", ">i2", (5,)), ("n", "u1")]),
    "subarray_empty": ("a sub-array of shape (0,)", [("m", "<f4", (0,)), ("n", "<i4")]),
    "subarray_of_structures": ("a sub-array of structures", [("p", [("x", "<f4"), ("y", "<f4")], (4,)), ("n", "u1")]),
    "subarrays_nested": ("sub-arrays on two levels", [("p", [("q", "<i2", (3,)), ("r", "u1")], (2,))]),
    "strings": ("byte strings and text", [("name", "<U4"), ("code", "S3"), ("x", "<f4")]),
    "text_big_endian": ("big-endian text", [("name", ">U3"), ("x", ">f4")]),
    "empty_string": ("a field S0 of no bytes", [("empty", "S0"), ("x", "<f4")]),
    "times": ("times with units", [("t", "<M8[ns]"), ("d", "<m8[s]"), ("big", ">M8[D]")]),
    "void": ("raw bytes", [("v", "V3"), ("x", "<f4")]),
    "odd_offsets": ("numbers at odd offsets", [("a", "u1"), ("b", "<f8"), ("c", "u1"), ("d", "<c16")]),
    "field_named_O": ("a field that is called O, and holds no objects", [("O", "<f4"), ("object", "<i4")]),
    "names_with_dots": (
        "names with dots, slashes, quotes",
        [("a.b", "<f4"), ("c/d", "<i4"), ("e'f\"", "u1"), ("[0]", "u1")],
    ),
    "names_with_spaces": ("names of and with spaces", [(" ", "<f4"), ("a b", "<i4"), (" c ", "u1")]),
    "names_like_keys": ("fields called descr and shape", [("descr", "<f4"), ("shape", "<i4"), ("fortran_order", "u1")]),
}


def structures() -> Iterator[Case]:
    for name, (what, fields) in STRUCTURES.items():
        yield of_array(f"struct_{name}", f"structure: {what}", structured(fields))
    aligned = structured(np.dtype([("a", "u1"), ("b", "<f8"), ("c", "<i2")], align=True))
    yield of_array(
        "struct_aligned", "structure with padding, as a C compiler lays it out: fields without a name", aligned
    )
    nested = np.dtype([("n", "u1"), ("p", np.dtype([("a", "u1"), ("b", "<i4")], align=True), (2,))], align=True)
    yield of_array("struct_aligned_nested", "padding within a sub-array of structures", structured(nested))
    tail = np.dtype({"names": ["a"], "formats": ["<f4"], "offsets": [0], "itemsize": 16})
    yield of_array("struct_padding_behind", "padding behind the last field alone", structured(tail))
    lead = np.dtype({"names": ["a"], "formats": ["<f4"], "offsets": [12], "itemsize": 16})
    yield of_array("struct_padding_before", "padding before the first field", structured(lead))
    titled = np.dtype([(("the first", "a"), "<f4"), (("the second", "b"), "<i4", (2,))])
    yield of_array("struct_titles", "titles beside names: (title, name)", structured(titled))
    yield of_array(
        "struct_names_latin1", "names in Latin-1, in a header 1.0", structured([("größe", "<f4"), ("é", "u1")])
    )
    wide = structured([("大きさ", "<f4"), ("𝄞", "u1")])
    yield of_array("struct_names_utf8", "names beyond Latin-1, in a header 3.0", wide, version=(3, 0))
    flat = [("x", "<f4"), ("y", "<i8")]
    yield of_array("struct_0d", "a 0-d structure", structured(flat, ()))
    yield of_array("struct_2d", "structures in two dimensions", structured(flat, (2, 3)))
    yield of_array("struct_fortran", "structures in Fortran order", structured(flat, (2, 3)), order="F")
    sub = [("m", "<i2", (2, 2)), ("n", "u1")]
    yield of_array(
        "struct_subarray_fortran",
        "Fortran order of items; sub-arrays stay in C order",
        structured(sub, (3, 2)),
        order="F",
    )
    yield of_array("struct_no_items", "structures, of no items", structured(flat, (0,)))
    yield of_array(
        "struct_300_fields", "300 fields: a header of 7 KB", structured([(f"field{i}", "u1") for i in range(300)])
    )
    header = npy_header([("", "<f4"), ("y", "u1")], (3,))
    array = structured([("y", "u1"), ("x", "<f4")])
    nameless = np.frombuffer(array.tobytes(), np.dtype({"names": ["", "y"], "formats": ["<f4", "u1"]}))
    shows = "a field whose name is empty, and which is no padding: it holds numbers"
    yield Case("dtypes/struct_empty_name.npy", shows, DESCR, npy(header, array.tobytes()), {None: nameless})
    shows = "a structure without fields: nothing to read"
    yield Case("dtypes/struct_empty.npy", shows, DESCR, npy(npy_header([], (2,)), b""), {None: np.zeros(2, [])})
    data = filled("u1", (24,)).tobytes()
    for name, shows, fields in [
        ("struct_duplicate_name", "two fields of one name", [("a", "<f4"), ("a", "<i4")]),
        ("struct_two_nameless", "two fields without a name that are no padding", [("", "<f4"), ("", "<i4")]),
        ("struct_title_is_a_name", "a title that is another field's name", [(("b", "a"), "<f4"), ("b", "<i4")]),
        ("struct_one_item_field", "a field of a name alone", [("a",)]),
        ("struct_four_item_field", "a field of four parts", [("a", "<f4", (1,), 0)]),
        ("struct_numeric_name", "a field whose name is a number", [(1, "<f4")]),
        ("struct_negative_subarray", "a sub-array of shape (-1,)", [("a", "<f4", (-1,)), ("b", "<f4")]),
        ("struct_huge_subarray", "a sub-array of over 2 GiB in each item", [("a", "<f8", (1 << 20, 1 << 20))]),
        ("struct_unknown_type", "a field of a type that there is not", [("a", "<f4"), ("b", "<x9")]),
    ]:
        yield refused(name, shows, npy(npy_header(fields, (3,)), data), DAMAGED)


def structured(fields: Any, shape: tuple[int, ...] = (3,)) -> np.ndarray:
    """Returns structures with a value in every field."""
    array = np.zeros(shape, fields)
    fill(array)
    return array


def fill(array: np.ndarray, path: str = "") -> None:
    if array.dtype.names is not None:
        for name in array.dtype.names:
            fill(array[name], f"{path}.{name}")
    elif array.dtype.kind == "U":
        text = "aß€𝄞"
        array[...] = np.array([text[i % 5 :] for i in range(array.size)], array.dtype).reshape(array.shape)
    elif array.dtype.itemsize:
        array[...] = filled(array.dtype, array.shape, path)


# --- Of other packages, and what no tensor is made of ----------------------------------------------------------------


def ml_dtypes() -> Iterator[Case]:
    """bfloat16 and similar types. np.save writes raw bytes, so a reader must be told the type."""
    bits = np.array([0, 0x3F80, 0xBF80, 0x7F80, 0x7FC0, 0x0001], "<u2")
    void = npy(npy_header("<V2", (6,)), bits.tobytes())
    shows = "bfloat16 as np.save writes it: <V2; raw bytes until a reader is told otherwise"
    yield Case("dtypes/bfloat16_saved.npy", shows, DESCR, void, {None: bits.view("V2")})
    names = npy(npy_header("bfloat16", (6,)), bits.tobytes())
    shows = "bfloat16 by its name, which NumPy knows once ml_dtypes is imported"
    expected = bits.view(_ml_dtype("bfloat16"))
    yield Case("dtypes/bfloat16_by_name.npy", shows, DESCR, names, {None: expected})
    saved = npy(npy_header("<f1", (2,)), b"\x3c\x40")
    shows = "float8_e5m2 as np.save writes it: <f1"
    expected = np.frombuffer(b"\x3c\x40", _ml_dtype("float8_e5m2"))
    yield Case("dtypes/float8_e5m2_saved.npy", shows, DESCR, saved, {None: expected}, "it is no type of NumPy's own")
    void = npy(npy_header("<V1", (5,)), bytes([0, 0x38, 0xB8, 0x7F, 1]))
    shows = "float8_e4m3fn as np.save writes it: <V1"
    yield Case("dtypes/float8_e4m3fn_saved.npy", shows, DESCR, void, {None: raw(bytes([0, 0x38, 0xB8, 0x7F, 1]), "V1")})


def _ml_dtype(name: str) -> Any:
    import ml_dtypes

    return getattr(ml_dtypes, name)


def unsupported() -> Iterator[Case]:
    no_tensor = "no tensor holds it; NumPy's does, on this machine"
    for name, descr, size, numpy in [
        ("float128", "<f16", 16, no_tensor),
        ("float128_big-endian", ">f16", 16, no_tensor),
        ("complex256", "<c32", 32, no_tensor),
        ("object", "|O", 0, ""),
        ("object_structure", [("a", "<f4"), ("b", "|O")], 0, ""),
        ("object_nested", [("a", "<f4"), ("b", [("c", "|O", (2,))])], 0, ""),
        ("float128_field", [("a", "<f4"), ("b", "<f16")], 20, no_tensor),
    ]:
        data = bytes(2 * size) or PICKLE
        yield refused(
            name,
            f"{descr!r}: well-formed, but {NO_TENSOR[not size]}",
            npy(npy_header(descr, (2,)), data),
            UNSUPPORTED,
            numpy,
        )
    string_dtype = npy(npy_header("|O", (2,)), PICKLE)
    yield refused("string_dtype", "StringDType, which np.save writes as |O and a pickle", string_dtype, UNSUPPORTED)
    yield refused(
        "string_dtype_by_letter", "descr 'T', StringDType's letter", npy(npy_header("T", (2,)), PICKLE), UNSUPPORTED
    )


NO_TENSOR = ["no tensor holds it", "a pickle, which is never loaded"]
# The bytes of pickle.dumps([None, None], protocol=4). np.save would pickle the whole array.
PICKLE = b"\x80\x04\x95\x07\x00\x00\x00\x00\x00\x00\x00]\x94(NNe."
