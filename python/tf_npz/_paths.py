"""Turns the names that a user writes into the paths of files. All functions of tf_npz that take names call it.

The rules:

- The name of an existing file or folder means that one, whatever characters it has.
- "~" and "~user" at the beginning of any other name mean a home folder.
- Any other name with `*`, `?` or `[` is a pattern, as Python's `glob` takes it: `**` means any number of folders, and
  names that begin with "." are matched only by patterns that begin so. The files come in sorted order.
- Several names: a pattern gives the files that were not given before it. A name that is written out always gives its
  file, so a list may repeat a file.
- One name: a pattern must match exactly one file.

TensorFlow is imported only for names with a scheme, such as gs://. Errors are StatusErrors.
"""

import contextlib
import fnmatch
import functools
import glob
import itertools
import os
import re
from collections.abc import Iterable, Iterator
from typing import Any, TypeAlias

from . import _core, _errors, _version_check

Path: TypeAlias = str | bytes | os.PathLike[str] | os.PathLike[bytes]

_MAGIC = re.compile(r"[*?[]")
_SPECIAL = re.compile(r"[*?[~]")

# The most folders that are searched for what a message proposes. Listing a remote folder takes a request.
_MAX_SEARCHED = 1000
_MAX_SEARCHED_REMOTE = 20


def expand(names: Iterable[str]) -> list[str]:
    """The paths of the files that `names` name, in the order of reading.

    Raises:
      StatusError: A pattern matches no file (NotFound), or a file system returns an error.
      ImportError: A pattern has a scheme, and TensorFlow is not installed.
    """
    names = list(names)
    if not any(map(_SPECIAL.search, names)):  # There may be a million.
        return names
    if len(names) == 1:
        return _matches(names[0])[0]
    absolute = functools.cache(lambda folder: folder if has_scheme(folder) else os.path.abspath(folder))  # noqa: PTH100
    expanded = []
    seen = set()
    for paths, is_pattern in map(_matches, names):
        for path in paths:
            folder, slash, name = path.rpartition("/")
            identity = (absolute(folder + slash), name)
            if not is_pattern or identity not in seen:
                expanded.append(path)
            seen.add(identity)
    return expanded


def one(name: str) -> str:
    """The path of the one file that `name` names.

    Raises:
      StatusError: A pattern matches no file (NotFound) or several (InvalidArgument), or a file system returns an error.
      ImportError: A pattern has a scheme, and TensorFlow is not installed.
    """
    paths, _ = _matches(name)
    if len(paths) == 1:
        return paths[0]
    shown = ", ".join(map(repr, paths[:3])) + (", …" if len(paths) > 3 else "")
    raise _core.StatusError(
        "InvalidArgument",
        f"the pattern {name!r} matches {len(paths)} files, and one is expected: {shown}; name one of them, or read all "
        "of them with tf_npz.NpzReaderDataset",
    )


def has_scheme(path: str) -> bool:
    """Whether TensorFlow reads `path`: it begins with gs:// or the like."""
    return "://" in path and _core.has_scheme(os.fsencode(path))


def folder_advice(path: str) -> str:
    """How to name the arrays in the folder `path`, which has a scheme. cc/io/folder_advice.h is the same for others."""
    base = _escaped(path.rstrip("/"))
    for depth, files in enumerate(_files_below(path)):
        found = [suffix for suffix in (".npz", ".npy") if any(file.endswith(suffix) for file in files)]
        if found:
            wildcard = "**/*" if depth else "*"
            patterns = " or ".join(f'"{base}/{wildcard}{suffix}"' for suffix in found)
            return f"name the files in it with a pattern: {patterns}"
    return "it holds no .npz or .npy files, nor do the folders in it"


def _matches(name: str) -> tuple[list[str], bool]:
    """The paths that `name` names, and whether it is a pattern. At least one path."""
    is_special = bool(_MAGIC.search(name))
    if not (is_special or name.startswith("~")) or _exists(name):
        return [name], False
    pattern = name
    if name.startswith("~"):
        user, slash, rest = name.partition("/")
        home = os.path.expanduser(user)  # noqa: PTH111 - an unknown user is no error
        if not is_special or _exists(home + slash + rest):
            return [home + slash + rest], False
        pattern = _escaped(home) + slash + rest
    paths = _glob(pattern)
    if not paths:
        raise _core.StatusError("NotFound", f"no file matches the pattern {name!r}{_hint(pattern)}")
    return paths, True


