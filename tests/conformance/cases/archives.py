"""Zip archives: how members are stored, zip64, data descriptors, extra fields, comments, order, and odd layouts."""

import bz2
import itertools
import lzma
import struct
import zlib
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from ..model import DAMAGED, UNSUPPORTED, Case, Expected, InSomeVersions, Refusal
from ..writers import (
    DEFLATED,
    ENCRYPTED,
    STORED,
    Member,
    archive,
    deflate,
    extra_field,
    filled,
    npy_of,
    zip64_extra,
)

X = filled("<f4", (300, 2))
Y = np.arange(1000, dtype="<i8").reshape(10, 100)
NPY, OTHER = npy_of(X), npy_of(Y)
BOTH: Mapping[str | None, Expected] = {"x": X, "y": Y}


def cases() -> Iterator[Case]:
    yield from methods()
    yield from deflate_streams()
    yield from zip64()
    yield from descriptors()
    yield from comments()
    yield from layouts()
    yield from unsupported()


def case(name: str, shows: str, section: str, contents: bytes, expected: Any = BOTH, numpy: str = "") -> Case:
    return Case(f"archives/{name}.npz", shows, section, contents, expected, numpy)


def two(**options: Any) -> list[Member]:
    """Returns the members x (stored) and y (deflated) with these options."""
    return [Member("x.npy", NPY, **options), Member("y.npy", OTHER, DEFLATED, **options)]


# --- Methods ---------------------------------------------------------------------------------------------------------


def methods() -> Iterator[Case]:
    for method, word in [(STORED, "stored"), (DEFLATED, "deflated")]:
        members = [Member("x.npy", NPY, method), Member("y.npy", OTHER, method)]
        yield case(word, f"members are {word}", "APPNOTE 4.4.5", archive(members))
        members = [Member("x.npy", NPY, method, local_zip64=True), Member("y.npy", OTHER, method, local_zip64=True)]
        shows = f"members are {word}, as np.savez writes them: sizes in a zip64 field of the local header"
        yield case(f"{word}_as_numpy", shows, "APPNOTE 4.3.9.2, 4.5.3", archive(members))
        many = np.arange(200_000, dtype="<i4").reshape(-1, 4) // 3
        for order in "CF":
            name = "" if order == "C" else "_fortran"
            shows = f"800 KB, {word}" + (", in Fortran order" if name else "")
            contents = archive([Member("x.npy", npy_of(many, order=order), method)])
            yield case(f"{word}_800_kb{name}", shows, "APPNOTE 4.4.5", contents, {"x": many})
    yield case("mixed", "one member is stored, one is deflated", "APPNOTE 4.4.5", archive(two()))
    yield case("empty", "an archive without members: an end record alone", "APPNOTE 4.3.1", archive([]), {})
    one = archive([Member("x.npy", npy_of(np.float64(1.5)))])
    yield case("scalar", "a 0-d array", "APPNOTE 4.4.5", one, {"x": np.array(1.5)})
    none = archive([Member("x.npy", npy_of(np.zeros((0, 3)))), Member("y.npy", npy_of(np.zeros((3, 0))), DEFLATED)])
    yield case(
        "no_items", "arrays without items", "APPNOTE 4.4.5", none, {"x": np.zeros((0, 3)), "y": np.zeros((3, 0))}
    )
    for bits, word in [(0, "normal"), (2, "maximum"), (4, "fast"), (6, "super fast")]:
        contents = archive(two(flags=bits))
        yield case(f"flags_{bits}", f"bits 1 and 2 call the compression {word}", "APPNOTE 4.4.4", contents)
    for version in [10, 45, 63]:
        contents = archive(two(local={"version_needed": version}, central={"version_needed": version}))
        shows = f"version needed to extract {version / 10}"
        yield case(f"version_needed_{version}", shows, "APPNOTE 4.4.3", contents)
    contents = archive(two(central={"version_needed": 64}))
    shows = "version needed to extract 6.4, which there is not"
    yield case("version_needed_64", shows, "APPNOTE 4.4.3", contents, Refusal(UNSUPPORTED))
    contents = archive(two(central={"version_made_by": 3 << 8 | 20, "external_attributes": 0o100600 << 16}))
    yield case("made_on_unix", "made on Unix, with a file's mode", "APPNOTE 4.4.2, 4.4.15", contents)
    contents = archive(two(local={"mdate": 0, "mtime": 0xFFFF}, central={"mdate": 0, "mtime": 0xFFFF}))
    yield case("no_date", "a date and a time that there are not", "APPNOTE 4.4.6", contents)


