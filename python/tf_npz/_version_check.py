"""Compares the TensorFlow versions of this build with the installed one, without importing or loading either.

An ops library works only with the TensorFlow minor version that it was compiled for. With another version it may
load and then crash. So the library is chosen by its name, before anything is loaded.
"""

import importlib.metadata
import importlib.util
import pathlib
import re
import sys
from typing import NamedTuple

_PACKAGE = pathlib.Path(__file__).parent

# Distributions that contain the module `tensorflow`. Messages tell the user to install the first one.
_DISTRIBUTIONS = (
    "tensorflow",
    "tensorflow-cpu",
    "tensorflow-rocm",
    "tensorflow-intel",
    "tensorflow-macos",
    "tensorflow-cpu-aws",
    "tensorflow-aarch64",
    "intel-tensorflow",
    "tf-nightly",
    "tf-nightly-cpu",
)


class Minor(NamedTuple):
    """A TensorFlow minor version: 2.21."""

    major: int
    minor: int

    def __str__(self) -> str:
        return f"{self.major}.{self.minor}"


class Installed(NamedTuple):
    """An installed TensorFlow: its full version, and the name of its distribution."""

    version: str
    distribution: str


def package_version() -> str:
    """The version of tf_npz. "0+unknown" if it is on the path but not installed."""
    try:
        return importlib.metadata.version("tf-npz")
    except importlib.metadata.PackageNotFoundError:
        return "0+unknown"


def served() -> dict[Minor, pathlib.Path]:
    """The ops libraries of this build by TensorFlow minor version, in ascending order."""
    libraries = {}
    for path in _PACKAGE.glob("_ops_tf*_*.so"):
        if match := re.fullmatch(r"_ops_tf(\d+)_(\d+)\.so", path.name):
            libraries[Minor(int(match[1]), int(match[2]))] = path
    return dict(sorted(libraries.items()))


def library_path(tensorflow: Installed) -> pathlib.Path:
    """The ops library for `tensorflow`.

    Raises:
      ImportError: This build has no library for that minor version. The message says what to type.
    """
    libraries = served()
    minor = _minor(tensorflow.version)
    if minor in libraries:
        return libraries[minor]
    from_source = f"build it for {tensorflow.version} in its source folder: pip install --no-build-isolation ."
    if not libraries:
        raise ImportError(
            f"This tf_npz serves no TensorFlow, because its ops were not built, and TensorFlow {tensorflow.version} "
            f"is installed; {from_source}"
        )
    raise ImportError(
        f"This tf_npz ({package_version()}) serves TensorFlow {_listed(libraries)}, but {tensorflow.version} is "
        f'installed; type: pip install "{tensorflow.distribution}=={max(libraries)}.*", or {from_source}'
    )


def installed() -> Installed | None:
    """The TensorFlow that `import tensorflow` gives or would give. None if there is none, or if it is unclear."""
    candidates = _matching_distributions()
    version = getattr(sys.modules.get("tensorflow"), "__version__", None)
    if isinstance(version, str):
        # The imported module decides, whatever its distribution.
        return Installed(version, candidates[0].distribution if candidates else _DISTRIBUTIONS[0])
    # Two distributions may have written into one folder. Then only the imported module can tell.
    return candidates[0] if len({_minor(candidate.version) for candidate in candidates}) == 1 else None


def check_installed() -> None:
    """Checks that this build has ops for the installed TensorFlow, if there is one.

    Raises:
      ImportError: This build has no ops for it.
    """
    tensorflow = installed()
    if tensorflow is not None:
        library_path(tensorflow)


def require_tensorflow(what: str) -> None:
    """Checks that TensorFlow is installed.

    Args:
      what: The function or path that needs TensorFlow, for the message.

    Raises:
      ImportError: TensorFlow is not installed. The message says what to type.
    """
    if "tensorflow" not in sys.modules and _module_folder() is None:
        libraries = served()
        version = f"=={max(libraries)}.*" if libraries else ""
        raise ImportError(
            f"{what} needs TensorFlow, which is not installed; "
            f'type: pip install "{_DISTRIBUTIONS[0]}{version}" (or, without GPU support, tensorflow-cpu)'
        )


def _minor(version: str) -> Minor | None:
    match = re.match(r"(\d+)\.(\d+)", version)
    return Minor(int(match[1]), int(match[2])) if match else None


def _listed(minors: dict[Minor, pathlib.Path]) -> str:
    *others, last = map(str, minors)
    return f"{', '.join(others)} and {last}" if others else last


def _module_folder() -> pathlib.Path | None:
    """The folder of the module `tensorflow`, found as `import` would find it, but not imported."""
    try:
        spec = importlib.util.find_spec("tensorflow")
    except ValueError:  # sys.modules may hold a module without a spec.
        return None
    return pathlib.Path(spec.origin).resolve().parent if spec and spec.origin else None


def _matching_distributions() -> list[Installed]:
    """The installed distributions that own the folder `tensorflow` which `import` would take."""
    folder = _module_folder()
    if folder is None:
        return []
    matching = []
    for name in _DISTRIBUTIONS:
        try:
            distribution = importlib.metadata.distribution(name)
        except importlib.metadata.PackageNotFoundError:
            continue
        if pathlib.Path(str(distribution.locate_file("tensorflow"))).resolve() == folder:
            matching.append(Installed(distribution.version, name))
    return matching
