""".npy files in gzip, as many programs write them: .npy.gz. np.load cannot read them; gzip.open opens them first."""

import struct
from collections.abc import Iterator
from typing import Any

import numpy as np

from ..model import DAMAGED, UNSUPPORTED, Case, Refusal
from ..writers import Member, archive, filled, gzip_member, npy_of

X = filled("<f4", (300, 3))
NPY = npy_of(X)
NOT_BY_ITSELF = "np.load refuses gzip, unless it is given gzip.open's file"


def cases() -> Iterator[Case]:
    for level in (0, 1, 6, 9):
        yield case(f"level_{level}", f"compressed at level {level}", "2.3", gzip_member(NPY, level=level))
    yield from fields()
    yield from members()
    for dtype in ["u1", ">i8", "<c16", "S5"]:
        array = filled(dtype, (5, 2))
        shows = f"items of {array.dtype}"
        yield case(f"dtype_{array.dtype.name}", shows, "2.3", gzip_member(npy_of(array)), array)
    yield case("fortran", "in Fortran order", "2.3", gzip_member(npy_of(X, order="F")))
    yield case("scalar", "a 0-d array", "2.3", gzip_member(npy_of(np.array(1.5))), np.array(1.5))
    yield case("no_items", "an array without items", "2.3", gzip_member(npy_of(X[:0])), X[:0])
    yield case("version_3.0", "a header 3.0", "2.3", gzip_member(npy_of(X, version=(3, 0))))
    large = np.arange(500_000, dtype="<i4").reshape(-1, 4) // 7
    yield case("2_mb", "2 MB", "2.3", gzip_member(npy_of(large)), large)
    fields_of = np.zeros(3, [("x", "<f4"), ("n", "<i2", (2,))])
    yield case("struct", "structures", "2.3", gzip_member(npy_of(fields_of)), fields_of)
    yield case("bytes_behind_array", "bytes behind the array within the gzip", "2.3", gzip_member(NPY + b"more"))
    yield from refused()


def case(name: str, shows: str, section: str, contents: bytes, expected: Any = X) -> Case:
    numpy = "" if isinstance(expected, Refusal) else NOT_BY_ITSELF
    return Case(f"gzip/{name}.npy.gz", shows, f"RFC 1952, {section}", contents, {None: expected}, numpy)


def fields() -> Iterator[Case]:
    for name, shows, options in [
        ("name", "FNAME: a file's name", {"name": b"x.npy"}),
        ("name_empty", "FNAME: an empty name", {"name": b""}),
        ("comment", "FCOMMENT: a comment", {"comment": b"made by hand"}),
        ("extra", "FEXTRA: an extra field", {"extra": b"ab\x04\x00data"}),
        ("extra_empty", "FEXTRA: an extra field of no bytes", {"extra": b""}),
        ("extra_longest", "FEXTRA: an extra field of 65,535 bytes", {"extra": bytes(65535)}),
        ("header_crc", "FHCRC: a CRC of the header", {"header_crc": True}),
        ("text", "FTEXT: claims to be text", {"text": True}),
        ("mtime", "a time", {"mtime": 1_700_000_000}),
        (
            "all_fields",
            "all fields",
            {"text": True, "extra": b"ab\0\0", "name": b"x", "comment": b"y", "header_crc": True},
        ),
    ]:
        yield case(f"header_{name}", shows, "2.3.1", gzip_member(NPY, **options))


