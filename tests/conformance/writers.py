"""Writers of .npy, zip and gzip files. Every field can be set to any value, also to a wrong one.

They do not depend on NumPy's or tf-npz's readers. Fields have the names of the documents:

- NPY: https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html and NEP 1
- zip: PKWARE's APPNOTE.TXT, https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT
- deflate and gzip: RFC 1951 and RFC 1952
"""

import dataclasses
import hashlib
import struct
import zlib
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

# --- .npy ------------------------------------------------------------------------------------------------------------

MAGIC = b"\x93NUMPY"


def npy_header(descr: Any, shape: Any, *, fortran_order: bool = False) -> str:
    """Returns the dict of a header as NumPy writes it."""
    return repr({"descr": descr, "fortran_order": fortran_order, "shape": shape})[:-1] + ", }"


def npy(
    header: str | bytes,
    data: bytes,
    *,
    version: tuple[int, int] = (1, 0),
    align: int = 64,
    newline: bool = True,
    header_length: int | None = None,
) -> bytes:
    """Returns an .npy file: preamble, `header`, padding up to a multiple of `align`, and `data`."""
    major = version[0]
    if isinstance(header, str):
        header = header.encode("utf-8" if major == 3 else "latin-1")
    wide = major in (2, 3)
    begin = len(MAGIC) + 2 + (4 if wide else 2)
    header += b" " * (-(begin + len(header) + newline) % align) + b"\n" * newline
    length = len(header) if header_length is None else header_length
    return MAGIC + bytes(version) + struct.pack("<I" if wide else "<H", length) + header + data


def npy_of(array: np.ndarray, *, order: str = "C", version: tuple[int, int] = (1, 0), **options: Any) -> bytes:
    """Returns an .npy file of `array`, as NumPy writes it. Names beyond Latin-1 need version (3, 0)."""
    header = npy_header(descr_of(array.dtype), array.shape, fortran_order=order == "F")
    # tobytes(order) of NumPy 2.2 accepts at most 32 dimensions.
    return npy(header, array.ravel(order).tobytes(), version=version, **options)  # type: ignore[arg-type]


def descr_of(dtype: np.dtype) -> Any:
    return dtype.descr if dtype.names is not None else dtype.str


def filled(dtype: Any, shape: Sequence[int] = (), seed: str = "") -> np.ndarray:
    """Returns an array of bytes that look random and are the same everywhere, with NaNs and infinities among them."""
    dtype = np.dtype(dtype)
    count = int(np.prod(shape, dtype=np.int64))
    noise = hashlib.shake_128(f"{dtype.str} {tuple(shape)} {seed}".encode()).digest(count * dtype.itemsize)
    if dtype.kind == "b":
        return np.frombuffer(bytes(byte & 1 for byte in noise), dtype).reshape(shape)
    return np.frombuffer(noise, dtype, count).reshape(shape) if dtype.itemsize else np.zeros(shape, dtype)


# --- zip -------------------------------------------------------------------------------------------------------------

STORED, DEFLATED = 0, 8
ENCRYPTED, DESCRIPTOR, UTF8 = 1 << 0, 1 << 3, 1 << 11  # general purpose bits (4.4.4)
SEE_ZIP64 = 0xFFFFFFFF

# The layouts of sections 4.3.7, 4.3.12, 4.3.14, 4.3.15 and 4.3.16: signature, format, and fields with defaults.
_Layout = tuple[bytes, str, dict[str, int]]


def _zeros(names: str) -> dict[str, int]:
    return dict.fromkeys(names.split(), 0)


_LOCAL: _Layout = (
    b"PK\x03\x04",
    "<HHHHHIIIHH",
    _zeros("version_needed flags method mtime mdate crc32 compressed_size uncompressed_size name_length extra_length")
    | {"version_needed": 20, "mdate": 0x21},
)
_CENTRAL: _Layout = (
    b"PK\x01\x02",
    "<HHHHHHIIIHHHHHII",
    _zeros(
        "version_made_by version_needed flags method mtime mdate crc32 compressed_size uncompressed_size name_length "
        "extra_length comment_length disk_number internal_attributes external_attributes local_header_offset"
    )
    | {"version_made_by": 20, "version_needed": 20, "mdate": 0x21},
)
_ZIP64_END: _Layout = (
    b"PK\x06\x06",
    "<QHHIIQQQQ",
    _zeros(
        "record_size version_made_by version_needed disk_number directory_disk entries_on_disk entry_count "
        "directory_size directory_offset"
    )
    | {"record_size": 44, "version_made_by": 45, "version_needed": 45},
)
_LOCATOR: _Layout = (b"PK\x06\x07", "<IQI", {"directory_disk": 0, "zip64_end_offset": 0, "disk_count": 1})
_END: _Layout = (
    b"PK\x05\x06",
    "<HHHHIIH",
    _zeros("disk_number directory_disk entries_on_disk entry_count directory_size directory_offset comment_length"),
)


def _record(layout: _Layout, *values: Mapping[str, int]) -> bytes:
    """Returns a record. If a field is given several times, the last value counts."""
    signature, form, fields = layout
    merged = dict(fields)
    for more in values:
        assert fields.keys() >= more.keys(), more.keys() - fields.keys()
        merged.update(more)
    return signature + struct.pack(form, *merged.values())


