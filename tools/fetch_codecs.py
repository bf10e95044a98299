"""Unpacks the sources of the codecs, pinned in cmake/codecs.txt, into DEST/<name>-<version>/.

The source distributions come from the folder TF_NPZ_SOURCES (--sources), or from `pip download`. Sources that are there
already are kept, so a second call needs no time and no network.
"""

import argparse
import hashlib
import os
import pathlib
import re
import subprocess
import sys
import tarfile
import tempfile

PINS = pathlib.Path(__file__).resolve().parent.parent / "cmake" / "codecs.txt"


def pins() -> dict[str, str]:
    """Returns {"zlib_ng-1.1.0": sha256}. The names are spelled as in the names of source distributions."""
    found = re.findall(r"^(\S+)==(\S+) --hash=sha256:(\w{64})$", PINS.read_text(), re.MULTILINE)
    return {f"{name.replace('-', '_')}-{version}": sha256 for name, version, sha256 in found}


def download(folder: pathlib.Path) -> None:
    print("Downloading the sources of libdeflate and zlib-ng ...", flush=True)
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--require-hashes"]
    command += ["--no-binary", "deflate,zlib-ng", "--dest", str(folder), "--requirement", str(PINS)]
    # If pip runs this script as a part of our own build, its environment names our build backend. These projects must
    # not see that.
    hooks = ("_PYPROJECT_HOOKS_", "PEP517_")  # the prefixes of newer and older versions of pip
    environment = {name: value for name, value in os.environ.items() if not name.startswith(hooks)}
    pip = subprocess.run(
        command,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    if pip.returncode != 0:
        fail("pip could not download the codecs' sources:\n" + pip.stdout)


def unpack(sdist: pathlib.Path, sha256: str, destination: pathlib.Path) -> None:
    if not sdist.is_file():
        fail(f"{sdist} is missing.")
    actual = hashlib.sha256(sdist.read_bytes()).hexdigest()
    if actual != sha256:
        fail(f"{sdist} is not the file that was pinned (sha256 expected {sha256}, got {actual}).")
    # It is unpacked next to its final place and then renamed. So a killed run, or two runs at once, leave no partial
    # folder.
    with tempfile.TemporaryDirectory(dir=destination) as temporary:
        with tarfile.open(sdist) as archive:
            if hasattr(tarfile, "data_filter"):
                archive.extraction_filter = tarfile.data_filter
            archive.extractall(temporary)
        stem = sdist.name.removesuffix(".tar.gz")
        try:
            (pathlib.Path(temporary) / stem).rename(destination / stem)
        except OSError:
            if not (destination / stem).is_dir():
                raise


def fail(message: str) -> None:
    sys.exit(
        f"{message}\nEither set TF_NPZ_SOURCES to a folder that holds {' and '.join(f'{s}.tar.gz' for s in pins())}, "
        "or build with the system's zlib alone: -DTF_NPZ_SYSTEM_ZLIB=ON."
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("destination", type=pathlib.Path)
    parser.add_argument("--sources", type=pathlib.Path, help="a folder that holds the source distributions: no network")
    arguments = parser.parse_args()

    destination = arguments.destination
    missing = {stem: sha256 for stem, sha256 in pins().items() if not (destination / stem).is_dir()}
    if not missing:
        return
    destination.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as temporary:
        sources = arguments.sources or pathlib.Path(temporary)
        if not arguments.sources:
            download(sources)
        for stem, sha256 in missing.items():
            unpack(sources / f"{stem}.tar.gz", sha256, destination)


if __name__ == "__main__":
    main()
