"""Builds the native parts by CMake; what else pyproject.toml can't say is in tools/build_backend.py."""

import os
import pathlib
import re
import shutil
import subprocess
import sys

import setuptools
from setuptools import Extension, setup
from setuptools.command.bdist_wheel import bdist_wheel
from setuptools.command.build_ext import build_ext

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE / "tools"))

import find_tensorflow  # noqa: E402
import tensorflow_versions  # noqa: E402
import third_party  # noqa: E402


class CMakeBuild(build_ext):
    """Runs CMake once; `cmake --install` puts _core*.so and _ops_tf*.so into the package."""

    def run(self) -> None:
        chosen = tensorflow_versions.chosen()
        tensorflow = ["--tensorflow"] if chosen == "installed" else []
        run(sys.executable, HERE / "tools/check_machine.py", "--headers", *tensorflow)
        options = [f"-DPython_EXECUTABLE={sys.executable}", *os.environ.get("CMAKE_ARGS", "").split()]
        options.append(f"-DTF_NPZ_TENSORFLOW={chosen}")
        if self.editable_mode:  # The Makefile's own build folder, and the source tree's package.
            build, package_root = HERE / "build/release", HERE / "python"
        else:
            build, package_root = self.fresh_build_folder(), HERE / self.build_lib
            for library in (package_root / "tf_npz").glob("*.so"):  # of an earlier build, for another TensorFlow
                library.unlink()
            options.append("-DTF_NPZ_BUILD_TESTS=OFF")
        self.folder = build
        run("cmake", "--preset", "release", "-B", build, *options)
        jobs = os.environ.get("CMAKE_BUILD_PARALLEL_LEVEL", str(os.cpu_count()))
        run("cmake", "--build", build, "--parallel", jobs, "--", "--quiet")
        strip = [] if self.editable_mode else ["--strip"]
        run("cmake", "--install", build, "--prefix", package_root, "--component", "extension", *strip)

    def fresh_build_folder(self) -> pathlib.Path:
        """Where CMake remembers nothing: with build isolation, the paths it knows are gone the next time."""
        # Where it is named, what is compiled stays: all but _core serves the wheels of other Pythons as well.
        if kept := os.environ.get("TF_NPZ_BUILD_DIR"):
            (HERE / kept / "CMakeCache.txt").unlink(missing_ok=True)
            return HERE / kept
        shutil.rmtree(HERE / self.build_temp, ignore_errors=True)
        return HERE / self.build_temp

    def get_source_files(self) -> list[str]:
        return []  # MANIFEST.in names them.


class Wheel(bdist_wheel):
    """Adds the licences of what others wrote, and a bill of materials."""

    def write_wheelfile(self, wheelfile_base: str, **options: str) -> None:
        super().write_wheelfile(wheelfile_base, **options)
        if self.distribution.have_run.get("build_ext"):  # not where metadata alone is asked for
            cache = (self.get_finalized_command("build_ext").folder / "CMakeCache.txt").read_text()
            settings = dict(re.findall(r"^(TF_NPZ_\w+):\w+=(.*)$", cache, re.MULTILINE))
            has_codecs = settings["TF_NPZ_SYSTEM_ZLIB"].upper() in ("OFF", "0", "NO", "FALSE", "N")
            downloads = pathlib.Path(settings["TF_NPZ_DOWNLOADS"])
            name, version = self.distribution.get_name(), self.distribution.get_version()
            third_party.write(pathlib.Path(wheelfile_base), downloads if has_codecs else None, name, version)


def run(*command: object) -> None:
    if subprocess.run([str(word) for word in command], cwd=HERE).returncode != 0:
        sys.exit("tf-npz was not built: the reason stands above.")


def extras() -> dict[str, list[str]]:
    """The TensorFlows that the package will serve, under the names of both distributions."""
    minors = tensorflow_versions.chosen().split(";")
    if minors == ["installed"]:
        try:
            minors = [find_tensorflow.find().minor]
        except find_tensorflow.NotUsable:  # No build yet: for pip to learn what one needs, or for an sdist.
            minors = [tensorflow_versions.newest().minor]
    elif minors == ["all"]:
        minors = [tensorflow.minor for tensorflow in tensorflow_versions.served()]
    return {name: [f"{name}{tensorflow_versions.specifier(minors)}"] for name in ("tensorflow", "tensorflow-cpu")}


if int(setuptools.__version__.split(".")[0]) < 77:  # Build isolation brings it; without, it may be venv's old one.
    sys.exit(f"setuptools {setuptools.__version__} is too old to build tf-npz: pip install 'setuptools>=77'")

setup(
    ext_modules=[Extension("tf_npz._core", sources=[])],
    cmdclass={"bdist_wheel": Wheel, "build_ext": CMakeBuild},
    extras_require=extras(),
)
