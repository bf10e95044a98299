"""`python -m tf_npz.service`: servers of the tf.data service that have the ops of this package.

The tf.data service runs a pipeline outside the process that trains. A dispatcher hands out the work, and any number
of workers do it. All of them need the ops of the pipeline. TensorFlow's own servers lack `NpzReaderDataset`.
Start these in three shells:

    python -m tf_npz.service dispatcher --port 5050
    python -m tf_npz.service worker --dispatcher localhost:5050
    python -m tf_npz.service worker --dispatcher localhost:5050

and in the script that trains:

    ds = ds.apply(tf.data.experimental.service.distribute("distributed_epoch", "grpc://localhost:5050"))

A server prints one line when it is ready, such as `dispatcher ready: grpc://localhost:5050`. It runs until SIGTERM or
Ctrl-C, and ends with status 0. If it cannot be started, it prints the reason and ends with status 1.

If a worker dies, start it again at the same address: consumers wait for it. So give each worker a `--port`. With
dynamic sharding, the elements that the worker was processing are lost, and no element comes twice.

Anyone who can reach a server's port can have it read files. Keep the port inside a network that you trust.
"""

import argparse
import contextlib
import errno
import signal
import socket
import sys
import time
from types import FrameType
from typing import Any, NamedTuple

from . import _version_check

_PROGRAM = "python -m tf_npz.service"
_RETRY_SECONDS = 0.2
_ANY_INTERFACE = "0.0.0.0"  # where TensorFlow's servers listen
_LAST_PORT = 65535


class _Stopped(BaseException):
    """SIGTERM, or Ctrl-C."""


class _CannotStartError(Exception):
    """A server cannot be started. The message is for the user."""


class _Server(NamedTuple):
    """A running server, and the address that others use for it."""

    handle: Any
    address: str


def main() -> int:
    """Runs the server that the command line names, until SIGTERM or Ctrl-C.

    Returns:
      The exit status: 0 after SIGTERM or Ctrl-C, 1 if the server cannot be started.
    """
    arguments = _parser().parse_args()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _raise_stopped)
    server = None
    try:
        server = arguments.start(arguments)
        print(f"{arguments.role} ready: {server.address}", flush=True)
        while True:
            signal.pause()
    except _Stopped:
        return 0
    except (_CannotStartError, ImportError) as error:
        print(f"{_PROGRAM} {arguments.role}: {error}", file=sys.stderr, flush=True)
        return 1
    finally:
        if server is not None:
            server.handle.stop()


def _raise_stopped(_number: int, _frame: FrameType | None) -> None:
    # Only once: a second signal, while the server is stopping, ends the process at once.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_DFL)
    raise _Stopped


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog=_PROGRAM, description="Starts a server of the tf.data service that has the ops of tf_npz."
    )
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument(
        "--port", type=_port, default=0, help="port to listen on, on all interfaces; 0, the default, takes any free one"
    )
    roles = parser.add_subparsers(dest="role", metavar="ROLE", required=True)

    role = roles.add_parser(
        "dispatcher", parents=[common], help="hands out the work; a service has one", description=_dispatcher.__doc__
    )
    role.set_defaults(start=_dispatcher)
    add = role.add_argument
    add("--work-dir", metavar="DIR", help="folder for the dispatcher's state; gs:// works too")
    add("--fault-tolerant", action="store_true", help="keep a journal in --work-dir, to continue after a restart")
    add(
        "--worker-addresses",
        metavar="HOST[:PORT]",
        nargs="+",
        help="addresses of all workers: required by the sharding policies FILE, DATA, FILE_OR_DATA and HINT; "
        "HOST:%%port%% means any port",
    )
    role = roles.add_parser(
        "worker", parents=[common], help="does the work; a service has any number of them", description=_worker.__doc__
    )
    role.set_defaults(start=_worker)
    add = role.add_argument
    add("--dispatcher", metavar="HOST:PORT", type=_address, required=True, help="address of the dispatcher")
    add(
        "--worker-address",
        metavar="HOST[:PORT]",
        help="address of this worker for the dispatcher and trainers; the default, localhost, is for this machine only",
    )
    add("--heartbeat-interval", metavar="SECONDS", type=_milliseconds, help="time between reports to the dispatcher")
    add(
        "--dispatcher-timeout",
        metavar="SECONDS",
        type=_milliseconds,
        default=3_600_000,
        help="time to wait for a dispatcher that does not answer; the default is 3600",
    )
    add("--data-transfer-protocol", metavar="NAME", help="protocol for elements: grpc, ...")
    add("--data-transfer-address", metavar="HOST[:PORT]", help="address for elements, if it is not --worker-address")
    return parser


