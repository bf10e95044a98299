"""Compares batches of windows with the windows of tf.data over the same rows. It takes half a minute.

  python -m benchmarks.windows

The files are 4 stored and 4 compressed .npz of 20,000 rows of 16 float32 in a temporary folder. Each round measures
both readers, one after the other. The ratio of the two is that of their medians of windows in a second.
"""

import statistics
import tempfile
import time
from pathlib import Path

import numpy as np
import tensorflow as tf
import tf_npz

ROWS = 20_000
FILES = 4
SIZE, SHIFT = 16, 1
BATCH = 256
ROUNDS = 3
FLAT_MAP_BATCHES = 40
"""Batches that are read of `window().flat_map`, which would take minutes to the end."""


def ours(pattern: str) -> tf.data.Dataset:
    return tf_npz.NpzReaderDataset(pattern, keys="x", window=(SIZE, SHIFT), batch_size=BATCH)


def flat_map(pattern: str) -> tf.data.Dataset:
    """Rows from this reader, windows of each file from tf.data."""
    spec = tf_npz.element_spec(pattern, keys="x")

    def windows_of(file: tf.Tensor) -> tf.data.Dataset:
        rows = tf_npz.NpzReaderDataset(file, keys="x", element_spec=spec)
        windows = rows.window(SIZE, shift=SHIFT, drop_remainder=True)
        return windows.flat_map(lambda window: window.batch(SIZE, drop_remainder=True))

    files = tf.data.Dataset.from_tensor_slices(sorted(tf.io.gfile.glob(pattern)))
    return files.flat_map(windows_of).batch(BATCH).take(FLAT_MAP_BATCHES)


def windows_in_a_second(dataset: tf.data.Dataset) -> float:
    begin = time.perf_counter()
    count = sum(int(batch.shape[0]) for batch in dataset)
    return count / (time.perf_counter() - begin)


def main() -> None:
    rng = np.random.default_rng(0)
    with tempfile.TemporaryDirectory() as folder:
        for kind, save in (("stored", np.savez), ("compressed", np.savez_compressed)):
            for i in range(FILES):
                x = rng.integers(0, 100, (ROWS, 16)).astype(np.float32)
                save(Path(folder) / f"{kind}{i}.npz", x=x)
            pattern = f"{folder}/{kind}*.npz"
            rounds = [[windows_in_a_second(read(pattern)) for read in (ours, flat_map)] for _ in range(ROUNDS)]
            mine, theirs = (statistics.median(column) for column in zip(*rounds, strict=True))
            print(
                f"{kind}: windows of {SIZE} rows, shift {SHIFT}: {mine:,.0f} in a second; "
                f"window().flat_map {theirs:,.0f}; ratio {mine / theirs:.0f}"
            )


if __name__ == "__main__":
    main()
