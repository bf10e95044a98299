"""Batches by np.load and NumPy alone."""

from collections.abc import Iterator, Sequence

import numpy as np

from .datasets import Data


def arrays(data: Data, files: Sequence[str]) -> Iterator[np.ndarray]:
    """Yields the rows of each file."""
    for name in files:
        if not data.keys:
            yield np.load(name)[np.newaxis]
            continue
        with np.load(name) as members:
            yield members[data.key]


def batches(data: Data, files: Sequence[str]) -> Iterator[np.ndarray]:
    """Yields batches. A batch may hold rows of several files."""
    waiting: list[np.ndarray] = []
    rows = 0
    for array in arrays(data, files):
        waiting.append(array)
        rows += len(array)
        while rows >= data.batch_size:
            yield _take(waiting, data.batch_size)
            rows -= data.batch_size
    if rows:
        yield _take(waiting, rows)


def _take(waiting: list[np.ndarray], count: int) -> np.ndarray:
    """Removes the first `count` rows from `waiting` and returns them."""
    taken = []
    while count > 0:
        taken.append(waiting[0][:count])
        if len(waiting[0]) > count:
            waiting[0] = waiting[0][count:]
        else:
            del waiting[0]
        count -= len(taken[-1])
    if len({array.shape[1:] for array in taken}) == 1:
        return taken[0] if len(taken) == 1 else np.concatenate(taken)
    padded = np.zeros((len(taken), max(array.shape[1] for array in taken)), taken[0].dtype)
    for row, array in zip(padded, taken, strict=True):
        row[: array.shape[1]] = array[0]
    return padded
