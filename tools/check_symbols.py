"""Checks that libraries may be released: FILE.so or FILE.whl ... It lists every fault.

A library must run on any Linux with glibc 2.27 (manylinux_2_27), like TensorFlow. It may need only glibc, GCC's own two
libraries and TensorFlow's two. It must not export a symbol that could replace one of another library.
auditwheel checks the first rule too. But it names no symbols, and it copies an unknown library into the wheel.
"""

import argparse
import pathlib
import re
import subprocess
import sys
import tempfile
import zipfile

BASE = "manylinux_2_27"
# The newest symbol versions that all these systems have, from auditwheel's policy of that name.
NEWEST = {"GLIBC": "2.27", "GLIBCXX": "3.4.24", "CXXABI": "1.3.11", "GCC": "7.0.0"}
LIBRARIES = (
    r"libc\.so\.6|libm\.so\.6|libpthread\.so\.0|libdl\.so\.2|librt\.so\.1|ld-linux-[a-z0-9-]+\.so\.\d"
    r"|libstdc\+\+\.so\.6|libgcc_s\.so\.1"
)
NONE = r"(?!)"
WHEEL_LIMIT = 4_000_000  # bytes


class Kind:
    """What one of the two kinds of library may need and export beyond that. All are patterns of names."""

    def __init__(self, libraries, names, version, exports):
        self.libraries = libraries
        self.names = names  # symbols taken from `libraries`, without a version or with `version`
        self.version = version
        self.exports = exports


# TensorFlow's API is C++. TensorFlow also exports `inflate` and `crc32`. A C name taken from there would be a codec
# that replaces ours.
OPS = Kind(r"libtensorflow_(framework|cc)\.so\.2", r"_Z\w+", "tensorflow", NONE)
MODULE = Kind(NONE, r"_?Py\w+", None, r"PyInit__core")


def read(file, *options):
    return subprocess.run(["readelf", "-W", *options, file], check=True, capture_output=True, text=True).stdout


def is_too_new(version):
    library, _, number = version.rpartition("_")
    if not (library in NEWEST and re.fullmatch(r"[0-9.]+", number)):
        return True
    return [int(part) for part in number.split(".")] > [int(part) for part in NEWEST[library].split(".")]


def faults_of(file, must_be_stripped):
    """Yields a line for each fault of the library."""
    kind = OPS if file.name.startswith("_ops") else MODULE
    for tag, name in re.findall(r"\((NEEDED|RPATH|RUNPATH)\).*\[(.*)\]", read(file, "--dynamic")):
        if tag != "NEEDED":
            yield f"holds a run path: {name}"
        elif not re.fullmatch(f"{LIBRARIES}|{kind.libraries}", name):
            yield f"needs the library {name}"
    if must_be_stripped and " .symtab " in read(file, "--sections"):
        yield "is not stripped"
    for line in read(file, "--dyn-syms").splitlines():
        columns = line.split()  # Num: Value Size Type Bind Vis Ndx Name@Version (number)
        if len(columns) < 8 or not columns[0].rstrip(":").isdigit():
            continue
        binding, section, (name, _, version) = columns[4], columns[6], columns[7].partition("@")
        if binding == "LOCAL":
            continue  # the name of a section; the linker for aarch64 adds such names
        if section != "UND":
            if not re.fullmatch(kind.exports, name):
                yield f"exports {name}"
        elif version == "" or version == kind.version:
            if binding != "WEAK" and not re.fullmatch(kind.names, name):
                yield f"takes {name} from any library that has it"
        elif is_too_new(version):
            yield f"needs {name} of {version}, which is newer than {BASE}"


def check(file):
    if file.suffix != ".whl":
        return [f"{file}: {fault}" for fault in faults_of(file, must_be_stripped=False)]
    faults = []
    if file.stat().st_size >= WHEEL_LIMIT:
        faults.append(f"{file}: has {file.stat().st_size:,} bytes; {WHEEL_LIMIT:,} is the limit")
    with tempfile.TemporaryDirectory() as temporary, zipfile.ZipFile(file) as archive:
        names = [name for name in archive.namelist() if ".so" in pathlib.PurePath(name).suffixes]
        if not names:
            faults.append(f"{file}: holds no library")
        for name in names:
            library = pathlib.Path(archive.extract(name, temporary))
            faults += [f"{file}: {name}: {fault}" for fault in faults_of(library, must_be_stripped=True)]
    return faults


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="+", type=pathlib.Path, metavar="FILE")
    faults = [fault for file in parser.parse_args().files for fault in check(file)]
    sys.exit("\n".join(faults) or None)


if __name__ == "__main__":
    main()
