"""Checkpoints of iterators over files with errors: no element and no error is lost or comes twice."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from pipelines import SPEC, reader, rest_of, restore, save, take
from testing import assert_same, elements, npz_bytes, save_shards

OPTIONS = {
    "rows": {},
    "batches": {"batch_size": 3},
    "full batches": {"batch_size": 3, "drop_remainder": True},
    "padded batches": {"batch_size": 3, "padding": 0},
}


def damage(file: str) -> None:
    """Damages the last row of y. The rows before it may come."""
    contents = bytearray(Path(file).read_bytes())
    contents[contents.index(b"PK\x01\x02") - 5] ^= 1
    Path(file).write_bytes(contents)


def damaged_files(kind: str, rows: int = 4, **options: Any) -> list[str]:
    files = save_shards([rows] * 4, **options)
    if kind == "empty":
        Path(files[1]).write_bytes(b"")
    elif kind == "gone":
        Path(files[1]).unlink()
    elif kind == "damaged":
        damage(files[1])
    else:
        Path(files[1]).write_bytes(npz_bytes(x=np.zeros((rows, 5), np.float32), y=np.arange(rows)))
    return files


@pytest.mark.parametrize("kind", ["empty", "gone", "damaged", "of another shape"])
@pytest.mark.parametrize("options", OPTIONS.values(), ids=OPTIONS.keys())
def test_the_rest_after_a_file_that_is_ignored(folder: Path, options: dict[str, Any], kind: str) -> None:
    files = damaged_files(kind)

    def make() -> tf.data.Dataset:
        return reader(files, element_spec=SPEC, **options).ignore_errors()

    expected = elements(make())
    assert len(expected) >= 4
    iterator = iter(make())
    for taken in range(len(expected) + 1):
        assert_same(rest_of(restore(make(), save(iterator))), expected[taken:])
        take(iterator, min(1, len(expected) - taken))
    assert rest_of(iterator) == []
    assert rest_of(restore(make(), save(iterator))) == []


@pytest.mark.parametrize("compressed", [True, False], ids=["deflated", "stored"])
@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("options", [{}, {"batch_size": 2000}], ids=["rows", "batches"])
def test_the_rows_before_damage_are_the_same_for_a_restored_iterator(
    folder: Path, options: dict[str, Any], threads: int, compressed: bool
) -> None:
    """With large members. Their wrong checksum is found with their last row."""
    files = damaged_files("damaged", 12_000, compressed=compressed)

    def make() -> tf.data.Dataset:
        dataset = reader(files, element_spec=SPEC, memory_limit=1 << 16, num_parallel_reads=threads, **options)
        return (dataset if options else dataset.batch(2000)).ignore_errors()

    expected = elements(make())
    assert len(expected) > 18
    iterator = iter(make())
    for taken in range(len(expected) + 1):
        if taken in (0, 5, 6, 7, 11, 12, 13):
            assert_same(rest_of(restore(make(), save(iterator))), expected[taken:])
        take(iterator, min(1, len(expected) - taken))


@pytest.mark.parametrize("kind", ["empty", "gone", "damaged", "of another shape"])
@pytest.mark.parametrize("options", OPTIONS.values(), ids=OPTIONS.keys())
def test_errors_since_the_last_element_come_again(folder: Path, options: dict[str, Any], kind: str) -> None:
    """A checkpoint is the position after the last element. Errors after it come again, and nothing is lost."""
    files = damaged_files(kind)
    expected = elements(reader(files, element_spec=SPEC, **options).ignore_errors())
    iterator = iter(reader(files, element_spec=SPEC, **options))
    taken, message = 0, None
    while message is None:
        try:
            next(iterator)
            taken += 1
        except tf.errors.OpError as error:
            message = error.message
    assert files[1] in message
    restored = restore(reader(files, element_spec=SPEC, **options), save(iterator))
    with pytest.raises(tf.errors.OpError) as again:
        next(restored)
    assert again.value.message == message
    assert_same(rest_of(restored), expected[taken:])
    # After the next element, the error does not come again.
    take(iterator, 1)
    restored = restore(reader(files, element_spec=SPEC, **options), save(iterator))
    assert_same(rest_of(restored), expected[taken + 1 :])
