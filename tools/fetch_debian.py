"""Unpacks Debian (or Ubuntu) packages into a folder, without root and without installing them: NAME... DEST.

They are this system's release's; with --suite another's, from the same server, as a sysroot for the linker, and with
--architecture those for another machine.
Fails where there is no apt-get; the caller has another way then.
"""

import argparse
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile


class Apt:
    """apt-get; with lists and archives of its own in `folder`, and no regard to what is installed, if one is given."""

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
        """What it printed, or None if it failed."""
        command = ["apt-get", "-qq", *(f"-o{option}" for option in self.options), *arguments]
        run = subprocess.run(command, cwd=cwd, stdin=subprocess.DEVNULL, capture_output=True)
        return run.stdout.decode() if run.returncode == 0 else None

    def site(self):
        """The server of Debian's packages; None where the lists that say so are not there."""
        query = ("indextargets", "--format", "$(SITE)", "Origin: Debian", "Component: main", "Created-By: Packages")
        return next(iter((self.run(*query) or "").splitlines()), None)


def download(names, suite, architecture, folder):
    """Whether the packages' files are in `folder` now."""
    # The system's package lists may be missing or stale, and only root may renew them: then lists of our own.
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
    """Lets links to /lib and the like point into `root`, where a linker that has it as its sysroot looks for them."""
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
    # Unpacked beside its place and renamed into it: a killed run, or two at once, leave no half of a folder behind.
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
