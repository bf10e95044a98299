"""A checkpoint of a reader holds a position, for any number and size of files. All its values are checked."""

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
import tf_npz
from pipelines import reader, rest_of, symbolic, take
from tensorflow.core.framework import tensor_pb2
from testing import assert_same, npy_bytes, save_shards
from watching import plain

MAX_SIZE = 1000  # bytes


def serialized(iterator: Any) -> bytes:
    """The state of a pipeline in a checkpoint."""
    state = tf.raw_ops.SerializeIterator(resource_handle=iterator._iterator_resource, external_state_policy=0)
    return tf.io.serialize_tensor(state).numpy()


class State:
    """The parsed state of a pipeline of one iterator: keys and values. The values are compressed together."""

    def __init__(self, iterator: Any) -> None:
        content = tensor_pb2.TensorProto.FromString(serialized(iterator)).tensor_content
        # The content begins with a varint. It holds the length of the rest.
        length = next(i for i, byte in enumerate(content) if byte < 128) + 1
        self._variant = tensor_pb2.VariantTensorDataProto.FromString(content[length:])
        keys = self._variant.metadata.decode().split("@@")[1:]
        values = tf.raw_ops.UncompressElement(
            compressed=tf.io.parse_tensor(self._variant.tensors[0].SerializeToString(), tf.variant),
            output_types=[tf.string if key == "file_name" else tf.int64 for key in keys],
            output_shapes=[[]] * len(keys),
        )
        self.values = dict(zip(keys, (value.numpy() for value in values), strict=True))

    def restore(self, iterator: Any, **changes: Any) -> None:
        """Restores `iterator` from the state with other values of some keys."""
        assert changes.keys() <= self.values.keys()
        values = {**self.values, **changes}
        components = [v if key == "file_name" else tf.constant(v, tf.int64) for key, v in values.items()]
        compressed = tf.io.serialize_tensor(tf.raw_ops.CompressElement(components=components)).numpy()
        self._variant.tensors[0].ParseFromString(compressed)
        state = tensor_pb2.TensorProto(dtype=tf.variant.as_datatype_enum, variant_val=[self._variant])
        state.tensor_shape.dim.add(size=1)
        tf.raw_ops.DeserializeIterator(
            resource_handle=iterator._iterator_resource,
            serialized=tf.io.parse_tensor(state.SerializeToString(), tf.variant),
        )


@pytest.mark.parametrize("is_symbolic", [False, True], ids=["", "symbolic"])
@pytest.mark.parametrize("options", [{}, {"batch_size": 5000}], ids=["rows", "batches"])
def test_the_state_of_large_files_is_small(folder: Path, options: dict[str, Any], is_symbolic: bool) -> None:
    np.save("a.npy", np.arange(300_000))
    np.save("b.npy", np.arange(300_000))
    iterator = iter(symbolic(plain(tf_npz.NpzReaderDataset("*.npy", **options)), is_symbolic))
    sizes = []
    for count in (0, 1, 1, 30):
        take(iterator, count)
        sizes.append(len(serialized(iterator)))
    assert max(sizes) < MAX_SIZE


@pytest.mark.parametrize("is_symbolic", [False, True], ids=["", "symbolic"])
@pytest.mark.parametrize("options", [{}, {"shard": (3, 1)}, {"rows": False}], ids=["rows", "a share", "whole files"])
def test_the_state_of_many_files_with_long_names_is_small(
    folder: Path, options: dict[str, Any], is_symbolic: bool
) -> None:
    contents = npy_bytes(np.arange(3))
    Path("first.npy").write_bytes(contents)
    names = [f"{i:04}".rjust(251, "n") + ".npy" for i in range(5000)]
    for name in names:
        os.link("first.npy", name)
    spec = tf.TensorSpec([] if options.get("rows", True) else [3], tf.int64)
    iterator = iter(symbolic(plain(tf_npz.NpzReaderDataset(names, element_spec=spec, **options)), is_symbolic))
    for count in (0, 1, 100):
        take(iterator, count)
        assert len(serialized(iterator)) < MAX_SIZE


