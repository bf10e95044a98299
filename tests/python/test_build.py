"""The scripts that choose the TensorFlows to build for, and refuse a build that cannot work."""

import hashlib
import importlib
import importlib.metadata
import re
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[2]
Tool = Callable[[str], ModuleType]
HASH = "0" * 64


@pytest.fixture
def tool(monkeypatch: pytest.MonkeyPatch) -> Tool:
    """Imports a script of tools/."""
    monkeypatch.syspath_prepend(str(ROOT / "tools"))
    monkeypatch.delenv("CMAKE_ARGS", raising=False)
    monkeypatch.delenv("TF_NPZ_TENSORFLOW", raising=False)
    return importlib.import_module


def test_the_list_is_read(tool: Tool) -> None:
    parse = tool("tensorflow_versions").parse
    first, second = parse(f"# a comment\n\n2.9.1 3.8-3.10 {HASH}\n2.16.2 3.12-3.12 {HASH}\n")
    assert (first.version, first.minor, first.pythons) == ("2.9.1", "2.9", ("3.8", "3.9", "3.10"))
    assert (second.version, second.minor, second.pythons) == ("2.16.2", "2.16", ("3.12",))


def test_versions_with_a_pinned_wheel_for_the_machine_are_listed(tool: Tool) -> None:
    parse = tool("tensorflow_versions").parse
    other = "1" * 64
    text = f"2.9.1 3.8-3.10 {HASH}\n2.16.2 3.12-3.12 {HASH} {other}\n"
    assert [tensorflow.minor for tensorflow in parse(text)] == ["2.9", "2.16"]
    (only,) = parse(text, "aarch64")
    assert (only.minor, only.sha256, only.machine, only.distribution) == ("2.16", other, "aarch64", "tensorflow")
    assert parse(text, "riscv64") == []


WRONG_LISTS = {
    "empty": ("# nothing\n", "oldest first"),
    "newest first": (f"2.16.2 3.10-3.12 {HASH}\n2.9.1 3.10-3.12 {HASH}\n", "oldest first"),
    "a minor twice": (f"2.16.1 3.10-3.12 {HASH}\n2.16.2 3.10-3.12 {HASH}\n", "once each"),
    "no hash": ("2.16.2 3.10-3.12\n", "not 'VERSION 3.A-3.B SHA256 [SHA256]': 2.16.2"),
}