def deflate_streams() -> Iterator[Case]:
    def stream(name: str, shows: str, compressed: bytes, expected: Any = X) -> Case:
        contents = archive([Member("x.npy", NPY, DEFLATED, compressed)])
        return case(f"deflate_{name}", shows, "RFC 1951, 3.2.3 to 3.2.7", contents, {"x": expected})

    yield stream("stored_blocks", "blocks that are stored (level 0)", deflate(NPY, 0))
    yield stream("fixed_codes", "fixed Huffman codes", deflate(NPY, 9, zlib.Z_FIXED))
    yield stream("literals", "Huffman codes without matches", deflate(NPY, 9, zlib.Z_HUFFMAN_ONLY))
    yield stream("run_lengths", "matches at distance 1", deflate(NPY, 9, zlib.Z_RLE))
    compressor = zlib.compressobj(6, zlib.DEFLATED, -zlib.MAX_WBITS)
    pieces = b""
    for i in range(0, len(NPY), 97):
        pieces += compressor.compress(NPY[i : i + 97]) + compressor.flush(zlib.Z_SYNC_FLUSH)
    yield stream("many_blocks", "a block for each 97 bytes, empty ones between them", pieces + compressor.flush())
    stored = b"".join(stored_block(NPY[i : i + 1], i + 1 == len(NPY)) for i in range(len(NPY)))
    yield stream("tiny_blocks", "a stored block for each byte", stored)
    empties = stored_block(b"", False) * 1000 + deflate(NPY)
    yield stream("empty_blocks", "1000 stored blocks of nothing first", empties)
    yield stream("bytes_behind", "bytes behind the last block, within the member", deflate(NPY) + b"behind")
    bad = Refusal(DAMAGED)
    yield stream("cut_off", "the stream is cut off", deflate(NPY)[:-20], bad)
    yield stream("nothing", "a stream of no bytes", b"", bad)
    yield stream("reserved_block", "a block of type 3, which is reserved", b"\x07" + deflate(NPY), bad)
    yield stream("stored_lengths", "a stored block whose two lengths disagree", b"\x01\x05\x00\x00\x00hello", bad)
    yield stream("distance_too_far", "a match that reaches before the beginning", b"\x4b\x04\x13\x00", bad)
    yield stream("zlib_header", "the stream has a zlib header, as deflate in zip has not", zlib.compress(NPY), bad)


def stored_block(data: bytes, final: bool) -> bytes:
    return bytes([final]) + struct.pack("<HH", len(data), len(data) ^ 0xFFFF) + data


# --- Zip64 -----------------------------------------------------------------------------------------------------------

FIELDS = ["uncompressed_size", "compressed_size", "local_header_offset"]


