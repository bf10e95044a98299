"""`python -m tf_npz.service`: a dispatcher and workers in separate processes read, shard, die and return."""

import contextlib
import signal
import socket
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
import tensorflow as tf
import tf_npz
from environment import Environment
from processes import DEADLINE, started
from testing import elements, untuned

Policy = tf.data.experimental.service.ShardingPolicy
WORKERS = 2
FILES, ROWS = 60, 20
ALL = list(range(FILES * ROWS))
Y_SPEC = tf.TensorSpec([], tf.int64)


class Server(NamedTuple):
    process: "subprocess.Popen[str]"
    address: str


def server(stack: contextlib.ExitStack, *arguments: str) -> Callable[[], Server]:
    """Starts a server. Returns a function that waits until the server is ready."""
    process = stack.enter_context(started("-m", "tf_npz.service", *arguments))
    # Reads its later output too, so that a full pipe does not block it.
    errors: list[str] = []
    reader = threading.Thread(target=lambda: errors.extend(process.stderr or []))
    reader.start()
    stack.callback(reader.join, DEADLINE)

    def ready() -> Server:
        # If it hangs, it is killed. Then readline returns.
        timer = threading.Timer(DEADLINE, process.kill)
        timer.start()
        line = process.stdout.readline() if process.stdout else ""
        timer.cancel()
        assert line.startswith(f"{arguments[0]} ready: "), "".join(errors)
        return Server(process, line.split()[-1])

    return ready


class Service(NamedTuple):
    stack: contextlib.ExitStack
    target: str
    workers: list[Server]

    def start_worker(self, *arguments: str) -> Callable[[], Server]:
        return server(self.stack, "worker", "--dispatcher", self.target, "--heartbeat-interval", "0.2", *arguments)

    def distribute(self, dataset: tf.data.Dataset, policy: Any, **options: Any) -> tf.data.Dataset:
        return untuned(dataset).apply(tf.data.experimental.service.distribute(policy, self.target, **options))


