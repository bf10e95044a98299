"""One rule for bad files: what is one file's matter is reported once, when its turn comes, wherever the file is.

What fails for every file is an error of the constructor.
"""

import contextlib
import itertools
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
import tensorflow as tf
import tf_npz
from testing import npy_bytes, npz_bytes, ordinary_user, untuned, zip_bytes

ROWS = 2  # of each good file
Errors = tf.errors


def arrays(file: int) -> dict[str, np.ndarray]:
    """x, y and the date t of the good file number `file`."""
    y = np.arange(file * ROWS, (file + 1) * ROWS)
    return {"x": np.stack([y, -y, y], 1).astype("f4"), "y": y, "t": y.astype("M8[s]")}


def with_other(**others: np.ndarray) -> bytes:
    return npz_bytes(**{**arrays(0), **others})


def compressed_with(method: int) -> bytes:
    return zip_bytes([(f"{name}.npy", npy_bytes(array)) for name, array in arrays(0).items()], method)


class Kind(NamedTuple):
    """A kind of bad file."""

    contents: bytes | None  # None: there is no file
    error: type[Exception]
    message: str
    rows_only: bool = False  # with rows=False the file is good
    is_bad_alone: bool = True  # False: the file is bad only beside others


GOOD = npz_bytes(**arrays(0))
KINDS: dict[str, Kind] = {
    "cut off": Kind(GOOD[:-40], Errors.DataLossError, "cut off"),
    "empty": Kind(b"", Errors.DataLossError, "is empty"),
    "text": Kind(b"hello, world", Errors.DataLossError, "neither an .npy nor an .npz"),
    "an npy": Kind(npy_bytes(np.zeros(ROWS)), Errors.InvalidArgumentError, "most files have what is read"),
    "objects": Kind(with_other(y=np.array([None] * ROWS)), Errors.UnimplementedError, "pickles"),
    "bzip2": Kind(compressed_with(zipfile.ZIP_BZIP2), Errors.UnimplementedError, "bzip2"),
    "without y": Kind(
        npz_bytes(x=arrays(0)["x"], t=arrays(0)["t"]), Errors.InvalidArgumentError, 'has no array "y" (it has "x", "t")'
    ),
    "text for x": Kind(
        with_other(x=np.full((ROWS, 3), "a")),
        Errors.InvalidArgumentError,
        "but the spec of most files is float32",
        is_bad_alone=False,
    ),
    "doubles for x": Kind(
        with_other(x=np.zeros((ROWS, 3))),
        Errors.InvalidArgumentError,
        'pass dtypes with "float64" for it',
        is_bad_alone=False,
    ),
    "other unit": Kind(
        with_other(t=np.zeros(ROWS, "M8[ms]")),
        Errors.InvalidArgumentError,
        "bring both to one unit",
        is_bad_alone=False,
    ),
    "missing": Kind(None, Errors.NotFoundError, "can't open"),
    "forbidden": Kind(GOOD, Errors.PermissionDeniedError, "can't open"),
    "unequal": Kind(with_other(y=np.arange(ROWS + 1)), Errors.InvalidArgumentError, "differ in length", rows_only=True),
}
FORMS: dict[str, dict[str, Any]] = {
    "rows": {},
    "batches": {"batch_size": 5},
    "whole files": {"rows": False},
}
KEYS: dict[str, Any] = {"all arrays": None, "three arrays": ("t", "x", "y")}
PLACES: dict[str, Callable[[int], int]] = {"first": lambda n: 0, "middle": lambda n: n // 2, "last": lambda n: n - 1}


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with 1500 good files."""
    path = tmp_path_factory.mktemp("many")
    for i in range(1500):
        (path / f"{i:04}.npz").write_bytes(npz_bytes(**arrays(i)))
    return path


@contextlib.contextmanager
def bad_file(kind: Kind, folder: Path) -> Iterator[str]:
    """Makes a file of this kind. In the block, permissions count if they matter."""
    path = Path("bad.npz")
    if kind.contents is not None:
        path.write_bytes(kind.contents)
    if kind.error is not Errors.PermissionDeniedError:
        yield path.name
    else:
        path.chmod(0)
        with ordinary_user(folder):
            yield path.name
    path.unlink(missing_ok=True)


def labels(element: Any) -> list[int]:
    """The values of y in one element."""
    y = element["y"] if isinstance(element, dict) else element[2]
    return np.reshape(y.numpy(), -1).tolist()


def read(dataset: tf.data.Dataset) -> tuple[list[int], list[tuple[int, Exception]]]:
    """The labels, and each error with the number of the labels before it."""
    seen: list[int] = []
    errors: list[tuple[int, Exception]] = []
    iterator = iter(untuned(dataset))
    while True:
        try:
            seen.extend(labels(next(iterator)))
        except StopIteration:
            return seen, errors
        except tf.errors.OpError as error:
            errors.append((len(seen), error))


def cases() -> list[Any]:
    """Every kind in every place and form for 3 files. For 1500 files, every kind in every place, each in one form."""
    all_cases: list[Any] = []
    forms = itertools.cycle(itertools.product(FORMS, KEYS))
    for name, where in itertools.product(KINDS, PLACES):
        fitting = [form for form in FORMS if form != "whole files" or not KINDS[name].rows_only]
        for form, keys in itertools.product(fitting, KEYS):
            all_cases.append((name, where, 3, form, keys))
        form, keys = next(pair for pair in forms if pair[0] in fitting)
        all_cases.append((name, where, 1500, form, keys))
    return [pytest.param(*case, id="-".join(map(str, case))) for case in all_cases]


@pytest.mark.parametrize(("name", "where", "count", "form", "keys"), cases())
def test_a_bad_file_is_reported_once_at_its_turn(
    many: Path, monkeypatch: pytest.MonkeyPatch, name: str, where: str, count: int, form: str, keys: str
) -> None:
    monkeypatch.chdir(many)
    kind = KINDS[name]
    files = [f"{i:04}.npz" for i in range(count)]
    bad = PLACES[where](count)
    expected = [y for i in range(count) if i != bad for y in range(i * ROWS, (i + 1) * ROWS)]
    with bad_file(kind, many) as files[bad]:
        dataset = tf_npz.NpzReaderDataset(files, KEYS[keys], **FORMS[form])
        seen, errors = read(dataset)
        rest, none = read(dataset.ignore_errors())
    assert seen == expected
    assert [type(error) for _, error in errors] == [kind.error]
    before, error = errors[0]
    assert "bad.npz" in str(error)
    assert kind.message in str(error)
    # A batch may have rows of the files around the bad one. It comes after the error.
    assert 0 <= bad * ROWS - before < FORMS[form].get("batch_size", 1)
    assert (rest, none) == (expected, [])


@pytest.mark.parametrize("count", [1, 3, 1500])
@pytest.mark.parametrize("name", [name for name, kind in KINDS.items() if kind.is_bad_alone])
def test_what_fails_for_every_file_is_an_error_of_the_constructor(
    folder: Path, many: Path, name: str, count: int
) -> None:
    kind = KINDS[name]
    with bad_file(kind, folder) as file:
        for make in (tf_npz.NpzReaderDataset, tf_npz.element_spec):
            with pytest.raises(kind.error) as raised:
                make([file] * count, ("t", "x", "y"))
            assert str(raised.value).startswith("bad.npz")
            tried = min(count, 1000)
            note = f"(none of the {tried} files that were tried can be read)"
            assert (note in str(raised.value)) == (count > 1)


def test_of_all_files_that_fail_the_first_is_reported(folder: Path) -> None:
    Path("0.npz").write_bytes(KINDS["without y"].contents or b"")
    Path("1.npz").write_bytes(b"")
    for files, error in ((["0.npz", "1.npz", "2.npz"], Errors.InvalidArgumentError), (["2.npz"], Errors.NotFoundError)):
        with pytest.raises(error, match=files[0]):
            tf_npz.NpzReaderDataset(files, ("x", "y"))
    with pytest.raises(Errors.NotFoundError, match="no file matches the pattern"):
        tf_npz.NpzReaderDataset(["0.npz", "*.none"], "x")


def test_a_file_with_more_arrays_is_read(folder: Path) -> None:
    for i in range(3):
        np.savez(f"{i}.npz", **arrays(i))
    more = {"a": np.array([None]), "z": np.arange(99)}  # another length, and objects
    for i, count in ((0, 1), (1, 2)):
        np.savez(f"{i}.npz", **arrays(i), **dict(list(more.items())[:count]))
    Path("3.npz").write_bytes(npz_bytes(**arrays(3)))
    seen, errors = read(tf_npz.NpzReaderDataset("*.npz"))
    assert (seen, errors) == (list(range(4 * ROWS)), [])


@pytest.mark.parametrize("threads", [1, 2, 8])
@pytest.mark.parametrize("form", FORMS)
def test_bad_files_of_all_kinds_at_once(many: Path, monkeypatch: pytest.MonkeyPatch, form: str, threads: int) -> None:
    """Also with most files bad, each in its own way, and for a checkpoint in the middle, a share and a skip."""
    monkeypatch.chdir(many)
    kinds = [
        k
        for k in KINDS.values()
        if k.error is not Errors.PermissionDeniedError and (form != "whole files" or not k.rows_only)
    ]
    files = []
    for i, kind in enumerate(kinds):
        Path(f"bad-{i}.npz").unlink(missing_ok=True)
        if kind.contents is not None:
            Path(f"bad-{i}.npz").write_bytes(kind.contents)
        files += [f"bad-{i}.npz", f"{i:04}.npz"]
    expected = list(range(len(kinds) * ROWS))

    def make(**options: Any) -> tf.data.Dataset:
        return tf_npz.NpzReaderDataset(files, ("t", "x", "y"), num_parallel_reads=threads, **FORMS[form], **options)

    seen, errors = read(make())
    assert seen == expected
    assert [type(error) for _, error in errors] == [kind.error for kind in kinds]
    for i, (_, error) in enumerate(errors):
        assert f"bad-{i}.npz" in str(error)
    assert read(make().ignore_errors()) == (expected, [])
    shares = [read(make(shard=(2, i)).ignore_errors())[0] for i in range(2)]
    assert sorted(shares[0] + shares[1]) == expected
    iterator = iter(untuned(make().ignore_errors()))
    first = labels(next(iterator))
    path = tf.train.Checkpoint(iterator=iterator).save(str(many / "checkpoint"))
    restored = iter(untuned(make().ignore_errors()))
    tf.train.Checkpoint(iterator=restored).restore(path)
    assert first + [y for element in restored for y in labels(element)] == expected
    skipped, _ = read(make().ignore_errors().skip(1))
    assert first + skipped == expected
    if form != "whole files":
        assert make().cardinality() == tf.data.UNKNOWN_CARDINALITY
