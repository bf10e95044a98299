"""An iterator that is saved anywhere and restored, even into a new dataset, gives exactly the rest."""

import pickle
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from pipelines import NOT_SYMBOLIC, PIPELINES, reader, rest_of, restore, save, save_files, symbolic, take
from testing import assert_same, elements, save_shards


@pytest.mark.parametrize("pipeline", PIPELINES.values(), ids=PIPELINES.keys())
def test_a_restored_iterator_gives_exactly_the_rest(folder: Path, pipeline: Callable[[], tf.data.Dataset]) -> None:
    """With stored files. The test below uses deflated files."""
    save_files(compressed=False)
    expected = elements(pipeline())
    assert len(expected) > 1
    iterator = iter(pipeline())
    for taken in range(len(expected) + 1):
        saved = save(iterator)
        # Restores into a new iterator of a new dataset, which is at another position.
        restored = iter(pipeline())
        take(restored, min(2, len(expected)))
        tf.train.Checkpoint(iterator=restored).read(saved).assert_consumed()
        assert_same(rest_of(restored), expected[taken:])
        if taken < len(expected):
            # Saving does not change the iterator.
            assert_same(take(iterator, 1), expected[taken : taken + 1])
    assert_same(rest_of(iterator), [])
    assert_same(rest_of(restore(pipeline(), save(iterator))), [])  # at the end


# Run with the folder of the tests. A checkpoint is in saved/<is symbolic>/<mode>/<elements taken>.
RESTORE = """
import pickle, re, sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from pipelines import PIPELINES, rest_of, restore, symbolic
rests = {}
for path in sorted(Path("saved").rglob("*.index")):
    is_symbolic, mode, taken = path.parts[1] == "True", path.parts[2], int(path.stem)
    dataset = symbolic(PIPELINES[mode](), is_symbolic)
    rests[is_symbolic, mode, taken] = rest_of(restore(dataset, str(path.with_suffix(""))))
Path("rests.pickle").write_bytes(pickle.dumps(rests))
"""


@pytest.mark.parametrize("step", [5, pytest.param(1, marks=pytest.mark.nightly)], ids=["in some places", "anywhere"])
def test_another_process_continues_where_this_one_stopped(folder: Path, step: int) -> None:
    save_files()
    expected = {}
    for mode, pipeline in PIPELINES.items():
        everything = elements(pipeline())
        for is_symbolic in [False] if mode in NOT_SYMBOLIC else [False, True]:
            iterator = iter(symbolic(pipeline(), is_symbolic))
            for taken in range(len(everything) + 1):
                if taken % step == 0 or taken == len(everything):
                    save(iterator, f"saved/{is_symbolic}/{mode}/{taken}")
                    expected[is_symbolic, mode, taken] = everything[taken:]
                take(iterator, min(1, len(everything) - taken))
    subprocess.run([sys.executable, "-c", RESTORE, str(Path(__file__).parent)], check=True, timeout=300)
    rests = pickle.loads(Path("rests.pickle").read_bytes())
    assert rests.keys() == expected.keys()
    for key, rest in expected.items():
        assert_same(rests[key], rest)


@pytest.mark.parametrize("options", [{}, {"batch_size": 1000}], ids=["rows", "batches"])
@pytest.mark.parametrize("compressed", [True, False], ids=["deflated", "stored"])
def test_in_the_middle_of_a_large_member(folder: Path, compressed: bool, options: dict[str, Any]) -> None:
    save_shards([12_345], compressed=compressed)
    iterator = iter(reader(memory_limit=1 << 16, **options))
    take(iterator, 7)
    restored = restore(reader(memory_limit=1 << 16, **options), save(iterator))
    first = 7 * options.get("batch_size", 1)
    rest = rest_of(restored) if options else take(restored, 300)
    assert np.hstack([y for _, y in rest]).tolist() == list(range(first, 12_345))[: None if options else 300]


@pytest.mark.parametrize("memory_limit", [1, None])
@pytest.mark.parametrize("threads", [1, 2, 3, 4])
def test_with_other_threads_and_memory_than_before(folder: Path, threads: int, memory_limit: int | None) -> None:
    save_shards([90, 0, 150, 60], compressed=threads % 2 == 0)
    for options in ({}, {"batch_size": 16}):
        expected = elements(reader(**options))
        iterator = iter(reader(num_parallel_reads=threads, memory_limit=memory_limit, **options))
        done = 0
        for taken in [0, 1, len(expected) // 3, len(expected) - 1, len(expected)]:
            take(iterator, taken - done)
            done = taken
            other = reader(num_parallel_reads=5 - threads, **options)
            assert_same(rest_of(restore(other, save(iterator))), expected[taken:])


def test_an_iterator_may_be_restored_again_and_again(folder: Path) -> None:
    """Forward, backward, and at the end, with any number of elements read ahead."""
    save_shards([40, 0, 30, 50])
    for options in ({}, {"batch_size": 7}, {"batch_size": 7, "drop_remainder": True}):
        expected = elements(reader(**options))
        iterator = iter(reader(**options))
        saved = []
        for i in range(len(expected)):
            saved.append(save(iterator, f"saved/{i}"))
            take(iterator, 1)
        assert rest_of(iterator) == []
        for i in (0, len(expected) - 1, 3, len(expected) // 2, 1):
            tf.train.Checkpoint(iterator=iterator).read(saved[i])
            assert_same(take(iterator, 1), expected[i : i + 1])
        assert_same(rest_of(iterator), expected[2:])


def test_a_manager_restores_the_latest(folder: Path) -> None:
    save_shards([4, 0, 11])
    expected = elements(reader(batch_size=3))
    iterator = iter(reader(batch_size=3))
    step = tf.Variable(0)
    manager = tf.train.CheckpointManager(tf.train.Checkpoint(iterator=iterator, step=step), "saved", max_to_keep=2)
    for _ in range(3):
        take(iterator, 1)
        step.assign_add(1)
        manager.save()
    restored, restored_step = iter(reader(batch_size=3)), tf.Variable(0)
    tf.train.Checkpoint(iterator=restored, step=restored_step).restore(manager.latest_checkpoint)
    assert restored_step.numpy() == 3
    assert_same(rest_of(restored), expected[3:])
