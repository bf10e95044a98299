"""Writes real data as compressed npz shards, with np.savez_compressed."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

import numpy as np
import tensorflow as tf
import tf_npz
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

PATCH_SHAPE = (64, 64, 3)


@dataclass(frozen=True)
class Written:
    """What was written to a folder."""

    rows: int
    shards: int
    decoded_bytes: int
    file_bytes: int

    def __str__(self) -> str:
        return (
            f"{self.rows:,} rows in {self.shards} files, {self.decoded_bytes / 1e6:.1f} MB of arrays, "
            f"{self.file_bytes / 1e6:.1f} MB compressed"
        )


def write_digits(folder: Path) -> Written:
    """Writes scikit-learn's handwritten digits: 8 shards for training, 2 for testing.

    Each shard holds "x", images of 8x8 pixels with values from 0 to 16 (uint8), and "y", their digits (int64).
    """
    digits = load_digits()
    images, labels = digits.images.astype(np.uint8), digits.target.astype(np.int64)
    x_train, x_test, y_train, y_test = train_test_split(images, labels, test_size=0.2, stratify=labels, random_state=0)

    folder.mkdir(parents=True)
    for part, x, y, shards in ("train", x_train, y_train, 8), ("test", x_test, y_test, 2):
        for i, rows in enumerate(np.array_split(np.arange(len(x)), shards)):
            np.savez_compressed(folder / f"{part}-{i:03d}.npz", x=x[rows], y=y[rows])
    return _written(folder)


def write_photo_patches(
    folder: Path, *, stride: int, rows_per_shard: int, progress: Callable[[int, int], None]
) -> Written:
    """Writes patches of scikit-learn's two sample photographs, in random order.

    A patch has 64x64 pixels. Patches begin every `stride` pixels in both directions. Each shard holds "x", the patches
    (uint8), and "y", the number of the photograph that each patch is from, 0 or 1 (int64).
    """
    files = resources.files("sklearn.datasets.images")
    photos = [tf.io.decode_jpeg(files.joinpath(name).read_bytes()).numpy() for name in ("china.jpg", "flower.jpg")]
    # patches[photo, row, column] is a patch. Patches are views of the photographs, so they take no memory.
    windows = np.lib.stride_tricks.sliding_window_view(np.stack(photos), PATCH_SHAPE, axis=(1, 2, 3))
    patches = windows[:, ::stride, ::stride, 0]
    positions = np.random.default_rng(0).permutation(np.argwhere(np.ones(patches.shape[:3])))

    def write(shard: int) -> None:
        photo, row, column = positions[shard * rows_per_shard : (shard + 1) * rows_per_shard].T
        np.savez_compressed(folder / f"photos-{shard:03d}.npz", x=patches[photo, row, column], y=photo)

    folder.mkdir(parents=True)
    shards = -(-len(positions) // rows_per_shard)
    pool = ThreadPoolExecutor()  # zlib releases the GIL
    try:
        for done, written in enumerate(as_completed([pool.submit(write, i) for i in range(shards)]), start=1):
            written.result()
            progress(done, shards)
    finally:
        pool.shutdown(cancel_futures=True)
    return _written(folder)


def _written(folder: Path) -> Written:
    """Adds up the shards. Reads only their headers."""
    files = [tf_npz.inspect(file) for file in folder.iterdir()]
    return Written(
        rows=sum(file.arrays["x"].shape[0] for file in files),
        shards=len(files),
        decoded_bytes=sum(array.size for file in files for array in file.arrays.values()),
        file_bytes=sum(file.file_size for file in files),
    )
