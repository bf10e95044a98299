"""Archives of every layout that zip allows, large archives, and archives with wrong sizes: compared with np.load."""

import functools
import io
import struct
import subprocess
import sys
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
import tensorflow as tf
import tf_npz
from testing import assert_same, elements, npy_bytes, npz_bytes, zip_bytes

X = np.arange(6, dtype=np.float32).reshape(3, 2)
OTHER = np.ones(4)
GIGABYTE = 1 << 30

# Records of PKWARE's APPNOTE.TXT.
LOCAL, CENTRAL, END, END64, LOCATOR = b"PK\3\4", b"PK\1\2", b"PK\5\6", b"PK\6\6", b"PK\6\7"


def put(contents: bytes, signature: bytes, offset: int, field: str, value: int, nth: int = 0) -> bytes:
    """`contents` with another value in a field of the nth record of a kind."""
    at = -1
    for _ in range(nth + 1):
        at = contents.index(signature, at + 1)
    changed = bytearray(contents)
    struct.pack_into("<" + field, changed, at + offset, value)
    return bytes(changed)


def with_zip64_end(contents: bytes, extension: bytes = b"") -> bytes:
    """An archive with zip64 end records (4.3.14, 4.3.15) that it does not need."""
    at = contents.rindex(END)
    count, size, offset = struct.unpack("<HLL", contents[at + 10 : at + 20])
    record = END64 + struct.pack("<QHHLLQQQQ", 44 + len(extension), 45, 45, 0, 0, count, count, size, offset)
    locator = LOCATOR + struct.pack("<LQL", 0, at, 1)
    end = contents[at : at + 8] + b"\xff" * 12 + contents[at + 20 :]
    return contents[:at] + record + extension + locator + end


class Pipe(io.RawIOBase):
    """A file that cannot seek. So zipfile writes the sizes after the data (4.3.9)."""

    def __init__(self) -> None:
        self.contents = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self.contents += data
        return len(data)


def piped(save: Callable[..., None], signature: bool = True) -> bytes:
    pipe = Pipe()
    save(pipe, x=X, y=OTHER)
    if signature:
        return bytes(pipe.contents)
    # The signature is optional (4.3.9.3). Four unused bytes after it replace it, so that offsets do not change.
    contents = bytes(pipe.contents)
    at = contents.index(b"PK\7\x08")
    return contents[:at] + contents[at + 4 : at + 20] + b"\0\0\0\0" + contents[at + 20 :]


def with_comment(comment: bytes, contents: bytes | None = None) -> bytes:
    contents = npz_bytes(x=X) if contents is None else contents
    return contents[:-2] + struct.pack("<H", len(comment)) + comment


def reordered(contents: bytes) -> bytes:
    """An archive whose directory lists the members in reverse."""
    end = contents.rindex(END)
    first = contents.index(CENTRAL)
    headers = contents[first:end].split(CENTRAL)[1:]
    return contents[:first] + b"".join(CENTRAL + header for header in reversed(headers)) + contents[end:]


NPZ = npz_bytes(x=X, y=OTHER)
SMALL = npz_bytes(z=OTHER)


def zip64_fields(fields: int, before: bytes = b"", after: bytes = b"") -> bytes:
    """An archive of x. In its directory, only the fields of the bit mask `fields` are in a zip64 field (4.5.3)."""
    contents = zip_bytes([("x.npy", npy_bytes(X))])
    start, end = contents.index(CENTRAL), contents.rindex(END)
    header = bytearray(contents[start:end])
    size = len(npy_bytes(X))
    data = b""
    for bit, at, value in [(1, 24, size), (2, 20, size), (4, 42, 0)]:
        if fields & bit:
            data += struct.pack("<Q", value)
            header[at : at + 4] = b"\xff" * 4
    extra = before + struct.pack("<HH", 1, len(data)) + data + after
    header[30:32] = struct.pack("<H", len(extra))
    tail = bytearray(contents[end:])
    tail[12:16] = struct.pack("<L", len(header) + len(extra))
    return contents[:start] + bytes(header) + extra + bytes(tail)


