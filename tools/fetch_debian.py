"""Unpacks a Debian (or Ubuntu) package into a folder, without root and without installing it: NAME DEST.

Fails where there is no apt-get; the caller has another way then.
"""

import pathlib
import shutil
import subprocess
import sys
import tempfile


def apt(*arguments: str, cwd: str, state: str | None = None) -> bool:
    options = ["APT::Sandbox::User=root"]
    if state is not None:
        options += [f"Dir::State={state}", f"Dir::Cache={state}", "Dir::State::status=/var/lib/dpkg/status"]
    command = ["apt-get", "-qq", *(f"-o{option}" for option in options), *arguments]
    run = subprocess.run(command, cwd=cwd, stdin=subprocess.DEVNULL, capture_output=True)
    return run.returncode == 0


def main() -> None:
    name, destination = sys.argv[1], pathlib.Path(sys.argv[2])
    if not (shutil.which("apt-get") and shutil.which("dpkg-deb")):
        sys.exit(f"{name}: this system has no apt-get to fetch it with.")
    destination.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=destination.parent) as folder:
        # The system's package lists may be missing or stale, and only root may renew them: then lists of our own.
        if not apt("download", name, cwd=folder):
            state = f"{folder}/apt"
            (pathlib.Path(state) / "lists/partial").mkdir(parents=True)
            (pathlib.Path(state) / "archives/partial").mkdir(parents=True)
            if not (apt("update", cwd=folder, state=state) and apt("download", name, cwd=folder, state=state)):
                sys.exit(f"{name}: apt-get could not download it.")
        package = next(pathlib.Path(folder).glob("*.deb"))
        subprocess.run(["dpkg-deb", "-x", package, destination], check=True)


if __name__ == "__main__":
    main()
