"""Readers outside of TensorFlow: PyTorch, NVIDIA DALI, TensorStore. Each function imports what it needs."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from .converted import converted
from .datasets import Data
from .numpy_batches import batches


def pytorch(data: Data, workers: int = 2) -> Iterable[Any]:
    """A DataLoader. Each worker reads its own files and sends finished batches."""
    import torch
    from torch.utils.data import DataLoader, IterableDataset, get_worker_info

    class Files(IterableDataset):
        def __iter__(self) -> Iterator[Any]:
            worker = get_worker_info()
            for batch in batches(data, data.files[worker.id :: worker.num_workers]):
                yield torch.from_numpy(batch)

    return DataLoader(Files(), batch_size=None, num_workers=min(workers, data.count))


def dali(data: Data, threads: int = 2) -> Iterator[Any]:
    """DALI's reader of npy files, on the CPU."""
    from nvidia.dali import fn, pipeline_def

    @pipeline_def(batch_size=data.batch_size, num_threads=threads, device_id=None, prefetch_queue_depth=2)
    def read() -> Any:
        rows = fn.readers.numpy(device="cpu", files=data.files, name="files", dont_use_mmap=False)
        return fn.pad(rows) if None in data.shape else rows

    pipeline = read()
    pipeline.build()
    return _dali_batches(data, pipeline)


def _dali_batches(data: Data, pipeline: Any) -> Iterator[Any]:
    left = data.rows
    while left > 0:
        (batch,) = pipeline.run()
        tensor = batch.as_tensor()
        # If the list of files ends inside a batch, the reader begins the list again.
        yield tensor if left >= data.batch_size else np.asarray(tensor)[:left]
        left -= data.batch_size


def tensorstore(data: Data) -> Iterator[np.ndarray]:
    """A zarr3 array with one batch in each chunk, compressed if the files are. Two batches are read ahead."""
    import tensorstore as ts

    folder = converted(data, "zarr3", _write_zarr3)
    store = ts.open(_zarr3(folder)).result()

    def read() -> Iterator[np.ndarray]:
        starts = range(0, data.rows, data.batch_size)
        waiting = []
        for start in starts:
            waiting.append(store[start : min(start + data.batch_size, data.rows)].read())
            if len(waiting) > 2:
                yield waiting.pop(0).result()
        for batch in waiting:
            yield batch.result()

    return read()


def _zarr3(folder: Path) -> dict[str, Any]:
    return {"driver": "zarr3", "kvstore": {"driver": "file", "path": str(folder)}}


def _write_zarr3(data: Data, folder: Path) -> None:
    import tensorstore as ts

    codecs: list[Any] = [{"name": "bytes", "configuration": {"endian": "little"}}]
    if not data.stored:
        codecs.append({"name": "zstd", "configuration": {"level": 3}})
    chunk = [min(data.batch_size, data.rows), *data.shape]
    metadata = {
        "shape": [data.rows, *data.shape],
        "data_type": data.dtype,
        "chunk_grid": {"name": "regular", "configuration": {"chunk_shape": chunk}},
        "codecs": codecs,
    }
    store = ts.open(_zarr3(folder) | {"metadata": metadata}, create=True, delete_existing=True).result()
    first = 0
    for batch in batches(data, data.files):
        store[first : first + len(batch)].write(batch).result()
        first += len(batch)
