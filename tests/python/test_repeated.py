"""Arrays without dimensions, beside arrays with rows: each row of the file has their only item."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
import tf_npz
from testing import elements

LENGTHS = [3, 0, 5, 1]
ITEMS: dict[str, Callable[[int], np.ndarray]] = {
    "float": lambda i: np.array(i + 0.5, "f4"),
    "big-endian": lambda i: np.array(i + 1, ">i8"),
    "text": lambda i: np.array(f"sübject {i}"),
    "bytes": lambda i: np.array(b"ab" * (i + 1)),
    "date": lambda i: np.array(f"2024-01-0{i + 1}", "M8[D]"),
    "structure": lambda i: np.array((i, [1.5, i]), [("a", "<i2"), ("b", ">f8", (2,))]),
}
SAVES = {"stored": np.savez, "compressed": np.savez_compressed}


def save(lengths: list[int], item: Callable[[int], np.ndarray], writer: Any = np.savez) -> None:
    for i, length in enumerate(lengths):
        writer(f"{i}.npz", x=np.arange(length, dtype="f4") + 10 * i, s=item(i))


def plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: plain(inner) for name, inner in value.items()}
    return value.tolist() if hasattr(value, "tolist") else value


def expected_of(item: np.ndarray) -> Any:
    if item.dtype.names:
        return {name: expected_of(item[name]) for name in item.dtype.names}
    if item.dtype.kind == "M":
        return item.astype("i8").tolist()
    if item.dtype.kind == "U":
        return item.item().encode()
    return item.tolist()


@pytest.mark.parametrize("writer", SAVES.values(), ids=SAVES.keys())
@pytest.mark.parametrize("item", ITEMS.values(), ids=ITEMS.keys())
@pytest.mark.parametrize("keys", [None, {"x": "x", "s": "s"}], ids=["all arrays", "named"])
def test_each_row_has_the_item_of_its_file(folder: Path, keys: Any, item: Any, writer: Any) -> None:
    save(LENGTHS, item, writer)
    expected = [(10 * i + row, expected_of(item(i))) for i, n in enumerate(LENGTHS) for row in range(n)]
    dataset = tf_npz.NpzReaderDataset("*.npz", keys)
    assert [(plain(e["x"]), plain(e["s"])) for e in dataset.as_numpy_iterator()] == expected
    assert len(dataset) == sum(LENGTHS)
    batched = tf_npz.NpzReaderDataset("*.npz", keys, batch_size=4, num_parallel_reads=2).unbatch()
    assert [(plain(e["x"]), plain(e["s"])) for e in batched.as_numpy_iterator()] == expected
    shares = [tf_npz.NpzReaderDataset("*.npz", keys, shard=(2, i)) for i in range(2)]
    found = [(plain(e["x"]), plain(e["s"])) for share in shares for e in share.as_numpy_iterator()]
    assert sorted(found, key=lambda pair: pair[0]) == expected
    skipped = dataset.skip(4)
    assert [(plain(e["x"]), plain(e["s"])) for e in skipped.as_numpy_iterator()] == expected[4:]


def test_the_spec_shows_a_scalar(folder: Path) -> None:
    save([3], ITEMS["float"])
    assert tf_npz.element_spec("0.npz") == {"x": tf.TensorSpec([], tf.float32), "s": tf.TensorSpec([], tf.float32)}


def test_a_file_of_scalars_alone_has_no_rows(folder: Path) -> None:
    np.savez("a.npz", s=np.float32(1), t=np.float32(2))
    with pytest.raises(tf.errors.InvalidArgumentError, match=r'a\.npz\["s"\]: has no dimensions.*rows=False'):
        tf_npz.NpzReaderDataset("a.npz")
    scalars = (tf.TensorSpec([], tf.float32), tf.TensorSpec([], tf.float32))
    with pytest.raises(tf.errors.InvalidArgumentError, match=r'a\.npz\["s"\]: has no dimensions.*rows=False'):
        elements(tf_npz.NpzReaderDataset("a.npz", ("s", "t"), element_spec=scalars))


def test_all_arrays_of_other_lengths_are_not_repeated_beside(folder: Path) -> None:
    np.savez("a.npz", s=np.float32(1), x=np.zeros(3), y=np.zeros(2))
    with pytest.raises(tf.errors.InvalidArgumentError, match=r'no dimensions.*pass keys of one length: "x"$'):
        tf_npz.NpzReaderDataset("a.npz")


@pytest.mark.parametrize("threads", [0, 1, 2])
def test_damage_in_the_item_is_reported_before_the_first_row(folder: Path, threads: int) -> None:
    np.savez("a.npz", x=np.zeros(50_000, "f4"), s=np.array(123456789, "i8"))
    contents = Path("a.npz").read_bytes()
    item = np.array(123456789, "i8").tobytes()
    assert contents.count(item) == 1
    Path("a.npz").write_bytes(contents.replace(item, bytes(8)))
    options = {"num_parallel_reads": threads} if threads else {}
    dataset = tf_npz.NpzReaderDataset("a.npz", ("x", "s"), batch_size=100, **options)
    with pytest.raises(tf.errors.DataLossError, match=r'a\.npz\["s"\]'):
        next(iter(dataset))


def test_items_are_padded_as_elements_of_their_own_shape(folder: Path) -> None:
    lengths = [2, 3]
    for i, length in enumerate(lengths):
        np.savez(f"{i}.npz", x=np.ones((length, i + 1), "f4"), s=np.array("ab" * (i + 1)))
    batch = next(tf_npz.NpzReaderDataset("*.npz", ("x", "s"), batch_size=5, padding=0).as_numpy_iterator())
    assert batch[0].tolist() == [[1, 0]] * 2 + [[1, 1]] * 3
    assert batch[1].tolist() == [b"ab"] * 2 + [b"abab"] * 3


def test_an_iterator_goes_on_from_a_checkpoint(folder: Path) -> None:
    save(LENGTHS, ITEMS["float"], np.savez_compressed)
    dataset = tf_npz.NpzReaderDataset("*.npz", ("x", "s"))
    expected = elements(dataset)
    iterator = iter(dataset)
    for _ in range(4):
        next(iterator)
    path = tf.train.Checkpoint(iterator=iterator).write(str(folder / "saved"))
    restored = iter(dataset)
    tf.train.Checkpoint(iterator=restored).read(path)
    rest = [tuple(value.numpy() for value in element) for element in restored]
    assert rest == [tuple(element) for element in expected[4:]]


def test_any_row_is_read_by_its_number(folder: Path) -> None:
    save(LENGTHS, ITEMS["text"])
    dataset = tf_npz.NpzReaderDataset("*.npz", ("x", "s"))
    for number, (x, s) in enumerate(dataset.as_numpy_iterator()):
        at = tf.data.experimental.at(dataset, number)
        assert (at[0].numpy(), at[1].numpy()) == (x, s)
