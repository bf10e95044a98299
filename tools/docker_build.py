#!/usr/bin/env python3
"""Runs the Dockerfile without a Docker engine, like `docker build [--target TARGET] [--output DIR] .`.

It uses Debian's buildah, as root and without a daemon. It needs no registry: it makes the images named by FROM out of
Debian's packages and the Pythons of this machine. The Pythons must be for the same release of Debian. Wheels are
compiled in a network namespace without any connection.
"""

import argparse
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
LIBRARY = "docker.io/library/"
# The certificates of this machine: its network may need its own. No package overwrites this path.
CERTIFICATES = "/etc/ssl/build-machine.crt"


def run(*command, **options):
    return subprocess.run([str(word) for word in command], check=True, **options)


def quietly(*command):
    """Runs a command. Its output is shown only if it fails."""
    result = subprocess.run(
        [str(word) for word in command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    if result.returncode != 0:
        sys.exit(f"{' '.join(map(str, command))} failed:\n{result.stdout}")


def output_of(*command):
    return run(*command, stdout=subprocess.PIPE, text=True).stdout.strip()


def install_tools():
    packages = [name for name in ("buildah", "mmdebstrap") if not shutil.which(name)]
    if packages:
        quietly("apt-get", "-qq", "update")
        quietly("apt-get", "-qq", "install", "--yes", "--no-install-recommends", *packages)


def images():
    """The images that the Dockerfile's arguments name."""
    return re.findall(r"^ARG \w+=(\S+:\S+)$", (ROOT / "Dockerfile").read_text(), re.MULTILINE)


def exists(image):
    return subprocess.run(["buildah", "inspect", "--type", "image", image], capture_output=True).returncode == 0


def make_image(image):
    """Makes "debian:SUITE-slim" or "python:VERSION-slim-SUITE" if it is missing."""
    if exists(LIBRARY + image):
        return
    print(f"Making {image} ...", flush=True)
    match = re.fullmatch(r"debian:(?P<suite>\w+)-slim|python:(?P<version>3\.\d+)-slim-(?P<python_suite>\w+)", image)
    if not match:
        sys.exit(f"{image}: only debian:SUITE-slim and python:3.N-slim-SUITE can be made here.")
    if match["suite"]:
        make_debian(match["suite"])
    else:
        make_image(f"debian:{match['python_suite']}-slim")
        make_python(match["version"], match["python_suite"])


class Container:
    """A container that becomes an image."""

    def __init__(self, base):
        self.id = output_of("buildah", "from", "--pull-never", base)

    def commit(self, image):
        quietly("buildah", "commit", "--quiet", "--rm", self.id, LIBRARY + image)


def make_debian(suite):
    with tempfile.TemporaryDirectory() as folder:
        # A minimal system with apt, like Docker's image of that name.
        tar = pathlib.Path(folder) / "system.tar"
        quietly("mmdebstrap", "--quiet", "--variant=minbase", suite, tar)
        container = Container("scratch")
        quietly("buildah", "add", "--quiet", container.id, tar, "/")
    certificates = os.environ.get("PIP_CERT") or "/etc/ssl/certs/ca-certificates.crt"
    if pathlib.Path(certificates).exists():
        quietly("buildah", "copy", "--quiet", container.id, certificates, CERTIFICATES)
        quietly("buildah", "config", "--env", f"PIP_CERT={CERTIFICATES}", container.id)
    quietly("buildah", "config", "--cmd", "bash", container.id)
    container.commit(f"debian:{suite}-slim")


def make_python(version, suite):
    """Copies this machine's Python of that version to /usr/local and installs the Debian packages that it needs."""
    if f"VERSION_CODENAME={suite}" not in pathlib.Path("/etc/os-release").read_text().splitlines():
        sys.exit(f"python:{version}-slim-{suite}: this machine's Pythons are not for {suite}.")
    prefix = python_prefix(version)
    container = Container(LIBRARY + f"debian:{suite}-slim")
    local = pathlib.Path(output_of("buildah", "mount", container.id)) / "usr/local"
    # Packages installed into it are left out; their scripts would name the old folder.
    ignored = shutil.ignore_patterns("__pycache__", "site-packages", "test")
    for folder in ("include", "lib"):
        shutil.copytree(prefix / folder, local / folder, symlinks=True, dirs_exist_ok=True, ignore=ignored)
    (local / f"lib/python{version}/site-packages").mkdir()
    shutil.copy2(prefix / f"bin/python{version}", local / "bin")
    (local / "bin/python3").symlink_to(f"python{version}")
    quietly("buildah", "umount", container.id)

    script = "apt-get -qq update && apt-get -qq install --yes --no-install-recommends $0 $@ && "
    script += f"rm -rf /var/lib/apt/lists/* && ldconfig && python{version} -m ensurepip"
    isolation = ["--isolation", "chroot", "--network", "host"]
    quietly("buildah", "run", *isolation, container.id, "--", "sh", "-c", script, *packages_of(prefix))
    quietly("buildah", "config", "--cmd", f"python{version}", container.id)
    container.commit(f"python:{version}-slim-{suite}")


def python_prefix(version):
    """Returns the folder of that Python: pyenv's, or one on the PATH. Not one in /usr, among the system's files."""
    if shutil.which("pyenv"):
        found = subprocess.run(["pyenv", "prefix", version], capture_output=True, text=True)
        if found.returncode == 0:
            return pathlib.Path(found.stdout.strip())
    if shutil.which(f"python{version}"):
        code = "import sys; print(sys.base_prefix)"
        prefix = output_of(f"python{version}", "-c", code)
        if prefix != "/usr":
            return pathlib.Path(prefix)
    sys.exit(f"Python {version} was not found. Install it by pyenv: pyenv install {version}")


def packages_of(prefix):
    """Returns the installed packages with the libraries that Python's modules need."""
    files = list(prefix.glob("lib/python3.*/lib-dynload/*.so"))
    needed = set(re.findall(r"=> (/\S+)", output_of("ldd", *files)))
    names = {"ca-certificates"}
    for library in needed:
        for name in {library, os.path.realpath(library), f"/usr{library}"}:  # /lib is a link to /usr/lib now.
            found = subprocess.run(["dpkg-query", "--search", name], capture_output=True, text=True)
            names.update(line.split(":")[0] for line in found.stdout.splitlines())
    return sorted(names)


def build(target, *options, offline=False):
    isolation = ["--isolation", "chroot", "--network", "host"]
    command = ["buildah", "bud", "--layers", "--force-rm", "--pull-never", *isolation, "--target", target, *options]
    if offline:
        command = ["unshare", "--net", *command]
    print(f"Building {target}{', without a network' if offline else ''} ...", flush=True)
    run(*command, ROOT)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--target", default="export", help="a stage of the Dockerfile; by default the last one")
    parser.add_argument("--output", type=pathlib.Path, help="a folder for the files of the target")
    parser.add_argument("--tag", help="a name for the image that is made")
    parser.add_argument("--build-arg", action="append", default=[], metavar="NAME=VALUE")
    arguments = parser.parse_args()
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        sys.exit("This needs root, on Debian or Ubuntu.")

    install_tools()
    for image in images():
        make_image(image)
    values = [f"--build-arg={value}" for value in arguments.build_arg]
    options = [f"--tag={arguments.tag}"] if arguments.tag else []
    if arguments.output:
        options.append(f"--output={arguments.output}")
    wheels = arguments.target in ("wheels", "export")
    if wheels or arguments.target == "test":
        build("fetch", *values)
    if arguments.target == "test":  # It installs packages after the wheels are there.
        build("wheels", *values, offline=True)
    build(arguments.target, *values, *options, offline=wheels)


if __name__ == "__main__":
    main()
