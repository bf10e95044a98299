"""Files of over 4 GiB, sparse or packed from zeros: sizes and offsets of more than 32 bits."""

import zlib
from collections.abc import Iterator

import numpy as np

from ..model import Case, Large, Sparse
from ..writers import (
    DEFLATED,
    SEE_ZIP64,
    Member,
    central_part,
    crc32_with_zeros,
    deflate,
    deflated_zeros,
    end_part,
    filled,
    local_part,
    npy,
    npy_header,
    npy_of,
    zip64_extra,
)

ROWS, ROW = 65_552, 65_536  # 4 GiB and 1 MiB
HEADER = npy(npy_header("|u1", (ROWS, ROW)), b"")
SIZE = len(HEADER) + ROWS * ROW
LAST = filled("u1", (1, ROW))
Y = filled("<i8", (1000,))


def cases() -> Iterator[Case]:
    yield Case(
        "large/npy.npy",
        "an .npy of over 4 GiB",
        'format 1.0, "shape"',
        lambda: Sparse(SIZE, {0: HEADER, SIZE - ROW: LAST.tobytes()}),
        {None: Large(np.dtype("u1"), (ROWS, ROW), LAST)},
    )
    yield Case(
        "large/stored.npz",
        "a stored member of over 4 GiB, and one behind it",
        "APPNOTE 4.5.3",
        stored,
        {"x": Large(np.dtype("u1"), (ROWS, ROW), np.zeros((1, ROW), "u1")), "y": Y},
    )
    yield Case(
        "large/deflated.npz",
        "a member of over 4 GiB in a file of 4 MB, and one behind it",
        "APPNOTE 4.5.3",
        deflated,
        {"x": Large(np.dtype("u1"), (ROWS, ROW)), "y": Y},
    )
    yield Case(
        "large/gap.npz",
        "an offset of over 4 GiB, behind bytes that belong to no member",
        "APPNOTE 4.5.3",
        gap,
        {"x": Y},
    )


def crc_of_zeros() -> int:
    return crc32_with_zeros(zlib.crc32(HEADER), ROWS * ROW)


def stored() -> Sparse:
    facts = {"method": 0, "crc32": crc_of_zeros(), "compressed_size": SIZE, "uncompressed_size": SIZE}
    return _with_big_member(facts, HEADER, SIZE)


def deflated() -> Sparse:
    # The header comes first. The zeros after it are whole MiB.
    whole = ROWS * ROW >> 20
    compressor = zlib.compressobj(6, zlib.DEFLATED, -zlib.MAX_WBITS)
    body = compressor.compress(HEADER) + compressor.flush(zlib.Z_FULL_FLUSH) + deflated_zeros(whole) + deflate(b"")
    facts = {"method": DEFLATED, "crc32": crc_of_zeros(), "compressed_size": len(body), "uncompressed_size": SIZE}
    return _with_big_member(facts, body, len(body))


def _with_big_member(facts: dict[str, int], body: bytes, size: int) -> Sparse:
    """An archive of x and y. x has `size` bytes: `body`, and then zeros."""
    sizes = {"compressed_size": SEE_ZIP64, "uncompressed_size": SEE_ZIP64, "version_needed": 45}
    extra = zip64_extra(facts["uncompressed_size"], facts["compressed_size"])
    flags = {"method": facts["method"], "crc32": facts["crc32"], **sizes}
    x = Member("x.npy", b"", zip64=["uncompressed_size", "compressed_size"], local=flags, local_extra=extra)
    header = local_part(x)
    small = Member("y.npy", npy_of(Y), zip64=["local_header_offset"])
    return _laid_out(header + body, len(header) + size, [(x, 0, {"flags": 0, **facts})], small)


def gap() -> Sparse:
    # The file begins like a member, so that np.load recognises it.
    return _laid_out(b"PK\x03\x04", (4 << 30) + 100, [], Member("x.npy", npy_of(Y), zip64=["local_header_offset"]))


def _laid_out(first: bytes, offset: int, before: list[tuple[Member, int, dict[str, int]]], last: Member) -> Sparse:
    """Returns `first`, zeros up to `offset`, `last`, and the directory."""
    directory = b"".join(central_part(member, at, facts) for member, at, facts in before) + central_part(last, offset)
    part = local_part(last)
    end = end_part(offset + len(part), len(directory), len(before) + 1, zip64=True)
    tail = part + directory + end
    return Sparse(offset + len(tail), {0: first, offset: tail})