def two_encodings() -> bytes:
    """The local header of an archive's only member is in UTF-8, the directory in code page 437."""
    contents = zip_bytes([("███", npy_bytes(X))])
    at = contents.index(CENTRAL)
    contents = contents[:at] + contents[at:].replace("███".encode(), b"\xdb" * 3)
    contents = put(put(contents, CENTRAL, 28, "H", 3), CENTRAL, 8, "H", 0)
    return put(contents, END, 12, "L", 49)


READ: dict[str, bytes] = {
    **{f"zip64 fields {asked:03b}": zip64_fields(asked) for asked in range(8)},
    "zip64 fields after others": zip64_fields(5, before=b"ux\3\0abc" + b"\xfe\xca\0\0"),
    "zip64 fields before others": zip64_fields(6, after=b"ux\3\0abc" + b"\1\0\x08\0" + b"\xee" * 8),
    "half an extra field": zip64_fields(7, after=b"\1\0\x08"),
    "a unicode path of another name": zip64_fields(0, before=b"up\7\0\1\0\0\0\0zz"),
    "zip64 end record": with_zip64_end(NPZ),
    "zip64 end record and a comment": with_comment(b"comment", with_zip64_end(NPZ)),
    "counts that are wrong": put(put(NPZ, END, 8, "H", 77), END, 10, "H", 65535),
    "zip64 count that is wrong": put(with_zip64_end(NPZ), END64, 32, "Q", 2**63),
    "data descriptors": piped(np.savez),
    "data descriptors of deflated members": piped(np.savez_compressed),
    "data descriptors without signature": piped(np.savez, signature=False),
    "directory in another order": reordered(NPZ),
    "local sizes that are wrong": put(put(NPZ, LOCAL, 18, "L", 1), LOCAL, 22, "L", 2**31),
    "local flags, method and checksum that are wrong": put(put(NPZ, LOCAL, 10, "H", 99), LOCAL, 14, "L", 1),
    "version 6.3": put(NPZ, CENTRAL, 6, "B", 63),
    "disk of the member": put(NPZ, CENTRAL, 34, "H", 65535),
    "bytes after the archive": NPZ + b"\n" * 65535,
    "a comment that is cut off": with_comment(b"x" * 100)[:-40],
    "the longest comment": with_comment(b"c" * 65535),
    "a zip64 locator as the comment": with_comment(LOCATOR + b"\0" * 16),
    "an archive as the comment": with_comment(SMALL),
    "an archive and more as the comment": with_comment(SMALL + b"..."),
    "a zip64 archive and more as the comment": with_comment(with_zip64_end(SMALL) + b"..."),
    "archives strung together": SMALL + NPZ,
    "a zip64 archive after another": SMALL + with_zip64_end(NPZ),
    "without its first member": NPZ[NPZ.index(LOCAL, 1) :],
    "the last header longer than the directory": put(NPZ, CENTRAL, 32, "H", 65535, nth=1),
    "empty": npz_bytes(),
    "names": zip_bytes([(name, npy_bytes(X)) for name in ["d/", "/a.npy", "../b.npy", "c", "d.npy.npy", "größe.npy"]]),
    "a name with NUL": zip_bytes([("x_npy", npy_bytes(X))]).replace(b"x_npy", b"x\0npy"),
    "names that differ after a NUL": zip_bytes([("x_1", npy_bytes(OTHER)), ("x_2", npy_bytes(X))])
    .replace(b"x_1", b"x\x001")
    .replace(b"x_2", b"x\x002"),
    "code page 437": zip_bytes([("x_y.npy", npy_bytes(X))]).replace(b"x_y", b"x\x81\xfe"),
    "UTF-8 in the local header alone": put(
        zip_bytes([("ü", npy_bytes(X))]).replace("ü".encode(), b"\xdb\xdb"), CENTRAL, 8, "H", 0
    ),
    "two encodings of one name": two_encodings(),
    "no arrays": zip_bytes([("readme.txt", b"hello"), ("x.npy", npy_bytes(X)), ("folder/", b"")]),
}


