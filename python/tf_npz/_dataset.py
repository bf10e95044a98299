"""NpzReaderDataset: rows, batches or whole arrays of many files, as a tf.data.Dataset."""

import operator
from collections.abc import Mapping
from typing import Any

import tensorflow as tf

from . import _files, _ops, _padding, _spec, _structure
from ._structure import ElementSpec, Keys

_DEFAULT_MEMORY_LIMIT = 256 << 20  # bytes
_NOT_BATCHED = -1  # as the op has it


class NpzReaderDataset(tf.data.Dataset):  # type: ignore[misc]  # TensorFlow is not typed
    """The arrays of .npy and .npz files, in file order, row by row or whole. An .npy may be compressed with gzip.

    Numbers and bools keep their dtype. Strings become tf.string, text in UTF-8; datetimes the int64 of their unit,
    which must be the same in all files; raw void uint8 with one more dimension, or bfloat16 or float8 where
    `element_spec` says so; an array of a structured dtype a dict of its fields.

    Files are read and decompressed by C++ threads ahead of the consumer; the order of elements never depends on them.
    A file that can't be read is reported once, by the iterator when its turn comes; `Dataset.ignore_errors` goes on
    with the next file. How many elements there are is known, by `len` and by Keras, where the headers of all files
    were read, which are up to 1000, and none is damaged; and of whole files always. Where it isn't,
    `ds.apply(tf.data.experimental.assert_cardinality(n))` tells it.

    Example:
      >>> ds = tf_npz.NpzReaderDataset("train/*.npz", keys=("x", "y"), batch_size=8)
      >>> ds.element_spec
      (TensorSpec(shape=(None, 4), dtype=tf.float32, name=None), TensorSpec(shape=(None,), dtype=tf.int64, name=None))
      >>> [y.numpy().tolist() for x, y in ds]
      [[0, 1, 2, 3, 4, 5, 6, 7], [8, 9, 10, 11]]

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
        rows: bool = True,
        batch_size: int | tf.Tensor | None = None,
        drop_remainder: bool = False,
        padding: complex | tuple[Any, ...] | Mapping[str, Any] | None = None,
        shard: tuple[int | tf.Tensor, int | tf.Tensor] | None = None,
        num_parallel_reads: int | None = None,
        memory_limit: int | None = None,
        verify_checksums: bool = True,
        element_spec: ElementSpec | None = None,
        name: str | None = None,
    ) -> None:
        """Makes the dataset. No array is read yet; headers are, unless `element_spec` is given.

        Args:
          filenames: A path, a glob pattern, a sequence of either, or a string tensor, scalar or vector. Patterns expand
            in sorted order (`**` stands for any folders); a name of an existing file is that file. Any file system of
            TensorFlow works: gs://, ram://, ... A symbolic tensor holds paths, never patterns.
          keys: The arrays of an element, and its structure. None: a dict of all arrays (a tensor, for an .npy). "x": a
            tensor. ("x", "y"): a tuple of tensors, as Keras wants features and labels. {"image": "x"}: a dict under new
            names. An array of a structured dtype is a dict of its fields; of a structured .npy, keys are fields.
          rows: Whether an element is one step along axis 0 of the arrays, which must agree in length. If not, it is one
            file's whole arrays.
          batch_size: Elements of a batch, which may come from several files. Each batch equals what
            `.batch(batch_size, drop_remainder)` would give, but is decoded straight into its memory. None: no batches.
          drop_remainder: Whether a last batch with fewer than `batch_size` elements is left out.
          padding: A value that pads elements to the longest of their batch in each dimension, as `padded_batch` does;
            or a structure with one for each component. Of strings it is str or bytes; beside a number for all, strings
            are padded with "". Of datetimes it may be np.datetime64("NaT"). None: a batch has elements of one shape.
          shard: (count, index): this pipeline reads share `index` of `count`, which are disjoint, and together all:
            `shard=(context.num_input_pipelines, context.input_pipeline_id)` in `distribute_datasets_from_function`.
            Of many files, 32 for each share or more, and with `rows=False` in any case, it is every `count`th file;
            of fewer it is a range of rows, of the same length for each up to one, for which all headers are read: files
            within it whole, and those at its ends in part. Batches are made of the share. Of stored data only its
            rows are read, of compressed data the rows before them in their array too. The CRC-32 of a stored array of
            which it reads the end, or of any of which it does not, is not verified.
          num_parallel_reads: Threads that read ahead, 256 at most. None: tf.data.AUTOTUNE: one for each processor, or
            as many as `Options.threading.private_threadpool_size` says, 16 at most, to begin with; autotuning changes
            it. One file is read by one thread.
          memory_limit: Bytes of decoded data that may wait in the reader. None: 256 MiB. Arrays beyond that are
            streamed, save compressed ones in Fortran order, whose rows need all of their bytes: raise it for those.
            As much again may be kept while the dataset lives, for its next epoch.
          verify_checksums: Whether the CRC-32 of the members of an .npz, and of gzip, is verified: of small arrays at
            once, of others with their last row, so that rows of a damaged one may come before its error.
          element_spec: The spec of one element, before batching, as `tf_npz.element_spec` returns it. Needed where
            `filenames` is symbolic; otherwise it is read from headers, and damaged files count only for the iterator.
            Of an array of a structured dtype it may hold some of the fields: others are left out. It tells no unit of
            datetimes: that all files have one is seen within a dataset, and by `tf_npz.element_spec` over the files,
            but not where each file is a dataset of its own, as in interleave.
          name: A name for the op.

        Raises:
          ValueError: Options contradict each other or are out of range; `filenames` is symbolic and `element_spec` is
            missing; or `keys` and `element_spec` differ in structure.
          tf.errors.OpError: Without `element_spec`, what `tf_npz.element_spec` raises. While iterating:
            InvalidArgumentError where a file does not fit the spec, NotFoundError, PermissionDeniedError,
            DataLossError where a file is damaged, UnimplementedError where it is of a kind that is not supported.
        """
        self._name = name
        size, static_size = _batch_size(batch_size)
        if size is None and drop_remainder:
            raise ValueError("drop_remainder=True needs a batch_size")
        if size is None and padding is not None:
            raise ValueError(f"padding={padding!r} needs a batch_size: elements are padded to the longest of a batch")
        threads = _at_least_one("num_parallel_reads", num_parallel_reads, tf.data.AUTOTUNE)
        limit = _at_least_one("memory_limit", memory_limit, _DEFAULT_MEMORY_LIMIT)

        shards = _shard(shard)

        paths = _files.expand(filenames)
        components = _components(paths, keys, rows, element_spec)
        self._element_spec = components.spec
        if size is not None:
            batch_dimension = [static_size if drop_remainder else None]
            self._element_spec = tf.nest.map_structure(
                lambda spec: tf.TensorSpec(tf.TensorShape(batch_dimension).concatenate(spec.shape), spec.dtype),
                components.spec,
            )
        flat_spec = tf.nest.flatten(self._element_spec)
        variant = _ops.library().npz_reader_dataset(
            filenames=_files.to_tensor(paths),
            **components.op_arguments(),
            batch_size=tf.constant(_NOT_BATCHED, tf.int64) if size is None else size,
            drop_remainder=drop_remainder,
            padding=[] if padding is None else _padding.padding_values(padding, components),
            num_shards=shards[0],
            shard_index=shards[1],
            element_counts=tf.constant(components.counts, tf.int64),
            num_parallel_reads=threads,
            memory_limit=limit,
            verify_checksums=verify_checksums,
            rows=rows,
            output_types=[spec.dtype for spec in flat_spec],
            output_shapes=[spec.shape for spec in flat_spec],
            # Private to TensorFlow: what its own datasets pass to their ops. It holds `name`, which is read from
            # self._name. Nothing public takes its place; the tests of `make matrix` hold every TensorFlow to it.
            metadata=self._metadata.SerializeToString(),
        )
        super().__init__(variant)

    @property
    def element_spec(self) -> ElementSpec:
        """The spec of what the iterator gives: with the batch dimension in front, where there are batches."""
        return self._element_spec

    # Private to TensorFlow, and abstract in tf.data.Dataset: a class of datasets has to define it.
    def _inputs(self) -> list[tf.data.Dataset]:
        return []


def _components(
    paths: list[str] | tf.Tensor, keys: Keys | None, rows: bool, element_spec: ElementSpec | None
) -> _structure.Components:
    if element_spec is not None:
        return _structure.components(keys, element_spec)
    if tf.is_tensor(paths):
        raise ValueError(
            "filenames is symbolic, so the dtypes and shapes of its arrays can't be read yet: pass "
            f"element_spec=tf_npz.element_spec(a_file{_arguments(keys, rows)}), made outside of the function"
        )
    return _spec.of_files(paths, keys, rows=rows, skip_damaged=True)


def _arguments(keys: Keys | None, rows: bool) -> str:
    return ("" if keys is None else f", keys={keys!r}") + ("" if rows else ", rows=False")


def _batch_size(batch_size: Any) -> tuple[tf.Tensor | None, int | None]:
    """The batch size as a tensor and, where it is known already, as an int."""
    if batch_size is None:
        return None, None
    tensor, size = _scalar("batch_size", batch_size)
    if size is not None and size < 1:
        raise ValueError(f"batch_size must be at least 1, not {size}")
    return tensor, size


def _shard(shard: Any) -> tuple[tf.Tensor, tf.Tensor]:
    """How many shares there are, and which of them is read."""
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


def _at_least_one(name: str, value: int | None, default: int) -> tf.Tensor:
    number = default if value is None else _integer(name, value)
    if number < 1 and number != default:
        raise ValueError(f"{name} must be at least 1, not {number}; leave it out for the default")
    return tf.constant(number, tf.int64)


def _scalar(name: str, value: Any) -> tuple[tf.Tensor, int | None]:
    """An integer as a tensor and, where it is known already, as an int."""
    if tf.is_tensor(value) and tf.get_static_value(value) is None:
        if not value.dtype.is_integer or not value.shape.is_compatible_with([]):
            raise ValueError(f"{name} must be a scalar integer, not {value!r}")
        return tf.cast(value, tf.int64), None
    number = _integer(name, tf.get_static_value(value) if tf.is_tensor(value) else value)
    return tf.constant(number, tf.int64), number


def _integer(name: str, value: Any) -> int:
    try:
        if isinstance(value, bool):
            raise TypeError
        return operator.index(value)
    except TypeError:
        raise ValueError(f"{name} must be an integer, not {value!r}") from None
