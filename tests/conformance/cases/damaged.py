"""Files that are cut off, declare wrong sizes, or are altered; and files of other formats."""

from collections.abc import Iterator

import numpy as np

from ..model import DAMAGED, Case, Expected, InSomeVersions, Refusal
from ..writers import DEFLATED, SEE_ZIP64, Member, archive, deflate, filled, local_part, npy, npy_header, npy_of

X = filled("<f4", (50, 2))
Y = filled("<i8", (4,))
NPY, OTHER = npy_of(X), npy_of(Y)
BAD = Refusal(DAMAGED)


def cases() -> Iterator[Case]:
    yield from cut_off()
    yield from other_formats()
    yield from members_that_lie()
    yield from directories_that_lie()
    yield from altered()
    yield from bombs()


def cut_off() -> Iterator[Case]:
    for version, fields in [
        (
            1,
            dict(
                zip(
                    [3, 6, 7, 8, 9, 10, 40, 127],
                    ["magic", *["version"] * 2, *["HEADER_LEN"] * 2, *["header"] * 3],
                    strict=True,
                )
            ),
        ),
        (2, {8: "HEADER_LEN", 11: "HEADER_LEN", 12: "header", 60: "header"}),
    ]:
        contents = npy_of(X, version=(version, 0))
        for length, field in fields.items():
            shows = f"version {version}.0, cut off at byte {length}: in {field}"
            yield npy_case(f"cut_off_{version}.0_at_{length:03}", shows, contents[:length])
    yield npy_case("cut_off_before_data", "cut off before the data", NPY[:128])
    yield npy_case("cut_off_in_item", "cut off within an item", NPY[:131])
    yield npy_case("cut_off_last_byte", "the last byte is missing", NPY[:-1])
    yield npy_case("cut_off_last_row", "the last row is missing", NPY[:-8])
    yield npy_case("cut_off_fortran", "the last byte is missing, in Fortran order", npy_of(X, order="F")[:-1])
    for name, method in [("stored", 0), ("deflated", DEFLATED)]:
        contents = archive([Member("x.npy", NPY, method), Member("y.npy", OTHER, method)])
        # Cases are named by the place, not by the length: the length of deflated data depends on Python's zlib.
        for length, where in [
            (2, "in the signature"),
            (20, "in the local header"),
            (33, "in the name"),
            (100, "in the data"),
            (contents.index(b"PK\x01\x02"), "before the directory"),
            (contents.index(b"PK\x05\x06"), "before the end record"),
            (len(contents) - 5, "in the end record"),
            (len(contents) - 1, "before the last byte"),
        ]:
            shows = f"{name} members, cut off {where}"
            place = where.replace(" the", "").replace(" ", "_")
            yield Case(f"damaged/cut_off_{name}_{place}.npz", shows, "APPNOTE 4.3.6", contents[:length], BAD)


def npy_case(name: str, shows: str, contents: bytes) -> Case:
    return Case(f"damaged/{name}.npy", shows, "format 1.0 to 3.0", contents, {None: BAD})


def other_formats() -> Iterator[Case]:
    for name, shows, contents in [
        ("empty.npy", "a file of no bytes", b""),
        ("empty.npz", "an .npz of no bytes", b""),
        ("one_byte.npy", "a file of one byte", b"\x93"),
        ("text.npy", "text", b"1.0 2.0 3.0\n" * 20),
        ("zeros.npy", "zeros", bytes(200)),
        (
            "pickle.npy",
            "a pickle, as np.save wrote before there was a format",
            b"\x80\x04\x95\x07\0\0\0\0\0\0\0]\x94(K\x01K\x02e.",
        ),
        ("magic_lower_case.npy", "the magic in lower case", b"\x93numpy" + NPY[6:]),
        ("magic_first_byte.npy", "another first byte of the magic", b"\x92" + NPY[1:]),
        ("magic_utf8.npy", "the file was taken for Latin-1 and written as UTF-8", NPY.decode("latin-1").encode()),
        ("leading_byte.npy", "a byte before the magic", b"\n" + NPY),
        ("hdf5.npz", "an HDF5 file", b"\x89HDF\r\n\x1a\n" + bytes(100)),
        ("zip_magic_alone.npz", "a zip archive's first four bytes alone", b"PK\x03\x04"),
        ("zip_magic_and_zeros.npz", "a zip archive's first four bytes, and zeros", b"PK\x03\x04" + bytes(200)),
        ("html.npz", "a web page, as failed downloads are", b"<!DOCTYPE html><html><title>404</title></html>"),
    ]:
        yield Case(f"damaged/{name}", f"something else: {shows}", "magic", contents, BAD)
    # The magic alone decides about the format, not the name of the file.
    yield Case("damaged/an_npy_called.npz", "an .npy that is called .npz is an .npy", "magic", NPY, {None: X})
    contents = archive([Member("x.npy", NPY)])
    yield Case("damaged/an_npz_called.npy", "an .npz that is called .npy is an .npz", "magic", contents, {"x": X})


