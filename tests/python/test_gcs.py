"""Files of gs://, on a fake server: the arrays that are read, and the number of requests."""

import gzip
import zlib
from collections.abc import Callable

import numpy as np
import pytest
import tensorflow as tf
import tf_npz
from fake_gcs import DATA, METADATA, Request, Server
from gcs_process import SPEC, Run, load, read, shard
from testing import assert_same, npy_bytes, npz_bytes, random_array

from tests.conformance.model import Sparse
from tests.conformance.writers import Member, central_part, crc32_with_zeros, end_part, local_part, npy, npy_header

MIB = 1 << 20


def sparse_npz(**shapes: tuple[int, ...]) -> Sparse:
    """A stored archive of float32 zeros. It takes no memory."""
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
    # docs/decisions/016: one request for each 4 MiB, after the first ones.
    assert len(requests) <= len(contents) / (4 * MIB) + 9
    assert total(requests) <= len(contents) + 4 * MIB


# Requests and bytes. These are the figures of docs/decisions/016 and 017.


def total(requests: list[Request]) -> int:
    return sum(request.size for request in requests)


BIG = sparse_npz(big=(1 << 18, 1024), small=(1000,))
SMALL_SPEC = tf.TensorSpec([1000], tf.float32)
BIG_SPEC = tf.TensorSpec([1024], tf.float32)


@pytest.mark.parametrize(("settings", "most"), [("gcs", 65 * MIB), ("gcs_of_small_blocks", 2 * MIB)])
def test_a_small_part_of_a_gigabyte_takes_few_requests(
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
    # Two headers. The other arrays of the file are not read.
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


# The guide recommends small blocks because of this.
def test_arrays_read_in_turns_need_small_blocks(server: Server, gcs: Run, gcs_of_small_blocks: Run) -> None:
    contents, spec = x_and_y(100)
    asked_for = []
    for settings, run in (("default", gcs), ("small", gcs_of_small_blocks)):
        path = server.put(f"turns/{settings}.npz", contents)
        assert len(run(read, path, batch_size=1024, element_spec=spec, count=32)) == 32  # 12.5 MiB of each array
        asked_for.append(total(server.take_requests(DATA)))
    assert asked_for[0] > 6 * 64 * MIB
    assert asked_for[1] < 80 * MIB


def test_the_checksum_shows_that_an_object_has_changed(server: Server, gcs_of_small_blocks: Run) -> None:
    """Half of the bytes come from the old object, half from the new one of the same size."""
    old, new = (npz_bytes(x=np.full((2 << 20,), value, np.float32)) for value in (1, 2))
    path = server.put("changes/a.npz", old)
    server.replace_after("changes/a.npz", DATA, new)
    with pytest.raises(tf.errors.DataLossError, match="CRC"):
        gcs_of_small_blocks(read, path, "x", batch_size=4096, element_spec=tf.TensorSpec([], tf.float32))