@pytest.fixture(scope="module")
def service() -> Iterator[Service]:
    with contextlib.ExitStack() as stack:
        # One address for each worker, with any port. Static sharding requires this.
        running = server(stack, "dispatcher", "--worker-addresses", *["localhost:%port%"] * WORKERS)()
        made = Service(stack, running.address, [])
        waiting = [made.start_worker() for _ in range(WORKERS)]
        made.workers.extend(ready() for ready in waiting)
        yield made
        for process in [*(worker.process for worker in made.workers), running.process]:
            process.terminate()
            assert process.wait(DEADLINE) == 0


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Compressed features x, float32 [20, 4], and labels y. The labels count up through all files."""
    folder = tmp_path_factory.mktemp("shards")
    names = [str(folder / f"{i:02}.npz") for i in range(FILES)]
    for i, name in enumerate(names):
        y = np.arange(i * ROWS, (i + 1) * ROWS)
        np.savez_compressed(name, x=np.stack([y, -y, y % 7, y % 3], axis=1).astype(np.float32), y=y)
    return names


def of_all_files(files: list[str]) -> tf.data.Dataset:
    return tf_npz.NpzReaderDataset(files, "y")


def interleaved(files: list[str]) -> tf.data.Dataset:
    return tf.data.Dataset.from_tensor_slices(files).interleave(
        lambda f: tf_npz.NpzReaderDataset(f, "y", element_spec=Y_SPEC), cycle_length=2
    )


# --- Which elements arrive -------------------------------------------------------------------------------------------

ONCE_EACH = {
    "DYNAMIC, interleaved": (Policy.DYNAMIC, interleaved),
    "DATA, one dataset": (Policy.DATA, of_all_files),
    "DATA, interleaved": (Policy.DATA, interleaved),
    "FILE_OR_DATA, one dataset": (Policy.FILE_OR_DATA, of_all_files),
    "FILE_OR_DATA, interleaved": (Policy.FILE_OR_DATA, interleaved),
}


@pytest.mark.parametrize(("policy", "make"), ONCE_EACH.values(), ids=ONCE_EACH.keys())
def test_sharded_every_element_arrives_once(
    service: Service, files: list[str], policy: Any, make: Callable[..., Any]
) -> None:
    assert sorted(elements(service.distribute(make(files), policy))) == ALL


def test_dynamic_sharding_of_one_dataset_distributes_its_files(service: Service, files: list[str]) -> None:
    assert sorted(elements(service.distribute(of_all_files(files), Policy.DYNAMIC))) == ALL
    batches = tf_npz.NpzReaderDataset(files, "y", batch_size=8)
    assert sorted(np.concatenate(elements(service.distribute(batches, Policy.DYNAMIC)))) == ALL


def test_windows_and_slices_arrive_once(service: Service, files: list[str]) -> None:
    windows = tf_npz.NpzReaderDataset(files, "x", rows=slice(2, None), window=(6, 3), slices=slice(0, 2), batch_size=4)
    found = np.concatenate(elements(service.distribute(windows, Policy.DYNAMIC)))
    assert found.shape == (FILES * ((ROWS - 2 - 6) // 3 + 1), 6, 2)
    firsts = [i * ROWS + row for i in range(FILES) for row in range(2, ROWS - 5, 3)]
    assert sorted(found[:, :, 0].tolist()) == [[first + k for k in range(6)] for first in firsts]


@pytest.mark.parametrize("make", [of_all_files, interleaved])
def test_without_sharding_each_worker_gives_all(service: Service, files: list[str], make: Callable[..., Any]) -> None:
    assert sorted(elements(service.distribute(make(files), Policy.OFF))) == sorted(ALL * WORKERS)


def test_an_error_of_a_file_reaches_the_consumer(service: Service, files: list[str], tmp_path: Path) -> None:
    damaged = tmp_path / "damaged.npz"
    damaged.write_bytes(Path(files[0]).read_bytes()[:-50])
    with pytest.raises(tf.errors.DataLossError, match=r"damaged\.npz"):
        elements(service.distribute(interleaved([*files[:3], str(damaged)]), Policy.DYNAMIC))


def test_workers_preprocess_what_a_trainer_fits(service: Service, files: list[str]) -> None:
    spec = tf_npz.element_spec(files, ("x", "y"))

    def preprocess(x: tf.Tensor, y: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        return x / len(ALL), tf.cast(y, tf.float32)

    dataset = tf.data.Dataset.from_tensor_slices(files).interleave(
        lambda f: tf_npz.NpzReaderDataset(f, ("x", "y"), element_spec=spec, batch_size=ROWS).map(preprocess),
        num_parallel_calls=tf.data.AUTOTUNE,
    )
    dataset = service.distribute(dataset, Policy.DYNAMIC)
    weights = tf.Variable(tf.zeros([4, 1]))
    losses = []
    for _ in range(3):
        epoch = []
        for x, y in dataset.prefetch(2):
            with tf.GradientTape() as tape:
                loss = tf.reduce_mean((tf.squeeze(x @ weights, 1) - y / len(ALL)) ** 2)
            weights.assign_sub(0.3 * tape.gradient(loss, weights))
            epoch.append(float(loss))
        assert len(epoch) == FILES
        losses.append(np.mean(epoch))
    assert losses[2] < losses[0] / 2


# --- When a worker dies ----------------------------------------------------------------------------------------------


@pytest.mark.nightly
def test_a_killed_worker_that_returns_loses_only_what_it_was_processing(service: Service, files: list[str]) -> None:
    """tf.data promises "at most once" for dynamic sharding. Consumers wait until the worker's address answers again."""
    many = files * 10
    dataset = tf.data.Dataset.from_tensor_slices((np.arange(len(many)), many)).interleave(
        lambda i, f: tf_npz.NpzReaderDataset(f, "y", element_spec=Y_SPEC, batch_size=5).map(lambda y: (i, y)),
        cycle_length=2,
    )
    iterator = service.distribute(dataset, Policy.DYNAMIC).as_numpy_iterator()
    seen = [next(iterator) for _ in range(50)]

    killed = service.workers.pop()
    killed.process.send_signal(signal.SIGKILL)
    killed.process.wait()
    # The other worker continues meanwhile.
    seen += [next(iterator) for _ in range(50)]
    returned = service.start_worker("--port", killed.address.rpartition(":")[2])()
    assert returned.address == killed.address
    service.workers.append(returned)
    seen += list(iterator)

    rows: dict[int, list[int]] = {}
    for i, batch in seen:
        rows.setdefault(int(i), []).extend(batch.tolist())
    for i, y in rows.items():
        assert len(set(y)) == len(y)
        assert set(y) <= set(ALL[(i % FILES) * ROWS : (i % FILES + 1) * ROWS])
    whole = [i for i, y in rows.items() if len(y) == ROWS]
    # A worker is processing a few files: those of its interleave, and those that wait for the consumer.
    assert len(whole) > len(many) * 3 / 4
    assert len(many) - 1 in whole

    assert sorted(elements(service.distribute(interleaved(files), Policy.DYNAMIC))) == ALL


