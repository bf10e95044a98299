"""Files of gs://, on a server of our own: what is read, in how many requests, and what is said when something fails.

TensorFlow reads its settings when it is loaded, so it runs in a process of its own for each set of them.
"""

import gzip
import multiprocessing
import os
import re
import sys
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
import tf_npz
from testing import assert_same, features, npy_bytes, npz_bytes, random_array

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from fake_gcs import DATA, METADATA, Request, Server

from tests.conformance.model import Sparse
from tests.conformance.writers import Member, central_part, crc32_with_zeros, end_part, local_part, npy, npy_header

MIB = 1 << 20
DEADLINE = 120.0  # seconds, for what takes one or two, and the import of TensorFlow

# Instead of 10 retries over three minutes. The size of an object is asked for once, not again after 5 seconds.
SETTINGS = {
    "GCS_RETRY_CONFIG_MAX_RETRIES": "1",
    "GCS_RETRY_CONFIG_INIT_DELAY_TIME_US": "1",
    "GCS_RETRY_CONFIG_MAX_DELAY_TIME_US": "1",
    "GCS_STAT_CACHE_MAX_AGE": "86400",
}
ATTEMPTS = 2
SMALL_BLOCKS = {"GCS_READ_CACHE_BLOCK_SIZE_MB": "1"}

Run = Callable[..., Any]


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    server = Server()
    yield server
    server.close()


def process(server: Server, settings: dict[str, str]) -> Iterator[Run]:
    """A function that calls another one in a process for which `server` is gs://."""
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith(("GCS_", "GOOGLE_")) or "proxy" in name.lower()]:
            patch.delenv(name)
        for name, value in {**server.environment, **SETTINGS, **settings}.items():
            patch.setenv(name, value)
        pool = multiprocessing.get_context("spawn").Pool(1)  # It begins with this environment.
    with pool:

        def run(function: Callable[..., Any], *args: Any, **options: Any) -> Any:
            return pool.apply_async(function, args, options).get(DEADLINE)

        yield run
    pool.join()


@pytest.fixture(scope="module")
def gcs(server: Server) -> Iterator[Run]:
    """Runs a function with gs:// as it is by default."""
    yield from process(server, {})


@pytest.fixture(scope="module")
def gcs_of_small_blocks(server: Server) -> Iterator[Run]:
    """Runs a function with gs:// set as the README advises."""
    yield from process(server, SMALL_BLOCKS)


@pytest.fixture(autouse=True)
def nothing_of_other_tests(server: Server) -> None:
    server.mend()
    server.take_requests()


# What runs there.


def read(filenames: Any, keys: Any = None, count: int = -1, ignore_errors: bool = False, **options: Any) -> list[Any]:
    dataset = tf_npz.NpzReaderDataset(filenames, keys, **options)
    if ignore_errors:
        dataset = dataset.ignore_errors()
    return list(dataset.take(count).as_numpy_iterator())


def load(filename: str, keys: Any = None, **options: Any) -> Any:
    return tf.nest.map_structure(lambda tensor: tensor.numpy(), tf_npz.load(filename, keys, **options))


# The files.


def sparse_npz(**shapes: tuple[int, ...]) -> Sparse:
    """A stored archive of float32 zeros, which take no memory."""
    parts: dict[int, bytes] = {}
    directory = b""
    at = 0
    for name, shape in shapes.items():
        header = npy(npy_header("<f4", shape), b"")
        zeros = 4 * int(np.prod(shape))
        facts = dict.fromkeys(("compressed_size", "uncompressed_size"), len(header) + zeros)
        facts["crc32"] = crc32_with_zeros(zlib.crc32(header), zeros)
        member = Member(f"{name}.npy", header, local=facts)
        parts[at] = local_part(member)
        directory += central_part(member, at, {**member.facts(), **facts})
        at += len(parts[at]) + zeros
    parts[at] = directory + end_part(at, len(directory), len(shapes))
    return Sparse(at + len(parts[at]), parts)


def shard(i: int) -> dict[str, np.ndarray]:
    y = np.arange(i * 5, i * 5 + 5)
    return {"x": features(y), "y": y}


