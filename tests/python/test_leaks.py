"""A thousand iterators, deleted at any stage, release their threads, descriptors and memory."""

import json
from pathlib import Path

import pytest
from processes import run_python
from testing import save_shards

OPEN_AND_DROP = """
import gc, json, os, pathlib, sys, time
import tensorflow as tf, tf_npz

def threads():
    names = [(task / "comm").read_text() for task in pathlib.Path("/proc/self/task").iterdir()]
    return sum(name.startswith("tf_npz_reader") for name in names)

def descriptors():
    return len(os.listdir("/proc/self/fd"))

def resident():
    return int(pathlib.Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") >> 20

plain = tf.data.Options()
plain.autotune.enabled = False
spec = tf.TensorSpec([], tf.int64)
datasets = {
    "batches": tf_npz.NpzReaderDataset("*.npz", ("x", "y"), batch_size=64, num_parallel_reads=3),
    "rows": tf_npz.NpzReaderDataset("*.npz", "y", memory_limit=1 << 20, num_parallel_reads=2),
    "whole files": tf_npz.NpzReaderDataset("*.npz", rows=False),
    "one file": tf_npz.NpzReaderDataset("0.npz", "x", batch_size=10),
    "interleaved": tf.data.Dataset.list_files("*.npz").interleave(
        lambda f: tf_npz.NpzReaderDataset(f, "y", element_spec=spec), cycle_length=3, num_parallel_calls=2),
}
datasets = [dataset.with_options(plain) for dataset in datasets.values()]

def open_and_drop(count):
    for i in range(count):
        iterator = iter(datasets[i % len(datasets)])
        for _ in range((0, 1, 5)[i % 3]):
            next(iterator)
        del iterator
    gc.collect()
    deadline = time.monotonic() + 60
    while threads() and time.monotonic() < deadline:
        os.sched_yield()

open_and_drop(300)
before = {"threads": threads(), "descriptors": descriptors(), "resident": resident()}
open_and_drop(1000)
print(json.dumps([before, {"threads": threads(), "descriptors": descriptors(), "resident": resident()}]))
"""


@pytest.mark.nightly
def test_a_thousand_iterators_release_everything(folder: Path) -> None:
    save_shards([200] * 20)
    before, after = json.loads(run_python(OPEN_AND_DROP, cwd=folder))
    assert after["threads"] == before["threads"] == 0
    assert after["descriptors"] <= before["descriptors"]
    # MiB. If each iterator kept one batch, it would be more. If each kept the stack of a thread, it would be far more.
    assert after["resident"] - before["resident"] < 16