def npz_case(name: str, shows: str, section: str, contents: bytes, x: Expected = BAD, numpy: str = "") -> Case:
    """The expected results of an archive with a damaged member x and a readable member y."""
    return Case(f"damaged/{name}.npz", shows, section, contents, {"x": x, "y": Y}, numpy)


NO_FURTHER = "np.load looks no further than the array's end"
NO_OVERLAPS = InSomeVersions("Python refuses overlaps since its fix of CVE-2024-0450")
PACKED = len(deflate(NPY))

# Wrong fields in the directory, for a stored and for a deflated member.
LIES: list[tuple[str, str, str, int, dict[str, int], str]] = [
    ("size_larger_stored", "a size larger than its bytes", "4.4.9", 0, {"uncompressed_size": 1000}, NO_FURTHER),
    ("size_smaller_stored", "a size smaller than its bytes", "4.4.9", 0, {"uncompressed_size": 400}, ""),
    ("size_larger_deflated", "a size larger than its bytes", "4.4.9", 8, {"uncompressed_size": 1000}, NO_FURTHER),
    ("size_smaller_deflated", "a size smaller than its bytes", "4.4.9", 8, {"uncompressed_size": 400}, ""),
    ("compressed_size_smaller", "too few compressed bytes", "4.4.8", 8, {"compressed_size": PACKED - 9}, ""),
    ("compressed_size_0", "no compressed bytes", "4.4.8", 8, {"compressed_size": 0}, ""),
    ("offset_past_end", "an offset past the file's end", "4.4.16", 0, {"local_header_offset": 1 << 30}, ""),
    ("offset_wrong", "an offset that leads into its data", "4.4.16", 0, {"local_header_offset": 230}, ""),
    ("offset_in_directory", "an offset that leads into the directory", "4.4.16", 0, {"local_header_offset": 810}, ""),
    ("crc_stored", "a wrong CRC-32", "4.4.7", 0, {"crc32": 1}, ""),
    ("crc_deflated", "a wrong CRC-32", "4.4.7", 8, {"crc32": 1}, ""),
    ("crc_0", "a CRC-32 of 0", "4.4.7", 0, {"crc32": 0}, ""),
]


def members_that_lie() -> Iterator[Case]:
    good = Member("y.npy", OTHER)
    for name, what, section, method, claims, numpy in LIES:
        contents = archive([good, Member("x.npy", NPY, method, central=claims)])
        shows = f"a {'deflated' if method else 'stored'} member with {what}"
        yield npz_case(name, shows, f"APPNOTE {section}", contents, numpy=numpy)
    for name, shows, size, numpy in [
        ("sizes_smaller_stored", "a stored member both of whose sizes end within the data", 400, ""),
        ("sizes_past_end", "a stored member that reaches past the file's end", 1 << 30, NO_OVERLAPS),
    ]:
        claims = {"uncompressed_size": size, "compressed_size": size}
        contents = archive([good, Member("x.npy", NPY, central=claims)])
        yield npz_case(name, shows, "APPNOTE 4.4.8, 4.4.9", contents, numpy=numpy)
    for name, what, options in [
        ("local_name_differs", "another name of the same length", {"local_name": b"z.npy"}),
        ("local_name_longer", "a longer name", {"local_name": b"xx.npy"}),
        ("local_extra_past_end", "an extra field past the file's end", {"local": {"extra_length": 60_000}}),
        ("local_extra_into_data", "an extra field that reaches into the data", {"local": {"extra_length": 10}}),
    ]:
        contents = archive([good, Member("x.npy", NPY, **options)])
        yield npz_case(name, f"a local header with {what}", "APPNOTE 4.3.7", contents)
    contents = archive([good, Member("x.npy", NPY)])
    second = contents.rindex(b"PK\x03\x04")
    contents = contents[:second] + b"PK\x03\x05" + contents[second + 4 :]
    yield npz_case("local_signature", "a local header without its signature", "APPNOTE 4.3.7", contents)


