"""Names of members: the names that np.load gives to arrays, and members that are not arrays."""

import struct
import zlib
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from ..model import DAMAGED, Case, InSomeVersions, Refusal
from ..writers import DEFLATED, UTF8, Member, archive, extra_field, filled, npy_of

X = filled("<f4", (3, 2))
Y = filled("<i8", (4,))
NPY = npy_of(X)
OTHER = npy_of(Y)
NAME = "APPNOTE 4.4.17"
KEYS = "np.load: names without .npy"


def cases() -> Iterator[Case]:
    for name, shows, members, expected in [
        ("plain", "x.npy is called x", {"x.npy": NPY, "y.npy": OTHER}, {"x": X, "y": Y}),
        ("no_suffix", "a member without .npy", {"x": NPY, "y.npy": OTHER}, {"x": X, "y": Y}),
        ("two_suffixes", "one .npy is taken off, not two", {"x.npy.npy": NPY, "y.npy": OTHER}, {"x.npy": X, "y": Y}),
        ("upper_case", ".NPY is no suffix", {"x.NPY": NPY}, {"x.NPY": X}),
        ("other_suffix", "an array under another suffix", {"x.dat": NPY}, {"x.dat": X}),
        ("nested", "names with slashes", {"d/e/x.npy": NPY, "d/y.npy": OTHER}, {"d/e/x": X, "d/y": Y}),
        ("backslash", "names with backslashes", {"d\\x.npy": NPY}, {"d\\x": X}),
        (
            "absolute",
            "names that are absolute, or lead outside",
            {"/x.npy": NPY, "../y.npy": OTHER},
            {"/x": X, "../y": Y},
        ),
        ("dots", "names with dots", {"a.b.npy": NPY, ".hidden.npy": OTHER}, {"a.b": X, ".hidden": Y}),
        ("spaces", "names with spaces", {" x .npy": NPY, "  .npy": OTHER}, {" x ": X, "  ": Y}),
        ("quotes", "names with quotes and brackets", {"a\"b'c.npy": NPY, "[0].npy": OTHER}, {"a\"b'c": X, "[0]": Y}),
        ("newline", "a name with a newline", {"a\nb.npy": NPY}, {"a\nb": X}),
        ("long", "a name of 1000 letters", {"x" * 1000 + ".npy": NPY}, {"x" * 1000: X}),
        ("longest", "a name of 65,535 letters", {"x" * 65535: NPY}, {"x" * 65535: X}),
        (
            "like_arguments",
            "names that np.savez uses itself",
            {"file.npy": NPY, "arr_0.npy": OTHER},
            {"file": X, "arr_0": Y},
        ),
        ("utf8", "names in UTF-8 (bit 11)", {"größe.npy": NPY, "大きさ.npy": OTHER}, {"größe": X, "大きさ": Y}),
        ("utf8_astral", "a name beyond the basic plane", {"𝄞.npy": NPY}, {"𝄞": X}),
        ("many", "900 members", {f"a{i}.npy": NPY for i in range(900)}, {f"a{i}": X for i in range(900)}),
    ]:
        contents = archive([Member(member, data) for member, data in members.items()])
        yield case(name, shows, KEYS if "suffix" in name or name == "plain" else NAME, contents, expected)
    yield from encodings()
    yield from same_names()
    yield from no_arrays()
    yield from sparse_matrices()


def case(name: str, shows: str, section: str, contents: bytes, expected: Mapping[str, Any], numpy: str = "") -> Case:
    return Case(f"names/{name}.npz", shows, section, contents, expected, numpy)


def encodings() -> Iterator[Case]:
    section = "APPNOTE 4.4.4 bit 11, appendix D"
    member = Member(b"gr\x94\xe1e.npy", NPY)
    yield case("cp437", "without bit 11 names are in code page 437", section, archive([member]), {"größe": X})
    letters = bytes(range(0x80, 0x100))
    decoded = letters.decode("cp437")
    yield case(
        "cp437_all", "all letters of code page 437 beyond ASCII", section, archive([Member(letters, NPY)]), {decoded: X}
    )
    member = Member("größe.npy".encode(), NPY)
    misread = "größe".encode().decode("cp437")
    yield case(
        "utf8_without_bit_11",
        "UTF-8 without bit 11 is code page 437 all the same",
        section,
        archive([member]),
        {misread: X},
    )
    ascii_utf8 = Member("x.npy", NPY, flags=UTF8)
    yield case("ascii_with_bit_11", "ASCII with bit 11", section, archive([ascii_utf8]), {"x": X})
    broken = archive([Member("x.npy", NPY), Member(b"\xff\xfe.npy", OTHER, flags=UTF8)])
    shows = "a name with bit 11 that is no UTF-8 leaves the other arrays readable; it is shown escaped"
    expected = {"x": X, "\\xff\\xfe": Y}
    yield case("utf8_broken", shows, section, broken, expected, "Python's zipfile refuses the archive")
    member = Member(b"x\0y.npy", NPY)
    # zipfile cuts a name at its first NUL.
    shows = "a NUL ends a name"
    yield case("nul", shows, NAME, archive([member]), {"x": X})
    crc = struct.pack("<I", zlib.crc32(b"x.npy"))
    for name, shows, data, numpy in [
        (
            "unicode_path",
            "with another name: the header's counts",
            b"\x01" + crc + b"y.npy",
            "Python 3.12 and newer take it",
        ),
        ("unicode_path_cut_off", "that is cut off", b"\x01" + crc[:2], "Python 3.12 and newer refuse the archive"),
    ]:
        member = Member("x.npy", NPY, central_extra=extra_field(0x7075, data))
        shows = f"a Unicode Path field {shows}"
        yield case(name, shows, "APPNOTE 4.6.9", archive([member]), {"x": X}, InSomeVersions(numpy))