def extra_field(header_id: int, data: bytes) -> bytes:
    """Returns one extra field (4.5.1)."""
    return struct.pack("<HH", header_id, len(data)) + data


def zip64_extra(*values: int) -> bytes:
    """Returns the zip64 extended information (4.5.3) with these values of 8 bytes."""
    return extra_field(0x0001, struct.pack(f"<{len(values)}Q", *values))


@dataclasses.dataclass
class Member:
    """One member, and the contents of its headers.

    Attributes:
      name: Bytes are written unchanged. A str is written as ASCII, or as UTF-8 with bit 11 set.
      data: The uncompressed bytes. For methods that are not implemented here, those of `compressed`.
      method: 4.4.5.
      compressed: The bytes in the archive, if they are not made from `data`.
      level: The compression level.
      flags: General purpose bits (4.4.4).
      descriptor: The kind of the data descriptor (4.3.9): "signed", "unsigned", "zip64", or "" for none.
      zip64: Those of uncompressed_size, compressed_size and local_header_offset in the directory's zip64 field.
      local_zip64: If True, the sizes of the local header are in a zip64 field, as NumPy writes them.
      local: Fields of the local header to set.
      central: Fields of the directory's header to set.
      local_extra: Extra fields of the local header.
      central_extra: Extra fields of the directory's header.
      comment: 4.4.18.
      local_name: The name in the local header, if it differs.
      gap: Bytes before this member.
    """

    name: str | bytes
    data: bytes = b""
    method: int = STORED
    compressed: bytes | None = None
    level: int = 6
    flags: int = 0
    descriptor: str = ""
    zip64: Sequence[str] = ()
    local_zip64: bool = False
    local: Mapping[str, int] = dataclasses.field(default_factory=dict)
    central: Mapping[str, int] = dataclasses.field(default_factory=dict)
    local_extra: bytes = b""
    central_extra: bytes = b""
    comment: bytes = b""
    local_name: bytes | None = None
    gap: bytes = b""

    def raw_name(self) -> bytes:
        return self.name if isinstance(self.name, bytes) else self.name.encode()

    def body(self) -> bytes:
        if self.compressed is not None:
            return self.compressed
        return deflate(self.data, self.level) if self.method == DEFLATED else self.data

    def facts(self) -> dict[str, int]:
        """Returns the fields that both headers share."""
        utf8 = UTF8 if isinstance(self.name, str) and not self.name.isascii() else 0
        return {
            "flags": self.flags | utf8 | (DESCRIPTOR if self.descriptor else 0),
            "method": self.method,
            "crc32": zlib.crc32(self.data),
            "compressed_size": len(self.body()),
            "uncompressed_size": len(self.data),
        }


def deflate(data: bytes, level: int = 6, strategy: int = zlib.Z_DEFAULT_STRATEGY) -> bytes:
    """Returns a raw deflate stream (RFC 1951)."""
    compressor = zlib.compressobj(level, zlib.DEFLATED, -zlib.MAX_WBITS, strategy=strategy)
    return compressor.compress(data) + compressor.flush()


def local_part(member: Member) -> bytes:
    """Returns a member's local header (4.3.7), data and data descriptor (4.3.9)."""
    name = member.raw_name() if member.local_name is None else member.local_name
    facts = member.facts()
    sizes = {key: facts[key] for key in ("crc32", "compressed_size", "uncompressed_size")}
    extra = member.local_extra
    changes: dict[str, int] = {}
    descriptor = b""
    if member.descriptor:
        changes = dict.fromkeys(sizes, 0)
        form = "<IQQ" if member.descriptor == "zip64" else "<III"
        descriptor = b"PK\x07\x08" * (member.descriptor != "unsigned") + struct.pack(form, *sizes.values())
    if member.local_zip64:
        values = [0, 0] if member.descriptor else [facts["uncompressed_size"], facts["compressed_size"]]
        changes |= {"compressed_size": SEE_ZIP64, "uncompressed_size": SEE_ZIP64, "version_needed": 45}
        extra = zip64_extra(*values) + extra
    lengths = {"name_length": len(name), "extra_length": len(extra)}
    header = _record(_LOCAL, facts, changes, lengths, member.local)
    return header + name + extra + member.body() + descriptor


def central_part(member: Member, offset: int, facts: Mapping[str, int] | None = None) -> bytes:
    """Returns a member's header in the central directory (4.3.12)."""
    facts = dict(facts or member.facts(), local_header_offset=offset)
    # The values have the order of 4.5.3, whatever the order in `zip64`.
    fields = [key for key in ("uncompressed_size", "compressed_size", "local_header_offset") if key in member.zip64]
    extra = (zip64_extra(*(facts[key] for key in fields)) if fields else b"") + member.central_extra
    name = member.raw_name()
    lengths = {"name_length": len(name), "extra_length": len(extra), "comment_length": len(member.comment)}
    changes = dict.fromkeys(fields, SEE_ZIP64) | ({"version_needed": 45} if fields else {})
    return _record(_CENTRAL, facts, changes, lengths, member.central) + name + extra + member.comment