def numpy_arrays(contents: bytes) -> dict[str, Any]:
    """The arrays that np.load gives, by name, in order. None for a member that it does not read."""
    arrays: dict[str, Any] = {}
    with np.load(io.BytesIO(contents)) as loaded:
        for name in loaded.files:
            try:
                array = loaded[name]
            except Exception:  # np.load passes on the exceptions of zipfile, zlib and struct.
                array = None
            arrays[name] = array if isinstance(array, np.ndarray) else None
    return arrays


@pytest.mark.parametrize("contents", READ.values(), ids=READ.keys())
def test_archives_hold_the_arrays_that_numpy_finds(folder: Path, contents: bytes) -> None:
    expected = numpy_arrays(contents)
    Path("a.npz").write_bytes(contents)
    info = tf_npz.inspect("a.npz")
    assert {*info.arrays, *info.problems, *info.other_members} == set(expected)
    assert list(info.arrays) == [name for name, array in expected.items() if array is not None]
    for name, array in expected.items():
        if array is None:
            with pytest.raises(tf.errors.OpError):
                tf_npz.load("a.npz", name)
        else:
            assert_same(tf_npz.load("a.npz", name).numpy(), array)


class Refused(NamedTuple):
    contents: bytes
    error: type[tf.errors.OpError]
    fragment: str
    numpy_reads_it: bool = False


DATA_LOSS, UNIMPLEMENTED = tf.errors.DataLossError, tf.errors.UnimplementedError
METHODS = {1: "shrink", 6: "implode", 9: "deflate64", 14: "lzma", 93: "zstd", 95: "xz", 98: "ppmd", 77: "method 77"}

REFUSED: dict[str, Refused] = {
    "bytes before the archive": Refused(b"#!/bin/sh\n" + NPZ, DATA_LOSS, "neither an .npy nor an .npz"),
    "the marker of archives in parts": Refused(b"PK\7\x08" + NPZ, DATA_LOSS, "neither an .npy nor an .npz"),
    "extra field that is cut off": Refused(zip64_fields(0, after=b"up\4\0abc"), DATA_LOSS, "extra field is cut off"),
    "zip64 field that is cut off": Refused(
        zip64_fields(0, before=b"\1\0\4\0abcd").replace(struct.pack("<L", len(npy_bytes(X))), b"\xff" * 4),
        DATA_LOSS,
        "zip64 extra field is cut off",
    ),
    "version 6.4": Refused(put(NPZ, CENTRAL, 6, "B", 64), UNIMPLEMENTED, "needs version 6.4 of the zip format"),
    "locator of several parts": Refused(put(with_zip64_end(NPZ), LOCATOR, 16, "L", 2), UNIMPLEMENTED, "several parts"),
    "last of several parts": Refused(put(NPZ, END, 4, "H", 3), UNIMPLEMENTED, "in several parts", True),
    "directory larger than the file": Refused(put(NPZ, END, 12, "L", 2**31), DATA_LOSS, "does not fit before the end"),
    "zip64 directory larger than all": Refused(
        put(with_zip64_end(NPZ), END64, 40, "Q", 2**64 - 1), DATA_LOSS, "does not fit before the end record"
    ),
    "local header beyond the file": Refused(put(NPZ, CENTRAL, 42, "L", 2**31), DATA_LOSS, "does not fit at byte"),
    "local header elsewhere": Refused(put(NPZ, CENTRAL, 42, "L", 1), DATA_LOSS, "no local header at byte 1"),
    "local header of another member": Refused(
        put(NPZ, CENTRAL, 42, "L", NPZ.index(LOCAL, 1)), DATA_LOSS, 'belongs to another member ("y.npy")'
    ),
    "encrypted": Refused(put(NPZ, CENTRAL, 8, "H", 1), UNIMPLEMENTED, "encrypted"),
    "strongly encrypted": Refused(put(NPZ, CENTRAL, 8, "H", 1 << 6), UNIMPLEMENTED, "encrypted"),
    "masked headers": Refused(put(NPZ, CENTRAL, 8, "H", 1 << 13), UNIMPLEMENTED, "encrypted", True),
    "patched": Refused(put(NPZ, CENTRAL, 8, "H", 1 << 5), UNIMPLEMENTED, "compressed patched data"),
    **{
        f"compressed with {name}": Refused(put(NPZ, CENTRAL, 10, "H", method), UNIMPLEMENTED, f"with {name}")
        for method, name in METHODS.items()
    },
    "a stored member of two sizes": Refused(put(NPZ, CENTRAL, 20, "L", 1), DATA_LOSS, "stored member has two sizes"),
    "members that overlap": Refused(
        put(put(NPZ, CENTRAL, 20, "L", 300), CENTRAL, 24, "L", 300), DATA_LOSS, "members overlap"
    ),
}