def _glob(pattern: str) -> list[str]:
    """The paths that `pattern` matches, sorted, each once."""
    if has_scheme(pattern):
        return sorted(_remote_glob(pattern))
    paths = glob.glob(pattern, recursive=True)  # noqa: PTH207 - a path is a str here
    if "**" in pattern:  # "**" also matches the folders themselves, and several of them match a file several times.
        paths = [path for path in dict.fromkeys(paths) if not os.path.isdir(path)]  # noqa: PTH112
    return sorted(paths)


def _remote_glob(pattern: str) -> list[str]:
    """The same for a file system of TensorFlow, whose own glob knows no "**" and matches hidden names."""
    with _remote(pattern) as gfile:
        parts = pattern.split("/")
        if "**" not in parts:
            hidden = [part.startswith(".") for part in parts]
            return [path for path in gfile.glob(pattern) if _fits_hidden(path.split("/"), hidden)]
        fixed = next(i for i, part in enumerate(parts) if _MAGIC.search(part))
        folder = "/".join(parts[:fixed])
        return [
            path
            for parent, _, files in gfile.walk(folder)
            for path in (f"{parent.rstrip('/')}/{file}" for file in files)
            if _fits(path[len(folder) + 1 :].split("/"), parts[fixed:])
        ]


def _fits(parts: list[str], pattern: list[str]) -> bool:
    """Whether the parts of a path fit those of a pattern."""
    if not pattern:
        return not parts
    if pattern[0] == "**" and _fits(parts, pattern[1:]):
        return True
    if not parts or (parts[0].startswith(".") and not pattern[0].startswith(".")):
        return False
    if pattern[0] == "**":
        return _fits(parts[1:], pattern)
    return fnmatch.fnmatchcase(parts[0], pattern[0]) and _fits(parts[1:], pattern[1:])


def _fits_hidden(parts: list[str], may_be_hidden: list[bool]) -> bool:
    return all(may or not part.startswith(".") for part, may in zip(parts, may_be_hidden, strict=False))


def _exists(path: str) -> bool:
    if not has_scheme(path):
        return os.path.exists(path)  # noqa: PTH110
    with _remote(path) as gfile:
        return bool(gfile.exists(path))


def _is_folder(path: str) -> bool:
    if not has_scheme(path):
        return os.path.isdir(path or ".")  # noqa: PTH112
    with _remote(path) as gfile:
        return bool(gfile.isdir(path))


@contextlib.contextmanager
def _remote(path: str) -> Iterator[Any]:
    """Gives tf.io.gfile. An error that it raises becomes a StatusError about `path`."""
    _version_check.require_tensorflow(path)
    import tensorflow as tf

    try:
        yield tf.io.gfile
    except tf.errors.OpError as error:
        raise _errors.from_tensorflow(error, path) from error


def _hint(pattern: str) -> str:
    """The end of the message about a pattern that matches nothing: one that does match, if there is one nearby."""
    parts = pattern.split("/")
    is_remote = has_scheme(pattern)
    folders = 0  # the number of parts that are, as they are written, a folder
    for part in parts[:-1]:
        path = "/".join(parts[: folders + 1])
        is_special = bool(_MAGIC.search(part))
        # To ask a server for each part would take a request each. Most patterns have no special part.
        if (is_special or not is_remote) and not _is_folder(path + "/" if folders == 0 else path):
            if is_special:
                break
            return f"; there is no folder {path!r}"
        folders += 1
    folder, rest = "/".join(parts[:folders]), parts[folders:]
    literal = "/".join([*([_escaped(folder)] if folders else []), *rest])
    if literal != pattern and _glob(literal):
        return f"; a folder's name has *, ? or [ in it, which a pattern writes as [*], [?] or [[]: {literal!r}"
    if len(rest) == 1 and rest != ["**"]:
        below = itertools.islice(_files_below(folder if folders else "."), 1, None)
        if any(_fits([file], rest) for files in below for file in files):
            deep = "/".join([*([_escaped(folder)] if folders else []), "**", *rest])
            return f"; files in the folders below it match {deep!r}"
    return ""


def _files_below(folder: str) -> Iterator[list[str]]:
    """The names of the files in `folder`, then of those in each folder below it that is not hidden."""
    if not has_scheme(folder):
        for _, folders, files in itertools.islice(os.walk(folder or "/"), _MAX_SEARCHED):
            folders[:] = [name for name in folders if not name.startswith(".")]
            yield files
        return
    with _remote(folder) as gfile:
        for parent, _, files in itertools.islice(gfile.walk(folder), _MAX_SEARCHED_REMOTE):
            if not any(part.startswith(".") for part in parent[len(folder) :].split("/")):
                yield files


def _escaped(path: str) -> str:
    """`path` as a pattern that matches it alone."""
    return _MAGIC.sub(r"[\g<0>]", path)
