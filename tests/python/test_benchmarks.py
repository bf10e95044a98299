"""The benchmarks run, and all measured readers deliver the same elements. No test depends on time."""

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest

from benchmarks import cases, counting, datasets, memory, targets
from benchmarks.running import LIMITS

TOP = Path(__file__).parents[2]


@pytest.fixture
def data_root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(datasets, "ROOT", tmp_path)
    return tmp_path


def make(name: str) -> datasets.Data:
    for _ in datasets.generate("tiny", name):
        pass
    data = datasets.load("tiny", name)
    assert data is not None
    return data


@pytest.mark.parametrize("name", datasets.RECIPES)
def test_a_set_agrees_with_its_facts(data_root: Path, name: str) -> None:
    data = make(name)
    total, size = 0, 0
    for file in data.files:
        loaded = np.load(file)
        arrays = [loaded[key] for key in data.keys] if data.keys else [loaded[np.newaxis]]
        total += sum(map(datasets.checksum, arrays))
        size += sum(array.nbytes for array in arrays)
    assert (len(data.files), total % 2**64, size) == (data.count, data.sum, data.bytes)


def test_a_set_is_made_once_for_each_version(data_root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = make("tokens")
    before = Path(made.files[0]).stat().st_mtime_ns
    assert make("tokens") == made
    assert Path(made.files[0]).stat().st_mtime_ns == before

    monkeypatch.setattr(datasets, "VERSION", datasets.VERSION + 1)
    assert datasets.load("tiny", "tokens") is None
    assert make("tokens").sum == made.sum


@pytest.mark.nightly
def test_all_measured_readers_deliver_the_same(tmp_path: Path) -> None:
    groups = ("compressed", "small", "varying", "rows, stored")
    drive = subprocess.run(
        [
            *(
                sys.executable,
                "-m",
                "benchmarks",
                "--quick",
                "--scale",
                "tiny",
                "--rounds",
                "1",
                "--out",
                str(tmp_path),
            ),
            *(argument for group in groups for argument in ("--group", group)),
        ],
        cwd=TOP,
        env=os.environ | {"PYTHONWARNINGS": "ignore", "TF_NPZ_BENCHMARK_DATA": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=300,
    )

    # The exit status is 1 if a reader failed or delivered other elements.
    assert drive.returncode == 0, drive.stdout + drive.stderr
    results = json.loads((tmp_path / "tiny" / "results.json").read_text())
    assert list(results["groups"]) == [group.name for group in cases.ALL if group.name in groups]
    for group in results["groups"].values():
        for case in group["cases"].values():
            assert (case["kind"] == "limit" and case.get("missing")) or len(case["runs"]) == 1
    page = (tmp_path / "performance.md").read_text()
    assert "small npy, rows=False, batch_size=256" in page
    assert "A quick run" in page


def test_limits_add_up_the_steps_of_numpy(data_root: Path) -> None:
    if not (LIMITS / "pread_files").exists():
        pytest.skip("the limits are not built: make bench-limits")
    pages = ("touch", "willneed", "populate_read", "map_populate", "copy")
    programs = {
        "compressed": ("inflate_whole", "inflate_stream"),
        "stored": ("pread_files", *(f"mmap_files --pages={how}" for how in pages)),
        "small": ("small_files",),
    }
    for name, of_set in programs.items():
        data = make(name)
        for command in of_set:
            program, *options = command.split()
            done = subprocess.run(
                [str(LIMITS / program), *options, "--check", "--item=4", "--threads=2"],
                input="\n".join(data.files),
                capture_output=True,
                text=True,
                check=True,
            )
            assert json.loads(done.stdout)["sum"] == data.sum, command


def test_every_target_names_measured_cases() -> None:
    measured = {group.name: {case.name for case in group.cases} for group in cases.ALL}
    for target in targets.TARGETS:
        assert set(target.needs) <= measured[target.group], target.what


@pytest.mark.parametrize("compression", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_large_members_of_zeros_are_what_numpy_reads(tmp_path: Path, compression: int) -> None:
    path = tmp_path / "zeros.npz"
    for _ in memory.write_zeros(path, 3, compression):
        pass
    with np.load(path) as arrays:
        assert arrays["x"].shape == (3, memory.ROW)
        assert not arrays["x"].any()
    assert path.stat().st_blocks * 512 < 1 << 20  # sparse


def test_a_profile_gives_each_function_its_own_cost_and_that_of_its_calls() -> None:
    profile = """positions: line
events: Ir

ob=(1) program
fl=(1) a.cc
fn=(1) ReadWithEngine
10 5
cfn=(2) (anonymous namespace)::Parser::Parse(char)
calls=3 20
11 90
+2 7
cfi=(2) lock.c
cfn=(3) pthread_mutex_lock@@GLIBC_2.2.5
calls=2 30
* 8

fn=(2)
20 50
cfn=(4) (anonymous namespace)::Parser::Parse(char)'2
calls=1 20
21 40
jump=1 20
-1 0

fn=(3)
30 8

totals: 110
"""
    counts = counting.parse(profile)
    assert counts.total == 110
    assert counts.own == {"ReadWithEngine": 12, "Parser::Parse": 50, "pthread_mutex_lock": 8}
    assert counts.inclusive == {"ReadWithEngine": 110, "Parser::Parse": 50, "pthread_mutex_lock": 8}
    assert counts.calls == {"Parser::Parse": 4, "pthread_mutex_lock": 2}

    costs = counts.minus(counting.Counts(total=10), 2)
    assert (costs.total, costs.calls["pthread_mutex_lock"]) == (50, 1)


def test_system_calls_are_counted_by_name() -> None:
    summary = """% time     seconds  usecs/call     calls    errors syscall
------ ----------- ----------- --------- --------- ----------------
 26.76    0.006227          12       517           openat
  0.00    0.000000           0         9           read
  0.00    0.000000           0         3         1 access
------ ----------- ----------- --------- --------- ----------------
100.00    0.023272          10       529         1 total
"""
    assert counting.parse_strace(summary) == {"openat": 517, "access": 3}
