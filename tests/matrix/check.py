"""Checks the main tasks with the tf_npz and the TensorFlow of this interpreter. Run it in an empty folder.

Prints a line for each check and fails at the first one that does not pass. It needs only the package, NumPy and
TensorFlow. tests/matrix/__main__.py runs it for each pair of Python and TensorFlow.
"""

import os
import sys
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import numpy as np
import tf_npz

FILES = [f"{i}.npz" for i in range(4)]
ROWS = 100  # of each


def save_files() -> None:
    for i, file in enumerate(FILES):
        y = np.arange(ROWS * i, ROWS * (i + 1))
        save = np.savez_compressed if i % 2 else np.savez
        save(file, x=np.sqrt(y)[:, None].astype(np.float32) * np.ones(5, np.float32), y=y)


def inspects_without_tensorflow() -> None:
    assert "tensorflow" not in sys.modules
    assert "float32" in str(tf_npz.inspect(FILES[1]))
    assert "tensorflow" not in sys.modules


def reads_rows_and_batches() -> None:
    dataset = tf_npz.NpzReaderDataset(FILES, ("x", "y"))
    assert len(dataset) == ROWS * len(FILES)
    for i, (x, y) in enumerate(dataset.as_numpy_iterator()):
        assert y == i
        assert np.array_equal(x, np.full(5, np.float32(np.sqrt(i))))
    batches = tf_npz.NpzReaderDataset(FILES, "y", batch_size=64, drop_remainder=True)
    assert [list(batch) for batch in batches.as_numpy_iterator()] == [list(range(i, i + 64)) for i in range(0, 384, 64)]


def trains_by_interleave() -> None:
    import tensorflow as tf

    spec = tf_npz.element_spec(FILES[0], ("x", "y"))
    dataset = tf.data.Dataset.from_tensor_slices(FILES).shuffle(4, seed=1)
    dataset = dataset.interleave(
        lambda file: tf_npz.NpzReaderDataset(file, ("x", "y"), element_spec=spec),
        cycle_length=2,
        num_parallel_calls=tf.data.AUTOTUNE,
    )
    seen = np.concatenate([y for _, y in dataset.batch(32).prefetch(tf.data.AUTOTUNE).as_numpy_iterator()])
    assert sorted(seen) == list(range(ROWS * len(FILES)))


def goes_on_from_a_checkpoint() -> None:
    import tensorflow as tf

    dataset = tf_npz.NpzReaderDataset(FILES, "y", batch_size=7)
    iterator = iter(dataset)
    for _ in range(20):
        next(iterator)
    path = tf.train.Checkpoint(iterator=iterator).save("checkpoint/at")
    restored = iter(dataset)
    tf.train.Checkpoint(iterator=restored).restore(path)
    assert np.concatenate([y.numpy() for y in restored]).tolist() == list(range(140, 400))


def takes_an_element_by_its_number() -> None:
    import tensorflow as tf

    dataset = tf_npz.NpzReaderDataset(FILES, "y")
    assert [int(tf.data.experimental.at(dataset, i)) for i in (399, 0, 150)] == [399, 0, 150]


def refuses_with_the_fitting_error() -> None:
    import tensorflow as tf

    contents = bytearray(Path(FILES[1]).read_bytes())
    contents[len(contents) // 2] ^= 1
    Path("flipped.npz").write_bytes(contents)
    Path("cut.npz").write_bytes(contents[:1000])
    Path("text.npz").write_text("no archive")
    np.savez("objects.npz", x=np.array([{}, None]))
    spec = tf.TensorSpec([5], tf.float32)
    for file, key, error in (
        ("flipped.npz", "x", tf.errors.DataLossError),
        ("cut.npz", "x", tf.errors.DataLossError),
        ("text.npz", "x", tf.errors.DataLossError),
        ("missing.npz", "x", tf.errors.NotFoundError),
        (FILES[0], "z", tf.errors.InvalidArgumentError),
        (FILES[0], "y", tf.errors.InvalidArgumentError),
        ("objects.npz", "x", tf.errors.UnimplementedError),
    ):
        try:
            list(tf_npz.NpzReaderDataset(file, key, element_spec=spec))
        except error as raised:
            if file not in raised.message:
                raise AssertionError(f"{file} is not named: {raised.message}") from raised
        else:
            raise AssertionError(f"{file} was read")


CHECKS: tuple[Callable[[], None], ...] = (
    inspects_without_tensorflow,
    reads_rows_and_batches,
    trains_by_interleave,
    goes_on_from_a_checkpoint,
    takes_an_element_by_its_number,
    refuses_with_the_fitting_error,
)


def main() -> None:
    save_files()
    for check in CHECKS:
        check()
        print("ok:", check.__name__.replace("_", " "), flush=True)


if __name__ == "__main__":
    main()