def zip64() -> Iterator[Case]:
    section = "APPNOTE 4.5.3"
    for count in (1, 2, 3):
        for fields in itertools.combinations(FIELDS, count):
            name = "_".join(field.partition("_")[0] for field in fields)
            shows = f"the directory's zip64 field holds {', '.join(fields)}"
            yield case(f"zip64_{name}", shows, section, archive(two(zip64=fields)))
    disk = zip64_extra()[:2] + struct.pack("<HI", 4, 0)
    contents = archive(two(central={"disk_number": 0xFFFF}, central_extra=disk))
    yield case("zip64_disk", "the directory's zip64 field holds the number of the disk alone", section, contents)
    members = two(zip64=FIELDS)
    for member in members:
        member.central_extra = extra_field(0x7075, b"\x01abcd")
    yield case("zip64_before_others", "another extra field behind the zip64 field", section, archive(members))
    members = [Member("y.npy", OTHER, DEFLATED), Member("x.npy", NPY)]
    sizes = zip64_extra(len(NPY), len(NPY))
    members[1].central_extra = extra_field(0x7075, b"\x01abcd") + sizes
    members[1].central = {"uncompressed_size": 0xFFFFFFFF, "compressed_size": 0xFFFFFFFF}
    yield case("zip64_behind_others", "another extra field before the zip64 field", section, archive(members))
    contents = archive(two(central_extra=zip64_extra(1, 2, 3)))
    shows = "a zip64 field that no field refers to is not looked at"
    yield case("zip64_unused", shows, section, contents)
    contents = archive(two(zip64=FIELDS, local_zip64=True), zip64=True)
    yield case("zip64_everywhere", "zip64 in headers, fields and end records", section, contents)
    end = "APPNOTE 4.3.14, 4.3.15"
    yield case("zip64_end", "a zip64 end record and its locator", end, archive(two(), zip64=True))
    real = {"entries_on_disk": 2, "entry_count": 2}
    contents = archive(two(), zip64=True, end=real)
    yield case(
        "zip64_end_partly", "a zip64 end record, and an end record that knows the number of members", end, contents
    )
    contents = archive(two(), zip64=True, comment=b"made by hand")
    yield case("zip64_end_comment", "a zip64 end record and a comment", end, contents)
    yield case(
        "zip64_end_empty",
        "a zip64 end record of an archive without arrays",
        end,
        archive([Member("t")], zip64=True),
        {},
    )
    for name, shows, options in [
        ("end_directory_past", "the directory lies past the end", {"zip64_end": {"directory_offset": 1 << 40}}),
        ("end_directory_large", "the directory is larger than the file", {"zip64_end": {"directory_size": 1 << 40}}),
        ("end_directory_overflows", "offset and size overflow", {"zip64_end": {"directory_size": (1 << 64) - 1}}),
    ]:
        contents = archive(two(), zip64=True, **options)
        yield case(f"zip64_{name}", f"zip64 end record: {shows}", end, contents, Refusal(DAMAGED))
    for name, offset in [("past", 1 << 40), ("wrong", 4), ("nowhere", (1 << 64) - 1)]:
        contents = archive(two(), zip64=True, locator={"zip64_end_offset": offset})
        shows = "a locator that leads elsewhere: the record right before it counts"
        numpy = InSomeVersions("Python refuses it since its fix of CVE-2025-8291")
        yield case(f"zip64_end_points_{name}", shows, end, contents, BOTH, numpy)
    for name, shows, member in [
        (
            "cut_off",
            "a zip64 field without the size that it should hold",
            Member("x.npy", NPY, central={"uncompressed_size": 0xFFFFFFFF}, central_extra=zip64_extra()),
        ),
        (
            "short",
            "a zip64 field of 4 bytes",
            Member("x.npy", NPY, central={"uncompressed_size": 0xFFFFFFFF}, central_extra=extra_field(1, b"1234")),
        ),
        (
            "size_huge",
            "a zip64 size of 2**63",
            Member("x.npy", NPY, central={"uncompressed_size": 0xFFFFFFFF}, central_extra=zip64_extra(1 << 63)),
        ),
        (
            "offset_huge",
            "a zip64 offset of 2**63",
            Member("x.npy", NPY, central={"local_header_offset": 0xFFFFFFFF}, central_extra=zip64_extra(1 << 63)),
        ),
    ]:
        numpy = "np.load looks no further than the array's end" if name == "size_huge" else ""
        yield case(f"zip64_{name}", shows, section, archive([member]), Refusal(DAMAGED), numpy)


# --- Data descriptors, extra fields, comments ------------------------------------------------------------------------


