"""Turns `rows` and `window` into the numbers that the op takes."""

import operator
from typing import Any, NamedTuple, TypeAlias

import numpy as np

MAX = (1 << 63) - 1  # int64; a bound that is left out

# True: rows. False: whole arrays. A slice: some of the rows of each file.
Rows: TypeAlias = bool | slice


class Window(NamedTuple):
    """Windows over the rows of each file, with the names of `tf.data.Dataset.window`.

    Attributes:
      size: Rows in a window, at least 1.
      shift: Rows from the beginning of a window to that of the next, at least 1. None: `size`, so windows do not
        overlap.
      stride: Rows from one row of a window to its next one, at least 1.

    Example:
      >>> ds = tf_npz.NpzReaderDataset("train/*.npz", keys="y", window=tf_npz.Window(4, shift=2))
      >>> [window.tolist() for window in ds.as_numpy_iterator()]
      [[0, 1, 2, 3], [2, 3, 4, 5], [6, 7, 8, 9], [8, 9, 10, 11]]
    """

    size: int
    shift: int | None = None
    stride: int = 1


Windows: TypeAlias = int | tuple[int, ...] | Window


class RowSelection(NamedTuple):
    """Which rows of a file are elements.

    Attributes:
      rows: Whether an element is a row or a window. False: it is the whole arrays.
      row_slice: start, stop, step. Empty: all rows.
      window: size, shift, stride. Empty: an element is a row.
      argument: What the caller wrote, for messages, such as ", rows=False".
    """

    rows: bool
    row_slice: list[int]
    window: list[int]
    argument: str

    def op_arguments(self) -> dict[str, Any]:
        """The attributes of the op."""
        return {"rows": self.rows, "row_slice": self.row_slice, "window": self.window}

    def no_windows(self) -> ValueError:
        """The error if no file has a window."""
        size, _, stride = self.window
        found = "rows leaves fewer in each file" if self.row_slice else "no file has as many"
        return ValueError(
            f"{self.argument.removeprefix(', ')} needs {(size - 1) * stride + 1} rows in a file, but {found}, and "
            "windows do not cross files; pass a smaller window"
        )


def row_selection(rows: Rows, window: Windows | None = None) -> RowSelection:
    """Checks `rows` and `window`.

    Raises:
      TypeError: `rows` is neither a bool nor a slice.
      ValueError: A number is not an integer or out of range, or there is a window, but elements are whole arrays.
    """
    if not isinstance(rows, bool | np.bool_ | slice):
        raise TypeError(f"rows must be True, False or a slice such as slice(10, 20), not {rows!r}")
    windows = [] if window is None else _window(window)
    argument = "" if window is None else f", window={window!r}"
    if not isinstance(rows, slice):
        if not rows and windows:
            raise ValueError(f"window={window!r} needs rows: leave out rows=False")
        return RowSelection(bool(rows), [], windows, ("" if rows else ", rows=False") + argument)
    step = 1 if rows.step is None else integer("the step of rows", rows.step, least=1)
    start = 0 if rows.start is None else integer("the start of rows", rows.start)
    stop = MAX if rows.stop is None else integer("the stop of rows", rows.stop)
    return RowSelection(True, [start, stop, step], windows, f", rows={rows!r}{argument}")


def _window(window: Any) -> list[int]:
    numbers = tuple(window) if isinstance(window, tuple | list) else (window,)
    if not 1 <= len(numbers) <= len(Window._fields):
        raise ValueError(f"window must be a size, or (size, shift, stride), not {window!r}")
    size, shift, stride = Window(*numbers)
    size = integer("the size of window", size, least=1)
    shift = size if shift is None else integer("the shift of window", shift, least=1)
    stride = integer("the stride of window", stride, least=1)
    if size * stride > MAX:
        raise ValueError(f"window={window!r} is longer than any array; pass a smaller window")
    return [size, shift, stride]


def integer(name: str, value: Any, least: int = -MAX) -> int:
    """`value` as an int64. An int that does not fit becomes the nearest one that does, as a bound of a slice may."""
    try:
        if isinstance(value, bool):
            raise TypeError
        number = operator.index(value)
    except TypeError:
        raise ValueError(f"{name} must be an integer, not {value!r}") from None
    if number < least:
        if least == -MAX:
            return least
        raise ValueError(f"{name} must be at least {least}, not {number}")
    return min(number, MAX)
