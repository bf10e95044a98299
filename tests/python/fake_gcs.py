"""A fake server of Google Cloud Storage for TensorFlow: it has objects, records requests, and fails on demand.

Environment variables (`Server.environment`) make it TensorFlow's proxy. It does not pass CONNECT requests on. It
answers them itself, with a certificate for the hosts that TensorFlow asks.
"""

import contextlib
import dataclasses
import fnmatch
import http.server
import json
import re
import socket
import ssl
import sys
import tempfile
import threading
import urllib.parse
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import trustme

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.conformance.model import Sparse

Contents = bytes | Sparse

_HOSTS = ("storage.googleapis.com", "www.googleapis.com")
# The kinds of requests: for the size of an object, for its data, and for the names of the objects of a bucket.
METADATA, DATA, LIST = "metadata", "data", "list"


@dataclasses.dataclass(frozen=True)
class Request:
    """A request for an object, or for a list of objects.

    Attributes:
      kind: METADATA, DATA or LIST.
      name: The object "bucket/name", as in gs://bucket/name. For a list, the bucket.
      begin: The first byte of the requested data.
      end: The end of the requested data, or of the object if that comes first.
    """

    kind: str
    name: str
    begin: int = 0
    end: int = 0

    @property
    def size(self) -> int:
        """Number of requested bytes."""
        return self.end - self.begin


@dataclasses.dataclass
class _Fault:
    name: str
    kind: str
    times: float  # how often it still happens
    status: int = 0  # sent instead of the answer
    bytes_sent: int = 0  # bytes of the body that are sent before the connection ends
    contents: Contents | None = None  # new contents of the object, after the request is answered


class Server:
    """Objects by name, "bucket/name". Any thread may call."""

    def __init__(self) -> None:
        """Starts the server. `close` stops it."""
        authority = trustme.CA()
        self._lock = threading.Lock()
        self._objects: dict[str, Contents] = {}
        self._generations: dict[str, int] = {}
        self._faults: list[_Fault] = []
        self._requests: list[Request] = []
        self._certificate = tempfile.NamedTemporaryFile(suffix=".pem")  # noqa: SIM115 - `close` closes it
        authority.cert_pem.write_to_path(self._certificate.name)
        self._tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert(*_HOSTS).configure_cert(self._tls)
        self._http = _HttpServer(("127.0.0.1", 0), _Handler)
        self._http.owner = self
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.05,))
        self._thread.start()

    def close(self) -> None:
        """Stops the server, and ends the connections that are still open."""
        self._http.shutdown()
        self._thread.join()
        self._http.end_connections()
        self._http.server_close()
        self._certificate.close()

    @property
    def environment(self) -> dict[str, str]:
        """Environment variables for a process, set before it loads TensorFlow, so that its gs:// is this server."""
        return {
            "HTTPS_PROXY": f"http://127.0.0.1:{self._http.server_address[1]}",
            "NO_PROXY": "",
            "CURL_CA_BUNDLE": self._certificate.name,
            "GOOGLE_AUTH_TOKEN_FOR_TESTING": "token",
            "NO_GCE_CHECK": "true",
        }

    def put(self, name: str, contents: Contents) -> str:
        """Makes or replaces an object, and returns its path."""
        with self._lock:
            self._put(name, contents)
        return f"gs://{name}"

    def fail(self, name: str, status: int, *, times: float = float("inf"), kind: str = DATA) -> None:
        """Answers the next requests for an object, or a bucket, with an HTTP error status."""
        self._add(_Fault(name, kind, times, status=status))

    def cut(self, name: str, bytes_sent: int, *, times: float = 1) -> None:
        """Ends the connection in the middle of the next answers."""
        self._add(_Fault(name, DATA, times, bytes_sent=bytes_sent))

    def replace_after(self, name: str, kind: str, contents: Contents) -> None:
        """Replaces an object when the next request of a kind has been answered."""
        self._add(_Fault(name, kind, 1, contents=contents))

    def mend(self) -> None:
        """Removes all errors that were set."""
        with self._lock:
            self._faults.clear()

    def take_requests(self, kind: str | None = None) -> list[Request]:
        """The requests of one kind, or of all kinds, since the last call, in the order of arrival."""
        with self._lock:
            requests, self._requests = self._requests, []
        return [request for request in requests if kind in (None, request.kind)]

    def _put(self, name: str, contents: Contents) -> None:
        self._objects[name] = contents
        self._generations[name] = self._generations.get(name, 0) + 1

    def _add(self, fault: _Fault) -> None:
        with self._lock:
            self._faults.append(fault)

    def _take_fault(self, name: str, kind: str) -> _Fault | None:
        for fault in self._faults:
            if (fault.name, fault.kind) == (name, kind) and fault.times > 0:
                fault.times -= 1
                return fault
        return None


