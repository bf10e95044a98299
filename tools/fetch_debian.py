"""Unpacks Debian (or Ubuntu) packages into a folder, without root and without installing them: NAME... DEST.

The packages are those of this system's release. With --suite they are those of another release, from the same server:
a sysroot for the linker. With --architecture they are those for another machine. If there is no apt-get it fails, and
the caller tries another way.
"""

import argparse
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile


class Apt:
    """Runs apt-get. With `folder` it has its own lists and archives there and ignores installed packages."""

    def __init__(self, folder=None, sources=None, architecture=None):
        self.options = ["APT::Sandbox::User=root"]
        if folder is not None:
            for name in ("lists/partial", "archives/partial"):
                (folder / name).mkdir(parents=True, exist_ok=True)
            (folder / "status").touch()
            self.options += [f"Dir::State={folder}", f"Dir::Cache={folder}", f"Dir::State::status={folder}/status"]
        if sources is not None:
            self.options += [f"Dir::Etc::sourcelist={sources}", "Dir::Etc::sourceparts=-"]
        if architecture is not None:
            self.options += [f"APT::Architecture={architecture}", f"APT::Architectures={architecture}"]

    def run(self, *arguments, cwd=None):
        """Returns the output, or None if the command failed."""
        command = ["apt-get", "-qq", *(f"-o{option}" for option in self.options), *arguments]
        run = subprocess.run(command, cwd=cwd, stdin=subprocess.DEVNULL, capture_output=True)
        return run.stdout.decode() if run.returncode == 0 else None

    def site(self):
        """Returns the server of Debian's packages, or None if there are no package lists."""
        query = ("indextargets", "--format", "$(SITE)", "Origin: Debian", "Component: main", "Created-By: Packages")
        return next(iter((self.run(*query) or "").splitlines()), None)


def download(names, suite, architecture, folder):
    """Downloads the packages into `folder`. Returns True if it succeeded."""
    # The system's package lists may be missing or old, and only root may update them. Then own lists are used.
    system, own = Apt(), Apt(folder / "apt")
    if suite is None:
        if system.run("download", *names, cwd=folder) is not None:
            return True
        chosen = own
    else:
        site = system.site() or (own.run("update") is not None and own.site())
        if not site:
            return False
        sources = folder / "sources.list"
        sources.write_text(f"deb {site} {suite} main\n")
        chosen = Apt(folder / suite, sources, architecture)
    return chosen.run("update") is not None and chosen.run("download", *names, cwd=folder) is not None


def make_links_relative(root):
    """Changes absolute links so that they point into `root`: a linker with that sysroot looks for them there."""
    for path in root.rglob("*"):
        if path.is_symlink() and path.readlink().is_absolute():
            target = root / path.readlink().relative_to("/")
            path.unlink()
            path.symlink_to(os.path.relpath(target, path.parent))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="+", metavar="NAME")
    parser.add_argument("destination", type=pathlib.Path, metavar="DEST")
    parser.add_argument("--suite", help="a release of Debian: bullseye or the like")
    parser.add_argument("--architecture", help="as Debian names it: arm64 or the like; only with --suite")
    arguments = parser.parse_args()
    if arguments.architecture and not arguments.suite:
        parser.error("--architecture is only for --suite")
    names, destination = arguments.names, arguments.destination
    if not (shutil.which("apt-get") and shutil.which("dpkg-deb")):
        sys.exit(f"{' '.join(names)}: this system has no apt-get to fetch it with.")
    destination.parent.mkdir(parents=True, exist_ok=True)
    # It is unpacked next to its final place and then renamed. So a killed run, or two runs at once, leave no partial
    # folder.
    with tempfile.TemporaryDirectory(dir=destination.parent) as temporary:
        folder = pathlib.Path(temporary)
        if not download(names, arguments.suite, arguments.architecture, folder):
            sys.exit(f"{' '.join(names)}: apt-get could not download it.")
        for package in folder.glob("*.deb"):
            subprocess.run(["dpkg-deb", "-x", package, folder / "root"], check=True)
        make_links_relative(folder / "root")
        try:
            (folder / "root").rename(destination)
        except OSError:
            if not destination.is_dir():
                raise


if __name__ == "__main__":
    main()