@pytest.mark.parametrize("row", REFUSED.values(), ids=REFUSED.keys())
def test_archives_are_refused_with_a_reason(folder: Path, row: Refused) -> None:
    Path("a.npz").write_bytes(row.contents)
    with pytest.raises(row.error) as raised:
        tf_npz.load("a.npz", "x")
    assert row.fragment in raised.value.message
    assert "a.npz" in raised.value.message
    with pytest.raises(row.error):
        elements(tf_npz.NpzReaderDataset("a.npz", "x", element_spec=tf.TensorSpec([2], tf.float32)))
    try:
        numpy_reads_it = numpy_arrays(row.contents).get("x") is not None
    except Exception:  # As above.
        numpy_reads_it = False
    assert numpy_reads_it == row.numpy_reads_it


def test_a_member_that_is_refused_leaves_the_others_readable(folder: Path) -> None:
    for name in ["encrypted", "local header beyond the file", "compressed with zstd", "members that overlap"]:
        Path("a.npz").write_bytes(REFUSED[name].contents)
        assert_same(tf_npz.load("a.npz", "y").numpy(), OTHER)


# --- Many members, large files ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("zip64", [False, True], ids=["counted modulo 65536", "with zip64"])
def test_an_archive_may_hold_more_than_65535_members(folder: Path, zip64: bool) -> None:
    contents = many_members()
    record = contents.rindex(END64)
    assert contents[-14:-10] == b"\xff" * 4
    if not zip64:
        size, offset = struct.unpack("<QQ", contents[record + 40 : record + 56])
        count = 70_000 % 65536
        contents = contents[:record] + END + struct.pack("<HHHHLLH", 0, 0, count, count, size, offset, 0)
    Path("a.npz").write_bytes(contents)
    with np.load("a.npz") as loaded:
        assert_same(loaded["69999"], X)
    assert_same(tf_npz.load("a.npz", "69999").numpy(), X)


@functools.cache
def many_members() -> bytes:
    """An archive with zip64 records. zipfile writes them only if they are needed."""
    array = npy_bytes(X)
    return zip_bytes([(f"{i:05}.npy", array) for i in range(70_000)])


def local_header(name: bytes, method: int) -> bytes:
    return LOCAL + struct.pack("<5H3L2H", 45, 0, method, 0, 33, 0, 2**32 - 1, 2**32 - 1, len(name), 0) + name


def directory(offset: int, members: list[tuple[bytes, int, int, int, int, int]]) -> bytes:
    """A directory at `offset` of members (name, method, CRC, compressed size, size, offset), with zip64 fields."""
    headers = b""
    for name, method, crc, compressed, size, at in members:
        fields = (45, 3, 45, 0, 0, method, 0, 33, crc, 2**32 - 1, 2**32 - 1, len(name), 28, 0, 0, 0, 0, 2**32 - 1)
        extra = struct.pack("<HHQQQ", 1, 24, size, compressed, at)
        headers += CENTRAL + struct.pack("<4B4HL2L5H2L", *fields) + name + extra
    count = len(members)
    end = END64 + struct.pack("<QHHLLQQQQ", 44, 45, 45, 0, 0, count, count, len(headers), offset)
    end += LOCATOR + struct.pack("<LQL", 0, offset + len(headers), 1)
    return headers + end + END + struct.pack("<HHHHLLH", 0, 0, *[2**16 - 1] * 2, *[2**32 - 1] * 2, 0)


