"""Trains and tests a Keras model on npz shards."""

from collections.abc import Callable
from pathlib import Path

import keras
import tensorflow as tf
import tf_npz

BATCH_SIZE = 32


def train_and_test(folder: Path, *, epochs: int, progress: Callable[[int, int], None]) -> float:
    """Trains on `folder`/train-*.npz.

    Args:
      folder: Where the shards are.
      epochs: Number of passes over the training shards.
      progress: Called with the number of epochs done, and of all epochs.

    Returns:
      The accuracy on `folder`/test-*.npz, from 0 to 1.
    """
    keras.utils.set_random_seed(0)

    train = tf_npz.NpzReaderDataset(f"{folder}/train-*.npz", keys=("x", "y"), batch_size=BATCH_SIZE)
    # The rows were shuffled before they were written. So shuffling whole batches is enough, and it is cheaper.
    train = train.shuffle(64).prefetch(tf.data.AUTOTUNE)
    test = tf_npz.NpzReaderDataset(f"{folder}/test-*.npz", keys=("x", "y"), batch_size=BATCH_SIZE)

    model = keras.Sequential(
        [
            keras.Input((8, 8)),
            keras.layers.Rescaling(1 / 16),
            keras.layers.Reshape((8, 8, 1)),
            keras.layers.Conv2D(32, 3, padding="same", activation="relu"),
            keras.layers.Conv2D(64, 3, padding="same", activation="relu"),
            keras.layers.MaxPooling2D(),
            keras.layers.Flatten(),
            keras.layers.Dropout(0.4),
            keras.layers.Dense(10, activation="softmax"),
        ]
    )
    model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    model.fit(
        train,
        epochs=epochs,
        shuffle=False,  # the dataset shuffles
        verbose=0,
        callbacks=[keras.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: progress(epoch + 1, epochs))],
    )
    return float(model.evaluate(test, verbose=0, return_dict=True)["accuracy"])
