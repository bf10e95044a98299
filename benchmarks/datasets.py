"""The data sets: made once from a seed, kept in build/benchdata or in TF_NPZ_BENCHMARK_DATA."""

import json
import os
import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

VERSION = 2  # of the files: sets of another version are made again
ROOT = Path(os.environ.get("TF_NPZ_BENCHMARK_DATA") or Path(__file__).parents[1] / "build" / "benchdata")


@dataclass(frozen=True)
class Data:
    """A set on disk. An element is a row of the arrays of an npz, or a whole npy."""

    name: str
    folder: str
    count: int
    """Number of files."""
    rows: int
    shape: tuple[int | None, ...]
    """Shape of an element."""
    dtype: str
    keys: tuple[str, ...]
    """Keys of the arrays of an npz; empty for an npy."""
    bytes: int
    """Bytes of all decoded elements."""
    sum: int
    """The `checksum` of all elements."""
    stored: bool
    batch_size: int = 256

    @cached_property
    def files(self) -> list[str]:
        return [str(path) for path in sorted(Path(self.folder).glob("*.np[yz]"))]

    @property
    def key(self) -> str:
        return self.keys[0]

    @property
    def rows_per_file(self) -> int:
        return self.rows // self.count


@dataclass(frozen=True)
class Recipe:
    """How a set is made."""

    name: str
    what: str
    files: int
    quick_files: int
    rows: int
    """Rows of one file; 0 if a file is an element."""
    shape: tuple[int, ...]
    """Shape of an element; of the largest one if they vary."""
    make: Callable[[np.random.Generator, tuple[int, ...]], np.ndarray]
    keys: tuple[str, ...] = ("x",)
    compressed: bool = True
    varying: bool = False
    quick_rows: int = 0
    links_to: str = ""
    """The set whose files are linked, several times each: more to read without more space on the disk."""