SPEC = {"x": tf.TensorSpec([4], tf.float32), "y": tf.TensorSpec([], tf.int64)}
WHOLE = {"x": tf.TensorSpec([5, 4], tf.float32), "y": tf.TensorSpec([5], tf.int64)}

KINDS: dict[str, tuple[str, Callable[[int], bytes]]] = {
    "stored": ("npz", lambda i: npz_bytes(**shard(i))),
    "deflated": ("npz", lambda i: npz_bytes(np.savez_compressed, **shard(i))),
    "npy": ("npy", lambda i: npy_bytes(shard(i)["x"])),
    "gzip": ("npy.gz", lambda i: gzip.compress(npy_bytes(shard(i)["x"]))),
}


@pytest.mark.parametrize("kind", KINDS)
def test_reads_as_from_a_disk(server: Server, gcs: Run, kind: str) -> None:
    suffix, contents = KINDS[kind]
    is_npz = suffix == "npz"
    paths = [server.put(f"kinds/{kind}/{i} größe #%.{suffix}", contents(i)) for i in range(3)]
    server.put(f"kinds/{kind}/0 other.txt", b"")
    arrays = [shard(i) if is_npz else shard(i)["x"] for i in range(3)]
    info = gcs(tf_npz.inspect, paths[0])
    assert info.file_size == len(contents(0))
    assert {name: array.shape for name, array in info.arrays.items()} == (
        {"x": (5, 4), "y": (5,)} if is_npz else {"": (5, 4)}
    )
    assert_same(gcs(load, paths[1]), arrays[1])
    spec = SPEC if is_npz else SPEC["x"]
    rows = [{"x": x, "y": y} if is_npz else x for i in range(3) for x, y in zip(*shard(i).values(), strict=True)]
    batches = [tf.nest.map_structure(lambda *rows: np.stack(rows), *rows[i : i + 4]) for i in range(0, 15, 4)]
    assert_same(gcs(read, paths, element_spec=spec), rows)
    pattern = f"gs://kinds/{kind}/*.{suffix}"
    assert gcs(tf_npz.element_spec, pattern) == spec
    assert_same(gcs(read, pattern, batch_size=4), batches)


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_files_of_many_windows(server: Server, gcs_of_small_blocks: Run, save: Callable[..., None]) -> None:
    array = random_array((4000, 1000), "f4")
    contents = npz_bytes(save, x=array)
    path = server.put(f"large/{save.__name__}.npz", contents)
    assert_same(gcs_of_small_blocks(load, path, "x"), array)
    server.take_requests()
    batches = gcs_of_small_blocks(read, path, "x", batch_size=1000, element_spec=tf.TensorSpec([1000], tf.float32))
    assert_same(np.concatenate(batches), array)
    requests = server.take_requests(DATA)
    # docs/design.md: all of it one for each 4 MiB, beside the first ones.
    assert len(requests) <= len(contents) / (4 * MIB) + 9
    assert total(requests) <= len(contents) + 4 * MIB


# What is asked for. These are the figures of docs/design.md.


def total(requests: list[Request]) -> int:
    return sum(request.size for request in requests)


BIG = sparse_npz(big=(1 << 18, 1024), small=(1000,))
SMALL_SPEC = tf.TensorSpec([1000], tf.float32)
BIG_SPEC = tf.TensorSpec([1024], tf.float32)


@pytest.mark.parametrize(("settings", "most"), [("gcs", 65 * MIB), ("gcs_of_small_blocks", 2 * MIB)])
def test_little_of_a_gigabyte_takes_a_handful_of_requests(
    server: Server, request: pytest.FixtureRequest, settings: str, most: int
) -> None:
    run = request.getfixturevalue(settings)
    path = server.put(f"big/{settings}.npz", BIG)
    assert run(tf_npz.inspect, path).arrays["big"].shape == (1 << 18, 1024)
    assert len(server.take_requests(METADATA)) == 1
    assert_same(run(load, path, "small", element_spec=SMALL_SPEC), np.zeros(1000, np.float32))
    requests = server.take_requests()
    assert len(requests) == 2
    assert total(requests) <= most
    # Two headers: the other arrays of the file don't matter.
    assert run(tf_npz.element_spec, path, "small") == tf.TensorSpec([], tf.float32)
    assert len(server.take_requests()) <= 3
    assert_same(run(read, path, "big", count=2, element_spec=BIG_SPEC), [np.zeros(1024, np.float32)] * 2)
    requests = server.take_requests()
    assert len(requests) <= 6
    assert total(requests) <= 2 * most + 16 * MIB


