"""`python -m tf_npz.service`: servers of the tf.data service that have the ops of this package.

The tf.data service runs a pipeline in other processes than the one that trains: a dispatcher hands out the work, and
any number of workers do it. All of them need the ops of the pipeline, and TensorFlow's own servers lack
`NpzReaderDataset`. In three shells:

    python -m tf_npz.service dispatcher --port 5050
    python -m tf_npz.service worker --dispatcher localhost:5050
    python -m tf_npz.service worker --dispatcher localhost:5050

and in the script that trains:

    ds = ds.apply(tf.data.experimental.service.distribute("distributed_epoch", "grpc://localhost:5050"))

A server prints one line when it is ready, such as `dispatcher ready: grpc://localhost:5050`, and runs until SIGTERM or
Ctrl-C, which end it with status 0. Where it can't be started, a sentence says why, and the status is 1.

A worker that dies must be started again at its address, so give it a `--port`: consumers wait for it. With dynamic
sharding what it had in hand is lost, and no element comes twice.

Whoever reaches a server's port can have it read files: keep it inside a network that you trust.
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
    """Why a server can't be started, for the user."""


class _Server(NamedTuple):
    """A server that runs, and what it is called by others."""

    handle: Any
    address: str


def main() -> int:
    """Runs the server that the command line asks for until it is told to stop.

    Returns:
      The exit status: 0 after SIGTERM or Ctrl-C, 1 where the server can't be started.
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
    # Once: who asks again, while the server is stopping, wants it gone.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_DFL)
    raise _Stopped


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog=_PROGRAM, description="Starts a server of the tf.data service that has the ops of tf_npz."
    )
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument(
        "--port", type=_port, default=0, help="to listen on, on all interfaces; 0, the default: any that is free"
    )
    roles = parser.add_subparsers(dest="role", metavar="ROLE", required=True)

    role = roles.add_parser(
        "dispatcher", parents=[common], help="hands out the work: one of a service", description=_dispatcher.__doc__
    )
    role.set_defaults(start=_dispatcher)
    add = role.add_argument
    add("--work-dir", metavar="DIR", help="where the dispatcher keeps its state: a folder, gs:// too")
    add("--fault-tolerant", action="store_true", help="write a journal into --work-dir, to go on from after a restart")
    add(
        "--worker-addresses",
        metavar="HOST[:PORT]",
        nargs="+",
        help="all workers there will be: what the sharding policies FILE, DATA, FILE_OR_DATA and HINT need; "
        "HOST:%%port%% stands for any port",
    )
    role = roles.add_parser(
        "worker", parents=[common], help="does the work: any number of them", description=_worker.__doc__
    )
    role.set_defaults(start=_worker)
    add = role.add_argument
    add("--dispatcher", metavar="HOST:PORT", type=_address, required=True, help="where the dispatcher is")
    add(
        "--worker-address",
        metavar="HOST[:PORT]",
        help="what dispatcher and trainers reach this worker by; the default, localhost, is for those on this machine",
    )
    add("--heartbeat-interval", metavar="SECONDS", type=_milliseconds, help="how often to report to the dispatcher")
    add(
        "--dispatcher-timeout",
        metavar="SECONDS",
        type=_milliseconds,
        default=3_600_000,
        help="how long to wait for a dispatcher that does not answer; the default: 3600",
    )
    add("--data-transfer-protocol", metavar="NAME", help="how elements travel to trainers: grpc, ...")
    add("--data-transfer-address", metavar="HOST[:PORT]", help="where they are fetched, if not at --worker-address")
    return parser


def _dispatcher(arguments: argparse.Namespace) -> _Server:
    """Starts a dispatcher. Trainers pass the address that it prints as `service`, with its host's name."""
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
    # TensorFlow tells the port in no public way.
    return _Server(server, worker_address.replace("%port%", server._address.rpartition(":")[2]))


def _tensorflow() -> Any:
    """The module tensorflow, with the ops loaded."""
    _version_check.require_tensorflow("tf_npz.service")
    import tensorflow as tf

    from . import _ops

    _ops.library()  # At once, for its error.
    return tf


def _check_free(port: int) -> None:
    # A second server would start, and share the port: the kernel would deal connections out between them.
    with contextlib.closing(socket.socket()) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # Connections that are ending are no obstacle.
        try:
            probe.bind((_ANY_INTERFACE, port))
        except OSError as error:
            reason = "is taken" if error.errno == errno.EADDRINUSE else f"can't be used ({error.strerror})"
            raise _CannotStartError(f"port {port} {reason}: pass another --port, or 0 for any that is free") from None


def _wait_for(address: str, timeout_ms: int) -> None:
    # TensorFlow would wait too, but deaf to signals.
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