# --- The servers themselves ------------------------------------------------------------------------------------------


def test_ctrl_c_stops_a_server_with_status_0(tmp_path: Path) -> None:
    with contextlib.ExitStack() as stack:
        journal = tmp_path / "journal"
        dispatcher = server(stack, "dispatcher", "--work-dir", str(journal), "--fault-tolerant")()
        assert dispatcher.address.startswith("grpc://localhost:")
        assert list(journal.iterdir())
        dispatcher.process.send_signal(signal.SIGINT)
        assert dispatcher.process.wait(DEADLINE) == 0
        assert dispatcher.process.stdout
        assert dispatcher.process.stdout.read() == ""


@pytest.fixture
def environment(tmp_path: Path) -> Environment:
    """An environment without TensorFlow."""
    return Environment(tmp_path, serves=("2.21",))


def test_a_worker_waits_for_its_dispatcher_and_can_be_stopped_meanwhile(environment: Environment) -> None:
    environment.install_module("__version__ = '2.21.0'\ndef load_op_library(path): pass")
    with socket.socket() as silent:
        silent.bind(("localhost", 0))  # bound, but not listening
        address = f"localhost:{silent.getsockname()[1]}"
        arguments = ["-S", "-m", "tf_npz.service", "worker", "--dispatcher", address]
        with started(*arguments, path=environment.folder) as process:
            assert process.stderr
            assert process.stderr.readline() == f"waiting for a dispatcher at {address} ...\n"
            process.send_signal(signal.SIGTERM)
            assert process.wait(DEADLINE) == 0


def run(environment: Environment, *arguments: str) -> tuple[int, str]:
    result = environment.run("-m", "tf_npz.service", *arguments)
    assert result.stdout == ""
    return result.returncode, result.stderr


@pytest.mark.parametrize("role", [["dispatcher"], ["worker", "--dispatcher", "localhost:1"]])
def test_a_taken_port_is_an_error_of_one_sentence(environment: Environment, role: list[str]) -> None:
    with socket.socket() as taken:
        taken.bind(("", 0))
        taken.listen()
        port = taken.getsockname()[1]
        status, errors = run(environment, *role, "--port", str(port))
    assert status == 1
    assert errors == (
        f"python -m tf_npz.service {role[0]}: port {port} is taken: pass another --port, or 0 for any that is free\n"
    )


def test_without_tensorflow_it_says_what_to_install(environment: Environment) -> None:
    status, errors = run(environment, "dispatcher")
    assert status == 1
    assert "tf_npz.service needs TensorFlow, which is not installed" in errors
    assert 'pip install "tensorflow==2.21.*"' in errors
    assert errors.count("\n") == 1


def test_a_library_that_does_not_fit_is_an_error_at_the_start(environment: Environment) -> None:
    environment.install_module("__version__ = '2.20.0'\nload_op_library = None")
    status, errors = run(environment, "dispatcher")
    assert status == 1
    assert "serves TensorFlow 2.21, but 2.20.0 is installed" in errors


MISUSED = {
    "no role": ([], "the following arguments are required: ROLE"),
    "a worker without a dispatcher": (["worker"], "the following arguments are required: --dispatcher"),
    "an address without a port": (["worker", "--dispatcher", "here"], "an address is HOST:PORT, not here"),
    "no such port": (["dispatcher", "--port", "65536"], "a port is a number from 0 to 65535, not 65536"),
    "a journal without a folder": (["dispatcher", "--fault-tolerant"], "--fault-tolerant needs a --work-dir"),
}


@pytest.mark.parametrize(("arguments", "message"), MISUSED.values(), ids=MISUSED.keys())
def test_wrong_arguments_are_refused(environment: Environment, arguments: list[str], message: str) -> None:
    status, errors = run(environment, *arguments)
    assert status in (1, 2)
    assert message in errors


def test_help_needs_no_tensorflow(environment: Environment) -> None:
    for role in ("dispatcher", "worker"):
        result = environment.run("-m", "tf_npz.service", role, "--help")
        assert result.returncode == 0
        assert "--port" in result.stdout