def same_names() -> Iterator[Case]:
    twice = archive([Member("x.npy", OTHER), Member("x.npy", NPY)])
    yield case("duplicate", "of two members of one name the last counts", KEYS, twice, {"x": X})
    thrice = archive(
        [Member("x.npy", OTHER, DEFLATED), Member("y.npy", OTHER), Member("x.npy", OTHER), Member("x.npy", NPY)]
    )
    yield case("duplicate_thrice", "of three too", KEYS, thrice, {"x": X, "y": Y})
    order = archive([Member("x.npy", NPY), Member("x.npy", OTHER)], order=[1, 0])
    yield case("duplicate_by_directory", "the last in the directory, not in the file", KEYS, order, {"x": X})
    both = archive([Member("x", NPY), Member("x.npy", OTHER)])
    yield case("with_and_without_suffix", "of x and x.npy, x is x", KEYS, both, {"x": X})
    both = archive([Member("x.npy", OTHER), Member("x", NPY)])
    yield case("without_and_with_suffix", "in this order too", KEYS, both, {"x": X})
    both = archive([Member("x.npy.npy", NPY), Member("x.npy", OTHER)])
    yield case(
        "one_and_two_suffixes",
        "x.npy.npy is x.npy, and x.npy is x; but x.npy by its whole name is x",
        KEYS,
        both,
        {"x.npy": Y, "x": Y},
    )
    lonely = archive([Member(".npy", NPY), Member("y.npy", OTHER)])
    yield case("empty", "an array whose name is empty but for .npy", KEYS, lonely, {"": X, "y": Y})
    empty = archive([Member("", NPY), Member("y.npy", OTHER)])
    yield case("empty_at_all", "a member whose name is empty at all", NAME, empty, {"": X, "y": Y})


def no_arrays() -> Iterator[Case]:
    section = "np.load: members that are no arrays"
    text = Member("readme.txt", b"hello\n")
    yield case("text", "a member that is text is no array", section, archive([text, Member("x.npy", NPY)]), {"x": X})
    yield case("text_alone", "an archive without arrays", section, archive([text]), {})
    for name, shows, data in [
        ("text_called_npy", "text under a name with .npy", b"not an array"),
        ("empty_member", "a member of no bytes under a name with .npy", b""),
        ("short_member", "a member with .npy that ends within the magic", NPY[:5]),
    ]:
        contents = archive([Member("y.npy", data), Member("x.npy", NPY)])
        expected = {"y": Refusal(DAMAGED), "x": X}
        yield case(name, f"{shows} is a damaged array", section, contents, expected, "np.load gives its bytes")
    folders = [Member("d/"), Member("d/e/"), Member("d/e/x.npy", NPY)]
    yield case("folders", "entries of folders", "APPNOTE 4.3.8", archive(folders), {"d/e/x": X})
    nested = archive([Member("y.npy", OTHER)])
    yield case(
        "archive_within",
        "an archive within the archive is no array",
        section,
        archive([Member("a.npz", nested), Member("x.npy", NPY)]),
        {"x": X},
    )
    cut = archive([Member("x.npy", NPY), Member("y.npy", NPY[:-1]), Member("z.npy", OTHER)])
    expected = {"x": X, "y": Refusal(DAMAGED), "z": Y}
    yield case("one_damaged", "an array that is cut off leaves the others readable", section, cut, expected)
    behind = archive([Member("x.npy", NPY + b"more"), Member("y.npy", OTHER + bytes(70_000), DEFLATED)])
    yield case("bytes_behind", "bytes behind an array within its member", section, behind, {"x": X, "y": Y})


def sparse_matrices() -> Iterator[Case]:
    """The file of scipy.sparse.save_npz: ordinary arrays, one of them a byte string without dimensions."""
    values = np.array([1.5, -2.0, 3.25])
    indices, indptr = np.array([0, 2, 1], "<i4"), np.array([0, 2, 2, 3], "<i4")
    shape = np.array([3, 3], "<i8")
    blocks = np.arange(8.0).reshape(2, 2, 2)
    for layout, arrays in {
        "csr": {"indices": indices, "indptr": indptr, "shape": shape, "data": values},
        "csc": {"indices": indices, "indptr": indptr, "shape": shape, "data": values},
        "bsr": {
            "indices": indices[:2],
            "indptr": np.array([0, 1, 2], "<i4"),
            "shape": np.array([4, 4], "<i8"),
            "data": blocks,
        },
        "coo": {"row": indices, "col": indices[::-1].copy(), "shape": shape, "data": values},
        "dia": {"offsets": np.array([0, 1], "<i4"), "shape": shape, "data": np.arange(6.0).reshape(2, 3)},
    }.items():
        arrays = {"format": np.array(layout.encode()), **arrays}
        for method, word in [(0, "stored"), (DEFLATED, "deflated")]:
            members = [Member(f"{name}.npy", npy_of(array), method) for name, array in arrays.items()]
            shows = f"a sparse matrix as scipy.sparse.save_npz writes it: {layout}, {word}"
            yield case(f"scipy_{layout}_{word}", shows, "scipy.sparse.save_npz", archive(members), arrays)