def test_archives_of_many_members_are_inspected_in_few_requests(server: Server, gcs_of_small_blocks: Run) -> None:
    contents = npz_bytes(**{f"x{i}": np.zeros(1000, np.float32) for i in range(2000)})
    path = server.put("many/members.npz", contents)
    assert len(gcs_of_small_blocks(tf_npz.inspect, path).arrays) == 2000
    requests = server.take_requests(DATA)
    assert len(requests) <= len(contents) / MIB + 5
    assert total(requests) <= len(contents) + 4 * MIB


def x_and_y(columns: int) -> tuple[Sparse, dict[str, tf.TensorSpec]]:
    """Two arrays of `columns` MiB each, and the spec of their rows."""
    spec = tf.TensorSpec([columns], tf.float32)
    return sparse_npz(x=(1 << 18, columns), y=(1 << 18, columns)), {"x": spec, "y": spec}


def test_a_file_of_less_than_a_block_takes_one_request(server: Server, gcs: Run) -> None:
    contents, spec = x_and_y(30)
    path = server.put("turns/narrow.npz", contents)
    assert len(gcs(read, path, batch_size=1 << 14, element_spec=spec)) == 16
    assert [(request.begin, request.end) for request in server.take_requests(DATA)] == [(0, contents.size)]


# The README advises small blocks because of this.
def test_arrays_read_in_turns_want_small_blocks(server: Server, gcs: Run, gcs_of_small_blocks: Run) -> None:
    contents, spec = x_and_y(100)
    asked_for = []
    for settings, run in (("default", gcs), ("small", gcs_of_small_blocks)):
        path = server.put(f"turns/{settings}.npz", contents)
        assert len(run(read, path, batch_size=1024, element_spec=spec, count=32)) == 32  # 12.5 MiB of each array
        asked_for.append(total(server.take_requests(DATA)))
    assert asked_for[0] > 6 * 64 * MIB
    assert asked_for[1] < 80 * MIB


# What goes wrong.

READS: dict[str, tuple[Callable[..., Any], Any, dict[str, Any]]] = {
    "element_spec": (tf_npz.element_spec, SPEC, {}),
    "load": (load, shard(0), {"element_spec": WHOLE}),
    "dataset": (read, [{"x": x, "y": y} for x, y in zip(*shard(0).values(), strict=True)], {"element_spec": SPEC}),
}


@pytest.fixture(params=READS)
def reader(request: pytest.FixtureRequest, gcs: Run) -> Callable[[str], None]:
    """Reads a file, and holds against what is expected."""
    function, expected, options = READS[request.param]

    def call(path: str) -> None:
        actual = gcs(function, path, **options)
        if request.param == "element_spec":
            assert actual == expected
        else:
            assert_same(actual, expected)

    return call


@pytest.fixture
def file(server: Server, request: pytest.FixtureRequest) -> str:
    """An object of a test's own; its name."""
    name = f"faults/{re.sub(r'[^a-z0-9]+', '-', request.node.name)}.npz"
    server.put(name, npz_bytes(**shard(0)))
    return name


@pytest.mark.parametrize("kind", [METADATA, DATA])
def test_an_error_that_passes_is_not_seen(server: Server, reader: Callable[[str], None], file: str, kind: str) -> None:
    server.fail(file, 503, times=ATTEMPTS - 1, kind=kind)
    reader(f"gs://{file}")
    assert len(server.take_requests(kind)) == ATTEMPTS


def test_a_connection_that_breaks_off_once_is_not_seen(
    server: Server, reader: Callable[[str], None], file: str
) -> None:
    server.cut(file, 100)
    reader(f"gs://{file}")
    assert len(server.take_requests(DATA)) == 2