def directories_that_lie() -> Iterator[Case]:
    members = [Member("x.npy", NPY), Member("y.npy", OTHER)]
    for name, shows, section, end in [
        ("directory_past_end", "a directory that lies past the file's end", "4.4.24", {"directory_offset": 1 << 30}),
        (
            "directory_size_larger",
            "a directory that is larger than what is before its end record",
            "4.4.23",
            {"directory_size": 1 << 30},
        ),
        ("directory_size_smaller", "a directory that ends within a header", "4.4.23", {"directory_size": 60}),
        (
            "directory_offset_0",
            "a directory that is said to be where the first member is",
            "4.4.24",
            {"directory_offset": 0},
        ),
        (
            "zip64_missing",
            "an end record that refers to a zip64 end record which there is not",
            "4.4.1.4",
            {"directory_size": SEE_ZIP64, "directory_offset": SEE_ZIP64},
        ),
    ]:
        yield Case(f"damaged/{name}.npz", shows, f"APPNOTE {section}", archive(members, end=end), BAD)
    whole = archive(members)
    broken = whole.replace(b"PK\x01\x02", b"PK\x01\x03", 1)
    yield Case(
        "damaged/directory_signature.npz", "a directory header without its signature", "APPNOTE 4.3.12", broken, BAD
    )
    named = archive([Member("x.npy", NPY, central={"name_length": 60_000}), Member("y.npy", OTHER)])
    shows = "a directory header whose name is longer than the directory"
    yield Case("damaged/directory_name_length.npz", shows, "APPNOTE 4.3.12", named, BAD)
    # Python's zipfile finds members by the place and the size in the end record, so it can read this file.
    counts = archive(members, end={"entry_count": 60_000, "entries_on_disk": 60_000})
    shows = "more members than the directory has room for: the directory counts"
    yield Case("damaged/count_too_high.npz", shows, "APPNOTE 4.4.22", counts, {"x": X, "y": Y})
    nothing = archive(members, end={"directory_size": 0})
    shows = "a directory of no bytes: an archive without members, whatever stands before"
    yield Case("damaged/directory_size_0.npz", shows, "APPNOTE 4.4.23", nothing, {})


def altered() -> Iterator[Case]:
    for name, method in [("stored", 0), ("deflated", DEFLATED)]:
        member = Member("x.npy", NPY, method)
        contents = bytearray(archive([member, Member("y.npy", OTHER)]))
        contents[len(local_part(member)) - 40] ^= 0x10
        shows = f"a bit of a {name} member's data is flipped"
        yield npz_case(f"bit_flipped_{name}", shows, "APPNOTE 4.4.7", bytes(contents))
        contents = bytearray(archive([member, Member("y.npy", OTHER)]))
        contents[50:60] = bytes(10)
        shows = f"ten bytes at the beginning of a {name} member's data are zeros"
        yield npz_case(f"zeroed_{name}", shows, "APPNOTE 4.4.7", bytes(contents))


def bombs() -> Iterator[Case]:
    zeros = np.zeros(16 << 20, "u1")
    contents = archive([Member("x.npy", npy_of(zeros), DEFLATED, level=9)])
    shows = "16 MiB of zeros in 16 KiB: a file like others"
    yield Case("damaged/zeros_16_mib.npz", shows, "RFC 1951", contents, {"x": zeros})
    for name, method in [("stored", 0), ("deflated", DEFLATED)]:
        bomb = npy(npy_header("|u1", (8 << 30,)), bytes(100))
        body = bomb if method == 0 else deflate(bomb)
        claims = {"uncompressed_size": 0xFFFFFFF0}
        liar = Member("x.npy", bomb, method, body, central=claims)
        contents = archive([liar, Member("y.npy", OTHER)])
        shows = f"a {name} member that claims 4 GiB, in a file of 1 KB"
        yield npz_case(f"claims_4_gib_{name}", shows, "APPNOTE 4.4.9", contents)
        contents = archive([Member("x.npy", bomb, method), Member("y.npy", OTHER)])
        shows = f"a {name} array of 8 GiB by its header, in a file of 1 KB"
        yield npz_case(f"declares_8_gib_{name}", shows, "format 1.0", contents)
    member = Member("x.npy", NPY)
    first = local_part(member)
    # Two entries of the directory share the same bytes.
    again = Member("x.npy", NPY)
    twice = archive([member, again, Member("y.npy", OTHER)], order=[0, 0, 2])
    shows = "the directory lists the same bytes twice, under one name"
    numpy = InSomeVersions("Python refuses it from its fix of CVE-2024-0450 to that of gh-117779")
    yield Case("damaged/overlap_same_name.npz", shows, "APPNOTE 4.3.6", twice, {"x": X, "y": Y}, numpy)
    inner = Member("x.npy", NPY)
    outer = b"z.npy"
    nested = Member(outer, local_part(inner))
    inside = len(local_part(nested)) - len(first)
    entries = [nested, Member("x.npy", NPY, central={"local_header_offset": inside}), Member("y.npy", OTHER)]
    overlapping = archive(entries)
    shows = "a member within the data of another one, as zip bombs have it"
    expected: dict[str | None, Expected] = {"z": BAD, "x": X, "y": Y}
    numpy = InSomeVersions("before Python's fix of CVE-2024-0450 np.load gives z as bytes")
    yield Case("damaged/overlap_nested.npz", shows, "APPNOTE 4.3.6", overlapping, expected, numpy)
