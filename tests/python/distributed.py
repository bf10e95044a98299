"""One worker of test_distribute.py: a process of MultiWorkerMirroredStrategy that reads and trains.

Its arguments are ways of reading. TF_CONFIG holds its index. It prints one line of JSON: for each way, what it read and
trained.
"""

import json
import sys
from collections.abc import Callable

import numpy as np
import tensorflow as tf
import tf_npz
from watching import bytes_read

KEYS = ("x", "y")
# Number of rows in a global batch.
BATCH = 8


def shares(context: tf.distribute.InputContext) -> tf.data.Dataset:
    share = (context.num_input_pipelines, context.input_pipeline_id)
    size = context.get_per_replica_batch_size(BATCH)
    return tf_npz.NpzReaderDataset("*.npz", KEYS, shard=share, batch_size=size).prefetch(2)


def with_policy(policy: str) -> tf.data.Dataset:
    options = tf.data.Options()
    options.experimental_distribute.auto_shard_policy = tf.data.experimental.AutoShardPolicy[policy]
    return tf_npz.NpzReaderDataset("*.npz", KEYS, batch_size=BATCH).with_options(options)


def rows_of(strategy: tf.distribute.Strategy, dataset: tf.distribute.DistributedDataset) -> list[int]:
    """The labels that the replica of this process sees, step by step."""
    seen: list[int] = []

    @tf.function
    def step(iterator: tf.distribute.DistributedIterator) -> tuple[tf.Tensor, tf.Tensor]:
        x, y = next(iterator)
        return strategy.reduce("SUM", strategy.run(lambda x: tf.reduce_sum(x), (x,)), axis=None), y

    iterator = iter(dataset)
    while True:
        try:
            _, labels = step(iterator)
        except (StopIteration, tf.errors.OutOfRangeError):
            return seen
        (local,) = strategy.experimental_local_results(labels)
        seen += np.ravel(local).tolist()


def read_and_train(strategy: tf.distribute.Strategy, policy: str) -> dict[str, object]:
    make: Callable[[], tf.distribute.DistributedDataset]
    if policy == "shares":
        make = lambda: strategy.distribute_datasets_from_function(shares)  # noqa: E731
    else:
        make = lambda: strategy.experimental_distribute_dataset(with_policy(policy))  # noqa: E731
    dataset = make()
    before = bytes_read()
    rows = rows_of(strategy, dataset)
    told: dict[str, object] = {"rows": rows, "bytes": bytes_read() - before}
    if policy == "shares":
        with strategy.scope():
            model = tf.keras.Sequential([tf.keras.Input([1000]), tf.keras.layers.Dense(1, kernel_initializer="zeros")])
            optimizer = tf.keras.optimizers.SGD(1e-5)

        def train(x: tf.Tensor, y: tf.Tensor) -> tf.Tensor:
            with tf.GradientTape() as tape:
                loss = tf.reduce_sum((model(x)[:, 0] - tf.cast(y, tf.float32)) ** 2) / BATCH
            variables = model.trainable_variables
            optimizer.apply_gradients(zip(tape.gradient(loss, variables), variables, strict=True))
            return loss

        step = tf.function(lambda x, y: strategy.reduce("SUM", strategy.run(train, (x, y)), axis=None))
        told["losses"] = [float(step(x, y)) for x, y in make()]
        told["bias"] = model.layers[-1].bias.numpy().tolist()
    return told


if __name__ == "__main__":
    strategy = tf.distribute.MultiWorkerMirroredStrategy()
    print(json.dumps({policy: read_and_train(strategy, policy) for policy in sys.argv[1:]}), flush=True)
