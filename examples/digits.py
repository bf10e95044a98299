"""Trains a model on handwritten digits from npz shards, then compares the speed of tf_npz and np.load.

`make demo` runs it. The modules beside it are worth copying: training.py trains a Keras model from npz shards,
shards.py writes the shards, and throughput.py has both pipelines. Needs tf_npz, scikit-learn and rich.
"""

import argparse
import os
import sys
import tempfile
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from rich import box
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

if TYPE_CHECKING:
    from throughput import Speed

# Hides TensorFlow's messages, but not its errors. oneDNN prints a message at any level, so it is switched off.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")

PROMISED_ACCURACY = 0.95


@dataclass(frozen=True)
class Size:
    """How much work the demo does."""

    epochs: int = 30
    stride: int = 4
    rows_per_shard: int = 1000
    batch_size: int = 256
    passes: int = 7


QUICK = Size(epochs=2, stride=24, rows_per_shard=100, batch_size=32, passes=2)


def main() -> int:
    """Runs the demo, and returns the exit status."""
    arguments = _arguments()
    console = Console(highlight=False, markup=False, soft_wrap=True)
    try:
        if arguments.keep:
            return _demo(arguments.keep, console, quick=arguments.quick)
        with tempfile.TemporaryDirectory(prefix="tf-npz-demo-", ignore_cleanup_errors=True) as folder:
            return _demo(Path(folder), console, quick=arguments.quick)
    except KeyboardInterrupt:
        console.print("Stopped.")
        return 130
    except Exception:  # Raised further, it would shut the interpreter down, and a running numpy_function would hang it.
        traceback.print_exc()
        return 1


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="little data, two epochs, and any accuracy passes")
    parser.add_argument(
        "--keep",
        metavar="FOLDER",
        nargs="?",
        type=Path,
        const=Path("build/demo"),
        help="write the shards to FOLDER (default: build/demo) and keep them; without this option they are removed",
    )
    arguments = parser.parse_args()
    if arguments.keep and arguments.keep.exists() and any(arguments.keep.iterdir()):
        parser.error(f"{arguments.keep} is not empty: remove it, or name another folder")
    return arguments


def _demo(folder: Path, console: Console, *, quick: bool) -> int:
    size = QUICK if quick else Size()
    with _step(console, "Loading TensorFlow"):
        import shards
        import throughput
        import training

    with _step(console, f"Writing digits and photographs as compressed npz shards to {folder}") as progress:
        digits = shards.write_digits(folder / "digits")
        photos = shards.write_photo_patches(
            folder / "photos", stride=size.stride, rows_per_shard=size.rows_per_shard, progress=progress
        )
    for what, written in ("digits", digits), ("photographs", photos):
        console.print(f"    {what}: {written}")

    with _step(console, f"Training a small Keras model on the digits, {size.epochs} epochs") as progress:
        accuracy = training.train_and_test(folder / "digits", epochs=size.epochs, progress=progress)

    with _step(console, f"Reading the photographs {size.passes} times by tf_npz and by numpy_function") as progress:
        native, numpy_function = throughput.compare(
            str(folder / "photos" / "*.npz"),
            batch_size=size.batch_size,
            x_shape=shards.PATCH_SHAPE,
            rows=photos.rows,
            passes=size.passes,
            progress=progress,
        )

    console.print()
    console.print(f"Test accuracy: {accuracy:.1%} of the digits that the model had not seen", style="bold")
    console.print(_table(native, numpy_function))
    console.print(
        f"Medians of {size.passes} passes each, in alternation, in batches of {size.batch_size}, from the page cache.\n"
        "First batch: time from building the dataset to its first batch. TensorFlow is loaded before.\n"
        "Both read the same batches."
    )
    if accuracy <= PROMISED_ACCURACY and not quick:
        console.print(f"\nFAILED: the accuracy should be over {PROMISED_ACCURACY:.0%}")
        return 1
    return 0


@contextmanager
def _step(console: Console, text: str) -> Iterator[Callable[[int, int], None]]:
    """Prints `text`. On a terminal, shows a progress bar below it."""
    console.print(f"{text} ...")
    columns = TextColumn("   "), BarColumn(), TimeElapsedColumn()
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task(text, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def _table(native: "Speed", numpy_function: "Speed") -> Table:
    table = Table("", box=box.SIMPLE_HEAD)
    for heading in "tf_npz", "numpy_function", "tf_npz is":
        table.add_column(heading, justify="right")
    table.add_row(
        "rows/s",
        f"{native.rows_per_second:,.0f}",
        f"{numpy_function.rows_per_second:,.0f}",
        _times(native.rows_per_second / numpy_function.rows_per_second),
    )
    table.add_row(
        "time to first batch",
        f"{1000 * native.first_batch:.0f} ms",
        f"{1000 * numpy_function.first_batch:.0f} ms",
        _times(numpy_function.first_batch / native.first_batch),
    )
    return table


def _times(ratio: float) -> str:
    if 0.95 < ratio < 1.05:
        return "as fast"
    return f"{ratio:.1f}x faster" if ratio > 1 else f"{1 / ratio:.1f}x slower"


if __name__ == "__main__":
    sys.exit(main())