def descriptors() -> Iterator[Case]:
    section = "APPNOTE 4.3.9"
    for descriptor, word in [("signed", "with"), ("unsigned", "without")]:
        contents = archive(two(descriptor=descriptor))
        shows = f"sizes and CRC behind the data, {word} a signature; none in the local header"
        yield case(f"descriptor_{descriptor}", shows, section, contents)
    contents = archive(two(descriptor="zip64", local_zip64=True))
    yield case("descriptor_zip64", "sizes of 8 bytes behind the data", "APPNOTE 4.3.9.2", contents)
    members = two(flags=8)
    shows = "bit 3 announces a descriptor, but there is none, and the local header has it all"
    yield case("descriptor_missing", shows, section, archive(members))
    contents = archive(two(local={"crc32": 1, "compressed_size": 2, "uncompressed_size": 3}))
    shows = "sizes and CRC of the local header are wrong: the directory's count"
    yield case("local_sizes_wrong", shows, "APPNOTE 4.3.12", contents)
    section = "APPNOTE 4.5"
    field = extra_field(0x5455, b"\x03abcdefgh") + extra_field(0xCAFE, b"") + extra_field(0x7075, b"\x01abcd")
    yield case(
        "extra_fields", "extra fields in both headers", section, archive(two(local_extra=field, central_extra=field))
    )
    yield case("extra_fields_local", "extra fields in the local header alone", section, archive(two(local_extra=field)))
    yield case(
        "extra_fields_central", "extra fields in the directory alone", section, archive(two(central_extra=field))
    )
    padding = extra_field(0xD935, b"\0" * 1000)
    yield case(
        "extra_fields_align",
        "an extra field that aligns the data, as zipalign writes it",
        section,
        archive(two(local_extra=padding)),
    )
    large = extra_field(0xCAFE, b"x" * 65_000)
    yield case(
        "extra_fields_large", "extra fields of 65 KB", section, archive(two(local_extra=large, central_extra=large))
    )
    stray = archive(two(local_extra=b"abc"))
    yield case("extra_fields_stray_local", "bytes in the local header's extra field that are no field", section, stray)
    stray = archive(two(central_extra=b"abc"))
    yield case("extra_fields_stray", "three bytes in the directory's extra field, too few for a field", section, stray)
    stray = archive(two(central_extra=struct.pack("<HH", 0xCAFE, 500) + b"abc"))
    shows = "an extra field that claims more bytes than there are"
    yield case("extra_fields_cut_off", shows, section, stray, Refusal(DAMAGED))


def comments() -> Iterator[Case]:
    section = "APPNOTE 4.4.12"
    for name, shows, comment in [
        ("comment", "a comment", b"made by hand"),
        ("comment_longest", "a comment of 65,535 bytes", b"x" * 65535),
        (
            "comment_local_signature",
            "a comment with signatures of members",
            b"PK\x03\x04" + bytes(60) + b"PK\x01\x02" + bytes(60),
        ),
        ("comment_locator_signature", "a comment with a zip64 locator's signature", b"PK\x06\x07" + bytes(16)),
        ("comment_nul", "a comment of NULs", bytes(100)),
    ]:
        yield case(name, shows, section, archive(two(), comment=comment))
    fake = b"PK\x05\x06" + bytes(30)
    shows = "a comment with an end record's signature"
    numpy = "Python's zipfile takes the last signature that fits for the end record"
    yield case("comment_end_signature", shows, section, archive(two(), comment=fake), BOTH, numpy)
    contents = archive(two(), comment=archive([Member("z.npy", OTHER)])[:-2] + b"\x01\x00")
    shows = "a comment that is an archive, cut off by a byte: the last end record counts, as for Python's zipfile"
    yield case("comment_archive", shows, section, contents, {"z": Y})
    yield case("comment_of_members", "comments of members", "APPNOTE 4.4.18", archive(two(comment=b"a member")))
    behind = archive(two()) + b"behind"
    yield case("bytes_behind", "bytes behind the end record", "APPNOTE 4.3.16", behind)
    behind = archive(two()) + bytes(1 << 16)
    shows = "64 KiB behind the end record, a byte more than a comment can have"
    numpy = InSomeVersions("newer versions of Python don't search so far")
    yield case("bytes_behind_64_kib", shows, "APPNOTE 4.3.16", behind, BOTH, numpy)
    behind = archive(two()) + b"\n"
    yield case(
        "newline_behind", "a newline behind the end record, as a transfer in text mode adds", "APPNOTE 4.3.16", behind
    )
    cut = archive(two(), comment=b"made by hand")[:-4]
    yield case("comment_cut_off", "a comment that is cut off, which leaves the archive whole", section, cut)


# --- Layouts ---------------------------------------------------------------------------------------------------------


