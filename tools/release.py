"""Builds the source distribution and the wheels of this commit into dist/, and checks what a release must hold.

Stops at the first check that fails. The files in dist/ are no release then.
"""

import argparse
import gzip
import hashlib
import io
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
DIST = ROOT / "dist"
PLATFORM = "manylinux_2_27_x86_64"


def run(*command: object, cwd: pathlib.Path = ROOT, **environment: str) -> str:
    """Runs a command and returns its output. If it fails, the output is shown."""
    ended = subprocess.run(
        [str(word) for word in command],
        cwd=cwd,
        env={**os.environ, **environment},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    if ended.returncode != 0:
        sys.exit(f"{' '.join(map(str, command))}: exit code {ended.returncode}\n{ended.stdout[-5000:]}")
    return ended.stdout


def step(text: str) -> None:
    print(f"[release] {text}", flush=True)


def faults_of_commit(version: str) -> list[str]:
    """Returns the reasons why this commit cannot be released as `version`."""
    faults = []
    if run("git", "status", "--porcelain"):
        faults.append("there are changes that are not committed")
    heading = re.search(r"^## (.*)$", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    if heading is None or not re.fullmatch(rf"{re.escape(version)} \(\d{{4}}-\d\d-\d\d\)", heading[1]):
        found = f'"{heading[1]}"' if heading else "nothing"
        faults.append(f'CHANGELOG.md begins with {found}, not with "{version} (YYYY-MM-DD)"')
    tags = run("git", "tag", "--points-at", "HEAD").split()
    if tags and f"v{version}" not in tags:
        faults.append(f"the commit has the tag {tags[0]}, and pyproject.toml says {version}")
    return faults


def normalise(sdist: pathlib.Path, epoch: int) -> None:
    """Rewrites the archive without the differences between two builds: times, owners, order."""
    with tarfile.open(sdist) as archive:
        members = [(member, archive.extractfile(member)) for member in archive.getmembers() if member.isfile()]
        contents = {member.name: (member.mode & 0o111, file.read()) for member, file in members if file}
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for name, (executable, data) in sorted(contents.items()):
            member = tarfile.TarInfo(name)
            member.size, member.mtime, member.mode = len(data), epoch, 0o755 if executable else 0o644
            archive.addfile(member, io.BytesIO(data))
    sdist.write_bytes(gzip.compress(buffer.getvalue(), mtime=epoch))


def build_sdist(python: pathlib.Path, source: pathlib.Path, destination: pathlib.Path, epoch: int) -> pathlib.Path:
    run(python, "-m", "build", "--sdist", "--outdir", destination, source)
    (sdist,) = destination.glob("*.tar.gz")
    normalise(sdist, epoch)
    return sdist


def build_wheels(destination: pathlib.Path, epoch: int) -> None:
    """Runs the Dockerfile: with Docker if its engine runs, else with tools/docker_build.py."""
    options = ["--build-arg", f"SOURCE_DATE_EPOCH={epoch}", "--output", destination]
    if shutil.which("docker") and subprocess.run(["docker", "info"], capture_output=True).returncode == 0:
        run("docker", "build", *options, ".", DOCKER_BUILDKIT="1")
    else:
        run(sys.executable, ROOT / "tools/docker_build.py", *options)


def digest(file: pathlib.Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


def differing_files(python: pathlib.Path, epoch: int) -> list[str]:
    """Returns the files that differ between two builds of this commit, in folders with different names."""
    builds = []
    with tempfile.TemporaryDirectory() as temporary:
        for name in ("one", "the-other"):
            source, destination = pathlib.Path(temporary) / name, pathlib.Path(temporary) / f"{name}-dist"
            run("git", "clone", "--quiet", "--no-hardlinks", ROOT, source)
            if (ROOT / "build/downloads").is_dir():  # else each build fetches them
                shutil.copytree(ROOT / "build/downloads", source / "build/downloads")
            destination.mkdir()
            build_sdist(python, source, destination, epoch)
            run(sys.executable, "-m", "pip", "wheel", "--no-build-isolation", "--no-deps", "-w", destination, source)
            builds.append({file.name: digest(file) for file in destination.iterdir()})
    return sorted(name for name in builds[0].keys() | builds[1].keys() if builds[0].get(name) != builds[1].get(name))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--draft", action="store_true", help="go on although this version is not released")
    parser.add_argument("--keep-wheels", action="store_true", help="check the wheels in dist/ instead of building them")
    options = parser.parse_args()
    version = re.findall(r'^version = "(.*)"$', (ROOT / "pyproject.toml").read_text(), re.MULTILINE)[0]
    faults = faults_of_commit(version)
    for fault in faults:
        step(f"{'draft' if options.draft else 'no release'}: {fault}")
    if faults and not options.draft:
        sys.exit(1)
    epoch = int(run("git", "log", "-1", "--format=%ct"))
    os.environ["SOURCE_DATE_EPOCH"] = str(epoch)
    tools = ROOT / "build/release-tools"
    python = tools / "bin/python"
    run(sys.executable, "-m", "venv", tools)
    requirements, versions = ROOT / "tools/release-requirements.txt", ROOT / "requirements-dev.txt"
    run(python, "-m", "pip", "install", "-qq", "-r", requirements, "-c", versions)

    DIST.mkdir(exist_ok=True)
    for old in DIST.iterdir():
        if old.is_file() and not (options.keep_wheels and old.suffix == ".whl"):
            old.unlink()
    step("the source distribution ...")
    build_sdist(python, ROOT, DIST, epoch)
    if not options.keep_wheels:
        step("the wheels, by the Dockerfile ...")
        build_wheels(DIST, epoch)
    wheels = sorted(DIST.glob("*.whl"))
    if not wheels:
        sys.exit("no wheel was built")
    step("metadata, symbols, platform ...")
    files = sorted(file for file in DIST.iterdir() if file.name.startswith("tf_npz-"))
    run(python, "-m", "twine", "check", "--strict", *files)
    run(sys.executable, ROOT / "tools/check_symbols.py", *wheels)
    if other := [wheel.name for wheel in wheels if not wheel.stem.endswith(f"-{PLATFORM}")]:
        sys.exit(f"not for {PLATFORM}: {', '.join(other)}")
    step("the main job, with the oldest and the newest TensorFlow ...")
    print(run(sys.executable, "-m", "tests.matrix", "--corner", "--wheels", DIST), end="")
    step("the same commit, built twice ...")
    if differing := differing_files(python, epoch):
        sys.exit(f"two builds of this commit differ: {', '.join(differing)}")
    (DIST / "SHA256SUMS").write_text("".join(f"{digest(file)}  {file.name}\n" for file in files))
    step(f"{len(files)} files in dist, of version {version}{', a draft' if faults else ''}:")
    print(run("ls", "-lh", DIST), end="")


if __name__ == "__main__":
    main()