def test_the_state_of_many_readers_is_small(folder: Path) -> None:
    """Many readers inside interleave, with symbolic checkpoints, so that tf.data adds no elements."""
    names = [f"{i}.npy" for i in range(16)]
    for name in names:
        np.save(name, np.zeros((100, 1000)))
    spec = tf.TensorSpec([1000], tf.float64)
    dataset = tf.data.Dataset.from_tensor_slices(names).interleave(
        lambda f: tf_npz.NpzReaderDataset(f, element_spec=spec), cycle_length=16, num_parallel_calls=2
    )
    iterator = iter(symbolic(plain(dataset)))
    take(iterator, 100)
    assert len(serialized(iterator)) < 17 * MAX_SIZE


def test_the_state_is_where_the_next_element_lies(folder: Path) -> None:
    save_shards([4, 5])
    iterator = iter(reader(batch_size=3))
    take(iterator, 2)
    values = State(iterator).values
    assert values["file"] == 1
    assert values["element"] == 2
    assert values["file_size"] == Path("1.npz").stat().st_size
    assert values["file_name"] == b"1.npz"
    assert values["file_count"] == 2
    rest = rest_of(iterator)
    assert State(iterator).values["file"] == 2  # the end
    again = iter(reader(batch_size=3))
    State(iter(reader(batch_size=3))).restore(again)
    assert_same(rest_of(again)[2:], rest)


INT64 = np.iinfo(np.int64)
LIST = "the checkpoint is of an iterator over "
POSITION = "the checkpoint is damaged: it has no valid position"


@pytest.mark.parametrize(
    ("options", "taken"),
    [({}, 4), ({"batch_size": 3}, 2), ({"rows": False}, 1)],
    ids=["rows", "batches", "whole files"],
)
@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"file": -1}, POSITION),
        ({"file": INT64.min}, POSITION),
        ({"file": 3}, POSITION),
        ({"file": INT64.max}, POSITION),
        ({"element": -1}, POSITION),
        ({"element": INT64.min}, POSITION),
        ({"file": INT64.min, "element": INT64.min, "file_size": INT64.min}, POSITION),
        ({"file": 2}, 'was in "1.npz", but the list now has "" in its place'),
        ({"file": 0}, 'was in "1.npz", but the list now has "0.npz" in its place'),
        ({"file_name": b""}, 'was in "", but the list now has "1.npz" in its place'),
        ({"file_name": b"\xff\0"}, r'was in "\xff\x00", but the list now has "1.npz" in its place'),
        ({"file_name": b"a" * 100_000}, '"…, but the list now has "1.npz" in its place'),
        ({"file_count": -1}, LIST + "-1 files, but now there are 2"),
        ({"file_count": INT64.max}, LIST + f"{INT64.max} files, but now there are 2"),
        ({"names_crc": -1}, LIST + "files with other names, or in another order"),
    ],
)
def test_a_damaged_state_is_refused(
    folder: Path, options: dict[str, Any], taken: int, changes: dict[str, Any], message: str
) -> None:
    save_shards([3, 6])
    iterator = iter(reader(**options))
    take(iterator, taken)
    with pytest.raises(tf.errors.InvalidArgumentError) as error:
        State(iterator).restore(iterator, **changes)
    assert message in error.value.message


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"element": 7}, r"1\.npz: has 6 elements, but reading is to go on at element 7: is it another file"),
        ({"element": INT64.max}, rf"1\.npz: has 6 elements, but reading is to go on at element {INT64.max}"),
        ({"file_size": 1}, r"1\.npz: has \d+ bytes, but had 1 when reading stopped in it"),
        ({"file_size": INT64.max}, rf"1\.npz: has \d+ bytes, but had {INT64.max} when reading stopped in it"),
    ],
)
@pytest.mark.parametrize(
    ("options", "taken"), [({}, 4), ({"batch_size": 3}, 2), ({"shard": (2, 1)}, 1)], ids=["rows", "batches", "a share"]
)
def test_a_position_that_the_file_does_not_have_is_an_error_of_its_turn(
    folder: Path, options: dict[str, Any], taken: int, changes: dict[str, Any], message: str
) -> None:
    save_shards([3, 6, 4])
    iterator = iter(reader(**options))
    take(iterator, taken)
    State(iterator).restore(iterator, **changes)
    with pytest.raises(tf.errors.InvalidArgumentError, match=message):
        next(iterator)
    rest = np.concatenate([np.reshape(y, -1) for _, y in rest_of(iterator)])
    assert rest.tolist() == [9, 10, 11, 12]