def _normal(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    return rng.standard_normal(shape, dtype=np.float32)


def _images(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    """Patches of one colour with three bits of noise."""
    count, height, width, channels = shape
    patches = rng.integers(0, 248, (count, height // 16, width // 16, channels), np.uint8)
    return patches.repeat(16, axis=1).repeat(16, axis=2) + rng.integers(0, 8, shape, np.uint8)


def _tokens(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    """Numbers with the frequencies of Zipf's law."""
    return np.exp(rng.random(shape, np.float32) * np.log(50_000)).astype(np.int32)


def _smooth(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    return np.cumsum(rng.standard_normal(shape, dtype=np.float32), axis=-1, dtype=np.float32)


_IMAGE = (64, 64, 3)
RECIPES = {
    recipe.name: recipe
    for recipe in (
        Recipe("compressed", "200 compressed npz, f32 rows of 16 KiB", 200, 20, 128, (4096,), _normal),
        Recipe(
            "members",
            "4 compressed npz of eight arrays each, f32 rows of 4 KiB",
            4,
            2,
            1024,
            (1024,),
            _normal,
            keys=tuple("abcdefgh"),
            quick_rows=512,
        ),
        Recipe(
            "small",
            "20,000 npy of 16 KiB",
            20_000,
            2_000,
            0,
            (64, 64),
            _normal,
            compressed=False,
        ),
        Recipe(
            "images",
            "one compressed npz of 246 MB, u8 images",
            1,
            1,
            20_000,
            _IMAGE,
            _images,
            quick_rows=4_000,  # too large to be decoded as a whole
        ),
        Recipe("eight", "eight such files", 8, 8, 20_000, _IMAGE, _images, links_to="images"),
        Recipe(
            "varying",
            "5,000 npy of varying length",
            5_000,
            500,
            0,
            (14_000,),
            _smooth,
            compressed=False,
            varying=True,
        ),
        Recipe(
            "stored",
            "20 stored npz of 34 MB, f32 rows of 16 KiB",
            20,
            6,
            2048,
            (4096,),
            _normal,
            compressed=False,
        ),
        Recipe(
            "repeated",
            "20 stored npz of 34 MB, f32 rows of 16 KiB, four times",
            80,
            24,
            2048,
            (4096,),
            _normal,
            links_to="stored",
        ),
        Recipe("tokens", "60 compressed npz, i32 tokens", 60, 6, 1024, (1024,), _tokens),
    )
}
SCALES = ("full", "quick", "tiny")


def checksum(array: np.ndarray) -> int:
    """Returns the sum of all items as unsigned integers, modulo 2**64. It does not depend on order and batches."""
    flat = np.ascontiguousarray(array).reshape(-1)
    return int(flat.view(f"u{flat.itemsize}").sum(dtype=np.uint64))


def folder(scale: str, name: str) -> Path:
    return ROOT / scale / name


def load(scale: str, name: str) -> Data | None:
    """Returns the set, or None if it is missing or of another version."""
    try:
        facts = json.loads((folder(scale, name) / "set.json").read_text())
    except (FileNotFoundError, json.JSONDecodeError):
        return None
    if facts.pop("version") != VERSION:
        return None
    facts |= {"shape": tuple(facts["shape"]), "keys": tuple(facts["keys"]), "folder": str(folder(scale, name))}
    return Data(**facts)


def sizes(recipe: Recipe, scale: str) -> tuple[int, int]:
    """Returns the number of files and the rows of each."""
    if scale == "full":
        return recipe.files, recipe.rows
    if scale == "quick":
        return recipe.quick_files, recipe.quick_rows or recipe.rows
    return min(recipe.files, 3 if recipe.rows else 20), min(recipe.rows, 40)


def generate(scale: str, name: str) -> Iterator[tuple[int, int]]:
    """Makes the set if it is missing. Yields the number of finished files and the number of all files."""
    recipe = RECIPES[name]
    if load(scale, name) is not None:
        return
    target = folder(scale, name)
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    if recipe.links_to:
        yield from generate(scale, recipe.links_to)
        _link(scale, recipe, target)
        return
    count, rows = sizes(recipe, scale)
    suffix = "npz" if recipe.rows else "npy"
    jobs = [(name, rows, index, str(target / f"{index:05d}.{suffix}")) for index in range(count)]
    total = elements = 0
    bytes_ = 0
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        for done, (sum_, size) in enumerate(pool.map(_write, jobs, chunksize=1 if rows else 50), 1):
            total += sum_
            bytes_ += size
            elements += rows or 1
            yield done, count
    dtype = recipe.make(np.random.default_rng(0), (1, *recipe.shape)).dtype.name
    shape = (None,) if recipe.varying else recipe.shape
    _save(
        Data(
            name=name,
            folder="",
            count=count,
            rows=elements,
            shape=shape,
            dtype=dtype,
            keys=recipe.keys if rows else (),
            bytes=bytes_,
            sum=total % 2**64,
            stored=not recipe.compressed,
        ),
        target,
    )


def _write(job: tuple[str, int, int, str]) -> tuple[int, int]:
    """Writes one file. Returns the checksum and the bytes of its elements."""
    name, rows, index, path = job
    recipe = RECIPES[name]
    rng = np.random.default_rng([sum(name.encode()), index])
    if not rows:
        shape = (int(rng.integers(recipe.shape[0] // 7, recipe.shape[0])),) if recipe.varying else recipe.shape
        array = recipe.make(rng, (1, *shape))[0]
        np.save(path, array)
        return checksum(array), array.nbytes
    arrays = {key: recipe.make(rng, (rows, *recipe.shape)) for key in recipe.keys}
    (np.savez_compressed if recipe.compressed else np.savez)(path, **arrays)
    return sum(map(checksum, arrays.values())), sum(array.nbytes for array in arrays.values())


def _link(scale: str, recipe: Recipe, target: Path) -> None:
    linked = load(scale, recipe.links_to)
    assert linked is not None
    times = recipe.files // RECIPES[recipe.links_to].files
    for index in range(linked.count * times):
        os.link(linked.files[index % linked.count], target / f"{index:05d}.npz")
    _save(
        replace(
            linked,
            name=recipe.name,
            count=linked.count * times,
            rows=linked.rows * times,
            bytes=linked.bytes * times,
            sum=linked.sum * times % 2**64,
        ),
        target,
    )


def _save(data: Data, target: Path) -> None:
    """Writes the facts of the set. It is called last, so an incomplete set is not found by `load`."""
    facts: dict[str, Any] = {"version": VERSION} | asdict(data)
    (target / "set.json").write_text(json.dumps(facts))
