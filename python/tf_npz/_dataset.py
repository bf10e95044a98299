"""NpzReaderDataset: rows, batches or whole arrays of many files, as a tf.data.Dataset."""

from typing import Any, SupportsIndex

import tensorflow as tf

from . import _description, _files, _keys, _ops, _padding, _parts, _slices, _spec, _structure
from ._dtypes import Dtypes
from ._keys import Keys
from ._parts import Rows, RowSelection, Windows
from ._slices import Slices
from ._structure import ElementSpec
from ._types import Integer

_DEFAULT_MEMORY_LIMIT = 256 << 20  # bytes
_NOT_BATCHED = -1  # the op's value
# TensorFlow's CardinalityOptions, serialized: the number may be computed (CARDINALITY_COMPUTE_MODERATE).
_MAY_COMPUTE = b"\x08\x02"


class NpzReaderDataset(tf.data.Dataset):  # type: ignore[misc]  # TensorFlow is not typed
    """The arrays of .npy and .npz files as a dataset: row by row, in batches, or whole files.

    A row is one step along axis 0 of the arrays. If each file is one sample, `rows=False` reads whole files. `repr`
    says what a dataset reads.

    C++ threads read and decompress files ahead of the consumer. Elements come in the order of the files and of their
    rows, whatever the number of threads. An .npy may be compressed with gzip.

    Numbers and bools keep their dtype. Other dtypes become:

    - strings: tf.string, text in UTF-8.
    - datetime64, timedelta64: int64, counts of their unit. A file of another unit is an error.
    - a structured dtype: a dict of its fields.
    - raw void: uint8 with one more dimension, or bfloat16 or float8 if `element_spec` says so.

    The iterator raises an error for a file that it cannot read or that does not fit the spec, once, after all elements
    before it. Then it goes on with the next file, so `Dataset.ignore_errors` loses the rest of that file only. Missing
    files and files with other arrays, dtypes or units are such files. The constructor raises an error only if it can
    read no file.

    `cardinality` and Keras know the number of elements if the headers of all files were read (1000 files at most, no
    `element_spec` given) and no file is damaged. With `rows=False` they always know it, unless keys hold
    `tf_npz.ARRAY` and an `element_spec` is given. In other cases `len` reads the headers of all files, and they know
    it from then on. `ds.apply(tf.data.experimental.assert_cardinality(n))` sets it without reading.

    Example:
      >>> ds = tf_npz.NpzReaderDataset("train/*.npz", keys=("x", "y"), batch_size=8)
      >>> ds.element_spec
      (TensorSpec(shape=(None, 4), dtype=tf.float32, name=None), TensorSpec(shape=(None,), dtype=tf.int64, name=None))
      >>> [y.numpy().tolist() for x, y in ds]
      [[0, 1, 2, 3, 4, 5, 6, 7], [8, 9, 10, 11]]

      >>> ds = tf_npz.NpzReaderDataset(
      ...     "clips/*.npy", rows=False, batch_size=2, drop_remainder=True, padded_shapes=(8, None), dtypes="float16")
      >>> ds.element_spec
      TensorSpec(shape=(2, 8, 2), dtype=tf.float16, name=None)

      Inside `interleave` the file name is symbolic, so the spec must be passed:

      >>> files = ["train/0.npz", "train/1.npz"]
      >>> spec = tf_npz.element_spec(files[0], keys="y")
      >>> ds = tf.data.Dataset.from_tensor_slices(files).interleave(
      ...     lambda f: tf_npz.NpzReaderDataset(f, keys="y", element_spec=spec), cycle_length=2)
      >>> [int(y) for y in ds.take(4)]
      [0, 6, 1, 7]
    """

    @_ops.not_converted
    def __init__(
        self,
        filenames: _files.Filenames,
        keys: Keys | None = None,
        *,
        rows: Rows = True,
        batch_size: Integer | None = None,
        drop_remainder: bool = False,
        padding: _padding.Padding | None = None,
        shard: tuple[Integer, Integer] | None = None,
        num_parallel_reads: SupportsIndex | None = None,
        memory_limit: SupportsIndex | None = None,
        verify_checksums: bool = True,
        element_spec: ElementSpec | None = None,
        name: str | None = None,
        padded_shapes: _padding.PaddedShapes | None = None,
        dtypes: Dtypes | None = None,
        window: Windows | None = None,
        slices: Slices | None = None,
    ) -> None:
        """Creates the dataset. Reads headers now, unless `element_spec` is given, but no array yet.

        Args:
          filenames: A path, a glob pattern, an iterable of both, or a string tensor (scalar or vector). `~` means your
            home folder. Patterns expand in sorted order; `**` matches any number of folders. In a list, a pattern gives
            the files that were not given before it; a name that is written twice gives its file twice. The name of an
            existing file means that file, even if it looks like a pattern. Any file system of TensorFlow works: gs://,
            ram://, ... A symbolic tensor holds paths, never patterns.
          keys: The arrays of an element, and its structure. None: a dict of all arrays (for an .npy, a tensor). "x": a
            tensor. ("x", "y"): a tuple of tensors, as Keras wants features and labels. {"image": "x"}: a dict with new
            names. ({"image": "x", "mask": "m"}, "y"): a structure of structures. Any iterable with an order gives a
            tuple: a list, a generator, `np.load(f).keys()`. A `tf_npz.Field` may stand in the place of a name. For a
            structured .npy, keys are names of fields. Beside arrays, `tf_npz.FILENAME` and `tf_npz.ROW` say where the
            element comes from, and `tf_npz.Length` how long it is. There None is what `keys=None` gives:
            (None, tf_npz.FILENAME).
            `tf_npz.ARRAY` makes each array of each file an element, and `tf_npz.ARRAY_NAME` is its name.
            `tf_npz.FirstOf` is for arrays that some files lack.
          rows: True: an element is one step along axis 0 of the arrays, which must have equal lengths. An array
            without dimensions is a scalar in each row of its file. A slice, with a step of 1 or more: the same, for
            the rows that it would take from a list of each file's rows; a slice that takes none gives an empty
            dataset. False: an element is one file's whole arrays.
            With `tf_npz.ARRAY` read "array" for "file", here and below.
          batch_size: Number of elements in a batch, at least 1. A batch may hold elements of several files. It equals
            the batch that `.batch(batch_size, drop_remainder)` gives, but is decoded straight into its memory. None:
            no batches.
          drop_remainder: True: leaves out a last batch of fewer than `batch_size` elements.
          padding: A value, or a structure with one value for each component. Elements of a batch are padded with it to
            the longest in each dimension, as by `padded_batch`. For strings the value is a str or bytes; if one number
            is given for several components, strings are padded with "". For dates it may be np.datetime64("NaT").
            A component whose value is None, or that a dict leaves out, is not padded: its elements in a batch must
            have one shape. None: that holds for all components.
          shard: (count, index), with 0 <= index < count: this pipeline reads share `index` of `count`. The shares are
            disjoint and together hold all elements. In `distribute_datasets_from_function`, pass
            `(context.num_input_pipelines, context.input_pipeline_id)`.
            With 32 files or more for each share, and always with `rows=False`, a share is every `count`-th file.
            With fewer files it is a range of rows; the ranges differ by at most one row, and all headers are read.
            Stored data outside the share is not read. Compressed data is read from the start of its array. CRC-32 is
            not verified for arrays cut by the share's end, nor for stored arrays cut by its start. The same holds for
            slices and windows that leave out rows.
          num_parallel_reads: Number of threads that read ahead, 1 to 256. One file is read by one thread. None:
            tf.data.AUTOTUNE sets it; it begins with one thread for each processor, or with
            `Options.threading.private_threadpool_size`, 16 at most.
          memory_limit: Bytes of decoded data that may wait in the reader. None: 256 MiB. Larger arrays are streamed.
            Compressed arrays in Fortran order cannot be streamed: raise the limit for them. Free buffers of up to the
            same size are kept for the next epoch.
          verify_checksums: True: verifies the CRC-32 of the members of an .npz, and of gzip. For small arrays this
            happens before the first row, for others with the last row. So rows of a damaged array may come before its
            error.
          element_spec: The spec of one element before batching, as `tf_npz.element_spec` returns it. Required if
            `filenames` is symbolic. Arrays of other dtypes are cast to its dtypes; `dtypes` says how. None: it is
            read from headers, and is the spec of most files; `tf_npz.element_spec` has the rule. For a structured array
            it may hold some of the fields; the others are left out. It does not hold the unit of dates: units are
            compared within one dataset, but not between the datasets of an interleave.
          name: A name for the op.
          padded_shapes: The lengths that elements are padded to, as for `padded_batch`: one shape, such as (100, None),
            or a structure with a shape for each component. A length of None or -1 is the longest of the batch.
            `element_spec` has the fixed lengths, as XLA and TPUs need them. An element that is longer is its file's
            error. Without `padding`, elements are padded with 0, False or "".
          dtypes: What numbers are cast to while they are read: a dtype, such as tf.float32 or "float32", or a structure
            with one for each component. None there, or a component that a dict leaves out, stays as it is. One dtype
            for several components is for the numbers among them; strings, dates and bools stay.
            Files may then differ in their dtypes. Casts are those of NumPy's casting="same_kind": from bool to
            unsigned to signed integers to floats to complex numbers, and between sizes. bfloat16 is a float. Floats
            are rounded. An integer that does not fit is an error, and does not wrap as in `astype`.
          window: A size, or (size, shift, stride), or a `tf_npz.Window`: an element is a window of `size` rows, and has
            their axis before the others. Windows lie within a file. At a file's end, rows that do not fill a window
            are left out. An array without dimensions is a scalar in each window.
          slices: What is taken of the axes of a row, or, with `rows=False`, of the arrays: an index as NumPy takes it,
            such as `np.s_[10:20, ..., 3]`, or a structure of these, as for `tf_npz.load`. All numbers must be known.

        Raises:
          TypeError: An argument is of another type; or `keys` holds a set, which has no order.
          ValueError: Options contradict each other or are out of range; `filenames` is symbolic and `element_spec` is
            missing; `keys` and `element_spec` differ in structure; or no file has enough rows for a window.
          tf.errors.OpError: Without `element_spec`: no file can be read, or a pattern matches no file. It is the error
            of the first file. While iterating, InvalidArgumentError (a file does not fit the spec), NotFoundError,
            PermissionDeniedError, DataLossError (a file is damaged), UnimplementedError (the kind of a file is not
            supported), ResourceExhaustedError (a file exceeds a limit) or UnavailableError (a server failed). A dtype
            that can't be cast, or an integer that does not fit, is an InvalidArgumentError too.
        """
        self._name = name
        size, static_size = _batch_size(batch_size)
        if size is None and drop_remainder:
            raise ValueError("drop_remainder=True needs a batch_size")
        for argument, value in (("padding", padding), ("padded_shapes", padded_shapes)):
            if size is None and value is not None:
                raise ValueError(f"{argument}={value!r} needs a batch_size: elements are padded to fit into a batch")
        threads = _at_least_one("num_parallel_reads", num_parallel_reads, tf.data.AUTOTUNE)
        limit = _at_least_one("memory_limit", memory_limit, _DEFAULT_MEMORY_LIMIT)

        shards = _shard(shard)
        selection = _parts.row_selection(rows, window)
        cut = _slices.parsed(slices)

        paths = _files.expand(filenames)
        normalized = _keys.normalized(keys, rows=selection.rows)
        components = _components(paths, normalized, selection, cut, element_spec, dtypes)
        numbers, axes = _slices.static_numbers(components)
        if selection.window and components.counts and not any(components.counts):
            raise selection.no_windows()
        padded = _padding.padded(padding, padded_shapes, components)
        self._element_spec = padded.spec
        if size is not None:
            batch_dimension = [static_size if drop_remainder else None]
            self._element_spec = tf.nest.map_structure(
                lambda spec: tf.TensorSpec(tf.TensorShape(batch_dimension).concatenate(spec.shape), spec.dtype),
                padded.spec,
            )
        self._description, self._remark = _description.described(
            paths, components, rows=selection, batch_size=size, drop_remainder=drop_remainder, shard=shards
        )
        flat_spec = tf.nest.flatten(self._element_spec)
        variant = _ops.library().npz_reader_dataset(
            filenames=_files.to_tensor(paths),
            **components.op_arguments(),
            usual_dtypes=list(components.usual_dtypes),
            batch_size=tf.constant(_NOT_BATCHED, tf.int64) if size is None else size,
            drop_remainder=drop_remainder,
            **padded.op_arguments(components),
            num_shards=shards[0],
            shard_index=shards[1],
            element_counts=tf.constant(components.counts, tf.int64),
            num_parallel_reads=threads,
            memory_limit=limit,
            verify_checksums=verify_checksums,
            **selection.op_arguments(),
            slices=numbers,
            slice_axes=axes,
            each_array=_keys.is_each_array(normalized),
            output_types=[spec.dtype for spec in flat_spec],
            output_shapes=[spec.shape for spec in flat_spec],
            # Private to TensorFlow: its own datasets pass this to their ops. It holds `name`, read from self._name.
            # There is no public way; `make matrix` tests it with every TensorFlow.
            metadata=self._metadata.SerializeToString(),
        )
        super().__init__(variant)

    @property
    def element_spec(self) -> ElementSpec:
        """The spec of what the iterator returns. With `batch_size`, the batch is the first dimension."""
        return self._element_spec

    def __len__(self) -> int:
        """The number of elements. If it is not known yet, the headers of all files are read now, in parallel.

        Afterwards `cardinality` knows it too, also that of datasets made of this one.

        Raises:
          TypeError: A file can't be read, or the function runs in a graph.
        """
        if tf.executing_eagerly():
            tf.raw_ops.DatasetCardinality(
                input_dataset=tf.data.experimental.to_variant(self), cardinality_options=_MAY_COMPUTE
            )
        return int(super().__len__())

    def __repr__(self) -> str:
        """What the dataset gives, from what is known already: no file is read."""
        return f"<{type(self).__name__}: {self._description}, element_spec={self.element_spec}{self._remark}>"

    # Private to TensorFlow. Abstract in tf.data.Dataset, so every class of datasets must define it.
    def _inputs(self) -> list[tf.data.Dataset]:
        return []