def _dispatcher(arguments: argparse.Namespace) -> _Server:
    """Starts a dispatcher. Trainers pass the address that it prints as `service`, with the name of its host."""
    if arguments.fault_tolerant and not arguments.work_dir:
        raise _CannotStartError("--fault-tolerant needs a --work-dir to write its journal into")
    _check_free(arguments.port)
    tf = _tensorflow()
    service = tf.data.experimental.service
    config = service.DispatcherConfig(
        port=arguments.port,
        work_dir=arguments.work_dir,
        fault_tolerant_mode=arguments.fault_tolerant,
        worker_addresses=arguments.worker_addresses,
    )
    try:
        server = service.DispatchServer(config)
    except tf.errors.OpError as error:
        raise _CannotStartError(error.message) from error
    return _Server(server, server.target)


def _worker(arguments: argparse.Namespace) -> _Server:
    """Starts a worker, once its dispatcher answers."""
    _check_free(arguments.port)
    tf = _tensorflow()
    _wait_for(arguments.dispatcher, arguments.dispatcher_timeout)
    service = tf.data.experimental.service
    worker_address = _with_port(arguments.worker_address or "localhost", "%port%")
    config = service.WorkerConfig(
        dispatcher_address=arguments.dispatcher,
        worker_address=worker_address,
        port=arguments.port,
        heartbeat_interval_ms=arguments.heartbeat_interval,
        dispatcher_timeout_ms=arguments.dispatcher_timeout,
        data_transfer_protocol=arguments.data_transfer_protocol,
        data_transfer_address=arguments.data_transfer_address
        and _with_port(arguments.data_transfer_address, "%dts_port%"),
    )
    try:
        server = service.WorkerServer(config)
    except tf.errors.OpError as error:
        raise _CannotStartError(error.message) from error
    # TensorFlow has no public way to ask for the port.
    return _Server(server, worker_address.replace("%port%", server._address.rpartition(":")[2]))


def _tensorflow() -> Any:
    """The module tensorflow, after loading the ops."""
    _version_check.require_tensorflow("tf_npz.service")
    import tensorflow as tf

    from . import _ops

    _ops.library()  # Now, so that its error is raised here.
    return tf


def _check_free(port: int) -> None:
    # Without this check a second server would start on the same port, and the kernel would divide the connections.
    with contextlib.closing(socket.socket()) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # Connections that are ending do not matter.
        try:
            probe.bind((_ANY_INTERFACE, port))
        except OSError as error:
            reason = "is taken" if error.errno == errno.EADDRINUSE else f"can't be used ({error.strerror})"
            raise _CannotStartError(f"port {port} {reason}: pass another --port, or 0 for any that is free") from None


def _wait_for(address: str, timeout_ms: int) -> None:
    # TensorFlow would wait too, but without handling signals.
    host, _, port = address.rpartition(":")
    deadline = time.monotonic() + timeout_ms / 1000
    announced = False
    while True:
        try:
            socket.create_connection((host, int(port)), timeout=max(1.0, _RETRY_SECONDS)).close()
        except OSError as error:
            if time.monotonic() >= deadline:
                raise _CannotStartError(f"there is no dispatcher at {address}: {error.strerror or error}") from None
            if not announced:
                print(f"waiting for a dispatcher at {address} ...", file=sys.stderr, flush=True)
                announced = True
            time.sleep(_RETRY_SECONDS)
        else:
            return


def _with_port(address: str, port: str) -> str:
    return address if ":" in address else f"{address}:{port}"


def _port(text: str) -> int:
    port = int(text)
    if not 0 <= port <= _LAST_PORT:
        raise argparse.ArgumentTypeError(f"a port is a number from 0 to {_LAST_PORT}, not {text}")
    return port


def _address(text: str) -> str:
    address = text.removeprefix("grpc://")  # as the dispatcher prints it
    host, _, port = address.rpartition(":")
    if not host or not port.isdecimal():
        raise argparse.ArgumentTypeError(f"an address is HOST:PORT, not {text}")
    return address


def _milliseconds(text: str) -> int:
    return round(float(text) * 1000)


if __name__ == "__main__":
    sys.exit(main())
