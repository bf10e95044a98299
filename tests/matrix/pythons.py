"""Finds the Pythons of this machine."""

import shutil
import subprocess
from pathlib import Path


def find(version: str) -> str | None:
    """Returns a Python of the minor version ("3.12") that runs: the command python3.12, or one installed by pyenv."""
    candidates = [f"python{version}"]
    if shutil.which("pyenv"):
        root = Path(subprocess.check_output(["pyenv", "root"], text=True).strip())
        candidates += sorted(map(str, root.glob(f"versions/{version}.*/bin/python{version}")), reverse=True)
    for candidate in candidates:
        path = shutil.which(candidate)
        if path and subprocess.run([path, "-c", ""], capture_output=True).returncode == 0:
            return path
    return None
