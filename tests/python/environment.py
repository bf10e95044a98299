"""A copy of the package beside fake TensorFlows, which an interpreter imports quickly."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import tf_npz


class Environment:
    """A copy of the package and fake TensorFlows, for an interpreter that sees no other packages."""

    def __init__(self, folder: Path, serves: tuple[str, ...]) -> None:
        self.folder = folder
        source = Path(tf_npz.__file__).parent
        # `_core` is real. The ops libraries are empty files, so they cannot be loaded.
        shutil.copytree(source, folder / "tf_npz", ignore=shutil.ignore_patterns("_ops_tf*.so", "__pycache__"))
        for version in serves:
            (folder / f"tf_npz/_ops_tf{version.replace('.', '_')}.so").touch()

    def install_distribution(self, version: str, name: str = "tensorflow") -> None:
        information = self.folder / f"{name}-{version}.dist-info"
        information.mkdir()
        (information / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")

    def install_module(self, code: str = "raise SystemExit('tensorflow was imported')") -> None:
        (self.folder / "tensorflow").mkdir()
        (self.folder / "tensorflow/__init__.py").write_text(code)

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Runs the interpreter with `arguments`."""
        # -S leaves out site-packages, and so the TensorFlow that runs these tests.
        return subprocess.run(
            [sys.executable, "-S", *arguments],
            env={**os.environ, "PYTHONPATH": str(self.folder)},
            cwd=self.folder,
            capture_output=True,
            text=True,
            check=False,
        )

    def outcome(self, code: str) -> str:
        """Runs `code`, and returns its output, or the last line of its traceback."""
        result = self.run("-c", code)
        return result.stdout if result.returncode == 0 else result.stderr.strip().splitlines()[-1]