ERRORS: dict[str, tuple[Callable[[Server, str], None], type[Exception], type[Exception], str]] = {
    "403": (lambda s, f: s.fail(f, 403), tf.errors.PermissionDeniedError, PermissionError, "HTTP response code 403"),
    "403 metadata": (
        lambda s, f: s.fail(f, 403, kind=METADATA),
        tf.errors.PermissionDeniedError,
        PermissionError,
        "HTTP response code 403",
    ),
    "401": (lambda s, f: s.fail(f, 401), tf.errors.PermissionDeniedError, PermissionError, "HTTP response code 401"),
    "404": (lambda s, f: s.fail(f, 404), tf.errors.NotFoundError, FileNotFoundError, "HTTP response code 404"),
    "404 metadata": (
        lambda s, f: s.fail(f, 404, kind=METADATA),
        tf.errors.NotFoundError,
        FileNotFoundError,
        "404|was not found",
    ),
    "412": (lambda s, f: s.fail(f, 412), tf.errors.UnavailableError, OSError, "HTTP response code 412"),
    "503": (lambda s, f: s.fail(f, 503), tf.errors.UnavailableError, OSError, "HTTP response code 503"),
    "503 metadata": (
        lambda s, f: s.fail(f, 503, kind=METADATA),
        tf.errors.UnavailableError,
        OSError,
        "HTTP response code 503",
    ),
    "breaks off": (
        lambda s, f: s.cut(f, 100, times=float("inf")),
        tf.errors.UnavailableError,
        OSError,
        "Transferred a partial file",
    ),
    "gets shorter": (
        lambda s, f: s.replace_after(f, METADATA, npz_bytes(x=np.zeros(1))),
        tf.errors.UnavailableError,
        OSError,
        "File contents are inconsistent",
    ),
    "gets longer": (
        lambda s, f: s.replace_after(f, METADATA, npz_bytes(**{"x" * 100: np.zeros(1000)})),
        tf.errors.DataLossError,
        ValueError,
        "cut off or damaged",
    ),
}


@pytest.mark.parametrize("error", ERRORS)
def test_errors_say_what_is_wrong_with_which_file(server: Server, gcs: Run, file: str, error: str) -> None:
    happen, of_tensorflow, of_python, fragment = ERRORS[error]
    path = f"gs://{file}"
    for name, (function, _, options) in READS.items():
        own = f"{file}.{name}"
        server.put(own, npz_bytes(**shard(0)))
        happen(server, own)
        with pytest.raises(of_tensorflow, match=fragment) as raised:
            gcs(function, f"gs://{own}", **options)
        assert_named_once(raised.value, f"gs://{own}")
    server.put(file, npz_bytes(**shard(0)))
    happen(server, file)
    with pytest.raises(of_python, match=fragment) as raised:
        gcs(tf_npz.inspect, path)
    assert_named_once(raised.value, path)
    # Retries aside, it is not asked for over and over: for a window, and for what is wanted of it.
    assert len([request for request in server.take_requests() if request.name == file]) <= 2 * ATTEMPTS + 1


def assert_named_once(error: Exception, path: str) -> None:
    assert str(error).count(path) == 1
    assert "\n" not in str(error)


def test_patterns_say_what_is_wrong(server: Server, gcs: Run) -> None:
    with pytest.raises(tf.errors.NotFoundError, match="no file matches the pattern 'gs://empty/"):
        gcs(tf_npz.element_spec, "gs://empty/*.npz")


def test_a_file_that_can_not_be_read_costs_no_other_its_rows(server: Server, gcs: Run) -> None:
    paths = [server.put(f"skipped/{i}.npz", npz_bytes(**shard(i))) for i in range(4)]
    server.fail("skipped/1.npz", 403)
    server.fail("skipped/2.npz", 503)
    rows = gcs(read, paths, "y", element_spec=SPEC["y"], ignore_errors=True)
    assert_same(rows, [*shard(0)["y"], *shard(3)["y"]])


def test_an_object_that_changes_is_found_out_by_its_checksum(server: Server, gcs_of_small_blocks: Run) -> None:
    """Half of it from before, half from after, of the same size."""
    old, new = (npz_bytes(x=np.full((2 << 20,), value, np.float32)) for value in (1, 2))
    path = server.put("changes/a.npz", old)
    server.replace_after("changes/a.npz", DATA, new)
    with pytest.raises(tf.errors.DataLossError, match="CRC"):
        gcs_of_small_blocks(read, path, "x", batch_size=4096, element_spec=tf.TensorSpec([], tf.float32))
