"""The cases that are measured, in groups. The cases of a group read one set and take turns."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

CPUS = len(os.sched_getaffinity(0))
MIB = 1 << 20


@dataclass(frozen=True)
class Case:
    """One way to read a set."""

    name: str
    runs_in: str
    """The place: "tensorflow" or "other" (a process of that environment), "limit" (a program) or "cat"."""
    function: str = ""
    """MODULE:NAME in benchmarks, or the name of the program."""
    options: Mapping[str, Any] = field(default_factory=dict)
    kind: str = "incumbent"
    """Its role: "ours", "limit", "incumbent", "converted" (an incumbent with files made for it) or "reference"."""
    in_quick: bool = True


@dataclass(frozen=True)
class Group:
    """Cases over one set. They take turns in each round, so changes of the machine's speed affect all of them."""

    name: str
    set: str
    cases: tuple[Case, ...]
    cold: bool = False
    """True if the files are removed from the page cache before each measurement."""
    in_quick: bool = True


def ours(name: str = "tf_npz", **options: Any) -> Case:
    return Case(name, "tensorflow", "ours:batches", options, "ours")


def limit(name: str, program: str, **options: int | str) -> Case:
    return Case(name, "limit", program, options, "limit")


def incumbent(name: str, function: str, **more: Any) -> Case:
    module = "incumbents_other" if more.get("runs_in") == "other" else "incumbents"
    return Case(name, more.pop("runs_in", "tensorflow"), f"{module}:{function}", **more)


NUMPY_LOOP = incumbent("NumPy loop", "numpy_loop")
NUMPY_FUNCTION = incumbent("numpy_function", "numpy_function")
READ_FILE = incumbent("read_file + decode_raw", "read_file")
FIXED_LENGTH = incumbent("FixedLengthRecordDataset", "fixed_length")
INTERLEAVE = incumbent("interleave of numpy_function", "interleave", in_quick=False)
FROM_GENERATOR = incumbent("from_generator", "from_generator", in_quick=False)
PYTORCH = incumbent("PyTorch DataLoader", "pytorch", runs_in="other", options={"workers": max(2, CPUS)}, in_quick=False)
DALI = incumbent("DALI, CPU", "dali", runs_in="other", options={"threads": CPUS}, in_quick=False)
TFRECORD = incumbent("TFRecord", "tfrecord", kind="converted", in_quick=False)
SAVED = incumbent("tf.data save and load", "saved", kind="converted", in_quick=False)
TENSORSTORE = incumbent("TensorStore, zarr3", "tensorstore", runs_in="other", kind="converted", in_quick=False)
ON_NPZ = (NUMPY_LOOP, NUMPY_FUNCTION, INTERLEAVE, FROM_GENERATOR, PYTORCH, TFRECORD, SAVED, TENSORSTORE)
ON_NPY = (NUMPY_LOOP, NUMPY_FUNCTION, READ_FILE, FROM_GENERATOR, PYTORCH, DALI, TFRECORD)

ONE = ours("tf_npz, 1 thread", threads=1)
TWO = ours("tf_npz, 2 threads", threads=2)
SECOND_EPOCH = ours("tf_npz, second epoch", epochs=2)
# One more case for each doubling of threads, up to the number of processors. Scaling may stop beyond two.
MORE = tuple(ours(f"tf_npz, {n} threads", threads=n) for n in (4, 8, 16, 32) if n <= CPUS)

