"""Runs check.py with a wheel for aarch64, by qemu: `python -m tests.matrix.emulated dist/aarch64`.

The Python is that of this machine's Debian release, so the wheel must be for that Python. TensorFlow and its
dependencies come from pip. Nothing is installed on the machine: all of it is unpacked into build/emulated and kept.
"""

import argparse
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from .__main__ import CHECK
from .pairs import ROOT, tensorflow_versions

FOLDER = ROOT / "build/emulated"
# The Debian packages with which Python can import TensorFlow.
PACKAGES = (
    "python3.{minor}-minimal libpython3.{minor}-minimal libpython3.{minor}-stdlib media-types "
    "libc6 libgcc-s1 libstdc++6 libbz2-1.0 libcrypt1 libexpat1 libffi8 liblzma5 libsqlite3-0 libssl3 libuuid1 zlib1g"
)


def main(arguments: Sequence[str] | None = None) -> None:
    """Runs the command. Exits with a message if something is wrong."""
    parser = argparse.ArgumentParser(prog="python -m tests.matrix.emulated", description=__doc__.splitlines()[0])
    parser.add_argument("wheels", type=Path, help="the folder with the wheel")
    folder = parser.parse_args(arguments).wheels
    minor = sys.version_info.minor
    wheels = sorted(folder.glob(f"tf_npz-*-cp3{minor}-*_aarch64.whl"))
    if len(wheels) != 1:
        sys.exit(f"{folder} holds {len(wheels)} wheels of CPython 3.{minor} for aarch64, not one: make wheel-aarch64")
    FOLDER.mkdir(parents=True, exist_ok=True)
    suite = platform.freedesktop_os_release().get("VERSION_CODENAME", "")
    system = unpacked(f"{suite}-3.{minor}", suite, "arm64", PACKAGES.format(minor=minor).split())
    for tensorflow in tensorflow_versions.served("aarch64"):
        packages = installed(tensorflow, minor)
        with tempfile.TemporaryDirectory() as temporary:
            site = Path(temporary, "site")
            unpack = [sys.executable, "-m", "zipfile", "-e", str(wheels[0]), str(site)]
            subprocess.run(unpack, check=True)
            empty = Path(temporary, "empty")
            empty.mkdir()
            python = [emulator(suite), "-L", str(system), str(system / f"usr/bin/python3.{minor}")]
            print(f"{wheels[0].name}, TensorFlow {tensorflow.version}, {python[0]}", flush=True)
            path = os.pathsep.join(map(str, (site, packages)))
            subprocess.run([*python, str(CHECK)], cwd=empty, env={**os.environ, "PYTHONPATH": path}, check=True)


def emulator(suite: str) -> str:
    """Returns a qemu-aarch64 that needs no libraries: that of the system, or of Debian's package."""
    program = "qemu-aarch64-static"
    architecture = subprocess.check_output(["dpkg", "--print-architecture"], text=True).strip()
    return shutil.which(program) or str(
        unpacked("qemu", suite, architecture, ["qemu-user-static"]) / "usr/bin" / program
    )


def unpacked(name: str, suite: str, architecture: str, packages: Sequence[str]) -> Path:
    """Returns a folder with Debian's packages. It is made once."""
    if not (FOLDER / name).exists():
        fetch = [sys.executable, str(ROOT / "tools/fetch_debian.py"), "--suite", suite, "--architecture", architecture]
        subprocess.run([*fetch, *packages, str(FOLDER / name)], check=True)
    return FOLDER / name


def installed(tensorflow: tensorflow_versions.TensorFlow, minor: int) -> Path:
    """Returns a folder with TensorFlow and its dependencies, for aarch64. It is made once."""
    folder = FOLDER / f"tensorflow-{tensorflow.version}-3.{minor}"
    if not folder.exists():
        print(f"Installing TensorFlow {tensorflow.version} for aarch64 (1.6 GB) ...", flush=True)
        pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-compile"]
        pip += ["--only-binary", ":all:", "--implementation", "cp", "--python-version", f"3.{minor}"]
        for glibc in range(17, 37):  # Debian 12 has 2.36.
            pip += ["--platform", f"manylinux_2_{glibc}_aarch64"]
        with tempfile.TemporaryDirectory(dir=FOLDER) as temporary:
            target = Path(temporary, "site")
            requirement = f"{tensorflow.distribution}=={tensorflow.version}"
            subprocess.run(
                [*pip, "--platform", "manylinux2014_aarch64", "--target", str(target), requirement], check=True
            )
            target.rename(folder)
    return folder


if __name__ == "__main__":
    main()