ROWS = 4100  # each is 1 MiB of zeros, except for the last byte
BIG_HEADER = npy_bytes(np.zeros((0, 1 << 20), np.uint8)).replace(b"(0, 1048576), }   ", b"(4100, 1048576), }")
BIG_SIZE = len(BIG_HEADER) + (ROWS << 20)


@functools.cache
def big_crc() -> int:
    crc = zlib.crc32(BIG_HEADER)
    mebibyte = bytes(1 << 20)
    for _ in range(ROWS - 1):
        crc = zlib.crc32(mebibyte, crc)
    return zlib.crc32(mebibyte[:-1] + b"!", crc)


def deflated(data: bytes, last: bool = False) -> bytes:
    """A piece of a stream that does not depend on the bytes before it (RFC 1951: its blocks end on a byte)."""
    encoder = zlib.compressobj(9, zlib.DEFLATED, -15)
    return encoder.compress(data) + encoder.flush(zlib.Z_FINISH if last else zlib.Z_FULL_FLUSH)


def write_big_archive(path: str, method: int) -> None:
    """An archive of `big`, over 4 GiB, and `small` after it."""
    with Path(path).open("wb") as file:
        file.write(local_header(b"big.npy", method))
        begin = file.tell()
        if method == zipfile.ZIP_STORED:
            file.write(BIG_HEADER)
            file.seek(begin + BIG_SIZE - 1)  # A hole takes no space on the disk.
            file.write(b"!")
        else:
            file.write(deflated(BIG_HEADER))
            mebibyte = deflated(bytes(1 << 20))
            for _ in range(ROWS - 1):
                file.write(mebibyte)
            file.write(deflated(bytes((1 << 20) - 1) + b"!", last=True))
        end = file.tell()
        small = npy_bytes(X)
        file.write(local_header(b"small.npy", zipfile.ZIP_STORED) + small)
        big = (b"big.npy", method, big_crc(), end - begin, BIG_SIZE, 0)
        members = [big, (b"small.npy", zipfile.ZIP_STORED, zlib.crc32(small), len(small), len(small), end)]
        file.write(directory(file.tell(), members))


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED], ids=["stored", "deflated"])
def test_members_may_be_larger_than_four_gibibytes(folder: Path, method: int) -> None:
    write_big_archive("a.npz", method)
    with np.load("a.npz") as loaded:
        assert_same(loaded["small"], X)
    assert_same(tf_npz.load("a.npz", "small").numpy(), X)
    info = tf_npz.inspect("a.npz").arrays["big"]
    assert (info.shape, info.size) == ((ROWS, 1 << 20), BIG_SIZE)
    dataset = tf_npz.NpzReaderDataset("a.npz", "big", batch_size=50)
    assert_same(next(iter(dataset)).numpy(), np.zeros((50, 1 << 20), np.uint8))
    if method == zipfile.ZIP_STORED:  # On some file systems, the first read of a hole takes long.
        return
    rows = 0
    for batch in dataset:
        rows += batch.shape[0]
        last = batch[-1, -1].numpy()
    assert rows == ROWS
    assert last == ord("!")


# --- Archives with wrong sizes ---------------------------------------------------------------------------------------


def npz_of(npy: bytes) -> bytes:
    return zip_bytes([("x.npy", npy)], zipfile.ZIP_DEFLATED)


def claiming(method: int, compressed: int, size: int) -> bytes:
    data = deflated(bytes(1000), last=True)
    front = local_header(b"x.npy", method) + data
    return front + directory(len(front), [(b"x.npy", method, 0, compressed or len(data), size, 0)])