def members() -> Iterator[Case]:
    section = "2.2"
    two = gzip_member(NPY[:1000]) + gzip_member(NPY[1000:])
    yield case("members_2", "two members: what is in them is one file", section, two)
    many = b"".join(gzip_member(NPY[i : i + 64]) for i in range(0, len(NPY), 64))
    yield case("members_many", "a member for each 64 bytes", section, many)
    header = gzip_member(NPY[:50]) + gzip_member(NPY[50:])
    yield case("members_split_header", "members that meet within the header", section, header)
    empty = gzip_member(b"") + gzip_member(NPY) + gzip_member(b"")
    yield case("members_empty", "members of nothing around it", section, empty)
    bgzf = b"".join(bgzf_block(NPY[i : i + 2000]) for i in range(0, len(NPY), 2000)) + bgzf_block(b"")
    yield case("members_bgzf", "blocks as bgzip writes them: sizes in extra fields, an empty block last", section, bgzf)
    yield case(
        "zeros_behind", "zeros behind the last member, as tapes have them", section, gzip_member(NPY) + bytes(512)
    )
    yield case(
        "zeros_between", "zeros between members", section, gzip_member(NPY[:99]) + bytes(3) + gzip_member(NPY[99:])
    )


def bgzf_block(data: bytes) -> bytes:
    size = len(gzip_member(data, extra=b"BC\x02\x00\x00\x00")) - 1
    return gzip_member(data, extra=b"BC\x02\x00" + struct.pack("<H", size))


def refused() -> Iterator[Case]:
    whole = gzip_member(NPY)
    trailer = len(whole) - 8
    for name, shows, section, contents in [
        ("crc_wrong", "a wrong CRC-32", "2.3.1", gzip_member(NPY, crc32=1)),
        ("size_wrong", "a wrong ISIZE", "2.3.1", gzip_member(NPY, isize=len(NPY) + 1)),
        ("size_0", "an ISIZE of 0", "2.3.1", gzip_member(NPY, isize=0)),
        (
            "crc_wrong_first",
            "a wrong CRC-32 of the first of two members",
            "2.3.1",
            gzip_member(NPY[:99], crc32=1) + gzip_member(NPY[99:]),
        ),
        ("header_crc_wrong", "a wrong CRC of the header", "2.3.1", gzip_member(NPY, header_crc=0x1234)),
        ("method_unknown", "a compression method that is not 8", "2.3.1", gzip_member(NPY, method=7)),
        ("flags_reserved", "a reserved flag", "2.3.1", gzip_member(NPY, reserved=0x20)),
        ("garbage_behind", "bytes behind the last member that are no member", "2.2", whole + b"garbage behind"),
        ("cut_off_header", "cut off within the header", "2.3", whole[:6]),
        ("cut_off_name", "cut off within the name", "2.3", gzip_member(NPY, name=b"a long name")[:15]),
        ("cut_off_data", "cut off within the data", "2.3", whole[: len(whole) // 2]),
        ("cut_off_before_trailer", "cut off before the trailer", "2.3", whole[:trailer]),
        ("cut_off_trailer", "cut off within the trailer", "2.3", whole[:-3]),
        (
            "cut_off_second_member",
            "the second of two members is cut off",
            "2.2",
            gzip_member(NPY[:99]) + gzip_member(NPY[99:])[:-30],
        ),
        ("second_member_missing", "the second of two members is missing", "2.2", gzip_member(NPY[:99])),
        (
            "data_damaged",
            "a byte of the data is flipped",
            "2.3",
            whole[:200] + bytes([whole[200] ^ 0x55]) + whole[201:],
        ),
        ("empty", "nothing is in it", "2.3", gzip_member(b"")),
        ("not_an_array", "text is in it", "2.3", gzip_member(b"hello\n" * 20)),
        ("array_cut_off", "an array that is cut off is in it", "2.3", gzip_member(NPY[:-1])),
    ]:
        yield case(name, f"refused: {shows}", section, contents, Refusal(DAMAGED))
    npz = gzip_member(archive([Member("x.npy", NPY)]))
    yield case(
        "npz_within", "an archive within gzip, which would have to be unpacked whole", "2.3", npz, Refusal(UNSUPPORTED)
    )
    yield case("gzip_within", "gzip within gzip", "2.3", gzip_member(whole), Refusal(UNSUPPORTED))
    objects = gzip_member(npy_of(np.zeros(2, "<f16")))
    yield case("unsupported_dtype", "an array of which no tensor is made", "2.3", objects, Refusal(UNSUPPORTED))
