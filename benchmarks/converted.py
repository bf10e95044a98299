"""Converted files, kept beside the set that they were made from."""

from collections.abc import Callable
from pathlib import Path

from .datasets import Data


def converted(data: Data, name: str, convert: Callable[[Data, Path], None]) -> Path:
    """Returns the folder of the set in another format. If it is missing, `convert` makes it."""
    folder = Path(data.folder) / name
    complete = folder.with_suffix(".complete")
    if not complete.exists():
        folder.mkdir(exist_ok=True)
        convert(data, folder)
        complete.touch()
    return folder