def layouts() -> Iterator[Case]:
    section = "APPNOTE 4.3.6"
    yield case(
        "directory_unsorted", "the directory lists members in another order", section, archive(two(), order=[1, 0])
    )
    members = [Member("z.npy", OTHER), *two()]
    yield case(
        "directory_omits",
        "a member that the directory does not list is not there",
        section,
        archive(members, order=[1, 2]),
    )
    apart = [Member("x.npy", NPY), Member("y.npy", OTHER, DEFLATED, gap=b"?" * 99)]
    yield case("gap_between", "bytes between members that belong to none", section, archive(apart))
    yield case(
        "gap_before_directory",
        "bytes between the last member and the directory",
        section,
        archive(two(), gap=b"?" * 100),
    )
    section = "APPNOTE 4.1.9, np.load: magic"
    junk = b"#!/bin/sh\nexit\n"
    shows = "bytes before the archive: np.load knows an npz by its first bytes"
    yield case("prefix", shows, section, archive(two(), prefix=junk), Refusal(DAMAGED))
    yield case(
        "prefix_not_counted",
        f"{shows}; offsets don't count them",
        section,
        archive(two(), prefix=junk, offset=0),
        Refusal(DAMAGED),
    )
    magic = b"PK\x03\x04 and other bytes"
    shows = "bytes before the first member that begin as an archive does"
    yield case("prefix_with_magic", shows, section, archive(two(), prefix=magic))
    shows = "an archive behind another one, whose offsets count from its own beginning: the last counts"
    concatenated = archive([Member("z.npy", OTHER)]) + archive(two())
    yield case("concatenated", shows, section, concatenated)
    wrong = archive(two(), end={"entry_count": 1, "entries_on_disk": 1})
    shows = "the end record counts fewer members than the directory lists: the directory counts"
    yield case("count_too_low", shows, "APPNOTE 4.4.22", wrong)
    wrong = archive(two(), end={"entry_count": 2, "entries_on_disk": 1})
    yield case("count_on_disk_wrong", "the count of members on this disk is wrong", "APPNOTE 4.4.21", wrong)


# --- What is not supported -------------------------------------------------------------------------------------------


def unsupported() -> Iterator[Case]:
    section = "APPNOTE 4.4.5"
    filters = [{"id": lzma.FILTER_LZMA1, "dict_size": 1 << 16}]
    stream = lzma.compress(NPY, lzma.FORMAT_RAW, filters=filters)
    # 5.8.8: version, size of the properties, and the properties lc=3, lp=0, pb=2 and the size of the dictionary.
    properties = bytes([9, 4]) + struct.pack("<HBI", 5, (2 * 5 + 0) * 9 + 3, 1 << 16)
    reads = "Python's zipfile reads it, where Python was built with {}"
    for method, name, compressed, flags, numpy in [
        (12, "bzip2", bz2.compress(NPY), 0, reads.format("bz2")),
        (14, "lzma", properties + stream, 2, reads.format("lzma")),
        (9, "deflate64", deflate(NPY), 0, ""),
        (93, "zstd", b"\x28\xb5\x2f\xfd" + NPY[:50], 0, ""),
        (95, "xz", lzma.compress(NPY), 0, ""),
        (1, "shrink", NPY[:50], 0, ""),
        (6, "implode", NPY[:50], 0, ""),
        (98, "ppmd", NPY[:50], 0, ""),
        (99, "aes", NPY[:50], 0, ""),
        (0xFFFF, "unknown", NPY[:50], 0, ""),
    ]:
        members = [Member("x.npy", NPY, method, compressed, flags=flags), Member("y.npy", OTHER)]
        shows = f"a member of method {method} ({name}); the others are readable"
        expected = {"x": Refusal(UNSUPPORTED), "y": Y}
        yield case(f"method_{name}", shows, section, archive(members), expected, numpy)
    for name, bits in [("encrypted", ENCRYPTED), ("encrypted_strongly", ENCRYPTED | 1 << 6)]:
        members = [Member("x.npy", NPY, compressed=bytes(12) + NPY, flags=bits), Member("y.npy", OTHER)]
        shows = "a member that is encrypted; the others are readable"
        yield case(name, shows, "APPNOTE 4.4.4, 6.1", archive(members), {"x": Refusal(UNSUPPORTED), "y": Y})
    members = [Member("x.npy", NPY, flags=1 << 5), Member("y.npy", OTHER)]
    shows = "a member that is a patch (bit 5); the others are readable"
    yield case("patched_data", shows, "APPNOTE 4.4.4", archive(members), {"x": Refusal(UNSUPPORTED), "y": Y})
    split = "Python's zipfile does not look at it"
    for name, shows, options, numpy in [
        ("spanned", "the last of several parts", {"end": {"disk_number": 1, "directory_disk": 1}}, split),
        ("spanned_directory", "a directory that begins in another part", {"end": {"directory_disk": 1}}, split),
        (
            "spanned_zip64",
            "the last of several parts, by the locator",
            {"zip64": True, "locator": {"disk_count": 2}},
            "",
        ),
    ]:
        contents = archive(two(), **options)
        yield case(name, shows, "APPNOTE 4.4.19, 8", contents, Refusal(UNSUPPORTED), numpy)
