"""Processes of multiprocessing: a spawned one can read, and so can one that is forked after import. None hangs."""

from pathlib import Path

import pytest
from processes import output_of, started
from testing import save_shards

READ = """
import multiprocessing, os, sys

def read(queue):
    import tensorflow as tf, tf_npz
    dataset = tf_npz.NpzReaderDataset(["0.npz", "1.npz"], "y", num_parallel_reads=2, batch_size=2)
    queue.put([int(y) for y in dataset.unbatch()])

def look(queue):
    import numpy
    with numpy.load("0.npz") as arrays:
        queue.put(arrays["y"].tolist())

def in_child(method, target=read):
    context = multiprocessing.get_context(method)
    queue = context.SimpleQueue()
    child = context.Process(target=target, args=[queue])
    child.start()
    child.join(90)
    print(method, child.exitcode, queue.get() if child.exitcode == 0 else None, flush=True)
    if child.exitcode is None:
        child.kill()
"""
# Once TensorFlow runs, a forked child that reads may hang. If a thread that TensorFlow starts is beginning or ending
# during the fork, the lock of TensorFlow's list of threads stays locked in the child. So these children do not read.
FORK = f"""{READ}
import tf_npz, tensorflow
in_child("fork")
dataset = tf_npz.NpzReaderDataset(["0.npz", "1.npz"] * 100, "y", num_parallel_reads=2)
assert len(list(dataset)) == 800
in_child("fork", look)
iterator = iter(dataset)
next(iterator)
in_child("fork", look)
assert len(list(iterator)) == 799
"""
SPAWN = f"""{READ}
if __name__ == "__main__":
    import tf_npz
    dataset = tf_npz.NpzReaderDataset(["0.npz", "1.npz"], "y")
    assert len(list(dataset)) == 8
    in_child("spawn")
"""


def output_of_parent(folder: Path, code: str) -> str:
    """Runs a process that starts children, and returns what it prints."""
    save_shards([5, 3])
    (folder / "parent.py").write_text(code)  # a spawned child imports it
    with started("parent.py", cwd=folder) as parent:
        return output_of(parent)


def test_a_forked_child_reads_after_import_and_disturbs_nothing_later(folder: Path) -> None:
    assert output_of_parent(folder, FORK) == "fork 0 [0, 1, 2, 3, 4, 5, 6, 7]\n" + 2 * "fork 0 [0, 1, 2, 3, 4]\n"


@pytest.mark.nightly
def test_a_spawned_child_reads(folder: Path) -> None:
    assert output_of_parent(folder, SPAWN) == "spawn 0 [0, 1, 2, 3, 4, 5, 6, 7]\n"