@pytest.mark.parametrize(("text", "message"), WRONG_LISTS.values(), ids=WRONG_LISTS.keys())
def test_a_list_that_says_something_else_is_refused(tool: Tool, text: str, message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        tool("tensorflow_versions").parse(text)


def test_the_project_is_tested_with_the_newest_of_the_list(tool: Tool) -> None:
    newest = tool("tensorflow_versions").newest()
    assert importlib.metadata.version(newest.distribution) == newest.version


def test_the_extras_allow_what_is_served_and_nothing_between(tool: Tool) -> None:
    tools = tool("tensorflow_versions")
    assert tools.specifier(["2.21"]) == ">=2.21,<2.22"
    assert tools.specifier([tensorflow.minor for tensorflow in tools.served()]) == (
        f">={tools.served()[0].minor},<2.{int(tools.newest().minor.split('.')[1]) + 1}"
    )
    assert tools.specifier(["2.18", "2.21"]) == ">=2.18,<2.22,!=2.19.*,!=2.20.*"


CHOICES = {
    "by default": ({}, "installed"),
    "by the environment": ({"TF_NPZ_TENSORFLOW": "all"}, "all"),
    "by CMake's arguments": ({"CMAKE_ARGS": "-DX=1 -DTF_NPZ_TENSORFLOW=2.16;2.21 -DY=2"}, "2.16;2.21"),
    "with a type": ({"CMAKE_ARGS": "-DTF_NPZ_TENSORFLOW:STRING=all"}, "all"),
    "another argument": ({"CMAKE_ARGS": "-DTF_NPZ_TENSORFLOW_DIR=/x"}, "installed"),
}


@pytest.mark.parametrize(("environment", "chosen"), CHOICES.values(), ids=CHOICES.keys())
def test_the_versions_to_build_for_are_chosen(
    tool: Tool, monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], chosen: str
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert tool("tensorflow_versions").chosen() == chosen


def test_pip_brings_the_newest_tensorflow_for_an_isolated_build(tool: Tool, monkeypatch: pytest.MonkeyPatch) -> None:
    backend = tool("build_backend")
    minor = tool("tensorflow_versions").newest().minor
    assert backend.tensorflow() == [
        f"tensorflow-cpu=={minor}.* ; platform_machine == 'x86_64'",
        f"tensorflow=={minor}.* ; platform_machine != 'x86_64'",
    ]
    monkeypatch.setenv("TF_NPZ_TENSORFLOW", "all")
    assert backend.tensorflow() == []


REFUSALS = {
    "macOS": ("sys.platform = 'darwin'", "tf-npz builds on Linux only, and this is darwin."),
    "Windows": ("sys.platform = 'win32'", "tf-npz builds on Linux only, and this is win32. On Windows, use"),
    "an old Python": (
        "sys.version_info = (3, 9, 18)",
        "tf-npz needs Python 3.10 to 3.13, and this is 3.9. Use another",
    ),
    "a Python without TensorFlow": (
        "sys.version_info = (3, 14, 0)",
        "tf-npz needs Python 3.10 to 3.13, and this is 3.14.",
    ),
}


@pytest.mark.parametrize(("machine", "message"), REFUSALS.values(), ids=REFUSALS.keys())
def test_pip_shows_one_sentence_if_the_package_cannot_be_built(machine: str, message: str) -> None:
    code = "import sys; sys.path.insert(0, 'tools'); import build_backend"
    code = f"{code}; {machine}; build_backend.get_requires_for_build_wheel()"
    result = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert result.returncode == 1
    assert result.stderr.startswith(message)
    assert result.stderr.count("\n") == 1


def find_tensorflow(folder: Path) -> str:
    """The output for an interpreter that sees only the packages in `folder`."""
    result = subprocess.run(
        [sys.executable, "-S", str(ROOT / "tools/find_tensorflow.py")],
        env={"PYTHONPATH": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )
    return result.stdout + result.stderr


def test_a_build_without_tensorflow_says_what_to_install(tool: Tool, tmp_path: Path) -> None:
    message = find_tensorflow(tmp_path)
    minor = tool("tensorflow_versions").newest().minor
    assert message.startswith("TensorFlow was not found in ")
    assert f"pip install tensorflow-cpu=={minor}.*\n" in message
    assert "TF_NPZ_TENSORFLOW=all" in message


def save_tensorflow(folder: Path, version: str) -> None:
    (folder / "tensorflow/include/tensorflow/core/framework").mkdir(parents=True)
    (folder / "tensorflow/__init__.py").touch()
    (folder / "tensorflow/include/tensorflow/core/framework/dataset.h").touch()
    information = folder / f"tensorflow-{version}.dist-info"
    information.mkdir()
    (information / "METADATA").write_text(f"Metadata-Version: 2.1\nName: tensorflow\nVersion: {version}\n")
    (information / "top_level.txt").write_text("tensorflow\n")


def test_a_version_that_is_too_old_is_refused_and_a_newer_one_is_tried(tmp_path: Path) -> None:
    save_tensorflow(tmp_path / "old", "2.15.1")
    message = find_tensorflow(tmp_path / "old")
    assert message.startswith("TensorFlow 2.15.1 is too old: tf-npz builds for 2.16 and newer.")
    save_tensorflow(tmp_path / "new", "2.99.0")
    assert find_tensorflow(tmp_path / "new") == f"2.99.0;{tmp_path / 'new/tensorflow'}\n"


def test_a_version_that_is_not_in_the_list_is_not_fetched(tool: Tool, tmp_path: Path) -> None:
    command = [sys.executable, str(ROOT / "tools/fetch_tensorflow.py"), "--into", str(tmp_path / "t"), "2.5"]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    minors = [tensorflow.minor for tensorflow in tool("tensorflow_versions").served()]
    assert result.stderr == f"TensorFlow 2.5: cmake/tensorflow.txt lists {', '.join(minors)} for x86_64.\n"


def save_wheel(folder: Path, python: str, contents: str = "headers") -> str:
    """Writes a wheel of TensorFlow 2.16.2 with the files that ops need. Returns its hash."""
    path = folder / f"tensorflow_cpu-2.16.2-{python}-{python}-manylinux_2_17_x86_64.whl"
    with zipfile.ZipFile(path, "w") as wheel:
        wheel.writestr("tensorflow/include/tensorflow/core/a.h", contents)
        wheel.writestr("tensorflow/libtensorflow_framework.so.2", "framework")
        wheel.writestr("tensorflow/libtensorflow_cc.so.2", "cc")
        wheel.writestr("tensorflow/python/large.so", "large")
    return hashlib.sha256(path.read_bytes()).hexdigest()


def fetched(folder: Path) -> dict[str, str]:
    return {str(path.relative_to(folder)): path.read_text() for path in folder.rglob("*") if path.is_file()}


def test_only_headers_and_libraries_of_a_wheel_are_kept(
    tool: Tool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fetch = tool("fetch_tensorflow")
    sources, into = tmp_path / "sources", tmp_path / "into"
    sources.mkdir()
    save_wheel(sources, "cp311", "another Python's")
    sha256 = save_wheel(sources, "cp312")
    pinned = tool("tensorflow_versions").TensorFlow("2.16.2", ("3.12",), sha256)
    monkeypatch.setattr(fetch, "served", lambda machine: [pinned])
    monkeypatch.setenv("TF_NPZ_SOURCES", str(sources))
    monkeypatch.setattr(sys, "argv", ["fetch_tensorflow.py", "--into", str(into)])
    # Files that a killed run, or a run for another patch release, has left.
    (into / "2.16/include").mkdir(parents=True)
    (into / "2.16/include/old.h").touch()
    fetch.main()
    expected = {
        "2.16/include/tensorflow/core/a.h": "headers",
        "2.16/libtensorflow_framework.so.2": "framework",
        "2.16/libtensorflow_cc.so.2": "cc",
        "2.16/wheel.sha256": sha256,
    }
    assert fetched(into) == expected
    monkeypatch.setenv("TF_NPZ_SOURCES", str(tmp_path / "nowhere"))
    fetch.main()  # The second call finds the files.
    assert fetched(into) == expected


def test_a_wheel_that_is_not_the_pinned_one_is_refused(
    tool: Tool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fetch = tool("fetch_tensorflow")
    save_wheel(tmp_path, "cp312")
    pinned = tool("tensorflow_versions").TensorFlow("2.16.2", ("3.12",), HASH)
    monkeypatch.setattr(fetch, "served", lambda machine: [pinned])
    monkeypatch.setenv("TF_NPZ_SOURCES", str(tmp_path))
    monkeypatch.setattr(sys, "argv", ["fetch_tensorflow.py", "--into", str(tmp_path / "into")])
    with pytest.raises(SystemExit, match=r"holds others of TensorFlow 2\.16\.2\."):
        fetch.main()
    assert fetched(tmp_path / "into") == {}