def end_part(
    directory_offset: int,
    directory_size: int,
    entry_count: int,
    *,
    zip64: bool = False,
    comment: bytes = b"",
    end: Mapping[str, int] | None = None,
    zip64_end: Mapping[str, int] | None = None,
    locator: Mapping[str, int] | None = None,
    zip64_end_extra: bytes = b"",
) -> bytes:
    """Returns the records after the directory (4.3.14 to 4.3.16). `end`, `zip64_end` and `locator` set their fields."""
    facts = {
        "entries_on_disk": entry_count,
        "entry_count": entry_count,
        "directory_size": directory_size,
        "directory_offset": directory_offset,
    }
    before = b""
    if zip64:
        size = {"record_size": 44 + len(zip64_end_extra)}
        before = _record(_ZIP64_END, facts, size, zip64_end or {}) + zip64_end_extra
        where = {"zip64_end_offset": directory_offset + directory_size}
        before += _record(_LOCATOR, where, locator or {})
        facts = {"entries_on_disk": 0xFFFF, "entry_count": 0xFFFF}
        facts |= {"directory_size": SEE_ZIP64, "directory_offset": SEE_ZIP64}
    return before + _record(_END, facts, {"comment_length": len(comment)}, end or {}) + comment


def archive(
    members: Sequence[Member],
    *,
    prefix: bytes = b"",
    offset: int | None = None,
    order: Sequence[int] | None = None,
    gap: bytes = b"",
    **records: Any,
) -> bytes:
    """Returns a zip archive.

    Args:
      members: The members in the order of their data.
      prefix: Bytes before the archive.
      offset: A number added to all offsets; by default the length of the prefix.
      order: The order of the directory: positions in `members`. A member may appear twice, or not at all.
      gap: Bytes between the last member and the directory.
      **records: Options of `end_part` for the records after the directory.
    """
    shift = len(prefix) if offset is None else offset
    parts = b""
    offsets = []
    for member in members:
        parts += member.gap
        offsets.append(len(parts) + shift)
        parts += local_part(member)
    parts += gap
    entries = list(range(len(members)) if order is None else order)
    directory = b"".join(central_part(members[i], offsets[i]) for i in entries)
    tail = end_part(len(parts) + shift, len(directory), len(entries), **records)
    return prefix + parts + directory + tail


# --- gzip (RFC 1952) -------------------------------------------------------------------------------------------------


def gzip_member(
    data: bytes,
    *,
    level: int = 6,
    extra: bytes | None = None,
    name: bytes | None = None,
    comment: bytes | None = None,
    header_crc: bool | int = False,
    text: bool = False,
    mtime: int = 0,
    method: int = 8,
    reserved: int = 0,
    crc32: int | None = None,
    isize: int | None = None,
) -> bytes:
    """Returns one gzip member (2.3) with the given optional fields."""
    flags = text | bool(header_crc) << 1 | (extra is not None) << 2 | (name is not None) << 3
    flags |= (comment is not None) << 4 | reserved
    header = b"\x1f\x8b" + struct.pack("<BBIBB", method, flags, mtime, 0, 255)
    if extra is not None:
        header += struct.pack("<H", len(extra)) + extra
    for text_field in (name, comment):
        if text_field is not None:
            header += text_field + b"\0"
    if header_crc:
        header += struct.pack("<H", zlib.crc32(header) & 0xFFFF if header_crc is True else header_crc)
    crc32 = zlib.crc32(data) if crc32 is None else crc32
    isize = len(data) & 0xFFFFFFFF if isize is None else isize
    return header + deflate(data, level) + struct.pack("<II", crc32, isize)


# --- Zeros without end -----------------------------------------------------------------------------------------------


def deflated_zeros(mebibytes: int) -> bytes:
    """Returns deflated zeros, about 1 KiB for each MiB: a block without references to earlier ones, repeated."""
    compressor = zlib.compressobj(6, zlib.DEFLATED, -zlib.MAX_WBITS)
    block = compressor.compress(bytes(1 << 20)) + compressor.flush(zlib.Z_FULL_FLUSH)
    return block * mebibytes


def crc32_with_zeros(crc: int, count: int) -> int:
    """Returns the CRC-32 of bytes with the CRC-32 `crc`, followed by `count` zeros. It takes O(log(count)) steps.

    A zero byte is a linear map of the 32 bits of the CRC. So 2**n zero bytes are that map, squared n times.
    """
    step = [zlib.crc32(b"\0", 1 << bit ^ 0xFFFFFFFF) ^ zlib.crc32(b"\0", 0xFFFFFFFF) for bit in range(32)]

    def apply(columns: Sequence[int], vector: int) -> int:
        result = 0
        for bit in range(32):
            if vector >> bit & 1:
                result ^= columns[bit]
        return result

    register = crc ^ 0xFFFFFFFF
    while count:
        if count & 1:
            register = apply(step, register)
        step = [apply(step, column) for column in step]
        count >>= 1
    return register ^ 0xFFFFFFFF
