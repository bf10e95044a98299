"""Runs readers over cases. Each reader has a process of its own, so a crash ends only one case."""

import concurrent.futures
import fnmatch
import multiprocessing
import os
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

import numpy as np

from .cases import all_cases
from .model import Case
from .readers import READERS
from .verdicts import CRASHED, Verdict, judge

# In seconds, for one case. A case of over 4 GiB takes a few seconds.
TIME_LIMIT = 300
CORPUS = Path(__file__).resolve().parents[3] / "shared" / "corpus"


def chosen_cases(pattern: str = "*") -> list[Case]:
    """Returns the cases whose names match a shell pattern or contain it."""
    return [case for case in all_cases().values() if fnmatch.fnmatch(case.name, pattern) or pattern in case.name]


def corpus_cases() -> list[Case]:
    """Files of other programs, if they lie beside the repository. The result of np.load is the expected one."""
    return [_of_corpus(path) for path in sorted(CORPUS.rglob("*.np[yz]"))]


def _of_corpus(path: Path) -> Case:
    loaded = np.load(path)
    expected = {None: loaded} if isinstance(loaded, np.ndarray) else dict(loaded.items())
    name = f"corpus/{path.relative_to(CORPUS)}"
    return Case(name, f"written by {path.relative_to(CORPUS).parts[0]}", "", path.read_bytes(), expected)


def run(cases: Iterable[Case], readers: Sequence[str], *, isolate: bool = True) -> dict[str, dict[str, Verdict]]:
    """Returns the verdicts by the name of the case, then by the reader.

    Args:
      cases: The cases to read. One file is on disk at a time.
      readers: Keys of `readers.READERS`.
      isolate: If True, readers run in other processes.
    """
    verdicts: dict[str, dict[str, Verdict]] = {}
    workers = {reader: _Worker(reader) for reader in readers} if isolate else {}
    try:
        with tempfile.TemporaryDirectory() as folder:
            for case in cases:
                path = case.write(folder)
                verdicts[case.name] = {
                    reader: workers[reader].judge(case, path) if isolate else _judge(reader, case.name, path)
                    for reader in readers
                }
                path.unlink()
    finally:
        for worker in workers.values():
            worker.close()
    return verdicts


class _Worker:
    """A process for one reader. If it dies, the next case starts another one."""

    def __init__(self, reader: str) -> None:
        self._reader = reader
        self._pool: concurrent.futures.ProcessPoolExecutor | None = None

    def judge(self, case: Case, path: Path) -> Verdict:
        if self._pool is None:
            context = multiprocessing.get_context("spawn")
            self._pool = concurrent.futures.ProcessPoolExecutor(1, context, _silence)
        try:
            return self._pool.submit(_judge, self._reader, case.name, path).result(TIME_LIMIT)
        except BrokenProcessPool:
            self.close()
            return Verdict(CRASHED, False, "the process ended")
        except concurrent.futures.TimeoutError:
            for process in multiprocessing.active_children():
                if self._pool is not None and process.pid in (self._pool._processes or {}):
                    process.kill()
            self.close()
            return Verdict(CRASHED, False, f"no answer within {TIME_LIMIT} s")

    def close(self) -> None:
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)
            self._pool = None


_cases: Mapping[str, Case] = {}


def _judge(reader: str, name: str, path: Path) -> Verdict:
    """Judges the case with that name. A case cannot be sent to another process, because it may hold functions."""
    global _cases
    if name.startswith("corpus/"):
        return judge(READERS[reader], _of_corpus(CORPUS / name.removeprefix("corpus/")), path)
    _cases = _cases or all_cases()
    return judge(READERS[reader], _cases[name], path)


def _silence() -> None:
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")
