"""Errors of gs://, on a fake server: some are retried, others are raised with a reason."""

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
import tf_npz
from fake_gcs import DATA, LIST, METADATA, Server
from gcs_process import ATTEMPTS, SPEC, WHOLE, Run, load, read, shard
from testing import assert_same, npz_bytes

READS: dict[str, tuple[Callable[..., Any], Any, dict[str, Any]]] = {
    "element_spec": (tf_npz.element_spec, SPEC, {}),
    "load": (load, shard(0), {"element_spec": WHOLE}),
    "dataset": (read, [{"x": x, "y": y} for x, y in zip(*shard(0).values(), strict=True)], {"element_spec": SPEC}),
}


@pytest.fixture(params=READS)
def reader(request: pytest.FixtureRequest, gcs: Run) -> Callable[[str], None]:
    """Reads a file, and compares the result with the expected arrays."""
    function, expected, options = READS[request.param]

    def call(path: str) -> None:
        actual = gcs(function, path, **options)
        if request.param == "element_spec":
            assert actual == expected
        else:
            assert_same(actual, expected)

    return call


@pytest.fixture
def file(server: Server, request: pytest.FixtureRequest) -> str:
    """The name of an object that only one test uses."""
    name = f"faults/{re.sub(r'[^a-z0-9]+', '-', request.node.name)}.npz"
    server.put(name, npz_bytes(**shard(0)))
    return name


@pytest.mark.parametrize("kind", [METADATA, DATA])
def test_a_temporary_error_is_retried(server: Server, reader: Callable[[str], None], file: str, kind: str) -> None:
    server.fail(file, 503, times=ATTEMPTS - 1, kind=kind)
    reader(f"gs://{file}")
    assert len(server.take_requests(kind)) == ATTEMPTS


def test_a_connection_that_breaks_off_once_is_retried(server: Server, reader: Callable[[str], None], file: str) -> None:
    server.cut(file, 100)
    reader(f"gs://{file}")
    assert len(server.take_requests(DATA)) == 2


ERRORS: dict[str, tuple[Callable[[Server, str], None], type[Exception], type[Exception], str]] = {
    "403": (lambda s, f: s.fail(f, 403), tf.errors.PermissionDeniedError, PermissionError, "HTTP response code 403"),
    "403 metadata": (
        lambda s, f: s.fail(f, 403, kind=METADATA),
        tf.errors.PermissionDeniedError,
        PermissionError,
        "HTTP response code 403",
    ),
    "401": (lambda s, f: s.fail(f, 401), tf.errors.PermissionDeniedError, PermissionError, "HTTP response code 401"),
    "404": (lambda s, f: s.fail(f, 404), tf.errors.NotFoundError, FileNotFoundError, "HTTP response code 404"),
    "404 metadata": (
        lambda s, f: s.fail(f, 404, kind=METADATA),
        tf.errors.NotFoundError,
        FileNotFoundError,
        "404|was not found",
    ),
    "412": (lambda s, f: s.fail(f, 412), tf.errors.UnavailableError, OSError, "HTTP response code 412"),
    "503": (lambda s, f: s.fail(f, 503), tf.errors.UnavailableError, OSError, "HTTP response code 503"),
    "503 metadata": (
        lambda s, f: s.fail(f, 503, kind=METADATA),
        tf.errors.UnavailableError,
        OSError,
        "HTTP response code 503",
    ),
    "breaks off": (
        lambda s, f: s.cut(f, 100, times=float("inf")),
        tf.errors.UnavailableError,
        OSError,
        "Transferred a partial file",
    ),
    "gets shorter": (
        lambda s, f: s.replace_after(f, METADATA, npz_bytes(x=np.zeros(1))),
        tf.errors.UnavailableError,
        OSError,
        "File contents are inconsistent",
    ),
    "gets longer": (
        lambda s, f: s.replace_after(f, METADATA, npz_bytes(**{"x" * 100: np.zeros(1000)})),
        tf.errors.DataLossError,
        ValueError,
        "cut off or damaged",
    ),
}


@pytest.mark.parametrize("error", ERRORS)
def test_errors_say_what_is_wrong_with_which_file(server: Server, gcs: Run, file: str, error: str) -> None:
    happen, of_tensorflow, of_python, fragment = ERRORS[error]
    path = f"gs://{file}"
    for name, (function, _, options) in READS.items():
        own = f"{file}.{name}"
        server.put(own, npz_bytes(**shard(0)))
        happen(server, own)
        with pytest.raises(of_tensorflow, match=fragment) as raised:
            gcs(function, f"gs://{own}", **options)
        assert_named_once(raised.value, f"gs://{own}")
    server.put(file, npz_bytes(**shard(0)))
    happen(server, file)
    with pytest.raises(of_python, match=fragment) as raised:
        gcs(tf_npz.inspect, path)
    assert_named_once(raised.value, path)
    # Apart from retries there are two requests: for a window, and for the wanted bytes alone.
    assert len([request for request in server.take_requests() if request.name == file]) <= 2 * ATTEMPTS + 1


def assert_named_once(error: Exception, path: str) -> None:
    assert str(error).count(path) == 1
    assert "\n" not in str(error)


def test_patterns_say_what_is_wrong(server: Server, gcs: Run) -> None:
    with pytest.raises(tf.errors.NotFoundError, match="no file matches the pattern 'gs://empty/"):
        gcs(tf_npz.element_spec, "gs://empty/*.npz")
    server.put("closed/a.npz", b"")
    server.fail("closed", 403, kind=LIST)
    with pytest.raises(tf.errors.PermissionDeniedError, match=r"^gs://closed/\*\.npz: .*HTTP response code 403"):
        gcs(tf_npz.element_spec, "gs://closed/*.npz")
    server.put("down/a.npz", b"")
    server.fail("down", 503, kind=LIST)
    with pytest.raises(tf.errors.UnavailableError, match=r"^gs://down/\*\.npz: .*HTTP response code 503"):
        gcs(tf_npz.element_spec, "gs://down/*.npz")


def test_a_file_that_cannot_be_read_does_not_affect_other_files(server: Server, gcs: Run) -> None:
    paths = [server.put(f"skipped/{i}.npz", npz_bytes(**shard(i))) for i in range(4)]
    server.fail("skipped/1.npz", 403)
    server.fail("skipped/2.npz", 503)
    rows = gcs(read, paths, "y", element_spec=SPEC["y"], ignore_errors=True)
    assert_same(rows, [*shard(0)["y"], *shard(3)["y"]])
