"""Unpacks the TensorFlows to build ops for: --into DIR [MINOR...] makes DIR/2.16/ and so on, by default all of them.

Each folder holds TensorFlow's C++ headers and its two libraries, from the wheel that cmake/tensorflow.txt pins. The
wheels come from the folder TF_NPZ_SOURCES (--sources), or from `pip download`; downloaded wheels are deleted. Folders
that are there already are kept, so a second call needs no time and no network.
"""

import argparse
import hashlib
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import zipfile

from tensorflow_versions import TensorFlow, served

LIBRARIES = ("libtensorflow_framework.so.2", "libtensorflow_cc.so.2")
# The file with the hash of the wheel. It is written last, so a folder that has it is complete and of that wheel.
STAMP = "wheel.sha256"


def is_there(tensorflow: TensorFlow, folder: pathlib.Path) -> bool:
    stamp = folder / STAMP
    return stamp.is_file() and stamp.read_text() == tensorflow.sha256


def download(tensorflow: TensorFlow, folder: pathlib.Path) -> None:
    print(f"Downloading TensorFlow {tensorflow.version} (some 250 MB) ...", flush=True)
    requirement = folder / "requirement.txt"
    requirement.write_text(f"{tensorflow.distribution}=={tensorflow.version} --hash=sha256:{tensorflow.sha256}\n")
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--require-hashes", "--no-cache-dir"]
    command += ["--only-binary", ":all:", "--implementation", "cp", "--python-version", "3.12"]
    for glibc in range(17, 40):
        command += ["--platform", f"manylinux_2_{glibc}_{tensorflow.machine}"]
    command += ["--dest", str(folder), "--requirement", str(requirement)]
    pip = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if pip.returncode != 0:
        fail(tensorflow, f"pip could not download TensorFlow {tensorflow.version}:\n{pip.stdout}")


def wheel_in(folder: pathlib.Path, tensorflow: TensorFlow) -> pathlib.Path:
    """Returns the pinned wheel in `folder`. It is found by its hash: wheels for other Pythons may lie there too."""
    wheels = sorted(folder.glob(f"tensorflow*-{tensorflow.version}-*.whl"))
    for wheel in wheels:
        digest = hashlib.sha256()
        with wheel.open("rb") as file:
            while block := file.read(1 << 20):
                digest.update(block)
        if digest.hexdigest() == tensorflow.sha256:
            return wheel
    found = f"holds others of TensorFlow {tensorflow.version}" if wheels else "does not hold it"
    fail(tensorflow, f"{folder} {found}.")


def unpack(wheel: pathlib.Path, tensorflow: TensorFlow, destination: pathlib.Path) -> None:
    # It is unpacked next to its final place and then renamed. So a killed run, or two runs at once, leave no partial
    # folder.
    with tempfile.TemporaryDirectory(dir=destination.parent) as temporary:
        folder = pathlib.Path(temporary) / destination.name
        with zipfile.ZipFile(wheel) as archive:
            for member in archive.infolist():
                member.filename = member.filename.removeprefix("tensorflow/")
                if member.filename in LIBRARIES or member.filename.startswith("include/"):
                    archive.extract(member, folder)
        missing = [name for name in ("include", *LIBRARIES) if not (folder / name).exists()]
        if missing:
            fail(tensorflow, f"{wheel} lacks {' and '.join(missing)}.")
        (folder / STAMP).write_text(tensorflow.sha256)
        if not is_there(tensorflow, destination):
            shutil.rmtree(destination, ignore_errors=True)  # of another version
        try:
            folder.rename(destination)
        except OSError:
            if not is_there(tensorflow, destination):
                raise


def fail(tensorflow: TensorFlow, message: str) -> None:
    name = tensorflow.distribution.replace("-", "_")
    sys.exit(
        f"{message}\nEither set TF_NPZ_SOURCES to a folder that holds {name}-{tensorflow.version}-cp312-cp312-"
        f"*{tensorflow.machine}.whl, or build for the TensorFlow that is installed: -DTF_NPZ_TENSORFLOW=installed."
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("minors", nargs="*", metavar="MINOR", help="2.16 or the like; by default all")
    parser.add_argument("--into", type=pathlib.Path, required=True, metavar="DIR")
    parser.add_argument(
        "--machine", default="x86_64", help="what they run on: x86_64, which is the default, or aarch64"
    )
    parser.add_argument("--sources", type=pathlib.Path, help="a folder that holds the wheels: no network")
    arguments = parser.parse_args()
    known = {tensorflow.minor: tensorflow for tensorflow in served(arguments.machine)}
    if unknown := [minor for minor in arguments.minors if minor not in known]:
        listed = ", ".join(known) or "none"
        sys.exit(f"TensorFlow {', '.join(unknown)}: cmake/tensorflow.txt lists {listed} for {arguments.machine}.")
    sources = arguments.sources or os.environ.get("TF_NPZ_SOURCES")

    arguments.into.mkdir(parents=True, exist_ok=True)
    for tensorflow in [known[minor] for minor in arguments.minors or known]:
        destination = arguments.into.resolve() / tensorflow.minor
        if is_there(tensorflow, destination):
            continue
        with tempfile.TemporaryDirectory(dir=arguments.into) as temporary:
            folder = pathlib.Path(sources or temporary)
            if not sources:
                download(tensorflow, folder)
            unpack(wheel_in(folder, tensorflow), tensorflow, destination)


if __name__ == "__main__":
    main()
