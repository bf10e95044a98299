"""Keras trains, evaluates and predicts with the dataset: steps, epochs, and the values that reach the model."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
import tf_npz
from testing import features, save_shards

ROWS = 22


@pytest.fixture
def files(folder: Path) -> list[str]:
    return save_shards([9, 3, 10])


def linear_model(learning_rate: float = 0.0) -> tf.keras.Model:
    """A model that returns sum(x) and learns nothing. So its loss shows which values it was given."""
    model = tf.keras.Sequential([tf.keras.Input([4]), tf.keras.layers.Dense(1, kernel_initializer="ones")])
    model.compile(tf.keras.optimizers.SGD(learning_rate), "mse")
    return model


class Steps(tf.keras.callbacks.Callback):
    def __init__(self) -> None:
        super().__init__()
        self.per_epoch: list[int] = []

    def on_epoch_begin(self, epoch: int, logs: object = None) -> None:
        self.per_epoch.append(0)

    def on_train_batch_end(self, batch: int, logs: object = None) -> None:
        self.per_epoch[-1] += 1


def interleaved(files: list[str]) -> tf.data.Dataset:
    spec = tf_npz.element_spec(files, keys=("x", "y"))
    return tf.data.Dataset.from_tensor_slices(files).interleave(
        lambda f: tf_npz.NpzReaderDataset(f, keys=("x", "y"), element_spec=spec), num_parallel_calls=tf.data.AUTOTUNE
    )


SOURCES: dict[str, Callable[[list[str]], tf.data.Dataset]] = {
    "batches": lambda files: tf_npz.NpzReaderDataset(files, ("x", "y"), batch_size=4),
    "batches, prefetched": lambda files: tf_npz.NpzReaderDataset(files, ("x", "y"), batch_size=4).prefetch(2),
    "rows, shuffled": lambda files: tf_npz.NpzReaderDataset(files, ("x", "y")).shuffle(30).batch(4),
    "rows, interleaved": lambda files: interleaved(files).batch(4),
}


# The number of elements of interleave is unknown, so Keras warns at the end of the first epoch.
@pytest.mark.filterwarnings("ignore:Your input ran out of data:UserWarning")
@pytest.mark.parametrize("source", SOURCES.values(), ids=SOURCES.keys())
def test_fit_sees_every_value_in_every_epoch(files: list[str], source: Callable[..., tf.data.Dataset]) -> None:
    steps = Steps()
    history = linear_model().fit(source(files), epochs=2, verbose=0, callbacks=[steps])
    y = np.arange(ROWS)
    loss = np.mean((features(y).sum(axis=1) - y) ** 2)
    np.testing.assert_allclose(history.history["loss"], [loss, loss], rtol=1e-5)
    assert steps.per_epoch == [6, 6]


def test_fit_of_a_repeated_dataset_takes_the_steps_it_is_told(files: list[str]) -> None:
    steps = Steps()
    dataset = tf_npz.NpzReaderDataset(files, ("x", "y"), batch_size=4, drop_remainder=True).repeat()
    history = linear_model().fit(dataset, epochs=2, steps_per_epoch=7, verbose=0, callbacks=[steps])
    assert steps.per_epoch == [7, 7]
    assert np.isfinite(history.history["loss"]).all()


def test_fit_learns(files: list[str]) -> None:
    dataset = tf_npz.NpzReaderDataset(files, ("x", "y"), batch_size=4)
    history = linear_model(learning_rate=1e-3).fit(dataset, epochs=3, validation_data=dataset, verbose=0)
    losses = [*history.history["loss"], history.history["val_loss"][-1]]
    assert np.isfinite(losses).all()
    assert losses[-1] < losses[0]


def test_predict_and_evaluate(files: list[str]) -> None:
    model = linear_model()
    y = np.arange(ROWS)
    features_alone = tf_npz.NpzReaderDataset(files, "x", batch_size=4)
    np.testing.assert_allclose(model.predict(features_alone, verbose=0)[:, 0], features(y).sum(axis=1), rtol=1e-6)
    loss = model.evaluate(tf_npz.NpzReaderDataset(files, ("x", "y"), batch_size=4), verbose=0)
    assert loss == pytest.approx(np.mean((features(y).sum(axis=1) - y) ** 2))


def test_inputs_by_name(files: list[str]) -> None:
    image = tf.keras.Input([4], name="image")
    model = tf.keras.Model({"image": image}, tf.keras.layers.Dense(1, kernel_initializer="ones")(image))
    dataset = tf_npz.NpzReaderDataset(files, {"image": "x"}, batch_size=4)
    expected = features(np.arange(ROWS)).sum(axis=1)
    np.testing.assert_allclose(model.predict(dataset, verbose=0)[:, 0], expected, rtol=1e-6)
