"""Where converted files are, beside the set that they were made from."""

from collections.abc import Callable
from pathlib import Path

from .datasets import Data


def converted(data: Data, name: str, convert: Callable[[Data, Path], None]) -> Path:
    """The folder of the set in another format, made by `convert` where it is not there yet."""
    folder = Path(data.folder) / name
    complete = folder.with_suffix(".complete")
    if not complete.exists():
        folder.mkdir(exist_ok=True)
        convert(data, folder)
        complete.touch()
    return folder