def _components(
    paths: list[str] | tf.Tensor,
    keys: Any,
    rows: RowSelection,
    slices: Any,
    element_spec: ElementSpec | None,
    dtypes: Dtypes | None,
) -> _structure.Components:
    if element_spec is not None:
        return _spec.of_caller(keys, element_spec, dtypes, slices)
    if tf.is_tensor(paths):
        arguments = _keys.argument(keys) + rows.argument + _slices.argument(slices)
        raise ValueError(
            "filenames is symbolic, so the dtypes and shapes of its arrays can't be read yet: pass "
            f"element_spec=tf_npz.element_spec(files{arguments}), made outside of the function"
        )
    return _spec.of_files(paths, keys, rows=rows, dtypes=dtypes, slices=slices)


def _batch_size(batch_size: Any) -> tuple[tf.Tensor | None, int | None]:
    """The batch size as a tensor and, if it is known already, as an int."""
    if batch_size is None:
        return None, None
    tensor, size = _scalar("batch_size", batch_size)
    if size is not None and size < 1:
        raise ValueError(f"batch_size must be at least 1, not {size}")
    return tensor, size


def _shard(shard: Any) -> tuple[tf.Tensor, tf.Tensor]:
    """The number of shares, and the index of this one."""
    if shard is None:
        shard = (1, 0)
    if not isinstance(shard, tuple | list) or len(shard) != 2:
        raise ValueError(f"shard must be (count, index), not {shard!r}")
    (number, count), (share, index) = map(_scalar, ("the count of shard", "the index of shard"), shard)
    if (
        (count is not None and count < 1)
        or (index is not None and index < 0)
        or (count is not None and index is not None and index >= count)
    ):
        raise ValueError(f"shard must be (count, index) with 0 <= index < count, not {shard!r}")
    return number, share


def _at_least_one(name: str, value: SupportsIndex | None, default: int) -> tf.Tensor:
    number = default if value is None else _parts.integer(name, value)
    if number < 1 and number != default:
        raise ValueError(f"{name} must be at least 1, not {number}; leave it out for the default")
    return tf.constant(number, tf.int64)


def _scalar(name: str, value: Any) -> tuple[tf.Tensor, int | None]:
    """An integer as a tensor and, if it is known already, as an int."""
    if tf.is_tensor(value) and tf.get_static_value(value) is None:
        if not value.dtype.is_integer or not value.shape.is_compatible_with([]):
            raise ValueError(f"{name} must be a scalar integer, not {value!r}")
        return tf.cast(value, tf.int64), None
    number = _parts.integer(name, tf.get_static_value(value) if tf.is_tensor(value) else value)
    return tf.constant(number, tf.int64), number
