"""One set of rules turns names into files, for load, inspect, the command line, element_spec and the dataset."""

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
import tf_npz
from testing import elements, npz_bytes
from tf_npz import _core, _paths

X = np.zeros((2, 3), np.float32)


def make(*files: str) -> None:
    for file in files:
        Path(file).parent.mkdir(parents=True, exist_ok=True)
        Path(file).write_bytes(npz_bytes(x=X))


def command_line(*arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(Path(tf_npz.__file__).parent.parent)}
    command = [sys.executable, "-m", "tf_npz", *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


# Each takes a name, and reads the files that it names.
ONE: dict[str, Callable[[Any], Any]] = {
    "load": tf_npz.load,
    "inspect": tf_npz.inspect,
}
MANY: dict[str, Callable[[Any], Any]] = {
    "dataset": lambda name: elements(tf_npz.NpzReaderDataset(name)),
    "element_spec": tf_npz.element_spec,
}
ALL = {**ONE, **MANY}

# --- Names of one file ------------------------------------------------------------------------------------------------

NAMES: dict[str, tuple[Any, str]] = {
    "path": ("d/a.npz", "d/a.npz"),
    "bytes": (b"d/a.npz", "d/a.npz"),
    "os.PathLike": (Path("d/a.npz"), "d/a.npz"),
    "numpy str": (np.str_("d/a.npz"), "d/a.npz"),
    "home": ("~/h.npz", "HOME/h.npz"),
    "home as a Path": (Path("~/h.npz"), "HOME/h.npz"),
    "home as bytes": (b"~/h.npz", "HOME/h.npz"),
    "pattern at home": ("~/h*.npz", "HOME/h.npz"),
    "pattern that matches one file": ("d/?.npz", "d/a.npz"),
    "pattern over folders": ("**/a.npz", "d/a.npz"),
    "a file whose name looks like a pattern": ("[1].npz", "[1].npz"),
    "a file whose name begins with a tilde": ("~t.npz", "~t.npz"),
    "a folder whose name looks like a pattern": ("e[1]/a.npz", "e[1]/a.npz"),
    "an escaped name": ("e[[]1]/*.npz", "e[1]/a.npz"),
}


@pytest.fixture
def files(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The home folder has a bracket in its name, and is no pattern for all that."""
    home = folder / "home [x]"
    make("d/a.npz", "[1].npz", "1.npz", "~t.npz", "e[1]/a.npz", str(home / "h.npz"))
    monkeypatch.setenv("HOME", str(home))


@pytest.mark.usefixtures("files")
@pytest.mark.parametrize("way", ALL.values(), ids=ALL.keys())
@pytest.mark.parametrize(("name", "path"), NAMES.values(), ids=NAMES.keys())
def test_every_function_takes_every_name(name: Any, path: str, way: Callable[[Any], Any]) -> None:
    path = path.replace("HOME", os.environ["HOME"])
    if "**" in os.fsdecode(name):
        Path("e[1]/a.npz").unlink()
    assert _paths.expand([os.fsdecode(name)]) == [path]
    assert _paths.one(os.fsdecode(name)) == path
    result = way(name)
    if isinstance(result, tf_npz.FileInfo):
        assert result.path == path


@pytest.mark.usefixtures("files")
def test_the_command_line_takes_every_name() -> None:
    result = command_line("~/h.npz", "d/*", "[1].npz")
    names = [f"{os.environ['HOME']}/h.npz", "d/a.npz", "[1].npz"]
    assert result.stdout == "".join(f"{tf_npz.inspect(name)!r}\n" for name in names)
    assert (result.returncode, result.stderr) == (0, "")


def test_the_command_line_shows_all_files_of_a_pattern(folder: Path) -> None:
    make("d/a.npz", "d/b.npz", "d/e/c.npz")
    Path("d/none.npz").symlink_to("gone")
    result = command_line("none*", "d/**/*.npz")
    assert re.findall(r"^(\S+): npz", result.stdout, re.MULTILINE) == ["d/a.npz", "d/b.npz", "d/e/c.npz"]
    assert "no file matches the pattern 'none*'" in result.stderr
    assert "d/none.npz: can't open" in result.stderr
    assert result.returncode == 1


@pytest.mark.usefixtures("files")
def test_the_home_of_a_user() -> None:
    import getpass
    import pwd

    home = pwd.getpwnam(getpass.getuser()).pw_dir
    assert _paths.expand([f"~{getpass.getuser()}/a.npz"]) == [f"{home}/a.npz"]
    assert _paths.expand(["~no-such-user/a.npz"]) == ["~no-such-user/a.npz"]
    assert _paths.expand(["./~/a.npz"]) == ["./~/a.npz"]


def test_one_file_is_not_several(folder: Path) -> None:
    make("a.npz", "b.npz", "c.npz", "d.npz")
    fragment = (
        "the pattern '*.npz' matches 4 files, and one is expected: 'a.npz', 'b.npz', 'c.npz', …; name one of them"
    )
    with pytest.raises(tf.errors.InvalidArgumentError) as raised:
        tf_npz.load("*.npz")
    assert fragment in raised.value.message
    with pytest.raises(ValueError, match=re.escape(fragment)):
        tf_npz.inspect("*.npz")
    with pytest.raises(tf.errors.InvalidArgumentError):
        tf_npz.load(tf.constant("*.npz"))
    tf_npz.load("a.npz")
    tf_npz.NpzReaderDataset("*.npz")  # the two things that the message proposes


def test_symbolic_names_are_paths_only(folder: Path) -> None:
    make("a.npz")
    spec = {"x": tf.TensorSpec(X.shape, tf.float32)}
    ds = tf.data.Dataset.from_tensors("*.npz").map(lambda f: tf_npz.load(f, element_spec=spec))
    with pytest.raises(tf.errors.NotFoundError, match=r"\*\.npz: can't open"):
        elements(ds)


# --- Several names ----------------------------------------------------------------------------------------------------

LISTS: dict[str, tuple[list[str], list[str]]] = {
    "overlapping patterns": (["d/*.npz", "**/*.npz"], ["d/a.npz", "d/b.npz", "c.npz", "d/e/c.npz"]),
    "the same pattern twice": (["d/*.npz", "d/*.npz"], ["d/a.npz", "d/b.npz"]),
    "a pattern after a name": (["d/b.npz", "d/*.npz"], ["d/b.npz", "d/a.npz"]),
    "a name after a pattern": (["d/*.npz", "d/a.npz"], ["d/a.npz", "d/b.npz", "d/a.npz"]),
    "a name twice": (["c.npz", "c.npz"], ["c.npz", "c.npz"]),
    "a name twice, then a pattern": (["c.npz", "c.npz", "*.npz"], ["c.npz", "c.npz"]),
    "one file in two spellings": (["./d/a.npz", "d/*.npz", "d//*.npz"], ["./d/a.npz", "d/b.npz"]),
    "an absolute pattern": (["d/*.npz", "CWD/d/*.npz"], ["d/a.npz", "d/b.npz"]),
    "a pattern with two wildcards of folders": (["**/**/c.npz"], ["c.npz", "d/e/c.npz"]),
}


@pytest.mark.parametrize(("names", "expected"), LISTS.values(), ids=LISTS.keys())
def test_a_pattern_gives_only_files_that_were_not_given_before(
    folder: Path, names: list[str], expected: list[str]
) -> None:
    make("d/a.npz", "d/b.npz", "c.npz", "d/e/c.npz")
    names = [name.replace("CWD", str(folder)) for name in names]
    assert _paths.expand(names) == expected
    assert len(tf_npz.NpzReaderDataset(names, rows=False)) == len(expected)


# --- Folders, and patterns without a match ----------------------------------------------------------------------------

LAYOUTS: dict[str, tuple[list[str], str, str | None]] = {
    # files, name, the pattern that the error proposes
    "npz files": (["d/a.npz"], "d", "d/*.npz"),
    "npy files": (["d/a.npy"], "d/", "d/*.npy"),
    "files in folders below": (["d/e/a.npz", "d/f/b.npz"], "d", "d/**/*.npz"),
    "brackets": (["d[1]/a.npz"], "d[1]", "d[[]1]/*.npz"),
    "no arrays": (["d/notes.txt"], "d", None),
    "pattern in a folder with brackets": (["d[1]/a.npz"], "d[1]/*.npz", "d[[]1]/*.npz"),
    "brackets, and a pattern of folders": (["d[1]/e/a.npz"], "d[1]/*/a.npz", "d[[]1]/*/a.npz"),
    "brackets, and files below": (["d[1]/e/a.npz"], "d[1]/*.npz", "d[[]1]/**/*.npz"),
    "pattern of a folder without files": (["d/e/a.npz"], "d/*.npz", "d/**/*.npz"),
    "pattern without a folder": (["d/e/a.npz"], "*.npz", "**/*.npz"),
    "pattern of other files": (["d/e/a.npy"], "d/*.npz", None),
    "hidden files": (["d/.e/a.npz"], "d/*.npz", None),
    "pattern of folders": (["d/e/a.npz"], "?/*.npz", None),
}


def proposed(message: str) -> str | None:
    """The pattern that a message proposes."""
    if "is a directory" in message:
        found = re.search(r'pattern: "(.*?)"', message)
    else:
        found = re.search(r"no file matches the pattern '.*?'; .*'(.*?)'$", message)
    return found[1] if found else None


@pytest.mark.parametrize(("files", "name", "pattern"), LAYOUTS.values(), ids=LAYOUTS.keys())
def test_a_pattern_that_an_error_proposes_matches(
    folder: Path, files: list[str], name: str, pattern: str | None
) -> None:
    make(*files)
    for way in (*MANY.values(), *ONE.values(), lambda n: elements(tf_npz.NpzReaderDataset(n, element_spec=SPEC))):
        with pytest.raises((tf.errors.OpError, OSError)) as raised:
            way(name)
        assert proposed(str(raised.value)) == pattern
    if pattern is not None:
        assert len(tf_npz.NpzReaderDataset(pattern, rows=False)) == len(files)
    elif name == "d":
        assert "it holds no .npz or .npy files, nor do the folders in it" in str(raised.value)


SPEC = {"x": tf.TensorSpec(X.shape[1:], tf.float32)}


@pytest.mark.parametrize("pattern", ["trian/*.npz", "trian/e/*.npz", "train/none/*.npz", "/none/*.npz"])
def test_a_missing_folder_is_named(folder: Path, pattern: str) -> None:
    make("train/a.npz")
    with pytest.raises(tf.errors.NotFoundError) as raised:
        tf_npz.load(pattern)
    missing = {"train/none/*.npz": "train/none", "/none/*.npz": "/none"}.get(pattern, "trian")
    assert raised.value.message == f"no file matches the pattern {pattern!r}; there is no folder {missing!r}"


# --- File systems of TensorFlow ---------------------------------------------------------------------------------------

REMOTE: dict[str, tuple[str, list[str]]] = {
    "files": ("*.npz", ["a.npz"]),
    "a folder": ("d/*.npz", ["d/b.npz"]),
    "a pattern of folders": ("*/*.npz", ["d/b.npz"]),
    "folders at any depth": ("**/*.npz", ["a.npz", "d/b.npz", "d/e/c.npz"]),
    "folders between": ("d/**/c.npz", ["d/e/c.npz"]),
    "everything below": ("d/**", ["d/b.npz", "d/e/c.npz"]),
    "hidden files": (".*.npz", [".h.npz"]),
    "escaped": ("[[]1]/*.npz", ["[1]/x.npz"]),
}


@pytest.fixture
def remote(ram_folder: str) -> str:
    for name in ("a.npz", ".h.npz", "d/b.npz", "d/e/c.npz", "d/.f/i.npz", "[1]/x.npz"):
        tf.io.gfile.makedirs(os.path.dirname(f"{ram_folder}/{name}"))  # noqa: PTH120
        with tf.io.gfile.GFile(f"{ram_folder}/{name}", "wb") as file:
            file.write(npz_bytes(x=X))
    return ram_folder


@pytest.mark.parametrize(("pattern", "expected"), REMOTE.values(), ids=REMOTE.keys())
def test_patterns_mean_the_same_in_every_file_system(
    folder: Path, remote: str, pattern: str, expected: list[str]
) -> None:
    make("a.npz", ".h.npz", "d/b.npz", "d/e/c.npz", "d/.f/i.npz", "[1]/x.npz")
    if pattern in ("*/*.npz", "**/*.npz"):
        expected = sorted([*expected, "[1]/x.npz"])
    assert _paths.expand([pattern]) == expected
    assert _paths.expand([f"{remote}/{pattern}"]) == [f"{remote}/{name}" for name in expected]
    assert len(tf_npz.NpzReaderDataset(f"{remote}/{pattern}", rows=False)) == len(expected)


def test_load_and_inspect_take_a_remote_pattern_of_one_file(remote: str) -> None:
    assert tf_npz.inspect(f"{remote}/d/*.npz").path == f"{remote}/d/b.npz"
    assert list(tf_npz.load(f"{remote}/d/*.npz")) == ["x"]
    with pytest.raises(ValueError, match="matches 4 files, and one is expected"):
        tf_npz.inspect(f"{remote}/**/*.npz")
    with pytest.raises(FileNotFoundError, match="no file matches the pattern"):
        tf_npz.inspect(f"{remote}/none*")


@pytest.mark.parametrize(
    ("name", "pattern"),
    [("d", "d/*.npz"), ("[1]", "[[]1]/*.npz"), ("[1]/*.npz", "[[]1]/*.npz"), ("d/c*.npz", "d/**/c*.npz")],
)
def test_a_remote_pattern_that_an_error_proposes_matches(remote: str, name: str, pattern: str) -> None:
    with pytest.raises((tf.errors.InvalidArgumentError, tf.errors.NotFoundError)) as raised:
        tf_npz.NpzReaderDataset(f"{remote}/{name}")
    assert proposed(raised.value.message) == f"{remote}/{pattern}"
    assert len(tf_npz.NpzReaderDataset(f"{remote}/{pattern}", rows=False)) == 1


def test_a_file_system_that_does_not_exist_is_an_error(folder: Path) -> None:
    with pytest.raises(tf.errors.UnimplementedError, match=re.escape("none://a*.npz: File system scheme 'none'")):
        tf_npz.load("none://a*.npz")
    with pytest.raises(NotImplementedError, match="File system scheme 'none'"):
        tf_npz.inspect("none://a*.npz")
    with pytest.raises(_core.StatusError):
        _paths.one("none://a*.npz")
