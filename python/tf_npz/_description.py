"""What `repr` says of a dataset. It is made from what is known already: no file is read for it."""

import tensorflow as tf

from . import _keys
from ._parts import RowSelection
from ._structure import Components


def described(
    paths: list[str] | tf.Tensor,
    components: Components,
    *,
    rows: RowSelection,
    batch_size: tf.Tensor | None,
    drop_remainder: bool,
    shard: tuple[tf.Tensor, tf.Tensor],
) -> tuple[str, str]:
    """What a dataset gives, such as "640 rows of 20 files, batches of 32", and a remark. The remark may be empty."""
    files = "files named by a tensor" if tf.is_tensor(paths) else _number(len(paths), "file")
    noun = "window" if rows.window else "row"
    if _keys.is_each_array(components.leaves) and not rows.rows:
        parts = [f"{_number(sum(components.counts), 'array') if components.counts else 'arrays'} of {files}"]
    elif not rows.rows:
        parts = [f"{files}, whole arrays"]
    elif components.counts:
        parts = [f"{_number(sum(components.counts), noun)} of {files}"]
    else:
        parts = [f"{noun}s of {files}"]
    count, index = (_static(number) for number in shard)
    if (count, index) != ("1", "0"):
        parts.append(f"shard=({count}, {index})")
    if batch_size is not None:
        parts.append(f"{'full ' if drop_remainder else ''}batches of {_static(batch_size)}")
    # A caller of windows, of some rows or of row numbers means rows.
    means_rows = rows.window or rows.row_slice or _keys.ROW in components.leaves
    may_be_sample = rows.rows and components.may_be_sample and not means_rows
    remark = "; if a file is one sample, pass rows=False" if may_be_sample else ""
    return ", ".join(parts), remark


def _number(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"


def _static(number: tf.Tensor) -> str:
    """The value of a scalar. "?" if it is not known yet."""
    value = tf.get_static_value(number)
    return "?" if value is None else str(int(value))