WHOLE_1 = limit("libdeflate + CRC, 1 thread", "inflate_whole", threads=1)
WHOLE_N = limit("libdeflate + CRC, all threads", "inflate_whole", threads=CPUS)
STREAM = limit("zlib-ng in windows of 1 MiB + CRC", "inflate_stream", buffer=MIB)
PREAD = limit("pread + CRC", "pread_files", buffer=4 * MIB)
SMALL = limit("open, fstat, pread, close", "small_files", threads=CPUS)
MEMCPY = limit("memcpy", "copy_memory", buffer=64 * MIB)
TOUCH = limit("fresh memory, touched", "touch_memory", buffer=32 * MIB)
MEMORY = Case("from_tensor_slices", "tensorflow", "incumbents:memory", kind="reference")
INTERLEAVED_MEMORY = Case(
    "from_tensor_slices in interleave", "tensorflow", "incumbents:interleaved_memory", kind="reference"
)
ITERATOR = Case("Dataset.range, one batch", "tensorflow", "incumbents:nothing", kind="reference")
ROWS = Case("tf_npz, single rows in interleave", "tensorflow", "ours:interleaved_rows", kind="ours")
PLAIN_ROWS = Case("tf_npz, single rows", "tensorflow", "ours:rows", kind="ours")
CAT = Case("cat", "cat", kind="limit")
ROWS_OF_STORED = 16 << 10
"""Bytes of one row of the stored set."""


def _stored(mebibytes: int) -> Group:
    batch_size = mebibytes * MIB // ROWS_OF_STORED
    return Group(
        f"stored, batches of {mebibytes} MiB",
        "repeated",  # so that the start of an iterator counts little
        (
            ours(batch_size=batch_size),
            limit("pread + CRC", "pread_files", buffer=mebibytes * MIB),
            incumbent("FixedLengthRecordDataset", "fixed_length", options={"batch_size": batch_size}),
        ),
        in_quick=mebibytes in (1, 64),
    )


MAPPED = Group(
    "stored, mmap",
    "repeated",
    (
        *(limit(f"pread + CRC, {size} MiB", "pread_files", buffer=size * MIB) for size in (1, 64)),
        limit("mmap + CRC, touched", "mmap_files", pages="touch"),
        limit("mmap + CRC, MADV_WILLNEED", "mmap_files", pages="willneed"),
        limit("mmap + CRC, MADV_POPULATE_READ", "mmap_files", pages="populate_read"),
        limit("mmap + CRC, MAP_POPULATE", "mmap_files", pages="map_populate"),
        *(limit(f"mmap + copy + CRC, {size} MiB", "mmap_files", pages="copy", buffer=size * MIB) for size in (1, 64)),
    ),
)

ALL = (
    Group("compressed", "compressed", (ours(), ONE, TWO, *MORE, WHOLE_1, WHOLE_N, *ON_NPZ)),
    Group("members", "members", (ONE, TWO, *MORE, WHOLE_1, WHOLE_N)),
    *(_stored(mebibytes) for mebibytes in (1, 4, 16, 64)),
    MAPPED,
    Group("stored", "stored", (ours(), PREAD, FIXED_LENGTH, *ON_NPZ)),
    Group("small", "small", (ours(), SECOND_EPOCH, SMALL, *ON_NPY, FIXED_LENGTH)),
    Group("images", "images", (ours(), STREAM, WHOLE_1, ITERATOR, *ON_NPZ)),
    Group(
        "eight",
        "eight",
        (
            ours("tf_npz, 1 GiB", memory_limit=1 << 30),
            ours("tf_npz, 1 GiB, second epoch", memory_limit=1 << 30, epochs=2),
            WHOLE_N,
        ),
    ),
    Group("varying", "varying", (ours(), SMALL, *ON_NPY)),
    Group("tokens", "tokens", (ours(), SECOND_EPOCH, WHOLE_1, WHOLE_N, *ON_NPZ)),
    Group("rows, stored", "stored", (ROWS, INTERLEAVED_MEMORY, PLAIN_ROWS, MEMORY)),
    Group("rows, compressed", "compressed", (ROWS, INTERLEAVED_MEMORY, PLAIN_ROWS, MEMORY, WHOLE_1)),
    Group("cold", "stored", (ours(), CAT), cold=True),
    Group("memory", "stored", (MEMCPY, TOUCH)),
)


def selected(*, quick: bool, names: tuple[str, ...] = ()) -> list[Group]:
    """Returns all groups or the named ones. With `quick` without slow cases and cases that are not in .venv."""
    groups = []
    for group in ALL:
        if (names and group.name not in names) or (quick and not group.in_quick):
            continue
        cases = tuple(case for case in group.cases if case.in_quick or not quick)
        groups.append(Group(group.name, group.set, cases, group.cold))
    return groups
