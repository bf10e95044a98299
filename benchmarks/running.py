"""Runs cases, each in a process of its own, and compares their checksums with that of the set."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from .cases import Case, Group
from .datasets import ROOT, Data

TOP = Path(__file__).parents[1]
LIMITS = TOP / "build" / "benchmarks" / "benchmarks" / "limits"
OTHER_PYTHON = TOP / ".venv-bench" / "bin" / "python"


class Server:
    """The measuring processes of one Python environment: benchmarks/worker.py."""

    def __init__(self, python: str, modules: Sequence[str]) -> None:
        ROOT.mkdir(parents=True, exist_ok=True)
        self.log = ROOT / f"worker-{modules[0]}.log"
        with self.log.open("w") as log:
            self._process = subprocess.Popen(
                [python, "-m", "benchmarks.worker", *modules],
                cwd=TOP,
                env=os.environ | {"TF_CPP_MIN_LOG_LEVEL": "2"},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )

    def ask(self, request: dict[str, Any]) -> dict[str, Any]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        try:
            self._process.stdin.write(json.dumps(request) + "\n")
            self._process.stdin.flush()
        except BrokenPipeError:
            return {"error": f"the worker ended: see {self.log}"}
        line = self._process.stdout.readline()
        return json.loads(line) if line else {"error": f"the worker ended: see {self.log}"}

    def close(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()


class Runner:
    """Runs measurements. It starts processes when they are first needed; close it at the end."""

    def __init__(self, scale: str) -> None:
        self.scale = scale
        self._servers: dict[str, Server] = {}

    def close(self) -> None:
        for server in self._servers.values():
            server.close()

    def run(self, case: Case, data: Data, *, check: bool) -> dict[str, Any]:
        """Returns the answer of benchmarks/worker.py or of a limit, or {"missing": PACKAGE}, or {"error": TEXT}."""
        if case.runs_in == "limit":
            return _run_limit(case, data, check)
        if case.runs_in == "cat":
            return _run_cat(data)
        server = self._server(case.runs_in)
        if server is None:
            return {"missing": OTHER_PYTHON.parents[1].name}
        return server.ask(
            {
                "function": f"benchmarks.{case.function}",
                "data": (self.scale, data.name),
                "options": dict(case.options),
                "check": check,
                # All epochs except the last one.
                "skip": -(-data.rows // data.batch_size) * (case.options.get("epochs", 1) - 1),
            }
        )

    def _server(self, name: str) -> Server | None:
        if name not in self._servers:
            if name == "tensorflow":
                self._servers[name] = Server(sys.executable, ["tensorflow", "benchmarks.ours", "benchmarks.incumbents"])
            elif OTHER_PYTHON.exists():
                self._servers[name] = Server(str(OTHER_PYTHON), ["numpy"])
            else:
                return None
        return self._servers[name]


def measure(runner: Runner, group: Group, data: Data, rounds: int, step: Callable[[str], None]) -> dict[str, Any]:
    """Runs each case of a group once to check its checksum, and then `rounds` times in turns to measure it.

    Args:
      runner: It runs the measurements.
      group: The cases.
      data: The set.
      rounds: The number of measurements of each case.
      step: It is called before each run with the name of the run.
    """
    cases: dict[str, dict[str, Any]] = {case.name: {"kind": case.kind, "bytes": data.bytes} for case in group.cases}
    able = []
    for case in group.cases:
        step(f"{group.name}: {case.name}")
        answer = runner.run(case, data, check=True)
        problem: dict[str, Any] = {key: answer[key] for key in ("missing", "error") if key in answer}
        if not problem and (wrong := _wrong(case, data, answer)):
            problem = {"error": wrong}
        cases[case.name] |= problem
        if not problem:
            able.append(case)
            cases[case.name]["runs"] = []
            if not _reads(case):
                cases[case.name]["bytes"] = answer.get("bytes", 0)
    for index in range(rounds):
        for case in able if index % 2 == 0 else reversed(able):  # A drift of the machine's speed cancels out.
            step(f"{group.name}: {case.name}")
            if group.cold:
                _drop_from_cache(data)
            answer = runner.run(case, data, check=False)
            if "error" in answer:
                raise RuntimeError(f"{group.name}, {case.name}: {answer['error']}")
            cases[case.name]["runs"].append(answer)
    return {"set": data.name, "bytes": data.bytes, "rows": data.rows, "cold": group.cold, "cases": cases}


def _reads(case: Case) -> bool:
    """Returns True if the case can read the set."""
    return case.function not in ("copy_memory", "touch_memory", "incumbents:nothing")


def _wrong(case: Case, data: Data, answer: dict[str, Any]) -> str:
    """Returns what is wrong with the elements of a case, or None."""
    if not _reads(case) or case.runs_in == "cat":
        return ""
    if answer.get("rows", data.rows) != data.rows:
        return f"{answer['rows']} of {data.rows} rows arrived"
    return "" if answer["sum"] == data.sum else f"the elements sum up to {answer['sum']}, not to {data.sum}"


def _run_limit(case: Case, data: Data, check: bool) -> dict[str, Any]:
    program = LIMITS / case.function
    if not program.exists():
        return {"missing": f"limits/{case.function}"}
    options = [f"--{name}={value}" for name, value in case.options.items()]
    if check:
        itemsize = {"float32": 4, "int32": 4, "uint8": 1}[data.dtype]
        options += ["--check", f"--item={itemsize}"]
    done = subprocess.run(
        [str(program), *options], input="\n".join(data.files), capture_output=True, text=True, check=False
    )
    return {"error": done.stderr} if done.returncode else json.loads(done.stdout)


def _run_cat(data: Data) -> dict[str, Any]:
    start = time.perf_counter()
    usage = os.times()
    with Path(os.devnull).open("w") as nothing:
        subprocess.run(["cat", *data.files], stdout=nothing, check=True)
    after = os.times()
    cpu = after.children_user + after.children_system - usage.children_user - usage.children_system
    return {"seconds": time.perf_counter() - start, "cpu_seconds": cpu, "bytes": data.bytes}


def _drop_from_cache(data: Data) -> None:
    for name in data.files:
        with Path(name).open("rb") as file:
            os.fdatasync(file.fileno())  # Pages that are not on the disk yet would stay in memory.
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
