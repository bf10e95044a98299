"""A checkpoint continues in the same files, in any folder. With other files it is an error that says so."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from pipelines import SPEC, reader, rest_of, restore, save, take
from testing import assert_same, elements, features, npz_bytes, save_shards

LENGTHS = (3, 4, 5, 6)
OPTIONS = {"rows": {}, "batches": {"batch_size": 2}, "whole files": {"rows": False}, "a share": {"shard": (2, 0)}}
TAKEN = {"rows": 5, "batches": 3, "whole files": 1, "a share": 5}  # up to the second file


def add(first: str) -> None:
    Path(first).write_bytes(npz_bytes(x=features(np.arange(2)), y=np.arange(2)))


def swap(a: str, b: str) -> None:
    Path(a).rename("c")
    Path(b).rename(a)
    Path("c").rename(b)


CHANGES: dict[str, tuple[Callable[[], Any], str]] = {
    "one is gone": (lambda: Path("3.npz").unlink(), "over 4 files, but now there are 3"),
    "the current one is gone": (lambda: Path("1.npz").unlink(), "over 4 files, but now there are 3"),
    "one was added": (lambda: add("4.npz"), "over 4 files, but now there are 5"),
    "the current one was renamed": (
        lambda: Path("1.npz").rename("1b.npz"),
        'was in "1.npz", but the list now has "1b.npz" in its place',
    ),
    "one before was renamed": (lambda: Path("0.npz").rename("00.npz"), "files with other names, or in another order"),
    "one to come was renamed": (lambda: Path("2.npz").rename("2b.npz"), "files with other names, or in another order"),
    "one was replaced by another": (
        lambda: (Path("0.npz").unlink(), add("9.npz")),
        'was in "1.npz", but the list now has "2.npz" in its place',
    ),
}


@pytest.mark.parametrize("mode", ["rows", "batches", "whole files"])
@pytest.mark.parametrize(("change", "message"), CHANGES.values(), ids=CHANGES.keys())
def test_another_list_of_files_is_refused(folder: Path, change: Callable[[], Any], message: str, mode: str) -> None:
    save_shards(LENGTHS)
    iterator = iter(reader(**OPTIONS[mode]))
    take(iterator, TAKEN[mode])
    saved = save(iterator)
    change()
    with pytest.raises(tf.errors.InvalidArgumentError, match="the checkpoint is of an iterator") as error:
        restore(reader(**OPTIONS[mode]), saved)
    assert message in error.value.message


@pytest.mark.parametrize("order", [[3, 1, 2, 0], [0, 1, 3, 2], [1, 0, 2, 3], [3, 2, 1, 0]])
def test_another_order_is_refused(folder: Path, order: list[int]) -> None:
    files = save_shards(LENGTHS)
    for taken in (0, 5, sum(LENGTHS)):
        iterator = iter(reader(files))
        take(iterator, taken)
        saved = save(iterator)
        with pytest.raises(tf.errors.InvalidArgumentError, match=r"the list now has|in another order"):
            restore(reader([files[i] for i in order]), saved)


@pytest.mark.parametrize("mode", OPTIONS)
def test_files_may_move_to_another_folder(folder: Path, mode: str) -> None:
    files = save_shards(LENGTHS, "here/{}.npz")
    expected = elements(reader(files, **OPTIONS[mode]))
    iterator = iter(reader(files, **OPTIONS[mode]))
    take(iterator, TAKEN[mode])
    saved = save(iterator)
    Path("there").mkdir()
    for file in files[:2]:
        Path(file).rename(file.replace("here", "there"))
    Path("here").rename("elsewhere")
    now = [file.replace("here", "there") for file in files[:2]] + [f.replace("here", "elsewhere") for f in files[2:]]
    assert_same(rest_of(restore(reader(now, **OPTIONS[mode]), saved)), expected[TAKEN[mode] :])


@pytest.mark.parametrize("rows", [1, 3, 9], ids=["shorter than what was read", "shorter", "longer"])
@pytest.mark.parametrize("mode", ["rows", "batches"])
def test_a_file_of_another_size_is_an_error_of_its_turn(folder: Path, mode: str, rows: int) -> None:
    """The file in which reading stopped must have its old size."""
    save_shards(LENGTHS)
    iterator = iter(reader(**OPTIONS[mode]))
    take(iterator, TAKEN[mode])
    saved = save(iterator)
    y = np.arange(rows)
    Path("1.npz").write_bytes(npz_bytes(x=features(y), y=y))
    restored = restore(reader(**OPTIONS[mode]), saved)
    with pytest.raises(
        tf.errors.InvalidArgumentError,
        match=r"1\.npz: has \d+ bytes, but had \d+ when reading stopped in it, so it can't go on there",
    ):
        next(restored)
    rest = np.concatenate([np.reshape(y, -1) for _, y in rest_of(restored)])
    assert rest.tolist() == list(range(7, sum(LENGTHS)))  # the rows of the files after it


@pytest.mark.parametrize("mode", ["rows", "batches"])
def test_a_file_that_disappeared_is_an_error_of_its_turn(folder: Path, mode: str) -> None:
    files = save_shards(LENGTHS)
    options = {"element_spec": SPEC, **OPTIONS[mode]}
    iterator = iter(reader(files, **options))
    take(iterator, TAKEN[mode])
    saved = save(iterator)
    Path("0.npz").unlink()  # it is not needed any more
    Path("1.npz").unlink()
    restored = restore(reader(files, **options), saved)
    with pytest.raises(tf.errors.NotFoundError, match=r"1\.npz"):
        next(restored)
    rest = np.concatenate([np.reshape(y, -1) for _, y in rest_of(restored)])
    assert rest.tolist() == list(range(7, sum(LENGTHS)))


def test_a_file_may_change_if_no_element_of_it_was_read(folder: Path) -> None:
    """The iterator stopped at the beginning of the file, so the file may have other contents now."""
    save_shards([3, 4, 5])
    iterator = iter(reader())
    take(iterator, 3)
    saved = save(iterator)
    y = np.arange(100, 109)
    Path("1.npz").write_bytes(npz_bytes(x=features(y), y=y))
    ys = [int(y) for _, y in rest_of(restore(reader(), saved))]
    assert ys == [*range(100, 109), *range(7, 12)]
