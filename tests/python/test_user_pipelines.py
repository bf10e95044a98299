"""Pipelines that users write. The code is that of docs/guide.md."""

from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
import tf_npz
from testing import assert_gives, assert_same, elements, features, save_shards


@pytest.fixture
def files(folder: Path) -> list[str]:
    names = [f"train/{i}.npz" for i in range(4)]
    Path("train").mkdir()
    for i, name in enumerate(names):
        np.savez_compressed(
            name, data=np.arange(i * 10, i * 10 + 12).reshape(6, 2).astype(np.float32), other=np.zeros(3)
        )
    return names


def test_map_over_npz_taking_one_array(files: list[str]) -> None:
    spec = tf_npz.element_spec(files, keys={"data": "data"}, rows=False)
    ds = tf.data.Dataset.from_tensor_slices(files)
    ds = ds.map(lambda f: tf_npz.load(f, element_spec=spec)["data"])

    assert ds.element_spec == tf.TensorSpec([6, 2], tf.float32)
    assert_gives(ds, [np.load(f)["data"] for f in files])


def test_interleave_over_npz_rows(files: list[str]) -> None:
    spec = tf_npz.element_spec(files[0], keys="data")
    ds = tf.data.Dataset.from_tensor_slices(files)
    ds = ds.interleave(
        lambda f: tf_npz.NpzReaderDataset(f, keys="data", element_spec=spec),
        cycle_length=tf.data.AUTOTUNE,
        num_parallel_calls=tf.data.AUTOTUNE,
    )
    assert ds.element_spec == tf.TensorSpec([2], tf.float32)
    ds = ds.batch(32).prefetch(tf.data.AUTOTUNE)

    assert ds.element_spec == tf.TensorSpec([None, 2], tf.float32)
    (batch,) = elements(ds)
    rows = np.concatenate([np.load(f)["data"] for f in files])
    assert_same(sorted(batch.tolist()), sorted(rows.tolist()))


def test_interleave_over_batches_of_a_share_of_the_files(folder: Path) -> None:
    save_shards([1500, 30, 2100, 7], "train/{}.npz")

    files = tf.data.Dataset.list_files("train/*.npz", shuffle=False)
    spec = tf_npz.element_spec("train/*.npz", keys=("x", "y"))
    ds = files.shard(num_shards=2, index=1)
    ds = ds.interleave(
        lambda f: tf_npz.NpzReaderDataset(f, keys=("x", "y"), batch_size=1000, element_spec=spec),
        num_parallel_calls=tf.data.AUTOTUNE,
        deterministic=False,
    )
    assert ds.element_spec == (tf.TensorSpec([None, 4], tf.float32), tf.TensorSpec([None], tf.int64))
    ds = ds.unbatch()
    assert ds.element_spec == (tf.TensorSpec([4], tf.float32), tf.TensorSpec([], tf.int64))
    ds = ds.batch(32).prefetch(tf.data.AUTOTUNE)

    assert ds.element_spec == (tf.TensorSpec([None, 4], tf.float32), tf.TensorSpec([None], tf.int64))
    batches = elements(ds)
    assert [len(y) for _, y in batches] == [32, 5]  # the files have 30 and 7 rows
    y = np.concatenate([y for _, y in batches])
    assert sorted(y) == [*range(1500, 1530), *range(3630, 3637)]
    assert_same(np.concatenate([x for x, _ in batches]), features(y))


def test_map_over_npy_with_augmentation_into_padded_batches(folder: Path) -> None:
    rng = np.random.default_rng(0)
    images = [rng.random((height, width, 3), np.float32) for height, width in [(5, 4), (3, 7), (6, 2)]]
    npy_files = [f"{i}.npy" for i in range(3)]
    for name, image in zip(npy_files, images, strict=True):
        np.save(name, image)

    spec = tf_npz.element_spec(npy_files, rows=False)
    ds = tf.data.Dataset.from_tensor_slices(npy_files)
    ds = ds.map(lambda f: tf_npz.load(f, element_spec=spec), num_parallel_calls=tf.data.AUTOTUNE)
    assert ds.element_spec == tf.TensorSpec([None, None, 3], tf.float32)
    ds = ds.map(tf.image.random_flip_left_right, num_parallel_calls=tf.data.AUTOTUNE)
    assert ds.element_spec == tf.TensorSpec([None, None, 3], tf.float32)
    ds = ds.padded_batch(2)

    assert ds.element_spec == tf.TensorSpec([None, None, None, 3], tf.float32)
    batches = elements(ds)
    assert [batch.shape for batch in batches] == [(2, 5, 7, 3), (1, 6, 2, 3)]
    for padded, image in zip([image for batch in batches for image in batch], images, strict=True):
        height, width, _ = image.shape
        values = padded[:height, :width]
        assert np.array_equal(values, image) or np.array_equal(values, image[:, ::-1])
        assert padded.sum(dtype=np.float64) == pytest.approx(image.sum(dtype=np.float64))  # zeros around it
