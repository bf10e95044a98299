"""A server that runs measurements, one after the other, each in a forked process.

Importing TensorFlow takes seconds, so the server imports it once. A forked process begins with fresh memory and ends
after its measurement. Requests and answers are lines of JSON.

  python -m benchmarks.worker MODULE...
"""

import importlib
import json
import os
import resource
import sys
import time
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from . import datasets


def serve(modules: list[str]) -> None:
    """Answers requests until there are no more."""
    for module in modules:
        importlib.import_module(module)
    for line in sys.stdin:
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(reading)
            _answer(json.loads(line), writing)
        os.close(writing)
        with os.fdopen(reading) as pipe:
            answer = pipe.read()
        _, status = os.waitpid(child, 0)
        print(answer or json.dumps({"error": f"ended with status {status}"}), flush=True)


def _answer(request: dict[str, Any], pipe: int) -> None:
    """Runs in the forked process and ends it. Threads of TensorFlow that still run cannot delay the end."""
    os.dup2(2, 1)  # The output of libraries must not mix with the answers.
    try:
        answer = measure(**request)
    except ModuleNotFoundError as error:
        answer = {"missing": error.name}
    except Exception:
        answer = {"error": traceback.format_exc()}
    os.write(pipe, json.dumps(answer).encode())
    os._exit(0)


def measure(
    *, function: str, data: tuple[str, str], options: dict[str, Any], check: bool, warm_up: bool = True, skip: int = 0
) -> dict[str, Any]:
    """Iterates once over the batches of `function`.

    Args:
      function: MODULE:NAME of a function that returns an iterable of the batches of a set.
      data: Scale and name of the set.
      options: More arguments of the function.
      check: If True, the checksum of the elements is computed. The times have no meaning then.
      warm_up: If True, an iterator of tf.data runs before, because the first one of a process takes longer.
      skip: The number of batches before the clock starts.
    """
    module, name = function.split(":")
    loaded = datasets.load(*data)
    assert loaded is not None
    make = getattr(importlib.import_module(module), name)
    if warm_up and "tensorflow" in sys.modules:
        import tensorflow as tf

        for _ in tf.data.Dataset.range(4).batch(2).prefetch(1):
            pass
    start = time.perf_counter()
    batches = make(loaded, **options)
    built = time.perf_counter() - start

    Path("/proc/self/clear_refs").write_text("5")  # proc(5): resets the peak of the resident memory
    memory = _status("VmHWM")
    cpu = _cpu(resource.RUSAGE_SELF)
    children = _cpu(resource.RUSAGE_CHILDREN)
    start = time.perf_counter()
    iterator = iter(batches)
    for _ in range(skip):
        next(iterator)
        cpu = _cpu(resource.RUSAGE_SELF)
        start = time.perf_counter()
    rows, total, count, first = 0, 0, 0, 0.0
    for batch in iterator:
        if not count:
            first = time.perf_counter() - start
        count += 1
        if check:
            for array in _arrays(batch):
                total += datasets.checksum(array)
            rows += len(array)
        del batch  # Its memory is used again for the next batch.
    seconds = time.perf_counter() - start
    cpu = _cpu(resource.RUSAGE_SELF) - cpu
    peak = _status("VmHWM") - memory
    threads = _status("Threads")
    del iterator, batches
    children = _cpu(resource.RUSAGE_CHILDREN) - children
    answer = {
        "seconds": seconds,
        "cpu_seconds": cpu + children,
        "build_seconds": built,
        "first_batch_seconds": first,
        "batches": count,
        "peak_rss": peak,
        "threads": threads,
    }
    return answer | ({"rows": rows, "sum": total % 2**64} if check else {})


def _arrays(batch: Any) -> Iterator[np.ndarray]:
    if isinstance(batch, dict):
        batch = tuple(batch.values())
    for part in batch if isinstance(batch, tuple) else (batch,):
        yield np.asarray(part.numpy() if hasattr(part, "numpy") else part)


def _status(name: str) -> int:
    """Returns the value of a line of /proc/self/status, in bytes or as a number."""
    for line in Path("/proc/self/status").read_text().splitlines():
        key, _, value = line.partition(":")
        if key == name:
            number, *unit = value.split()
            return int(number) * (1024 if unit else 1)
    raise KeyError(name)


def _cpu(who: int) -> float:
    usage = resource.getrusage(who)
    return usage.ru_utime + usage.ru_stime


if __name__ == "__main__":
    serve(sys.argv[1:])
