"""5,000 arrays of one npz: tf_npz.ARRAY beside a loop over np.load. `python -m benchmarks.arrays` prints ratios."""

import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import tensorflow as tf
import tf_npz

ARRAYS = 5000
ROUNDS = 5


def main() -> None:
    """Measures the ways by turns. Prints the median of the ratios to the loop, as this varies less than times do."""
    with tempfile.TemporaryDirectory() as folder:
        for save in (np.savez, np.savez_compressed):
            path = str(Path(folder) / f"{save.__name__}.npz")
            save(path, **_utterances())
            _report(path, save.__name__)


def _utterances() -> dict[str, np.ndarray]:
    rng = np.random.default_rng(0)
    lengths = rng.integers(10, 200, ARRAYS)
    return {f"utterance-{i}": rng.standard_normal((n, 40), np.float32) for i, n in enumerate(lengths)}


def _numpy_loop(path: str) -> int:
    with np.load(path) as arrays:
        return sum(len(arrays[name]) for name in arrays.files)


def _elements(path: str) -> int:
    return _rows(tf_npz.NpzReaderDataset(path, tf_npz.ARRAY, rows=False), lambda x: tf.shape(x, tf.int64)[0])


def _batches(path: str) -> int:
    dataset = tf_npz.NpzReaderDataset(path, tf_npz.ARRAY, rows=False, batch_size=32, padding=np.nan)
    return _rows(dataset, lambda x: tf.math.count_nonzero(~tf.math.is_nan(x[:, :, 0])))


def _rows(dataset: tf.data.Dataset, count: Callable[[tf.Tensor], tf.Tensor]) -> int:
    """The number of rows of all arrays. The whole dataset is made and read."""
    return int(dataset.reduce(tf.constant(0, tf.int64), lambda total, x: total + count(x)))


def _report(path: str, what: str) -> None:
    ways = {"np.load, loop": _numpy_loop, "tf_npz, elements": _elements, "tf_npz, padded batches of 32": _batches}
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    rows = {name: way(path) for name, way in ways.items()}
    assert len(set(rows.values())) == 1, rows
    for _ in range(ROUNDS):
        for name, way in ways.items():
            begin = time.perf_counter()
            way(path)
            seconds[name].append(time.perf_counter() - begin)
    loop = seconds["np.load, loop"]
    print(f"{ARRAYS} arrays of one file, {what}:")
    for name, times in seconds.items():
        ratio = statistics.median(a / b for a, b in zip(loop, times, strict=True))
        print(f"  {name:30} {statistics.median(times):6.3f} s  {ratio:5.1f} times the loop's speed")


if __name__ == "__main__":
    main()