class _HttpServer(http.server.ThreadingHTTPServer):
    daemon_threads = False  # close() waits for the threads.
    owner: Server

    def __init__(self, *args: Any) -> None:
        self._connections: set[socket.socket] = set()
        super().__init__(*args)

    @contextlib.contextmanager
    def kept(self, connection: socket.socket) -> Iterator[None]:
        """Handles one connection."""
        self._connections.add(connection)
        try:
            yield
        finally:
            self._connections.discard(connection)

    def end_connections(self) -> None:
        for connection in list(self._connections):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Prints nothing. Clients may close connections at any time; a test sees if something is missing."""


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # Each answer is sent at once.
    server: _HttpServer

    def log_message(self, format: str, *args: Any) -> None:
        pass

    def do_CONNECT(self) -> None:
        self.send_response(200)
        self.end_headers()
        with (
            self.server.owner._tls.wrap_socket(self.connection, server_side=True) as tls,
            self.server.kept(tls),
            tls.makefile("rb") as self.rfile,
            tls.makefile("wb") as self.wfile,
        ):
            self.close_connection = False
            while not self.close_connection:
                self.handle_one_request()
        self.close_connection = True

    def do_GET(self) -> None:
        url = urllib.parse.urlsplit(self.path)
        query = dict(urllib.parse.parse_qsl(url.query))
        if self.headers["Host"] == "storage.googleapis.com":
            self._answer_object(urllib.parse.unquote(url.path).lstrip("/"), DATA)
        elif match := re.fullmatch(r"/storage/v1/b/([^/]+)/o/(.+)", url.path):
            self._answer_object(f"{match[1]}/{urllib.parse.unquote(match[2])}", METADATA)
        elif match := re.fullmatch(r"/storage/v1/b/([^/]+)/o", url.path):
            self._answer_list(match[1], query.get("prefix", ""))
        elif re.fullmatch(r"/storage/v1/b/[^/]+(/storageLayout)?", url.path):
            self._send_json({"location": "NOWHERE"})
        else:
            self._send_error(404)

    def _answer_object(self, name: str, kind: str) -> None:
        server = self.server.owner
        with server._lock:
            fault = server._take_fault(name, kind)
            contents = server._objects.get(name)
            generation = server._generations.get(name, 0)
            size = 0 if contents is None else _size(contents)
            begin, end = self._range(size) if kind == DATA else (0, 0)
            server._requests.append(Request(kind, name, begin, end))
            if fault and fault.contents is not None:
                server._put(name, fault.contents)
        if fault and fault.status:
            self._send_error(fault.status)
        elif contents is None:
            self._send_error(404)
        elif kind == METADATA:
            facts = {"size": str(size), "generation": str(generation), "updated": "2020-01-01T00:00:00.000Z"}
            self._send_json(facts)
        elif begin >= size > 0 or begin > 0 == size:
            self._send_error(416)
        else:
            self._send_data(contents, begin, end, fault.bytes_sent if fault and fault.bytes_sent else end - begin)

    def _answer_list(self, bucket: str, prefix: str) -> None:
        server = self.server.owner
        with server._lock:
            fault = server._take_fault(bucket, LIST)
            server._requests.append(Request(LIST, bucket))
            names = sorted(fnmatch.filter(server._objects, f"{bucket}/*"))
        if fault:
            self._send_error(fault.status)
            return
        names = [name.removeprefix(f"{bucket}/") for name in names]
        self._send_json({"items": [{"name": name} for name in names if name.startswith(prefix)]})

    def _range(self, size: int) -> tuple[int, int]:
        match = re.fullmatch(r"bytes=(\d+)-(\d+)", self.headers.get("Range", ""))
        if match is None:
            return 0, size
        begin = min(int(match[1]), size)
        return begin, max(begin, min(int(match[2]) + 1, size))

    def _send_json(self, value: Any) -> None:
        self._send(200, json.dumps(value).encode())

    def _send_error(self, status: int) -> None:
        self._send(status, json.dumps({"error": {"code": status}}).encode())

    def _send(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
        self.wfile.flush()

    def _send_data(self, contents: Contents, begin: int, end: int, sent: int) -> None:
        self.send_response(206)
        self.send_header("Content-Length", str(end - begin))
        self.end_headers()
        for at in range(begin, begin + sent, 1 << 20):
            self.wfile.write(_read(contents, at, min(at + (1 << 20), begin + sent)))
        self.wfile.flush()
        if sent < end - begin:
            self.close_connection = True


def _size(contents: Contents) -> int:
    return len(contents) if isinstance(contents, bytes) else contents.size


def _read(contents: Contents, begin: int, end: int) -> bytes:
    if isinstance(contents, bytes):
        return contents[begin:end]
    data = bytearray(end - begin)
    for offset, part in contents.parts.items():
        first, last = max(begin, offset), min(end, offset + len(part))
        if first < last:
            data[first - begin : last - begin] = part[first - offset : last - offset]
    return bytes(data)