def overlapping_bomb(count: int) -> bytes:
    """David Fifield, "A better zip bomb": each member contains the local headers after it; all share one kernel."""
    kernel = deflated(bytes(64 << 20), last=True)
    names = [b"%03d.npy" % i for i in range(count)]
    headers = [local_header(name, zipfile.ZIP_DEFLATED) for name in names]
    quote = [b"\0" + struct.pack("<HH", len(header), len(header) ^ 0xFFFF) for header in headers[1:]] + [b""]
    front = b"".join(header + quoted for header, quoted in zip(headers, quote, strict=True))
    end = len(front) + len(kernel)
    members = []
    at = 0
    for i, name in enumerate(names):
        compressed = end - at - len(headers[i])
        size = (64 << 20) + sum(map(len, headers[i + 1 :]))
        members.append((name, zipfile.ZIP_DEFLATED, 0, compressed, size, at))
        at += len(headers[i]) + len(quote[i])
    return front + kernel + directory(end, members)


def self_containing() -> bytes:
    """The data of the first member is the second member, and that of the third is the whole archive."""
    inner = local_header(b"y.npy", zipfile.ZIP_STORED) + npy_bytes(X)
    front = local_header(b"x.npy", zipfile.ZIP_STORED)
    end = len(front) + len(inner)
    everything = (b"x.npy", zipfile.ZIP_STORED, 0, len(inner), len(inner), 0)
    beyond = (b"z.npy", zipfile.ZIP_STORED, 0, end, end, 0)
    return front + inner + directory(end, [everything, (b"y.npy", 0, 0, 10, 10, len(front)), beyond])


def header_of(shape: str) -> bytes:
    header = f"{{'descr': '|u1', 'fortran_order': False, 'shape': {shape}}}\n".encode()
    return b"\x93NUMPY\1\0" + struct.pack("<H", len(header)) + header + bytes(100)


BOMBS: dict[str, bytes] = {
    "members that overlap": overlapping_bomb(200),
    "an archive that contains itself": self_containing(),
    "8 GiB of deflated data": claiming(zipfile.ZIP_DEFLATED, 0, 8 * GIGABYTE),
    "2**63 bytes of deflated data": claiming(zipfile.ZIP_DEFLATED, 0, 2**63),
    "2**63 bytes out of 2**63": claiming(zipfile.ZIP_DEFLATED, 2**63, 2**63),
    "2**64 - 1 stored bytes": claiming(zipfile.ZIP_STORED, 2**64 - 1, 2**64 - 1),
    "a header of 8 GiB": npz_of(header_of(f"({8 * GIGABYTE},)")),
    "a header of 2**63 bytes": npz_of(header_of("(8, 1152921504606846976)")),
    "a header of more than a number holds": npz_of(header_of("(4294967296, 4294967296, 4294967296)")),
    "a directory of 4 GiB": put(SMALL, END, 12, "L", 2**32 - 2),
    "a directory of 2**63 bytes": put(with_zip64_end(SMALL), END64, 40, "Q", 2**63),
}

TRY_ALL = """
import resource, sys
import tf_npz

tf_npz.inspect("fine")
tf_npz.load("fine", "z")
for file in sys.argv[1:]:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    try:
        info = tf_npz.inspect(file)
    except Exception as error:
        names = ["x"]
    else:
        assert not info.arrays, info
        names = list(info.problems)
    for name in names[:20]:
        try:
            tf_npz.load(file, name)
        except Exception as error:
            print(error, file=sys.stderr)
        else:
            sys.exit(f"{file} has been read")
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


def test_claimed_sizes_take_no_memory(folder: Path) -> None:
    Path("fine").write_bytes(SMALL)
    for i, contents in enumerate(BOMBS.values()):
        assert len(contents) < 100_000
        Path(f"{i}.npz").write_bytes(contents)
    files = [f"{i}.npz" for i in range(len(BOMBS))]
    done = subprocess.run([sys.executable, "-c", TRY_ALL, *files], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    for name, line in zip(BOMBS, done.stdout.splitlines(), strict=True):
        assert int(line) < 32 << 10, f"{name}: {line} KiB"
